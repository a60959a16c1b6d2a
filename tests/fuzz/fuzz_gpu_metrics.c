// SPDX-License-Identifier: Apache-2.0
// The table gpu_metrics of amdgpu: whatever is in it, nothing is read behind its end.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/accelerator/gpu_metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);
	struct gpu_metrics m;

	if (exact == NULL)
		abort();
	if (size)
		memcpy(exact, data, size);
	if (gpu_metrics_parse(exact, size, &m) < 0 && m.energy.known)
		abort();
	free(exact);
	return 0;
}
