// SPDX-License-Identifier: Apache-2.0
// Expressions: a table of texts and values, and a table of wrong texts and messages.
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "common/catalogue/expression.h"
#include "common/str.h"

// Two instances of four inputs; z has no value at the second, gone nowhere.
static const char *const names[] = {"a", "b", "z", "gone"};
static const bool is_optional[] = {false, false, true, true};
static const double values[] = {1, 3, 5, NAN, 2, 2, NAN, NAN};
static const double firsts[] = {10, 30, 50, NAN, 20, 20, NAN, NAN};
static const double lasts[] = {11, 31, 51, NAN, 21, 21, NAN, NAN};
static const double lows[] = {-1, -3, -5, NAN, -2, -2, NAN, NAN};
static const double highs[] = {100, 300, 500, NAN, 200, 200, NAN, NAN};

static struct expression_frame frame_at(size_t instance)
{
	return (struct expression_frame){.n_inputs = 4,
		.n_instances = 2,
		.instance = instance,
		.values = values,
		.first = firsts,
		.last = lasts,
		.lowest = lows,
		.highest = highs,
		.builtin = {[BUILTIN_CORES] = 4,
			[BUILTIN_JOB_CORES] = NAN,
			[BUILTIN_SECONDS] = 10,
			[BUILTIN_WALL] = 600,
			[BUILTIN_NODES] = 8}};
}

static const struct {
	const char *text;
	double at_0, at_1;
} good[] = {
	{"7", 7, 7},
	{"1.5e3", 1500, 1500},
	{".5", 0.5, 0.5},
	{"2 + 3 * 4", 14, 14},
	{"(2 + 3) * 4", 20, 20},
	{"10 - 4 - 3", 3, 3},
	{"24 / 4 / 3", 2, 2},
	{"-2 * -(1 + 2)", 6, 6},
	{"--a", 1, 2},
	{"a / sum(*)", 1.0 / 9, 0.5},
	{"sum(*)", 9, 4},
	{"a", 1, 2},
	{"gone", NAN, NAN},
	{"gone + 1", NAN, NAN},
	{"a / 0", NAN, NAN},
	{"1e308 * 10", NAN, NAN},
	{"a < b", 1, 0},
	{"a <= 1", 1, 0},
	{"a > 1", 0, 1},
	{"a >= b", 0, 1},
	{"a == 2", 0, 1},
	{"a != 2", 1, 0},
	{"z > 1", 1, NAN},
	{"a == 1 and b == 3", 1, 0},
	{"a == 1 or b == 2", 1, 1},
	{"not a == 1", 0, 1},
	{"not not a", 1, 1},
	{"gone > 1 and a == 5", 0, 0},
	{"gone > 1 and a == a", NAN, NAN},
	{"gone > 1 or a == a", 1, 1},
	{"1 == 1 or 1 == 2 and 1 == 2", 1, 1},
	{"sum(a)", 3, 3},
	{"mean(a)", 1.5, 1.5},
	{"min(b)", 2, 2},
	{"max(b)", 3, 3},
	{"count(a)", 2, 2},
	{"count(z)", 1, 1},
	{"count(gone)", 0, 0},
	{"sum(gone)", NAN, NAN},
	{"sum(z)", 5, 5},
	{"sum(a * b)", 7, 7},
	{"sum(sum(*))", 13, 13},
	{"a / sum(a)", 1.0 / 3, 2.0 / 3},
	{"sum(where(a > mean(a), b))", 2, 2},
	{"sum(1)", 2, 2},
	{"max(a - min(a))", 1, 1},
	{"first(a)", 10, 20},
	{"last(a) - first(a)", 1, 1},
	{"lowest(b)", -3, -2},
	{"highest(b)", 300, 200},
	{"max(highest(b))", 300, 300},
	{"rate(a)", 0.1, 0.2},
	{"rate(sum(a)) * seconds", 3, 3},
	{"where(a == 1, b)", 3, NAN},
	{"where(gone, b)", NAN, NAN},
	{"default(z, b)", 5, 2},
	{"default(gone, 0)", 0, 0},
	{"smaller(a, b)", 1, 2},
	{"larger(a, b)", 3, 2},
	{"smaller(a, z)", 1, NAN},
	{"abs(a - b)", 2, 0},
	{"cores", 4, 4},
	{"job_cores", NAN, NAN},
	{"wall / nodes", 75, 75},
};

Test(expression, values)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct expression *e = NULL;
		struct error err = {0};
		double all[2];
		int rc = expression_compile_optional(
			good[i].text, names, is_optional, ARRAY_LEN(names), &a, &e, &err);
		cr_assert_eq(rc, 0, "%s: %s", good[i].text, err.text);
		for (size_t at = 0; at < 2; at++) {
			struct expression_frame f = frame_at(at);
			double want = at == 0 ? good[i].at_0 : good[i].at_1;
			double got = expression_value(e, &f);
			cr_expect(isnan(want) ? isnan(got) : fabs(got - want) < 1e-12,
				"%s at %zu: %g, not %g", good[i].text, at, got, want);
			expression_values(e, &f, all);
			cr_expect(isnan(got) ? isnan(all[at]) : all[at] == got,
				"%s at %zu: all at once differ", good[i].text, at);
		}
		cr_expect_str_eq(expression_text(e), good[i].text);
	}
	arena_release(&a);
}

// A required input that is absent at an instance makes sum(*) absent there.
Test(expression, sum_of_all_needs_the_required)
{
	static const bool required[] = {false, false, false, true};
	struct expression_frame f = frame_at(1);
	struct expression *e = NULL;
	struct arena a = {0};
	struct error err = {0};

	cr_assert_eq(expression_compile_optional("sum(*)", names, required, 4, &a, &e, &err), 0);
	cr_expect(isnan(expression_value(e, &f)));
	cr_assert_eq(expression_compile("sum(*)", names, 4, &a, &e, &err), 0);
	cr_expect_eq(expression_value(e, &f), 4);
	arena_release(&a);
}

static const struct {
	const char *text, *message;
} bad[] = {
	{"", "the expression is empty"},
	{"  ", "the expression is empty"},
	{"a +", "column 4: the expression ends too early"},
	{"* a", "column 1: a number, name or '(' is missing"},
	{"(a", "column 3: ')' is missing"},
	{"a)", "column 2: this ')' closes nothing"},
	{"a b", "column 3: an operator is missing"},
	{"a, b", "column 2: an operator is missing"},
	{"a % 2", "column 3: '%' has no meaning here"},
	{"a = 2", "column 3: '=' has no meaning here"},
	{"a & b", "column 3: '&' has no meaning here"},
	{"a \x01", "column 3: a character that has no meaning here (0x01)"},
	{"1.2.3", "column 1: '1.2.3' is not a number"},
	{"1e999", "column 1: '1e999' is not a number"},
	{"c", "column 1: 'c' is no input of the source"},
	{"corse", "column 1: 'corse' is no input of the source; did you mean 'cores'?"},
	{"summ(a)", "column 1: there is no function 'summ'; did you mean 'sum'?"},
	{"sum", "column 1: 'sum' is no input of the source"},
	{"sum()", "column 5: a number, name or '(' is missing"},
	{"sum(a, b)", "column 6: sum() takes 1 argument"},
	{"where(a)", "column 8: where() takes 2 arguments"},
	{"where(a, b, 1)", "column 11: where() takes 2 arguments"},
	{"mean(*)", "column 6: a number, name or '(' is missing"},
	{"first(1)", "column 7: first() takes the name of an input"},
	{"first(a + b)", "column 9: ')' is missing"},
	{"first(cores)", "column 7: 'cores' is no input of the source"},
	{"a < b < z", "column 7: join two comparisons with 'and'"},
	{"a and", "column 6: the expression ends too early"},
};

Test(expression, messages)
{
	struct arena a = {0};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct expression *e = NULL;
		struct error err = {0};
		int rc = expression_compile(bad[i].text, names, ARRAY_LEN(names), &a, &e, &err);
		cr_expect_lt(rc, 0, "'%s' compiles", bad[i].text);
		cr_expect_str_eq(err.text, bad[i].message, "'%s': %s", bad[i].text, err.text);
	}
	arena_release(&a);
}

static int compile_repeated(
	const char *open, const char *middle, const char *close, size_t n, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct expression *e = NULL;
	struct arena a = {0};

	for (size_t i = 0; i < n; i++)
		strbuf_puts(&text, open);
	strbuf_puts(&text, middle);
	for (size_t i = 0; i < n; i++)
		strbuf_puts(&text, close);
	int rc = expression_compile(strbuf_text(&text), names, ARRAY_LEN(names), &a, &e, err);
	arena_release(&a);
	return rc;
}

Test(expression, bounds)
{
	struct error err = {0};

	cr_expect_eq(compile_repeated("(", "a", ")", EXPRESSION_MAX_DEPTH - 1, &err), 0);
	cr_expect_lt(compile_repeated("(", "a", ")", EXPRESSION_MAX_DEPTH, &err), 0);
	cr_expect_lt(compile_repeated("-", "a", "", 1000, &err), 0);
	cr_expect_lt(compile_repeated("not ", "a", "", 900, &err), 0);
	cr_expect_eq(compile_repeated("", "a", "+a", 400, &err), 0);
	cr_expect_lt(compile_repeated("", "a", "+a", 600, &err), 0);
	cr_expect_lt(compile_repeated("", "sum(a)", "+sum(a)", 33, &err), 0);
	cr_expect_lt(compile_repeated("", "a", "           ", 1000, &err), 0);
	// Each level leaves two operands waiting: more than the stack of the machine holds.
	cr_expect_lt(compile_repeated("1 < 2 + 3 * (", "a", ")", 30, &err), 0);
	cr_expect_not_null(strstr(err.text, "unfinished"), "%s", err.text);
}

Test(expression, needs)
{
	struct arena a = {0};
	struct error err = {0};
	struct expression *e = NULL;

	cr_assert_eq(expression_compile("sum(a) / cores", names, 4, &a, &e, &err), 0);
	cr_expect(expression_is_folded(e));
	cr_expect(expression_uses(e, 0));
	cr_expect_not(expression_uses(e, 1));
	cr_expect_not(expression_uses(e, 99));
	cr_expect_not(expression_needs_extremes(e));
	cr_expect(expression_uses_builtin(e, BUILTIN_CORES));
	cr_assert_eq(expression_compile("b / sum(highest(a))", names, 4, &a, &e, &err), 0);
	cr_expect_not(expression_is_folded(e));
	cr_expect(expression_needs_extremes(e));
	cr_expect(expression_uses(e, 0));
	cr_assert_eq(expression_compile("sum(*)", names, 4, &a, &e, &err), 0);
	cr_expect(expression_uses(e, 3));
	cr_expect_not(expression_is_folded(e));
	cr_expect(expression_is_reserved("and"));
	cr_expect(expression_is_reserved("wall"));
	cr_expect(expression_is_reserved("where"));
	cr_expect_not(expression_is_reserved("a"));
	arena_release(&a);
}
