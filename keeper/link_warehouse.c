// SPDX-License-Identifier: Apache-2.0
// Fourth link: whether the loader has brought the document into the warehouse.
#include <inttypes.h>

#include "common/clock.h"
#include "common/postgres/postgres.h"
#include "common/str.h"
#include "keeper/why.h"

enum { NAMED_MAX = 4 };

static const char job_sql[] =
	"SELECT j.job_id, j.document_id, j.document_state"
	" FROM warehouse.job_key k JOIN warehouse.cluster c ON c.cluster_id = k.cluster_id"
	" JOIN warehouse.job j ON j.job_id = k.job_id AND j.end_t = k.end_t"
	" WHERE c.name = $1 AND k.raw_id = $2::bigint AND k.submit_t = to_timestamp($3::bigint)";
static const char error_sql[] =
	"SELECT field, reason FROM warehouse.load_error"
	" WHERE cluster = $1 AND raw_id = $2::numeric AND submit_s = $3::bigint";
static const char quality_sql[] =
	"SELECT reason_name, count(*), sum(count(*)) OVER () FROM warehouse.job_quality"
	" WHERE job_id = $1::bigint GROUP BY reason_name, reason ORDER BY reason = 0 DESC, 2 DESC";
static const char loaded_sql[] =
	"SELECT extract(epoch FROM max(coalesce(ended, began)))::bigint FROM warehouse.load_log";

static void close_postgres(struct postgres **p)
{
	postgres_close(*p);
}

struct warehouse {
	struct why *why;
	struct postgres *p;
	struct postgres_value key[3];
};

static int look_at_quality(struct warehouse *h, const char *job_id, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	CLEANUP(strbuf_release) struct strbuf names = {0};
	const struct postgres_value key = {.text = job_id};
	struct why *w = h->why;
	int64_t measured = 0;

	TRY(postgres_query(h->p, quality_sql, &key, 1, &rows, err));
	for (size_t i = 0; i < postgres_rows_count(rows); i++) {
		const char *name = postgres_text(rows, i, 0);

		if (str_eq(name, "measured"))
			measured = postgres_int(rows, i, 1);
		else if (i <= NAMED_MAX)
			strbuf_printf(&names, "%s%" PRId64 " %s", names.len ? ", " : "",
				postgres_int(rows, i, 1), name ? name : "");
	}
	if (postgres_rows_count(rows) == 0)
		return 0;
	w->texts[LINK_WAREHOUSE] =
		arena_printf(w->arena, "%" PRId64 " of %" PRId64 " metrics have a value", measured,
			postgres_int(rows, 0, 2));
	if (names.len)
		why_add(w, CAUSE_UNMEASURED, strbuf_text(&names));
	return 0;
}

static int look_at_error(struct warehouse *h, bool *ret_found, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	struct arena *a = h->why->arena;

	TRY(postgres_query(h->p, error_sql, h->key, 3, &rows, err));
	*ret_found = postgres_rows_count(rows) > 0;
	if (*ret_found) {
		const char *field = postgres_text(rows, 0, 0);
		const char *sep = field && *field ? ": " : "";
		why_add(h->why, CAUSE_QUARANTINED,
			arena_printf(
				a, "%s%s%s", field ? field : "", sep, postgres_text(rows, 0, 1)));
	}
	return 0;
}

static int add_not_loaded(struct warehouse *h, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	struct arena *a = h->why->arena;
	char at[TIME_TEXT_SIZE];

	TRY(postgres_query(h->p, loaded_sql, NULL, 0, &rows, err));
	why_add(h->why, CAUSE_NOT_LOADED,
		postgres_text(rows, 0, 0) ? arena_printf(a, "the loader last ran %s",
						    format_time(postgres_int(rows, 0, 0), at))
					  : "the loader has never run");
	return 0;
}

static int look_at_job(struct warehouse *h, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	struct why *w = h->why;
	struct scalar id = {0};
	int ignored = 0;
	bool is_aside = false;

	TRY(look_at_error(h, &is_aside, err));
	TRY(postgres_query(h->p, job_sql, h->key, 3, &rows, err));
	if (postgres_rows_count(rows) == 0)
		return is_aside ? 0 : add_not_loaded(h, err);
	TRY(look_at_quality(h, postgres_text(rows, 0, 0), err));
	if (w->item.summary.len && bson_find(w->item.summary, "_id", &id, &ignored) > 0 &&
		id.kind == DOC_TEXT &&
		(!str_eq(id.text, postgres_text(rows, 0, 1)) ||
			(*why_state(w) && !str_eq(why_state(w), postgres_text(rows, 0, 2)))))
		why_add(w, CAUSE_LOADED_BEFORE, NULL);
	return 0;
}

void link_warehouse(struct why *w)
{
	CLEANUP(close_postgres) struct postgres *p = NULL;
	struct error err = {0};

	if (w->item.summary.len == 0)
		return;
	struct warehouse h = {.why = w,
		.key = {{.text = w->job.key.cluster},
			{.text = arena_printf(w->arena, "%" PRIu64, w->job.key.raw_id)},
			{.text = arena_printf(w->arena, "%" PRId64, w->job.key.submit_s)}}};
	int rc = postgres_open(
		w->settings->warehouse_url, w->settings->warehouse_password, &p, &err);
	h.p = p;
	if (rc == 0)
		rc = look_at_job(&h, &err);
	if (rc < 0)
		why_add(w, CAUSE_WAREHOUSE_AWAY, err.text);
}
