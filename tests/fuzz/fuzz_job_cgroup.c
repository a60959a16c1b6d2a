// SPDX-License-Identifier: Apache-2.0
// /proc/PID/cgroup, and names of devices: what is taken from outside has no character that could break
// a label or a list.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/accelerator/accelerator.h"
#include "pmdas/frame/job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct frame_job job;
	char name[24];

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	if (frame_job_parse(text, &job) == 0 &&
		(!*job.id || strpbrk(job.id, " \"\\:/\n") || strpbrk(job.step, " \"\\:/\n") ||
			strchr(job.path, '\n')))
		abort();
	(void)frame_job_of_title(text, name, sizeof(name));
	accelerator_copy_name(name, sizeof(name), text);
	if (strpbrk(name, "\"\\\n{}"))
		abort();
	free(text);
	return 0;
}
