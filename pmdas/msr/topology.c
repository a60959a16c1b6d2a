// SPDX-License-Identifier: Apache-2.0
// Reads the CPU topology below a root; see topology.h.
#include "pmdas/msr/topology.h"

#include <errno.h>
#include <pcp/pmapi.h>
#include <stdlib.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define CPUS_MAX 8192

static int read_id(int root, unsigned cpu, const char *file, unsigned *ret)
{
	char path[96];
	uint64_t value;

	pmsprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%u/topology/%s", cpu, file);
	TRY(frame_read_number(root, path, &value));
	if (value >= 1 << 15)
		return -ERANGE;
	*ret = (unsigned)value;
	return 0;
}

static struct msr_place read_place(int root, unsigned cpu)
{
	struct msr_place p = {.cpu = cpu};

	if (read_id(root, cpu, "physical_package_id", &p.package) < 0 ||
		read_id(root, cpu, "core_id", &p.core) < 0)
		return p;
	// Kernels before 5.2 do not say: one die.
	if (read_id(root, cpu, "die_id", &p.die) < 0)
		p.die = 0;
	p.known = true;
	return p;
}

static int read_cpu_ids(int root, unsigned *ids)
{
	static const char *const lists[] = {
		"sys/devices/system/cpu/present",
		"sys/devices/system/cpu/online",
	};
	char text[4096];
	int n = -ENOENT;

	for (size_t i = 0; n < 0 && i < ARRAY_LEN(lists); i++) {
		ssize_t len = frame_read_file(root, lists[i], text, sizeof(text));

		n = len < 0 ? (int)len : frame_parse_list(text, ids, CPUS_MAX);
	}
	return n;
}

int msr_topology(int root, struct msr_place **ret)
{
	unsigned *ids = calloc(CPUS_MAX, sizeof(*ids));
	struct msr_place *places = NULL;
	int n;

	if (ids == NULL)
		return -ENOMEM;
	n = read_cpu_ids(root, ids);
	if (n >= 0) {
		places = calloc(n ? (size_t)n : 1, sizeof(*places));
		n = places ? n : -ENOMEM;
	}
	for (int i = 0; i < n; i++)
		places[i] = read_place(root, ids[i]);
	free(ids);
	if (n >= 0)
		*ret = places;
	return n;
}
