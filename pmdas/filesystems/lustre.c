// SPDX-License-Identifier: Apache-2.0
// Lustre's statistics, in /proc, /sys or debugfs, whichever the version has them in; see lustre.h.
#include "pmdas/filesystems/lustre.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/frame/set.h"

#define OPERATIONS_MAX 256 // of one mount or target

enum kind { LLITE, OSC, MDC };

static const struct {
	const char *folder;
	const char *files[2];
} kinds[] = {
	[LLITE] = {"llite", {"stats", NULL}},
	[OSC] = {"osc", {"stats", NULL}},
	[MDC] = {"mdc", {"stats", "md_stats"}},
};

struct operation {
	struct frame_member member;
	struct filesystems_lustre_operation shown, next;
	struct filesystems_fold folds[FILESYSTEMS_READINGS(struct filesystems_lustre_operation)];
	char name[40];
	bool is_attached;
};

union record {
	struct filesystems_lustre mount;
	struct filesystems_lustre_target target;
};

struct unit {
	struct frame_member member;
	struct filesystems *filesystems;
	enum kind kind;
	union record shown, next;
	struct filesystems_fold folds[FILESYSTEMS_READINGS(union record)];
	struct operation **operations;
	unsigned n_operations;
	uint64_t unknown, unknown_before;
	char path[2][160]; // of its files, "" = none
	bool below_debug[2];
};

// Which field of the record a line adds to: its number of samples, its sum, or both.
static const struct known {
	enum kind kind;
	const char *name;
	int samples; // offset of the field, -1 = none
	int sum;
} known[] = {
#define MOUNT(field)  (int)offsetof(struct filesystems_lustre, field)
#define TARGET(field) (int)offsetof(struct filesystems_lustre_target, field)
	{LLITE, "read_bytes", MOUNT(reads), MOUNT(read_bytes)},
	{LLITE, "write_bytes", MOUNT(writes), MOUNT(write_bytes)},
	{LLITE, "open", MOUNT(opens), -1},
	{LLITE, "close", MOUNT(closes), -1},
	{LLITE, "seek", MOUNT(seeks), -1},
	{LLITE, "fsync", MOUNT(fsyncs), -1},
	{LLITE, "readdir", MOUNT(readdirs), -1},
	{LLITE, "getattr", MOUNT(getattrs), -1},
	{LLITE, "setattr", MOUNT(setattrs), -1},
	{LLITE, "create", MOUNT(creates), -1},
	{LLITE, "mknod", MOUNT(creates), -1},
	{LLITE, "unlink", MOUNT(unlinks), -1},
	{LLITE, "mkdir", MOUNT(mkdirs), -1},
	{LLITE, "rmdir", MOUNT(rmdirs), -1},
	{LLITE, "rename", MOUNT(renames), -1},
	{LLITE, "dirty_pages_hits", MOUNT(hits), -1},
	{LLITE, "dirty_pages_misses", MOUNT(misses), -1},
	{OSC, "read_bytes", TARGET(reads), TARGET(read_bytes)},
	{OSC, "write_bytes", TARGET(writes), TARGET(write_bytes)},
	{OSC, "req_waittime", TARGET(requests), TARGET(wait)},
	{MDC, "req_waittime", TARGET(requests), TARGET(wait)},
#undef MOUNT
#undef TARGET
};

// Lines of llite that are no operations on metadata.
static const char *const data_lines[] = {"read_bytes", "write_bytes", "read", "write", "seek",
	"osc_read", "osc_write", "brw_read", "brw_write", "dirty_pages_hits", "dirty_pages_misses",
	"mmap", "page_fault", "page_mkwrite", "ioctl", "lockless_read_bytes",
	"lockless_write_bytes", "lockless_truncate", "direct_read", "direct_write", "opencount",
	"openclosetime", "hybrid_read", "hybrid_write", "hybrid_write_bytes", "hybrid_read_bytes"};

static bool take_word(const char **s, char *ret, size_t size)
{
	size_t n = strcspn(*s, " \t[]");

	if (n == 0 || n >= size)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!isgraph((unsigned char)(*s)[i]) || strchr("\"\\/", (*s)[i]) != NULL)
			return false;
	}
	memcpy(ret, *s, n);
	ret[n] = '\0';
	*s += n;
	*s += strspn(*s, " \t");
	return true;
}

int lustre_parse_line(const char *line, struct lustre_line *ret)
{
	const char *s = line + strspn(line, " \t");
	struct lustre_line l = {0};
	uint64_t *const values[] = {&l.minimum, &l.maximum, &l.sum, &l.squares};

	if (!take_word(&s, l.name, sizeof(l.name)))
		return -EINVAL;
	if (strcmp(l.name, "snapshot_time") == 0 || strcmp(l.name, "start_time") == 0 ||
		strcmp(l.name, "elapsed_time") == 0)
		return 0;
	if (filesystems_take(&s, &l.samples) < 0 || strncmp(s, "samples", 7) != 0)
		return -EINVAL;
	s += 7;
	s += strspn(s, " \t");
	if (*s++ != '[' || !take_word(&s, l.unit, sizeof(l.unit)) || *s++ != ']')
		return -EINVAL;
	s += strspn(s, " \t");
	while (*s != '\0' && l.n < ARRAY_LEN(values)) {
		if (filesystems_take(&s, values[l.n++]) < 0)
			return -EINVAL;
	}
	if (*s != '\0')
		return -EINVAL;
	*ret = l;
	return 1;
}

int lustre_parse_lnet(const char *text, uint64_t values[11])
{
	uint64_t got[11];

	text += strspn(text, " \t");
	for (unsigned i = 0; i < ARRAY_LEN(got); i++)
		TRY(filesystems_take(&text, &got[i]));
	if (*text != '\0' && *text != '\n')
		return -EINVAL;
	memcpy(values, got, sizeof(got));
	return 0;
}

void lustre_short_name(char *ret, size_t size, const char *folder)
{
	static const char *const middles[] = {"-osc", "-mdc", "-lwp"};
	const char *last = strrchr(folder, '-');
	char name[128];
	size_t n = strlen(folder);

	if (last != NULL && strlen(last + 1) >= 8 &&
		strspn(last + 1, "0123456789abcdef") == strlen(last + 1))
		n = (size_t)(last - folder);
	if (n >= sizeof(name))
		n = sizeof(name) - 1;
	memcpy(name, folder, n);
	name[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(middles); i++) {
		if (n > 4 && strcmp(name + n - 4, middles[i]) == 0)
			name[n - 4] = '\0';
	}
	filesystems_name(ret, size, name);
}

static bool is_metadata(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(data_lines); i++) {
		if (strcmp(name, data_lines[i]) == 0)
			return false;
	}
	return true;
}

// The operation of that name; a new one, if there is room, is shown from the next publishing on.
static struct operation *operation_of(struct unit *u, const char *name)
{
	struct operation **operations;
	struct operation *o;
	char whole[256];

	for (unsigned i = 0; i < u->n_operations; i++) {
		if (strcmp(u->operations[i]->name, name) == 0)
			return u->operations[i];
	}
	if (u->n_operations == OPERATIONS_MAX)
		return NULL;
	operations = realloc(u->operations, (u->n_operations + 1) * sizeof(struct operation *));
	if (operations == NULL)
		return NULL;
	u->operations = operations;
	o = calloc(1, sizeof(*o));
	if (o == NULL)
		return NULL;
	pmsprintf(o->name, sizeof(o->name), "%s", name);
	pmsprintf(whole, sizeof(whole), "%s/%s", u->member.instance.name, name);
	filesystems_name(o->member.instance.name, sizeof(o->member.instance.name), whole);
	o->member.indom = FILESYSTEMS_INDOM_lustre_operation;
	o->member.instance.record = &o->shown;
	u->operations[u->n_operations++] = o;
	return o;
}

static void take_operation(struct unit *u, const struct lustre_line *l)
{
	struct operation *o = operation_of(u, l->name);
	struct filesystems_lustre_operation *r;

	if (o == NULL) {
		u->unknown++;
		return;
	}
	r = &o->next;
	filesystems_count(r, o->folds, &r->samples, l->samples);
	if (l->n >= 2) {
		filesystems_set(&r->minimum, l->minimum);
		filesystems_set(&r->maximum, l->maximum);
	}
	if (l->n >= 3)
		filesystems_count(r, o->folds, &r->sum, l->sum);
	if (l->n >= 4)
		filesystems_count(r, o->folds, &r->squares, l->squares);
	pmsprintf(r->unit, sizeof(r->unit), "%s", l->unit);
}

static void add_to(union record *sums, int offset, uint64_t value)
{
	struct frame_reading *r = (void *)((char *)sums + offset);

	filesystems_set(r, r->value + value);
}

static void take_line(
	struct unit *u, unsigned file, const struct lustre_line *l, union record *sums)
{
	take_operation(u, l);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (known[i].kind != u->kind || strcmp(known[i].name, l->name) != 0)
			continue;
		if (known[i].samples >= 0)
			add_to(sums, known[i].samples, l->samples);
		if (known[i].sum >= 0 && l->n >= 3)
			add_to(sums, known[i].sum, l->sum);
	}
	if (u->kind == LLITE && is_metadata(l->name))
		add_to(sums, (int)offsetof(struct filesystems_lustre, metadata), l->samples);
	if (u->kind == MDC && file == 1)
		add_to(sums, (int)offsetof(struct filesystems_lustre_target, metadata), l->samples);
}

static void read_stats(struct unit *u, unsigned file, union record *sums)
{
	struct filesystems *f = u->filesystems;
	AUTO_FREE char *text =
		filesystems_read(u->below_debug[file] ? f->debug_lustre : f->root, u->path[file]);
	char *rest = text;
	char *line;

	while (text != NULL && (line = filesystems_line(&rest)) != NULL) {
		struct lustre_line l;
		int rc = lustre_parse_line(line, &l);

		if (rc > 0)
			take_line(u, file, &l, sums);
		else if (rc < 0 && *line != '\0')
			u->unknown++;
	}
}

static void sample(void *device, uint64_t want)
{
	struct unit *u = device;
	union record sums;

	(void)want;
	memset(&u->next, 0, sizeof(u->next));
	memset(&sums, 0, sizeof(sums));
	for (unsigned i = 0; i < u->n_operations; i++)
		memset(&u->operations[i]->next, 0, sizeof(u->operations[i]->next));
	u->unknown = 0;
	for (unsigned i = 0; i < 2; i++) {
		if (u->path[i][0] != '\0')
			read_stats(u, i, &sums);
	}
	for (size_t i = 0; i < FILESYSTEMS_READINGS(sums); i++) {
		const struct frame_reading *sum = &((const struct frame_reading *)&sums)[i];

		if (sum->known)
			filesystems_count(&u->next, u->folds,
				&((struct frame_reading *)&u->next)[i], sum->value);
	}
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct unit *u = device;

	(void)want, (void)now_ns;
	u->shown = u->next;
	for (unsigned i = 0; i < u->n_operations; i++) {
		struct operation *o = u->operations[i];

		o->shown = o->next;
		if (!o->is_attached)
			frame_roster_attach(&u->filesystems->roster, &o->member);
		o->is_attached = true;
		frame_roster_show(&u->filesystems->roster, &o->member, o->shown.samples.known);
	}
	u->filesystems->unknown_lustre += u->unknown - u->unknown_before;
	u->unknown_before = u->unknown;
}

static void lose(void *device)
{
	struct unit *u = device;

	memset(&u->shown, 0, sizeof(u->shown));
	for (unsigned i = 0; i < u->n_operations; i++)
		memset(&u->operations[i]->shown, 0, sizeof(u->operations[i]->shown));
}

// Where the file of a mount or target is; its path is "" if nowhere.
static void find_file(struct unit *u, unsigned index, const char *folder)
{
	static const struct {
		bool debug;
		const char *folder;
	} places[] = {{false, "proc/fs/lustre"}, {false, "sys/fs/lustre"}, {true, "."}};
	const struct filesystems *f = u->filesystems;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		pmsprintf(u->path[index], sizeof(u->path[index]), "%s/%s/%s/%s", places[i].folder,
			kinds[u->kind].folder, folder, kinds[u->kind].files[index]);
		u->below_debug[index] = places[i].debug;
		if (faccessat(places[i].debug ? f->debug_lustre : f->root, u->path[index], R_OK,
			    0) == 0)
			return;
	}
	u->path[index][0] = '\0';
}

static bool is_listed(const struct filesystems *f, unsigned indom, const char *name)
{
	for (const struct frame_member *m = f->roster.scanned; m != NULL; m = m->next) {
		if (m->indom == indom && strcmp(m->instance.name, name) == 0)
			return true;
	}
	return false;
}

// The unit that was made for that folder, and is found again.
static struct unit *see(struct filesystems *f, unsigned indom, enum kind kind, const char *folder)
{
	char client[128];

	filesystems_name(client, sizeof(client), folder);
	for (struct frame_member *m = f->roster.scanned; m != NULL; m = m->next) {
		struct unit *u = (struct unit *)m;
		char quoted[140];

		pmsprintf(quoted, sizeof(quoted), ":\"%s\"", client);
		if (m->indom == indom && u->kind == kind && strstr(m->instance.labels, quoted)) {
			m->found = true;
			return u;
		}
	}
	return NULL;
}

static void add(struct filesystems *f, enum kind kind, const char *folder)
{
	unsigned indom = kind == LLITE ? FILESYSTEMS_INDOM_lustre : FILESYSTEMS_INDOM_lustre_target;
	struct unit *u = see(f, indom, kind, folder);
	struct frame_instance *instance;
	char client[128];

	if (u != NULL)
		return;
	u = calloc(1, sizeof(*u));
	if (u == NULL)
		return;
	u->filesystems = f;
	u->kind = kind;
	for (unsigned i = 0; i < 2; i++) {
		if (kinds[kind].files[i] != NULL)
			find_file(u, i, folder);
	}
	instance = &u->member.instance;
	filesystems_name(client, sizeof(client), folder);
	lustre_short_name(instance->name, sizeof(instance->name), folder);
	if (is_listed(f, indom, instance->name)) // a second mount of the same
		filesystems_name(instance->name, sizeof(instance->name), folder);
	instance->record = &u->shown;
	frame_label(&u->member.instance, "client", client);
	frame_label(&u->member.instance, "kind", kinds[kind].folder);
	u->member.indom = indom;
	u->member.work = (struct frame_work){.device = u,
		.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = UINT64_C(1) << (kind == LLITE ? FILESYSTEMS_CLUSTER_LUSTRE
							  : FILESYSTEMS_CLUSTER_TARGET) |
	                    UINT64_C(1) << FILESYSTEMS_CLUSTER_LUSTRE_OPERATION};
	if ((u->path[0][0] == '\0' && u->path[1][0] == '\0') ||
		!frame_roster_add(&f->roster, &u->member))
		free(u);
}

static int is_folder(const struct dirent *e)
{
	return e->d_name[0] != '.' && e->d_type != DT_REG && strlen(e->d_name) < 100;
}

// In alphabetical order, so that of two mounts of one file system always the same has the short name.
static void find_kind(struct filesystems *f, int base, const char *folder, enum kind kind)
{
	struct dirent **entries = NULL;
	char path[80];
	int n;

	pmsprintf(path, sizeof(path), "%s/%s", folder, kinds[kind].folder);
	n = scandirat(base, path, &entries, is_folder, alphasort);
	for (int i = 0; i < n; i++) {
		add(f, kind, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

// Lustre may come after the agent; then it takes an agent that has remained root.
static void lustre_open_debug(struct filesystems *f)
{
	const int how = O_PATH | O_DIRECTORY | O_CLOEXEC;

	if (f->debug_lustre < 0)
		f->debug_lustre = openat(f->root, "sys/kernel/debug/lustre", how);
	if (f->debug_lnet < 0)
		f->debug_lnet = openat(f->root, "sys/kernel/debug/lnet", how);
}

void lustre_find(struct filesystems *f)
{
	lustre_open_debug(f);
	for (enum kind kind = LLITE; kind <= MDC; kind++) {
		find_kind(f, f->root, "proc/fs/lustre", kind);
		find_kind(f, f->root, "sys/fs/lustre", kind);
		if (f->debug_lustre >= 0)
			find_kind(f, f->debug_lustre, ".", kind);
	}
}

static void sample_lnet(void *device, uint64_t want)
{
	struct filesystems *f = device;
	struct filesystems_lnet *n = &f->lnet;
	struct frame_reading *const fields[] = {&n->messages, &n->messages_max, &n->errors,
		&n->send_count, &n->recv_count, &n->route_count, &n->drop_count, &n->send_length,
		&n->recv_length, &n->route_length, &n->drop_length};
	uint64_t values[ARRAY_LEN(fields)];
	char text[512];

	(void)want;
	memset(n, 0, sizeof(*n));
	if (frame_read_file(f->root, "proc/sys/lnet/stats", text, sizeof(text)) < 0 &&
		frame_read_file(f->debug_lnet, "stats", text, sizeof(text)) < 0)
		return;
	if (lustre_parse_lnet(text, values) < 0)
		return;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (i < 2)
			filesystems_set(fields[i], values[i]);
		else
			filesystems_count(n, f->lnet_folds, fields[i], values[i]);
	}
}

static void publish_lnet(void *device, uint64_t want, int64_t now_ns)
{
	struct filesystems *f = device;

	(void)want, (void)now_ns;
	f->node.lnet = f->lnet;
}

static void lose_lnet(void *device)
{
	struct filesystems *f = device;

	memset(&f->node.lnet, 0, sizeof(f->node.lnet));
}

int lustre_start(struct filesystems *f)
{
	struct frame_work work = {.device = f,
		.sample = sample_lnet,
		.publish = publish_lnet,
		.lose = lose_lnet,
		.clusters = UINT64_C(1) << FILESYSTEMS_CLUSTER_LNET};

	return frame_crew_add(f->crew, &work);
}

void lustre_release(struct frame_member *m)
{
	struct unit *u = (struct unit *)m;

	for (unsigned i = 0; i < u->n_operations; i++) {
		if (!u->operations[i]->is_attached)
			free(u->operations[i]);
	}
	free(u->operations);
	free(u);
}
