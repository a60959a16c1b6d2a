// SPDX-License-Identifier: Apache-2.0
// Loads catalogues for tests from the tree and from texts.
#include "tests/catalogue/loaded.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void note(void *context, const struct error *why)
{
	strbuf_printf(context, "%s\n", why->text);
}

void load(struct loaded *l, const char *first, const char *second)
{
	const char *directories[] = {first, second};
	const struct catalogue_problem problem = {note, &l->messages};

	l->result = catalogue_load(
		directories, second ? 2 : 1, &problem, &l->arena, &l->catalogue, &l->err);
}

void unload(struct loaded *l)
{
	arena_release(&l->arena);
	strbuf_release(&l->messages);
}

const char *directory_of(struct loaded *l, const char *file, const char *text)
{
	const char *base = getenv("TMPDIR");
	char *directory =
		arena_printf(&l->arena, "%s/jobsight-catalogue.XXXXXX", base ? base : "/tmp");

	cr_assert_not_null(mkdtemp(directory));
	char *path = arena_printf(&l->arena, "%s/%s", directory, file);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	return directory;
}

void remove_directory(const char *directory, const char *file)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};

	strbuf_printf(&path, "%s/%s", directory, file);
	cr_assert_eq(unlink(strbuf_text(&path)), 0);
	cr_assert_eq(rmdir(directory), 0);
}
