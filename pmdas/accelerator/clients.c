// SPDX-License-Identifier: Apache-2.0
// Looks through /proc for the users of graphics devices; see fdinfo.h. One search serves all devices.
// Other users' files can be read only with CAP_SYS_PTRACE: without it only our own are found, and then
// nothing is shown at all.
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/accelerator/fdinfo.h"
#include "pmdas/frame/parse.h"

#define INTERVAL_NS INT64_C(500000000)
#define CLIENTS_MAX 1024
#define FILES_MAX   4096 // of one process
#define PERCENT     100000

struct fdinfo_scan {
	pthread_mutex_t lock;
	int root; // borrowed
	int64_t at_ns;
	bool refused; // some process could not be looked into
	struct fdinfo_client clients[2][CLIENTS_MAX];
	unsigned n[2];
	unsigned now; // which of the two
};

int fdinfo_scan_new(int root, struct fdinfo_scan **ret)
{
	struct fdinfo_scan *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	s->root = root;
	*ret = s;
	return 0;
}

void fdinfo_scan_free(struct fdinfo_scan *s)
{
	if (s == NULL)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool is_same(const struct fdinfo *a, const struct fdinfo *b)
{
	return a->client == b->client && strcmp(a->pci, b->pci) == 0;
}

static void add_client(struct fdinfo_scan *s, unsigned pid, const struct fdinfo *f, int64_t now)
{
	struct fdinfo_client *clients = s->clients[s->now];

	for (unsigned i = 0; i < s->n[s->now]; i++) {
		if (is_same(&clients[i].info, f))
			return;
	}
	if (s->n[s->now] < CLIENTS_MAX)
		clients[s->n[s->now]++] =
			(struct fdinfo_client){.info = *f, .pid = pid, .at_ns = now};
}

// Most open files are others: the link's text tells without reading what stands behind it.
static bool is_device_file(int fds, const char *name)
{
	char target[64];
	ssize_t n = readlinkat(fds, name, target, sizeof(target) - 1);

	if (n < 0)
		return false;
	target[n] = '\0';
	return strncmp(target, "/dev/dri/", 9) == 0;
}

static int open_folder(int root, unsigned long pid, const char *name)
{
	char path[48];

	pmsprintf(path, sizeof(path), "proc/%lu/%s", pid, name);
	return openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void scan_process(struct fdinfo_scan *s, unsigned long pid, int64_t now)
{
	int fds = open_folder(s->root, pid, "fd");
	DIR *dir = fds < 0 ? NULL : fdopendir(fds);

	if (dir == NULL) {
		s->refused |= errno == EACCES || errno == EPERM;
		if (fds >= 0)
			close(fds);
		return;
	}
	for (unsigned i = 0; i < FILES_MAX; i++) {
		struct dirent *e = readdir(dir); // NOLINT(concurrency-mt-unsafe): our own stream
		struct fdinfo f;
		char path[80];
		char text[4096];

		if (e == NULL)
			break;
		if (!isdigit((unsigned char)e->d_name[0]) || strlen(e->d_name) > 10 ||
			!is_device_file(fds, e->d_name))
			continue;
		pmsprintf(path, sizeof(path), "proc/%lu/fdinfo/%s", pid, e->d_name);
		if (frame_read_head(s->root, path, text, sizeof(text)) > 0 &&
			fdinfo_parse(text, &f) == 0)
			add_client(s, (unsigned)pid, &f, now);
	}
	closedir(dir);
}

// The share of the time (or of the engine's own cycles) since the same client's reading before.
static uint64_t share_of(
	const struct fdinfo_client *c, const struct fdinfo_client *before, size_t e)
{
	uint64_t busy = c->info.busy[e] - before->info.busy[e];
	uint64_t all = c->info.cycles[e] ? c->info.cycles[e] - before->info.cycles[e]
	                                 : (uint64_t)(c->at_ns - before->at_ns);
	double share;

	if (c->info.busy[e] < before->info.busy[e] || all == 0 ||
		c->info.cycles[e] < before->info.cycles[e])
		return 0;
	share = (double)busy / (double)all / (double)c->info.capacity[e];
	return (uint64_t)((share > 1 ? 1 : share) * PERCENT + 0.5);
}

static void derive_shares(struct fdinfo_scan *s)
{
	struct fdinfo_client *clients = s->clients[s->now];
	const struct fdinfo_client *before = s->clients[!s->now];

	for (unsigned i = 0; i < s->n[s->now]; i++) {
		for (unsigned k = 0; k < s->n[!s->now]; k++) {
			if (!is_same(&clients[i].info, &before[k].info))
				continue;
			clients[i].known = true;
			for (size_t e = 0; e < ACCELERATOR_ENGINES; e++)
				clients[i].share[e] = share_of(&clients[i], &before[k], e);
			break;
		}
	}
}

static int scan(struct fdinfo_scan *s, int64_t now)
{
	DIR *dir = frame_open_folder(s->root, "proc");
	struct dirent *e;

	if (dir == NULL)
		return -ENOENT;
	s->now = !s->now;
	s->n[s->now] = 0;
	s->refused = false;
	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): our own stream
		if (isdigit((unsigned char)e->d_name[0]) && strlen(e->d_name) <= 10)
			scan_process(s, strtoul(e->d_name, NULL, 10), now);
	}
	closedir(dir);
	s->at_ns = now;
	derive_shares(s);
	return 0;
}

int fdinfo_scan_clients(
	struct fdinfo_scan *s, const char *pci, struct fdinfo_client *ret, unsigned room)
{
	int64_t now = accelerator_now_ns();
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (s->at_ns == 0 || now - s->at_ns >= INTERVAL_NS)
		rc = scan(s, now);
	if (rc == 0 && s->refused)
		rc = -EACCES;
	for (unsigned i = 0; rc >= 0 && i < s->n[s->now] && (unsigned)rc < room; i++) {
		const struct fdinfo_client *c = &s->clients[s->now][i];

		if (strcmp(c->info.pci, pci) == 0)
			ret[rc++] = *c;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}
