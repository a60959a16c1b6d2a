// SPDX-License-Identifier: Apache-2.0
// The document store: one summary and one time-series document per job, BSON, in an embedded
// SQLite file (sqlite:FILE, the default) or in MongoDB (mongodb://...). Programs know only this
// header. All writes are idempotent: putting the same job again replaces what was there.
//
// A job is (cluster, raw id, submit time); the document's _id is SUPReMM's "<raw id>-<end time>".
// When the end time of a job changes, put removes the document under the former _id.
// In MongoDB the collections are SUPReMM's: resource_<r> and timeseries-resource_<r>, where <r> is
// the cluster's resource_id.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/job.h"

struct store;

struct store_item {
	struct job_key key;
	const char *resource; // of the cluster, for the collection's name
	const char *job_id;   // what people type; kept for store_find
	int64_t end_s;        // JOB_RUNNING for a partial document
	struct bytes summary; // its first field is _id; bson_check passes
	struct bytes series;  // the same; len 0: the job has none
	const char *fault;    // of what SUPReMM wrote: why it is no document of a job, or NULL
};

// Opens, and creates what is absent (SQLite file and tables; MongoDB indexes). The password, when
// not NULL, is put into a MongoDB URL that has a user and no password. read_only never creates.
// A store belongs to one thread of one process; none may be open across fork. No error text holds a password.
// -EHOSTDOWN: the server is away, try later; -EACCES: it refuses us; -EBUSY: others hold the file.
int store_open(const char *url, const char *password, bool read_only, struct store **ret,
	struct error *err) MUST_USE;
void store_close(struct store *s); // NULL allowed

// In MongoDB the documents that SUPReMM's own summarizer left in the collections of these resources
// count from now on as documents of these clusters: they are read as ours are, and never written nor
// deleted. What store_changes gives of them may have a fault. Other stores hold none.
struct store_resource {
	const char *resource, *cluster;
};
struct doc;
struct store_completer { // adds to each of them what follows from it
	void (*complete)(const void *context, struct doc *document, struct arena *a);
	const void *context;
};
void store_adopt(struct store *s, const struct store_resource *of, size_t n,
	const struct store_completer *completer); // NULL allowed; copied
// The resources that have collections, adopted or not; other stores have none.
int store_resources(struct store *s, struct arena *a, const char ***ret, size_t *ret_n,
	struct error *err) MUST_USE;

// Writes all or, in SQLite, none; with MongoDB each item is written series first, summary last, so
// that a summary never points to series that are not there. Durable on return. A job whose two
// documents are byte for byte what is stored keeps its place in the change order. Of equal keys in
// items the last counts. An item that may not be stored fails all of them before anything is
// written; the text names it.
int store_put(
	struct store *s, const struct store_item *items, size_t n, struct error *err) MUST_USE;

// 1 found (strings and bytes in a), 0 absent.
int store_get(struct store *s, const struct job_key *key, struct arena *a, struct store_item *ret,
	struct error *err) MUST_USE;
// All jobs of a cluster (NULL: any) that a person calls job_id ("1234", "1234_7"), newest submit
// first; summaries alone (store_get has both).
int store_find(struct store *s, const char *cluster, const char *job_id, struct arena *a,
	struct store_item **ret, size_t *ret_n, struct error *err) MUST_USE;

// Documents changed since a cursor, in the order of change, each at least once; a job that changes
// meanwhile may come twice. cursor "" starts at the beginning. each() returns 0 to go on. The
// summary alone is given (item.series.len = 0), or both with with_series. *ret_cursor (in a) is
// where to go on after all documents that each() took, set on failure too; store it with what you
// made of them. limit 0: all. What each() gets is valid until it returns; a negative value ends the
// iteration as a failure, a positive one without. A cursor of another store, or of a later state of
// this one (a backup was put back), starts at the beginning.
typedef int store_each(void *context, const struct store_item *item, struct error *err);
int store_changes(struct store *s, const char *cursor, uint64_t limit, bool with_series,
	store_each *each, void *context, struct arena *a, const char **ret_cursor,
	struct error *err) MUST_USE;

// Deletes documents of jobs that ended before (cluster NULL: any); *ret_n says how many jobs.
int store_delete_before(struct store *s, const char *cluster, int64_t end_s, uint64_t *ret_n,
	struct error *err) MUST_USE;

// Documents that describe the others, called by their _id (summary-1.0.6, timeseries-4): what a
// field means, and its unit. In MongoDB they lie in the collection `schema`, where Open XDMoD looks.
int store_put_schema(struct store *s, struct bytes document, struct error *err) MUST_USE;
// 1 found (bytes in a), 0 absent.
int store_get_schema(struct store *s, const char *id, struct arena *a, struct bytes *ret,
	struct error *err) MUST_USE;
