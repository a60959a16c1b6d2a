// SPDX-License-Identifier: Apache-2.0
// Whole small files, bounded; secrets only from files that nobody else can read.
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"

enum { SECRET_MAX = 4096 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

// O_NONBLOCK: opening a fifo must not wait for a writer.
static int open_file(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	return fd;
}

static int read_fd(int fd, const char *path, size_t max, struct strbuf *ret, struct error *err)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, errno, "%s: %s", path, strerror(errno));
		if (n == 0)
			return 0;
		if ((size_t)n > max - ret->len)
			return error_set(err, EFBIG, "%s: larger than %zu bytes", path, max);
		strbuf_add(ret, chunk, (size_t)n);
	}
}

int file_read(const char *path, size_t max, struct arena *a, struct bytes *ret, struct error *err)
{
	CLEANUP(close_fd) int fd = open_file(path, err);
	CLEANUP(strbuf_release) struct strbuf text = {0};

	TRY(fd);
	TRY(read_fd(fd, path, max, &text, err));
	ret->data = arena_copy(a, strbuf_text(&text), text.len + 1);
	ret->len = text.len;
	return 0;
}

static int check_secrecy(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(err, EINVAL, "%s: a secret must be a regular file", path);
	if (st.st_mode & 077)
		return error_set(err, EPERM,
			"%s: mode %04o lets others at the secret; do: chmod 600", path,
			(unsigned)(st.st_mode & 07777));
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return error_set(err, EPERM, "%s: belongs to uid %u, not to this user or root",
			path, (unsigned)st.st_uid);
	return 0;
}

int file_read_secret(const char *path, struct arena *a, const char **ret, struct error *err)
{
	CLEANUP(close_fd) int fd = open_file(path, err);
	CLEANUP(strbuf_release) struct strbuf text = {0};

	TRY(fd);
	TRY(check_secrecy(fd, path, err));
	TRY(read_fd(fd, path, SECRET_MAX, &text, err));
	if (text.len && text.text[text.len - 1] == '\n')
		text.text[--text.len] = '\0';
	if (!text.len)
		return error_set(err, EINVAL, "%s: empty", path);
	if (memchr(text.text, '\0', text.len) || memchr(text.text, '\n', text.len))
		return error_set(err, EINVAL, "%s: must be one line of text", path);
	*ret = arena_strdup(a, text.text);
	explicit_bzero(text.text, text.len);
	return 0;
}
