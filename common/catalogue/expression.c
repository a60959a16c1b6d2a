// SPDX-License-Identifier: Apache-2.0
// The stack machine that evaluates expressions, and what is known about a compiled one.
#include "common/catalogue/expression.h"

#include <math.h>

#include "common/catalogue/expression_code.h"

static double cell(
	const struct expression_frame *f, const double *table, size_t instance, unsigned input)
{
	if (!table || instance >= f->n_instances || input >= f->n_inputs)
		return NAN;
	return table[instance * f->n_inputs + input];
}

static double all_inputs(
	const struct expression *e, const struct expression_frame *f, size_t instance)
{
	double total = NAN;

	for (unsigned i = 0; i < e->n_names; i++) {
		double v = cell(f, f->values, instance, i);
		if (!isnan(v))
			total = isnan(total) ? v : total + v;
		else if (!e->optional[i])
			return NAN;
	}
	return total;
}

static double leaf(const struct expression *e, const struct expression_frame *f,
	const double *slots, size_t instance, const struct op *op)
{
	switch (op->code) {
	case OP_NUMBER:
		return op->number;
	case OP_BUILTIN:
		return f->builtin[op->arg];
	case OP_SLOT:
		return slots[op->arg];
	case OP_INPUT:
		return cell(f, f->values, instance, op->arg);
	case OP_FIRST:
		return cell(f, f->first, instance, op->arg);
	case OP_LAST:
		return cell(f, f->last, instance, op->arg);
	case OP_LOWEST:
		return cell(f, f->lowest, instance, op->arg);
	case OP_HIGHEST:
		return cell(f, f->highest, instance, op->arg);
	default:
		return all_inputs(e, f, instance);
	}
}

static double unary(enum opcode code, double v)
{
	switch (code) {
	case OP_NEGATE:
		return -v;
	case OP_NOT:
		return isnan(v) ? NAN : v == 0;
	default:
		return fabs(v);
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

static double binary(enum opcode code, double a, double b)
{
	switch (code) {
	case OP_ADD:
		return a + b;
	case OP_SUBTRACT:
		return a - b;
	case OP_MULTIPLY:
		return a * b;
	case OP_DIVIDE:
		return b == 0 ? NAN : a / b;
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

// The compiler has proved that the stack holds what each operation takes and never overflows; the
// analyzer cannot know, and setting all of it beforehand would cost more than most expressions.
// NOLINTBEGIN(clang-analyzer-core.CallAndMessage,clang-analyzer-core.uninitialized.UndefReturn)
static double run(const struct expression *e, const struct section *s,
	const struct expression_frame *f, const double *slots, size_t instance)
{
	double stack[EXPRESSION_MAX_STACK];
	size_t n = 0;

	for (const struct op *op = s->ops; op < s->ops + s->n; op++) {
		if (op->code < OP_NEGATE) {
			stack[n++] = leaf(e, f, slots, instance, op);
		} else if (op->code < OP_ADD) {
			stack[n - 1] = unary(op->code, stack[n - 1]);
		} else {
			n--;
			stack[n - 1] = binary(op->code, stack[n - 1], stack[n]);
		}
	}
	return stack[0];
}
// NOLINTEND(clang-analyzer-core.CallAndMessage,clang-analyzer-core.uninitialized.UndefReturn)

static double fold(const struct expression *e, const struct section *s,
	const struct expression_frame *f, const double *slots)
{
	double total = 0;
	double least = INFINITY;
	double most = -INFINITY;
	size_t n = 0;

	for (size_t i = 0; i < f->n_instances; i++) {
		double v = run(e, s, f, slots, i);
		if (isnan(v))
			continue;
		total += v;
		least = fmin(least, v);
		most = fmax(most, v);
		n++;
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

double expression_value(const struct expression *e, const struct expression_frame *f)
{
	double slots[EXPRESSION_MAX_FOLDS];
	size_t last = e->n_sections - 1;

	for (size_t i = 0; i < last; i++)
		slots[i] = fold(e, &e->sections[i], f, slots);
	double v = run(e, &e->sections[last], f, slots, f->instance);
	return isfinite(v) ? v : NAN;
}

void expression_values(const struct expression *e, const struct expression_frame *f, double *ret)
{
	struct expression_frame at = *f;
	double slots[EXPRESSION_MAX_FOLDS];
	size_t last = e->n_sections - 1;

	for (size_t i = 0; i < last; i++)
		slots[i] = fold(e, &e->sections[i], f, slots);
	for (at.instance = 0; at.instance < f->n_instances; at.instance++) {
		double v = run(e, &e->sections[last], &at, slots, at.instance);
		ret[at.instance] = isfinite(v) ? v : NAN;
	}
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
