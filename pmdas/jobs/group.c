// SPDX-License-Identifier: Apache-2.0
// Reads the files of one control group. Files that are read often stay open: the kernel makes their
// text anew for each reading at offset 0, which saves finding the file by its path.
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/jobs/jobs.h"

#define CLOSED (-1) // opened when next needed
#define ABSENT (-2) // not there when last looked for

#define SETTLED_NS INT64_C(60000000000) // controllers of a group come with it, or soon after

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

void jobs_group_init(struct jobs_unit *u)
{
	for (unsigned i = 0; i < JOBS_FILES_MAX; i++)
		u->fds[i] = CLOSED;
}

static void close_file(struct jobs *j, struct jobs_unit *u, unsigned file)
{
	if (u->fds[file] >= 0) {
		close(u->fds[file]);
		j->descriptors--;
	}
	u->fds[file] = CLOSED;
}

void jobs_group_close(struct jobs *j, struct jobs_unit *u)
{
	for (unsigned i = 0; i < jobs_n_files; i++)
		close_file(j, u, i);
}

// The folder of the version or controller, and the group below it.
static int open_file(struct jobs *j, const struct jobs_unit *u, const struct jobs_file *file)
{
	char path[JOBS_PATH + 96];

	if (file->version == 1)
		pmsprintf(path, sizeof(path), FRAME_GROUPS "/%s%s/%s", file->controller, u->path,
			file->name);
	else
		pmsprintf(path, sizeof(path), "%s%s/%s", j->hierarchies[u->hierarchy].folder,
			u->path, file->name);
	return openat(j->root, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
}

// The text, or a negative errno value. A text that does not fit is cut: rows that matter come first,
// and a row that is cut is not understood.
static ssize_t read_text(struct jobs *j, struct jobs_unit *u, unsigned i, char *text, size_t size)
{
	const struct jobs_file *file = &jobs_files[i];
	ssize_t n;

	if (u->fds[i] == CLOSED) {
		u->fds[i] = open_file(j, u, file);
		if (u->fds[i] < 0) {
			int rc = errno;

			u->fds[i] = rc == ENOENT ? ABSENT : CLOSED;
			return -rc;
		}
		j->descriptors++;
	}
	if (u->fds[i] == ABSENT)
		return -ENOENT;
	n = pread(u->fds[i], text, size - 1, 0);
	if (n < 0)
		n = -errno;
	text[n > 0 ? n : 0] = '\0';
	if (n < 0 || file->pace == JOBS_SELDOM || j->descriptors > j->descriptors_max)
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

	if (is_new)
		u->found_ns = jobs_now_ns();
	if (u->indom == JOBS_INDOM_step)
		want >>= JOBS_STEPS;
	for (unsigned i = 0; i < jobs_n_files; i++) {
		const struct jobs_file *file = &jobs_files[i];

		if (file->version != u->version)
			continue;
		if (look && u->fds[i] == ABSENT && jobs_now_ns() - u->found_ns < SETTLED_NS)
			u->fds[i] = CLOSED;
		if (file->instead && u->fds[i - 1] != ABSENT)
			continue;
		if (is_new || (file->pace == JOBS_SELDOM ? look : (want & file->clusters) != 0))
			read_one(j, u, i);
	}
	if (look && u->version == 2 && u->indom == JOBS_INDOM_job)
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
