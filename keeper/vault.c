// SPDX-License-Identifier: Apache-2.0
// Copies that are on disk and read back before anybody relies on them.
#include "keeper/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/log.h"
#include "common/state.h"
#include "common/str.h"
#include "keeper/command.h"

#define MANIFEST  "MANIFEST"
#define MANIFESTS "manifests"
#define NEW_NAME  ".jobsight-new"
#define BACK_NAME "read-back"

enum { CHUNK = 1 << 20, MANIFEST_MAX = 16 << 20 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int folders_open(int dir, const char *path, bool may_create, struct error *err)
{
	char text[PATH_MAX];
	char *part = text;
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);

	if (!str_format(text, sizeof(text), "%s/", path))
		return error_set(err, ENAMETOOLONG, "%s: too long", path);
	for (char *slash = strchr(part, '/'); slash && fd >= 0;
		part = slash + 1, slash = strchr(part, '/')) {
		*slash = '\0';
		if (may_create && mkdirat(fd, part, 0755) == 0 && fsync(fd) < 0)
			log_warning("%s: %s", path, strerror(errno));
		int next = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int code = errno;
		close(fd);
		errno = code;
		fd = next;
	}
	return fd < 0 ? error_set(err, errno, "%s: %s", path, strerror(errno)) : fd;
}

static int open_regular(int dir, const char *name, struct error *err)
{
	struct stat st;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return error_set(err, errno, "%s: %s", name, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	return error_set(err, EINVAL, "%s: no regular file", name);
}

// Sums what is read from `from`, and writes it to `to` unless that is -1.
static int pump(int from, int to, char ret[SHA256_TEXT_SIZE])
{
	AUTO_FREE uint8_t *chunk = malloc(CHUNK);
	struct sha256 h;

	if (!chunk)
		return -ENOMEM;
	sha256_start(&h);
	for (;;) {
		ssize_t n = read(from, chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		sha256_add(&h, chunk, (size_t)n);
		for (ssize_t done = 0; to >= 0 && done < n;) {
			ssize_t w = write(to, chunk + done, (size_t)(n - done));
			if (w < 0 && errno != EINTR)
				return -errno;
			done += w > 0 ? w : 0;
		}
	}
	sha256_end_text(&h, ret);
	return 0;
}

int file_sum(int dir, const char *name, char ret[SHA256_TEXT_SIZE], struct error *err)
{
	CLEANUP(close_fd) int fd = open_regular(dir, name, err);

	TRY(fd);
	// what the disk has is meant, not what memory still has of it
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	int rc = pump(fd, -1, ret);
	return rc < 0 ? error_set(err, -rc, "%s: %s", name, strerror(-rc)) : 0;
}

static int is_inside(const char *path, const char *folder)
{
	char a[PATH_MAX];
	char b[PATH_MAX];

	if (!realpath(path, a) || !realpath(folder, b))
		return 0;
	size_t len = strlen(b);
	return strncmp(a, b, len) == 0 && (a[len] == '/' || a[len] == '\0');
}

// The tree is swept: what lies in it would be swept into itself.
static int check_apart(const struct settings *s, const char *place, struct error *err)
{
	for (size_t i = 0; i < s->n_clusters; i++)
		if (is_inside(place, s->clusters[i].archives) ||
			is_inside(s->clusters[i].archives, place))
			return error_set(err, EINVAL,
				"%s and the archive tree %s lie in each other", place,
				s->clusters[i].archives);
	return 0;
}

static int open_place(struct vault *v, const struct settings *s, struct arena *a, struct error *err)
{
	if (s->archive_put || s->archive_get) {
		if (!s->archive_put || !s->archive_get)
			return error_set(
				err, EINVAL, "archive.put and archive.get belong together");
		TRY(command_split(s->archive_put, a, &v->put, err));
		return command_split(s->archive_get, a, &v->get, err);
	}
	if (!s->archive_long_term)
		return 0;
	TRY(check_apart(s, s->archive_long_term, err));
	v->root = open(s->archive_long_term, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return v->root < 0 ? error_set(err, errno, "%s: %s", s->archive_long_term, strerror(errno))
	                   : 0;
}

int vault_open(struct vault *v, const struct settings *s, struct arena *a, struct error *err)
{
	*v = (struct vault){.root = -1, .state_fd = -1, .state = s->archive_state};
	TRY(state_folder(v->state, err));
	TRY(check_apart(s, v->state, err));
	v->state_fd = open(v->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v->state_fd < 0)
		return error_set(err, errno, "%s: %s", v->state, strerror(errno));
	return open_place(v, s, a, err);
}

void vault_close(struct vault *v)
{
	close_fd(&v->root);
	close_fd(&v->state_fd);
}

// Copies into a folder under a name that nobody looks at, syncs, and renames: 0, or <0 and nothing.
static int copy_into(
	int from, int dir, const char *name, char ret_sum[SHA256_TEXT_SIZE], struct error *err)
{
	CLEANUP(close_fd)
	int to = openat(dir, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	int rc = to < 0 ? -errno : pump(from, to, ret_sum);
	struct stat st;

	if (rc == 0 && fstat(from, &st) == 0) { // when it was written, not copied
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, st.st_mtim};
		rc = futimens(to, times) < 0 ? -errno : 0;
	}
	if (rc == 0 && (fsync(to) < 0 || renameat(dir, NEW_NAME, dir, name) < 0 || fsync(dir) < 0))
		rc = -errno;
	if (rc < 0) {
		(void)unlinkat(dir, NEW_NAME, 0);
		return error_set(err, -rc, "%s: %s", name, strerror(-rc));
	}
	return 0;
}

static int put_into_directory(
	const struct vault *v, const struct vault_file *f, const char *sum, struct error *err)
{
	CLEANUP(close_fd) int dir = folders_open(v->root, f->day, true, err);
	CLEANUP(close_fd) int from = open_regular(f->dir, f->name, err);
	char back[SHA256_TEXT_SIZE];

	TRY(dir);
	TRY(from);
	if (faccessat(dir, f->name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		TRY(copy_into(from, dir, f->name, back, err));
	TRY(file_sum(dir, f->name, back, err));
	if (!str_eq(back, sum))
		return error_set(err, EEXIST,
			"%s/%s: the long-term directory has another file of that name", f->day,
			f->name);
	return 0;
}

static int run(const struct vault *v, const char *const *words, const char *file, const char *path,
	struct error *err)
{
	const struct command_place places[] = {{"{file}", file}, {"{path}", path}};

	(void)v;
	return command_run(words, places, ARRAY_LEN(places), -1, STDERR_FILENO, err);
}

static int put_by_command(const struct vault *v, const struct vault_file *f, const char *known,
	const char *sum, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *path = arena_printf(&a, "%s/%s", f->day, f->name);
	const char *back = arena_printf(&a, "%s/%s", v->state, BACK_NAME);
	char back_sum[SHA256_TEXT_SIZE];

	if (known && !str_eq(known, sum))
		return error_set(
			err, EEXIST, "%s: another file of that name was put away before", path);
	if (!known)
		TRY(run(v, v->put, f->path, path, err));
	(void)unlinkat(v->state_fd, BACK_NAME, 0);
	TRY(run(v, v->get, back, path, err));
	int rc = file_sum(v->state_fd, BACK_NAME, back_sum, err);
	(void)unlinkat(v->state_fd, BACK_NAME, 0);
	TRY(rc);
	if (!str_eq(back_sum, sum))
		return error_set(err, EIO, "%s: what came back is not what was sent", path);
	return 0;
}

int vault_put(const struct vault *v, const struct vault_file *f, const struct manifest *m,
	char ret_sum[SHA256_TEXT_SIZE], struct error *err)
{
	TRY(file_sum(f->dir, f->name, ret_sum, err));
	if (v->put)
		return put_by_command(v, f, map_get(&m->sums, f->name), ret_sum, err);
	return put_into_directory(v, f, ret_sum, err);
}

static int get_from_directory(
	const struct vault *v, const struct vault_file *f, const char *from, struct error *err)
{
	CLEANUP(close_fd) int dir = folders_open(v->root, f->day, false, err);
	char ignored[SHA256_TEXT_SIZE];

	TRY(dir);
	CLEANUP(close_fd) int fd = open_regular(dir, from, err);
	TRY(fd);
	return copy_into(fd, f->dir, f->name, ignored, err);
}

int vault_get(const struct vault *v, const struct vault_file *f, const char *from, const char *sum,
	struct error *err)
{
	char path[PATH_MAX];
	char got[SHA256_TEXT_SIZE];

	if (!str_format(path, sizeof(path), "%s/%s", f->day, from))
		return error_set(err, ENAMETOOLONG, "%s: too long", f->day);
	(void)unlinkat(f->dir, f->name, 0);
	TRY(v->get ? run(v, v->get, f->path, path, err) : get_from_directory(v, f, from, err));
	TRY(file_sum(f->dir, f->name, got, err));
	if (sum && !str_eq(got, sum)) {
		(void)unlinkat(f->dir, f->name, 0);
		return error_set(err, EIO, "%s: what came back is not what was put away", path);
	}
	return 0;
}

void manifest_take(struct manifest *m, char *text)
{
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		char *name = strchr(line, ' ');
		if (!name || name - line != SHA256_TEXT_SIZE - 1)
			continue;
		name++;
		if (!*name || *name == '.' || strchr(name, '/'))
			continue; // it comes from elsewhere: no name may lead anywhere
		line[SHA256_TEXT_SIZE - 1] = '\0';
		map_put(&m->sums, arena_strdup(m->arena, name), arena_strdup(m->arena, line));
	}
}

static const char *own_manifest(const struct vault *v, const char *day, struct arena *a)
{
	return arena_printf(a, "%s/" MANIFESTS "/%s/" MANIFEST, v->state, day);
}

static void take_file(struct manifest *m, const char *path)
{
	struct bytes text;

	if (file_read(path, MANIFEST_MAX, m->arena, &text, NULL) == 0)
		manifest_take(m, (char *)(uintptr_t)text.data);
}

// A vault without one, or out of reach, adds nothing: what was put away from here is known here.
static void take_from_vault(const struct vault *v, const char *day, struct manifest *m)
{
	struct error ignored = {0};
	const struct vault_file f = {.dir = v->state_fd,
		.name = BACK_NAME,
		.path = arena_printf(m->arena, "%s/%s", v->state, BACK_NAME),
		.day = day};

	if ((v->root >= 0 || v->get) && vault_get(v, &f, MANIFEST, NULL, &ignored) == 0)
		take_file(m, f.path);
	(void)unlinkat(v->state_fd, BACK_NAME, 0);
}

int manifest_load(const struct vault *v, const char *day, struct arena *a, struct manifest *ret,
	struct error *err)
{
	(void)err;
	*ret = (struct manifest){.arena = a};
	take_from_vault(v, day, ret);
	take_file(ret, own_manifest(v, day, a));
	return 0;
}

int manifest_save(
	const struct vault *v, const char *day, const struct manifest *m, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	CLEANUP(arena_release) struct arena a = {0};
	const char *folder = arena_printf(&a, "%s/" MANIFESTS "/%s", v->state, day);
	const char *below = arena_printf(&a, MANIFESTS "/%s", day);
	CLEANUP(close_fd) int own = folders_open(v->state_fd, below, true, err);
	char sum[SHA256_TEXT_SIZE];

	TRY(own);
	for (size_t i = 0; i < m->sums.n; i++)
		strbuf_printf(&text, "%s %s\n", (const char *)m->sums.entries[i].value,
			m->sums.entries[i].key);
	TRY(state_replace(folder, MANIFEST, &text, err));
	if (v->put)
		return run(v, v->put, own_manifest(v, day, &a),
			arena_printf(&a, "%s/" MANIFEST, day), err);
	CLEANUP(close_fd) int dir = folders_open(v->root, day, true, err);
	TRY(dir);
	CLEANUP(close_fd) int from = open_regular(own, MANIFEST, err);
	TRY(from);
	return copy_into(from, dir, MANIFEST, sum, err);
}

void manifest_release(struct manifest *m)
{
	map_release(&m->sums);
}
