// SPDX-License-Identifier: Apache-2.0
// The two documents of a job. They depend on its accounting record and the archives alone.
#include "summarizer/summary.h"

#include <inttypes.h>
#include <string.h>

#include "common/hostlist.h"
#include "common/str.h"
#include "summarizer/merge.h"

static const char *id_of(const struct job *job, struct arena *a)
{
	return arena_printf(a, "%" PRIu64 "-%" PRId64, job->key.raw_id, job->end_s);
}

static const char *exit_text(const struct job *job, struct arena *a)
{
	return arena_printf(a, "%d:%d", job->exit_code, job->exit_signal);
}

static void put_unless(struct doc *to, struct arena *a, const char *key, int64_t v, int64_t unknown)
{
	if (v != unknown)
		doc_put_int(to, a, key, v);
}

static void put_acct(struct doc *to, struct arena *a, const struct job *job, const char *resource)
{
	doc_put_int(to, a, "id", (int64_t)job->key.raw_id);
	doc_put_int(to, a, "job_uniq_id", (int64_t)job->key.raw_id);
	doc_put_int(to, a, "local_job_id",
		(int64_t)(job->array_job ? job->array_job : job->key.raw_id));
	doc_put_int(to, a, "local_job_array_index", job->array_task);
	doc_put_int(to, a, "local_job_id_raw", (int64_t)job->key.raw_id);
	int64_t number = 0;
	if (parse_i64(resource, &number) == 0)
		doc_put_int(to, a, "resource_id", number);
	else
		doc_put_text(to, a, "resource_id", resource);
	doc_put_text(to, a, "resource_manager", "slurm");
	put_unless(to, a, "start_time", job->start_s, 0);
	doc_put_int(to, a, "end_time", job->end_s);
	doc_put_int(to, a, "submit", job->key.submit_s);
	put_unless(to, a, "eligible", job->eligible_s, 0);
	doc_put_text(to, a, "partition", job->partition);
	put_unless(to, a, "uid", job->uid, UINT32_MAX);
	put_unless(to, a, "gid", job->gid, UINT32_MAX);
	doc_put_text(to, a, "account", job->account);
	doc_put_text(to, a, "user", job->user);
	doc_put_text(to, a, "group", job->group);
	doc_put_text(to, a, "jobname", job->name);
	doc_put_text(to, a, "qos", job->qos);
	doc_put_int(to, a, "nodes", job->nodes);
	doc_put_int(to, a, "ncpus", job->cpus);
	doc_put_int(to, a, "gpus", job->gpus);
	doc_put_text(to, a, "exit_code", exit_text(job, a));
	doc_put_text(to, a, "exit_status", job->state);
	doc_put_int(to, a, "reqcpus", job->requested_cpus);
	put_unless(to, a, "reqmem", (int64_t)job->requested_memory_bytes, 0);
	put_unless(to, a, "timelimit", job->limit_s, 0);
	put_unless(to, a, "energy", job->energy_j, -1);
	struct doc *hosts = doc_array(a);
	for (size_t i = 0; i < job->hosts.n; i++)
		doc_put_text(hosts, a, NULL, job->hosts.hosts[i]);
	doc_put(to, a, "host_list", hosts);
}

static void put_summarization(struct doc *to, const struct merge *m, int code)
{
	struct arena *a = m->arena;
	const struct job *job = m->request->job;
	doc_put_text(to, a, "version", SUMMARY_VERSION);
	doc_put_time(to, a, "created", job->end_s * 1000);
	bool is_pcp = m->request->plan->kind == SOURCE_PCP;
	doc_put_text(to, a, "datasource", is_pcp ? "pcp" : "prometheus");
	doc_put_bool(to, a, "complete", code == 0 && m->n_there == m->n);
	if (code == SUMMARY_BAD_NODES)
		doc_put_bool(to, a, "skipped_invalid_nodecount", true);
	if (code == SUMMARY_NOARCHIVES)
		doc_put_bool(to, a, "skipped_noarchives", true);
	if (m->n_there == m->n || m->n_there == 0)
		return;
	struct doc *missing = doc_array(a);
	for (size_t i = 0; i < m->n; i++)
		if (m->heads[i].n_archives == 0)
			doc_put_text(missing, a, NULL, job->hosts.hosts[i]);
	doc_put(to, a, "missingnodes", missing);
}

static const char *reason_of(const struct job *job, int code)
{
	if (code == SUMMARY_NOARCHIVES)
		return "no archives for any node of the job";
	return job->start_s ? "the job has no nodes" : "the job never started";
}

#define MAX_ERRORS 100 // texts of damage in one document

static void put_errors(struct doc *root, const struct merge *m, int code)
{
	struct arena *a = m->arena;
	const struct job *job = m->request->job;
	size_t n = 0;
	if (code) {
		struct doc *texts = doc_array(a);
		doc_put_text(texts, a, NULL, reason_of(job, code));
		doc_put(doc_at(root, a, "errors"), a, "job", texts);
	}
	for (size_t i = 0; i < m->n && n < MAX_ERRORS; i++) {
		if (m->damages[i] == NULL || m->damages[i][0] == '\0')
			continue;
		struct doc *texts = doc_array(a);
		doc_put_text(texts, a, NULL, m->damages[i]);
		doc_put(doc_at(root, a, "errors"), a, doc_key(a, job->hosts.hosts[i]), texts);
		n++;
	}
}

static void put_own(struct doc *to, struct merge *m, const char *state, int code)
{
	struct arena *a = m->arena;
	const struct job *job = m->request->job;
	doc_put_int(to, a, "schema", SUMMARY_LAYOUT);
	doc_put_text(to, a, "catalogue", m->request->plan->catalogue->hash);
	doc_put_text(to, a, "cluster", job->key.cluster);
	doc_put_text(to, a, "id", job->id);
	doc_put_int(to, a, "raw_id", (int64_t)job->key.raw_id);
	doc_put_int(to, a, "submit", job->key.submit_s);
	doc_put_text(to, a, "state", state);
	if (code)
		doc_put_int(to, a, "code", code);
	doc_put_bool(to, a, "exclusive", m->is_exclusive);
	doc_put_int(to, a, "nodes", (int64_t)m->n_there);
	doc_put_int(to, a, "gaps", (int64_t)m->gaps);
	doc_put_int(to, a, "resets", (int64_t)m->resets);
	doc_put_int(doc_at(to, a, "boundaries"), a, "begin", (int64_t)m->begins);
	doc_put_int(doc_at(to, a, "boundaries"), a, "end", (int64_t)m->ends);
}

static struct doc *series_document(struct merge *m)
{
	struct arena *a = m->arena;
	const struct job *job = m->request->job;
	struct doc *d = doc_object(a);
	struct doc *hosts = doc_object(a);
	doc_put_text(d, a, "_id", id_of(job, a));
	for (size_t i = 0; i < m->n; i++)
		doc_put_text(hosts, a, arena_printf(a, "%zu", i), job->hosts.hosts[i]);
	doc_put(d, a, "hosts", hosts);
	doc_put_int(d, a, "version", 4);
	size_t before = d->n;
	merge_series(m, d);
	return d->n > before ? d : NULL;
}

void summary_make(const struct summary_request *q, struct arena *a, struct summary *ret)
{
	const struct job *job = q->job;
	CLEANUP(merge_close) struct merge m;
	merge_open(&m, q, a);
	int code = 0;
	if (m.n == 0 || job->start_s == 0)
		code = SUMMARY_BAD_NODES;
	else if (m.n_there == 0)
		code = SUMMARY_NOARCHIVES;
	const char *state = m.reaches_end ? "done" : "incomplete";
	if (code)
		state = "skipped";
	*ret = (struct summary){.summary = doc_object(a), .state = state, .n_there = m.n_there};
	struct doc *d = ret->summary;
	doc_put_text(d, a, "_id", id_of(job, a));
	doc_put_time(d, a, "created", job->end_s * 1000);
	put_acct(doc_at(d, a, "acct"), a, job, q->resource_id);
	put_summarization(doc_at(d, a, "summarization"), &m, code);
	put_errors(d, &m, code);
	struct doc *own = doc_object(a);
	put_own(own, &m, state, code);
	if (code == 0) {
		merge_coverage(&m, doc_at(own, a, "coverage"));
		merge_outputs(&m, d);
		ret->series = series_document(&m);
		merge_analyses(&m, d);
	}
	if (q->applications)
		applications_identify(q->applications, job->script, d, a);
	doc_put(d, a, "jobsight", own);
}
