// SPDX-License-Identifier: Apache-2.0
// From SUPReMM's documents to ours: the key, the state, and why a job was not measured.
#include "common/store/supremm.h"

#include <inttypes.h>
#include <string.h>

#include "common/macro.h"
#include "common/str.h"

// Tasks of arrays of resource managers that give them no number of their own (PBS) get one that no
// job has: the array's number above 32 bits, the task's index plus one below.
enum { ARRAY_SHIFT = 32 };

enum { TOTALS_DEPTH = 4 };

#define ARRAY_MAX INT64_C(0x7fffffff)
#define INDEX_MAX INT64_C(0xfffffffe)

static bool get_number(const struct doc *d, const char *path, int64_t *ret)
{
	const struct doc *at = doc_find(d, path);

	if (!at)
		return false;
	if (at->kind == DOC_TEXT)
		return parse_i64(at->text, ret) == 0;
	if (at->kind == DOC_TIME)
		*ret = at->integer / 1000;
	else if (at->kind == DOC_INT)
		*ret = at->integer;
	else if (at->kind == DOC_DOUBLE && at->number > -9e18 && at->number < 9e18)
		*ret = (int64_t)at->number;
	else
		return false;
	return true;
}

static const char *get_text(const struct doc *d, const char *path)
{
	const struct doc *at = doc_find(d, path);

	return at && at->kind == DOC_TEXT ? at->text : NULL;
}

// The number of the job. Slurm's raw id where there is one; older documents know only the number
// that people type.
static bool get_raw_id(const struct doc *d, int64_t *ret)
{
	static const char *const paths[] = {"acct.local_job_id", "acct.id"};
	int64_t index;

	if (get_number(d, "jobsight.raw_id", ret))
		return *ret >= 0;
	if (get_number(d, "acct.local_job_id_raw", ret) && *ret > 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		if (!get_number(d, paths[i], ret) || *ret < 0)
			continue;
		if (!get_number(d, "acct.local_job_array_index", &index) || index < 0)
			return true;
		if (*ret > ARRAY_MAX || index > INDEX_MAX)
			return false;
		*ret = *ret << ARRAY_SHIFT | (index + 1);
		return true;
	}
	return false;
}

// What people type. A document of theirs has the raw id there, and of a task what it is a task of.
static const char *typed_id(const struct doc *d, int64_t raw_id, struct arena *a)
{
	const char *id = get_text(d, "jobsight.id");
	int64_t array;
	int64_t index;

	if (id)
		return id;
	id = get_text(d, "acct.id");
	if (id && parse_i64(id, &index) < 0)
		return id;
	if (get_number(d, "acct.local_job_array_index", &index) && index >= 0 &&
		get_number(d, "acct.local_job_id", &array) && array >= 0)
		return arena_printf(a, "%" PRId64 "_%" PRId64, array, index);
	return id ? id : arena_printf(a, "%" PRId64, raw_id);
}

// A number for what has none, of 53 bits.
static uint64_t number_of(const char *text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; text && *text; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return hash >> 11;
}

// Why SUPReMM did not summarize a job: summarization.skipped_<reason>, and its number.
static const struct {
	const char *path;
	int code;
} skips[] = {
	{"summarization.skipped_parallel_too_short", 9},
	{"summarization.skipped_invalid_nodecount", 10},
	{"summarization.skipped_job_too_big", 11},
	{"summarization.skipped_too_short", 12},
	{"summarization.skipped_too_long", 13},
	{"summarization.skipped_noarchives", 15},
	{"summarization.skipped_rawarchives", 17},
	{"summarization.skipped_job_nodehours", 18},
	{"summarization.skipped_pmlogextract_error", 8},
	{"summarization.skipped_summarization_error", 16},
	{"summarization.skipped_no_prom_connection", 20},
	{"summarization.skipped_prom_error", 16},
};

static bool real_number(const struct doc *d, const char *path, double *ret)
{
	const struct doc *at = doc_find(d, path);

	if (!at || (at->kind != DOC_INT && at->kind != DOC_DOUBLE))
		return false;
	*ret = at->kind == DOC_INT ? (double)at->integer : at->number;
	return true;
}

// Totals, which our documents have beside the averages: an average times what it is of.
static void add_totals(struct doc *d, struct arena *a, int depth) // NOLINT(misc-no-recursion)
{
	double avg;
	double cnt;
	double total;

	if (d->kind != DOC_OBJECT || depth > TOTALS_DEPTH)
		return;
	if (real_number(d, "avg", &avg) && real_number(d, "cnt", &cnt)) {
		if (!real_number(d, "total", &total))
			doc_put_double(d, a, "total", avg * cnt);
		return;
	}
	for (size_t i = 0; i < d->n; i++)
		add_totals(d->items[i], a, depth + 1);
}

struct gpus { // one number over the GPUs of a job
	double sum, cnt, max;
};

static void add_gpu(struct gpus *g, const struct doc *gpu, const char *what)
{
	char path[64];
	double v;
	double cnt;

	(void)str_format(path, sizeof(path), "%s.avg", what);
	if (!real_number(gpu, path, &v))
		return;
	(void)str_format(path, sizeof(path), "%s.cnt", what);
	cnt = real_number(gpu, path, &cnt) ? cnt : 1;
	g->sum += v * cnt;
	g->cnt += cnt;
	(void)str_format(path, sizeof(path), "%s.max", what);
	if (real_number(gpu, path, &cnt) && cnt > v)
		v = cnt;
	g->max = v > g->max ? v : g->max;
}

// SUPReMM keeps each GPU by itself; what a job is shown by is all of them together.
static void add_gpus(struct doc *d, struct arena *a)
{
	static const struct {
		const char *from, *what, *to;
	} rows[] = {
		{"gpu", "gpuactive", "jobgpus.gpuactive"},
		{"gpu", "memused", "jobgpus.memused"},
		{"gpu", "memactive", "jobgpus.memactive"},
		{"gpupower", "power.max", "jobgpus.power.max"},
		{"gpupower", "energy", "jobgpus.energy"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct doc *all = doc_find(d, rows[i].from);
		struct gpus g = {0};
		struct doc *to;

		for (size_t k = 0; all && all->kind == DOC_OBJECT && k < all->n; k++)
			add_gpu(&g, all->items[k], rows[i].what);
		if (g.cnt <= 0 || doc_find(d, rows[i].to))
			continue;
		to = doc_at(d, a, rows[i].to);
		doc_put_double(to, a, "avg", g.sum / g.cnt);
		doc_put_double(to, a, "cnt", g.cnt);
		doc_put_double(to, a, "max", g.max);
		doc_put_double(to, a, "total", g.sum);
	}
}

// What Open XDMoD's loader makes of several devices, for which there is no path: schema compat shows it.
static void add_of_devices(struct doc *d, struct arena *a)
{
	static const struct {
		const char *of, *what, *to;
		double scale;
		enum { FIRST, SUM, MEAN } how; // the first that is not 0
	} rows[] = {
		{"infiniband", "switch-out-bytes.avg", "ib_rx_bytes", 1, FIRST},
		{"gpupower", "energy.avg", "gpu_energy", 1, SUM},
		{"gpu", "gpuactive.avg", "gpu_usage", 0.01, MEAN},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct doc *all = doc_find(d, rows[i].of);
		double sum = 0;
		size_t n = 0;

		for (size_t k = 0; all && all->kind == DOC_OBJECT && k < all->n; k++) {
			double v;

			if (!real_number(all->items[k], rows[i].what, &v))
				continue;
			if (rows[i].how == FIRST && (v == 0 || n > 0))
				continue;
			sum += v;
			n++;
		}
		if (n > 0)
			doc_put_double(doc_at(d, a, "xdmod"), a, rows[i].to,
				rows[i].scale * sum / (rows[i].how == MEAN ? (double)n : 1));
	}
}

// What ours hold and theirs do not, where it follows from what they hold.
static void complete(struct doc *d, struct arena *a)
{
	static const char *const with_totals[] = {"block", "gpfs", "infiniband", "ipmi", "lnet",
		"lustre", "network", "nfs", "uncperf"};

	for (size_t i = 0; i < ARRAY_LEN(with_totals); i++) {
		const struct doc *kept = doc_find(d, with_totals[i]);

		if (kept && kept->kind == DOC_OBJECT)
			add_totals(doc_at(d, a, with_totals[i]), a, 0);
	}
	add_gpus(d, a);
	add_of_devices(d, a);
}

// Our part of a document that has none.
static void put_own(struct doc *d, struct arena *a, const struct store_item *item)
{
	struct doc *own = doc_at(d, a, "jobsight");
	const struct doc *is_whole = doc_find(d, "summarization.complete");
	const struct doc *shared = doc_find(d, "shared");
	int64_t is_shared;

	doc_put_text(own, a, "cluster", item->key.cluster);
	doc_put_text(own, a, "id", item->job_id);
	doc_put_int(own, a, "raw_id", (int64_t)item->key.raw_id);
	doc_put_int(own, a, "submit", item->key.submit_s);
	if (doc_find(d, "jobsight.state"))
		return;
	doc_put_text(own, a, "state",
		is_whole && is_whole->kind == DOC_BOOL && !is_whole->boolean ? "incomplete"
									     : "done");
	complete(d, a);
	for (size_t i = 0; i < ARRAY_LEN(skips); i++)
		if (doc_find(d, skips[i].path))
			doc_put_int(own, a, "code", skips[i].code);
	if (shared && shared->kind == DOC_BOOL)
		doc_put_bool(own, a, "exclusive", !shared->boolean);
	else if (get_number(d, "shared", &is_shared))
		doc_put_bool(own, a, "exclusive", is_shared == 0);
}

// When it ended. A document of ours may be of a job that runs; SUPReMM's never is.
static const char *find_end(const struct doc *d, struct store_item *item)
{
	const char *state = get_text(d, "jobsight.state");

	item->end_s = JOB_RUNNING;
	if (state && str_eq(state, "running"))
		return NULL;
	if (get_number(d, "acct.end_time", &item->end_s) && item->end_s > 0)
		return NULL;
	item->end_s = JOB_RUNNING;
	return doc_find(d, "jobsight.raw_id") ? NULL : "acct.end_time is no time";
}

const char *supremm_adopt(
	struct doc *d, const char *cluster, struct arena *a, struct store_item *item)
{
	const char *named = get_text(d, "jobsight.cluster");
	const char *document_id = get_text(d, "_id");
	const char *wrong = NULL;
	int64_t raw_id;

	*item = (struct store_item){.resource = "1"};
	item->key.cluster = named ? named : cluster;
	if (!item->key.cluster || !*item->key.cluster)
		wrong = "names no cluster (--cluster says which)";
	if (!get_raw_id(d, &raw_id)) {
		raw_id = (int64_t)number_of(document_id);
		wrong = wrong ? wrong : "acct.local_job_id is no number";
	}
	item->key.raw_id = (uint64_t)raw_id;
	if (!get_number(d, "jobsight.submit", &item->key.submit_s) &&
		!get_number(d, "acct.submit", &item->key.submit_s))
		wrong = wrong ? wrong : "acct.submit is no time";
	item->job_id = typed_id(d, raw_id, a);
	if (!wrong)
		wrong = find_end(d, item);
	if (!wrong)
		put_own(d, a, item);
	return wrong;
}

const char *supremm_id_prefix(const struct job_key *key, struct arena *a)
{
	uint64_t array = key->raw_id >> ARRAY_SHIFT;

	if (!array)
		return arena_printf(a, "%" PRIu64 "-", key->raw_id);
	return arena_printf(a, "%" PRIu64 "_%" PRIu64 "-", array, (key->raw_id & UINT32_MAX) - 1);
}
