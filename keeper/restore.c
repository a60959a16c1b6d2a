// SPDX-License-Identifier: Apache-2.0
// Brings the archives of a job's nodes and days back into the tree, where they stay for a while. Metadata
// comes last: an archive is found when it is whole.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/job.h"
#include "common/log.h"
#include "common/state.h"
#include "common/str.h"
#include "keeper/names.h"
#include "keeper/retain.h"
#include "summarizer/archive/archive.h"
#include "summarizer/archive/tree.h"

#define NEW_NAME ".jobsight-new-restored"
#define PINS     "restored"

enum { DAY_S = 86400, PINS_MAX = 64 << 20 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

// Lines "UNTIL host/yyyy/mm/dd".
void pins_load(struct retain *r)
{
	const char *path = arena_printf(r->arena, "%s/" PINS, r->vault.state);
	struct bytes text;
	char *field;

	if (access(path, F_OK) < 0 || file_read(path, PINS_MAX, r->arena, &text, NULL) < 0)
		return;
	for (char *line = (char *)(uintptr_t)text.data, *end; (end = strchr(line, '\n'));
		line = end + 1) {
		int64_t *until = arena_alloc(r->arena, sizeof(*until));

		*end = '\0';
		if (state_field(&line, &field) && parse_i64(field, until) == 0 && *line)
			map_put(&r->pinned, line, until);
	}
}

int pins_save(struct retain *r, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	for (size_t i = 0; i < r->pinned.n; i++) {
		const int64_t *until = r->pinned.entries[i].value;
		if (*until > r->now_s)
			strbuf_printf(&text, "%" PRId64 " %s\n", *until, r->pinned.entries[i].key);
	}
	return state_replace(r->vault.state, PINS, &text, err);
}

static void pin(struct retain *r, const char *day, int64_t until_s)
{
	int64_t *until = arena_alloc(r->arena, sizeof(*until));

	*until = until_s;
	map_put(&r->pinned, arena_strdup(r->arena, day), until);
}

static int bring(
	struct retain *r, int dir, const char *day, const struct map_entry *e, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	const struct vault_file f = {.dir = dir,
		.name = NEW_NAME,
		.path = arena_printf(&a, "%s/%s/" NEW_NAME, r->cluster->archives, day),
		.day = day};

	if (faccessat(dir, e->key, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0; // what is here is not touched
	TRY(vault_get(&r->vault, &f, e->key, e->value, err));
	if (renameat(dir, NEW_NAME, dir, e->key) < 0 || fsync(dir) < 0)
		return error_set(err, errno, "%s/%s: %s", day, e->key, strerror(errno));
	r->counts.restored++;
	return 0;
}

static int restore_day(
	struct retain *r, int root, const char *day, int64_t until_s, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(manifest_release) struct manifest m = {0};
	struct archive_name n;

	TRY(manifest_load(&r->vault, day, &a, &m, err));
	if (m.sums.n == 0)
		return 0;
	if (r->dry_run) {
		log_notice("would bring back %zu files of %s", m.sums.n, day);
		r->counts.restored += m.sums.n;
		return 0;
	}
	// pinned before anything is there, so that no sweep takes it away meanwhile
	pin(r, day, until_s);
	TRY(pins_save(r, err));
	CLEANUP(close_fd) int dir = folders_open(root, day, true, err);
	TRY(dir);
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < m.sums.n; i++)
			if (archive_name_split(m.sums.entries[i].key, &n) &&
				(n.volume == ARCHIVE_VOLUME_META) == (pass == 1))
				TRY(bring(r, dir, day, &m.sums.entries[i], err));
	return 0;
}

// "cn01" may be put away as "cn01.example.org": the manifests here know.
static const char *folder_of(struct retain *r, const char *host)
{
	CLEANUP(close_dir) DIR *d = NULL;
	int fd = folders_open(r->vault.state_fd, "manifests", false, NULL);
	size_t len = strlen(host);

	d = fd < 0 ? NULL : fdopendir(fd);
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (strncmp(e->d_name, host, len) == 0 && e->d_name[len] == '.' &&
			!strchr(host, '.'))
			return arena_strdup(r->arena, e->d_name);
	return host;
}

static int restore_host(struct retain *r, int root, const struct job *job, const char *name,
	int64_t until_s, struct error *err)
{
	const char *suffix = r->cluster->host_suffix ? r->cluster->host_suffix : "";
	const char *host = arena_printf(r->arena, "%s%s", name, suffix);
	int64_t end_s = job->end_s == JOB_RUNNING ? r->now_s : job->end_s;

	if (!*host || *host == '.' || strchr(host, '/'))
		return error_set(err, EINVAL, "%s is no name of a host", host);
	host = folder_of(r, host);
	for (int64_t s = job->start_s - ARCHIVE_TREE_DAYS_BEFORE * (int64_t)DAY_S;
		s / DAY_S <= end_s / DAY_S; s += DAY_S) {
		struct civil c = civil_from_unix(s);
		const char *day =
			arena_printf(r->arena, "%s/%04d/%02d/%02d", host, c.year, c.month, c.day);
		TRY(restore_day(r, root, day, until_s, err));
	}
	return 0;
}

int restore_job(struct retain *r, const struct job *job, int64_t keep_s, struct error *err)
{
	CLEANUP(close_fd) int root = open(r->cluster->archives, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_set(err, errno, "%s: %s", r->cluster->archives, strerror(errno));
	if (job->start_s == 0 || job->hosts.n == 0)
		return error_set(err, ENOENT, "job %s never ran on a node", job->id);
	for (size_t i = 0; i < job->hosts.n; i++)
		TRY(restore_host(r, root, job, job->hosts.hosts[i], r->now_s + keep_s, err));
	return 0;
}
