// SPDX-License-Identifier: Apache-2.0
// The catalogue: every job metric declared once. Loaded from YAML, checked with line numbers, and
// compiled into this table, which every later stage reads: name → inputs → value → outputs →
// column → chart. docs/catalogue.md describes the YAML form.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/catalogue/expression.h"
#include "common/error.h"
#include "common/map.h"
#include "common/str.h"

enum source_kind { SOURCE_PCP, SOURCE_PROMETHEUS };

struct input {
	const char *name;   // in expressions
	const char *metric; // PCP metric name, or PromQL with {host} {job} {cgroup} placeholders
	bool is_optional;   // the source may be used without it
	bool is_counter;    // Prometheus only; PCP's descriptor says so itself
	uint8_t bits;       // counter wraps at 2^bits; 0: what the type says
};

// One way to get a metric. The first source whose inputs all exist is used, node by node.
struct source {
	enum source_kind kind;
	const char *name; // of the alternative, for messages; NULL
	struct input *inputs;
	size_t n_inputs;
	const char *instance; // Prometheus: instance names made of labels, "cpu{cpu}"; NULL: none
	double scale;         // of every input, 1 by default
	int line;
};

enum scope {            // what one value belongs to; the population of the statistics
	SCOPE_NODE,     // node: one value a node
	SCOPE_CORE,     // core: every core of the job's nodes
	SCOPE_JOB_CORE, // job core: the cores bound to the job
	// device: each instance by name; '*' in the document path is the name, and a path without
	// '*' takes the devices of all nodes as one population
	SCOPE_DEVICE,
	SCOPE_JOB_GPU, // job gpu: as device, only the GPUs bound to the job
	SCOPE_CGROUP,  // job cgroup: the instance that is the job's own cgroup
	SCOPE_COUNT,
};

enum over_time {          // which intervals `value` is evaluated over, and how those fold
	TIME_WHOLE,       // once, over the whole job
	TIME_MEAN,        // per step, weighted by its seconds
	TIME_SAMPLE_MEAN, // per sample, unweighted: SUPReMM's mean
	TIME_MIN,
	TIME_MAX,
	TIME_INTEGRAL, // sum of value times seconds of the step (right-hand rectangle)
	TIME_FIRST,
	TIME_LAST,
	TIME_COUNT,
};

enum statistic {                  // bits of output.keep, in the order they are written
	STATISTIC_VALUE = 1 << 0, // the bare number at the path itself: the sum of the population
	STATISTIC_ALL = 1 << 1,   // SUPReMM's set: avg cnt cov krt max med min skw std
	STATISTIC_TOTAL = 1 << 2,
	STATISTIC_AVG = 1 << 3,
	STATISTIC_MIN = 1 << 4,
	STATISTIC_MAX = 1 << 5,
	STATISTIC_CNT = 1 << 6,
};

enum failure { // why a result is absent; each has SUPReMM's number unless a stanza says other
	FAILURE_NONE,    // no node had the metric          3
	FAILURE_SHORT,   // the job was too short for it    2
	FAILURE_PARTIAL, // not all nodes had it            4, only where every_node
	FAILURE_UNBOUND, // the job's cores, GPUs or cgroup are unknown  5
	FAILURE_RESET,   // a counter was reset             6
	FAILURE_CHANGED, // instances changed meanwhile     7
	FAILURE_COUNT,
};

struct guard { // a condition that must hold at every instance, else the error replaces the result
	struct expression **when; // one for each source
	int error;
};

struct output {               // one thing kept in the document
	const char *document; // dotted path; '*' is the device
	enum scope over;
	enum over_time time;
	unsigned skip_first, skip_last; // samples left out (SUPReMM)
	unsigned keep;                  // bits of enum statistic
	struct expression **value; // one for each source of the metric; NULL: not from this source
	struct guard *guards;
	size_t n_guards;
	bool every_node; // error PARTIAL unless every node has it
	// From the job's first sample to its last (SUPReMM's window ends a second after the job), not
	// up to its very begin and end.
	bool is_by_samples;
	bool is_kept_shared; // a node-wide value is charged in full on shared nodes (SUPReMM)
	int error[FAILURE_COUNT];
	int line;
};

struct series {                    // the time series of a metric; NULL in struct metric: none
	const char *document;      // key of the series, SUPReMM's where it has one
	enum scope over;           // job core: mean of the job's cores is the node's line
	bool by_instance;          // keep a line for each core or device besides
	bool is_picked;            // points are samples, chosen as SUPReMM does; else equal bins
	struct expression **value; // one for each source, evaluated per step
	struct expression **each;  // by_instance: the line of one instance; NULL: value is it
	const char *label;         // what its chart is called
	const char *unit;
	double scale;
	int line;
};

enum weight {        // what a job's value is weighted by when jobs are aggregated
	WEIGHT_NONE, // additive: values are summed (totals)
	WEIGHT_JOB,
	WEIGHT_WALL_SECONDS,
	WEIGHT_NODE_SECONDS,
	WEIGHT_CORE_SECONDS,
	WEIGHT_GPU_SECONDS,
	WEIGHT_COUNT,
};

enum aggregate { AGGREGATE_MEAN, AGGREGATE_SUM, AGGREGATE_MAX, AGGREGATE_MIN };

struct column {            // the warehouse column of a metric
	const char *name;  // [a-z][a-z0-9_]*, at most 55 characters
	const char **from; // document paths, the first that has a number wins
	size_t n_from;
	double scale;
	const char *unit; // after scale; the metric's unless said
	int line;
	bool is_double; // double precision (totals) or real (ratios, rates)
	enum aggregate aggregate;
	enum weight weight;
	enum weight also_per; // WEIGHT_NONE: no derived rate besides
};

struct chart {
	const char *group; // "CPU"; charts are ordered by group, then order
	const char *kind;  // line, area, band, bar, value
	int order;
};

enum audience { AUDIENCE_OWN, AUDIENCE_STAFF, AUDIENCE_PUBLIC };

struct metric {
	const char *name; // dotted, unique
	const char *label, *help, *unit;
	struct source *sources;
	size_t n_sources;
	struct output *outputs;
	size_t n_outputs;
	struct series *series;
	struct column *column; // NULL: not in the warehouse
	struct chart *chart;   // NULL: not drawn
	enum audience audience;
	int64_t every_s; // how often pmlogger logs its inputs; 0: once
	const char *file;
	int line;
};

struct catalogue {
	struct metric *metrics; // in the order of files (sorted by name) and lines
	size_t n;
	struct map by_name;
	char hash[65]; // SHA-256 of what was compiled: same catalogue, same hash
};

// Reads all *.yaml of each directory in order; a missing site directory is an empty one, a missing
// first directory is an error. A later file may replace a metric only by `replace: yes`.
// All wrong stanzas are reported, not only the first: each through bad() with "FILE:LINE: why".
// Returns the number of wrong stanzas (the others are usable), or <0.
struct catalogue_problem {
	void (*bad)(void *context, const struct error *why);
	void *context;
};
int catalogue_load(const char *const *directories, size_t n, const struct catalogue_problem *p,
	struct arena *a, struct catalogue *ret, struct error *err) MUST_USE;

// The same of one file's text. Returns the number of wrong stanzas.
int catalogue_parse(const char *file, const char *text, size_t len,
	const struct catalogue_problem *p, struct arena *a, struct catalogue *ret) MUST_USE;

const struct metric *catalogue_find(const struct catalogue *c, const char *name);

const char *scope_name(enum scope s);
const char *over_time_name(enum over_time t);
const char *weight_name(enum weight w);
const char *aggregate_name(enum aggregate g);
const char *audience_name(enum audience v);
