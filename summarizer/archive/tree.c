// SPDX-License-Identifier: Apache-2.0
// Finding archives.
#include "summarizer/archive/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"
#include "common/str.h"
#include "summarizer/archive/archive.h"
#include "summarizer/archive/stream.h"

#define DAY_S 86400

struct scan {
	struct archive_tree *tree;
	const struct archive_tree_request *request;
	struct arena *arena;
};

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void close_stream(struct stream **s)
{
	stream_close(*s);
}

static void report(const struct scan *s, const struct error *why)
{
	if (s->request->bad)
		s->request->bad(s->request->context, why);
}

static int read_label(const char *path, struct archive_label *ret, struct error *err)
{
	CLEANUP(close_stream) struct stream *s = NULL;
	struct bytes b;
	TRY(stream_open(path, &s, err));
	int rc = stream_window(s, 0, ARCHIVE_LABEL_MAX, &b, err);
	if (rc < 0 && b.len < ARCHIVE_LABEL_MAX)
		return rc;
	return archive_label_parse(b, path, ret, err);
}

void archive_tree_add(struct archive_tree *t, struct arena *a, const char *base, const char *host,
	int64_t start_ns)
{
	struct archive_host *h = map_get(&t->hosts, host);
	if (h == NULL) {
		h = arena_alloc(a, sizeof(*h));
		h->name = arena_strdup(a, host);
		map_put(&t->hosts, h->name, h);
		size_t len = strcspn(h->name, ".");
		const char *cut = arena_strndup(a, h->name, len);
		// Two hosts of one short name: the short name means neither.
		struct archive_host *none = arena_alloc(a, sizeof(*none));
		map_put(&t->short_names, cut, map_get(&t->short_names, cut) ? none : h);
	}
	for (size_t i = 0; i < h->n; i++)
		if (str_eq(h->places[i].base, base))
			return; // a root given twice
	if (h->n == h->room) {
		struct archive_place *old = h->places;
		h->room = h->room ? 2 * h->room : 8;
		h->places = arena_array(a, h->room, sizeof(*h->places));
		if (h->n)
			memcpy(h->places, old, h->n * sizeof(*old));
	}
	h->places[h->n++] = (struct archive_place){
		.base = arena_strdup(a, base), .host = h->name, .start_ns = start_ns};
	t->n++;
}

// Length of the path without ".meta" or ".meta.xz"; 0: no metadata. Where an archive has both it is
// the plain one that counts.
static size_t base_of(const char *path, size_t len)
{
	static const char meta[] = ".meta";
	const size_t n = sizeof(meta) - 1;
	len -= stream_suffix(path);
	return len > n && strncmp(path + len - n, meta, n) == 0 ? len - n : 0;
}

static void look_at(const struct scan *s, const char *path, size_t base_len)
{
	struct archive_label label = {0};
	struct error why;
	if (read_label(path, &label, &why) < 0) {
		report(s, &why);
		return;
	}
	if (label.start_ns / NS_PER_S > s->request->until_s)
		return;
	CLEANUP(strbuf_release) struct strbuf base = {0};
	strbuf_add(&base, path, base_len);
	archive_tree_add(s->tree, s->arena, strbuf_text(&base), label.host, label.start_ns);
}

// The number that a folder of the layout is called by, -1 if it is none of so many digits.
static int dated(const char *name, size_t digits)
{
	int n = 0;
	if (strlen(name) != digits)
		return -1;
	for (size_t i = 0; i < digits; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = 10 * n + (name[i] - '0');
	}
	return n;
}

// Where below <host>/ a folder is: its year, month and day as far as known (0: not yet).
struct place_in_time {
	int year, month, day;
};

// Whether a folder NAME in the dated folder `in` may hold archives of the window; sets *ret to
// where it is. A name that is no date means that this is another layout: anything goes.
static bool may_hold(
	const struct scan *s, const char *name, struct place_in_time in, struct place_in_time *ret)
{
	*ret = (struct place_in_time){0};
	if (in.year == 0)
		ret->year = dated(name, 4) >= 1970 ? dated(name, 4) : 0;
	else if (in.month == 0 && dated(name, 2) >= 1 && dated(name, 2) <= 12)
		*ret = (struct place_in_time){in.year, dated(name, 2), 0};
	else if (in.month && in.day == 0 && dated(name, 2) >= 1 && dated(name, 2) <= 31)
		*ret = (struct place_in_time){in.year, in.month, dated(name, 2)};
	if (ret->year == 0)
		return true;
	struct civil first = {
		ret->year, ret->month ? ret->month : 1, ret->day ? ret->day : 1, 0, 0, 0};
	struct civil last = {
		ret->year, ret->month ? ret->month : 12, ret->day ? ret->day : 31, 23, 59, 59};
	return unix_from_civil(first) <= s->request->until_s + DAY_S &&
	       unix_from_civil(last) >=
	               s->request->since_s - (ARCHIVE_TREE_DAYS_BEFORE + 1) * (int64_t)DAY_S;
}

static bool is_folder(int parent, const struct dirent *e)
{
	struct stat st;
	if (e->d_type != DT_UNKNOWN && e->d_type != DT_LNK)
		return e->d_type == DT_DIR;
	return fstatat(parent, e->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int walk(const struct scan *s, struct strbuf *path, struct place_in_time in, int depth,
	struct error *err)
{
	CLEANUP(close_folder) DIR *d = opendir(strbuf_text(path));
	if (d == NULL)
		return error_set(err, errno, "%s: %s", strbuf_text(path), strerror(errno));
	size_t len = path->len;
	for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
		struct place_in_time at;
		struct error why;
		if (e->d_name[0] == '.')
			continue;
		strbuf_printf(path, "/%s", e->d_name);
		size_t base_len = base_of(strbuf_text(path), path->len);
		if (base_len) {
			look_at(s, strbuf_text(path), base_len);
		} else if (is_folder(dirfd(d), e) && depth < ARCHIVE_TREE_MAX_DEPTH &&
			   may_hold(s, e->d_name, in, &at)) {
			if (walk(s, path, at, depth + 1, &why) < 0)
				report(s, &why);
		}
		path->len = len;
		path->text[len] = '\0';
	}
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct archive_place *x = a;
	const struct archive_place *y = b;
	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return strcmp(x->base, y->base);
}

int archive_tree_scan(struct archive_tree *t, const struct archive_tree_request *r, struct arena *a,
	struct error *err)
{
	struct scan s = {.tree = t, .request = r, .arena = a};
	CLEANUP(strbuf_release) struct strbuf path = {0};
	strbuf_puts(&path, r->root);
	while (path.len > 1 && path.text[path.len - 1] == '/')
		path.text[--path.len] = '\0';
	TRY(walk(&s, &path, (struct place_in_time){0}, 0, err));
	for (size_t i = 0; i < t->hosts.n; i++) {
		struct archive_host *h = t->hosts.entries[i].value;
		qsort(h->places, h->n, sizeof(*h->places), by_start);
	}
	return 0;
}

const struct archive_host *archive_tree_host(const struct archive_tree *t, const char *name)
{
	const struct archive_host *h = map_get(&t->hosts, name);
	if (h == NULL && strchr(name, '.') == NULL)
		h = map_get(&t->short_names, name);
	return h && h->n ? h : NULL;
}

void archive_tree_release(struct archive_tree *t)
{
	map_release(&t->hosts);
	map_release(&t->short_names);
	*t = (struct archive_tree){0};
}
