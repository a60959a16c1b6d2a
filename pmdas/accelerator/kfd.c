// SPDX-License-Identifier: Apache-2.0
// Compute processes of AMD's devices, from the files of the driver amdkfd. It has a number of its own
// for each device, which its topology leads to by the PCI address.
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmdas/accelerator/accelerator.h"
#include "pmdas/frame/parse.h"

#define KFD   "sys/class/kfd/kfd"
#define NODES 256

// The number on the line "KEY NUMBER"; the key ends with the blank.
static bool property(const char *text, const char *key, uint64_t *ret)
{
	size_t n;
	const char *s = frame_find_line(text, key, &n);

	return s != NULL && frame_take_number(&s, ret) == 0;
}

bool kfd_is_at(const char *properties, const char *pci)
{
	uint64_t location;
	uint64_t domain;
	char address[24];

	if (!property(properties, "location_id ", &location) || location == 0)
		return false;
	if (!property(properties, "domain ", &domain))
		domain = 0;
	pmsprintf(address, sizeof(address), "%04x:%02x:%02x.%x", (unsigned)domain & 0xffff,
		(unsigned)(location >> 8) & 0xff, (unsigned)(location >> 3) & 0x1f,
		(unsigned)location & 7);
	return strcmp(address, pci) == 0;
}

void kfd_find(struct accelerator_unit *u)
{
	for (unsigned node = 0; node < NODES; node++) {
		char path[80];
		char text[4096];
		uint64_t id;

		pmsprintf(path, sizeof(path), KFD "/topology/nodes/%u/properties", node);
		if (frame_read_head(u->accelerator->root, path, text, sizeof(text)) <= 0)
			return; // they are numbered without a gap
		pmsprintf(path, sizeof(path), KFD "/topology/nodes/%u/gpu_id", node);
		if (kfd_is_at(text, u->pci) &&
			frame_read_number(u->accelerator->root, path, &id) == 0 &&
			id <= UINT32_MAX) {
			u->kfd = (unsigned)id;
			return;
		}
	}
}

// A process has a file vram_ID for each device that it has opened; one with no memory there does not
// use it.
static bool read_process(const struct accelerator_unit *u, const char *pid, uint64_t *ret)
{
	char path[80];

	pmsprintf(path, sizeof(path), KFD "/proc/%s/vram_%u", pid, u->kfd);
	return frame_read_number(u->accelerator->root, path, ret) == 0 && *ret != 0;
}

void kfd_sample(struct accelerator_unit *u)
{
	struct accelerator_process processes[ACCELERATOR_PROCESSES] = {0};
	struct dirent *e;
	unsigned n = 0;
	DIR *dir;

	if (u->kfd == 0)
		return;
	dir = frame_open_folder(u->accelerator->root, KFD "/proc");
	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): a stream of our own
		uint64_t bytes;

		if (!isdigit((unsigned char)e->d_name[0]) || strlen(e->d_name) > 10 ||
			!read_process(u, e->d_name, &bytes))
			continue;
		if (n < ACCELERATOR_PROCESSES) {
			processes[n].pid = (unsigned)strtoul(e->d_name, NULL, 10);
			accelerator_set(&processes[n].memory, bytes);
		}
		n++;
	}
	closedir(dir);
	accelerator_show_processes(u, processes, n);
}
