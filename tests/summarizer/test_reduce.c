// SPDX-License-Identifier: Apache-2.0
// Statistics, core lists, time series bins.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <math.h>
#include <string.h>

#include "common/catalogue/catalogue.h"
#include "common/clock.h"
#include "common/str.h"
#include "summarizer/reduce/cores.h"
#include "summarizer/reduce/series.h"
#include "summarizer/reduce/statistics.h"
#include "summarizer/reduce/sums.h"

#define NEAR(a, b) cr_expect(epsilon_eq(dbl, (a), (b), 1e-9 * fmax(1, fabs((double)(b)))))

// Figures of scipy.stats.describe and numpy.median for these populations.
Test(statistics, as_scipy)
{
	double v[] = {4, 1, 3, 2, 10};
	struct statistics s = statistics_of(v, 5);
	cr_expect(eq(sz, s.cnt, 5));
	NEAR(s.total, 20);
	NEAR(s.avg, 4);
	NEAR(s.med, 3);
	NEAR(s.std, 3.5355339059327378);
	NEAR(s.cov, 0.88388347648318444);
	NEAR(s.skw, 1.1384199576606164);
	NEAR(s.krt, -0.212);
}

Test(statistics, two_values_have_no_deviation_but_variation)
{
	double v[] = {3, 1};
	struct statistics s = statistics_of(v, 2);
	NEAR(s.med, 2);
	NEAR(s.cov, sqrt(2) / 2);
	cr_expect(isnan(s.std));
	NEAR(s.skw, 0);
	NEAR(s.krt, -2);
}

Test(statistics, no_variation_of_a_mean_that_is_not_positive)
{
	double v[] = {-1, -2, 3};
	cr_expect(isnan(statistics_of(v, 3).cov));
	double w[] = {1e16, 1e16 + 2};
	cr_expect(isnan(statistics_of(w, 2).skw), "within rounding of the mean");
}

static size_t keys(double *v, size_t n, unsigned keep)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct doc *d = doc_object(&a);
	struct statistics s = statistics_of(v, n);
	statistics_put(&s, keep, d, &a);
	return d->n;
}

Test(statistics, fields_that_supremm_leaves_out)
{
	double one[] = {5};
	double equal[] = {5, 5, 5};
	double two[] = {5, 6};
	double three[] = {5, 6, 8};
	cr_expect(eq(sz, keys(one, 1, STATISTIC_ALL), 2));
	cr_expect(eq(sz, keys(equal, 3, STATISTIC_ALL), 2));
	cr_expect(eq(sz, keys(two, 2, STATISTIC_ALL), 8));
	cr_expect(eq(sz, keys(three, 3, STATISTIC_ALL), 9));
	cr_expect(eq(sz, keys(three, 3, STATISTIC_TOTAL | STATISTIC_MAX), 2));
	cr_expect(eq(sz, keys(one, 1, STATISTIC_ALL | STATISTIC_TOTAL), 3));
}

static struct bytes text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

Test(cores, lists)
{
	static struct core_set s;
	char list[64];
	cr_expect(core_set_parse(&s, text("0-2,8,2-3\n")));
	cr_expect(eq(u32, s.n, 5));
	core_set_list(&s, list, sizeof(list));
	cr_expect(eq(str, list, "0,1,2,3,8"));
	cr_expect(core_set_has(&s, 8));
	cr_expect(not(core_set_has(&s, 9)));
	cr_expect(core_set_parse(&s, text("")));
	static const char *const wrong[] = {
		"a", "3-1", "1-", "-1", "99999999999", "1,,2", "8192", "1;2"};
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		cr_expect(not(core_set_parse(&s, text(wrong[i]))), "%s", wrong[i]);
	cr_expect(eq(u32, s.n, 5), "a wrong list changes nothing");
}

static bool is_job(const char *s, uint64_t id)
{
	const char *at = s;
	uint64_t named = 0;
	while (cgroup_next_job(&at, s + strlen(s), &named))
		if (named == id)
			return true;
	return false;
}

Test(cores, cgroups_of_jobs)
{
	cr_expect(is_job("cpuset:/slurm/uid_1000/job_12/step_0", 12));
	cr_expect(is_job("0::/system.slice/slurmstepd.scope/job_12/step_batch/user", 12));
	cr_expect(is_job("a:/job_123;b:/job_12", 12), "the second one");
	cr_expect(not(is_job("cpuset:/slurm/uid_1000/job_123/step_0", 12)));
	cr_expect(not(is_job("/myjob_12", 12)));
	cr_expect(cgroup_is_job_itself("/slurm/uid_1/job_12", 12, ""));
	cr_expect(not(cgroup_is_job_itself("/slurm/uid_1/job_12/step_0", 12, "")));
	cr_expect(cgroup_is_job_itself("/slurmstepd.scope/sEKNKTV3WPV500", 12, "sEKNKTV3WPV500"));
	cr_expect(not(cgroup_is_job_itself("/a.scope/sEKNKTV3WPV500", 12, "sEKNKTV3WPV501")));
	cr_expect(
		not(cgroup_is_job_itself("/a.scope/sEKNKTV3WPV500/step_0", 12, "sEKNKTV3WPV500")));
	cr_expect(not(cgroup_is_job_itself("/a.scope/", 12, "")));
	cr_expect(cgroup_is_job_itself("12", 12, ""), "of the PMDA jobs");
	cr_expect(cgroup_is_job_itself("12:cpu3", 12, ""));
	cr_expect(cgroup_is_job_itself("sEKNKTV3WPV500:sda", 12, "sEKNKTV3WPV500"));
	static const char *const other[] = {"", ":", "1", "123", "12.0", "12.batch", "12x", "x12",
		"12@n2_slurmstepd.scope_job_12", "-12", "112:cpu3", "sEKNKTV3WPV500"};
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		cr_expect(not(cgroup_is_job_itself(other[i], 12, "")), "%s", other[i]);
	static const char groups[] = "a:/x/sEKNKTV3WPV5001;b:/x/sEKNKTV3WPV500/step_0";
	cr_expect(cgroup_names(groups, strlen(groups), "sEKNKTV3WPV500"), "the second one");
	cr_expect(not(cgroup_names(groups, strlen(groups), "sEKNKTV3WPV50")));
	cr_expect(not(cgroup_names(groups, strlen(groups), "")));
	cr_expect(eq(u32, core_number("cpu17", 3), 17));
	cr_expect(eq(u32, core_number("cpu", 3), 3));
}

Test(series, grid_is_the_jobs)
{
	struct series_grid g = series_grid_make(0, 1000 * NS_PER_S, 100, 30);
	cr_expect(eq(sz, g.n, 34));
	cr_expect(eq(i64, series_grid_end(&g, 33), 1000 * NS_PER_S));
	g = series_grid_make(0, 86400 * NS_PER_S, 100, 30);
	cr_expect(eq(sz, g.n, 100));
	cr_expect(eq(sz, series_grid_make(5, 5, 100, 30).n, 0));
	cr_expect(eq(sz, series_grid_make(0, NS_PER_S, 100, 0).n, 1));
}

// Whatever rows go together, the sums are those of one value after the other, to the last bit.
Test(sums, many_rows_and_steps_are_as_one_by_one)
{
	enum { ROWS = 29, STEPS = 5 };
	double values[STEPS * ROWS];
	struct sums_step steps[STEPS];
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		values[i] = i % 11 == 3 ? NAN : 1.0 / (double)(i + 3) - 0.01;
	for (size_t k = 0; k < STEPS; k++)
		steps[k] = (struct sums_step){(3 * k) % STEPS, 0.1 * (double)(k + 1)};
	for (size_t n = 0; n <= ROWS; n++) {
		double one[2][ROWS + 1] = {{0.3}, {7}};
		double all[2][ROWS + 1] = {{0.3}, {7}};
		for (size_t k = 0; k < STEPS; k++)
			sums_add(one[0], one[1], values + steps[k].at * n, n, steps[k].weight);
		sums_add_steps(all[0], all[1], values, n, steps, STEPS);
		cr_expect(
			zero(i32, memcmp((const uint8_t *)one, (const uint8_t *)all, sizeof(one))));
	}
}

Test(series, a_step_counts_in_every_bin_that_it_touches)
{
	struct series_line l = {0};
	struct series_grid g = series_grid_make(0, 100 * NS_PER_S, 10, 0);
	cr_assert(eq(sz, g.n, 10));
	const struct fold_step steps[] = {fold_step_make(5 * NS_PER_S, 25 * NS_PER_S),
		fold_step_make(25 * NS_PER_S, 30 * NS_PER_S),
		fold_step_make(30 * NS_PER_S, 31 * NS_PER_S)};
	const double v[] = {2, 8, NAN};
	series_line_add(&l, &g, steps, 3, v);
	NEAR(l.bins[0].sum / l.bins[0].seconds, 2);
	NEAR(l.bins[0].seconds, 5);
	NEAR(l.bins[2].sum / l.bins[2].seconds, 5);
	NEAR(l.bins[2].lowest, 2);
	NEAR(l.bins[2].highest, 8);
	NEAR(l.bins[3].seconds, 0);
	series_line_release(&l);
}
