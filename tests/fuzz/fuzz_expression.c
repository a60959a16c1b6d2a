// SPDX-License-Identifier: Apache-2.0
// Expressions: what compiles can be evaluated anywhere, gives a number or none, and the same one by
// one as all at once.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/catalogue/expression.h"
#include "common/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define N_INPUTS    3
#define N_INSTANCES 3

static void evaluate(const struct expression *e, size_t n_instances)
{
	static const char *const unusual[] = {
		"1", "-7.5", "0", "1e300", "12", "3", "nan", "2", "nan"};
	double values[N_INSTANCES * N_INPUTS];
	double all[N_INSTANCES];
	struct expression_frame f = {.n_inputs = N_INPUTS,
		.n_instances = n_instances,
		.values = values,
		.last = values,
		.builtin = {4, 2, 30, NAN, 1}};

	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (parse_double(unusual[i], &values[i]) < 0)
			values[i] = NAN;
	expression_values(e, &f, all);
	for (f.instance = 0; f.instance < n_instances; f.instance++) {
		double v = expression_value(e, &f);
		if (isinf(v) || (isnan(v) ? !isnan(all[f.instance]) : v != all[f.instance]))
			abort();
	}
	f.instance = 0;
	if (n_instances == 0 && isinf(expression_value(e, &f)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[N_INPUTS] = {"user", "idle", "x"};
	CLEANUP(arena_release) struct arena arena = {0};
	char *text = arena_strndup(&arena, size ? (const char *)data : "", size);
	struct expression *e = NULL;
	struct error err = {0};

	if (expression_compile(text, names, N_INPUTS, &arena, &e, &err) < 0) {
		if (!err.text[0] || !err.code)
			abort();
		return 0;
	}
	if (strcmp(expression_text(e), text) != 0)
		abort();
	evaluate(e, N_INSTANCES);
	evaluate(e, 0);
	return 0;
}
