// SPDX-License-Identifier: Apache-2.0
// /proc/cpuinfo, of x86 or Arm: whatever it is, there is a model of the table or none.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/pmu/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct pmu_identity id;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (pmu_parse_cpuinfo(text, &id) == 0) {
		unsigned m = pmu_model_of(&id);

		if (m > pmu_n_models || (m < pmu_n_models && pmu_models[m].vendor != id.vendor))
			abort();
	}
	free(text);
	return 0;
}
