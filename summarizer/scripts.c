// SPDX-License-Identifier: Apache-2.0
// Finds and reads saved batch scripts.
#include "summarizer/scripts.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/map.h"
#include "common/memory.h"
#include "common/str.h"

#define FOLDERS_MAX 4096 // of one day
#define DAY_S       86400

struct day { // its folder, and the folders in it
	const char *path;
	const char **folders;
	size_t n;
};

struct finder {
	const char *root;
	const struct timezone_rules *zone;
	struct arena *arena;
	struct map days;
};

static void read_folders(struct day *d, struct arena *a)
{
	DIR *dir = opendir(d->path);
	if (dir == NULL)
		return;
	d->folders = arena_array(a, FOLDERS_MAX, sizeof(*d->folders));
	for (struct dirent *e = readdir(dir); e && d->n < FOLDERS_MAX; e = readdir(dir)) {
		struct stat st;
		// Of files, as a day may have very many, their type alone is looked at.
		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN))
			continue;
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISDIR(st.st_mode))
			d->folders[d->n++] = arena_printf(a, "%s/%s", d->path, e->d_name);
	}
	closedir(dir);
}

static const struct day *day_of(struct finder *f, int64_t at_s)
{
	struct civil c = civil_in_zone(f->zone, at_s);
	char name[64];
	(void)str_format(name, sizeof(name), "%04d%02d%02d", c.year, c.month, c.day);
	struct day *d = map_get(&f->days, name);
	if (d == NULL) {
		d = arena_alloc(f->arena, sizeof(*d));
		d->path = arena_printf(f->arena, "%s/%s", f->root, name);
		read_folders(d, f->arena);
		map_put(&f->days, arena_strdup(f->arena, name), d);
	}
	return d;
}

// The beginning of a regular file, as text; NULL: there is none.
static const char *read_file(const char *folder, const char *name, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	struct stat st;
	strbuf_printf(&path, "%s/%s", folder, name);
	int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	char *text = NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		AUTO_FREE char *bytes = memory_alloc(SCRIPT_MAX + 1, 1);
		ssize_t n = read(fd, bytes, SCRIPT_MAX);
		text = n > 0 ? arena_strndup(a, bytes, (size_t)n) : NULL;
	}
	close(fd);
	return text;
}

static const char *read_named(const struct day *d, const char *name, struct arena *a)
{
	const char *text = read_file(d->path, name, a);
	for (size_t i = 0; text == NULL && i < d->n; i++)
		text = read_file(d->folders[i], name, a);
	return text;
}

static void read_one(struct finder *f, struct job *job)
{
	static const int days[] = {0, 1, -1};
	const char *names[2] = {arena_printf(f->arena, "%" PRIu64 ".savescript", job->key.raw_id)};
	const char *text = NULL;
	if (job->array_job)
		names[1] = arena_printf(f->arena, "%" PRIu64 "[%" PRId64 "].savescript",
			job->array_job, job->array_task);
	for (size_t i = 0; text == NULL && i < ARRAY_LEN(days); i++) {
		const struct day *d = day_of(f, job->key.submit_s + days[i] * DAY_S);
		for (size_t k = 0; text == NULL && k < ARRAY_LEN(names) && names[k]; k++)
			text = read_named(d, names[k], f->arena);
	}
	if (text)
		job->script = text;
}

void scripts_read(const char *root, const struct timezone_rules *zone, struct job *jobs, size_t n,
	struct arena *a)
{
	struct finder f = {.root = root, .zone = zone, .arena = a};
	for (size_t i = 0; i < n; i++)
		if (jobs[i].script == NULL || jobs[i].script[0] == '\0')
			read_one(&f, &jobs[i]);
	map_release(&f.days);
}
