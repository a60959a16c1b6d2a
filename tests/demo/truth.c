// SPDX-License-Identifier: Apache-2.0
// The truth beside the archives: what each job really did, one line a job, for tests that compare
// documents with it and for people who look for a job of a kind.
#include "tests/demo/truth.h"

#include <stdio.h>

static struct truth sum_up(const struct demo_job *j, const struct truth *row)
{
	struct truth all = {0};

	for (int p = 0; p < j->n_nodes; p++) {
		const struct truth *t = &row[j->nodes[p]];

		all.covered_s += t->covered_s;
		all.core_ms += t->core_ms;
		all.user_ms += t->user_ms;
		all.package_uj += t->package_uj;
		all.dram_uj += t->dram_uj;
		all.disk_read_kb += t->disk_read_kb;
		all.disk_write_kb += t->disk_write_kb;
		all.fabric_in += t->fabric_in;
		all.fabric_out += t->fabric_out;
		all.gpu_active_s += t->gpu_active_s;
		if (t->memory_peak > all.memory_peak)
			all.memory_peak = t->memory_peak;
	}
	return all;
}

// whole: the archives hold all of it; part: some; none; and its nodes were its own or not.
static const char *record_of(const struct site *s, const struct demo_job *j)
{
	int64_t end = j->end_s ? j->end_s : s->end_s;

	if (j->n_nodes == 0 || end <= s->archives_begin_s)
		return "none";
	if (j->start_s <= s->archives_begin_s || j->end_s == 0 || j->end == END_NODE_FAIL)
		return "part";
	return "whole";
}

static void put_line(
	FILE *f, const struct site *s, const struct demo_job *j, const struct truth *row)
{
	struct truth t = sum_up(j, row);
	char id[32];
	char hosts[128];
	int gpus = 0;

	for (int p = 0; p < j->n_nodes; p++)
		gpus += __builtin_popcount(j->gpus[p]);
	fprintf(f, "%s\t%u\t%lld\t%s\t%s\t%s\t%s\t%lld\t%lld\t%s", job_id_text(j, id), j->raw_id,
		(long long)j->submit_s, kind_rows[j->kind].name, record_of(s, j),
		j->exclusive ? "own" : "shared", user_name(j->user), (long long)j->start_s,
		(long long)j->end_s, j->n_nodes ? job_hosts(j, hosts) : "-");
	fprintf(f, "\t%.4f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\n",
		t.core_ms > 0 ? t.user_ms / t.core_ms : 0, t.package_uj / 1e6, t.dram_uj / 1e6,
		t.disk_read_kb, t.disk_write_kb, t.fabric_in, t.fabric_out, t.memory_peak,
		gpus && t.covered_s > 0 ? t.gpu_active_s / (t.covered_s / j->n_nodes * gpus) : 0);
}

bool truth_write(const struct site *s, const struct truth *truth, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return false;
	fputs("job\traw_id\tsubmit\tkind\trecord\tnodes\tuser\tstart\tend\thosts\tcpu_user\t"
	      "package_j\tdram_j\tdisk_read_kb\tdisk_write_kb\tfabric_in\tfabric_out\t"
	      "memory_peak\tgpu_active\n",
		f);
	for (size_t i = 0; i < s->n_jobs; i++)
		put_line(f, s, &s->jobs[i], &truth[i * NODES]);
	if (ferror(f)) {
		fclose(f);
		return false;
	}
	return fclose(f) == 0;
}
