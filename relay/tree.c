// SPDX-License-Identifier: Apache-2.0
// Writes received bytes at their offsets. It opens every part of a path by itself and follows no
// link, so that nothing outside the root is ever touched. Which generation of a file is here stands
// in a log beside the tree: a higher one empties the file first, a lower one is old news.
#include "relay/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/state.h"
#include "common/str.h"

#define LOG_NAME     "receive.generations"
#define LOG_MAX      ((size_t)256 << 20)
#define REMEMBERED_S (60 * INT64_C(86400)) // no message is older than this, see docs/relay.md
#define DIRECTORY_OF (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int disk_error(struct error *err, const char *path, int code)
{
	bool hostile = code == ELOOP || code == ENOTDIR || code == EISDIR || code == ENXIO;

	return error_set(err, hostile ? EBADMSG : code, "%s: %s", path, strerror(code));
}

static void remember(struct tree *t, const char *path, uint64_t generation)
{
	uint64_t *known = map_get(&t->generations, path);

	if (!known) {
		known = arena_alloc(&t->arena, sizeof(*known));
		map_put(&t->generations, arena_strdup(&t->arena, path), known);
	}
	*known = generation;
}

// Lines "GENERATION PATH"; a last one that a crash cut off has no line end and is left out.
static int load(struct tree *t, const char *state, struct error *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	char *path = arena_printf(&arena, "%s/" LOG_NAME, state);
	struct bytes text;
	uint64_t generation;
	char *field;

	if (access(path, F_OK) < 0)
		return 0;
	TRY(file_read(path, LOG_MAX, &arena, &text, err));
	char *line = (char *)text.data;
	for (char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
		*end = '\0';
		if (!state_field(&line, &field) || parse_u64(field, &generation) < 0 ||
			!relay_path_valid(line))
			log_warning("%s: a damaged line is left out", path);
		else if (relay_path_day(line) + REMEMBERED_S > clock_now_s())
			remember(t, line, generation);
	}
	return 0;
}

static int open_log(struct tree *t, const char *state, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	CLEANUP(arena_release) struct arena arena = {0};
	const char *path = arena_printf(&arena, "%s/" LOG_NAME, state);

	TRY(load(t, state, err));
	for (size_t i = 0; i < t->generations.n; i++)
		strbuf_printf(&text, "%" PRIu64 " %s\n",
			*(uint64_t *)t->generations.entries[i].value,
			t->generations.entries[i].key);
	TRY(state_replace(state, LOG_NAME, &text, err));
	t->log = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	return t->log < 0 ? error_set(err, errno, "%s: %s", path, strerror(errno)) : 0;
}

int tree_open(struct tree *t, const char *root, const char *state, struct error *err)
{
	*t = (struct tree){.log = -1};
	t->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->root < 0)
		return error_set(err, errno, "%s: %s", root, strerror(errno));
	int rc = open_log(t, state, err);
	if (rc < 0)
		tree_close(t);
	return rc;
}

static void close_files(struct tree *t)
{
	for (size_t i = 0; i < t->n_open; i++)
		close(t->open[i].fd);
	t->n_open = 0;
}

void tree_close(struct tree *t)
{
	close_files(t);
	if (t->root >= 0)
		close(t->root);
	if (t->log >= 0)
		close(t->log);
	map_release(&t->generations);
	arena_release(&t->arena);
}

// Opens a folder below dir, made when missing; a new name is on disk before anything uses it.
static int open_folder(int dir, const char *name)
{
	if (mkdirat(dir, name, 0755) == 0) {
		if (fsync(dir) < 0)
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	int fd = openat(dir, name, DIRECTORY_OF);
	return fd < 0 ? -errno : fd;
}

static int open_file(int dir, const char *name, bool may_create)
{
	struct stat st;
	int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
	int fd = openat(dir, name, flags);

	if (fd < 0 && errno == ENOENT && may_create) {
		fd = openat(dir, name, flags | O_CREAT | O_EXCL, 0644);
		if (fd >= 0 && fsync(dir) < 0) {
			int code = errno;
			close(fd);
			return -code;
		}
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -ENXIO;
	}
	return fd;
}

// Opens host, year, month, day, file one by one.
static int open_path(struct tree *t, const char *path, bool may_create)
{
	char text[ENVELOPE_PATH_MAX + 1];
	char *part = text;
	int dir = fcntl(t->root, F_DUPFD_CLOEXEC, 0);

	str_format(text, sizeof(text), "%s", path);
	for (char *slash = strchr(part, '/'); slash && dir >= 0;
		part = slash + 1, slash = strchr(part, '/')) {
		*slash = '\0';
		int next = open_folder(dir, part);
		close(dir);
		dir = next;
	}
	if (dir < 0)
		return dir;
	int fd = open_file(dir, part, may_create);
	close(dir);
	return fd;
}

static int file_of(struct tree *t, const char *path, bool may_create, struct error *err)
{
	for (size_t i = 0; i < t->n_open; i++)
		if (str_eq(t->open[i].path, path))
			return t->open[i].fd;
	if (t->n_open == TREE_OPEN_FILES)
		TRY(tree_sync(t, err));
	int fd = open_path(t, path, may_create);
	if (fd < 0)
		return fd == -ENOENT ? fd : disk_error(err, path, -fd);
	str_format(t->open[t->n_open].path, sizeof(t->open[0].path), "%s", path);
	t->open[t->n_open++].fd = fd;
	return fd;
}

static int log_generation(struct tree *t, const struct envelope *e, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf line = {0};
	struct stat st;

	strbuf_printf(&line, "%" PRIu64 " %s\n", e->generation, e->path);
	if (fstat(t->log, &st) < 0)
		return error_set(err, errno, LOG_NAME ": %s", strerror(errno));
	ssize_t n = write(t->log, line.text, line.len);
	if (n == (ssize_t)line.len && fdatasync(t->log) == 0) {
		remember(t, e->path, e->generation);
		return 0;
	}
	int code = n >= 0 && n < (ssize_t)line.len ? ENOSPC : errno;
	if (ftruncate(t->log, st.st_size) < 0) // half a line would spoil the next one
		log_warning(LOG_NAME ": %s", strerror(errno));
	return error_set(err, code, LOG_NAME ": %s", strerror(code));
}

// The file is empty on disk before its new generation is in the log: a crash between leaves an
// empty file of the old one, which the same message empties again.
static int begin_generation(
	struct tree *t, const struct envelope *e, int fd, bool known, struct error *err)
{
	if (known) {
		t->resets++;
		if (ftruncate(fd, 0) < 0 || fdatasync(fd) < 0)
			return disk_error(err, e->path, errno);
	}
	return log_generation(t, e, err);
}

static int write_bytes(int fd, const struct envelope *e, struct error *err)
{
	size_t done = 0;

	while (done < e->len) {
		ssize_t n = pwrite(fd, e->data + done, e->len - done, (off_t)(e->offset + done));
		if (n < 0 && errno != EINTR)
			return disk_error(err, e->path, errno);
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int tree_apply(struct tree *t, const struct envelope *e, struct error *err)
{
	const uint64_t *known = map_get(&t->generations, e->path);

	if (known && e->generation < *known) {
		t->stale++;
		return 0;
	}
	// A file whose generation is known was here; who removed it wants no rest of it.
	bool begins = !known || e->generation > *known;
	int fd = file_of(t, e->path, begins, err);
	if (fd == -ENOENT && !begins) {
		t->stale++;
		return 0;
	}
	if (fd < 0)
		return fd == -ENOENT ? disk_error(err, e->path, ENOENT) : fd;
	if (begins)
		TRY(begin_generation(t, e, fd, known != NULL, err));
	return write_bytes(fd, e, err);
}

int tree_sync(struct tree *t, struct error *err)
{
	for (size_t i = 0; i < t->n_open; i++)
		if (fdatasync(t->open[i].fd) < 0)
			return disk_error(err, t->open[i].path, errno);
	close_files(t);
	return 0;
}
