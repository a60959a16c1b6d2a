// SPDX-License-Identifier: Apache-2.0
// From jobs to hosts to partial results to documents.
#include "summarizer/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/progress.h"
#include "summarizer/archive/tree.h"
#include "summarizer/documents.h"
#include "summarizer/fetch.h"
#include "summarizer/pool.h"
#include "summarizer/reduce/boundary.h"
#include "summarizer/reduce/host.h"
#include "summarizer/reduce/partial.h"

#define STORE_GROUP 100         // documents in one transaction
#define STORE_BYTES (16u << 20) // or so many bytes of them

struct run {
	struct batch *batch;
	struct arena arena;
	struct archive_tree tree;
	struct fetched fetched;
	struct pool_host *hosts;
	size_t n_hosts;
	struct pool_results results;
	struct bytes **partials; // [job][node]
	struct arena documents;  // of the group that is not stored yet
	struct store_item items[STORE_GROUP];
	size_t n_items;
	struct progress progress;
};

static void run_close(struct run *r)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		free(r->hosts[i].tasks);
	free(r->hosts);
	pool_results_close(&r->results);
	archive_tree_release(&r->tree);
	fetched_remove(&r->fetched);
	arena_release(&r->documents);
	arena_release(&r->arena);
}

static void bad_archive(void *context, const struct error *why)
{
	struct batch *b = context;
	b->counts.defects++;
	log_warning("%s", why->text);
}

// A job that was cancelled before it started gets a document of its accounting alone.
static bool has_run(const struct job *job)
{
	return job->start_s != 0;
}

static int scan(struct run *r, struct error *err)
{
	struct batch *b = r->batch;
	bool any = false;
	struct archive_tree_request q = {
		.since_s = INT64_MAX, .until_s = INT64_MIN, .bad = bad_archive, .context = b};
	for (size_t i = 0; i < b->n_jobs; i++) {
		if (!has_run(&b->jobs[i]))
			continue;
		any = true;
		q.since_s = b->jobs[i].start_s < q.since_s ? b->jobs[i].start_s : q.since_s;
		q.until_s = b->jobs[i].end_s > q.until_s ? b->jobs[i].end_s : q.until_s;
	}
	if (any) {
		q.since_s -= HOST_JOIN_S;
		q.until_s += HOST_JOIN_S;
	}
	q.since_s -= any ? BOUNDARY_BEFORE_S : 0;
	q.until_s += any ? BOUNDARY_AFTER_S : 0;
	for (size_t i = 0; any && i < b->n_roots; i++) {
		q.root = b->roots[i];
		TRY(archive_tree_scan(&r->tree, &q, &r->arena, err));
	}
	b->counts.archives += r->tree.n;
	return 0;
}

static struct pool_host *host_of(struct run *r, struct map *known, const struct archive_host *h)
{
	struct pool_host *p = map_get(known, h->name);
	if (p == NULL) {
		p = &r->hosts[r->n_hosts++];
		*p = (struct pool_host){.host = h};
		map_put(known, h->name, p);
	}
	return p;
}

static void add_task(struct pool_host *p, const struct plan *plan, const struct job *job,
	size_t job_index, size_t node)
{
	if (p->n_tasks == p->room) {
		p->room = p->room ? 2 * p->room : 16;
		p->tasks = memory_resize(p->tasks, p->room, sizeof(*p->tasks));
	}
	p->tasks[p->n_tasks++] = (struct task){
		.job = job,
		.job_index = job_index,
		.node_index = node,
		.begin_ns = job->start_s * NS_PER_S,
		.end_ns = job->end_s * NS_PER_S,
		.series_points = plan->series_points,
	};
}

static void assign(struct run *r)
{
	struct batch *b = r->batch;
	CLEANUP(map_release) struct map known = {0};
	const char *suffix = b->cluster->host_suffix ? b->cluster->host_suffix : "";
	r->hosts = memory_alloc(r->tree.hosts.n + 1, sizeof(*r->hosts));
	for (size_t i = 0; i < b->n_jobs; i++) {
		const struct job *job = &b->jobs[i];
		for (size_t k = 0; has_run(job) && k < job->hosts.n; k++) {
			const char *name =
				arena_printf(&r->arena, "%s%s", job->hosts.hosts[k], suffix);
			const struct archive_host *h = archive_tree_host(&r->tree, name);
			if (h && (b->shard == NULL || shard_has(b->shard, name)))
				add_task(host_of(r, &known, h), b->plan, job, i, k);
		}
	}
	b->counts.hosts += r->n_hosts;
}

static int take_partial(void *context, uint64_t job, uint64_t node, struct bytes partial)
{
	struct run *r = context;
	if (job >= r->batch->n_jobs || node >= r->batch->jobs[job].hosts.n)
		return -EBADMSG;
	r->partials[job][node] = partial;
	return 0;
}

static const char *resource_of(const struct batch *b)
{
	return b->cluster->resource_id ? b->cluster->resource_id : b->cluster->name;
}

static int flush(struct run *r, struct error *err)
{
	int rc = 0;
	if (r->n_items && r->batch->store)
		rc = store_put(r->batch->store, r->items, r->n_items, err);
	r->n_items = 0;
	arena_reset(&r->documents);
	return rc;
}

// A document made when there were more archives than now stays: archives are deleted some day.
static int knows_more(struct run *r, const struct job *job, size_t n_there, struct error *err)
{
	struct store_item stored;
	struct scalar nodes = {0};
	int ignored = 0;
	if (r->batch->store == NULL)
		return 0;
	int rc = store_get(r->batch->store, &job->key, &r->documents, &stored, err);
	if (rc <= 0)
		return rc;
	return stored.end_s == job->end_s &&
	       bson_find(stored.summary, "jobsight.nodes", &nodes, &ignored) > 0 &&
	       nodes.integer > (int64_t)n_there;
}

static void count(struct batch_counts *c, const struct job *job, const char *state)
{
	if (strcmp(state, "failed") == 0)
		c->failed++;
	else if (strcmp(state, "running") == 0)
		c->running++;
	else if (!has_run(job))
		c->unstarted++;
	else if (strcmp(state, "done") == 0)
		c->done++;
	else if (strcmp(state, "incomplete") == 0)
		c->incomplete++;
	else
		c->skipped++;
}

static int keep_document(
	struct run *r, const struct job *job, const struct made_document *d, struct error *err)
{
	struct batch *b = r->batch;
	int kept = knows_more(r, job, d->n_there, err);
	if (kept < 0)
		return kept;
	if (kept) {
		b->counts.kept++;
		return 0;
	}
	struct store_item item = {.key = job->key,
		.resource = resource_of(b),
		.job_id = job->id,
		.end_s = job->as_of_s ? JOB_RUNNING : job->end_s,
		.summary = {arena_copy(&r->documents, d->summary.data, d->summary.len),
			d->summary.len}};
	if (d->series.len)
		item.series = (struct bytes){
			arena_copy(&r->documents, d->series.data, d->series.len), d->series.len};
	count(&b->counts, job, d->state);
	r->items[r->n_items++] = item;
	return 0;
}

// A document that cannot be made stops nobody else's; a store that fails stops all.
static int take_document(void *context, size_t i, const struct made_document *d, struct error *err)
{
	struct run *r = context;
	struct batch *b = r->batch;
	struct error why = {0};
	char key[128];
	if (d->failure)
		log_error("job %s: %s", job_key_text(&b->jobs[i].key, key), d->failure);
	if (d->summary.len == 0) {
		b->counts.failed++;
	} else if (keep_document(r, &b->jobs[i], d, &why) < 0) {
		b->counts.failed++;
		log_error("job %s: %s", job_key_text(&b->jobs[i].key, key), why.text);
	}
	progress_step(&r->progress, i + 1);
	if (r->n_items == STORE_GROUP || r->documents.used > STORE_BYTES)
		return flush(r, err);
	return 0;
}

static int make_documents(struct run *r, struct error *err)
{
	struct batch *b = r->batch;
	struct documents_request q = {.plan = b->plan,
		.applications = b->applications,
		.resource_id = resource_of(b),
		.jobs = b->jobs,
		.n_jobs = b->n_jobs,
		.partials = r->partials,
		.workers = b->workers};
	progress_start(&r->progress, "documents", b->n_jobs);
	int rc = documents_make(&q, take_document, r, err);
	progress_end(&r->progress);
	return rc < 0 ? rc : flush(r, err);
}

static int take_partials(struct run *r, const struct bytes *files, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++)
		TRY(partial_each(files[i], take_partial, r, err));
	return 0;
}

static void make_room(struct run *r)
{
	const struct batch *b = r->batch;
	r->partials = arena_array(&r->arena, b->n_jobs + 1, sizeof(struct bytes *));
	for (size_t i = 0; i < b->n_jobs; i++)
		r->partials[i] =
			arena_array(&r->arena, b->jobs[i].hosts.n + 1, sizeof(struct bytes));
}

static int sweep(struct run *r, struct error *err)
{
	struct batch *b = r->batch;
	if (b->prometheus)
		TRY(fetch_hosts(b, bad_archive, b, &r->arena, &r->tree, &r->fetched, err));
	else
		TRY(scan(r, err));
	assign(r);
	struct pool_request q = {.plan = b->plan,
		.hosts = r->hosts,
		.n_hosts = r->n_hosts,
		.workers = b->workers,
		.defects = &b->counts.defects};
	return pool_sweep(&q, &r->results, err);
}

int batch_run(struct batch *b, struct error *err)
{
	CLEANUP(run_close) struct run r = {.batch = b};
	if (b->merged == NULL)
		TRY(sweep(&r, err));
	for (size_t i = 0; b->into && i < r.results.n; i++)
		TRY(shard_file_put(b->into, r.results.files[i], err));
	if (b->into)
		return 0;
	make_room(&r);
	if (b->merged)
		TRY(take_partials(&r, b->merged->files, b->merged->n, err));
	else
		TRY(take_partials(&r, r.results.files, r.results.n, err));
	return make_documents(&r, err);
}
