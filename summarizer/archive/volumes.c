// SPDX-License-Identifier: Apache-2.0
// Finding the data volumes of an archive by their names.
#include "summarizer/archive/volumes.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "common/str.h"
#include "summarizer/archive/stream.h"

// What PCP knows and we do not.
static const char *const foreign[] = {".bz2", ".bz", ".lzma", ".lz4", ".Z", ".z", ".zip"};

struct search {
	const char *base;
	struct arena *arena;
	struct volumes *found;
	size_t room;
};

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void add(struct search *s, int number, const char *suffix)
{
	if (s->found->n == s->room) {
		struct volume *old = s->found->items;
		s->room = s->room ? 2 * s->room : 8;
		s->found->items = arena_array(s->arena, s->room, sizeof(*old));
		if (old)
			memcpy(s->found->items, old, s->found->n * sizeof(*old));
	}
	s->found->items[s->found->n++] = (struct volume){
		.number = number, .path = arena_printf(s->arena, "%s.%s", s->base, suffix)};
}

// What "NAME.SUFFIX" in the archive's folder is: a volume, or nothing of ours.
static int take(struct search *s, const char *suffix, struct error *err)
{
	int number = 0;
	size_t digits = strspn(suffix, "0123456789");
	if (digits == 0 || digits > 9)
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = 10 * number + (suffix[i] - '0');
	const char *rest = suffix + digits;
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (str_eq(rest, foreign[i]))
			return error_set(err, ENOTSUP,
				"%s.%s: of the compressed files .xz, .zst and .gz are read",
				s->base, suffix);
	if (*rest && stream_suffix(rest) != strlen(rest))
		return 0;
	add(s, number, suffix);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct volume *x = a;
	const struct volume *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->path, y->path); // the plain one is the shorter
}

static void sort(struct volumes *v)
{
	size_t kept = 1;
	qsort(v->items, v->n, sizeof(*v->items), by_number);
	for (size_t i = 1; i < v->n; i++)
		if (v->items[i].number != v->items[kept - 1].number)
			v->items[kept++] = v->items[i];
	v->n = kept;
}

// Most have all volumes from 0 to the last that the index names. Asking for them by name saves to look
// through a folder that holds the archives of thousands of hosts.
static bool guess(struct search *s, int last)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	for (int number = 0; number <= last + 1; number++) {
		stream_path(arena_printf(s->arena, "%s.%d", s->base, number), &path);
		if (access(strbuf_text(&path), F_OK) < 0)
			return number > last;
		add(s, number, strbuf_text(&path) + strlen(s->base) + 1);
	}
	return false; // there is more than the index knows
}

static int look_through(struct search *s, struct error *err)
{
	const char *slash = strrchr(s->base, '/');
	const char *name = slash ? slash + 1 : s->base;
	const char *folder =
		slash ? arena_strndup(s->arena, s->base, (size_t)(slash - s->base) + 1) : ".";
	CLEANUP(close_folder) DIR *d = opendir(folder);
	if (d == NULL)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	size_t len = strlen(name);
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		if (strncmp(e->d_name, name, len) == 0 && e->d_name[len] == '.')
			TRY(take(s, e->d_name + len + 1, err));
	if (s->found->n == 0)
		return error_set(err, ENOENT, "%s: the archive has no data volume", s->base);
	sort(s->found);
	return 0;
}

int volumes_find(
	const char *base, int last, struct arena *a, struct volumes *ret, struct error *err)
{
	struct search s = {.base = base, .arena = a, .found = ret};
	*ret = (struct volumes){0};
	if (last >= 0 && guess(&s, last))
		return 0;
	*ret = (struct volumes){0};
	s.room = 0;
	return look_through(&s, err);
}
