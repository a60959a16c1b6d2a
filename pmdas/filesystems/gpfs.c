// SPDX-License-Identifier: Apache-2.0
// GPFS's counters by mmpmon; see gpfs.h. It is started with the rights the PMDA began with, since it asks for
// root. One that does not answer in time is ended, and started again a minute later.
#include "pmdas/filesystems/gpfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/filesystems/mmpmon.h"
#include "pmdas/frame/set.h"

#define ANSWER_NS       INT64_C(2000000000)
#define AGAIN_NS        INT64_C(60000000000)
#define FILESYSTEMS_MAX 256
#define REQUESTS        "fs_io_s\nver\n"

struct volume {
	struct frame_member member;
	struct filesystems_gpfs shown, next;
	struct filesystems_fold folds[FILESYSTEMS_READINGS(struct filesystems_gpfs)];
	bool is_attached;
	bool is_found;
};

struct gpfs {
	struct filesystems *filesystems;
	struct mmpmon mmpmon;
	struct volume *volumes[FILESYSTEMS_MAX];
	unsigned n;
	uint64_t unknown;
	int64_t again_ns;
	const char *state;
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

// The next "_key_ value" at *s; keys keep their underscores.
static bool next_pair(const char **s, char key[16], char value[64])
{
	size_t n;

	*s += strspn(*s, " \t");
	n = strcspn(*s, " \t");
	if (n == 0)
		return false;
	pmsprintf(key, 16, "%.*s", (int)(n < 16 ? n : 15), *s);
	*s += n;
	*s += strspn(*s, " \t");
	n = strcspn(*s, " \t");
	pmsprintf(value, 64, "%.*s", (int)(n < 64 ? n : 63), *s);
	*s += n;
	return true;
}

static int take_pair(struct gpfs_reply *r, const char *key, const char *value)
{
	struct filesystems_gpfs *v = &r->values;
	const struct {
		const char *key;
		struct frame_reading *field;
	} numbers[] = {{"_br_", &v->read_bytes}, {"_bw_", &v->write_bytes}, {"_oc_", &v->opens},
		{"_cc_", &v->closes}, {"_rdc_", &v->reads}, {"_wc_", &v->writes},
		{"_dir_", &v->readdirs}, {"_iu_", &v->inode_updates}, {"_d_", &v->disks}};
	const struct {
		const char *key;
		char *word;
	} words[] = {{"_fs_", r->filesystem}, {"_cl_", r->cluster}, {"_nn_", r->node}};
	uint64_t number;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(key, words[i].key) == 0)
			filesystems_name(words[i].word, sizeof(r->filesystem), value);
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (strcmp(key, numbers[i].key) != 0)
			continue;
		TRY(filesystems_take(&value, &number));
		if (*value != '\0')
			return -EINVAL;
		filesystems_set(numbers[i].field, number);
	}
	return 0;
}

int gpfs_parse_line(const char *line, struct gpfs_reply *ret)
{
	struct gpfs_reply r = {0};
	const char *s = line;
	char key[16];
	char value[64];
	size_t kind = strcspn(s, " \t");
	bool failed = false;

	if (kind == 5 && strncmp(s, "_ver_", 5) == 0)
		return 2;
	if (s[0] != '_' || kind < 3 || s[kind - 1] != '_')
		return -EINVAL;
	if (kind != 9 || strncmp(s, "_fs_io_s_", 9) != 0)
		return 0;
	s += kind;
	while (next_pair(&s, key, value)) {
		failed |= strcmp(key, "_rc_") == 0 && strcmp(value, "0") != 0;
		TRY(take_pair(&r, key, value));
	}
	if (failed || r.filesystem[0] == '\0' || strcmp(r.filesystem, "-") == 0)
		return 0; // nothing is mounted
	if (!r.values.read_bytes.known || !r.values.write_bytes.known)
		return -EINVAL;
	*ret = r;
	return 1;
}

static struct volume *volume_of(struct gpfs *g, const struct gpfs_reply *r)
{
	struct volume *v;

	for (unsigned i = 0; i < g->n; i++) {
		if (strcmp(g->volumes[i]->member.instance.name, r->filesystem) == 0)
			return g->volumes[i];
	}
	v = g->n == FILESYSTEMS_MAX ? NULL : calloc(1, sizeof(*v));
	if (v == NULL)
		return NULL;
	memcpy(v->member.instance.name, r->filesystem, sizeof(r->filesystem));
	v->member.indom = FILESYSTEMS_INDOM_gpfs;
	v->member.instance.record = &v->shown;
	frame_label(&v->member.instance, "cluster", r->cluster);
	frame_label(&v->member.instance, "node", r->node);
	g->volumes[g->n++] = v;
	return v;
}

static void take_reply(struct gpfs *g, const struct gpfs_reply *r)
{
	struct volume *v = volume_of(g, r);

	if (v == NULL)
		return;
	memset(&v->next, 0, sizeof(v->next));
	for (size_t i = 0; i < FILESYSTEMS_READINGS(r->values); i++) {
		const struct frame_reading *raw = &((const struct frame_reading *)&r->values)[i];
		struct frame_reading *next = &((struct frame_reading *)&v->next)[i];

		if (!raw->known)
			continue;
		if (next == &v->next.disks)
			filesystems_set(next, raw->value);
		else
			filesystems_count(&v->next, v->folds, next, raw->value);
	}
	v->is_found = true;
}

// Asks and takes the answers; 1, 0 if the child has ended, or a negative errno value.
static int converse(struct gpfs *g)
{
	int64_t deadline = now_ns() + ANSWER_NS;
	const char *line = NULL;
	int rc = mmpmon_ask(&g->mmpmon, REQUESTS);

	while (rc >= 0 && (rc = mmpmon_line(&g->mmpmon, deadline, &line)) > 0) {
		struct gpfs_reply r;
		int what = gpfs_parse_line(line, &r);

		if (what == 2)
			return 1;
		if (what == 1)
			take_reply(g, &r);
		else if (what < 0)
			g->unknown++;
	}
	return rc;
}

static void sample(void *device, uint64_t want)
{
	struct gpfs *g = device;
	int rc;

	(void)want;
	g->unknown = 0;
	for (unsigned i = 0; i < g->n; i++)
		g->volumes[i]->is_found = false;
	if (g->mmpmon.pid == 0) {
		if (now_ns() < g->again_ns)
			return;
		g->again_ns = now_ns() + AGAIN_NS;
		g->state = "ended";
		if (mmpmon_start(&g->mmpmon) < 0)
			return;
	}
	rc = converse(g);
	g->state = rc > 0 ? "ready" : rc == -ETIMEDOUT ? "late" : "ended";
	if (rc > 0)
		return;
	mmpmon_stop(&g->mmpmon);
	g->again_ns = now_ns() + AGAIN_NS;
	for (unsigned i = 0; i < g->n; i++)
		g->volumes[i]->is_found = false;
}

static void publish(void *device, uint64_t want, int64_t now)
{
	struct gpfs *g = device;

	(void)want, (void)now;
	for (unsigned i = 0; i < g->n; i++) {
		struct volume *v = g->volumes[i];

		if (!v->is_found)
			memset(&v->next, 0, sizeof(v->next));
		v->shown = v->next;
		if (!v->is_attached)
			frame_roster_attach(&g->filesystems->roster, &v->member);
		v->is_attached = true;
		frame_roster_show(&g->filesystems->roster, &v->member, v->is_found);
	}
	g->filesystems->unknown_gpfs = g->unknown;
	pmsprintf(g->filesystems->node.gpfs, sizeof(g->filesystems->node.gpfs), "%s", g->state);
}

static void lose(void *device)
{
	struct gpfs *g = device;

	for (unsigned i = 0; i < g->n; i++)
		memset(&g->volumes[i]->shown, 0, sizeof(g->volumes[i]->shown));
}

int gpfs_start(struct filesystems *f, const char *root)
{
	const char *path = getenv("JOBSIGHT_MMPMON"); // NOLINT(concurrency-mt-unsafe): at the start
	struct gpfs *g = calloc(1, sizeof(*g));
	struct frame_work work = {.device = g,
		.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = UINT64_C(1) << FILESYSTEMS_CLUSTER_GPFS};

	if (g == NULL)
		return -ENOMEM;
	f->gpfs = g;
	g->filesystems = f;
	g->state = "absent";
	pmsprintf(f->node.gpfs, sizeof(f->node.gpfs), "absent");
	if (path != NULL && path[0] == '/')
		pmsprintf(g->mmpmon.path, sizeof(g->mmpmon.path), "%s", path);
	else
		pmsprintf(g->mmpmon.path, sizeof(g->mmpmon.path), "%s/%s", root, GPFS_MMPMON);
	if (access(g->mmpmon.path, X_OK) != 0)
		return 0;
	sample(g, UINT64_MAX);
	publish(g, UINT64_MAX, 0);
	return frame_crew_add(f->crew, &work);
}

void gpfs_free(struct gpfs *g)
{
	if (g == NULL)
		return;
	mmpmon_stop(&g->mmpmon);
	for (unsigned i = 0; i < g->n; i++) {
		if (!g->volumes[i]->is_attached)
			free(g->volumes[i]);
	}
	free(g);
}
