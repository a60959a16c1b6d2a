// SPDX-License-Identifier: Apache-2.0
// Finds Slurm's job in paths of control groups; see job.h.
#include "pmdas/frame/job.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pcp/pmapi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmdas/frame/parse.h"

#define SCOPE        "slurmstepd.scope"
#define TITLE        "slurmstepd: ["
#define SLUID_LENGTH 14 // "s" and 13 digits of Crockford's base 32
#define JOB_DIGITS   10
#define SLICES_MAX   4 // nested ones around the scope
#define STEPS_MAX    64
#define GROUPS       "sys/fs/cgroup"

struct part { // of a path, between slashes
	const char *s;
	size_t n;
};

// Takes the next part; false at the end of the path (or of its line).
static bool take_part(const char **path, struct part *ret)
{
	while (**path == '/')
		(*path)++;
	ret->s = *path;
	ret->n = strcspn(*path, "/\n");
	*path += ret->n;
	return ret->n != 0;
}

static bool begins(const struct part *p, const char *word)
{
	return p->n >= strlen(word) && memcmp(p->s, word, strlen(word)) == 0;
}

static bool is(const struct part *p, const char *word)
{
	return p->n == strlen(word) && begins(p, word);
}

static bool ends(const struct part *p, const char *word)
{
	size_t n = strlen(word);

	return p->n >= n && memcmp(p->s + p->n - n, word, n) == 0;
}

static bool is_number(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
	}
	return n >= 1 && n <= JOB_DIGITS;
}

static bool is_sluid(const struct part *p)
{
	if (p->n != SLUID_LENGTH || p->s[0] != 's')
		return false;
	for (size_t i = 1; i < p->n; i++) {
		if (strchr("0123456789ABCDEFGHJKMNPQRSTVWXYZ", p->s[i]) == NULL)
			return false;
	}
	return true;
}

static void copy(char *ret, size_t size, const char *s, size_t n)
{
	if (n >= size)
		n = 0;
	memcpy(ret, s, n);
	ret[n] = '\0';
}

// The job's part of a path, and the step behind it.
static int take_job(const char *start, const char *path, struct frame_job *ret)
{
	struct frame_job job = {0};
	struct part p;

	if (!take_part(&path, &p))
		return -ENOENT;
	if (begins(&p, "job_") && is_number(p.s + 4, p.n - 4))
		copy(job.id, sizeof(job.id), p.s + 4, p.n - 4);
	else if (is_sluid(&p))
		copy(job.id, sizeof(job.id), p.s, p.n);
	else
		return -ENOENT;
	job.is_sluid = p.s[0] == 's';
	copy(job.path, sizeof(job.path), start, (size_t)(path - start));
	if (take_part(&path, &p) && begins(&p, "step_")) {
		for (size_t i = 5; i < p.n && i - 5 + 1 < sizeof(job.step); i++)
			job.step[i - 5] = isalnum((unsigned char)p.s[i]) ? p.s[i] : '_';
	}
	*ret = job;
	return 0;
}

int frame_job_of_path(const char *path, struct frame_job *ret)
{
	const char *start = path;
	struct part p;
	struct part uid;

	if (*path != '/' || !take_part(&path, &p))
		return -ENOENT;
	if (is(&p, "slurm") || begins(&p, "slurm_")) {
		if (!take_part(&path, &uid) || !begins(&uid, "uid_"))
			return -ENOENT;
		return take_job(start, path, ret);
	}
	if (is(&p, "user.slice"))
		return -ENOENT;
	for (unsigned i = 0; i < SLICES_MAX && ends(&p, ".slice"); i++) {
		if (!take_part(&path, &p))
			return -ENOENT;
	}
	if (!is(&p, SCOPE) && !ends(&p, "_" SCOPE))
		return -ENOENT;
	return take_job(start, path, ret);
}

int frame_job_parse(const char *text, struct frame_job *ret)
{
	while (*text != '\0') {
		size_t line = strcspn(text, "\n");
		const char *path = memchr(text, ':', line);

		if (path != NULL)
			path = memchr(path + 1, ':', line - (size_t)(path + 1 - text));
		if (path != NULL && frame_job_of_path(path + 1, ret) == 0)
			return 0;
		text += line + (text[line] != '\0');
	}
	return -ENOENT;
}

int frame_job_of(int root, unsigned pid, struct frame_job *ret)
{
	char path[40];
	char text[4096];
	ssize_t n;

	pmsprintf(path, sizeof(path), "proc/%u/cgroup", pid);
	n = frame_read_head(root, path, text, sizeof(text));
	return n < 0 ? (int)n : frame_job_parse(text, ret);
}

int frame_job_of_title(const char *title, char *ret, size_t size)
{
	const char *id = title + strlen(TITLE);
	size_t n;

	if (strncmp(title, TITLE, strlen(TITLE)) != 0)
		return -EINVAL;
	n = strcspn(id, ".]");
	if (id[n] == '\0' || !is_number(id, n) || n >= size)
		return -EINVAL;
	copy(ret, size, id, n);
	return 0;
}

// The first of slurmstepd's own processes in a step that tells its job.
static int number_of_step(int root, const char *step, char *ret, size_t size)
{
	char path[400];
	char pids[512];
	char title[128];

	pmsprintf(path, sizeof(path), "%s/slurm/cgroup.procs", step);
	if (frame_read_head(root, path, pids, sizeof(pids)) < 0)
		return -ENOENT;
	for (char *s = pids; isdigit((unsigned char)*s); s += strspn(s, "\n")) {
		unsigned long pid = strtoul(s, &s, 10);

		pmsprintf(path, sizeof(path), "proc/%lu/cmdline", pid);
		if (frame_read_head(root, path, title, sizeof(title)) > 0 &&
			frame_job_of_title(title, ret, size) == 0)
			return 0;
	}
	return -ENOENT;
}

int frame_job_resolve(int root, struct frame_job *job)
{
	char folder[320];
	char step[400];
	struct dirent *e;
	DIR *dir;
	int rc = -ENOENT;

	if (!job->is_sluid)
		return 0;
	if (job->path[0] == '\0')
		return -ENOENT;
	pmsprintf(folder, sizeof(folder), GROUPS "%s", job->path);
	dir = frame_open_folder(root, folder);
	if (dir == NULL)
		return -ENOENT;
	for (unsigned i = 0; rc != 0 && i < STEPS_MAX; i++) {
		e = readdir(dir); // NOLINT(concurrency-mt-unsafe): a stream of our own
		if (e == NULL)
			break;
		if (strncmp(e->d_name, "step_", 5) != 0 || strlen(e->d_name) > 40)
			continue;
		pmsprintf(step, sizeof(step), "%s/%s", folder, e->d_name);
		rc = number_of_step(root, step, job->id, sizeof(job->id));
	}
	closedir(dir);
	job->is_sluid = rc != 0;
	return rc;
}
