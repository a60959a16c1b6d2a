// SPDX-License-Identifier: Apache-2.0
// Finds PMUs below /sys; see sysfs.h. What cannot be read is as if it were not there.
#include "pmdas/pmu/sysfs.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pcp/pmapi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define DEVICES  "sys/bus/event_source/devices"
#define CPUS_MAX 8192

static const struct {
	const char *name;
	uint32_t type;
} general[] = {
	{"hardware", PERF_TYPE_HARDWARE},
	{"software", PERF_TYPE_SOFTWARE},
};

static const char *const core_names[] = {"cpu", "armv8_pmuv3", "armv9_pmuv3"};

// The name itself, or with a number behind it.
static bool is_box_of(const char *device, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(device, name, n) != 0)
		return false;
	if (device[n] == '\0')
		return true;
	if (device[n] != '_' || device[n + 1] == '\0')
		return false;
	return device[n + 1 + strspn(device + n + 1, "0123456789")] == '\0';
}

static int read_cpus(int root, struct pmu_box *box)
{
	unsigned *ids;
	char path[160];
	char text[4096];
	int n;

	pmsprintf(path, sizeof(path), DEVICES "/%s/cpumask", box->name);
	if (frame_read_file(root, path, text, sizeof(text)) < 0)
		return 0;
	ids = calloc(CPUS_MAX, sizeof(*ids));
	if (ids == NULL)
		return -ENOMEM;
	n = frame_parse_list(text, ids, CPUS_MAX);
	if (n <= 0) {
		free(ids);
		return -EINVAL;
	}
	box->cpus = ids;
	box->n_cpus = (unsigned)n;
	return 0;
}

static int read_box(int root, const char *device, struct pmu_box *ret)
{
	uint64_t type;
	char path[160];

	pmsprintf(ret->name, sizeof(ret->name), "%s", device);
	pmsprintf(path, sizeof(path), DEVICES "/%s/type", device);
	TRY(frame_read_number(root, path, &type));
	if (type > UINT32_MAX)
		return -ERANGE;
	ret->type = (uint32_t)type;
	return read_cpus(root, ret);
}

static int add_box(int root, const char *device, struct pmu_boxes *boxes)
{
	struct pmu_box box = {0};
	struct pmu_box *list;
	int rc = read_box(root, device, &box);

	if (rc < 0)
		return rc == -ENOMEM ? rc : 0;
	list = realloc(boxes->list, (boxes->n + 1) * sizeof(*list));
	if (list == NULL) {
		free(box.cpus);
		return -ENOMEM;
	}
	boxes->list = list;
	boxes->list[boxes->n++] = box;
	return 0;
}

static int by_length_and_name(const void *a, const void *b)
{
	const struct pmu_box *x = a;
	const struct pmu_box *y = b;
	size_t m = strlen(x->name);
	size_t n = strlen(y->name);

	return m != n ? (m > n) - (m < n) : strcmp(x->name, y->name);
}

static int find_devices(int root, const char *name, struct pmu_boxes *ret)
{
	DIR *dir = frame_open_folder(root, DEVICES);
	struct dirent *e;
	int rc = 0;

	if (dir == NULL)
		return 0;
	// NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
	while (rc == 0 && (e = readdir(dir)) != NULL) {
		if (strlen(e->d_name) < sizeof(ret->list->name) && is_box_of(e->d_name, name))
			rc = add_box(root, e->d_name, ret);
	}
	closedir(dir);
	if (ret->n)
		qsort(ret->list, ret->n, sizeof(*ret->list), by_length_and_name);
	return rc;
}

int pmu_find_boxes(int root, const char *name, struct pmu_boxes *ret)
{
	int rc = 0;

	*ret = (struct pmu_boxes){0};
	for (size_t i = 0; i < ARRAY_LEN(general); i++) {
		if (strcmp(name, general[i].name) != 0)
			continue;
		ret->list = calloc(1, sizeof(*ret->list));
		if (ret->list == NULL)
			return -ENOMEM;
		pmsprintf(ret->list->name, sizeof(ret->list->name), "%s", name);
		ret->list->type = general[i].type;
		ret->n = 1;
		return 0;
	}
	if (strcmp(name, "core") != 0)
		rc = find_devices(root, name, ret);
	else
		for (size_t i = 0; rc == 0 && ret->n == 0 && i < ARRAY_LEN(core_names); i++)
			rc = find_devices(root, core_names[i], ret);
	if (rc < 0)
		pmu_free_boxes(ret);
	return rc;
}

void pmu_free_boxes(struct pmu_boxes *boxes)
{
	for (unsigned i = 0; i < boxes->n; i++)
		free(boxes->list[i].cpus);
	free(boxes->list);
	*boxes = (struct pmu_boxes){0};
}

struct place {
	int root;
	const char *device;
};

static int look_up(
	const void *context, const char *folder, const char *name, char *ret, size_t size)
{
	const struct place *p = context;
	char path[320];
	ssize_t n;

	if (strlen(name) > 128)
		return -ENOENT;
	pmsprintf(path, sizeof(path), DEVICES "/%s/%s/%s", p->device, folder, name);
	n = frame_read_file(p->root, path, ret, size);
	return n < 0 ? -ENOENT : 0;
}

int pmu_encode_for(int root, const struct pmu_box *box, const char *terms, uint64_t step,
	struct pmu_encoding *ret)
{
	struct place p = {.root = root, .device = box->name};

	ret->type = box->type;
	return pmu_encode(terms, step, look_up, &p, ret);
}
