// SPDX-License-Identifier: Apache-2.0
// Reads labels, lengths and times: some hundred bytes of a volume, however large it is.
#include "keeper/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"
#include "summarizer/archive/stream.h"

enum { ENTRY_MAX = 32, HEAD = 4 + 12 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int open_file(int dir, const char *name, struct stat *ret_st, struct error *err)
{
	// A fifo in a tree must not make us wait.
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return error_set(err, errno, "%s: %s", name, strerror(errno));
	if (fstat(fd, ret_st) == 0 && S_ISREG(ret_st->st_mode))
		return fd;
	close(fd);
	return error_set(err, EBADMSG, "%s: no regular file", name);
}

static int read_label(int fd, const char *name, struct archive_label *ret, struct error *err)
{
	uint8_t bytes[ARCHIVE_LABEL_MAX];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return error_set(err, errno, "%s: %s", name, strerror(errno));
	return archive_label_parse((struct bytes){bytes, (size_t)n}, name, ret, err);
}

// The length of a record that may begin at an offset, and its time; 0: none fits before the end.
static uint32_t head_at(
	int fd, const struct archive_label *l, uint64_t at, uint64_t size, int64_t *ret_ns)
{
	uint8_t b[HEAD];
	uint32_t len;

	if (at < l->size || at + sizeof(b) > size ||
		pread(fd, b, sizeof(b), (off_t)at) != (ssize_t)sizeof(b))
		return 0;
	len = wire_u32(b);
	if (len < sizeof(b) || len > ARCHIVE_RECORD_MAX || at + len > size)
		return 0;
	*ret_ns = wire_time(b + 4, l->version);
	return len;
}

// A file that was closed, or is between two records, ends with the length of its last one.
static bool last_by_length(int fd, const struct archive_label *l, uint64_t size, int64_t *ret_ns)
{
	uint8_t b[4];
	uint32_t len;

	if (size < l->size + sizeof(b) ||
		pread(fd, b, sizeof(b), (off_t)(size - sizeof(b))) != (ssize_t)sizeof(b))
		return false;
	len = wire_u32(b);
	return len <= size && head_at(fd, l, size - len, size, ret_ns) == len;
}

// The last entry of the index that is whole: 1, or 0.
static int last_entry(int dir, const char *index, struct archive_label *ret_label,
	struct archive_index_entry *ret, struct error *err)
{
	uint8_t bytes[ENTRY_MAX];
	struct stat st = {0};
	CLEANUP(close_fd) int fd = open_file(dir, index, &st, err);
	size_t size;
	uint64_t n;

	TRY(fd);
	TRY(read_label(fd, index, ret_label, err));
	size = ret_label->version == 2 ? 20 : 32;
	n = ((uint64_t)st.st_size - ret_label->size) / size;
	if ((uint64_t)st.st_size < ret_label->size || n == 0)
		return 0;
	if (pread(fd, bytes, size, (off_t)(ret_label->size + (n - 1) * size)) != (ssize_t)size)
		return 0;
	*ret = archive_index_at(
		&(struct archive_index){
			.bytes = {bytes, size}, .version = ret_label->version, .n = 1},
		0);
	return 1;
}

// A record is being written, or a crash left half of one: on from the last that the index has.
static int64_t last_by_walk(int fd, const struct archive_label *l, uint64_t at, uint64_t size)
{
	int64_t last_ns = 0;
	uint32_t len;

	for (len = head_at(fd, l, at, size, &last_ns); len;
		len = head_at(fd, l, at, size, &last_ns))
		at += len;
	return last_ns;
}

static int read_plain(
	int dir, const char *name, const char *index, struct tail *ret, struct error *err)
{
	struct archive_label index_label = {0};
	struct archive_index_entry e;
	struct stat st = {0};
	CLEANUP(close_fd) int fd = open_file(dir, name, &st, err);
	uint64_t size;

	TRY(fd);
	TRY(read_label(fd, name, &ret->label, err));
	size = (uint64_t)st.st_size;
	if (last_by_length(fd, &ret->label, size, &ret->last_ns))
		return 0;
	if (index && last_entry(dir, index, &index_label, &e, NULL) > 0 &&
		e.volume == ret->label.volume)
		ret->last_ns = last_by_walk(fd, &ret->label, e.data_offset, size);
	if (ret->last_ns == 0)
		ret->last_ns = last_by_walk(fd, &ret->label, ret->label.size, size);
	return 0;
}

static int read_packed(
	int dir, const char *name, const char *index, struct tail *ret, struct error *err)
{
	struct archive_index_entry e;
	struct stat st;

	if (index && last_entry(dir, index, &ret->label, &e, NULL) > 0) {
		ret->last_ns = e.time_ns;
		return 0;
	}
	if (fstatat(dir, name, &st, 0) < 0)
		return error_set(err, errno, "%s: %s", name, strerror(errno));
	ret->last_ns = st.st_mtim.tv_sec * NS_PER_S;
	return 0;
}

int tail_read(int dir, const char *name, const char *index, struct tail *ret, struct error *err)
{
	struct tail t = {0};

	TRY(stream_suffix(name) ? read_packed(dir, name, index, &t, err)
				: read_plain(dir, name, index, &t, err));
	*ret = t;
	return 0;
}
