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
// owner's of the tree. By descriptors, as that user may put something else in their place.
static void follow_parent(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return;
	if (geteuid() == 0 && fstatat(fd, "..", &st, 0) == 0 &&
		fchown(fd, st.st_uid, st.st_gid) == 0)
		(void)fchmod(fd, st.st_mode & 07777);
	close(fd);
}

static int make_folders(const char *path, struct error *err)
{
	char part[4096];

	if (!str_format(part, sizeof(part), "%s", path))
		return error_set(err, ENAMETOOLONG, "%s: too long", path);
	for (char *p = part + 1;; p++) {
		char c = *p;
		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0755) == 0)
			follow_parent(part);
		else if (errno != EEXIST)
			return error_set(err, errno, "%s: %s", part, strerror(errno));
		*p = c;
		if (c == '\0')
			return 0;
	}
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
	CLEANUP(strbuf_release) struct strbuf path = {0};
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
	strbuf_printf(&path, "%s/%s/%04d/%02d/%02d", j->root, host, c.year, c.month, c.day);
	TRY(make_folders(strbuf_text(&path), err));
	strbuf_printf(&path, "/%s-%04d%02d%02d", j->kind, c.year, c.month, c.day);
	TRY(writer_open(strbuf_text(&path), j->version, host, now_ns, &j->writer, err));
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
