// SPDX-License-Identifier: Apache-2.0
// Goes through the dated folders of every host. Two ages: old archives are packed where they are, older
// ones go to the long-term place. A file goes when what came back of its copy is what it is, and the
// manifest that names it is away too: so there is at every instant a whole copy of every archive.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/str.h"
#include "keeper/names.h"
#include "keeper/retain.h"
#include "summarizer/archive/archive.h"

#define NEW_PREFIX ".jobsight-new"

enum { DAY_S = 86400, QUIET_S = 3600 };

struct file {
	const char *name;
	size_t base_len;
	int volume;
	bool is_packed;
};

struct listing { // of a day's folder, by name
	struct file *items;
	size_t n, room;
	int64_t newest_s;
};

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static DIR *open_dir(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d && fd >= 0)
		close(fd);
	return d;
}

static void failed(struct retain *r, const char *where, const struct error *why)
{
	r->counts.failed++;
	log_warning("%s: %s", where, why->text);
}

static void add_file(struct listing *l, struct arena *a, const char *name, int64_t written_s)
{
	struct archive_name n;

	if (!archive_name_split(name, &n))
		return;
	if (written_s > l->newest_s)
		l->newest_s = written_s;
	if (l->n == l->room) {
		struct file *old = l->items;

		l->room = l->room ? 2 * l->room : 16;
		l->items = arena_array(a, l->room, sizeof(*l->items));
		if (l->n)
			memcpy(l->items, old, l->n * sizeof(*old));
	}
	l->items[l->n++] = (struct file){arena_strdup(a, name), n.base_len, n.volume, n.is_packed};
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

// What a run that was killed left half done goes; links and other things that are no files are let be.
static void list(struct retain *r, const struct day_folder *d, struct listing *l, struct arena *a)
{
	CLEANUP(close_dir) DIR *dir = open_dir(d->fd, ".");
	struct stat st;

	*l = (struct listing){0};
	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (fstatat(d->fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		if (str_starts(e->d_name, NEW_PREFIX)) {
			if (!r->dry_run)
				(void)unlinkat(d->fd, e->d_name, 0);
			continue;
		}
		add_file(l, a, e->d_name, st.st_mtim.tv_sec);
	}
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_name);
}

static bool has_index(const struct listing *l, const struct file *of)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].volume == ARCHIVE_VOLUME_INDEX &&
			l->items[i].base_len == of->base_len &&
			strncmp(l->items[i].name, of->name, of->base_len) == 0)
			return true;
	return false;
}

// The index is left plain, as PCP leaves it. One of a volume that is thinned is wrong from then on.
static void pack_day(struct retain *r, const struct day_folder *d, const struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct file *f = &l->items[i];
		CLEANUP(strbuf_release) struct strbuf index = {0};
		struct error err = {0};
		bool is_volume = f->volume >= 0;

		if (f->is_packed || f->volume == ARCHIVE_VOLUME_INDEX)
			continue;
		if (r->dry_run) {
			log_notice("would pack %s/%s", d->day, f->name);
			r->counts.packed++;
			continue;
		}
		strbuf_printf(&index, "%.*s.index", (int)f->base_len, f->name);
		if (is_volume && r->settings->archive_thin)
			(void)unlinkat(d->fd, strbuf_text(&index), 0);
		if (pack_file(r, d, f->name, is_volume, &err) < 0)
			failed(r, d->day, &err);
	}
}

static void mend_indexes(struct retain *r, const struct day_folder *d, struct arena *a)
{
	struct listing l;

	list(r, d, &l, a);
	for (size_t i = 0; i < l.n; i++) {
		struct error err = {0};
		char base[NAME_MAX + 1];

		if (l.items[i].volume != ARCHIVE_VOLUME_META || has_index(&l, &l.items[i]) ||
			!str_format(base, sizeof(base), "%.*s", (int)l.items[i].base_len,
				l.items[i].name))
			continue;
		if (thin_index(d, base, &err) < 0)
			failed(r, d->day, &err);
	}
}

static int put_all(struct retain *r, const struct day_folder *d, const struct listing *l,
	struct manifest *m, struct error *err)
{
	for (size_t i = 0; i < l->n; i++) {
		char *sum = arena_alloc(m->arena, SHA256_TEXT_SIZE);
		const struct vault_file f = {.dir = d->fd,
			.name = l->items[i].name,
			.path = arena_printf(
				m->arena, "%s/%s/%s", d->root, d->day, l->items[i].name),
			.day = d->day};

		TRY(vault_put(&r->vault, &f, m, sum, err));
		map_put(&m->sums, l->items[i].name, sum);
	}
	return manifest_save(&r->vault, d->day, m, err);
}

// Metadata first: without it nobody finds the archive any more, so none is seen in part.
static int remove_all(
	struct retain *r, const struct day_folder *d, const struct listing *l, struct error *err)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < l->n; i++) {
			const struct file *f = &l->items[i];

			if ((f->volume == ARCHIVE_VOLUME_META) != (pass == 0))
				continue;
			if (unlinkat(d->fd, f->name, 0) < 0)
				return error_set(err, errno, "%s: %s", f->name, strerror(errno));
			r->counts.moved++;
		}
	return 0;
}

static int move_day(
	struct retain *r, const struct day_folder *d, const struct listing *l, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(manifest_release) struct manifest m = {0};
	const int64_t *pinned = map_get(&r->pinned, d->day);

	if (pinned && *pinned > r->now_s) {
		r->counts.kept++;
		return 0;
	}
	if (r->dry_run) {
		log_notice("would move %zu files of %s", l->n, d->day);
		r->counts.moved += l->n;
		return 0;
	}
	TRY(manifest_load(&r->vault, d->day, &a, &m, err));
	TRY(put_all(r, d, l, &m, err));
	return remove_all(r, d, l, err);
}

// True: its files went, the folder may go.
static bool sweep_day(struct retain *r, const struct day_folder *d)
{
	CLEANUP(arena_release) struct arena a = {0};
	const struct settings *s = r->settings;
	bool has_place = r->vault.root >= 0 || r->vault.put;
	struct error err = {0};
	struct listing l;

	if (r->packer->suffix && d->end_s + s->archive_pack_age <= r->now_s) {
		list(r, d, &l, &a);
		if (l.n && l.newest_s + QUIET_S <= r->now_s) {
			pack_day(r, d, &l);
			if (s->archive_thin && !r->dry_run)
				mend_indexes(r, d, &a);
		}
	}
	if (!has_place || s->archive_age == 0 || d->end_s + s->archive_age > r->now_s)
		return false;
	list(r, d, &l, &a);
	if (l.n && l.newest_s + DAY_S <= r->now_s && move_day(r, d, &l, &err) < 0)
		failed(r, d->day, &err);
	return !r->dry_run;
}

static bool is_dated(const char *name, size_t digits, int *ret)
{
	uint64_t number;

	if (strlen(name) != digits || strspn(name, "0123456789") != digits ||
		parse_u64(name, &number) < 0)
		return false;
	*ret = (int)number;
	return true;
}

// Level 0 holds years, 1 months, 2 days; `day` is the path so far, `at` the date so far. Folders that
// became empty go. True: some did.
static bool descend(struct retain *r, DIR *dir, int level, struct strbuf *day, struct civil at)
{
	size_t len = day->len;
	bool any = false;

	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int *number = level == 0 ? &at.year : level == 1 ? &at.month : &at.day;
		bool may_go;

		if (!is_dated(e->d_name, level == 0 ? 4 : 2, number))
			continue;
		CLEANUP(close_dir) DIR *next = open_dir(dirfd(dir), e->d_name);
		if (!next)
			continue;
		strbuf_printf(day, "/%s", e->d_name);
		if (level < 2) {
			may_go = descend( // NOLINT(misc-no-recursion): three levels
				r, next, level + 1, day, at);
		} else {
			struct day_folder d = {.fd = dirfd(next),
				.root = r->cluster->archives,
				.day = strbuf_text(day),
				.end_s = unix_from_civil(at) + DAY_S};
			may_go = sweep_day(r, &d);
		}
		if (may_go && unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR) == 0)
			any = true;
		day->len = len;
		day->text[len] = '\0';
	}
	return any;
}

int sweep_tree(struct retain *r, struct error *err)
{
	CLEANUP(close_dir) DIR *root = opendir(r->cluster->archives);

	if (!root)
		return error_set(err, errno, "%s: %s", r->cluster->archives, strerror(errno));
	for (const struct dirent *e = readdir(root); e; e = readdir(root)) {
		CLEANUP(strbuf_release) struct strbuf day = {0};
		CLEANUP(close_dir)
		DIR *host = *e->d_name == '.' ? NULL : open_dir(dirfd(root), e->d_name);

		if (!host)
			continue;
		strbuf_puts(&day, e->d_name);
		(void)descend(r, host, 0, &day, (struct civil){0});
	}
	return 0;
}
