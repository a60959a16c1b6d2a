// SPDX-License-Identifier: Apache-2.0
// The arithmetic of a stanza, compiled once. An expression is evaluated over an interval of time,
// the whole job or one step between two samples: the name of a counter stands for its increase in
// the interval, the name of a gauge for its mean over it (over one step: its value at the step's
// end). The same text thus serves a job's total and a point of its chart.
//
//   + - * / ( ) numbers   < <= > >= == !=   and or not
//   name          the input at this instance (core, device ...); an input without instances is
//                 the same for every instance
//   sum(*)        all inputs of this instance added (absent optional inputs count nothing)
//   sum(e) mean(e) min(e) max(e) count(e)
//                 e at each instance of the node, folded; what a node-wide value is made of
//   first(x) last(x) lowest(x) highest(x)
//                 of a gauge in the interval, instead of its mean
//   rate(e)       e divided by the seconds of the interval
//   where(c, e)   e if c holds, else absent
//   default(e, d) e, or d where e is absent
//   smaller(a, b) larger(a, b) abs(e)
//   cores         cores of the node          job_cores   of them the job's (if known)
//   seconds       of the interval            wall        of the job     nodes   of the job
//
// An absent input makes the expression absent (NaN), as does a division by zero.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

struct expression;

enum expression_builtin {
	BUILTIN_CORES,
	BUILTIN_JOB_CORES,
	BUILTIN_SECONDS,
	BUILTIN_WALL,
	BUILTIN_NODES,
	BUILTIN_COUNT,
};

// What the inputs were in the interval. Tables are row by row: [instance * n_inputs + input].
// The last four may be NULL when the expression does not ask for them (see below).
struct expression_frame {
	size_t n_inputs, n_instances;
	size_t instance;      // where a bare name is read; any value < n_instances
	const double *values; // increase or mean; NaN: absent
	const double *first, *last, *lowest, *highest;
	double builtin[BUILTIN_COUNT];
};

#define EXPRESSION_MAX_DEPTH 32

// names are the inputs in the order of the frame. Errors name the column in the text.
int expression_compile(const char *text, const char *const *names, size_t n_names, struct arena *a,
	struct expression **ret, struct error *err) MUST_USE;

// The same where it is known which inputs may be absent: sum(*) is absent when another one is.
// With is_optional NULL every input counts as optional.
int expression_compile_optional(const char *text, const char *const *names, const bool *is_optional,
	size_t n_names, struct arena *a, struct expression **ret, struct error *err) MUST_USE;

// Whether a word means something by itself, so that no input may be called so.
bool expression_is_reserved(const char *word);

double expression_value(const struct expression *e, const struct expression_frame *f);
// The value at each instance, with every fold done once; ret has room for n_instances.
void expression_values(const struct expression *e, const struct expression_frame *f, double *ret);

// What a reader must keep for it.
bool expression_uses(const struct expression *e, size_t input);
bool expression_uses_builtin(const struct expression *e, enum expression_builtin b);
bool expression_needs_extremes(const struct expression *e); // first, last, lowest, highest
bool expression_is_folded(const struct expression *e); // has no bare instance name: one per node
const char *expression_text(const struct expression *e);
