// SPDX-License-Identifier: Apache-2.0
// The shipped stanzas: all valid and complete, SUPReMM's paths and series all there, and the
// arithmetic of those that are easy to get wrong.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "common/file.h"
#include "tests/catalogue/loaded.h"

static void load_shipped(struct loaded *l)
{
	load(l, SHIPPED, NULL);
	cr_assert_eq(l->result, 0, "%s%s", strbuf_text(&l->messages), l->err.text);
}

Test(shipped, complete)
{
	struct loaded l = {0};

	load_shipped(&l);
	cr_expect_gt(l.catalogue.n, 40);
	for (size_t i = 0; i < l.catalogue.n; i++) {
		const struct metric *m = &l.catalogue.metrics[i];
		cr_expect(str_ends(m->help, "."), "%s: help is a sentence", m->name);
		cr_expect_not(str_ends(m->label, "."), "%s: label is not", m->name);
		cr_expect(m->n_outputs || m->series || m->column, "%s", m->name);
		cr_expect_eq(catalogue_find(&l.catalogue, m->name), m);
		cr_expect(!m->chart || m->series, "%s is drawn from nothing", m->name);
	}
	cr_expect_null(catalogue_find(&l.catalogue, "cpu"));
	unload(&l);
}

static const struct output *find_output(const struct catalogue *c, const char *document)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->metrics[i].n_outputs; k++)
			if (str_eq(c->metrics[i].outputs[k].document, document))
				return &c->metrics[i].outputs[k];
	return NULL;
}

static bool has_series(const struct catalogue *c, const char *document)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->metrics[i].series && str_eq(c->metrics[i].series->document, document))
			return true;
	return false;
}

static void check_promise(const struct catalogue *c, char *line)
{
	char *blank = strchr(line, ' ');

	cr_assert_not_null(blank, "%s", line);
	*blank = '\0';
	if (str_eq(line, "series")) {
		cr_expect(has_series(c, blank + 1), "series %s is missing", blank + 1);
		return;
	}
	const struct output *o = find_output(c, line);
	cr_assert_not_null(o, "%s is missing", line);
	cr_expect_str_eq(scope_name(o->over), blank + 1, "%s", line);
}

// A mean of nodes or devices, added up over jobs, would be the sum of nothing.
Test(shipped, what_is_summed_over_jobs_is_a_jobs_total)
{
	struct loaded l = {0};
	size_t n = 0;

	load_shipped(&l);
	for (size_t i = 0; i < l.catalogue.n; i++) {
		const struct column *c = l.catalogue.metrics[i].column;
		if (c == NULL || c->aggregate != AGGREGATE_SUM)
			continue;
		for (size_t k = 0; k < c->n_from; k++, n++)
			cr_expect(str_ends(c->from[k], ".total"), "%s is from %s", c->name,
				c->from[k]);
	}
	cr_expect_gt(n, 20);
	unload(&l);
}

Test(shipped, everything_of_supremm)
{
	struct loaded l = {0};
	struct bytes b = {0};
	size_t n = 0;

	load_shipped(&l);
	cr_assert_eq(file_read(HERE "/supremm.txt", 1 << 16, &l.arena, &b, &l.err), 0);
	for (char *line = (char *)b.data; *line; n++) {
		size_t len = strcspn(line, "\n");
		bool is_last = line[len] == '\0';
		line[len] = '\0';
		check_promise(&l.catalogue, line);
		line += len + !is_last;
	}
	cr_expect_eq(n, 103);
	unload(&l);
}

// One number from a metric's nth source: inputs are given in the order of the stanza.
static double evaluate_of(const struct catalogue *c, const char *document, size_t nth,
	const double *values, size_t n_instances)
{
	const struct output *o = find_output(c, document);
	const struct metric *m = c->metrics;

	while (o < m->outputs || o >= m->outputs + m->n_outputs)
		m++;
	struct expression_frame f = {.n_inputs = m->sources[nth].n_inputs,
		.n_instances = n_instances,
		.values = values,
		.first = values,
		.last = values,
		.lowest = values,
		.highest = values,
		.builtin = {4, 2, 30, 600, 1}};
	return expression_value(o->value[nth], &f) * m->sources[nth].scale;
}

static double evaluate(
	const struct catalogue *c, const char *document, const double *values, size_t n_instances)
{
	return evaluate_of(c, document, 0, values, n_instances);
}

// What the PMDA `jobs` shows, over 30 s, of a job with 4 cores.
Test(shipped, arithmetic_of_jobs)
{
	static const double usage[] = {60e6, 4};
	static const double modes[] = {45e6, 15e6};
	static const double periods[] = {300, 60, 9e6};
	static const double no_periods[] = {NAN, NAN, NAN};
	static const double memory[] = {500, 2000};
	static const double unlimited[] = {500, NAN};
	static const double waits[] = {3e6, 1.5e6};
	static const double core[] = {15e9};
	struct loaded l = {0};
	const struct catalogue *c = &l.catalogue;

	load_shipped(&l);
	cr_expect_float_eq(evaluate(c, "job.cpu.time", usage, 1), 60, 1e-12);
	cr_expect_float_eq(evaluate(c, "job.cpu.efficiency", usage, 1), 0.5, 1e-12);
	cr_expect_float_eq(evaluate(c, "job.cpu.system", modes, 1), 0.25, 1e-12);
	cr_expect_float_eq(evaluate(c, "job.cpu.throttled", periods, 1), 0.2, 1e-12);
	cr_expect_float_eq(evaluate(c, "job.cpu.throttled_time", periods, 1), 9, 1e-12);
	cr_expect(isnan(evaluate(c, "job.cpu.throttled", no_periods, 1)));
	cr_expect_float_eq(evaluate(c, "job.cpu.core", core, 1), 0.5, 1e-12);
	cr_expect_float_eq(evaluate(c, "job.memory.peak_ratio", memory, 1), 0.25, 1e-12);
	cr_expect(isnan(evaluate(c, "job.memory.peak_ratio", unlimited, 1)));
	cr_expect_float_eq(evaluate(c, "process_memory.usageratio.max", memory, 1), 0.25, 1e-12);
	cr_expect(isnan(evaluate(c, "process_memory.usageratio.max", unlimited, 1)));
	cr_expect_float_eq(evaluate(c, "job.pressure.io", waits, 1), 0.1, 1e-12);
	cr_expect_float_eq(evaluate(c, "job.pressure.io_full", waits, 1), 0.05, 1e-12);
	unload(&l);
}

Test(shipped, arithmetic)
{
	static const double cpu[] = {600, 100, 50, 200, 40, 6, 4}; // of 1000 ms
	static const double idle[] = {10, 10, 10, 960, 10, 0, 0};
	static const double numa[] = {1000, 300, 100, 2000, 500, 100}; // two NUMA nodes, 4 cores
	static const double node[] = {1000, 16000, 4000};
	static const double cgroup[] = {500, NAN, 2000};
	static const double no_limit[] = {500, NAN, 0};
	static const double version_2[] = {NAN, 700, NAN};
	static const double watts[] = {350};
	static const double none[] = {0};
	static const double energy[] = {2e6, 3e6}; // two packages, microjoules
	static const double cycles[] = {3e9, 2e9, 2.1e6, 3e9, 2e9, NAN};
	// What the PMDA `pmu` counts on cpu0, and in both packages, of the fake Sapphire Rapids: 100, 10, 20
	// and 30 double instructions in a fourth of the time are 1760 operations, 135 in single precision,
	// 195 in half; 36000 and 36016 reads and half as many writes are 64 bytes each.
	static const double core[] = {1800000, 1000000, 1, 400000, 2090};
	static const double without_flops[] = {1800000, 1000000, 1, 400000, NAN};
	static const double memory[] = {3456000, 1, 3458048, NAN};
	struct loaded l = {0};
	const struct catalogue *c = &l.catalogue;

	load_shipped(&l);
	cr_expect_float_eq(evaluate(c, "cpuperf.flops", core, 1), 2090, 0);
	cr_expect(isnan(evaluate(c, "cpuperf.flops", without_flops, 1)));
	cr_expect_float_eq(evaluate(c, "cpuperf.cpiref", without_flops, 1), 1.8, 1e-12);
	cr_expect_float_eq(evaluate(c, "cpuperf.cpldref", core, 1), 4.5, 1e-12);
	cr_expect_float_eq(evaluate(c, "uncperf.membw", memory, 2), 6914048, 0);
	cr_expect_float_eq(evaluate(c, "cpu.jobcpus.user", cpu, 1), 0.6, 1e-12);
	cr_expect_float_eq(evaluate(c, "cpu.jobcpus.softirq", cpu, 1), 0.004, 1e-12);
	cr_expect_float_eq(evaluate(c, "cpu.effcpus.idle", cpu, 1), 0.2, 1e-12);
	cr_expect(isnan(evaluate(c, "cpu.effcpus.idle", idle, 1)));
	cr_expect_float_eq(evaluate(c, "cpu.effcpus.all", cpu, 1), 1, 0);
	cr_expect_float_eq(evaluate(c, "cpu.effcpus.all", idle, 1), 0, 0);
	cr_expect_float_eq(evaluate(c, "memory.used", numa, 2), 750, 1e-9);
	cr_expect_float_eq(evaluate(c, "memory.used_minus_cache", numa, 2), 500, 1e-9);
	cr_expect_float_eq(evaluate(c, "nodememory.used", node, 1), 15000, 1e-9);
	cr_expect_float_eq(evaluate(c, "nodememory.maxused_minus_cache", node, 1), 11000, 1e-9);
	cr_expect_float_eq(
		evaluate_of(c, "process_memory.usageratio.max", 1, cgroup, 1), 0.25, 1e-12);
	cr_expect_float_eq(evaluate_of(c, "process_memory.usageratio.max", 1, no_limit, 1), 0, 0);
	cr_expect_float_eq(evaluate_of(c, "process_memory.usage.avg", 1, cgroup, 1), 500, 0);
	cr_expect_float_eq(evaluate_of(c, "process_memory.usage.avg", 1, version_2, 1), 700, 0);
	cr_expect(isnan(evaluate_of(c, "process_memory.usageratio.max", 1, version_2, 1)));
	cr_expect_float_eq(evaluate(c, "ipmi.power.mean", watts, 1), 350, 0);
	cr_expect(isnan(evaluate(c, "ipmi.power.mean", none, 1)));
	cr_expect_float_eq(evaluate(c, "gpupower.*.power.mean", watts, 1), 0.35, 1e-12);
	cr_expect_float_eq(evaluate(c, "energy.cpu", energy, 2), 5, 1e-12);
	cr_expect_float_eq(evaluate(c, "frequency.cpu", cycles, 2), 3.15, 1e-12);
	unload(&l);
}

static void check_time(const struct catalogue *c, const char *document, enum over_time time,
	unsigned first, unsigned last)
{
	const struct output *o = find_output(c, document);

	cr_assert_not_null(o);
	cr_expect_eq(o->time, time, "%s", document);
	cr_expect_eq(o->skip_first, first, "%s", document);
	cr_expect_eq(o->skip_last, last, "%s", document);
}

Test(shipped, samples_left_out)
{
	struct loaded l = {0};
	const struct catalogue *c = &l.catalogue;

	load_shipped(&l);
	check_time(c, "memory.used", TIME_SAMPLE_MEAN, 1, 1);
	check_time(c, "nodememory.maxfree", TIME_MAX, 1, 1);
	check_time(c, "nodememory.used_minus_cache", TIME_SAMPLE_MEAN, 1, 0);
	check_time(c, "process_memory.limit", TIME_MAX, 1, 0);
	check_time(c, "load1.maxpercore", TIME_MAX, 1, 0);
	check_time(c, "gpu.*.gpuactive", TIME_SAMPLE_MEAN, 0, 0);
	check_time(c, "gpupower.*.power.max", TIME_MAX, 1, 0);
	check_time(c, "gpupower.*.energy", TIME_INTEGRAL, 0, 0);
	check_time(c, "ipmi.energy", TIME_INTEGRAL, 0, 0);
	check_time(c, "cpu.jobcpus.user", TIME_WHOLE, 0, 0);
	unload(&l);
}

Test(shipped, errors)
{
	struct loaded l = {0};

	load_shipped(&l);
	const struct output *cpu = find_output(&l.catalogue, "cpu.jobcpus.user");
	cr_expect_eq(cpu->error[FAILURE_NONE], 3);
	cr_expect_eq(cpu->error[FAILURE_UNBOUND], 5);
	cr_expect_eq(cpu->error[FAILURE_CHANGED], 3);
	cr_assert_eq(cpu->n_guards, 1);
	cr_expect_eq(cpu->guards[0].error, 2);
	cr_expect_str_eq(expression_text(cpu->guards[0].when[0]), "sum(*) >= 1");
	const struct output *block = find_output(&l.catalogue, "block.*.read");
	cr_expect_eq(block->error[FAILURE_CHANGED], 7);
	cr_expect_not(block->is_kept_shared);
	const struct output *memory = find_output(&l.catalogue, "process_memory.limit");
	cr_expect(memory->every_node);
	cr_expect_eq(memory->error[FAILURE_PARTIAL], 4);
	const struct output *ipmi = find_output(&l.catalogue, "ipmi.power.max");
	cr_assert_eq(ipmi->n_guards, 2);
	cr_expect_eq(ipmi->guards[0].error, 1);
	cr_expect_eq(ipmi->guards[1].error, 3);
	unload(&l);
}
