// SPDX-License-Identifier: Apache-2.0
// A packed file is made by the packer's own program, and read back by our own decoder before the plain
// one goes. Both are there for a moment; whoever reads archives takes the plain one then.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"
#include "keeper/command.h"
#include "keeper/retain.h"
#include "summarizer/archive/stream.h"

#define NEW_PREFIX ".jobsight-new-"

enum { WINDOW = 1 << 20, QUIET_S = 3600 };

// Blocks in .xz let libpcp seek.
static const char *const zstd_words[] = {"zstd", "-q", "-9", "-c", NULL};
static const char *const xz_words[] = {"xz", "-q", "-3", "-T1", "--block-size=4MiB", "-c", NULL};
static const char *const gzip_words[] = {"gzip", "-n", "-c", NULL};

static const struct packer packers[] = {
	{"none", NULL, NULL},
	{"zstd", ".zst", zstd_words},
	{"xz", ".xz", xz_words},
	{"gzip", ".gz", gzip_words},
};

const struct packer *packer_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(packers); i++)
		if (str_eq(packers[i].name, name))
			return &packers[i];
	return NULL;
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static void close_stream(struct stream **s)
{
	stream_close(*s);
}

// The checksum of what a packed file holds.
static int unpacked_sum(const char *path, char ret[SHA256_TEXT_SIZE], struct error *err)
{
	CLEANUP(close_stream) struct stream *s = NULL;
	struct sha256 h;
	struct bytes b = {0};

	sha256_start(&h);
	TRY(stream_open(path, &s, err));
	for (uint64_t at = 0;; at += b.len) {
		TRY(stream_window(s, at, WINDOW, &b, err));
		if (b.len == 0)
			break;
		sha256_add(&h, b.data, b.len);
	}
	sha256_end_text(&h, ret);
	return 0;
}

struct packing {
	struct retain *retain;
	const struct day_folder *day;
	const char *name;   // plain
	const char *source; // what is packed: the plain file, or a thinned copy of it
	struct timespec written;
	char packed[NAME_MAX + 1], made[NAME_MAX + 1], thinned[NAME_MAX + 1];
};

static int full_path(
	const struct day_folder *d, const char *name, char ret[PATH_MAX], struct error *err)
{
	if (!str_format(ret, PATH_MAX, "%s/%s/%s", d->root, d->day, name))
		return error_set(err, ENAMETOOLONG, "%s: too long", name);
	return 0;
}

// Whether the packed file NAME holds what the source is: 1; 0 it cannot be read; -EEXIST it holds
// something else, and which of the two is right no program can know.
static int is_same(const struct packing *p, const char *name, struct error *err)
{
	char path[PATH_MAX];
	char plain[SHA256_TEXT_SIZE];
	char packed[SHA256_TEXT_SIZE];

	TRY(full_path(p->day, name, path, err));
	TRY(file_sum(p->day->fd, p->source, plain, err));
	if (unpacked_sum(path, packed, NULL) < 0)
		return 0;
	if (str_eq(plain, packed))
		return 1;
	return error_set(err, EEXIST, "%s and %s hold different things: remove the wrong one",
		p->name, name);
}

static int make_thinned(struct packing *p, struct error *err)
{
	CLEANUP(close_fd)
	int to = openat(p->day->fd, p->thinned,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (to < 0)
		return error_set(err, errno, "%s: %s", p->thinned, strerror(errno));
	TRY(thin_volume(p->day->fd, p->name, p->retain->settings->archive_thin, to, err));
	p->source = p->thinned;
	return 0;
}

static int make_packed(const struct packing *p, struct error *err)
{
	CLEANUP(close_fd)
	int from = openat(p->day->fd, p->source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	CLEANUP(close_fd)
	int to = openat(
		p->day->fd, p->made, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (from < 0 || to < 0)
		return error_set(err, errno, "%s: %s", p->name, strerror(errno));
	TRY(command_run(p->retain->packer->words, NULL, 0, from, to, err));
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, p->written};
	if (futimens(to, times) < 0 || fsync(to) < 0)
		return error_set(err, errno, "%s: %s", p->made, strerror(errno));
	int same = is_same(p, p->made, err);
	if (same <= 0)
		return same < 0 ? same
		                : error_set(err, EIO, "%s: %s cannot be read back", p->name,
					  p->retain->packer->words[0]);
	if (renameat(p->day->fd, p->made, p->day->fd, p->packed) < 0 || fsync(p->day->fd) < 0)
		return error_set(err, errno, "%s: %s", p->packed, strerror(errno));
	return 0;
}

static void count(struct packing *p)
{
	struct stat before = {0};
	struct stat after = {0};

	if (fstatat(p->day->fd, p->name, &before, AT_SYMLINK_NOFOLLOW) < 0 ||
		fstatat(p->day->fd, p->packed, &after, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	p->retain->counts.packed++;
	p->retain->counts.thinned += p->source == p->thinned;
	p->retain->counts.bytes_before += (uint64_t)before.st_size;
	p->retain->counts.bytes_after += (uint64_t)after.st_size;
}

static int work(struct packing *p, bool is_volume, struct error *err)
{
	struct stat before;
	struct stat after;

	if (fstatat(p->day->fd, p->name, &before, AT_SYMLINK_NOFOLLOW) < 0 ||
		!S_ISREG(before.st_mode))
		return error_set(err, EINVAL, "%s: no regular file", p->name);
	if (before.st_mtim.tv_sec > p->retain->now_s - QUIET_S)
		return 0;
	p->written = before.st_mtim;
	if (is_volume && p->retain->settings->archive_thin)
		TRY(make_thinned(p, err));
	// a run before was killed between making the packed one and removing the plain one
	int same = faccessat(p->day->fd, p->packed, F_OK, AT_SYMLINK_NOFOLLOW) == 0
	                   ? is_same(p, p->packed, err)
	                   : 0;
	if (same == 0)
		same = make_packed(p, err);
	TRY(same);
	if (fstatat(p->day->fd, p->name, &after, AT_SYMLINK_NOFOLLOW) < 0 ||
		after.st_size != before.st_size || after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
		after.st_ino != before.st_ino)
		return 0; // somebody writes it after all: next time
	count(p);
	if (unlinkat(p->day->fd, p->name, 0) < 0 || fsync(p->day->fd) < 0)
		return error_set(err, errno, "%s: %s", p->name, strerror(errno));
	return 1;
}

int pack_file(struct retain *r, const struct day_folder *d, const char *name, bool is_volume,
	struct error *err)
{
	struct packing p = {.retain = r, .day = d, .name = name, .source = name};
	const char *suffix = r->packer->suffix;

	if (!str_format(p.packed, sizeof(p.packed), "%s%s", name, suffix) ||
		!str_format(p.made, sizeof(p.made), NEW_PREFIX "%s%s", name, suffix) ||
		!str_format(p.thinned, sizeof(p.thinned), NEW_PREFIX "%s", name))
		return error_set(err, ENAMETOOLONG, "%s: too long", name);
	int rc = work(&p, is_volume, err);
	(void)unlinkat(d->fd, p.made, 0);
	(void)unlinkat(d->fd, p.thinned, 0);
	return rc;
}
