// SPDX-License-Identifier: Apache-2.0
// Reads the files of one control group. Those that are read often stay open.
#include <errno.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/jobs/jobs.h"

#define SETTLED_NS \
	INT64_C(30000000000) // controllers and limits of a group come with it, or soon after
#define SELDOM_EVERY 6       // looks of the clock

_Static_assert(JOBS_GROUP_READINGS * sizeof(struct frame_reading) == sizeof(struct jobs_group),
	"a group has readings only");

uint64_t jobs_fold(struct jobs_fold *f, uint64_t raw)
{
	if (!f->begun)
		f->total = raw;
	else if (raw > f->before)
		f->total += raw - f->before;
	f->before = raw;
	f->begun = true;
	return f->total;
}

static void close_file(struct jobs *j, struct jobs_unit *u, unsigned file)
{
	j->descriptors -= frame_held_is_open(&u->files[file]);
	frame_held_close(&u->files[file]);
}

void jobs_group_close(struct jobs *j, struct jobs_unit *u)
{
	for (unsigned i = 0; i < jobs_n_files; i++)
		close_file(j, u, i);
}

// The folder of the version or controller, and the group below it.
static void name_file(const struct jobs *j, const struct jobs_unit *u, const struct jobs_file *file,
	char *ret, size_t size)
{
	if (file->version == 1)
		pmsprintf(
			ret, size, FRAME_GROUPS "/%s%s/%s", file->controller, u->path, file->name);
	else
		pmsprintf(ret, size, "%s%s/%s", j->hierarchies[u->hierarchy].folder, u->path,
			file->name);
}

// The text, or a negative errno value. A text that does not fit is cut: rows that matter come first,
// and a row that is cut is not understood.
static ssize_t read_text(struct jobs *j, struct jobs_unit *u, unsigned i, char *text, size_t size)
{
	struct frame_held *held = &u->files[i];
	char path[JOBS_PATH + 96] = "";
	ssize_t n;

	j->descriptors -= frame_held_is_open(held);
	if (!frame_held_is_open(held))
		name_file(j, u, &jobs_files[i], path, sizeof(path));
	n = frame_held_head(held, j->root, path, text, size);
	j->descriptors += frame_held_is_open(held);
	if (frame_held_is_open(held) &&
		(jobs_files[i].pace == JOBS_SELDOM || j->descriptors > j->descriptors_max))
		close_file(j, u, i);
	return n;
}

static struct frame_reading *reading(struct jobs_group *g, size_t field)
{
	return (void *)((char *)g + field);
}

static void take_keys(struct jobs_unit *u, const struct jobs_file *file, const char *text)
{
	struct frame_reading raw[JOBS_KEYS_MAX] = {0};

	file->parse(text, file->keys, file->n_keys, raw);
	for (unsigned i = 0; i < file->n_keys; i++) {
		const struct jobs_key *key = &file->keys[i];
		struct frame_reading *ret = reading(&u->next, key->field);
		uint64_t value = raw[i].value;

		ret->known = raw[i].known;
		if (!ret->known)
			continue;
		value = value * (key->multiply ? key->multiply : 1) /
		        (key->divide ? key->divide : 1);
		ret->value = key->kind == JOBS_COUNTER
		                     ? jobs_fold(&u->folds[key->field / sizeof(*ret)], value)
		                     : value;
	}
}

static void read_one(struct jobs *j, struct jobs_unit *u, unsigned i)
{
	const struct jobs_file *file = &jobs_files[i];
	char text[8192];
	ssize_t n = read_text(j, u, i, text, sizeof(text));

	if (n == -ENODEV) // the group has just been removed: what was read last stays
		return;
	if (n < 0)
		text[0] = '\0';
	if (file->take != NULL)
		file->take(j, u, n < 0 ? NULL : text);
	else
		take_keys(u, file, text);
}

// What follows from others.
static void derive(struct jobs_group *g)
{
	g->used = g->anon;
	g->used.value += g->shmem.value;
	g->used.known = g->anon.known && g->shmem.known;
	g->huge.value = g->huge_2m.value * g->huge_2m.known + g->huge_1g.value * g->huge_1g.known;
	g->huge.known = g->huge_2m.known || g->huge_1g.known;
	if (g->period.known) {
		g->cpu_limit.known = g->quota.known && g->period.value != 0;
		if (g->cpu_limit.known)
			g->cpu_limit.value = g->quota.value * 1000 / g->period.value;
	}
}

void jobs_group_read(struct jobs *j, struct jobs_unit *u, uint64_t want)
{
	bool is_new = u->found_ns == 0;
	bool look = is_new || (want & FRAME_LOOK);
	bool settling;
	bool seldom;

	if (is_new)
		u->found_ns = jobs_now_ns();
	settling = look && jobs_now_ns() - u->found_ns < SETTLED_NS;
	seldom = look && (settling || u->looks++ % SELDOM_EVERY == 0);
	if (u->indom == JOBS_INDOM_step)
		want >>= JOBS_STEPS;
	for (unsigned i = 0; i < jobs_n_files; i++) {
		const struct jobs_file *file = &jobs_files[i];

		if (file->version != u->version)
			continue;
		if (settling && frame_held_is_absent(&u->files[i]))
			frame_held_close(&u->files[i]);
		if (file->instead && !frame_held_is_absent(&u->files[i - 1]))
			continue;
		if (is_new || (file->pace == JOBS_SELDOM ? seldom : (want & file->clusters) != 0))
			read_one(j, u, i);
	}
	if (seldom && u->version == 2 && u->indom == JOBS_INDOM_job)
		jobs_take_note(j, u);
	derive(&u->next);
}

void jobs_group_end(struct jobs *j, struct jobs_unit *u)
{
	jobs_group_close(j, u);
	for (unsigned i = 0; i < jobs_n_files; i++) {
		for (unsigned k = 0; k < jobs_files[i].n_keys; k++) {
			const struct jobs_key *key = &jobs_files[i].keys[k];

			if (key->kind == JOBS_NOW)
				reading(&u->next, key->field)->known = false;
		}
	}
	derive(&u->next);
	u->ended_ns = jobs_now_ns();
}
