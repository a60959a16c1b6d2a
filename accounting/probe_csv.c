// SPDX-License-Identifier: Apache-2.0
// What became of probes, from the file that jobsight-launcher appends to: the lines of this
// cluster.
#include "accounting/lines.h"
#include "agents/probe.h"
#include "common/macro.h"
#include "common/memory.h"

struct probes {
	struct lines *lines;
	const char *cluster, *front_end;
};

static void probes_close(void *state)
{
	struct probes *p = state;

	if (p->lines)
		lines_close(p->lines);
	free(p);
}

static int probes_open(const struct import_request *r, void **ret_state, struct error *err)
{
	const struct cluster_settings *c;
	struct probes *p;
	void *lines;

	TRY(settings_cluster(r->settings, r->cluster, &c, err));
	TRY(lines_open(r, false, E_R0001, &lines, err));
	p = memory_alloc(1, sizeof(*p));
	p->lines = lines;
	p->cluster = c->name;
	p->front_end = c->login ? c->login : c->name;
	*ret_state = p;
	return 0;
}

static bool take_line(void *context, const struct csv_row *row, struct record *ret)
{
	struct probes *p = context;
	struct lines *l = p->lines;
	struct error why = {0};
	struct probe probe;
	int64_t job;
	int64_t t;

	if (!str_eq(row->fields[0], p->cluster)) // another cluster's
		return false;
	if (probe_take(row, 1, l->csv.file, &l->arena, &probe, &why) < 0) {
		problem(l->problems, l->code, "%s", why.text);
		return false;
	}
	if (!lines_time(l, row, row->fields[1], &t))
		return false;
	record_start(ret, STAGE_probe, row->fields[1]);
	record_text(ret, AT_probe_front_end, p->front_end);
	record_int(ret, AT_probe_t, t);
	record_text(ret, AT_probe_result, probe_outcome_name(probe.outcome));
	record_text(ret, AT_probe_reason, probe.reason);
	if (parse_i64(probe.job, &job) == 0)
		record_int(ret, AT_probe_raw_id, job);
	if (probe.wait_s >= 0)
		record_double(ret, AT_probe_wait_s, (double)probe.wait_s);
	if (probe.run_s >= 0)
		record_double(ret, AT_probe_run_s, (double)probe.run_s);
	return true;
}

static int probes_next(void *state, struct record *ret, struct error *err)
{
	struct probes *p = state;

	(void)err;
	return lines_record(p->lines, take_line, p, ret);
}

static const char *probes_place(void *state, struct arena *a)
{
	return lines_place(((struct probes *)state)->lines, a);
}

const struct connector probe_csv = {
	.category = CATEGORY_PROBE,
	.name = "csv",
	.settings = "csv:FILE that jobsight-launcher appends to",
	.open = probes_open,
	.next = probes_next,
	.place = probes_place,
	.close = probes_close,
};
