// SPDX-License-Identifier: Apache-2.0
// The life of the PMDA `jobs`, and the first of its three works: control groups. A job lives in memory of its
// own, that is freed only when no instance points to it.
#include "pmdas/jobs/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define LINGER_NS INT64_C(60000000000) // what an ended job has counted is logged once more

int64_t jobs_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int jobs_read_milli(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	int rc = frame_read_u64(m, record, ret);

	if (rc == PMDA_FETCH_STATIC)
		ret->d = (double)ret->ull / 1000;
	return rc;
}

int jobs_read_polls(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct jobs *j = record;

	(void)m;
	ret->ull = frame_crew_polls(j->crew);
	return PMDA_FETCH_STATIC;
}

static void free_unit(struct jobs *j, struct jobs_unit *u)
{
	jobs_group_close(j, u);
	jobs_cores_free(&u->cores);
	free(u->each_cpu);
	free(u);
}

static void free_units(struct jobs *j, struct jobs_unit *list)
{
	while (list != NULL) {
		struct jobs_unit *next = list->next_gone;

		free_unit(j, list);
		list = next;
	}
}

// Those that have ended and were shown long enough.
static void retire(struct jobs *j)
{
	int64_t now = jobs_now_ns();
	unsigned n = 0;

	for (unsigned i = 0; i < j->n; i++) {
		struct jobs_unit *u = j->units[i];

		if (u->ended_ns != 0 && now - u->ended_ns >= LINGER_NS) {
			j->n_jobs -= u->indom == JOBS_INDOM_job;
			u->next_gone = j->gone;
			j->gone = u;
		} else {
			j->units[n++] = u;
		}
	}
	j->n = n;
}

static void sample(void *device, uint64_t want)
{
	struct jobs *j = device;

	jobs_find(j, want);
	for (unsigned i = 0; i < j->n; i++) {
		struct jobs_unit *u = j->units[i];

		if (u->ended_ns == 0 && u->seen)
			jobs_group_read(j, u, want);
		else if (u->ended_ns == 0)
			jobs_group_end(j, u);
	}
	retire(j);
}

static bool has_other_disks(const struct jobs_unit *u)
{
	return u->n_disks != u->n_shown_disks;
}

static bool publish_cores(struct jobs_unit *u, int64_t now_ns)
{
	uint64_t totals[JOBS_CPUS_MAX];
	bool changed = u->has_cpus && jobs_cores_bind(u, u->bound, u->n_bound);

	u->has_cpus = false;
	if (u->each_cpu == NULL || u->ended_ns != 0)
		return changed;
	for (unsigned i = 0; i < u->n_cpus; i++)
		totals[i] = u->each_cpu[i].total;
	return jobs_cores_publish(u, totals, u->n_cpus, "kernel", now_ns) || changed;
}

static void publish_unit(struct jobs *j, struct jobs_unit *u, uint64_t want, int64_t now_ns)
{
	const struct jobs_facts *old = &u->shown.facts;
	const struct jobs_facts *new = &u->next_facts;
	bool facts = strcmp(old->cpus, new->cpus) != 0 || strcmp(old->gpu_list, new->gpu_list) != 0;

	j->changed |= u->is_renamed || has_other_disks(u) || facts;
	u->is_renamed = false;
	u->shown.group = u->next;
	u->shown.facts = u->next_facts;
	memcpy(u->shown_disks, u->disks, u->n_disks * sizeof(*u->disks));
	u->n_shown_disks = u->n_disks;
	if (u->indom == JOBS_INDOM_job && (want & (JOBS_BIT(CORE) | FRAME_LOOK)))
		j->changed |= publish_cores(u, now_ns);
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct jobs *j = device;

	for (unsigned i = 0; i < j->n; i++)
		publish_unit(j, j->units[i], want, now_ns);
	j->changed |= j->n != j->n_listed ||
	              memcmp(j->listed, j->units, j->n * sizeof(struct jobs_unit *)) != 0;
	memcpy(j->listed, j->units, j->n * sizeof(struct jobs_unit *));
	j->n_listed = j->n;
	j->has_looked = true;
	jobs_set(&j->node.jobs, j->n_jobs);
	jobs_set(&j->node.left_out, j->left_out);
	jobs_set(&j->node.descriptors, j->descriptors);
	while (j->gone != NULL) {
		struct jobs_unit *u = j->gone;

		j->gone = u->next_gone;
		u->next_gone = j->garbage;
		j->garbage = u;
	}
}

static void lose(void *device)
{
	struct jobs *j = device;

	for (unsigned i = 0; i < j->n_listed; i++) {
		struct jobs_unit *u = j->listed[i];

		memset(&u->shown.group, 0, sizeof(u->shown.group));
		for (unsigned k = 0; k < u->n_shown_disks; k++)
			memset(u->shown_disks[k].v, 0, sizeof(u->shown_disks[k].v));
	}
}

void jobs_refresh(struct frame *f, void *state)
{
	struct jobs *j = state;

	if (!j->changed)
		return;
	jobs_show(j, f);
	if (j->changed) // no memory: tried again
		return;
	free_units(j, j->garbage);
	j->garbage = NULL;
	jobs_resctrl_clean(j->resctrl);
}

// The CPUs that this machine may ever have.
static unsigned count_cpus(int root)
{
	unsigned ids[JOBS_CPUS_MAX];
	char text[1024];
	int n = 0;

	if (frame_read_file(root, "sys/devices/system/cpu/possible", text, sizeof(text)) > 0)
		n = frame_parse_list(text, ids, JOBS_CPUS_MAX);
	return n > 0 ? ids[n - 1] + 1 : JOBS_CPUS_MAX;
}

static unsigned quarter_of_descriptors(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (unsigned)(limit.rlim_cur / 4) : 0;
}

int jobs_open(struct frame *f, const struct frame_options *options, void **ret_state)
{
	struct jobs *j = calloc(1, sizeof(*j));
	struct frame_work work = {
		.device = j,
		.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = ~(JOBS_BIT(PROCESS) | JOBS_BIT(CACHE)),
	};
	int rc;

	if (j == NULL)
		return -ENOMEM;
	j->crew = f->crew;
	j->is_elsewhere = *options->root != '\0';
	j->descriptors_max = quarter_of_descriptors();
	rc = j->root = frame_open_root(options->root);
	if (rc >= 0) {
		j->n_cpus = count_cpus(j->root);
		jobs_find_hierarchies(j);
		rc = frame_crew_add(f->crew, &work);
	}
	if (rc == 0)
		rc = jobs_scan_start(j);
	if (rc == 0)
		rc = jobs_resctrl_start(j);
	if (rc < 0) {
		jobs_close(j);
		return rc;
	}
	*ret_state = j;
	return 0;
}

void jobs_close(void *state)
{
	struct jobs *j = state;

	jobs_scan_free(j->scan);
	jobs_resctrl_free(j->resctrl);
	for (unsigned i = 0; i < j->n; i++)
		free_unit(j, j->units[i]);
	free_units(j, j->gone);
	free_units(j, j->garbage);
	if (j->root >= 0)
		close(j->root);
	free(j);
}
