// SPDX-License-Identifier: Apache-2.0
// fdinfo of graphics devices, error counts of amdgpu, and which device a uevent or amdkfd speaks of.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/fdinfo.h"
#include "pmdas/accelerator/ras.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct fdinfo f;
	uint64_t corrected;
	uint64_t uncorrected;
	char pci[24] = "";

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (fdinfo_parse(text, &f) == 0 && (f.pci[0] == '\0' || strchr(f.pci, '\n')))
		abort();
	for (size_t i = 0; i < ACCELERATOR_ENGINES; i++) {
		if (f.capacity[i] == 0)
			abort();
	}
	(void)ras_parse_errors(text, &corrected, &uncorrected);
	(void)ras_count_retired(text);
	(void)kfd_is_at(text, "0000:c1:00.0");
	drm_parse_pci(text, pci, sizeof(pci));
	if (strpbrk(pci, "\"\\\n{}"))
		abort();
	free(text);
	return 0;
}
