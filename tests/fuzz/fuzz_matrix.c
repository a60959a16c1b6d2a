// SPDX-License-Identifier: Apache-2.0
// Any text as the answer of a Prometheus query: what is accepted has finite samples in the order of
// time, and labels that are texts.
#include <math.h>
#include <stdlib.h>

#include "common/prometheus/matrix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct matrix m;
	struct error err = {0};
	int rc = matrix_parse((struct bytes){data, size}, &a, &m, &err);
	if (rc < 0 && err.text[0] == '\0')
		abort();
	for (size_t i = 0; rc == 0 && i < m.n; i++) {
		const struct matrix_series *s = &m.series[i];
		for (size_t k = 0; k < s->n; k++)
			if (!isfinite(s->samples[k].value) ||
				(k && s->samples[k].time_ns <= s->samples[k - 1].time_ns))
				abort();
		if (matrix_label(s, "host") == NULL ||
			matrix_instance(s, "{device}[:{port}]{", &a) == NULL)
			abort();
	}
	arena_release(&a);
	return 0;
}
