// SPDX-License-Identifier: Apache-2.0
// Takes what stands in files of control groups that are more than a few numbers: devices, CPUs.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/jobs/jobs.h"

#define DEVICES_MAX 256

static bool exists(int root, const struct jobs_disk *d, const char *what)
{
	char path[80];

	pmsprintf(path, sizeof(path), "sys/dev/block/%u:%u/%s", d->major, d->minor, what);
	return faccessat(root, path, F_OK, 0) == 0;
}

// The kernel's name, which is the last part of where the link leads; without it, the numbers.
static void name_disk(int root, struct jobs_disk *d)
{
	char path[80];
	char target[256];
	const char *last;
	ssize_t n;

	pmsprintf(path, sizeof(path), "sys/dev/block/%u:%u", d->major, d->minor);
	n = readlinkat(root, path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	last = strrchr(target, '/');
	if (last != NULL && last[1] != '\0')
		jobs_copy_name(d->name, sizeof(d->name), last + 1);
	else
		pmsprintf(d->name, sizeof(d->name), "%u:%u", d->major, d->minor);
	d->is_stacked = exists(root, d, "md") || exists(root, d, "dm") || exists(root, d, "loop");
}

static struct jobs_disk *disk_of(struct jobs *j, struct jobs_unit *u, const struct jobs_io *io)
{
	struct jobs_disk *d;

	for (unsigned i = 0; i < u->n_disks; i++) {
		if (u->disks[i].major == io->major && u->disks[i].minor == io->minor)
			return &u->disks[i];
	}
	if (u->n_disks == JOBS_DISKS)
		return NULL;
	d = &u->disks[u->n_disks++];
	*d = (struct jobs_disk){.major = io->major, .minor = io->minor};
	name_disk(j->root, d);
	return d;
}

// Of the values from first to last, which are in this file, those of each device and their sums. A file
// that is empty says that there was nothing.
static void take_disks(struct jobs *j, struct jobs_unit *u, const struct jobs_io *set, unsigned n,
	unsigned first, unsigned last)
{
	for (unsigned i = 0; i < n; i++) {
		struct jobs_disk *d = disk_of(j, u, &set[i]);

		for (unsigned k = first; d != NULL && k <= last; k++) {
			struct jobs_fold *fold = &u->disk_folds[d - u->disks][k];

			if (set[i].v[k].known)
				jobs_set(&d->v[k], jobs_fold(fold, set[i].v[k].value));
		}
	}
	for (unsigned k = first; k <= last; k++) {
		jobs_set(&u->next.io[k], 0);
		for (unsigned i = 0; i < u->n_disks; i++) {
			if (u->disks[i].v[k].known && !u->disks[i].is_stacked)
				u->next.io[k].value += u->disks[i].v[k].value;
		}
	}
}

static void lose_disks(struct jobs_unit *u, unsigned first, unsigned last)
{
	for (unsigned k = first; k <= last; k++) {
		u->next.io[k].known = false;
		for (unsigned i = 0; i < u->n_disks; i++)
			u->disks[i].v[k].known = false;
	}
}

void jobs_take_io(struct jobs *j, struct jobs_unit *u, const char *text)
{
	struct jobs_io set[JOBS_DISKS];

	if (text == NULL)
		lose_disks(u, 0, JOBS_IO_VALUES - 1);
	else
		take_disks(j, u, set, jobs_parse_io(text, set, JOBS_DISKS), 0, JOBS_IO_VALUES - 1);
}

static void take_blkio(struct jobs *j, struct jobs_unit *u, const char *text, unsigned first)
{
	unsigned last = first + JOBS_IO_KINDS - 1;
	struct jobs_io set[JOBS_DISKS];
	unsigned n = 0;

	if (text == NULL) {
		lose_disks(u, first, last);
		return;
	}
	jobs_parse_blkio(text, first, set, &n, JOBS_DISKS);
	take_disks(j, u, set, n, first, last);
}

void jobs_take_bytes(struct jobs *j, struct jobs_unit *u, const char *text)
{
	take_blkio(j, u, text, 0);
}

void jobs_take_calls(struct jobs *j, struct jobs_unit *u, const char *text)
{
	take_blkio(j, u, text, JOBS_IO_KINDS);
}

// Of jobs only: what one step used of each CPU nobody asks.
void jobs_take_each_cpu(struct jobs *j, struct jobs_unit *u, const char *text)
{
	uint64_t now[JOBS_CPUS_MAX];
	unsigned n = text ? jobs_parse_each_cpu(text, now, JOBS_CPUS_MAX) : 0;

	(void)j;
	if (u->indom != JOBS_INDOM_job || n == 0)
		return;
	if (u->each_cpu == NULL) {
		u->each_cpu = calloc(n, sizeof(*u->each_cpu));
		u->n_cpus = u->each_cpu ? n : 0;
	}
	for (unsigned i = 0; i < n && i < u->n_cpus; i++)
		jobs_fold(&u->each_cpu[i], now[i]);
}

void jobs_take_cpus(struct jobs *j, struct jobs_unit *u, const char *text)
{
	struct jobs_facts *f = &u->next_facts;
	unsigned ids[JOBS_CPUS_MAX];
	int n = text ? frame_parse_list(text, ids, JOBS_CPUS_MAX) : 0;
	size_t length = text ? strcspn(text, "\n") : 0;

	(void)j;
	u->has_cpus = true;
	f->cores_bound.known = n > 0;
	f->cpus[0] = '\0';
	u->n_bound = n > 0 ? (unsigned)n : 0;
	if (n <= 0)
		return;
	f->cores_bound.value = (unsigned)n;
	memcpy(u->bound, ids, (size_t)n * sizeof(*ids));
	if (length < sizeof(f->cpus)) {
		memcpy(f->cpus, text, length);
		f->cpus[length] = '\0';
	}
}

void jobs_take_devices(struct jobs *j, struct jobs_unit *u, const char *text)
{
	struct jobs_facts *f = &u->next_facts;
	struct jobs_device set[DEVICES_MAX];
	int n = text ? jobs_parse_devices(text, set, DEVICES_MAX) : -1;

	f->gpus.known = n >= 0 && u->indom == JOBS_INDOM_job;
	f->gpu_list[0] = '\0';
	if (f->gpus.known)
		f->gpus.value =
			jobs_gpus(j->root, set, (unsigned)n, f->gpu_list, sizeof(f->gpu_list));
}

// The epilog removes the note before the group goes: what it said stays.
void jobs_take_note(struct jobs *j, struct jobs_unit *u)
{
	struct jobs_facts *f = &u->next_facts;
	unsigned numbers[JOBS_GPUS_MAX];
	char text[1024];
	int n = -1;

	if (jobs_read_note(j->root, u->name.id, text, sizeof(text)))
		n = jobs_parse_gpus(text, numbers, JOBS_GPUS_MAX);
	if (n < 0)
		return;
	if (f->gpus.known && u->n_noted == (unsigned)n &&
		memcmp(u->noted, numbers, (unsigned)n * sizeof(*numbers)) == 0)
		return; // it takes many files to name them
	jobs_set(&f->gpus, (unsigned)n);
	memcpy(u->noted, numbers, (unsigned)n * sizeof(*numbers));
	u->n_noted = (unsigned)n;
	jobs_numbered_gpus(j->root, numbers, (unsigned)n, f->gpu_list, sizeof(f->gpu_list));
}
