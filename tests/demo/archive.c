// SPDX-License-Identifier: Apache-2.0
// One PCP archive of a node, written by libpcp_import record by record. Values go through
// pmiPutResult() in binary; text would cost ten times as much.
#include "tests/demo/archive.h"

#include <fcntl.h>
#include <pcp/pmapi.h>

#include <pcp/import.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/str.h"

#define LABEL_PID 8 // offset of the process id in a label, in both versions

struct row {
	const char *name;
	int domain, cluster, item;
	int type;
	enum indom indom;
	int sem;
	pmUnits units;
	unsigned group;
};

// Units of PCP: dimensions of space, time and count, then their scales.
#define UNITS(space, time, count, space_scale, time_scale)                   \
	{                                                                    \
		.dimSpace = (space), .dimTime = (time), .dimCount = (count), \
		.scaleSpace = (space_scale), .scaleTime = (time_scale)       \
	}
#define UNITS_NONE  UNITS(0, 0, 0, 0, 0)
#define UNITS_COUNT UNITS(0, 0, 1, 0, 0)
#define UNITS_BYTE  UNITS(1, 0, 0, PM_SPACE_BYTE, 0)
#define UNITS_KBYTE UNITS(1, 0, 0, PM_SPACE_KBYTE, 0)
#define UNITS_MBYTE UNITS(1, 0, 0, PM_SPACE_MBYTE, 0)
#define UNITS_USEC  UNITS(0, 1, 0, 0, PM_TIME_USEC)
#define UNITS_MSEC  UNITS(0, 1, 0, 0, PM_TIME_MSEC)
#define UNITS_KHZ   UNITS(0, -1, 1, 0, PM_TIME_MSEC)

static const struct row rows[METRICS] = {
#define METRIC(key, name, domain, cluster, item, type, indom, sem, units, group)                  \
	{name, domain, cluster, item, PM_TYPE_##type, INDOM_##indom, PM_SEM_##sem, UNITS_##units, \
		GROUP_##group},
#include "tests/demo/metrics.def"
};

static const int indom_ids[INDOMS][2] = {
	[INDOM_PMLOGGER] = {2, 1},
	[INDOM_CPU] = {60, 0},
	[INDOM_MSRCPU] = {300, 0},
	[INDOM_PMUCPU] = {305, 0},
	[INDOM_PACKAGE] = {300, 1},
	[INDOM_LOAD] = {60, 2},
	[INDOM_NUMA] = {60, 19},
	[INDOM_DISK] = {60, 1},
	[INDOM_NET] = {60, 3},
	[INDOM_IB] = {91, 1},
	[INDOM_GPU] = {302, 0},
	[INDOM_CPUSET] = {3, 20},
	[INDOM_JOB] = {301, 0},
	[INDOM_CGMEM] = {3, 24},
	[INDOM_HOTPROC] = {3, 39},
};

struct block { // a pmValueBlock with room
	unsigned head;
	char data[TEXT_SIZE];
};

#define KNOWN_MAX 8192 // instances of a domain in an archive, a power of two
#define CHANGING  (INDOMS - INDOM_CPUSET)

// libpcp_import sorts the numbers of a domain when it writes it, and not its names: what comes later with
// a lower number would bear another's name from then on. So numbers only grow here.
struct numbers {
	struct known {
		int of_node, here; // here 0: free
	} known[KNOWN_MAX];
	int n, last;
};

struct archive {
	char base[512];
	int context;
	double last_s;
	struct instances logger; // the one instance of pmcd.pmlogger.*
	bool has_gpus;
	struct numbers numbers[CHANGING]; // of the domains that change
	pmResult *result;
	pmValueSet *sets[METRICS];
	struct block blocks[METRICS][MAX_INSTANCES];
};

static bool check(int code, const char *what, char why[256])
{
	if (code >= 0)
		return true;
	snprintf(why, 256, "%s: %s", what, pmiErrStr(code));
	return false;
}

static pmInDom indom_of(enum indom i)
{
	return i == INDOM_ONE ? PM_INDOM_NULL : pmiInDom(indom_ids[i][0], indom_ids[i][1]);
}

static bool is_there(const struct archive *a, const struct row *r)
{
	return r->indom != INDOM_GPU || a->has_gpus;
}

static bool add_metrics(const struct archive *a, char why[256])
{
	for (int m = 0; m < METRICS; m++) {
		const struct row *r = &rows[m];

		if (!is_there(a, r))
			continue;
		if (!check(pmiAddMetric(r->name, pmiID(r->domain, r->cluster, r->item), r->type,
				   indom_of(r->indom), r->sem, r->units),
			    r->name, why))
			return false;
	}
	return true;
}

static const struct instances *instances_of(
	const struct archive *a, const struct node *n, enum indom i)
{
	return i == INDOM_PMLOGGER ? &a->logger : &n->indoms[i];
}

static struct known *find_known(struct numbers *t, int of_node)
{
	unsigned at = (unsigned)of_node * 2654435761U % KNOWN_MAX;

	while (t->known[at].here && t->known[at].of_node != of_node)
		at = (at + 1) % KNOWN_MAX;
	return &t->known[at];
}

// The number that an instance of the node has in the archive; 0, which is none, when there are too many.
static int number_here(struct archive *a, enum indom i, int of_node)
{
	if (i < INDOM_CPUSET)
		return of_node;
	struct numbers *t = &a->numbers[i - INDOM_CPUSET];
	struct known *x = find_known(t, of_node);

	if (x->here == 0 && t->n < KNOWN_MAX / 2) {
		t->n++;
		t->last = of_node > t->last ? of_node : t->last + 1;
		*x = (struct known){of_node, t->last};
	}
	return x->here;
}

// An instance that the archive knows already is no news.
static bool add_instances(
	struct archive *a, const struct node *n, bool only_changing, char why[256])
{
	for (int i = only_changing ? INDOM_CPUSET : INDOM_PMLOGGER; i < INDOMS; i++) {
		const struct instances *s = instances_of(a, n, (enum indom)i);

		for (int k = 0; k < s->n; k++) {
			int number = number_here(a, (enum indom)i, s->id[k]);
			int code = pmiAddInstance(indom_of((enum indom)i), s->name[k], number);

			if (number == 0 && i >= INDOM_CPUSET) {
				snprintf(why, 256, "%s: too many instances", s->name[k]);
				return false;
			}
			if (code != PMI_ERR_DUPINSTNAME && code != PMI_ERR_DUPINSTID &&
				!check(code, s->name[k], why))
				return false;
		}
	}
	return true;
}

static void put_block(
	struct archive *a, int m, int k, pmValue *v, int type, const void *data, size_t size)
{
	struct block *b = &a->blocks[m][k];
	pmValueBlock *head = (pmValueBlock *)b;

	head->vtype = (unsigned)type & 0xff;
	head->vlen = (unsigned)(PM_VAL_HDR_SIZE + size) & 0xffffff;
	memcpy(b->data, data, size);
	v->value.pval = head;
}

static const char *text_of(const struct archive *a, const struct node *n, int m, int k)
{
	const char *text = n->text[m][k];

	if (m == M_PMLOGGER_HOST)
		text = "localhost";
	else if (m == M_PMLOGGER_ARCHIVE)
		text = strrchr(a->base, '/') + 1;
	return text ? text : "";
}

static void put_value(struct archive *a, const struct node *n, int m, int k, pmValue *v)
{
	double d = n->value[m][k];
	uint64_t u = d > 0 ? (uint64_t)d : 0;
	float f = (float)d;
	const char *text;

	if (m == M_PMCD_PID)
		u = 1210 + (uint64_t)n->number;
	else if (m == M_PMCD_SEQNUM)
		u = 4;
	else if (m == M_PMLOGGER_PORT)
		u = 4330;
	switch (rows[m].type) {
	case PM_TYPE_U32:
		v->value.lval = (int)(uint32_t)u;
		break;
	case PM_TYPE_U64:
		put_block(a, m, k, v, PM_TYPE_U64, &u, sizeof(u));
		break;
	case PM_TYPE_FLOAT:
		put_block(a, m, k, v, PM_TYPE_FLOAT, &f, sizeof(f));
		break;
	default:
		text = text_of(a, n, m, k);
		put_block(a, m, k, v, PM_TYPE_STRING, text, strlen(text) + 1);
		break;
	}
}

static bool open_context(struct archive *a, int version, const struct node *n, char why[256])
{
	a->context = pmiStart(a->base, 0);
	return check(a->context, "pmiStart", why) &&
	       check(pmiSetVersion(version), "pmiSetVersion", why) &&
	       check(pmiSetHostname(node_name(n->number)), "pmiSetHostname", why) &&
	       check(pmiSetTimezone("UTC"), "pmiSetTimezone", why) && add_metrics(a, why) &&
	       add_instances(a, n, false, why);
}

static void free_archive(struct archive *a)
{
	for (int m = 0; m < METRICS; m++)
		free(a->sets[m]);
	free(a->result);
	free(a);
}

bool archive_open(
	const char *base, int version, const struct node *n, struct archive **ret, char why[256])
{
	struct archive *a = calloc(1, sizeof(*a));
	bool has_memory = a != NULL;

	if (a) {
		a->result = calloc(1, sizeof(pmResult) + METRICS * sizeof(pmValueSet *));
		has_memory = a->result != NULL;
	}
	for (int m = 0; a && m < METRICS; m++) {
		a->sets[m] = calloc(1, sizeof(pmValueSet) + MAX_INSTANCES * sizeof(pmValue));
		has_memory = has_memory && a->sets[m];
	}
	if (!has_memory) {
		if (a)
			free_archive(a);
		snprintf(why, 256, "no memory");
		return false;
	}
	snprintf(a->base, sizeof(a->base), "%s", base);
	a->has_gpus = n->indoms[INDOM_GPU].n > 0;
	a->logger.n = 1;
	a->logger.id[0] = 2200 + n->number;
	snprintf(a->logger.name[0], TEXT_SIZE, "%d", a->logger.id[0]);
	if (!open_context(a, version, n, why)) {
		free_archive(a);
		return false;
	}
	*ret = a;
	return true;
}

static void fill_set(struct archive *a, const struct node *n, int m)
{
	const struct row *r = &rows[m];
	const struct instances *s = instances_of(a, n, r->indom);
	pmValueSet *set = a->sets[m];

	set->pmid = pmiID(r->domain, r->cluster, r->item);
	set->numval = s->n;
	set->valfmt = r->type == PM_TYPE_U32 ? PM_VAL_INSITU : PM_VAL_DPTR;
	for (int k = 0; k < s->n; k++) {
		// -1, PCP's "none", for the one of INDOM_ONE
		set->vlist[k].inst = number_here(a, r->indom, s->id[k]);
		put_value(a, n, m, k, &set->vlist[k]);
	}
}

static void set_time(pmResult *r, double now_s)
{
	r->timestamp.tv_sec = (time_t)now_s;
	r->timestamp.tv_usec = (suseconds_t)((now_s - (double)r->timestamp.tv_sec) * 1e6);
}

// One record a group, as pmlogger does it.
bool archive_record(
	struct archive *a, const struct node *n, unsigned groups, double now_s, char why[256])
{
	if (now_s < a->last_s + 0.002)
		now_s = a->last_s + 0.002;
	if (!check(pmiUseContext(a->context), "pmiUseContext", why) ||
		!add_instances(a, n, true, why))
		return false;
	for (unsigned group = GROUP_MARK; group > 0; group >>= 1) {
		if (!(groups & group))
			continue;
		a->result->numpmid = 0;
		for (int m = 0; m < METRICS; m++) {
			if (rows[m].group != group || !is_there(a, &rows[m]))
				continue;
			fill_set(a, n, m);
			a->result->vset[a->result->numpmid++] = a->sets[m];
		}
		set_time(a->result, now_s);
		if (!check(pmiPutResult(a->result), "pmiPutResult", why))
			return false;
		a->last_s = now_s;
		now_s += 0.0017;
	}
	return true;
}

static bool tear(const char *base, char why[256])
{
	char path[600];
	FILE *f = NULL;
	long size = 0;
	bool done = false;

	snprintf(path, sizeof(path), "%s.0", base);
	f = fopen(path, "r");
	if (f && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (f)
		fclose(f);
	done = size > 2000 && truncate(path, size - 700) == 0;
	if (!done)
		str_format(why, 256, "%s: cannot be cut", path);
	return done;
}

// The label of each file names the process that wrote it: that of the node's pmlogger, not ours.
static bool set_writer(const struct archive *a, char why[256])
{
	static const char *const files[] = {"0", "meta", "index"};
	const uint32_t pid = (uint32_t)a->logger.id[0];
	const uint8_t bytes[4] = {
		(uint8_t)(pid >> 24), (uint8_t)(pid >> 16), (uint8_t)(pid >> 8), (uint8_t)pid};
	bool done = true;

	for (size_t i = 0; i < 3 && done; i++) {
		char path[600];
		int fd;

		snprintf(path, sizeof(path), "%s.%s", a->base, files[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		done = fd >= 0 && pwrite(fd, bytes, sizeof(bytes), LABEL_PID) == sizeof(bytes);
		if (fd >= 0)
			close(fd);
		if (!done)
			str_format(why, 256, "%s: label not written", path);
	}
	return done;
}

bool archive_close(struct archive *a, bool torn, char why[256])
{
	bool done = check(pmiUseContext(a->context), "pmiUseContext", why) &&
	            check(pmiEnd(), "pmiEnd", why) && set_writer(a, why) &&
	            (!torn || tear(a->base, why));

	free_archive(a);
	return done;
}
