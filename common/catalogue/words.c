// SPDX-License-Identifier: Apache-2.0
// Words of the catalogue's enumerations, and their names for messages and documents.
#include "common/catalogue/words.h"

#include "common/catalogue/catalogue.h"

static const char *const scopes[SCOPE_COUNT] = {
	[SCOPE_NODE] = "node",
	[SCOPE_CORE] = "core",
	[SCOPE_JOB_CORE] = "job core",
	[SCOPE_DEVICE] = "device",
	[SCOPE_JOB_GPU] = "job gpu",
	[SCOPE_CGROUP] = "job cgroup",
};

static const char *const times[TIME_COUNT] = {
	[TIME_WHOLE] = "whole",
	[TIME_MEAN] = "mean",
	[TIME_SAMPLE_MEAN] = "samples",
	[TIME_MIN] = "min",
	[TIME_MAX] = "max",
	[TIME_INTEGRAL] = "integral",
	[TIME_FIRST] = "first",
	[TIME_LAST] = "last",
};

// In the order of the bits of enum statistic.
static const char *const statistics[] = {"value", "all", "total", "avg", "min", "max", "cnt"};

static const char *const failures[FAILURE_COUNT] = {
	[FAILURE_NONE] = "none",
	[FAILURE_SHORT] = "short",
	[FAILURE_PARTIAL] = "partial",
	[FAILURE_UNBOUND] = "unbound",
	[FAILURE_RESET] = "reset",
	[FAILURE_CHANGED] = "changed",
};

static const char *const weights[WEIGHT_COUNT] = {
	[WEIGHT_NONE] = "none",
	[WEIGHT_JOB] = "job",
	[WEIGHT_WALL_SECONDS] = "wall seconds",
	[WEIGHT_NODE_SECONDS] = "node seconds",
	[WEIGHT_CORE_SECONDS] = "core seconds",
	[WEIGHT_GPU_SECONDS] = "gpu seconds",
};

static const char *const aggregates[] = {
	[AGGREGATE_MEAN] = "mean",
	[AGGREGATE_SUM] = "sum",
	[AGGREGATE_MAX] = "max",
	[AGGREGATE_MIN] = "min",
};

static const char *const audiences[] = {
	[AUDIENCE_OWN] = "own",
	[AUDIENCE_STAFF] = "staff",
	[AUDIENCE_PUBLIC] = "public",
};

static const char *const charts[] = {"line", "area", "band", "bar", "value"};
static const char *const types[] = {"real", "double"};
static const char *const shared[] = {"leave", "keep"};
static const char *const edges[] = {"linear", "samples"};
static const char *const bys[] = {"core", "device"};
static const char *const points[] = {"bins", "samples"};

const struct words words_scope = {scopes, ARRAY_LEN(scopes)};
const struct words words_time = {times, ARRAY_LEN(times)};
const struct words words_statistic = {statistics, ARRAY_LEN(statistics)};
const struct words words_failure = {failures, ARRAY_LEN(failures)};
const struct words words_weight = {weights, ARRAY_LEN(weights)};
const struct words words_aggregate = {aggregates, ARRAY_LEN(aggregates)};
const struct words words_audience = {audiences, ARRAY_LEN(audiences)};
const struct words words_chart = {charts, ARRAY_LEN(charts)};
const struct words words_type = {types, ARRAY_LEN(types)};
const struct words words_shared = {shared, ARRAY_LEN(shared)};
const struct words words_edges = {edges, ARRAY_LEN(edges)};
const struct words words_by = {bys, ARRAY_LEN(bys)};
const struct words words_points = {points, ARRAY_LEN(points)};

int words_find(const struct words *w, const char *text)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->word[i], text))
			return (int)i;
	return -1;
}

const char *scope_name(enum scope s)
{
	return scopes[s];
}

const char *over_time_name(enum over_time t)
{
	return times[t];
}

const char *weight_name(enum weight w)
{
	return weights[w];
}

const char *aggregate_name(enum aggregate g)
{
	return aggregates[g];
}

const char *audience_name(enum audience v)
{
	return audiences[v];
}
