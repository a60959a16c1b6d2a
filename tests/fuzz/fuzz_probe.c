// SPDX-License-Identifier: Apache-2.0
// What a login node printed, and what a job wrote. A line that is taken is put the same way again.
#include <stdlib.h>
#include <string.h>

#include "agents/probe.h"
#include "agents/result.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct probe *p, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct probe again;
	struct csv_row row;
	struct error err = {0};
	struct csv c;

	probe_put(&text, p);
	csv_open(&c, "again", (struct bytes){(const uint8_t *)text.text, text.len}, ',');
	if (csv_next(&c, a, &row, &err) != 1 || probe_take(&row, 0, "again", a, &again, &err) < 0)
		abort();
	if (again.time_s != p->time_s || again.outcome != p->outcome || again.wait_s != p->wait_s ||
		again.run_s != p->run_s || strcmp(again.job, p->job) != 0 ||
		strcmp(again.reason, p->reason) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t none[1];
	CLEANUP(arena_release) struct arena a = {0};
	struct bytes text = {size ? data : none, size};
	struct csv_row row;
	struct result result;
	struct probe probe;
	struct error err = {0};
	struct csv c;
	int rc;

	csv_open(&c, "input", text, ',');
	while ((rc = csv_next(&c, &a, &row, &err)) != 0)
		if (rc > 0 && probe_take(&row, 0, "input", &a, &probe, &err) == 0)
			check_again(&probe, &a);
	result_parse(text, &a, &result);
	if (result.ended_s < result.started_s && result.ended_s)
		abort();
	return 0;
}
