// SPDX-License-Identifier: Apache-2.0
// Follows the archive files below a root. The files themselves are the spool: of each only numbers
// are remembered, in a state file that is replaced whole. A new generation is on disk before the
// first byte of it is published, so that a crash can never use one twice for different contents.
#include "relay/follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/state.h"
#include "relay/envelope.h"

#define STATE_NAME  "send.state"
#define STATE_MAX   ((size_t)64 << 20)
#define HASH_BASIS  UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME  UINT64_C(0x100000001b3)
#define SETTLING_NS (2 * NS_PER_S)   // a change may hide behind an equal time stamp for so long
#define FINISHED_NS (600 * NS_PER_S) // a file that did not change for so long is finished

enum { TREE_DEPTH = 4 }; // host, year, month, day

static uint64_t hash_more(uint64_t hash, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ data[i]) * HASH_PRIME;
	return hash;
}

static uint64_t new_generation(uint64_t before)
{
	uint64_t now = (uint64_t)clock_now_ns();

	return now > before ? now : before + 1;
}

static struct followed *add_file(struct follow *f, const char *path)
{
	struct followed *file = memory_alloc(1, sizeof(*file));

	file->path = strdup(path);
	file->prefix_hash = HASH_BASIS;
	if (f->n == f->room) {
		f->room = f->room ? f->room * 2 : 64;
		// NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what it holds
		f->files = memory_resize((void *)f->files, f->room, sizeof(*f->files));
	}
	f->files[f->n++] = file;
	map_put(&f->by_path, file->path, file);
	return file;
}

static void free_file(struct followed *file)
{
	free(file->path);
	free(file);
}

// One line: path generation confirmed inode prefix_len prefix_hash at_rest skipped
static bool read_line(struct follow *f, char *line)
{
	uint64_t number[7];
	char *field;
	char *path;

	if (!state_field(&line, &path) || !relay_path_valid(path))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		if (!state_field(&line, &field) || parse_u64(field, &number[i]) < 0)
			return false;
	struct followed *file = add_file(f, path);
	file->generation = number[0];
	file->confirmed = file->published = file->size = number[1];
	file->inode = number[2];
	file->prefix_len = (uint32_t)number[3];
	file->prefix_hash = number[4];
	file->at_rest = number[5] != 0;
	file->skipped = number[6] != 0;
	file->unsure = file->prefix_len < FOLLOW_PREFIX;
	return true;
}

static void load(struct follow *f)
{
	CLEANUP(arena_release) struct arena arena = {0};
	char *path = arena_printf(&arena, "%s/" STATE_NAME, f->state);
	struct bytes text;
	struct error err = {0};

	if (access(path, F_OK) < 0)
		return;
	if (file_read(path, STATE_MAX, &arena, &text, &err) < 0) {
		log_warning("%s; every file is sent again", err.text);
		return;
	}
	char *line = (char *)text.data;
	for (char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
		*end = '\0';
		if (!read_line(f, line))
			log_warning("%s: a line is damaged; its file is sent again", path);
	}
}

int follow_open(struct follow *f, const char *root, const char *state, struct error *err)
{
	*f = (struct follow){.notify = -1, .state = state};
	f->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->root < 0)
		return error_set(err, errno, "%s: %s", root, strerror(errno));
	f->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC); // without it: the regular scans alone
	load(f);
	return 0;
}

void follow_close(struct follow *f)
{
	for (size_t i = 0; i < f->n; i++)
		free_file(f->files[i]);
	free((void *)f->files);
	map_release(&f->by_path);
	if (f->root >= 0)
		close(f->root);
	if (f->notify >= 0)
		close(f->notify);
}

int follow_save(struct follow *f, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	for (size_t i = 0; i < f->n; i++) {
		const struct followed *file = f->files[i];
		strbuf_printf(&text,
			"%s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu64 " %d %d\n",
			file->path, file->generation, file->confirmed, file->inode,
			file->prefix_len, file->prefix_hash, file->at_rest, file->skipped);
	}
	TRY(state_replace(f->state, STATE_NAME, &text, err));
	f->changed = false;
	return 0;
}

// Do the file's first bytes differ from those published?
static bool prefix_differs(int fd, const struct followed *file)
{
	uint8_t buf[FOLLOW_PREFIX];
	ssize_t n = pread(fd, buf, file->prefix_len, 0);

	return n != (ssize_t)file->prefix_len ||
	       hash_more(HASH_BASIS, buf, file->prefix_len) != file->prefix_hash;
}

static void begin_again(struct follow *f, struct followed *file, uint64_t inode)
{
	if (file->generation)
		f->rewritten++;
	file->generation = new_generation(file->generation);
	file->confirmed = file->published = 0;
	file->prefix_len = 0;
	file->prefix_hash = HASH_BASIS;
	file->inode = inode;
	file->at_rest = file->skipped = file->unsure = false;
	f->changed = true;
}

// A packed volume of which the plain one was sent to its end need not be sent; the plain one's
// numbers are kept as long as that is there.
static bool sent_unpacked(struct follow *f, const char *path)
{
	static const char *const packed[] = {".xz", ".zst", ".gz", ".bz2"};
	char plain[ENVELOPE_PATH_MAX + 1];

	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		if (!str_ends(path, packed[i]))
			continue;
		str_format(plain, sizeof(plain), "%.*s", (int)(strlen(path) - strlen(packed[i])),
			path);
		struct followed *file = map_get(&f->by_path, plain);
		if (!file || !file->at_rest)
			return false;
		file->present = true;
		return true;
	}
	return false;
}

static bool too_old(const char *path, int64_t age_s)
{
	return age_s > 0 && relay_path_day(path) + 86400 + age_s < clock_now_s();
}

// One generation has one set of bytes, or the receiver could keep those of a message that comes late. Of what
// was published and not remembered nobody knows whether it was the same as what stands there now.
static bool is_rewritten(int fd, const struct stat *st, const struct followed *file)
{
	uint64_t size = (uint64_t)st->st_size;

	return file->generation == 0 || st->st_ino != file->inode || size < file->published ||
	       (file->unsure && size > file->prefix_len) || prefix_differs(fd, file);
}

static void look_at(struct follow *f, const char *path, int fd, const struct follow_limits *limits)
{
	struct stat st;
	int64_t now = clock_now_ns();
	struct followed *file = map_get(&f->by_path, path);

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (!file && (sent_unpacked(f, path) || too_old(path, limits->spool_age_s)))
		return;
	if (!file)
		file = add_file(f, path);
	file->present = true;
	int64_t mtime_ns = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	if (mtime_ns == file->mtime_ns && file->size == (uint64_t)st.st_size)
		return;
	if (is_rewritten(fd, &st, file))
		begin_again(f, file, st.st_ino);
	file->size = (uint64_t)st.st_size;
	file->mtime_ns = now - mtime_ns > SETTLING_NS ? mtime_ns : 0;
	bool at_rest = now - mtime_ns > FINISHED_NS && file->confirmed == file->size;
	f->changed |= at_rest != file->at_rest;
	file->at_rest = at_rest;
}

static void scan_folder(struct follow *f, int fd, char path[PATH_MAX], int depth,
	const struct follow_limits *limits);

static void scan_entry(struct follow *f, int dir, char path[PATH_MAX], int depth,
	const struct follow_limits *limits)
{
	const char *name = strrchr(path, '/');
	int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;

	if (depth == TREE_DEPTH && !relay_path_valid(path))
		return;
	int fd = openat(
		dir, name ? name + 1 : path, depth < TREE_DEPTH ? flags | O_DIRECTORY : flags);
	if (fd < 0)
		return; // gone again, or not a part of the tree
	if (depth < TREE_DEPTH) {
		scan_folder(f, fd, path, depth + 1, limits);
		return;
	}
	look_at(f, path, fd, limits);
	close(fd);
}

static void watch(struct follow *f, int fd)
{
	char self[64];

	if (f->notify < 0)
		return;
	str_format(self, sizeof(self), "/proc/self/fd/%d", fd);
	(void)inotify_add_watch(
		f->notify, self, IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
}

// Takes the descriptor. The order within a folder does not matter: files are sent oldest day first.
static void scan_folder(struct follow *f, int fd, char path[PATH_MAX], int depth,
	const struct follow_limits *limits)
{
	size_t len = strlen(path);
	DIR *dir;

	watch(f, fd); // before reading, so that nothing falls between
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return;
	}
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (e->d_name[0] == '.' ||
			!str_format(path + len, PATH_MAX - len, len ? "/%s" : "%s", e->d_name))
			continue;
		scan_entry(f, dirfd(dir), path, depth, limits);
	}
	path[len] = '\0';
	closedir(dir);
}

// Day first, so that the oldest come first whatever the host.
static int by_day(const void *a, const void *b)
{
	const char *x = (*(struct followed *const *)a)->path;
	const char *y = (*(struct followed *const *)b)->path;
	int order = strcmp(strchr(x, '/'), strchr(y, '/'));

	return order ? order : strcmp(x, y);
}

static void forget_vanished(struct follow *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		struct followed *file = f->files[i];
		if (file->present || file->in_flight)
			f->files[kept++] = file;
		else
			free_file(file);
	}
	f->changed |= kept != f->n;
	f->n = kept;
	map_release(&f->by_path);
	f->by_path = (struct map){0};
	if (kept) // NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are what it sorts
		qsort((void *)f->files, kept, sizeof(*f->files), by_day);
	for (size_t i = 0; i < kept; i++)
		map_put(&f->by_path, f->files[i]->path, f->files[i]);
}

static void keep_spool_bounded(struct follow *f, uint64_t limit)
{
	f->backlog = 0;
	for (size_t i = 0; i < f->n; i++)
		if (!f->files[i]->skipped)
			f->backlog += f->files[i]->size - f->files[i]->confirmed;
	for (size_t i = 0; limit && i < f->n && f->backlog > limit; i++) {
		struct followed *file = f->files[i];
		if (file->skipped || file->size == file->confirmed)
			continue;
		f->backlog -= file->size - file->confirmed;
		file->skipped = f->changed = true;
		f->skipped_files++;
		log_warning("%s is given up: more than relay.spool is waiting", file->path);
	}
}

int follow_scan(struct follow *f, const struct follow_limits *limits, struct error *err)
{
	char path[PATH_MAX] = "";
	char events[4096];
	int fd = openat(f->root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set(err, errno, "archive tree: %s", strerror(errno));
	while (f->notify >= 0 && read(f->notify, events, sizeof(events)) > 0)
		;
	for (size_t i = 0; i < f->n; i++)
		f->files[i]->present = false;
	scan_folder(f, fd, path, 0, limits);
	forget_vanished(f);
	keep_spool_bounded(f, limits->spool_bytes);
	return f->changed ? follow_save(f, err) : 0;
}

void follow_rewind(struct follow *f)
{
	for (size_t i = 0; i < f->n; i++) {
		f->files[i]->published = f->files[i]->confirmed;
		f->files[i]->in_flight = 0;
	}
}

ssize_t follow_read(struct follow *f, struct followed *file, uint8_t *buf, size_t room)
{
	struct stat st;
	ssize_t n = 0;
	int fd = openat(f->root, file->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && st.st_ino == file->inode)
		n = pread(fd, buf, room, (off_t)file->published);
	close(fd);
	return n > 0 ? n : 0;
}

void follow_published(struct followed *file, const uint8_t *data, size_t len)
{
	uint64_t end =
		file->published + len < FOLLOW_PREFIX ? file->published + len : FOLLOW_PREFIX;

	// After a rewind a part of it may have been published before.
	if (file->published <= file->prefix_len && file->prefix_len < end) {
		size_t more = (size_t)(end - file->prefix_len);
		file->prefix_hash = hash_more(
			file->prefix_hash, data + (file->prefix_len - file->published), more);
		file->prefix_len = (uint32_t)end;
	}
	file->published += len;
	if (file->size < file->published)
		file->size = file->published;
	file->in_flight++;
}
