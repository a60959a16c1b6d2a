// SPDX-License-Identifier: Apache-2.0
// What the BeeGFS client knows of itself and its servers; see beegfs.h.
#include "pmdas/filesystems/beegfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/frame/set.h"

#define FOLDER "proc/fs/beegfs"

struct unit {
	struct frame_member member;
	struct filesystems *filesystems;
	struct filesystems_beegfs shown, next;
	char folder[128];
};

uint64_t beegfs_parse_status(char *text, struct filesystems_beegfs *ret)
{
	const struct {
		const char *name;
		struct frame_reading *field;
	} known[] = {{"numAvailableMsgBufs:", &ret->buffers},
		{"numDelayedClose:", &ret->delayed_close},
		{"numDelayedEntryUnlock:", &ret->delayed_entry},
		{"numDelayedRangeUnlock:", &ret->delayed_range}, {"numEnqueuedAcks:", &ret->acks}};
	uint64_t unknown = 0;
	uint64_t value;
	char *line;

	while ((line = filesystems_line(&text)) != NULL) {
		bool taken = *line == '\0';

		for (size_t i = 0; i < ARRAY_LEN(known); i++) {
			size_t n = strlen(known[i].name);
			const char *s = line + n;

			if (strncmp(line, known[i].name, n) != 0)
				continue;
			s += strspn(s, " \t");
			if (filesystems_take(&s, &value) == 0) {
				filesystems_set(known[i].field, value);
				taken = true;
			}
		}
		unknown += !taken;
	}
	return unknown;
}

// "RDMA: 4 (10.0.0.1:8003); TCP: 1 (...);" or "<none>".
static void add_connections(const char *s, const char *kind, struct frame_reading *ret)
{
	uint64_t value;

	filesystems_set(ret, ret->value);
	while ((s = strstr(s, kind)) != NULL) {
		s += strlen(kind);
		s += strspn(s, " \t");
		if (filesystems_take(&s, &value) == 0 && value < 1000000)
			ret->value += value;
	}
}

unsigned beegfs_parse_nodes(char *text, struct filesystems_beegfs *ret)
{
	unsigned servers = 0;
	char *line;

	while ((line = filesystems_line(&text)) != NULL) {
		const char *s = line + strspn(line, " \t");

		servers += strstr(line, "[ID:") != NULL;
		if (strncmp(s, "Connections:", 12) == 0) {
			add_connections(s, "TCP:", &ret->tcp);
			add_connections(s, "RDMA:", &ret->rdma);
		}
	}
	return servers;
}

static char *read_below(const struct unit *u, const char *file)
{
	char path[200];

	pmsprintf(path, sizeof(path), "%s/%s", u->folder, file);
	return filesystems_read(u->filesystems->root, path);
}

static void sample(void *device, uint64_t want)
{
	struct unit *u = device;
	AUTO_FREE char *status = read_below(u, "status");
	AUTO_FREE char *meta = read_below(u, "meta_nodes");
	AUTO_FREE char *storage = read_below(u, "storage_nodes");

	(void)want;
	memset(&u->next, 0, sizeof(u->next));
	if (status != NULL)
		(void)beegfs_parse_status(status, &u->next);
	if (meta != NULL)
		filesystems_set(&u->next.meta_servers, beegfs_parse_nodes(meta, &u->next));
	if (storage != NULL)
		filesystems_set(&u->next.storage_servers, beegfs_parse_nodes(storage, &u->next));
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct unit *u = device;

	(void)want, (void)now_ns;
	u->shown = u->next;
}

static void lose(void *device)
{
	struct unit *u = device;

	memset(&u->shown, 0, sizeof(u->shown));
}

// The host of the management service, by which a mount is the same on all nodes; else the client's own id.
static void name_unit(struct unit *u, const char *id)
{
	struct frame_instance *instance = &u->member.instance;
	AUTO_FREE char *config = read_below(u, "config");
	char *rest = config;
	char *line;

	filesystems_name(instance->name, sizeof(instance->name), id);
	while (config != NULL && (line = filesystems_line(&rest)) != NULL) {
		char name[sizeof(instance->name)];

		if (strncmp(line, "sysMgmtdHost = ", 15) != 0 || line[15] == '\0')
			continue;
		filesystems_name(name, sizeof(name), line + 15);
		for (const struct frame_member *m = u->filesystems->roster.scanned; m;
			m = m->next) {
			if (m->indom == FILESYSTEMS_INDOM_beegfs &&
				strcmp(m->instance.name, name) == 0)
				return; // a second mount of the same
		}
		memcpy(instance->name, name, sizeof(name));
	}
}

static void add(struct filesystems *f, const char *id)
{
	struct unit *u;
	char folder[sizeof(u->folder)];

	pmsprintf(folder, sizeof(folder), "%s/%s", FOLDER, id);
	for (struct frame_member *m = f->roster.scanned; m != NULL; m = m->next) {
		u = (struct unit *)m;
		if (m->indom == FILESYSTEMS_INDOM_beegfs && strcmp(u->folder, folder) == 0) {
			m->found = true;
			return;
		}
	}
	u = calloc(1, sizeof(*u));
	if (u == NULL)
		return;
	u->filesystems = f;
	memcpy(u->folder, folder, sizeof(folder));
	u->member.indom = FILESYSTEMS_INDOM_beegfs;
	u->member.instance.record = &u->shown;
	u->member.work = (struct frame_work){.device = u,
		.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = UINT64_C(1) << FILESYSTEMS_CLUSTER_BEEGFS};
	name_unit(u, id);
	frame_label(&u->member.instance, "client", id);
	if (!frame_roster_add(&f->roster, &u->member))
		free(u);
}

void beegfs_find(struct filesystems *f)
{
	DIR *dir = frame_open_folder(f->root, FOLDER);
	struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): a stream of our own
		if (e->d_name[0] != '.' && strlen(e->d_name) < 100)
			add(f, e->d_name);
	}
	closedir(dir);
}
