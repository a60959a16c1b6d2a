// SPDX-License-Identifier: Apache-2.0
// The third work: what each job has of the last-level cache and of the bandwidth to memory, where somebody
// has made monitoring groups for jobs in resctrl. A group is a job's if its tasks are; an empty one, if it
// is called by the job's number. Nothing is written: a site that wants this makes the groups in its prolog.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/frame/set.h"
#include "pmdas/jobs/jobs.h"

#define TOP         "sys/fs/resctrl"
#define EVERY       3 // rounds of the clock
#define WATCHES_MAX 256
#define SHARES_MAX  1024
#define PARTS_MAX   32
#define TASKS_MAX   64 // of a group that are looked at
#define PATH_ROOM   200
#define HELD_MAX    384 // files that stay open

struct owner { // a job
	char path[JOBS_PATH];
	uint64_t inode;
	char id[64]; // of its instance
	char job[24];
};

struct count { // of one counter of a part in a group
	uint64_t before;
	bool begun;
};

enum { OCCUPANCY, LOCAL, TOTAL, FILES };

struct part {
	unsigned number;
	struct count local, total;
	struct frame_held files[FILES];
};

struct watch { // a group that is a job's
	char folder[PATH_ROOM];
	struct owner owner;
	bool found;
	bool is_second_hand; // was another job's until this look
	struct part parts[PARTS_MAX];
	unsigned n_parts;
};

struct share { // what a job has of a part: the sum over its groups
	struct owner owner;
	unsigned number;
	bool seen; // in this reading
	struct jobs_cache next;
	struct jobs_cache shown; // under the lock, as what follows
	bool is_listed;
};

struct jobs_resctrl {
	struct jobs *jobs;
	uint64_t rounds;
	uint64_t signature;            // of the jobs there were when groups were looked for
	struct owner owners[JOBS_MAX]; // the jobs there are
	unsigned n_owners;
	struct watch *watches[WATCHES_MAX];
	unsigned n_watches;
	unsigned n_held; // files
	struct share *shares[SHARES_MAX];
	unsigned n_shares;
	// Under the lock.
	struct share *listed[SHARES_MAX];
	unsigned n_listed;
	struct share *garbage[SHARES_MAX]; // that instances may still point to
	unsigned n_garbage;
};

// Whose a group is.

static void take_owners(struct jobs_resctrl *r)
{
	const struct jobs *j = r->jobs;

	r->n_owners = 0;
	frame_crew_hold(j->crew);
	for (unsigned i = 0; i < j->n_listed && r->n_owners < JOBS_MAX; i++) {
		const struct jobs_unit *u = j->listed[i];
		struct owner *o = &r->owners[r->n_owners];

		if (u->indom != JOBS_INDOM_job || u->ended_ns != 0)
			continue;
		memcpy(o->path, u->path, sizeof(o->path));
		memcpy(o->id, u->id, sizeof(o->id));
		memcpy(o->job, u->name.id, sizeof(o->job));
		o->inode = u->inode;
		r->n_owners++;
	}
	frame_crew_release(j->crew);
}

static const struct owner *owner_of_task(const struct jobs_resctrl *r, unsigned task)
{
	struct frame_job job;

	if (frame_job_of(r->jobs->root, task, &job) < 0)
		return NULL;
	for (unsigned i = 0; i < r->n_owners; i++) {
		if (strcmp(r->owners[i].path, job.path) == 0)
			return &r->owners[i];
	}
	return NULL;
}

// The number at the end of "job_101", "slurm-101" or "101".
static const struct owner *owner_of_name(const struct jobs_resctrl *r, const char *name)
{
	const char *digits = name + strlen(name);

	while (digits > name && isdigit((unsigned char)digits[-1]))
		digits--;
	for (unsigned i = 0; i < r->n_owners; i++) {
		const char *job = r->owners[i].job;

		if (strcmp(job, name) == 0 || (*digits != '\0' && strcmp(job, digits) == 0))
			return &r->owners[i];
	}
	return NULL;
}

static const struct owner *owner_of(const struct jobs_resctrl *r, const char *folder)
{
	char path[PATH_ROOM + 16];
	char text[4096];
	unsigned tasks[TASKS_MAX];
	const struct owner *owner;
	unsigned n = 0;

	pmsprintf(path, sizeof(path), "%s/tasks", folder);
	if (frame_read_head(r->jobs->root, path, text, sizeof(text)) > 0)
		n = jobs_parse_pids(text, tasks, TASKS_MAX);
	if (n == 0)
		return owner_of_name(r, strrchr(folder, '/') + 1);
	owner = owner_of_task(r, tasks[0]);
	for (unsigned i = 1; i < n && owner != NULL; i++) {
		if (owner_of_task(r, tasks[i]) != owner)
			owner = NULL;
	}
	return owner;
}

// Which groups there are.

static struct watch *watch_of(struct jobs_resctrl *r, const char *folder)
{
	struct watch *w;

	for (unsigned i = 0; i < r->n_watches; i++) {
		if (strcmp(r->watches[i]->folder, folder) == 0)
			return r->watches[i];
	}
	if (r->n_watches == WATCHES_MAX)
		return NULL;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return NULL;
	pmsprintf(w->folder, sizeof(w->folder), "%s", folder);
	r->watches[r->n_watches++] = w;
	return w;
}

// A group that goes over to another job begins from what it shows.
static void give_to(struct watch *w, const struct owner *owner)
{
	bool is_other = w->owner.id[0] != '\0' &&
	                (strcmp(w->owner.path, owner->path) != 0 || w->owner.inode != owner->inode);

	w->owner = *owner;
	w->found = true;
	for (unsigned i = 0; is_other && i < w->n_parts; i++)
		w->parts[i].local.begun = w->parts[i].total.begun = false;
	w->is_second_hand = is_other;
}

static void close_file(struct jobs_resctrl *r, struct frame_held *h)
{
	r->n_held -= frame_held_is_open(h);
	frame_held_close(h);
}

static void free_watch(struct jobs_resctrl *r, struct watch *w)
{
	for (unsigned i = 0; i < w->n_parts; i++) {
		for (unsigned k = 0; k < FILES; k++)
			close_file(r, &w->parts[i].files[k]);
	}
	free(w);
}

static bool add_group(struct jobs_resctrl *r, const char *folder)
{
	const struct owner *owner = owner_of(r, folder);
	struct watch *w = owner ? watch_of(r, folder) : NULL;

	if (w == NULL)
		return false;
	give_to(w, owner);
	return true;
}

// The next folder in it, with its path.
static bool next_folder(DIR *dir, const char *path, char below[PATH_ROOM])
{
	struct dirent *e;

	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): our own stream
		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) ||
			strlen(path) + strlen(e->d_name) + 2 > PATH_ROOM)
			continue;
		pmsprintf(below, PATH_ROOM, "%s/%s", path, e->d_name);
		return true;
	}
	return false;
}

static void add_groups_in(struct jobs_resctrl *r, const char *group)
{
	char path[PATH_ROOM];
	char below[PATH_ROOM];
	DIR *dir;

	if (strlen(group) + strlen("/mon_groups") >= sizeof(path))
		return;
	pmsprintf(path, sizeof(path), "%s/mon_groups", group);
	dir = frame_open_folder(r->jobs->root, path);
	if (dir == NULL)
		return;
	while (next_folder(dir, path, below))
		(void)add_group(r, below);
	closedir(dir);
}

static bool is_no_group(const char *folder)
{
	static const char *const names[] = {TOP "/info", TOP "/mon_data", TOP "/mon_groups"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(folder, names[i]) == 0)
			return true;
	}
	return false;
}

// A group of its own share of the cache counts for those below it, too: they are looked at only where
// it is not one job's.
static void look(struct jobs_resctrl *r)
{
	DIR *dir = frame_open_folder(r->jobs->root, TOP);
	char below[PATH_ROOM];
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_watches; i++)
		r->watches[i]->found = false;
	if (dir != NULL) {
		add_groups_in(r, TOP);
		while (next_folder(dir, TOP, below)) {
			if (!is_no_group(below) && !add_group(r, below))
				add_groups_in(r, below);
		}
		closedir(dir);
	}
	for (unsigned i = 0; i < r->n_watches; i++) {
		if (r->watches[i]->found)
			r->watches[n++] = r->watches[i];
		else
			free_watch(r, r->watches[i]);
	}
	r->n_watches = n;
}

// What they count.

// Counters go on from where they are; all is known unless some part of it cannot be read.
static void begin_reading(struct share *s)
{
	s->seen = false;
	jobs_set(&s->next.occupancy, 0);
	s->next.local.known = s->next.total.known = true;
}

static struct share *share_of(struct jobs_resctrl *r, const struct owner *owner, unsigned number)
{
	struct share *s;

	for (unsigned i = 0; i < r->n_shares; i++) {
		s = r->shares[i];
		if (s->number == number && s->owner.inode == owner->inode &&
			strcmp(s->owner.path, owner->path) == 0)
			return s;
	}
	if (r->n_shares == SHARES_MAX)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->owner = *owner;
	s->number = number;
	begin_reading(s);
	r->shares[r->n_shares++] = s;
	return s;
}

static struct part *part_of(struct watch *w, unsigned number)
{
	for (unsigned i = 0; i < w->n_parts; i++) {
		if (w->parts[i].number == number)
			return &w->parts[i];
	}
	if (w->n_parts == PARTS_MAX)
		return NULL;
	w->parts[w->n_parts] = (struct part){.number = number};
	return &w->parts[w->n_parts++];
}

// "Unavailable" and "Error" are none.
static bool read_value(
	struct jobs_resctrl *r, struct part *p, const char *folder, unsigned file, uint64_t *ret)
{
	static const char *const names[FILES] = {
		"llc_occupancy", "mbm_local_bytes", "mbm_total_bytes"};
	struct frame_held *h = &p->files[file];
	char path[PATH_ROOM + 64];
	char text[32];
	ssize_t n;

	pmsprintf(path, sizeof(path), "%s/%s", folder, names[file]);
	r->n_held -= frame_held_is_open(h);
	n = frame_held_read(h, r->jobs->root, path, text, sizeof(text));
	r->n_held += frame_held_is_open(h);
	if (r->n_held > HELD_MAX)
		close_file(r, h);
	return n > 0 && frame_parse_number(text, ret) == 0;
}

// Adds to what is there already of the job's other groups. A sum without one of them is none.
static void count(struct count *c, bool is_second_hand, uint64_t raw, struct frame_reading *ret)
{
	if (c->begun && raw > c->before)
		ret->value += raw - c->before;
	else if (!c->begun && !is_second_hand)
		ret->value += raw;
	c->before = raw;
	c->begun = true;
}

static void read_part(struct jobs_resctrl *r, struct watch *w, const char *folder, unsigned number)
{
	struct share *s = share_of(r, &w->owner, number);
	struct part *p = part_of(w, number);
	uint64_t raw;

	if (s == NULL || p == NULL)
		return;
	s->seen = true;
	if (read_value(r, p, folder, OCCUPANCY, &raw))
		s->next.occupancy.value += raw;
	else
		s->next.occupancy.known = false;
	if (read_value(r, p, folder, LOCAL, &raw))
		count(&p->local, w->is_second_hand, raw, &s->next.local);
	else
		s->next.local.known = false;
	if (read_value(r, p, folder, TOTAL, &raw))
		count(&p->total, w->is_second_hand, raw, &s->next.total);
	else
		s->next.total.known = false;
}

static void read_watch(struct jobs_resctrl *r, struct watch *w)
{
	static const char begin[] = "mon_L3_";
	char path[PATH_ROOM];
	char below[PATH_ROOM];
	DIR *dir;

	if (strlen(w->folder) + strlen("/mon_data") >= sizeof(path))
		return;
	pmsprintf(path, sizeof(path), "%s/mon_data", w->folder);
	dir = frame_open_folder(r->jobs->root, path);
	if (dir == NULL)
		return;
	while (next_folder(dir, path, below)) {
		const char *s = strrchr(below, '/') + 1;
		uint64_t number;

		if (strncmp(s, begin, strlen(begin)) != 0)
			continue;
		s += strlen(begin);
		if (frame_take_number(&s, &number) == 0 && *s == '\0' && number < 100000)
			read_part(r, w, below, (unsigned)number);
	}
	closedir(dir);
	w->is_second_hand = false;
}

// Seldom, unless there are other jobs.
static void look_if_due(struct jobs_resctrl *r)
{
	uint64_t signature = 0;

	take_owners(r);
	for (unsigned i = 0; i < r->n_owners; i++)
		signature = signature * 31 + r->owners[i].inode;
	if (r->rounds++ % EVERY == 0 || signature != r->signature)
		look(r);
	r->signature = signature;
}

static void sample(void *device, uint64_t want)
{
	struct jobs_resctrl *r = device;

	if (want & FRAME_LOOK)
		look_if_due(r);
	for (unsigned i = 0; i < r->n_shares; i++)
		begin_reading(r->shares[i]);
	for (unsigned i = 0; i < r->n_watches; i++)
		read_watch(r, r->watches[i]);
	for (unsigned i = 0; i < r->n_shares; i++) {
		struct jobs_cache *c = &r->shares[i]->next;

		if (!r->shares[i]->seen) // the group is gone
			c->occupancy.known = c->local.known = c->total.known = false;
	}
}

// Showing

static struct jobs_unit *unit_of(const struct jobs *j, const struct owner *owner)
{
	for (unsigned i = 0; i < j->n_listed; i++) {
		struct jobs_unit *u = j->listed[i];

		if (u->indom == JOBS_INDOM_job && u->inode == owner->inode &&
			strcmp(u->path, owner->path) == 0)
			return u;
	}
	return NULL;
}

// A sum without one of its parts is none.
static void add(struct frame_reading *sum, const struct frame_reading *r, bool is_first)
{
	sum->value = is_first ? r->value : sum->value + r->value;
	sum->known = r->known && (is_first || sum->known);
}

static void add_share(struct jobs_job *shown, const struct jobs_cache *c)
{
	bool is_first = !shown->has_cache;

	add(&shown->occupancy, &c->occupancy, is_first);
	add(&shown->local, &c->local, is_first);
	add(&shown->total, &c->total, is_first);
	shown->has_cache = true;
}

static void clear_sums(struct jobs *j)
{
	const struct frame_reading none = {0};

	for (unsigned i = 0; i < j->n_listed; i++) {
		struct jobs_job *shown = &j->listed[i]->shown;

		shown->occupancy = shown->local = shown->total = none;
		shown->has_cache = false;
	}
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct jobs_resctrl *r = device;
	struct jobs *j = r->jobs;
	unsigned n = 0;

	(void)want, (void)now_ns;
	clear_sums(j);
	for (unsigned i = 0; i < r->n_shares; i++) {
		struct share *s = r->shares[i];
		struct jobs_unit *u = unit_of(j, &s->owner);

		j->changed |= u == NULL || !s->is_listed;
		if (u == NULL && r->n_garbage < SHARES_MAX) {
			r->garbage[r->n_garbage++] = s;
			continue;
		}
		r->shares[n++] = s;
		s->is_listed = true;
		s->shown = s->next;
		if (u == NULL)
			continue;
		add_share(&u->shown, &s->shown);
	}
	r->n_shares = n;
	memcpy(r->listed, r->shares, n * sizeof(struct share *));
	r->n_listed = n;
}

static void lose(void *device)
{
	struct jobs_resctrl *r = device;

	for (unsigned i = 0; i < r->n_listed; i++)
		memset(&r->listed[i]->shown, 0, sizeof(r->listed[i]->shown));
	clear_sums(r->jobs);
}

bool jobs_resctrl_gather(struct jobs_resctrl *r, struct frame_set *set)
{
	for (unsigned i = 0; i < r->n_listed; i++) {
		struct share *s = r->listed[i];
		struct frame_instance *instance;
		char name[128];

		pmsprintf(name, sizeof(name), "%s:L3-%u", s->owner.id, s->number);
		instance = frame_set_add(set, name, &s->shown);
		if (instance == NULL)
			return false;
		frame_label(instance, "job", s->owner.job);
		frame_label(instance, "cache", strrchr(name, ':') + 1);
	}
	return true;
}

void jobs_resctrl_clean(struct jobs_resctrl *r)
{
	for (unsigned i = 0; i < r->n_garbage; i++)
		free(r->garbage[i]);
	r->n_garbage = 0;
}

int jobs_resctrl_start(struct jobs *j)
{
	struct frame_work work = {.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = JOBS_BIT(CACHE) | FRAME_LOOK};
	struct jobs_resctrl *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return -ENOMEM;
	r->jobs = j;
	j->resctrl = r;
	work.device = r;
	return frame_crew_add(j->crew, &work);
}

void jobs_resctrl_free(struct jobs_resctrl *r)
{
	if (r == NULL)
		return;
	for (unsigned i = 0; i < r->n_watches; i++)
		free_watch(r, r->watches[i]);
	for (unsigned i = 0; i < r->n_shares; i++)
		free(r->shares[i]);
	jobs_resctrl_clean(r);
	free(r);
}
