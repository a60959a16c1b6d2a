// SPDX-License-Identifier: Apache-2.0
// A report goes into a file beside its own, which is then put in its place.
#include "export/output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "common/process.h"
#include "common/str.h"

enum { PRINT_LIMIT_S = 600 };

static int fail(struct error *err, const char *what, const char *path)
{
	return error_set(err, errno, "%s %s: %s", what, path, strerror(errno));
}

static int open_beside(const char *path, struct strbuf *name, struct error *err)
{
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	strbuf_printf(name, "%s.XXXXXX", path);
	fd = mkstemp(name->text);
	if (fd < 0)
		return fail(err, "cannot write", name->text);
	if (fchmod(fd, 0666 & ~mask) == 0)
		return fd;
	(void)fail(err, "cannot write", name->text);
	close(fd);
	unlink(name->text);
	return err->code;
}

static int settle(const char *name, const char *path, struct error *err)
{
	if (rename(name, path) == 0)
		return 0;
	(void)fail(err, "cannot write", path);
	unlink(name);
	return err->code;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int output_write(const char *path, const char *text, size_t len, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf name = {0};
	int fd;
	int rc;

	if (!path || str_eq(path, "-"))
		return write_all(STDOUT_FILENO, text, len) < 0
		               ? fail(err, "cannot write", "standard output")
		               : 0;
	fd = open_beside(path, &name, err);
	TRY(fd);
	rc = write_all(fd, text, len);
	if (rc == 0)
		rc = fsync(fd);
	if (rc < 0)
		(void)fail(err, "cannot write", path);
	close(fd);
	if (rc == 0)
		return settle(name.text, path, err);
	unlink(name.text);
	return err->code;
}

int output_print(const char *program, const char *html, const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf name = {0};
	CLEANUP(process_release) struct process p = {0};
	const char *argv[] = {program, "-", NULL, NULL};
	struct stat made;
	int fd;
	int rc;

	if (!path || str_eq(path, "-"))
		return error_set(err, EINVAL, "PDF goes into a file: say --output FILE");
	fd = open_beside(path, &name, err);
	TRY(fd);
	close(fd);
	argv[2] = name.text;
	rc = process_run(argv, html, PRINT_LIMIT_S, &p, err);
	if (rc == 0 && (p.status != 0 || stat(name.text, &made) < 0 || made.st_size == 0))
		rc = error_set(err, EIO, "%s failed (%d): %.300s", program, p.status,
			strbuf_text(&p.errors));
	if (rc == 0)
		return settle(name.text, path, err);
	unlink(name.text);
	return rc;
}
