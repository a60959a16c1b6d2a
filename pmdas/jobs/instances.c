// SPDX-License-Identifier: Apache-2.0
// Makes the instance domains: jobs, steps, and what each job has of cores and disks. Under the lock.
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/set.h"
#include "pmdas/jobs/jobs.h"

static void label_number(struct frame_instance *i, const char *name, const struct frame_reading *r)
{
	char text[24];

	pmsprintf(text, sizeof(text), "%llu", (unsigned long long)r->value);
	if (r->known)
		frame_label(i, name, text);
}

static void label_unit(struct frame_instance *i, const struct jobs_unit *u)
{
	const struct jobs_job *shown = &u->shown;
	const char *last = strrchr(u->path, '/');

	frame_label(i, "job", u->name.id);
	frame_label(i, "step", u->name.step);
	if (u->is_sluid && u->indom == JOBS_INDOM_job && last != NULL)
		frame_label(i, "sluid", last + 1);
	frame_label(i, "user", shown->processes.user);
	label_number(i, "uid", &shown->processes.uid);
	frame_label(i, "account", shown->processes.account);
	frame_label(i, "cpuset", shown->facts.cpus);
	frame_label(i, "gpus", shown->facts.gpu_list);
	frame_label(i, "groups", u->version == 1 ? "1" : "2");
}

static bool add_unit(struct frame_set *set, struct jobs_unit *u)
{
	struct frame_instance *i = frame_set_add(set, u->id, &u->shown);

	if (i == NULL)
		return false;
	label_unit(i, u);
	return true;
}

static bool add_part(struct frame_set *set, const struct jobs_unit *u, const char *kind,
	const char *part, void *record)
{
	struct frame_instance *i;
	char name[128];

	pmsprintf(name, sizeof(name), "%s:%s", u->id, part);
	i = frame_set_add(set, name, record);
	if (i == NULL)
		return false;
	frame_label(i, "job", u->name.id);
	frame_label(i, kind, part);
	return true;
}

static bool add_cores(struct frame_set *set, struct jobs_unit *u)
{
	for (unsigned cpu = 0; cpu < u->cores.n; cpu++) {
		char name[16];

		pmsprintf(name, sizeof(name), "cpu%u", cpu);
		if (u->cores.is_listed[cpu] && !add_part(set, u, "cpu", name, &u->cores.set[cpu]))
			return false;
	}
	return true;
}

static bool add_disks(struct frame_set *set, struct jobs_unit *u)
{
	for (unsigned i = 0; i < u->n_shown_disks; i++) {
		if (!add_part(set, u, "device", u->shown_disks[i].name, &u->shown_disks[i]))
			return false;
	}
	return true;
}

// Of groups with the same name the one that is found last stays: a requeued job.
static bool gather(struct jobs *j, struct frame_set sets[JOBS_INDOMS])
{
	for (unsigned i = 0; i < j->n_listed; i++) {
		struct jobs_unit *u = j->listed[i];

		if (!add_unit(&sets[u->indom], u))
			return false;
		if (u->indom == JOBS_INDOM_job && !(add_cores(&sets[JOBS_INDOM_core], u) &&
							  add_disks(&sets[JOBS_INDOM_disk], u)))
			return false;
	}
	return jobs_resctrl_gather(j->resctrl, &sets[JOBS_INDOM_cache]);
}

void jobs_show(struct jobs *j, struct frame *f)
{
	struct frame_set sets[JOBS_INDOMS] = {0};
	bool ok = gather(j, sets);

	for (unsigned i = 0; i < JOBS_INDOMS; i++) {
		if (ok && frame_indom_set(f, i, sets[i].v, sets[i].n) < 0)
			ok = false;
		frame_set_free(&sets[i]);
	}
	j->changed = !ok;
}
