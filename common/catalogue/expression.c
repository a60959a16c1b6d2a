// SPDX-License-Identifier: Apache-2.0
// The stack machine that evaluates expressions, and what is known about a compiled one.
#include "common/catalogue/expression.h"

#include <math.h>

#include "common/catalogue/expression_code.h"

// Instances go through an operation side by side, so that the machine's own cost is shared by them.
#define LANES 32

static void lack(double *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = NAN;
}

// An input at n instances from the first on.
static void column(const struct expression_frame *f, const double *table, unsigned input,
	size_t first, size_t n, double *to)
{
	if (!table || input >= f->n_inputs) {
		lack(to, n);
		return;
	}
	const double *from = table + first * f->n_inputs + input;
	for (size_t i = 0; i < n; i++)
		to[i] = from[i * f->n_inputs];
}

static double all_inputs(const struct expression *e, const double *row, size_t n_inputs)
{
	double total = NAN;

	for (size_t i = 0; i < e->n_names; i++) {
		double v = i < n_inputs ? row[i] : NAN;
		if (!isnan(v))
			total = isnan(total) ? v : total + v;
		else if (!e->optional[i])
			return NAN;
	}
	return total;
}

static void same(double v, size_t n, double *to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = v;
}

static void leaf(const struct expression *e, const struct expression_frame *f, const double *slots,
	const struct op *op, size_t first, size_t n, double *to)
{
	switch (op->code) {
	case OP_NUMBER:
		same(op->number, n, to);
		return;
	case OP_BUILTIN:
		same(f->builtin[op->arg], n, to);
		return;
	case OP_SLOT:
		same(slots[op->arg], n, to);
		return;
	case OP_INPUT:
		column(f, f->values, op->arg, first, n, to);
		return;
	case OP_FIRST:
		column(f, f->first, op->arg, first, n, to);
		return;
	case OP_LAST:
		column(f, f->last, op->arg, first, n, to);
		return;
	case OP_LOWEST:
		column(f, f->lowest, op->arg, first, n, to);
		return;
	case OP_HIGHEST:
		column(f, f->highest, op->arg, first, n, to);
		return;
	default:
		for (size_t i = 0; i < n; i++)
			to[i] = f->values ? all_inputs(e, f->values + (first + i) * f->n_inputs,
						    f->n_inputs)
			                  : NAN;
	}
}

// The compiler has proved that the stack holds what each operation takes and never overflows; the
// analyzer cannot know, and setting all of it beforehand would cost more than most expressions.
// NOLINTBEGIN(clang-analyzer-core.*)
static void unary(enum opcode code, double *v, size_t n)
{
	switch (code) {
	case OP_NEGATE:
		for (size_t i = 0; i < n; i++)
			v[i] = -v[i];
		return;
	case OP_NOT:
		for (size_t i = 0; i < n; i++)
			v[i] = isnan(v[i]) ? NAN : v[i] == 0;
		return;
	default:
		for (size_t i = 0; i < n; i++)
			v[i] = fabs(v[i]);
	}
}

static double compare(enum opcode code, double a, double b)
{
	if (isnan(a) || isnan(b))
		return NAN;
	switch (code) {
	case OP_LESS:
		return a < b;
	case OP_LESS_EQUAL:
		return a <= b;
	case OP_GREATER:
		return a > b;
	case OP_GREATER_EQUAL:
		return a >= b;
	case OP_EQUAL:
		return a == b;
	default:
		return a != b;
	}
}

// One side decides an `and` or `or` even when the other is absent.
static double logic(double a, double b, bool deciding)
{
	if ((!isnan(a) && (a != 0) == deciding) || (!isnan(b) && (b != 0) == deciding))
		return deciding;
	return isnan(a) || isnan(b) ? NAN : !deciding;
}

static double choose(enum opcode code, double a, double b)
{
	switch (code) {
	case OP_AND:
		return logic(a, b, false);
	case OP_OR:
		return logic(a, b, true);
	case OP_WHERE:
		return isnan(a) || a == 0 ? NAN : b;
	case OP_DEFAULT:
		return isnan(a) ? b : a;
	case OP_SMALLER:
		return isnan(a) || isnan(b) ? NAN : fmin(a, b);
	case OP_LARGER:
		return isnan(a) || isnan(b) ? NAN : fmax(a, b);
	default:
		return compare(code, a, b);
	}
}

static void binary(enum opcode code, double *a, const double *b, size_t n)
{
	switch (code) {
	case OP_ADD:
		for (size_t i = 0; i < n; i++)
			a[i] += b[i];
		return;
	case OP_SUBTRACT:
		for (size_t i = 0; i < n; i++)
			a[i] -= b[i];
		return;
	case OP_MULTIPLY:
		for (size_t i = 0; i < n; i++)
			a[i] *= b[i];
		return;
	case OP_DIVIDE:
		for (size_t i = 0; i < n; i++)
			a[i] = b[i] == 0 ? NAN : a[i] / b[i];
		return;
	default:
		for (size_t i = 0; i < n; i++)
			a[i] = choose(code, a[i], b[i]);
	}
}

// The section at n instances from the first on; at most LANES.
static void run(const struct expression *e, const struct section *s,
	const struct expression_frame *f, const double *slots, size_t first, size_t n, double *ret)
{
	double stack[EXPRESSION_MAX_STACK][LANES] UNINITIALIZED;
	size_t top = 0;

	for (const struct op *op = s->ops; op < s->ops + s->n; op++) {
		if (op->code < OP_NEGATE) {
			leaf(e, f, slots, op, first, n, stack[top++]);
		} else if (op->code < OP_ADD) {
			unary(op->code, stack[top - 1], n);
		} else {
			top--;
			binary(op->code, stack[top - 1], stack[top], n);
		}
	}
	for (size_t i = 0; i < n; i++)
		ret[i] = stack[0][i];
}
// NOLINTEND(clang-analyzer-core.*)

static size_t lanes(const struct expression_frame *f, size_t first)
{
	size_t left = f->n_instances - first;
	return left < LANES ? left : LANES;
}

static double fold(const struct expression *e, const struct section *s,
	const struct expression_frame *f, const double *slots)
{
	double v[LANES] UNINITIALIZED;
	double total = 0;
	double least = INFINITY;
	double most = -INFINITY;
	size_t n = 0;

	for (size_t at = 0; at < f->n_instances; at += LANES) {
		size_t width = lanes(f, at);
		run(e, s, f, slots, at, width, v);
		for (size_t i = 0; i < width; i++) {
			if (isnan(v[i]))
				continue;
			total += v[i];
			least = fmin(least, v[i]);
			most = fmax(most, v[i]);
			n++;
		}
	}
	if (s->fold == FOLD_COUNT)
		return (double)n;
	if (n == 0)
		return NAN;
	switch (s->fold) {
	case FOLD_MEAN:
		return total / (double)n;
	case FOLD_MIN:
		return least;
	case FOLD_MAX:
		return most;
	default:
		return total;
	}
}

static void fold_all(const struct expression *e, const struct expression_frame *f, double *slots)
{
	for (size_t i = 0; i + 1 < e->n_sections; i++)
		slots[i] = fold(e, &e->sections[i], f, slots);
}

double expression_value(const struct expression *e, const struct expression_frame *f)
{
	double slots[EXPRESSION_MAX_FOLDS] UNINITIALIZED;
	double v = NAN;

	struct expression_frame at = *f;

	fold_all(e, f, slots);
	if (at.instance >= at.n_instances) { // every input is absent there
		at.values = at.first = at.last = at.lowest = at.highest = NULL;
		at.instance = 0;
	}
	run(e, &e->sections[e->n_sections - 1], &at, slots, at.instance, 1, &v);
	return isfinite(v) ? v : NAN;
}

void expression_values(const struct expression *e, const struct expression_frame *f, double *ret)
{
	double slots[EXPRESSION_MAX_FOLDS] UNINITIALIZED;

	fold_all(e, f, slots);
	for (size_t at = 0; at < f->n_instances; at += LANES)
		run(e, &e->sections[e->n_sections - 1], f, slots, at, lanes(f, at), ret + at);
	for (size_t i = 0; i < f->n_instances; i++)
		ret[i] = isfinite(ret[i]) ? ret[i] : NAN;
}

bool expression_uses_builtin(const struct expression *e, enum expression_builtin b)
{
	for (const struct section *s = e->sections; s < e->sections + e->n_sections; s++)
		for (const struct op *op = s->ops; op < s->ops + s->n; op++)
			if (op->code == OP_BUILTIN && op->arg == b)
				return true;
	return false;
}

bool expression_uses(const struct expression *e, size_t input)
{
	return input < e->n_names && e->uses[input];
}

bool expression_needs_extremes(const struct expression *e)
{
	return e->needs_extremes;
}

bool expression_is_folded(const struct expression *e)
{
	return e->is_folded;
}

const char *expression_text(const struct expression *e)
{
	return e->text;
}
