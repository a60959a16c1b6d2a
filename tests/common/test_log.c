// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/progress.h"
#include "common/str.h"
#include "tests/common/folder.h"

// Puts stderr onto a file and gives what was written there.
static FILE *redirect(void)
{
	FILE *f = tmpfile();

	cr_assert(ne(ptr, f, NULL));
	cr_assert(ge(int, dup2(fileno(f), STDERR_FILENO), 0));
	return f;
}

static char *written(FILE *f)
{
	static char text[8192];
	size_t n;

	fflush(stderr);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

Test(log, plain_lines)
{
	FILE *f = redirect();

	unsetenv("JOURNAL_STREAM");
	log_open("prog", LOG_LEVEL_NOTICE);
	log_error("bad %d", 1);
	log_warning("odd");
	log_notice("so");
	log_info("hidden");
	log_debug("hidden");
	cr_assert(eq(str, written(f), "prog: error: bad 1\nprog: warning: odd\nprog: so\n"));
}

Test(log, levels_for_the_journal)
{
	FILE *f = redirect();
	struct stat st;
	char stream[64];

	fstat(STDERR_FILENO, &st);
	str_format(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open("prog", LOG_LEVEL_DEBUG);
	log_error("bad");
	log_debug("fine");
	cr_assert(eq(str, written(f), "<3>bad\n<7>fine\n"));
}

Test(log, another_stream_is_no_journal)
{
	FILE *f = redirect();

	setenv("JOURNAL_STREAM", "1:2", 1);
	log_open("prog", LOG_LEVEL_NOTICE);
	log_notice("so");
	cr_assert(eq(str, written(f), "prog: so\n"));
}

Test(log, one_message_is_one_line)
{
	FILE *f = redirect();
	char huge[5000];
	char *text;

	unsetenv("JOURNAL_STREAM");
	log_open("prog", LOG_LEVEL_NOTICE);
	log_notice("a\nprog: forged\x1b[2J");
	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	log_notice("%s", huge);
	text = written(f);
	cr_assert(eq(int, strncmp(text, "prog: a?prog: forged?[2J\n", 25), 0));
	cr_assert(eq(ptr, strchr(text + 25, '\n'), text + strlen(text) - 1));
}

Test(progress, silent_without_a_terminal)
{
	FILE *f = redirect();
	struct progress p;

	progress_start(&p, "work", 10);
	for (uint64_t i = 0; i <= 10; i++)
		progress_step(&p, i);
	progress_end(&p);
	cr_assert(eq(u64, p.done, 10));
	cr_assert(eq(str, written(f), ""));
}
