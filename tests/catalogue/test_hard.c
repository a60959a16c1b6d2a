// SPDX-License-Identifier: Apache-2.0
// The five hard cases (hard/*.yaml): what each compiles to.
#include <criterion/criterion.h>
#include <math.h>

#include "tests/catalogue/loaded.h"

static const struct metric *load_metric(struct loaded *l, const char *name)
{
	load(l, HERE "/hard", NULL);
	cr_assert_eq(l->result, 0, "%s%s", strbuf_text(&l->messages), l->err.text);
	const struct metric *m = catalogue_find(&l->catalogue, name);
	cr_assert_not_null(m);
	return m;
}

Test(hard, job_cores)
{
	struct loaded l = {0};
	const struct metric *m = load_metric(&l, "cpu.user");

	cr_assert_eq(m->n_sources, 2);
	cr_expect_eq(m->sources[0].n_inputs, 7);
	cr_expect_eq(m->sources[1].n_inputs, 4);
	cr_expect_str_eq(m->sources[1].name, "basic");
	cr_expect_str_eq(m->sources[1].inputs[3].metric, "kernel.percpu.cpu.wait.total");
	cr_assert_eq(m->n_outputs, 4);
	cr_expect_eq(m->outputs[0].over, SCOPE_JOB_CORE);
	cr_expect_eq(m->outputs[1].over, SCOPE_CORE);
	cr_expect_eq(m->outputs[0].keep, STATISTIC_ALL);
	cr_expect_eq(m->outputs[3].keep, STATISTIC_VALUE);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(m->outputs[i].error[FAILURE_UNBOUND], 5);
		cr_expect_eq(m->outputs[i].error[FAILURE_CHANGED], 3);
		cr_expect_eq(m->outputs[i].guards[0].error, 2);
	}
	// The same text is another sum with each source: 7 times with one, 4 with the other.
	static const double seven[] = {1, 1, 1, 5, 1, 1, 0};
	static const double four[] = {1, 1, 6, 0};
	struct expression_frame f = {.n_inputs = 7, .n_instances = 1, .values = seven};
	cr_expect_float_eq(expression_value(m->outputs[0].value[0], &f), 0.1, 1e-12);
	f = (struct expression_frame){.n_inputs = 4, .n_instances = 1, .values = four};
	cr_expect_float_eq(expression_value(m->outputs[0].value[1], &f), 0.125, 1e-12);
	cr_expect_eq(m->column->n_from, 2);
	cr_expect_eq(m->column->weight, WEIGHT_CORE_SECONDS);
	cr_expect_str_eq(m->column->name, "cpu_user");
	unload(&l);
}

Test(hard, hardware_counters)
{
	struct loaded l = {0};
	const struct metric *m = load_metric(&l, "cpuperf.flops");
	const struct output *o = &m->outputs[0];
	static const double counts[] = {1, 1, 1, 10, 20, 30, 40, NAN};

	cr_assert_eq(m->n_sources, 5);
	cr_expect_str_eq(m->sources[0].name, "sandy_bridge");
	cr_expect(m->sources[0].inputs[7].is_optional);
	cr_expect_str_eq(m->sources[0].inputs[7].metric, "perfevent.active");
	cr_expect_null(o->value[3], "the generic set has no floating point");
	cr_expect_eq(m->sources[4].inputs[0].bits, 48);
	cr_expect_null(m->series->value[4]);

	struct expression_frame f = {
		.n_inputs = 8, .n_instances = 1, .values = counts, .lowest = counts};
	cr_expect_float_eq(expression_value(o->value[0], &f), 150, 1e-12);
	// Without perfevent.active, or after it fell to 0, the counters are not trusted: error 1.
	cr_assert_eq(o->n_guards, 1);
	cr_expect_eq(o->guards[0].error, 1);
	cr_expect_eq(expression_value(o->guards[0].when[0], &f), 0);
	cr_expect(expression_needs_extremes(o->guards[0].when[0]));
	cr_expect_eq(o->error[FAILURE_NONE], 4);

	const struct metric *cpi = catalogue_find(&l.catalogue, "cpuperf.cpiref");
	cr_expect_not_null(cpi->outputs[0].value[3], "but it has instructions");
	cr_expect_eq(catalogue_find(&l.catalogue, "uncperf.membw")->outputs[0].over, SCOPE_NODE);
	unload(&l);
}

Test(hard, gpu_on_shared_node)
{
	struct loaded l = {0};
	const struct metric *m = load_metric(&l, "gpu.busy");

	cr_assert_eq(m->n_outputs, 3);
	for (size_t i = 0; i < 3; i++) {
		cr_expect_eq(m->outputs[i].over, SCOPE_JOB_GPU);
		cr_expect_eq(m->outputs[i].error[FAILURE_UNBOUND], 5);
		cr_expect_not(m->outputs[i].is_kept_shared);
	}
	cr_expect_eq(m->outputs[0].time, TIME_SAMPLE_MEAN);
	cr_expect_eq(m->outputs[2].time, TIME_MAX);
	cr_expect_str_eq(m->outputs[1].document, "gpu.*.gpuactive");
	cr_expect_eq(m->series->over, SCOPE_JOB_GPU);
	cr_expect(m->series->by_instance);
	cr_expect_null(m->column);
	unload(&l);
}

Test(hard, prometheus_only)
{
	struct loaded l = {0};
	const struct metric *m = load_metric(&l, "scratch.written");

	cr_assert_eq(m->n_sources, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_eq(m->sources[i].kind, SOURCE_PROMETHEUS);
		cr_expect(m->sources[i].inputs[0].is_counter);
	}
	cr_expect_str_eq(m->sources[0].instance, "target{ost}");
	cr_expect_eq(m->sources[1].scale, 4096);
	cr_expect_eq(m->outputs[0].keep, STATISTIC_AVG | STATISTIC_MAX | STATISTIC_TOTAL);
	cr_expect_eq(m->column->aggregate, AGGREGATE_SUM);
	cr_expect_eq(m->column->also_per, WEIGHT_NODE_SECONDS);
	cr_expect(m->column->is_double);
	const struct metric *files = catalogue_find(&l.catalogue, "scratch.files");
	cr_expect_eq(files->n_sources, 1, "one source need not be a list");
	cr_expect_eq(files->audience, AUDIENCE_STAFF);
	cr_expect_not(files->sources[0].inputs[0].is_counter);
	unload(&l);
}

Test(hard, gpu_hours)
{
	struct loaded l = {0};
	const struct metric *m = load_metric(&l, "gpu.tensor");

	cr_expect_eq(m->column->aggregate, AGGREGATE_MEAN);
	cr_expect_eq(m->column->weight, WEIGHT_GPU_SECONDS);
	cr_expect_not(m->column->is_double);
	cr_expect_str_eq(m->column->from[0], "jobgpus.tensor.avg");
	cr_expect_str_eq(m->column->unit, "ratio");
	cr_expect_str_eq(m->unit, "%");
	cr_expect_eq(m->outputs[0].time, TIME_MEAN);
	const struct metric *joules = catalogue_find(&l.catalogue, "gpu.joules");
	cr_expect_eq(joules->column->also_per, WEIGHT_GPU_SECONDS);
	cr_expect_str_eq(joules->column->from[0], "jobgpus.joules.total");
	unload(&l);
}
