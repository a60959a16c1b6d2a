// SPDX-License-Identifier: Apache-2.0
// The folder of a sweep in shards.
#include "summarizer/shard.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/state.h"
#include "common/str.h"

#define JOBS_NAME     "jobs"
#define JOBS_MAX      ((size_t)4 << 30)
#define SHARD_MAGIC   "JSSHARD1"
#define SHARD_WORDS   UINT64_C(0x0102030405060708)
#define SHARD_VERSION 1

struct file_head {
	char magic[8];
	uint64_t words;   // as the machine writes them
	uint64_t version; // of partial results
	char sum[SHA256_TEXT_SIZE + 7];
	uint64_t number, of;
	uint64_t size; // of what follows
	struct shard_counts counts;
};

int shard_parse(const char *text, struct shard *ret, struct error *err)
{
	char buf[32];
	uint64_t number = 0;
	uint64_t of = 0;
	const char *slash = strchr(text, '/');
	if (slash && str_format(buf, sizeof(buf), "%.*s", (int)(slash - text), text) &&
		parse_u64(buf, &number) == 0 && parse_u64(slash + 1, &of) == 0 && number >= 1 &&
		number <= of && of <= SHARDS_MAX) {
		*ret = (struct shard){(unsigned)number, (unsigned)of};
		return 0;
	}
	return error_set(err, EINVAL, "--shard %s: K/N is wanted, K from 1 to N", text);
}

// FNV-1a; its low bits alone would do less well for names that differ in the last digit.
bool shard_has(const struct shard *x, const char *host)
{
	uint64_t h = UINT64_C(14695981039346656037);
	if (x->of == 0)
		return true;
	for (const char *p = host; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(1099511628211);
	return (h ^ h >> 32) % x->of == x->number - 1;
}

int shard_jobs_read(const char *folder, struct arena *a, struct joblist *ret,
	char sum[SHA256_TEXT_SIZE], struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	struct bytes b;
	strbuf_printf(&path, "%s/" JOBS_NAME, folder);
	if (access(path.text, F_OK) < 0 && errno == ENOENT)
		return 0;
	TRY(file_read(path.text, JOBS_MAX, a, &b, err));
	TRY(joblist_read(b, path.text, a, ret, err));
	(void)sha256_text(b.data, b.len, sum);
	return 1;
}

int shard_jobs_write(const char *folder, const struct joblist *l, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	CLEANUP(strbuf_release) struct strbuf own = {0};
	CLEANUP(strbuf_release) struct strbuf path = {0};
	char name[64];
	int rc = 0;
	TRY(state_folder(folder, err));
	TRY(joblist_write(l, &text, err));
	(void)str_format(name, sizeof(name), ".jobs.%ld", (long)getpid());
	TRY(state_replace(folder, name, &text, err));
	strbuf_printf(&own, "%s/%s", folder, name);
	strbuf_printf(&path, "%s/" JOBS_NAME, folder);
	if (link(own.text, path.text) < 0 && errno != EEXIST)
		rc = error_set(err, errno, "%s: %s", path.text, strerror(errno));
	(void)unlink(own.text);
	return rc;
}

int shard_file_open(const char *folder, const struct shard *x, const char *sum,
	struct shard_file *ret, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	struct file_head h = {0};
	strbuf_printf(&path, "%s/%u-of-%u", folder, x->number, x->of);
	*ret = (struct shard_file){.shard = *x, .path = strbuf_take(&path)};
	memcpy(ret->sum, sum, SHA256_TEXT_SIZE);
	strbuf_printf(&path, "%s/.%u-of-%u.%ld", folder, x->number, x->of, (long)getpid());
	ret->temporary = strbuf_take(&path);
	ret->file = fopen(ret->temporary, "we");
	if (ret->file == NULL || fwrite(&h, sizeof(h), 1, ret->file) != 1) {
		int rc = error_set(err, errno, "%s: %s", ret->temporary, strerror(errno));
		shard_file_close(ret);
		return rc;
	}
	return 0;
}

static int failed(const struct shard_file *f, struct error *err)
{
	return error_set(err, errno, "%s: %s", f->temporary, strerror(errno));
}

int shard_file_put(struct shard_file *f, struct bytes partials, struct error *err)
{
	if (partials.len && fwrite(partials.data, 1, partials.len, f->file) != partials.len)
		return failed(f, err);
	f->size += partials.len;
	return 0;
}

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

// The name is on disk, too.
static int sync_folder(const char *path, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf folder = {0};
	strbuf_printf(&folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	CLEANUP(close_fd) int fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return error_set(err, errno, "%s: %s", folder.text, strerror(errno));
	return 0;
}

int shard_file_finish(struct shard_file *f, const struct shard_counts *counts, struct error *err)
{
	struct file_head h = {.magic = SHARD_MAGIC,
		.words = SHARD_WORDS,
		.version = SHARD_VERSION,
		.number = f->shard.number,
		.of = f->shard.of,
		.size = f->size,
		.counts = *counts};
	memcpy(h.sum, f->sum, SHA256_TEXT_SIZE);
	if (fseek(f->file, 0, SEEK_SET) < 0 || fwrite(&h, sizeof(h), 1, f->file) != 1 ||
		fflush(f->file) != 0 || fsync(fileno(f->file)) < 0)
		return failed(f, err);
	if (rename(f->temporary, f->path) < 0)
		return error_set(err, errno, "%s: %s", f->path, strerror(errno));
	free(f->temporary);
	f->temporary = NULL;
	return sync_folder(f->path, err);
}

void shard_file_close(struct shard_file *f)
{
	if (f->file)
		(void)fclose(f->file);
	if (f->temporary)
		(void)unlink(f->temporary);
	free(f->path);
	free(f->temporary);
	*f = (struct shard_file){0};
}

// Maps a file and checks that it is what its name says, whole and of this sweep.
static int open_one(struct shard_results *x, const char *folder, const struct shard *s,
	const char *sum, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	struct stat st = {0};
	struct file_head h;
	strbuf_printf(&path, "%s/%u-of-%u", folder, s->number, s->of);
	CLEANUP(close_fd) int fd = open(path.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(
			err, EAGAIN, "%s: shard %u of %u is not there", folder, s->number, s->of);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, errno, "%s: %s", path.text, strerror(errno));
	if (st.st_size < (off_t)sizeof(h))
		return error_set(err, EBADMSG, "%s: too short", path.text);
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return error_set(err, errno, "%s: %s", path.text, strerror(errno));
	x->mapped[x->n] = (struct bytes){p, (size_t)st.st_size};
	x->files[x->n++] =
		(struct bytes){(const uint8_t *)p + sizeof(h), (size_t)st.st_size - sizeof(h)};
	memcpy(&h, p, sizeof(h));
	if (memcmp(h.magic, SHARD_MAGIC, sizeof(h.magic)) != 0 || h.words != SHARD_WORDS ||
		h.version != SHARD_VERSION || h.number != s->number || h.of != s->of ||
		h.size != (uint64_t)st.st_size - sizeof(h))
		return error_set(
			err, EBADMSG, "%s: not written by a shard of this program", path.text);
	if (memcmp(h.sum, sum, SHA256_TEXT_SIZE) != 0)
		return error_set(err, EBADMSG, "%s: made for another list of jobs", path.text);
	x->counts.archives += h.counts.archives;
	x->counts.hosts += h.counts.hosts;
	x->counts.defects += h.counts.defects;
	return 0;
}

// K and N of "K-of-N".
static bool is_shard_name(const char *name, struct shard *ret)
{
	static const char of[] = "-of-";
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct error ignored;
	const char *at = strstr(name, of);
	if (at == NULL)
		return false;
	strbuf_printf(&text, "%.*s/%s", (int)(at - name), name, at + sizeof(of) - 1);
	return shard_parse(text.text, ret, &ignored) == 0;
}

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

// How many shards the sweep has, by any of their files.
static int count_shards(const char *folder, unsigned *ret, struct error *err)
{
	CLEANUP(close_folder) DIR *d = opendir(folder);
	struct shard s = {0};
	unsigned of = 0;
	if (d == NULL)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (!is_shard_name(e->d_name, &s))
			continue;
		if (of && of != s.of)
			return error_set(
				err, EINVAL, "%s: shards of %u and of %u", folder, of, s.of);
		of = s.of;
	}
	if (of == 0)
		return error_set(err, EAGAIN, "%s: no shard is there", folder);
	*ret = of;
	return 0;
}

int shard_results_open(
	const char *folder, const char *sum, struct shard_results *ret, struct error *err)
{
	unsigned of = 0;
	TRY(count_shards(folder, &of, err));
	*ret = (struct shard_results){.files = memory_alloc(of, sizeof(*ret->files)),
		.mapped = memory_alloc(of, sizeof(*ret->mapped))};
	for (unsigned i = 1; i <= of; i++) {
		int rc = open_one(ret, folder, &(struct shard){i, of}, sum, err);
		if (rc < 0) {
			shard_results_close(ret);
			return rc;
		}
	}
	return 0;
}

void shard_results_close(struct shard_results *x)
{
	for (size_t i = 0; i < x->n; i++)
		munmap((void *)(uintptr_t)x->mapped[i].data, x->mapped[i].len);
	free(x->files);
	free(x->mapped);
	*x = (struct shard_results){0};
}

void shard_remove(const char *folder)
{
	CLEANUP(close_folder) DIR *d = opendir(folder);
	struct shard s;
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		if (is_shard_name(e->d_name, &s))
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d) // last: without it nothing of the sweep counts
		(void)unlinkat(dirfd(d), JOBS_NAME, 0);
	(void)rmdir(folder);
}
