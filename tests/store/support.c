// SPDX-License-Identifier: Apache-2.0
// Documents of jobs for the tests of the store.
#include "support.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/str.h"

static struct bytes sample_document(
	struct arena *a, const char *id, const struct sample *s, const char *cluster)
{
	struct doc *d = doc_object(a);
	struct doc *own;
	struct error err = {0};
	struct bytes b;
	char *text = arena_alloc(a, s->size + 1);

	memset(text, 'x', s->size);
	doc_put_text(d, a, "_id", id);
	doc_put_int(d, a, "version", s->version);
	doc_put_double(doc_at(d, a, "cpu.jobcpus.user"), a, "avg", 0.25 + (double)s->version);
	own = doc_at(d, a, "jobsight");
	doc_put_int(own, a, "schema", 1);
	doc_put_text(own, a, "cluster", cluster);
	doc_put_text(own, a, "state", s->end_s ? "done" : "running");
	doc_put_text(d, a, "filler", text);
	doc_put_time(d, a, "created", s->end_s * 1000);
	cr_assert(eq(int, doc_to_bson(d, a, &b, &err), 0), "%s", err.text);
	return b;
}

struct store_item sample_item(struct arena *a, const struct sample *s)
{
	const char *cluster = s->cluster ? s->cluster : "emmy";
	char *number = arena_printf(a, "%" PRIu64, s->raw_id);
	char *id = arena_printf(a, "%" PRIu64 "-%" PRId64, s->raw_id, s->end_s);
	struct store_item item = {
		.key = {cluster, s->raw_id, s->submit_s},
		.resource = arena_printf(a, "r%s", cluster),
		.job_id = s->job_id ? s->job_id : number,
		.end_s = s->end_s,
		.summary = sample_document(a, id, s, cluster),
	};

	if (s->has_series) {
		struct doc *d = doc_object(a);
		struct doc *all = doc_array(a);
		struct error err = {0};

		doc_put_text(d, a, "_id", id);
		doc_put_int(d, a, "version", s->version);
		doc_put_text(doc_at(d, a, "hosts"), a, "0", "cn001");
		doc_put_double(all, a, NULL, 1.5);
		doc_put_int(all, a, NULL, 2);
		doc_put(doc_at(d, a, "cpuuser.hosts.0"), a, "all", all);
		cr_assert(eq(int, doc_to_bson(d, a, &item.series, &err), 0), "%s", err.text);
	}
	return item;
}

struct store *open_store(const char *url)
{
	struct error err = {0};
	struct store *s = NULL;

	cr_assert(eq(int, store_open(url, NULL, false, &s, &err), 0), "%s", err.text);
	return s;
}

void put(struct store *s, const struct store_item *items, size_t n)
{
	struct error err = {0};

	cr_assert(eq(int, store_put(s, items, n, &err), 0), "%s", err.text);
}

void put_sample(struct store *s, const struct sample *sample)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store_item item = sample_item(&a, sample);

	put(s, &item, 1);
}

int64_t version_of(struct bytes document)
{
	struct scalar v;

	return document.len && bson_find(document, "version", &v, NULL) > 0 ? v.integer : -1;
}

bool same_bytes(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int take_change(void *context, const struct store_item *item, struct error *err)
{
	struct changes *c = context;

	if (c->stop_after && c->n == c->stop_after) {
		error_set(err, ECANCELED, "enough");
		return c->stop_with;
	}
	cr_assert(lt(sz, c->n, sizeof(c->raw_ids) / sizeof(c->raw_ids[0])));
	c->raw_ids[c->n] = item->key.raw_id;
	c->versions[c->n++] = version_of(item->summary);
	c->n_series += item->series.len > 0;
	return 0;
}

void take_changes(struct store *s, const char **cursor, uint64_t limit, bool with_series,
	struct arena *a, struct changes *ret)
{
	struct error err = {0};

	ret->n = ret->n_series = ret->stop_after = 0;
	cr_assert(eq(int,
			  store_changes(s, *cursor, limit, with_series, take_change, ret, a, cursor,
				  &err),
			  0),
		"%s", err.text);
}

bool is_sqlite(void)
{
	return str_starts(getenv("TEST_STORE"), "sqlite:");
}

int scaled(int sqlite, int other)
{
	return is_sqlite() ? sqlite : other;
}

const char *url_of(const char *test)
{
	static char url[2000]; // one test a process
	const char *form = getenv("TEST_STORE");
	const char *at = form ? strstr(form, "@@") : NULL;

	cr_assert(at != NULL, "TEST_STORE must be a URL with @@ for the test's name");
	cr_assert(str_format(url, sizeof(url), "%.*s%s%s", (int)(at - form), form, test, at + 2));
	return url;
}

void expect_same(const struct store_item *a, const struct store_item *b)
{
	cr_assert(eq(int, job_key_compare(&a->key, &b->key), 0));
	cr_assert(eq(str, (char *)a->resource, (char *)b->resource));
	cr_assert(eq(str, (char *)a->job_id, (char *)b->job_id));
	cr_assert(eq(i64, a->end_s, b->end_s));
	cr_assert(same_bytes(a->summary, b->summary), "the summary is not what was put");
	cr_assert(same_bytes(a->series, b->series), "the series are not what was put");
}

int get(struct store *s, const struct job_key *key, struct arena *a, struct store_item *ret)
{
	struct error err = {0};
	int rc = store_get(s, key, a, ret, &err);

	cr_assert(ge(int, rc, 0), "%s", err.text);
	return rc;
}
