// SPDX-License-Identifier: Apache-2.0
// Which jobs and steps there are. The agent's own clock looks through all hierarchies; in between, each
// reading looks into the folders that had jobs, so that a fetch knows of a new one for little.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/jobs/jobs.h"

static void add_hierarchy(struct jobs *j, const char *folder, const char *mark, int version)
{
	struct jobs_hierarchy *h = &j->hierarchies[j->n_hierarchies];
	char path[80];

	pmsprintf(path, sizeof(path), "%s/%s", folder, mark);
	if (j->n_hierarchies == JOBS_HIERARCHIES || faccessat(j->root, path, F_OK, 0) < 0)
		return;
	pmsprintf(h->folder, sizeof(h->folder), "%s", folder);
	h->version = version;
	j->n_hierarchies++;
}

void jobs_find_hierarchies(struct jobs *j)
{
	static const char *const controllers[] = {
		"memory", "cpuacct", "cpu", "cpuset", "devices", "blkio", "pids"};
	bool has[3] = {false};

	add_hierarchy(j, FRAME_GROUPS, "cgroup.controllers", 2);
	add_hierarchy(j, FRAME_GROUPS "/unified", "cgroup.controllers", 2);
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		char folder[40];

		pmsprintf(folder, sizeof(folder), FRAME_GROUPS "/%s", controllers[i]);
		add_hierarchy(j, folder, "tasks", 1);
	}
	for (unsigned i = 0; i < j->n_hierarchies; i++)
		has[j->hierarchies[i].version] = true;
	pmsprintf(j->node.groups, sizeof(j->node.groups), "%s",
		has[1] && has[2] ? "1+2"
		: has[1]         ? "1"
		: has[2]         ? "2"
				 : "none");
}

static bool is_alive(const struct jobs_unit *u)
{
	return u->ended_ns == 0;
}

// The unit of that group. One that has ended stands for the group as long as other hierarchies still have
// it: Slurm removes them one after the other.
static struct jobs_unit *unit_of(
	struct jobs *j, unsigned hierarchy, const char *path, uint64_t inode)
{
	for (unsigned i = 0; i < j->n; i++) {
		struct jobs_unit *u = j->units[i];

		if (u->version != j->hierarchies[hierarchy].version || strcmp(u->path, path) != 0)
			continue;
		if (u->hierarchy != hierarchy)
			return u;
		if (is_alive(u) && u->inode == inode) {
			u->seen = true;
			return u;
		}
	}
	return NULL;
}

// The slurmd of a node with several is in the first part of the path, /slurm_NODE or
// NODE_slurmstepd.scope; the whole path tells them apart whatever it is.
static void name_unit(const struct jobs *j, struct jobs_unit *u)
{
	char id[sizeof(u->id)];

	if (u->indom == JOBS_INDOM_step)
		pmsprintf(id, sizeof(id), "%s.%s", u->name.id, u->name.step);
	else
		pmsprintf(id, sizeof(id), "%s", u->name.id);
	for (unsigned i = 0; i < j->n; i++) {
		const struct jobs_unit *o = j->units[i];

		if (o != u && is_alive(o) && o->indom == u->indom && strcmp(o->id, id) == 0) {
			size_t n = strlen(id);

			pmsprintf(id + n, sizeof(id) - n, "@");
			jobs_copy_name(id + n + 1, sizeof(id) - n - 1, u->path + 1);
			break;
		}
	}
	memcpy(u->id, id, sizeof(id));
}

static struct jobs_unit *new_unit(struct jobs *j, unsigned hierarchy, enum jobs_indom indom)
{
	struct jobs_unit *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->indom = indom;
	u->hierarchy = hierarchy;
	u->version = j->hierarchies[hierarchy].version;
	if (indom == JOBS_INDOM_job && jobs_cores_init(&u->cores, j->n_cpus) < 0) {
		jobs_cores_free(&u->cores);
		free(u);
		return NULL;
	}
	return u;
}

struct search {
	struct jobs *jobs;
	unsigned hierarchy;
	bool steps;
};

static void add_parent(struct jobs *j, unsigned hierarchy, const char *path)
{
	for (unsigned i = 0; i < j->n_parents; i++) {
		if (j->parents[i].hierarchy == hierarchy && strcmp(j->parents[i].path, path) == 0)
			return;
	}
	if (j->n_parents == JOBS_PARENTS)
		return;
	j->parents[j->n_parents].hierarchy = hierarchy;
	pmsprintf(j->parents[j->n_parents].path, JOBS_PATH, "%s", path);
	j->n_parents++;
}

static void found(void *context, const char *parent, const char *path, const struct frame_job *name,
	uint64_t inode)
{
	struct search *s = context;
	struct jobs *j = s->jobs;
	struct jobs_unit *u = unit_of(j, s->hierarchy, path, inode);

	if (s->steps != (name->step[0] != '\0'))
		return;
	if (u == NULL) {
		if (j->n == JOBS_UNITS_MAX || (!s->steps && j->n_jobs == JOBS_MAX)) {
			j->left_out++;
			return;
		}
		u = new_unit(j, s->hierarchy, s->steps ? JOBS_INDOM_step : JOBS_INDOM_job);
		if (u == NULL)
			return;
		u->name = *name;
		u->is_sluid = name->is_sluid;
		u->inode = inode;
		u->seen = true;
		pmsprintf(u->path, sizeof(u->path), "%s", path);
		(void)frame_job_resolve(j->root, &u->name);
		name_unit(j, u);
		j->units[j->n++] = u;
		j->n_jobs += !s->steps;
	}
	if (!s->steps && u->hierarchy == s->hierarchy)
		add_parent(j, s->hierarchy, parent);
}

static void look_through_all(struct jobs *j)
{
	struct search s = {.jobs = j};

	j->n_parents = 0;
	j->left_out = 0;
	for (s.hierarchy = 0; s.hierarchy < j->n_hierarchies; s.hierarchy++)
		frame_walk(j->root, j->hierarchies[s.hierarchy].folder, "", found, &s);
}

static void look_into_parents(struct jobs *j)
{
	unsigned n = j->n_parents; // none is added

	for (unsigned i = 0; i < n; i++) {
		struct search s = {.jobs = j, .hierarchy = j->parents[i].hierarchy};

		frame_walk(
			j->root, j->hierarchies[s.hierarchy].folder, j->parents[i].path, found, &s);
	}
}

static void look_for_steps(struct jobs *j)
{
	unsigned n = j->n;

	for (unsigned i = 0; i < n; i++) {
		const struct jobs_unit *u = j->units[i];
		struct search s = {.jobs = j, .hierarchy = u->hierarchy, .steps = true};

		if (u->indom == JOBS_INDOM_job && u->seen)
			frame_walk(j->root, j->hierarchies[s.hierarchy].folder, u->path, found, &s);
	}
}

// A SLUID whose slurmstepd was not there yet.
static void resolve(struct jobs *j)
{
	for (unsigned i = 0; i < j->n; i++) {
		struct jobs_unit *u = j->units[i];

		if (u->seen && u->name.is_sluid && frame_job_resolve(j->root, &u->name) == 0) {
			name_unit(j, u);
			u->is_renamed = true;
		}
	}
}

void jobs_find(struct jobs *j, uint64_t want)
{
	const uint64_t of_steps = ((UINT64_C(1) << JOBS_STEPS) - 1) << JOBS_STEPS;
	bool steps = (want & (FRAME_LOOK | of_steps)) != 0;

	for (unsigned i = 0; i < j->n; i++)
		j->units[i]->seen = !steps && j->units[i]->indom == JOBS_INDOM_step;
	if (want & FRAME_LOOK)
		look_through_all(j);
	else
		look_into_parents(j);
	if (steps)
		look_for_steps(j);
	if (want & FRAME_LOOK)
		resolve(j);
}
