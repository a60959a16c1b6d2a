// SPDX-License-Identifier: Apache-2.0
// /proc/PID/cgroup, and names of devices: what is taken from outside has no character that could break
// a label or a list.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char job[16];
	char name[24];

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (job_parse(text, job, sizeof(job)) == 0 && (!*job || strpbrk(job, " \"\\:/\n")))
		abort();
	accelerator_copy_name(name, sizeof(name), text);
	if (strpbrk(name, "\"\\\n{}"))
		abort();
	free(text);
	return 0;
}
