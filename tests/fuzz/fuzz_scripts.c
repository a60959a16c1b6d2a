// SPDX-License-Identifier: Apache-2.0
// Any names in a folder of saved batch scripts: a job gets the text of a regular file that is called as a
// script of its is, of the days around its submission, and gets one where there is one.
//
// Input: lines of a path and, behind a blank, what is there: "d" a folder, "p" a pipe, "l" a link to what is
// no script, else a file that holds it.
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "common/str.h"
#include "common/timezone.h"
#include "summarizer/scripts.h"
#include "tests/fuzz/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SUBMIT_S 1767225600 // 2026-01-01
#define PLANTED  32
#define TEXT_MAX 256
#define JOBS     2

static const struct {
	const char *name;
	size_t job;
} scripts[] = {{"50.savescript", 0}, {"51.savescript", 1}, {"7[3].savescript", 1}};

struct planted { // a file that a job may have its script from
	size_t job;
	char text[TEXT_MAX];
};

struct garden {
	char root[FUZZ_FOLDER_MAX];
	struct planted files[PLANTED];
	size_t n;
};

static bool is_harmless(const char *path)
{
	if (path[0] == '/' || path[0] == '\0' || strlen(path) > 200)
		return false;
	// Each path has one form, or the check below would not know it again.
	return !str_starts(path, "..") && !str_starts(path, "./") && !strstr(path, "/..") &&
	       !strstr(path, "//") && !strstr(path, "/./");
}

// Whose script DAY/NAME or DAY/FOLDER/NAME would be; JOBS: nobody's.
static size_t job_of(const char *path)
{
	static const char *const days[] = {"20251231/", "20260101/", "20260102/"};
	const char *at = NULL;
	for (size_t i = 0; i < ARRAY_LEN(days); i++)
		if (str_starts(path, days[i]))
			at = path + strlen(days[i]);
	const char *slash = at ? strchr(at, '/') : NULL;
	if (slash && *at != '.' && slash > at)
		at = slash + 1;
	for (size_t i = 0; at && i < ARRAY_LEN(scripts); i++)
		if (str_eq(at, scripts[i].name))
			return scripts[i].job;
	return JOBS;
}

// Makes the folders of a path. false: something else is there.
static bool make_parents(char *path, size_t root)
{
	struct stat st;
	bool is_good = true;
	for (char *p = path + root + 1; is_good && (p = strchr(p, '/')); p++) {
		*p = '\0';
		(void)mkdir(path, 0700);
		is_good = lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
		*p = '/';
	}
	return is_good;
}

static void plant_file(struct garden *g, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	size_t len = strnlen(text, TEXT_MAX - 1);
	if (len && write(fd, text, len) != (ssize_t)len)
		abort();
	close(fd);
	struct planted *f = &g->files[g->n];
	f->job = job_of(path + strlen(g->root) + 1);
	(void)str_format(f->text, sizeof(f->text), "%.*s", (int)len, text);
	g->n += f->job < JOBS && len;
}

static void plant(struct garden *g, const char *name, const char *what)
{
	char path[512];
	if (!is_harmless(name) || g->n == PLANTED ||
		!str_format(path, sizeof(path), "%s/%s", g->root, name) ||
		!make_parents(path, strlen(g->root)))
		return;
	if (str_eq(what, "d"))
		(void)mkdir(path, 0700);
	else if (str_eq(what, "p"))
		(void)mkfifo(path, 0600);
	else if (str_eq(what, "l"))
		(void)!symlink(
			strchr(name, '/') ? "../elsewhere" : "elsewhere/50.savescript", path);
	else
		plant_file(g, path, what);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static void check(const struct garden *g, size_t nth, const char *script)
{
	bool has_any = false;
	bool is_one = false;
	for (size_t i = 0; i < g->n; i++) {
		has_any |= g->files[i].job == nth;
		is_one |= g->files[i].job == nth && script && str_eq(g->files[i].text, script);
	}
	if (has_any != (script != NULL) || is_one != has_any)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct garden g = {.n = 0};
	struct error err;
	struct timezone_rules *utc = NULL;
	struct job jobs[JOBS] = {{.key = {.raw_id = 50, .submit_s = SUBMIT_S}},
		{.key = {.raw_id = 51, .submit_s = SUBMIT_S}, .array_job = 7, .array_task = 3}};
	fuzz_folder(g.root);
	plant(&g, "elsewhere/50.savescript", "no script of a day");
	const char *text = arena_strndup(&a, (const char *)data, size);
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = arena_strndup(&a, text, len);
		char *blank = strchr(line, ' ');
		text += len + (text[len] == '\n');
		if (blank == NULL)
			continue;
		*blank = '\0';
		plant(&g, line, blank + 1);
	}
	if (timezone_open("UTC", &utc, &err) < 0)
		abort();
	scripts_read(g.root, utc, jobs, JOBS, &a);
	for (size_t i = 0; i < JOBS; i++)
		check(&g, i, jobs[i].script);
	timezone_close(utc);
	(void)nftw(g.root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
