// SPDX-License-Identifier: Apache-2.0
// The store's front: chooses the backend by the URL and lets nothing pass that the strictest
// backend would refuse, so that what one store takes every store takes.
#include "common/store/store.h"

#include <errno.h>
#include <string.h>

#include "common/document/document.h"
#include "common/memory.h"
#include "common/store/driver.h"

struct store {
	const struct store_driver *driver;
	void *state;
	bool read_only;
};

static const struct store_driver *const drivers[] = {
	&sqlite_driver,
#ifdef JOBSIGHT_HAVE_MONGOC
	&mongo_driver,
	&mongos_driver,
#endif
};

static int no_driver(const char *url, struct error *err)
{
#ifndef JOBSIGHT_HAVE_MONGOC
	if (str_starts(url, "mongodb:") || str_starts(url, "mongodb+srv:"))
		return error_set(
			err, ENOTSUP, "store: this build has no MongoDB (libmongoc was absent)");
#endif
	return error_set(err, EINVAL, "store: \"%.20s%s\" is neither sqlite:FILE nor mongodb://...",
		url, strlen(url) > 20 ? "..." : "");
}

int store_open(const char *url, const char *password, bool read_only, struct store **ret,
	struct error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		void *state;

		if (!str_starts(url, drivers[i]->scheme))
			continue;
		TRY(drivers[i]->open(url, password, read_only, &state, err));
		*ret = memory_alloc(1, sizeof(**ret));
		**ret = (struct store){drivers[i], state, read_only};
		return 0;
	}
	return no_driver(url, err);
}

void store_close(struct store *s)
{
	if (!s)
		return;
	s->driver->close(s->state);
	free(s);
}

void store_adopt(struct store *s, const struct store_resource *of, size_t n,
	const struct store_completer *completer)
{
	if (s->driver->adopt)
		s->driver->adopt(s->state, of, n, completer);
}

int store_resources(
	struct store *s, struct arena *a, const char ***ret, size_t *ret_n, struct error *err)
{
	*ret_n = 0;
	return s->driver->resources ? s->driver->resources(s->state, a, ret, ret_n, err) : 0;
}

// The first field must be _id, a text. MongoDB moves it to the front by itself; that it is there
// already keeps the bytes as they came. "jobsight.store" is where the MongoDB backend keeps its own.
static int check_id(struct bytes b, const char *what, const char **ret, struct error *err)
{
	struct scalar id;
	struct scalar own;

	TRY(bson_check(b, err));
	if (bson_find(b, "_id", &id, NULL) <= 0 || id.kind != DOC_TEXT || !*id.text ||
		strcmp((const char *)b.data + 5, "_id") != 0)
		return error_set(err, EINVAL, "the first field of the %s is no text _id", what);
	if (bson_find(b, "jobsight.store", &own, NULL) > 0 ||
		(bson_find(b, "jobsight", &own, NULL) > 0 && own.kind != DOC_OBJECT))
		return error_set(
			err, EINVAL, "jobsight of the %s is no object, or holds \"store\"", what);
	*ret = id.text;
	return 0;
}

static bool is_name(const char *text)
{
	return text && *text && strlen(text) <= 200 && str_is_utf8(text, strlen(text));
}

static int check_item(const struct store_item *item, struct error *err)
{
	const char *summary_id = "";
	const char *series_id = "";

	if (!is_name(item->key.cluster) || !is_name(item->resource) || !is_name(item->job_id))
		return error_set(err, EINVAL, "cluster, resource or job id is no name");
	if (strpbrk(item->resource, "$/") || item->key.raw_id > INT64_MAX || item->end_s < 0)
		return error_set(err, EINVAL, "resource, raw id or end time is out of range");
	TRY(check_id(item->summary, "summary", &summary_id, err));
	if (item->series.len == 0)
		return 0;
	TRY(check_id(item->series, "time series", &series_id, err));
	if (strcmp(summary_id, series_id) != 0)
		return error_set(err, EINVAL, "summary and time series differ in _id");
	return 0;
}

int store_put(struct store *s, const struct store_item *items, size_t n, struct error *err)
{
	if (s->read_only)
		return error_set(err, EROFS, "store: opened for reading only");
	for (size_t i = 0; i < n; i++) {
		int rc = check_item(&items[i], err);
		char key[128];

		if (rc < 0) {
			error_prefix(err, "store: job %s",
				items[i].key.cluster ? job_key_text(&items[i].key, key) : "?");
			return rc;
		}
	}
	return n > 0 ? s->driver->put(s->state, items, n, err) : 0;
}

int store_get(struct store *s, const struct job_key *key, struct arena *a, struct store_item *ret,
	struct error *err)
{
	return s->driver->get(s->state, key, a, ret, err);
}

int store_find(struct store *s, const char *cluster, const char *job_id, struct arena *a,
	struct store_item **ret, size_t *ret_n, struct error *err)
{
	*ret = NULL;
	*ret_n = 0;
	if (!str_is_utf8(job_id, strlen(job_id)) ||
		(cluster && !str_is_utf8(cluster, strlen(cluster))))
		return 0; // nothing is called so
	return s->driver->find(s->state, cluster, job_id, a, ret, ret_n, err);
}

// NOLINTNEXTLINE(readability-function-size): eight parameters are the contract
int store_changes(struct store *s, const char *cursor, uint64_t limit, bool with_series,
	store_each *each, void *context, struct arena *a, const char **ret_cursor,
	struct error *err)
{
	const struct store_changes_request request = {
		.cursor = cursor ? cursor : "",
		.limit = limit > 0 && limit < INT64_MAX ? limit : INT64_MAX,
		.with_series = with_series,
		.each = each,
		.context = context,
		.arena = a,
	};

	*ret_cursor = arena_strdup(a, request.cursor);
	return s->driver->changes(s->state, &request, ret_cursor, err);
}

int store_delete_before(
	struct store *s, const char *cluster, int64_t end_s, uint64_t *ret_n, struct error *err)
{
	*ret_n = 0;
	if (s->read_only)
		return error_set(err, EROFS, "store: opened for reading only");
	return s->driver->delete_before(s->state, cluster, end_s, ret_n, err);
}

int store_put_schema(struct store *s, struct bytes document, struct error *err)
{
	const char *id = "";

	if (s->read_only)
		return error_set(err, EROFS, "store: opened for reading only");
	TRY(check_id(document, "schema", &id, err));
	return s->driver->put_schema(s->state, id, document, err);
}

int store_get_schema(
	struct store *s, const char *id, struct arena *a, struct bytes *ret, struct error *err)
{
	*ret = (struct bytes){0};
	return s->driver->get_schema(s->state, id, a, ret, err);
}

static struct bytes copy_bytes(struct arena *a, struct bytes b)
{
	return (struct bytes){b.len ? arena_copy(a, b.data, b.len) : NULL, b.len};
}

void store_item_copy(struct arena *a, const struct store_item *item, struct store_item *ret)
{
	*ret = *item;
	ret->key.cluster = arena_strdup(a, item->key.cluster);
	ret->resource = arena_strdup(a, item->resource);
	ret->job_id = arena_strdup(a, item->job_id);
	ret->fault = item->fault ? arena_strdup(a, item->fault) : NULL;
	ret->summary = copy_bytes(a, item->summary);
	ret->series = copy_bytes(a, item->series);
}
