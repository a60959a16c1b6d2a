// SPDX-License-Identifier: Apache-2.0
// grow ROOT BYTES SECONDS SEED: files that grow as archives do, in ROOT/<host>/2026/11/21: appended in
// pieces, labels rewritten in place, begun again from nothing, rotated to the next volume.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/str.h"

enum { HOSTS = 4, PIECE_MAX = 256 * 1024, LABEL = 132 };

struct growth {
	char folder[300];
	unsigned volume[HOSTS];
	uint64_t random, written;
	uint8_t piece[PIECE_MAX];
};

static uint64_t chance(struct growth *g)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 7;
	g->random ^= g->random << 17;
	return g->random;
}

static void check(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	exit(1);
}

static void put(struct growth *g, unsigned host, const char *kind, size_t len, int flags)
{
	char path[400];

	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t r = chance(g);
		memcpy(g->piece + i, &r, 8);
	}
	str_format(path, sizeof(path), "%s/node%u/2026/11/21/20261121.00.10.%s", g->folder, host,
		kind);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);
	check(fd >= 0 && write(fd, g->piece, len) == (ssize_t)len, path);
	close(fd);
	g->written += len;
}

static void make_folders(struct growth *g)
{
	static const char *const parts[] = {"", "/2026", "/2026/11", "/2026/11/21"};
	char path[400];

	for (unsigned host = 0; host < HOSTS; host++)
		for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
			str_format(path, sizeof(path), "%s/node%u%s", g->folder, host, parts[i]);
			(void)mkdir(path, 0755);
		}
}

static void step(struct growth *g)
{
	char kind[16];
	unsigned host = (unsigned)(chance(g) % HOSTS);
	uint64_t what = chance(g) % 1000;

	str_format(kind, sizeof(kind), "%u", g->volume[host]);
	if (what < 850)
		put(g, host, kind, 1 + chance(g) % PIECE_MAX, O_APPEND);
	else if (what < 980)
		put(g, host, what & 1 ? "meta" : "index", 1 + chance(g) % 4096, O_APPEND);
	else if (what < 990)
		put(g, host, "index", LABEL, 0); // the label, in place
	else if (what < 993)
		put(g, host, "meta", 1 + chance(g) % 9000, O_TRUNC);
	else
		g->volume[host]++;
}

int main(int argc, char **argv)
{
	static struct growth g; // NOLINT: too large for the stack, and this program has one
	uint64_t bytes = 0;
	uint64_t seconds = 0;
	uint64_t seed = 0;

	if (argc != 5 || parse_bytes(argv[2], &bytes) < 0 || parse_u64(argv[3], &seconds) < 0 ||
		parse_u64(argv[4], &seed) < 0)
		return 2;
	str_format(g.folder, sizeof(g.folder), "%s", argv[1]);
	g.random = seed * 2 + 88172645463325252ULL;
	make_folders(&g);
	int64_t start_ns = clock_monotonic_ns();
	while (g.written < bytes) {
		step(&g);
		double share = (double)g.written / (double)bytes;
		int64_t ahead_ns = (int64_t)(share * (double)seconds * 1e9) -
		                   (clock_monotonic_ns() - start_ns);
		struct timespec pause = {ahead_ns / NS_PER_S, ahead_ns % NS_PER_S};
		if (ahead_ns > 0)
			nanosleep(&pause, NULL);
	}
	printf("%llu\n", (unsigned long long)g.written);
	return 0;
}
