// SPDX-License-Identifier: Apache-2.0
// Opens NVIDIA's management library by name; see nvml.h.
#include "pmdas/accelerator/nvml.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"

static const struct {
	const char *name;
	size_t offset;
	bool needed;
} symbols[] = {
#define SYMBOL(name_, ...) {.name = "nvml" #name_, .offset = offsetof(struct nvml, name_)},
#define NEEDED(name_, ...) \
	{.name = "nvml" #name_, .offset = offsetof(struct nvml, name_), .needed = true},
#include "pmdas/accelerator/symbols.def"
};

int nvml_open(struct nvml **ret)
{
	const char *name = getenv("JOBSIGHT_NVML");
	struct nvml *n = calloc(1, sizeof(*n));
	bool complete = true;

	if (n == NULL)
		return -ENOMEM;
	n->library = dlopen(name ? name : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; n->library && i < ARRAY_LEN(symbols); i++) {
		void *symbol = dlsym(n->library, symbols[i].name);

		memcpy((char *)n + symbols[i].offset, &symbol, sizeof(symbol));
		complete &= symbol != NULL || !symbols[i].needed;
	}
	if (n->library == NULL || !complete) {
		nvml_close(n);
		return -ENOENT;
	}
	*ret = n;
	return 0;
}

// The library stays mapped: a thread of it, or one of ours that hangs in it, may still run.
void nvml_close(struct nvml *n)
{
	free(n);
}
