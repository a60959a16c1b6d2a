// SPDX-License-Identifier: Apache-2.0
// Log lines: one write each, so that lines of several processes never mix.
#include "common/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"

struct log {
	const char *program;
	enum log_level level;
	bool is_journal; // stderr goes to journald: lines carry <N>
};

// The one place where a program's messages meet; set once by log_open before any thread starts.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): as said
static struct log log_state = {
	.program = "jobsight",
	.level = LOG_LEVEL_NOTICE,
};

// systemd names the device and inode of the journal's socket; another stderr is no journal.
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char own[48];

	if (!stream || fstat(STDERR_FILENO, &st) != 0)
		return false;
	str_format(own, sizeof(own), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(own, stream) == 0;
}

void log_open(const char *program, enum log_level level)
{
	log_state = (struct log){program, level, stderr_is_journal()};
}

bool log_enabled(enum log_level level)
{
	return level <= log_state.level;
}

static const char *level_word(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error: ";
	case LOG_LEVEL_WARNING:
		return "warning: ";
	case LOG_LEVEL_DEBUG:
		return "debug: ";
	default:
		return "";
	}
}

static void write_all(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(STDERR_FILENO, text, len);

		if (n <= 0)
			return; // nobody listens: nowhere to complain
		text += n;
		len -= (size_t)n;
	}
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[2048];
	size_t room = sizeof(line) - 1; // keeps a place for the newline
	va_list args;
	size_t start;
	int len;

	if (!log_enabled(level))
		return;
	if (log_state.is_journal)
		str_format(line, room, "<%d>", (int)level);
	else
		str_format(line, room, "%s: %s", log_state.program, level_word(level));
	start = strlen(line);
	va_start(args, fmt);
	len = vsnprintf(line + start, room - start, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	for (char *p = line + start; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = *p == '\t' ? ' ' : '?';
	start = strlen(line);
	line[start++] = '\n';
	write_all(line, start);
}
