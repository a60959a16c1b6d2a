// SPDX-License-Identifier: Apache-2.0
// Samples of pmcd, and their way into an archive.
#include "prolog-epilog/pmcd.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/catalogue/inputs.h"
#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"

enum { MIN_RETRY_S = 2, CONNECT_MS = 300, ANSWER_MS = 800, MAX_FDS = 64, SOCKET_PATH = 108 };

struct domain { // an instance domain and the instances of the last sample, ascending
	pmInDom number;
	int *ids;
	size_t n, room;
	int *now; // of the sample at hand
	size_t n_now, now_room;
};

struct pmcd {
	const char *spec;
	const char **names; // wanted
	size_t n_names;
	int context; // -1: none
	char host[256];
	int64_t retry_ns; // monotonic: not before
	pmID *pmids;      // those that are there
	pmDesc *descs;
	const char **found;
	size_t n;
	struct domain *domains;
	size_t n_domains;
};

void pmcd_limits(void)
{
	// A value that the administrator has set stays.
	setenv("PMCD_CONNECT_TIMEOUT", "1", 0);
	setenv("PMCD_REQUEST_TIMEOUT", "1", 0);
	// Derived metrics are no business of an archive, and cost much (pmlogger 6.0.3).
	setenv("PCP_DERIVED_CONFIG", "/dev/null", 1);
}

struct pmcd *pmcd_make(const char *host_spec, const struct catalogue *c)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct pmcd *p = memory_alloc(1, sizeof(*p));
	struct pcp_input *inputs = NULL;

	p->spec = host_spec;
	p->context = -1;
	p->n_names = catalogue_pcp_inputs(c, &arena, &inputs);
	p->names = memory_alloc(p->n_names, sizeof(*p->names));
	for (size_t i = 0; i < p->n_names; i++)
		p->names[i] = inputs[i].metric;
	return p;
}

// The path of pmcd's socket on this host; NULL: it is reached by TCP.
static const char *socket_path(const char *spec, char buf[SOCKET_PATH])
{
	const char *rest = strchr(spec, ':') ? strchr(spec, ':') + 1 : "";
	const char *named = getenv("PMCD_SOCKET");

	if (!str_starts(spec, "unix:") && !str_starts(spec, "local:"))
		return NULL;
	if (*rest)
		return str_format(buf, SOCKET_PATH, "%s%s", *rest == '/' ? "" : "/", rest) ? buf
		                                                                           : NULL;
	if (named && *named)
		return str_format(buf, SOCKET_PATH, "%s", named) ? buf : NULL;
	return str_format(buf, SOCKET_PATH, "%s/pmcd.socket", pmGetConfig("PCP_RUN_DIR")) ? buf
	                                                                                  : NULL;
}

// Whether pmcd greets, as it does at once. libpcp 6.0.3 waits 10 s for that on a local socket,
// whatever limit is set.
static bool greets(const char *spec)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char buf[SOCKET_PATH];
	const char *path = socket_path(spec, buf);
	int fd;
	bool is_there;

	if (!path || strlen(path) >= sizeof(at.sun_path))
		return true; // libpcp shall say
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	memcpy(at.sun_path, path, strlen(path) + 1);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	is_there = fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 &&
	           poll(&p, 1, CONNECT_MS) == 1 && (p.revents & POLLIN);
	if (fd >= 0)
		close(fd);
	return is_there;
}

// libpcp waits for an answer without any limit, and does not show its socket. It is the only stream
// that this process has.
static void limit_answers(void)
{
	struct timeval limit = {.tv_usec = ANSWER_MS * 1000};

	for (int fd = 3; fd < MAX_FDS; fd++) {
		int type = 0;
		socklen_t size = sizeof(type);
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM)
			(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	}
}

static void disconnect(struct pmcd *p)
{
	if (p->context >= 0)
		pmDestroyContext(p->context);
	p->context = -1;
}

void pmcd_forget(struct pmcd *p)
{
	for (size_t i = 0; i < p->n_domains; i++) {
		free(p->domains[i].ids);
		free(p->domains[i].now);
	}
	free(p->domains);
	p->domains = NULL;
	p->n_domains = 0;
}

void pmcd_release(struct pmcd *p)
{
	if (!p)
		return;
	disconnect(p);
	pmcd_forget(p);
	free(p->pmids);
	free(p->descs);
	free(p->found);
	free(p->names);
	free(p);
}

static int failed(const struct pmcd *p, const char *what, int code, struct error *err)
{
	char buf[PM_MAXERRMSGLEN];

	return error_set(err, EHOSTUNREACH, "pmcd %s: %s: %s", p->spec, what,
		pmErrStr_r(code, buf, sizeof(buf)));
}

// All names in one request, all descriptors in another.
static int look_up(struct pmcd *p, struct error *err)
{
	AUTO_FREE pmID *ids = memory_alloc(p->n_names + 1, sizeof(*ids));
	int code = pmLookupName((int)p->n_names, p->names, ids);
	size_t n = 0;

	if (code < 0 && code != PM_ERR_NAME && code != PM_ERR_NONLEAF)
		return failed(p, "names", code, err);
	p->found = memory_resize(p->found, p->n_names + 1, sizeof(*p->found));
	p->descs = memory_resize(p->descs, p->n_names + 1, sizeof(*p->descs));
	for (size_t i = 0; i < p->n_names; i++)
		if (ids[i] != PM_ID_NULL) {
			p->found[n] = p->names[i];
			ids[n++] = ids[i];
		}
	code = n ? pmLookupDescs((int)n, ids, p->descs) : 0;
	if (code < 0)
		return failed(p, "descriptors", code, err);
	p->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (p->descs[i].pmid == PM_ID_NULL || p->descs[i].type < 0 ||
			p->descs[i].type > PM_TYPE_STRING)
			continue;
		p->found[p->n] = p->found[i];
		p->descs[p->n++] = p->descs[i];
	}
	p->pmids = memory_resize(p->pmids, p->n + 1, sizeof(*p->pmids));
	for (size_t i = 0; i < p->n; i++)
		p->pmids[i] = p->descs[i].pmid;
	return 0;
}

int pmcd_connect(struct pmcd *p, struct error *err)
{
	int64_t begun = clock_monotonic_ns();
	int code = 0;

	if (p->context >= 0)
		return 0;
	if (begun < p->retry_ns)
		return error_set(err, EHOSTUNREACH, "pmcd %s: did not answer just now", p->spec);
	p->context = greets(p->spec) ? pmNewContext(PM_CONTEXT_HOST, p->spec) : PM_ERR_TIMEOUT;
	if (p->context < 0) {
		code = failed(p, "connection", p->context, err);
		p->context = -1;
	} else {
		limit_answers();
		pmGetContextHostName_r(p->context, p->host, sizeof(p->host));
		code = look_up(p, err);
	}
	// One that refuses costs nothing to ask again, one that hangs does.
	if (code < 0) {
		disconnect(p);
		int64_t now = clock_monotonic_ns();
		p->retry_ns = now - begun > NS_PER_S / 10 ? now + MIN_RETRY_S * NS_PER_S : 0;
	}
	return code;
}

const char *pmcd_host(const struct pmcd *p)
{
	return *p->host ? p->host : NULL;
}

// A connection that was closed while nobody looked is made again; a pmcd that does not answer
// within the limit is not asked twice.
int pmcd_sample(struct pmcd *p, pmResult **ret, struct error *err)
{
	int code = PM_ERR_IPC;

	for (int tries = 0; tries < 2; tries++) {
		TRY(pmcd_connect(p, err));
		pmUseContext(p->context);
		int64_t begun = clock_monotonic_ns();
		code = pmFetch((int)p->n, p->pmids, ret);
		if (code >= 0)
			break;
		disconnect(p);
		int64_t now = clock_monotonic_ns();
		if (now - begun > NS_PER_S / 10) {
			p->retry_ns = now + MIN_RETRY_S * NS_PER_S;
			break;
		}
	}
	if (code < 0)
		return failed(p, "sample", code, err);
	if (code > 0) { // agents came or went: next time with their metrics
		struct error why;
		if (look_up(p, &why) < 0)
			disconnect(p);
	}
	return 0;
}

// The time of a result is the one in the first versions of the interface, the other in the third.
static inline int64_t ns_of_timeval(const struct timeval *t)
{
	return t->tv_sec * NS_PER_S + t->tv_usec * 1000;
}

static inline int64_t ns_of_timespec(const struct timespec *t)
{
	return t->tv_sec * NS_PER_S + t->tv_nsec;
}

int64_t pmcd_sample_ns(const pmResult *r)
{
	return _Generic(r->timestamp, struct timeval
			: ns_of_timeval, struct timespec
			: ns_of_timespec)(&r->timestamp);
}

static const pmDesc *desc_of(const struct pmcd *p, const pmResult *r, int i, size_t *ret_at)
{
	pmID pmid = r->vset[i]->pmid;

	// Usually the answer has the order of the question.
	if ((size_t)i < p->n && p->pmids[i] == pmid) {
		*ret_at = (size_t)i;
		return &p->descs[i];
	}
	for (size_t k = 0; k < p->n; k++)
		if (p->pmids[k] == pmid) {
			*ret_at = k;
			return &p->descs[k];
		}
	return NULL;
}

static uint32_t packed_units(pmUnits u)
{
	return ((uint32_t)u.dimSpace & 15) << 28 | ((uint32_t)u.dimTime & 15) << 24 |
	       ((uint32_t)u.dimCount & 15) << 20 | ((uint32_t)u.scaleSpace & 15) << 16 |
	       ((uint32_t)u.scaleTime & 15) << 12 | ((uint32_t)u.scaleCount & 15) << 8;
}

static struct domain *domain_of(struct pmcd *p, pmInDom number)
{
	for (size_t i = 0; i < p->n_domains; i++)
		if (p->domains[i].number == number)
			return &p->domains[i];
	p->domains = memory_resize(p->domains, p->n_domains + 1, sizeof(*p->domains));
	struct domain *d = &p->domains[p->n_domains++];
	*d = (struct domain){.number = number};
	return d;
}

static void add_instances(struct domain *d, const pmValueSet *s)
{
	for (int i = 0; i < s->numval; i++) {
		if (d->n_now == d->now_room) {
			d->now_room = d->now_room ? 2 * d->now_room : 64;
			d->now = memory_resize(d->now, d->now_room, sizeof(*d->now));
		}
		d->now[d->n_now++] = s->vlist[i].inst;
	}
}

static int by_value(const void *a, const void *b)
{
	int x = *(const int *)a;
	int y = *(const int *)b;

	return (x > y) - (x < y);
}

// Whether an instance came that the sample before did not have: its name may be another than when
// its number was last in use.
static bool has_news(struct domain *d)
{
	bool is_new = false;
	size_t kept = 0;

	if (d->n_now)
		qsort(d->now, d->n_now, sizeof(*d->now), by_value);
	for (size_t i = 0; i < d->n_now; i++)
		if (kept == 0 || d->now[kept - 1] != d->now[i])
			d->now[kept++] = d->now[i];
	for (size_t i = 0; i < kept && !is_new; i++)
		is_new = d->n == 0 || !bsearch(&d->now[i], d->ids, d->n, sizeof(*d->ids), by_value);
	int *ids = d->ids;
	size_t room = d->room;
	d->ids = d->now;
	d->n = kept;
	d->room = d->now_room;
	d->now = ids;
	d->now_room = room;
	d->n_now = 0;
	return is_new;
}

static void describe_domain(struct domain *d, int64_t time_ns, struct writer *w)
{
	int *ids = NULL;
	char **names = NULL;
	int n;

	if (!has_news(d))
		return;
	n = pmGetInDom(d->number, &ids, &names);
	if (n > 0) {
		writer_indom(w, time_ns, d->number, (size_t)n, ids, names);
		free(ids);
		free(names);
	} else {
		d->n = 0; // asked again with the next sample
	}
}

void pmcd_describe(struct pmcd *p, const pmResult *r, struct writer *w)
{
	for (int i = 0; i < r->numpmid; i++) {
		size_t at = 0;
		const pmDesc *d = r->vset[i]->numval > 0 ? desc_of(p, r, i, &at) : NULL;
		if (!d)
			continue;
		writer_metric(
			w, &(struct writer_metric){p->found[at], d->pmid, d->indom,
				   (uint32_t)d->type, (uint32_t)d->sem, packed_units(d->units)});
		if (d->indom != PM_INDOM_NULL)
			add_instances(domain_of(p, d->indom), r->vset[i]);
	}
	pmUseContext(p->context);
	for (size_t i = 0; i < p->n_domains; i++)
		describe_domain(&p->domains[i], pmcd_sample_ns(r), w);
}

static void put_block(const pmValue *v, int type, struct writer *w)
{
	const pmValueBlock *b = v->value.pval;
	size_t size = b->vlen >= PM_VAL_HDR_SIZE ? b->vlen - PM_VAL_HDR_SIZE : 0;
	uint64_t wide = 0;
	uint32_t narrow = 0;

	if (size == sizeof(wide) && type != PM_TYPE_STRING) {
		memcpy(&wide, b->vbuf, sizeof(wide));
		wide = htobe64(wide);
		writer_block(w, v->inst, (uint32_t)type, &wide, sizeof(wide));
	} else if (size == sizeof(narrow) && type == PM_TYPE_FLOAT) {
		memcpy(&narrow, b->vbuf, sizeof(narrow));
		narrow = htobe32(narrow);
		writer_block(w, v->inst, (uint32_t)type, &narrow, sizeof(narrow));
	} else {
		writer_block(w, v->inst, (uint32_t)type, b->vbuf, size);
	}
}

void pmcd_put(const struct pmcd *p, const pmResult *r, struct writer *w)
{
	for (int i = 0; i < r->numpmid; i++) {
		const pmValueSet *s = r->vset[i];
		size_t at = 0;
		const pmDesc *d = s->numval > 0 ? desc_of(p, r, i, &at) : NULL;
		if (!d)
			continue;
		writer_set(w, s->pmid, s->numval, s->valfmt != PM_VAL_INSITU);
		for (int k = 0; k < s->numval; k++) {
			if (s->valfmt == PM_VAL_INSITU)
				writer_word(w, s->vlist[k].inst, (uint32_t)s->vlist[k].value.lval);
			else
				put_block(&s->vlist[k], d->type, w);
		}
	}
}
