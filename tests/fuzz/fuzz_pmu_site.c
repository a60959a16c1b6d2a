// SPDX-License-Identifier: Apache-2.0
// A site's file of events: whatever it holds, what is taken from it is within bounds and harmless as the
// name of an instance or of a file below the root.
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/pmu/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *name)
{
	if (*name == '\0' || strpbrk(name, "\"\\/ \n{}") != NULL)
		abort();
}

static void check_path(const char *path)
{
	if (path[0] == '\0' || strstr(path, "..") != NULL || strpbrk(path, " \n\"") != NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct pmu_site site;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	pmu_site_parse(text, &site);
	if (site.n_events > PMU_SITE_EVENTS || site.n_roles > PMU_SITE_ROLES ||
		site.linger > 3600 || site.descriptors == 0 ||
		(site.wrong != 0) != (site.reason[0] != '\0'))
		abort();
	for (unsigned i = 0; i < site.n_events; i++) {
		check_name(site.events[i].name);
		check_name(site.events[i].pmu);
	}
	for (unsigned i = 0; i < site.n_roles; i++) {
		if (site.roles[i].role >= PMU_ROLES || site.roles[i].divide == 0)
			abort();
	}
	check_path(site.lock);
	check_path(site.likwid);
	free(text);
	return 0;
}
