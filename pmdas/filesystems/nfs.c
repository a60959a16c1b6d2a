// SPDX-License-Identifier: Apache-2.0
// What the kernel's NFS client counts for each mount; see nfs.h.
#include "pmdas/filesystems/nfs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/set.h"

#define MOUNTS_MAX     1024
#define OPERATIONS_MAX 128 // of one mount

struct operation {
	struct frame_member member;
	struct filesystems_nfs_operation shown, next;
	struct filesystems_fold folds[FILESYSTEMS_READINGS(struct filesystems_nfs_operation)];
	char name[24];
	bool is_attached;
};

struct mount {
	struct frame_member member;
	struct filesystems_nfs shown, next;
	struct filesystems_nfs raw; // sums of one reading
	struct filesystems_fold folds[FILESYSTEMS_READINGS(struct filesystems_nfs)];
	struct operation *operations[OPERATIONS_MAX];
	unsigned n_operations;
	bool is_attached;
	bool is_found;
};

struct nfs {
	struct filesystems *filesystems;
	struct mount *mounts[MOUNTS_MAX];
	unsigned n;
	uint64_t unknown;
};

struct nfs *nfs_new(struct filesystems *f)
{
	struct nfs *n = calloc(1, sizeof(*n));

	if (n != NULL)
		n->filesystems = f;
	return n;
}

// Adds up the numbers of a line to fields; less numbers than fields is no error: kernels differ.
static int add_numbers(const char *s, struct frame_reading *const *fields, unsigned n)
{
	uint64_t value;
	unsigned i = 0;

	s += strspn(s, " \t");
	for (; *s != '\0' && i < n; i++) {
		TRY(filesystems_take(&s, &value));
		if (fields[i] != NULL)
			filesystems_set(fields[i], fields[i]->value + value);
	}
	return i ? 0 : -EINVAL;
}

static int take_events(struct mount *m, const char *s)
{
	struct frame_reading *fields[ARRAY_LEN(m->raw.events)];

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		fields[i] = &m->raw.events[i];
	return add_numbers(s, fields, ARRAY_LEN(fields));
}

static int take_bytes(struct mount *m, const char *s)
{
	struct frame_reading *fields[ARRAY_LEN(m->raw.bytes)];

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		fields[i] = &m->raw.bytes[i];
	return add_numbers(s, fields, ARRAY_LEN(fields));
}

// One line for each connection of the mount.
static int take_transport(struct mount *m, const char *s)
{
	struct filesystems_nfs *r = &m->raw;
	struct frame_reading *const connected[] = {NULL, &r->binds, &r->connects, NULL, NULL,
		&r->sends, &r->receives, &r->bad_xids, &r->in_flight, &r->backlog};
	struct frame_reading *const datagram[] = {
		NULL, &r->binds, &r->sends, &r->receives, &r->bad_xids, &r->in_flight, &r->backlog};

	s += strspn(s, " \t");
	if (strncmp(s, "udp ", 4) == 0)
		return add_numbers(s + 4, datagram, ARRAY_LEN(datagram));
	if (strncmp(s, "tcp ", 4) == 0)
		return add_numbers(s + 4, connected, ARRAY_LEN(connected));
	if (strncmp(s, "rdma ", 5) == 0)
		return add_numbers(s + 5, connected, ARRAY_LEN(connected));
	return strncmp(s, "local ", 6) == 0 ? 0 : -EINVAL;
}

static int take_age(struct mount *m, const char *s)
{
	struct frame_reading *const fields[] = {&m->raw.age};

	return add_numbers(s, fields, 1);
}

static int take_options(struct mount *m, const char *s)
{
	static const struct {
		const char *option;
		const char *label;
	} labels[] = {{"vers=", "version"}, {"proto=", "protocol"}};

	for (size_t i = 0; !m->is_attached && i < ARRAY_LEN(labels); i++) {
		const char *at = strstr(s, labels[i].option);
		char value[24];
		size_t n;

		// Not "mountvers=".
		while (at != NULL && at != s && at[-1] != ',')
			at = strstr(at + 1, labels[i].option);
		if (at == NULL)
			continue;
		at += strlen(labels[i].option);
		n = strcspn(at, ",");
		pmsprintf(value, sizeof(value), "%.*s", (int)(n < 20 ? n : 20), at);
		frame_label(&m->member.instance, labels[i].label, value);
	}
	return 0;
}

static int ignore(struct mount *m, const char *s)
{
	(void)m, (void)s;
	return 0;
}

static const struct {
	const char *word;
	int (*take)(struct mount *m, const char *s);
} lines[] = {
	{"opts:", take_options},
	{"age:", take_age},
	{"caps:", ignore},
	{"nfsv4:", ignore},
	{"sec:", ignore},
	{"impl_id:", ignore},
	{"fsc:", ignore},
	{"events:", take_events},
	{"bytes:", take_bytes},
	{"RPC iostats version:", ignore},
	{"xprt:", take_transport},
	{"per-op statistics", ignore},
};

static struct operation *operation_of(struct mount *m, const char *name, size_t length)
{
	struct operation *o;
	char word[24];
	char whole[256];

	if (length == 0 || length >= sizeof(word))
		return NULL;
	pmsprintf(whole, sizeof(whole), "%.*s", (int)length, name);
	filesystems_name(word, sizeof(word), whole);
	for (unsigned i = 0; i < m->n_operations; i++) {
		if (strcmp(m->operations[i]->name, word) == 0)
			return m->operations[i];
	}
	if (m->n_operations == OPERATIONS_MAX)
		return NULL;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return NULL;
	memcpy(o->name, word, sizeof(word));
	pmsprintf(whole, sizeof(whole), "%s:%s", m->member.instance.name, word);
	filesystems_name(o->member.instance.name, sizeof(o->member.instance.name), whole);
	o->member.indom = FILESYSTEMS_INDOM_nfs_operation;
	o->member.instance.record = &o->shown;
	m->operations[m->n_operations++] = o;
	return o;
}

// "READ: " and eight numbers, nine since Linux 5.3. They are also added up for the mount.
static int take_operation(struct mount *m, const char *line)
{
	const char *colon = strchr(line, ':');
	struct filesystems_nfs_operation r = {0};
	struct frame_reading *const fields[] = {&r.count, &r.transmissions, &r.timeouts, &r.sent,
		&r.received, &r.queue, &r.rtt, &r.execute, &r.errors};
	struct frame_reading *const sums[] = {&m->raw.operations, &m->raw.transmissions,
		&m->raw.timeouts, &m->raw.sent, &m->raw.received, NULL, &m->raw.rtt,
		&m->raw.execute, &m->raw.errors};
	struct operation *o;

	if (colon == NULL)
		return -EINVAL;
	TRY(add_numbers(colon + 1, fields, ARRAY_LEN(fields)));
	o = operation_of(m, line, (size_t)(colon - line));
	if (o == NULL)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct frame_reading *field =
			&((struct frame_reading *)&o->next)[fields[i] - (struct frame_reading *)&r];

		if (!fields[i]->known)
			continue;
		filesystems_count(&o->next, o->folds, field, fields[i]->value);
		if (sums[i] != NULL)
			filesystems_set(sums[i], sums[i]->value + fields[i]->value);
	}
	return 0;
}

static int take_line(struct mount *m, const char *line)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		size_t n = strlen(lines[i].word);

		if (strncmp(line, lines[i].word, n) == 0)
			return lines[i].take(m, line + n);
	}
	return take_operation(m, line);
}

static struct mount *mount_of(struct nfs *n, const char *point, const char *export)
{
	struct mount *m;
	char name[sizeof(m->member.instance.name)];

	filesystems_name(name, sizeof(name), point);
	for (unsigned i = 0; i < n->n; i++) {
		if (strcmp(n->mounts[i]->member.instance.name, name) == 0)
			return n->mounts[i];
	}
	if (n->n == MOUNTS_MAX)
		return NULL;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return NULL;
	memcpy(m->member.instance.name, name, sizeof(name));
	m->member.indom = FILESYSTEMS_INDOM_nfs;
	m->member.instance.record = &m->shown;
	frame_label(&m->member.instance, "export", export);
	n->mounts[n->n++] = m;
	return m;
}

// "device EXPORT mounted on POINT with fstype nfs4 statvers=1.1": the mount, NULL if it is another's.
static struct mount *take_device(struct nfs *n, char *line)
{
	char *export = line + strlen("device ");
	char *point = strstr(export, " mounted on ");
	char *type = point == NULL ? NULL : strstr(point, " with fstype nfs");
	struct mount *m;

	if (type == NULL || strstr(type, " statvers=") == NULL)
		return NULL;
	*point = '\0';
	*type = '\0';
	m = mount_of(n, point + strlen(" mounted on "), export);
	if (m == NULL)
		return NULL;
	// Of mounts on one point the last hides the others.
	memset(&m->raw, 0, sizeof(m->raw));
	memset(&m->next, 0, sizeof(m->next));
	for (unsigned i = 0; i < m->n_operations; i++)
		memset(&m->operations[i]->next, 0, sizeof(m->operations[i]->next));
	m->is_found = true;
	return m;
}

// The sums of the reading become counters, once all lines of the mount are known.
static void fold_up(struct mount *m)
{
	for (size_t i = 0; i < FILESYSTEMS_READINGS(m->raw); i++) {
		const struct frame_reading *raw = &((const struct frame_reading *)&m->raw)[i];
		struct frame_reading *next = &((struct frame_reading *)&m->next)[i];

		if (!raw->known)
			continue;
		if (next == &m->next.age)
			filesystems_set(next, raw->value);
		else
			filesystems_count(&m->next, m->folds, next, raw->value);
	}
}

unsigned nfs_parse(struct nfs *n, char *text, uint64_t *ret_unknown)
{
	struct mount *m = NULL;
	unsigned found = 0;
	uint64_t unknown = 0;
	char *line;

	for (unsigned i = 0; i < n->n; i++)
		n->mounts[i]->is_found = false;
	while ((line = filesystems_line(&text)) != NULL) {
		line += strspn(line, " \t");
		if (strncmp(line, "device ", 7) == 0)
			m = take_device(n, line);
		else if (m != NULL && *line != '\0' && take_line(m, line) < 0)
			unknown++;
	}
	for (unsigned i = 0; i < n->n; i++) {
		if (!n->mounts[i]->is_found)
			continue;
		fold_up(n->mounts[i]);
		found++;
	}
	*ret_unknown = unknown;
	return found;
}

static void sample(void *device, uint64_t want)
{
	struct nfs *n = device;
	AUTO_FREE char *text = filesystems_read(n->filesystems->root, "proc/self/mountstats");

	(void)want;
	n->unknown = 0;
	if (text != NULL)
		nfs_parse(n, text, &n->unknown);
	for (unsigned i = 0; text == NULL && i < n->n; i++)
		n->mounts[i]->is_found = false;
}

static void show(struct nfs *n, struct frame_member *m, bool *is_attached, bool is_found)
{
	if (!*is_attached && is_found) {
		frame_roster_attach(&n->filesystems->roster, m);
		*is_attached = true;
	}
	if (*is_attached)
		frame_roster_show(&n->filesystems->roster, m, is_found);
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct nfs *n = device;

	(void)want, (void)now_ns;
	for (unsigned i = 0; i < n->n; i++) {
		struct mount *m = n->mounts[i];

		m->shown = m->next;
		show(n, &m->member, &m->is_attached, m->is_found);
		for (unsigned k = 0; k < m->n_operations; k++) {
			struct operation *o = m->operations[k];

			o->shown = o->next;
			show(n, &o->member, &o->is_attached, m->is_found);
		}
	}
	n->filesystems->unknown_nfs = n->unknown;
}

static void lose(void *device)
{
	struct nfs *n = device;

	for (unsigned i = 0; i < n->n; i++) {
		struct mount *m = n->mounts[i];

		memset(&m->shown, 0, sizeof(m->shown));
		for (unsigned k = 0; k < m->n_operations; k++)
			memset(&m->operations[k]->shown, 0, sizeof(m->operations[k]->shown));
	}
}

int nfs_start(struct filesystems *f)
{
	struct frame_work work = {.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = UINT64_C(1) << FILESYSTEMS_CLUSTER_NFS |
	                    UINT64_C(1) << FILESYSTEMS_CLUSTER_NFS_EVENT |
	                    UINT64_C(1) << FILESYSTEMS_CLUSTER_NFS_OPERATION};

	f->nfs = nfs_new(f);
	if (f->nfs == NULL)
		return -ENOMEM;
	work.device = f->nfs;
	sample(f->nfs, UINT64_MAX);
	publish(f->nfs, UINT64_MAX, 0);
	return frame_crew_add(f->crew, &work);
}

// What is in the roster is freed with it.
void nfs_free(struct nfs *n)
{
	for (unsigned i = 0; n != NULL && i < n->n; i++) {
		struct mount *m = n->mounts[i];

		for (unsigned k = 0; k < m->n_operations; k++) {
			if (!m->operations[k]->is_attached)
				free(m->operations[k]);
		}
		if (!m->is_attached)
			free(m);
	}
	free(n);
}
