// SPDX-License-Identifier: Apache-2.0
// Boundaries and samples into the archive of the day.
#include "prolog-epilog/journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/str.h"

#define DAY_S    86400
#define INDOM    (JOURNAL_DOMAIN << 22 | 1)
#define PMID(i)  (JOURNAL_DOMAIN << 22 | (uint32_t)(i))
#define TIME_MS  (1U << 24 | 2U << 12) // dimension time 1; scale: 0 ns, 1 us, 2 ms, 3 s
#define UNITLESS 0U

enum field {
	FIELD_JOB,
	FIELD_EVENT,
	FIELD_RESTARTS,
	FIELD_UID,
	FIELD_ASKED,
	FIELD_SAMPLED,
	FIELD_SLUID, // of those that have one
	FIELDS
};

static const struct writer_metric metrics[FIELDS] = {
	[FIELD_JOB] = {"jobsight.boundary.job", PMID(0), INDOM, PM_TYPE_STRING, PM_SEM_INSTANT,
		UNITLESS},
	[FIELD_EVENT] = {"jobsight.boundary.event", PMID(1), INDOM, PM_TYPE_STRING, PM_SEM_INSTANT,
		UNITLESS},
	[FIELD_RESTARTS] = {"jobsight.boundary.restarts", PMID(2), INDOM, PM_TYPE_U32,
		PM_SEM_INSTANT, UNITLESS},
	[FIELD_UID] = {"jobsight.boundary.uid", PMID(3), INDOM, PM_TYPE_U32, PM_SEM_INSTANT,
		UNITLESS},
	// Milliseconds since 1970: when the hook ran.
	[FIELD_ASKED] = {"jobsight.boundary.asked", PMID(4), INDOM, PM_TYPE_U64, PM_SEM_INSTANT,
		TIME_MS},
	// Whether the record holds a sample of the node: 0, pmcd gave none.
	[FIELD_SAMPLED] = {"jobsight.boundary.sampled", PMID(5), INDOM, PM_TYPE_U32, PM_SEM_INSTANT,
		UNITLESS},
	[FIELD_SLUID] = {"jobsight.boundary.sluid", PMID(6), INDOM, PM_TYPE_STRING, PM_SEM_INSTANT,
		UNITLESS},
};

// pmlogger writes into the same folders, as a user of its own: whoever comes first, they are the
// owner's of the tree.
static void follow_parent(int folder, int parent)
{
	struct stat st;

	if (geteuid() == 0 && fstat(parent, &st) == 0 && fchown(folder, st.st_uid, st.st_gid) == 0)
		(void)fchmod(folder, st.st_mode & 07777);
}

// A folder below one, made when missing. Below the tree's root it follows no link: that user may put
// one there.
static int open_folder(int parent, const char *name, int flags, struct error *err)
{
	bool is_new = mkdirat(parent, name, 0755) == 0;
	int fd = !is_new && errno != EEXIST
	                 ? -1
	                 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);

	if (fd < 0)
		return error_set(err, errno, "%s: %s", name, strerror(errno));
	if (is_new)
		follow_parent(fd, parent);
	return fd;
}

// Takes and returns a descriptor.
static int descend(int parent, const char *name, int flags, struct error *err)
{
	int fd = parent < 0 ? parent : open_folder(parent, name, flags, err);

	if (parent >= 0)
		close(parent);
	return fd;
}

static int open_root(const char *path, struct error *err)
{
	char text[4096];

	if (!str_format(text, sizeof(text), "%s", path))
		return error_set(err, ENAMETOOLONG, "%s: too long", path);
	int fd = open(*path == '/' ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	for (char *part = text + strspn(text, "/"); *part && fd >= 0;) {
		char *end = part + strcspn(part, "/");
		char *next = end + strspn(end, "/");
		*end = '\0';
		fd = descend(fd, part, 0, err);
		part = next;
	}
	return fd;
}

// Of a day, in the tree.
static int open_day_folder(
	const struct journal *j, const char *host, const struct civil *c, struct error *err)
{
	char number[3][8];
	int fd = open_root(j->root, err);

	str_format(number[0], sizeof(number[0]), "%04d", c->year);
	str_format(number[1], sizeof(number[1]), "%02d", c->month);
	str_format(number[2], sizeof(number[2]), "%02d", c->day);
	fd = descend(fd, host, O_NOFOLLOW, err);
	for (size_t i = 0; i < ARRAY_LEN(number); i++)
		fd = descend(fd, number[i], O_NOFOLLOW, err);
	return fd < 0 ? error_prefix(err, "%s/%s", j->root, host) : fd;
}

// A host's name becomes a folder: it must be one.
static const char *host_of(const struct journal *j, const struct pmcd *p)
{
	const char *host = j->host ? j->host : pmcd_host(p);

	if (!host || !*host || *host == '.' || strchr(host, '/'))
		return NULL;
	return host;
}

static void describe_boundaries(struct writer *w, int64_t now_ns)
{
	char texts[JOURNAL_MAX_BOUNDARIES][8];
	char *names[JOURNAL_MAX_BOUNDARIES];
	int32_t ids[JOURNAL_MAX_BOUNDARIES];

	for (int i = 0; i < JOURNAL_MAX_BOUNDARIES; i++) {
		str_format(texts[i], sizeof(texts[i]), "%d", i);
		names[i] = texts[i];
		ids[i] = i;
	}
	for (int f = 0; f < FIELDS; f++)
		writer_metric(w, &metrics[f]);
	writer_indom(w, now_ns, INDOM, JOURNAL_MAX_BOUNDARIES, ids, names);
}

static int open_day(struct journal *j, struct pmcd *p, int64_t now_ns, struct error *err)
{
	int64_t day = now_ns / NS_PER_S / DAY_S;
	struct civil c = civil_from_unix(day * DAY_S);
	CLEANUP(strbuf_release) struct strbuf base = {0};
	char own[256];
	const char *host = host_of(j, p);

	if (j->writer && j->day == day)
		return 0;
	journal_close(j);
	if (!host && gethostname(own, sizeof(own)) == 0) {
		own[sizeof(own) - 1] = '\0';
		host = own;
	}
	if (!host)
		return error_set(err, EINVAL, "this host has no name");
	int folder = open_day_folder(j, host, &c, err);
	TRY(folder);
	strbuf_printf(&base, "%s-%04d%02d%02d", j->kind, c.year, c.month, c.day);
	int code =
		writer_open(folder, strbuf_text(&base), j->version, host, now_ns, &j->writer, err);
	close(folder);
	if (code < 0)
		return error_prefix(err, "%s/%s", j->root, host);
	j->day = day;
	pmcd_forget(p);
	describe_boundaries(j->writer, now_ns);
	return 0;
}

static void put_value(
	struct writer *w, enum field f, int32_t i, const struct boundary *b, bool sampled)
{
	const char *text = f == FIELD_JOB     ? b->job
	                   : f == FIELD_SLUID ? b->sluid
	                                      : boundary_event_name(b->event);
	uint64_t asked = htobe64((uint64_t)b->asked_ns / (NS_PER_S / 1000));

	switch (f) {
	case FIELD_RESTARTS:
		writer_word(w, i, b->restarts);
		break;
	case FIELD_UID:
		writer_word(w, i, b->uid);
		break;
	case FIELD_SAMPLED:
		writer_word(w, i, sampled);
		break;
	case FIELD_ASKED:
		writer_block(w, i, PM_TYPE_U64, &asked, sizeof(asked));
		break;
	default:
		writer_block(w, i, PM_TYPE_STRING, text, strlen(text) + 1);
	}
}

static bool has_value(enum field f, const struct boundary *b)
{
	return f != FIELD_SLUID || *b->sluid;
}

static void put_field(
	struct writer *w, enum field f, const struct boundary *b, size_t n, bool sampled)
{
	int32_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += has_value(f, &b[i]);
	if (count == 0)
		return;
	writer_set(w, metrics[f].pmid, count,
		metrics[f].type == PM_TYPE_STRING || metrics[f].type == PM_TYPE_U64);
	for (size_t i = 0; i < n; i++)
		if (has_value(f, &b[i]))
			put_value(w, f, (int32_t)i, &b[i], sampled);
}

int journal_put(struct journal *j, struct pmcd *p, const pmResult *r, const struct boundary *b,
	size_t n, struct error *err)
{
	int64_t now_ns = r ? pmcd_sample_ns(r) : clock_now_ns();

	if (n == 0 || n > JOURNAL_MAX_BOUNDARIES)
		return error_set(err, EINVAL, "%zu boundaries in one record", n);
	TRY(open_day(j, p, now_ns, err));
	if (r)
		pmcd_describe(p, r, j->writer);
	writer_begin(j->writer, now_ns);
	for (int f = 0; f < FIELDS; f++)
		put_field(j->writer, (enum field)f, b, n, r != NULL);
	if (r)
		pmcd_put(p, r, j->writer);
	return writer_commit(j->writer, err);
}

void journal_close(struct journal *j)
{
	writer_close(j->writer);
	j->writer = NULL;
}
