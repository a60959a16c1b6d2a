// SPDX-License-Identifier: Apache-2.0
// Finds the control groups of jobs; see walk.h.
#include "pmdas/frame/walk.h"

#include <dirent.h>
#include <pcp/pmapi.h>
#include <string.h>

#include "pmdas/frame/parse.h"

#define DEPTH_MAX 6

struct walk {
	int root;
	const char *hierarchy;
	frame_walk_found *found;
	void *context;
};

static bool ends(const char *s, const char *with)
{
	size_t n = strlen(s);
	size_t k = strlen(with);

	return n >= k && strcmp(s + n - k, with) == 0;
}

// Folders that can have jobs below: everything else is not opened.
static bool is_on_the_way(const char *name)
{
	return strncmp(name, "slurm", 5) == 0 || strncmp(name, "uid_", 4) == 0 ||
	       ends(name, "slurmstepd.scope") ||
	       (ends(name, ".slice") && strcmp(name, "user.slice") != 0);
}

static DIR *open_group(const struct walk *w, const char *path)
{
	char full[FRAME_WALK_MAX + 64];

	pmsprintf(full, sizeof(full), "%s%s", w->hierarchy, path);
	return frame_open_folder(w->root, full);
}

static void walk(const struct walk *w, const char *path, unsigned depth)
{
	DIR *dir = open_group(w, path);
	struct dirent *e;

	if (dir == NULL)
		return;
	// NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
	while ((e = readdir(dir)) != NULL) {
		struct frame_job job;
		char below[FRAME_WALK_MAX];

		if (e->d_name[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) ||
			strlen(path) + strlen(e->d_name) + 2 > sizeof(below))
			continue;
		pmsprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		if (frame_job_of_path(below, &job) == 0)
			w->found(w->context, path, below, &job, e->d_ino);
		else if (depth < DEPTH_MAX && is_on_the_way(e->d_name))
			walk(w, below, depth + 1);
	}
	closedir(dir);
}

void frame_walk(
	int root, const char *hierarchy, const char *path, frame_walk_found *found, void *context)
{
	struct walk w = {.root = root, .hierarchy = hierarchy, .found = found, .context = context};

	walk(&w, path, 0);
}
