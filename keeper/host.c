// SPDX-License-Identifier: Apache-2.0
// Goes from the newest dated folder of a host backwards until it has met samples and boundaries.
#include "keeper/host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/map.h"
#include "common/str.h"
#include "keeper/names.h"
#include "keeper/tail.h"

enum {
	DAYS_AT_LEAST = 2, // an archive that began the day before may end later than today's
	DAYS_AT_MOST = 8,  // folders, not days ago
	NAMES_MAX = 400,   // dated folders in one folder
};

struct look {
	struct host_newest *found;
	struct arena arena;
	unsigned days, days_with_samples;
};

struct archive_files {
	const char *base;
	const char *volume; // with the highest number
	int number;
	bool has_meta;
	const char *index; // NULL: none that is plain
};

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void look_close(struct look *l)
{
	arena_release(&l->arena);
}

static DIR *open_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static int by_number(const void *a, const void *b)
{
	const int *x = a;
	const int *y = b;

	return *y - *x;
}

// Folders named by so many digits, the highest first.
static size_t dated(DIR *d, size_t digits, int ret[NAMES_MAX])
{
	size_t n = 0;
	uint64_t number;

	for (const struct dirent *e = readdir(d); e && n < NAMES_MAX; e = readdir(d))
		if (strlen(e->d_name) == digits && strspn(e->d_name, "0123456789") == digits &&
			parse_u64(e->d_name, &number) == 0)
			ret[n++] = (int)number;
	qsort(ret, n, sizeof(*ret), by_number);
	return n;
}

static struct archive_files *files_of(
	struct look *l, struct map *known, const char *name, size_t len)
{
	const char *base = arena_strndup(&l->arena, name, len);
	struct archive_files *f = map_get(known, base);

	if (!f) {
		f = arena_alloc(&l->arena, sizeof(*f));
		*f = (struct archive_files){.base = base, .number = -1};
		map_put(known, base, f);
	}
	return f;
}

static void take_name(struct look *l, struct map *known, const char *name)
{
	struct archive_name n;
	struct archive_files *f;

	if (!archive_name_split(name, &n))
		return;
	f = files_of(l, known, name, n.base_len);
	if (n.volume == ARCHIVE_VOLUME_META) {
		f->has_meta = true;
	} else if (n.volume == ARCHIVE_VOLUME_INDEX) {
		f->index = n.is_packed ? f->index : arena_strdup(&l->arena, name);
	} else if (n.volume > f->number || (n.volume == f->number && !n.is_packed)) {
		f->number = n.volume;
		f->volume = arena_strdup(&l->arena, name);
	}
}

static void damaged(struct host_newest *h, const struct error *why)
{
	if (h->damage.code == 0)
		h->damage = *why;
}

static void look_at(struct look *l, int day, const struct archive_files *f, unsigned *seen)
{
	enum host_kind kind = str_starts(f->base, "boundaries-") ? HOST_BOUNDARY : HOST_SAMPLE;
	struct host_newest *h = l->found;
	struct tail t;
	struct error why = {0};

	h->archives++;
	if (!f->volume || !f->has_meta) {
		(void)error_set(&why, ENOENT, "%s has no %s", f->base,
			f->volume ? "metadata" : "data volume");
		damaged(h, &why);
		return;
	}
	if (tail_read(day, f->volume, f->index, &t, &why) < 0) {
		damaged(h, &why);
		return;
	}
	seen[kind]++;
	if (t.last_ns / NS_PER_S > h->last_s[kind])
		h->last_s[kind] = t.last_ns / NS_PER_S;
	if (t.label.start_ns / NS_PER_S > h->archive_s) {
		h->archive_s = t.label.start_ns / NS_PER_S;
		str_format(h->label, sizeof(h->label), "%s", t.label.host);
	}
}

static void look_into_day(struct look *l, int month, int number)
{
	CLEANUP(map_release) struct map known = {0};
	unsigned seen[HOST_KINDS] = {0};
	char name[16];

	str_format(name, sizeof(name), "%02d", number);
	CLEANUP(close_dir) DIR *d = open_dir(month, name);
	if (!d)
		return;
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		take_name(l, &known, e->d_name);
	for (size_t i = 0; i < known.n; i++)
		look_at(l, dirfd(d), known.entries[i].value, seen);
	l->days++;
	l->days_with_samples += seen[HOST_SAMPLE] > 0;
}

static bool has_enough(const struct look *l)
{
	const struct host_newest *h = l->found;

	return l->days >= DAYS_AT_MOST ||
	       (l->days_with_samples >= DAYS_AT_LEAST && h->last_s[HOST_BOUNDARY]);
}

// Level 0 holds years, 1 months, 2 days.
static void descend(struct look *l, DIR *d, int level, struct civil at)
{
	int numbers[NAMES_MAX];
	size_t n = dated(d, level == 0 ? 4 : 2, numbers);
	char name[16];

	for (size_t i = 0; i < n && !has_enough(l); i++) {
		*(level == 0 ? &at.year : level == 1 ? &at.month : &at.day) = numbers[i];
		if (level == 2) {
			if (l->found->day_s == 0)
				l->found->day_s = unix_from_civil(at);
			look_into_day(l, dirfd(d), numbers[i]);
			continue;
		}
		str_format(name, sizeof(name), "%0*d", level == 0 ? 4 : 2, numbers[i]);
		CLEANUP(close_dir) DIR *next = open_dir(dirfd(d), name);
		if (next)
			descend(l, next, level + 1, at); // NOLINT(misc-no-recursion): three levels
	}
}

int host_look(int root, const char *host, struct host_newest *ret, struct error *err)
{
	CLEANUP(look_close) struct look l = {.found = ret};
	CLEANUP(close_dir) DIR *d = open_dir(root, host);

	if (!d)
		return error_set(err, errno, "%s: %s", host, strerror(errno));
	*ret = (struct host_newest){0};
	descend(&l, d, 0, (struct civil){0});
	return 0;
}
