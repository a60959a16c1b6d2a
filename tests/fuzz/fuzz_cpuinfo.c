// SPDX-License-Identifier: Apache-2.0
// /proc/cpuinfo as the PMDA msr reads it: an accepted identity must be one that has a model row. And
// what a power meter says of itself, from which its name is made.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/msr/meter.h"
#include "pmdas/msr/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct msr_identity id = {0};
	const struct msr_model *m;
	char name[40];
	uint64_t joules;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (msr_parse_cpuinfo(text, &id) == 0) {
		m = msr_model_of(&id);
		if (m->vendor != id.vendor || m->name == NULL)
			abort();
		for (enum msr_domain d = 0; d < MSR_DOMAINS; d++)
			(void)msr_microjoules(msr_unit_of(m, d, size << 8), UINT64_MAX);
		(void)msr_base_khz(m, size << 8);
	}
	msr_meter_name(text, name, sizeof(name));
	if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
		abort();
	if (msr_meter_parse(text, "J", &joules) == 0 && joules > UINT32_MAX * UINT64_C(1000))
		abort();
	free(text);
	return 0;
}
