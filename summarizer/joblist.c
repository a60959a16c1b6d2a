// SPDX-License-Identifier: Apache-2.0
// Jobs as BSON documents one after the other, the first of which says what the others are.
#include "summarizer/joblist.h"

#include <errno.h>
#include <string.h>

#include "common/document/document.h"
#include "common/macro.h"

#define JOBLIST_VERSION 1

enum kind { KIND_TEXT, KIND_I64, KIND_U64, KIND_U32, KIND_INT };

#define FIELD(kind, name)                               \
	{                                               \
#name, kind, offsetof(struct job, name) \
	}

static const struct field {
	const char *name;
	enum kind kind;
	size_t offset;
} fields[] = {
	FIELD(KIND_TEXT, key.cluster),
	FIELD(KIND_U64, key.raw_id),
	FIELD(KIND_I64, key.submit_s),
	FIELD(KIND_TEXT, id),
	FIELD(KIND_U64, array_job),
	FIELD(KIND_I64, array_task),
	FIELD(KIND_U64, het_job),
	FIELD(KIND_I64, het_offset),
	FIELD(KIND_TEXT, name),
	FIELD(KIND_TEXT, user),
	FIELD(KIND_TEXT, group),
	FIELD(KIND_TEXT, account),
	FIELD(KIND_TEXT, partition),
	FIELD(KIND_TEXT, qos),
	FIELD(KIND_TEXT, wckey),
	FIELD(KIND_TEXT, reservation),
	FIELD(KIND_U32, uid),
	FIELD(KIND_U32, gid),
	FIELD(KIND_TEXT, state),
	FIELD(KIND_INT, exit_code),
	FIELD(KIND_INT, exit_signal),
	FIELD(KIND_I64, eligible_s),
	FIELD(KIND_I64, start_s),
	FIELD(KIND_I64, end_s),
	FIELD(KIND_I64, as_of_s),
	FIELD(KIND_I64, limit_s),
	FIELD(KIND_I64, suspended_s),
	FIELD(KIND_U32, nodes),
	FIELD(KIND_U32, cpus),
	FIELD(KIND_U32, gpus),
	FIELD(KIND_U32, requested_cpus),
	FIELD(KIND_U64, requested_memory_bytes),
	FIELD(KIND_U64, allocated_memory_bytes),
	FIELD(KIND_I64, energy_j),
	FIELD(KIND_TEXT, tres),
	FIELD(KIND_TEXT, work_dir),
	FIELD(KIND_TEXT, submit_line),
	FIELD(KIND_TEXT, script),
};

static void put(struct doc *to, struct arena *a, const struct field *f, const struct job *j)
{
	const char *key = doc_key(a, f->name);
	const void *at = (const char *)j + f->offset;
	switch (f->kind) {
	case KIND_TEXT:
		doc_put_text(to, a, key, *(const char *const *)at);
		break;
	case KIND_I64:
		doc_put_int(to, a, key, *(const int64_t *)at);
		break;
	case KIND_U64:
		doc_put_int(to, a, key, (int64_t) * (const uint64_t *)at);
		break;
	case KIND_U32:
		doc_put_int(to, a, key, *(const uint32_t *)at);
		break;
	case KIND_INT:
		doc_put_int(to, a, key, *(const int *)at);
		break;
	}
}

static void get(const struct doc *from, struct arena *a, const struct field *f, struct job *j)
{
	const struct doc *d = doc_find(from, doc_key(a, f->name));
	void *at = (char *)j + f->offset;
	int64_t v = d && d->kind == DOC_INT ? d->integer : 0;
	switch (f->kind) {
	case KIND_TEXT:
		*(const char **)at = d && d->kind == DOC_TEXT ? arena_strdup(a, d->text) : "";
		break;
	case KIND_I64:
		*(int64_t *)at = v;
		break;
	case KIND_U64:
		*(uint64_t *)at = (uint64_t)v;
		break;
	case KIND_U32:
		*(uint32_t *)at = (uint32_t)v;
		break;
	case KIND_INT:
		*(int *)at = (int)v;
		break;
	}
}

static int add(struct strbuf *to, const struct doc *d, struct arena *a, struct error *err)
{
	struct bytes b;
	TRY(doc_to_bson(d, a, &b, err));
	strbuf_add(to, b.data, b.len);
	return 0;
}

static int write_job(const struct job *j, struct strbuf *to, struct arena *a, struct error *err)
{
	struct doc *d = doc_object(a);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		put(d, a, &fields[i], j);
	struct doc *hosts = doc_array(a);
	for (size_t i = 0; i < j->hosts.n; i++)
		doc_put_text(hosts, a, NULL, j->hosts.hosts[i]);
	doc_put(d, a, "hosts", hosts);
	return add(to, d, a, err);
}

int joblist_write(const struct joblist *l, struct strbuf *to, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *head = doc_object(&a);
	doc_put_int(head, &a, "joblist", JOBLIST_VERSION);
	doc_put_text(head, &a, "cluster", l->cluster);
	doc_put_text(head, &a, "catalogue", l->catalogue);
	doc_put_int(head, &a, "jobs", (int64_t)l->n);
	TRY(add(to, head, &a, err));
	for (size_t i = 0; i < l->n; i++) {
		arena_reset(&a);
		TRY(write_job(&l->jobs[i], to, &a, err));
	}
	return 0;
}

struct reading {
	struct bytes rest;
	const char *path;
	struct arena scratch; // of one document
};

static void reading_close(struct reading *r)
{
	arena_release(&r->scratch);
}

// The next document, which begins with its length in little endian.
static int next(struct reading *r, struct doc **ret, struct error *err)
{
	const uint8_t *p = r->rest.data;
	struct error why;
	size_t len = 0;
	if (r->rest.len >= 4)
		len = p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
	arena_reset(&r->scratch);
	if (len < 5 || len > r->rest.len)
		return error_set(err, EBADMSG, "%s: not a whole list of jobs", r->path);
	if (doc_from_bson((struct bytes){p, len}, &r->scratch, ret, &why) < 0)
		return error_set(err, EBADMSG, "%s: %s", r->path, why.text);
	r->rest = (struct bytes){p + len, r->rest.len - len};
	return 0;
}

static int read_job(struct reading *r, struct arena *a, struct job *ret, struct error *err)
{
	struct doc *d = NULL;
	TRY(next(r, &d, err));
	*ret = (struct job){0};
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		get(d, a, &fields[i], ret);
	const struct doc *hosts = doc_find(d, "hosts");
	if (hosts == NULL || hosts->kind != DOC_ARRAY || hosts->n > HOSTLIST_MAX)
		return error_set(err, EBADMSG, "%s: a job without hosts", r->path);
	ret->hosts.hosts = arena_array(a, hosts->n + 1, sizeof(const char *));
	for (size_t i = 0; i < hosts->n; i++)
		if (hosts->items[i]->kind == DOC_TEXT)
			ret->hosts.hosts[ret->hosts.n++] = arena_strdup(a, hosts->items[i]->text);
	return 0;
}

static const char *text_in(const struct doc *d, const char *key, struct arena *a)
{
	const struct doc *x = doc_find(d, key);
	return x && x->kind == DOC_TEXT ? arena_strdup(a, x->text) : "";
}

int joblist_read(
	struct bytes b, const char *path, struct arena *a, struct joblist *ret, struct error *err)
{
	CLEANUP(reading_close) struct reading r = {.rest = b, .path = path};
	struct doc *head = NULL;
	TRY(next(&r, &head, err));
	const struct doc *version = doc_find(head, "joblist");
	const struct doc *n = doc_find(head, "jobs");
	if (version == NULL || version->kind != DOC_INT || version->integer != JOBLIST_VERSION)
		return error_set(err, EBADMSG, "%s: no list of jobs of this version", path);
	if (n == NULL || n->kind != DOC_INT || n->integer < 0 || n->integer > (int64_t)(b.len / 5))
		return error_set(err, EBADMSG, "%s: not a whole list of jobs", path);
	*ret = (struct joblist){.cluster = text_in(head, "cluster", a),
		.catalogue = text_in(head, "catalogue", a),
		.n = (size_t)n->integer};
	ret->jobs = arena_array(a, ret->n + 1, sizeof(*ret->jobs));
	for (size_t i = 0; i < ret->n; i++)
		TRY(read_job(&r, a, &ret->jobs[i], err));
	if (r.rest.len)
		return error_set(err, EBADMSG, "%s: more than it says", path);
	return 0;
}
