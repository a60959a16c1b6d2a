// SPDX-License-Identifier: Apache-2.0
// Reads what can be asked, and finds it by names as people remember them.
#include "query/words.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "common/postgres/postgres.h"
#include "common/str.h"

enum { NEAR_MAX = 4 };

static int read_words(struct postgres *p, const char *sql, const char *realm, struct arena *a,
	struct words *ret, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value value = {.text = realm};

	TRY(postgres_query(p, sql, &value, realm ? 1 : 0, &rows, err));
	ret->n = postgres_rows_count(rows);
	ret->items = arena_array(a, ret->n, sizeof(*ret->items));
	for (size_t i = 0; i < ret->n; i++)
		ret->items[i] = (struct word){.id = arena_strdup(a, postgres_text(rows, i, 0)),
			.label = arena_strdup(a, postgres_text(rows, i, 1)),
			.unit = arena_strdup(a, postgres_text(rows, i, 2)),
			.help = arena_strdup(a, postgres_text(rows, i, 3)),
			.is_public = str_eq(postgres_text(rows, i, 4), "t")};
	return 0;
}

int words_realms(struct postgres *p, struct arena *a, struct words *ret, struct error *err)
{
	ret->kind = "realm";
	return read_words(p,
		"SELECT realm, label, '', help, relation IS NULL FROM warehouse.realm ORDER BY position",
		NULL, a, ret, err);
}

int words_statistics(struct postgres *p, const char *realm, struct arena *a, struct words *ret,
	struct error *err)
{
	ret->kind = "statistic";
	return read_words(p,
		"SELECT id, label, unit, help, is_public FROM warehouse.statistic WHERE realm = $1"
		" ORDER BY position, id",
		realm, a, ret, err);
}

int words_dimensions(struct postgres *p, const char *realm, struct arena *a, struct words *ret,
	struct error *err)
{
	ret->kind = "dimension";
	return read_words(p,
		"SELECT id, label, '', help, is_public FROM warehouse.dimension WHERE realm = $1"
		" ORDER BY position, id",
		realm, a, ret, err);
}

// 0 is the best; SIZE_MAX does not come near. A part of a name comes before a slip of the finger.
static size_t distance_of(const struct word *w, const char *name)
{
	size_t edits = str_distance(name, w->id);
	size_t len = strlen(name);

	if (len >= 3 && (strcasestr(w->id, name) || strcasestr(w->label, name)))
		return strlen(w->id) > len ? strlen(w->id) - len : 0;
	return edits <= 2 || edits <= len / 3 ? 100 + edits : SIZE_MAX;
}

// The words that come near, best first.
static void put_near(struct strbuf *out, const struct words *w, const char *name)
{
	size_t done_distance = 0;
	size_t done_place = 0; // 1 + that of the last one put

	for (int n = 0; n < NEAR_MAX; n++) {
		size_t best = SIZE_MAX;
		size_t place = 0;

		for (size_t i = 0; i < w->n; i++) {
			size_t d = distance_of(&w->items[i], name);
			bool is_done = n > 0 && (d < done_distance ||
							(d == done_distance && i < done_place));

			if (!is_done && d < best) {
				best = d;
				place = i;
			}
		}
		if (best == SIZE_MAX)
			return;
		strbuf_printf(out, "%s%s", n ? ", " : "; did you mean ", w->items[place].id);
		done_distance = best;
		done_place = place + 1;
	}
}

int words_find(const struct words *w, const char *name, const struct word **ret, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf near = {0};

	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->items[i].id, name)) {
			*ret = &w->items[i];
			return 0;
		}
	for (size_t i = 0; i < w->n; i++)
		if (strcasecmp(w->items[i].id, name) == 0 ||
			strcasecmp(w->items[i].label, name) == 0) {
			*ret = &w->items[i];
			return 0;
		}
	put_near(&near, w, name);
	return error_set(err, EINVAL, "there is no %s %s%s (--list has all)", w->kind, name,
		strbuf_text(&near));
}
