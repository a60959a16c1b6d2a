// SPDX-License-Identifier: Apache-2.0
// A file that grows, is written over and begun again, a sender that is killed and comes back with what it last
// saved, messages that come twice and in any order: what the receiver has at the end is the file. Every run is
// made of one number.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "relay/follow.h"
#include "relay/tree.h"
#include "tests/common/folder.h"

#define DAY  "n/2026/11/21"
#define NAME DAY "/a.index"

enum { RUNS = 150, STEPS = 60, MESSAGES = 400, CHUNK = 700, SIZE_MAX_BYTES = 4000 };

struct message {
	struct envelope envelope;
	uint8_t data[CHUNK];
};

struct world {
	struct folder folder;
	char root[300], sent[300], server[300], received[300];
	uint64_t random;
	struct follow follow;
	struct message *messages;
	size_t n;
};

static uint64_t chance(struct world *w, uint64_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random % below;
}

static void make_folder(const char *path)
{
	cr_assert_eq(mkdir(path, 0755), 0, "%s", path);
}

static void make_world(struct world *w, uint64_t seed)
{
	static const char *const days[] = {"/n", "/n/2026", "/n/2026/11", "/" DAY};
	char path[400];

	*w = (struct world){
		.folder = folder_make(), .random = seed * 2 + UINT64_C(88172645463325253)};
	w->messages = memory_alloc(MESSAGES, sizeof(*w->messages));
	str_format(w->root, sizeof(w->root), "%s/tree", w->folder.path);
	str_format(w->sent, sizeof(w->sent), "%s/sent", w->folder.path);
	str_format(w->server, sizeof(w->server), "%s/server", w->folder.path);
	str_format(w->received, sizeof(w->received), "%s/received", w->folder.path);
	make_folder(w->root);
	make_folder(w->sent);
	make_folder(w->server);
	make_folder(w->received);
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		str_format(path, sizeof(path), "%s%s", w->root, days[i]);
		make_folder(path);
	}
	cr_assert_eq(follow_open(&w->follow, w->root, w->sent, NULL), 0);
}

static int open_source(struct world *w, int flags)
{
	char path[400];

	str_format(path, sizeof(path), "%s/" NAME, w->root);
	int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0644);
	cr_assert(fd >= 0);
	return fd;
}

static void write_random(struct world *w, int flags, size_t len)
{
	uint8_t data[SIZE_MAX_BYTES];
	int fd = open_source(w, flags | O_RDWR);
	off_t size = lseek(fd, 0, SEEK_END);

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)chance(w, 256);
	if (size + (off_t)len <= SIZE_MAX_BYTES || (flags & O_TRUNC)) {
		off_t at = flags & O_APPEND ? size : 0;
		cr_assert_eq(pwrite(fd, data, len, at), (ssize_t)len);
	}
	close(fd);
}

static size_t source_size(struct world *w)
{
	int fd = open_source(w, O_RDONLY);
	off_t size = lseek(fd, 0, SEEK_END);

	close(fd);
	return (size_t)size;
}

static void append(struct world *w)
{
	write_random(w, O_APPEND, 1 + chance(w, 600));
}

static void write_label(struct world *w)
{
	size_t size = source_size(w);

	write_random(w, 0, size < 132 ? size : 132);
}

static void begin_anew(struct world *w)
{
	write_random(w, O_TRUNC, 1 + chance(w, 900));
}

static void scan(struct world *w)
{
	const struct follow_limits none = {0};

	cr_assert_eq(follow_scan(&w->follow, &none, NULL), 0);
}

// Whether something was published.
static bool publish_one(struct world *w)
{
	for (size_t i = 0; i < w->follow.n; i++) {
		struct followed *file = w->follow.files[i];
		struct message *m = &w->messages[w->n];
		if (file->published >= file->size || w->n == MESSAGES)
			continue;
		ssize_t len = follow_read(&w->follow, file, m->data, CHUNK);
		if (len <= 0)
			continue;
		str_format(m->envelope.path, sizeof(m->envelope.path), "%s", file->path);
		m->envelope.generation = file->generation;
		m->envelope.offset = file->published;
		m->envelope.data = m->data;
		m->envelope.len = (uint32_t)len;
		follow_published(file, m->data, (size_t)len);
		w->n++;
		return true;
	}
	return false;
}

static void publish(struct world *w)
{
	(void)publish_one(w);
}

static void confirm(struct world *w)
{
	for (size_t i = 0; i < w->follow.n; i++) {
		w->follow.files[i]->confirmed = w->follow.files[i]->published;
		w->follow.files[i]->in_flight = 0;
		w->follow.changed = true;
	}
}

static void rewind_all(struct world *w)
{
	follow_rewind(&w->follow);
}

static void save(struct world *w)
{
	cr_assert_eq(follow_save(&w->follow, NULL), 0);
}

static void kill_sender(struct world *w)
{
	follow_close(&w->follow);
	cr_assert_eq(follow_open(&w->follow, w->root, w->sent, NULL), 0);
	scan(w);
}

static void (*const steps[])(struct world *w) = {append, append, append, write_label, begin_anew,
	scan, scan, publish, publish, publish, publish, confirm, rewind_all, save, kill_sender};

static void send_all(struct world *w)
{
	do
		scan(w);
	while (publish_one(w));
	cr_assert(w->n < MESSAGES);
}

// Each message twice, in any order.
static void deliver(struct world *w)
{
	struct tree t;

	cr_assert_eq(tree_open(&t, w->server, w->received, NULL), 0);
	for (size_t round = 0; round < 2; round++)
		for (size_t i = w->n; i > 0; i--) {
			size_t other = chance(w, i);
			struct envelope e = w->messages[other].envelope;
			w->messages[other].envelope = w->messages[i - 1].envelope;
			w->messages[i - 1].envelope = e;
			cr_assert_eq(tree_apply(&t, &e, NULL), 0);
		}
	cr_assert_eq(tree_sync(&t, NULL), 0);
	tree_close(&t);
}

static size_t read_whole(const char *root, uint8_t buf[SIZE_MAX_BYTES])
{
	char path[400];

	str_format(path, sizeof(path), "%s/" NAME, root);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, SIZE_MAX_BYTES);
	if (fd >= 0)
		close(fd);
	return n > 0 ? (size_t)n : 0;
}

static void run(uint64_t seed)
{
	struct world w;
	uint8_t here[SIZE_MAX_BYTES];
	uint8_t there[SIZE_MAX_BYTES];

	make_world(&w, seed);
	for (size_t i = 0; i < STEPS; i++)
		steps[chance(&w, ARRAY_LEN(steps))](&w);
	send_all(&w);
	deliver(&w);
	size_t n = read_whole(w.root, here);
	cr_assert_eq(read_whole(w.server, there), n, "run %zu: length", (size_t)seed);
	cr_assert(n == 0 || memcmp(here, there, n) == 0, "run %zu: bytes", (size_t)seed);
	follow_close(&w.follow);
	free(w.messages);
	folder_remove(&w.folder);
}

Test(chances, end_alike)
{
	for (uint64_t seed = 1; seed <= RUNS; seed++)
		run(seed);
}
