// SPDX-License-Identifier: Apache-2.0
// The least that an agent can cost: answers as many values of the same metrics, all the same, by
// libpcp_pmda alone, and before each answer makes as many bare reads as the agent does, one call
// each, and nothing with what it read.
//
//	floor NAME ...            says of the metrics of PCP_HOST's agent, a line each:
//	                          "CLUSTER ITEM TYPE INSTANCES"
//	pmdaAGENT -d DOMAIN ...   (a link to floor) the agent, from $FLOOR/AGENT: such lines, and one of
//	                          "files COUNT READS BYTES": READS readings, in turn, of COUNT files
//	                          "events GROUPS SIZE CPU": groups of events that count nothing, each
//	                          read once
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pcp/pmapi.h>
#include <pcp/pmda.h> // needs pmapi.h before it
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define METRICS     1024
#define INDOMS      64
#define DESCRIPTORS 4096

struct floor {
	pmdaMetric metrics[METRICS];
	pmdaIndom indoms[INDOMS];
	int n_metrics, n_indoms;
	int fds[DESCRIPTORS]; // files, or leaders of groups
	int n_fds;
	unsigned reads;  // in each fetch
	size_t bytes;    // of each
	bool are_events; // that have no place to read from
};

static void die(const char *why)
{
	fprintf(stderr, "floor: %s\n", why);
	exit(1);
}

// The instance domain of that many, made when there is none yet.
static pmInDom indom_of(struct floor *f, int n)
{
	pmdaIndom *d = f->indoms;

	for (; d < f->indoms + f->n_indoms; d++) {
		if (d->it_numinst == n)
			return d->it_indom;
	}
	if (f->n_indoms == INDOMS)
		die("too many instance domains");
	*d = (pmdaIndom){.it_indom = (pmInDom)f->n_indoms++, .it_numinst = n};
	d->it_set = calloc((size_t)n + 1, sizeof(*d->it_set));
	if (d->it_set == NULL)
		die("no memory");
	for (int i = 0; i < n; i++)
		d->it_set[i] = (pmdaInstid){.i_inst = i, .i_name = (char *)"instance"};
	return d->it_indom;
}

static void add_metric(struct floor *f, const unsigned *v)
{
	if (f->n_metrics == METRICS)
		die("too many metrics");
	// One value is one of the node's: what it costs is nearly the same.
	f->metrics[f->n_metrics++] = (pmdaMetric){
		.m_desc = {.pmid = PMDA_PMID(v[0], v[1]),
			.type = (int)v[2],
			.indom = v[3] == 1 ? PM_INDOM_NULL : indom_of(f, (int)v[3]),
			.sem = PM_SEM_INSTANT},
	};
}

static void add_descriptor(struct floor *f, int fd)
{
	if (fd < 0 || f->n_fds == DESCRIPTORS)
		die("cannot open what is to be read");
	f->fds[f->n_fds++] = fd;
}

static void add_files(struct floor *f, unsigned count, unsigned reads, unsigned bytes)
{
	char *text = calloc(1, bytes + 1);

	if (text == NULL)
		die("no memory");
	for (unsigned i = 0; i < count; i++) {
		char name[] = "floor.XXXXXX"; // where the logs are
		int fd = mkstemp(name);

		if (fd >= 0 && (unlink(name) < 0 || write(fd, text, bytes) != (ssize_t)bytes))
			die("cannot write");
		add_descriptor(f, fd);
	}
	free(text);
	f->reads = reads;
	f->bytes = bytes;
}

static int open_event(int leader, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
	                       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = leader < 0,
	};

	return (int)syscall(SYS_perf_event_open, &attr, -1, cpu, leader, PERF_FLAG_FD_CLOEXEC);
}

static void add_events(struct floor *f, unsigned groups, unsigned size, unsigned cpu)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	for (unsigned i = 0; i < groups; i++) {
		int leader = open_event(-1, (int)cpu);

		add_descriptor(f, leader);
		for (unsigned k = 1; k < size; k++) {
			if (open_event(leader, (int)cpu) < 0)
				die("cannot open an event");
		}
		(void)ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
	}
	f->reads = groups;
	f->are_events = true;
	f->bytes = (3 + size) * sizeof(uint64_t);
}

static void load(struct floor *f, const char *agent)
{
	const char *folder = getenv("FLOOR");
	char path[512];
	char line[128];
	unsigned v[4];
	FILE *in;

	pmsprintf(path, sizeof(path), "%s/%s", folder ? folder : ".", agent);
	in = fopen(path, "re");
	if (in == NULL)
		die("no description of the agent");
	while (fgets(line, sizeof(line), in) != NULL) {
		// NOLINTBEGIN(cert-err34-c): written by the benchmark
		if (sscanf(line, "files %u %u %u", &v[0], &v[1], &v[2]) == 3)
			add_files(f, v[0], v[1], v[2]);
		else if (sscanf(line, "events %u %u %u", &v[0], &v[1], &v[2]) == 3)
			add_events(f, v[0], v[1], v[2]);
		else if (sscanf(line, "%u %u %u %u", &v[0], &v[1], &v[2], &v[3]) == 4)
			add_metric(f, v);
		// NOLINTEND(cert-err34-c)
	}
	fclose(in);
}

static int constant(pmdaMetric *m, unsigned instance, pmAtomValue *ret)
{
	(void)instance;
	if (m->m_desc.type == PM_TYPE_STRING)
		ret->cp = (char *)"constant"; // copied
	else
		ret->ull = UINT64_MAX;
	return PMDA_FETCH_STATIC;
}

static int fetch(int n, pmID *ids, pmResult **ret, pmdaExt *ext)
{
	const struct floor *f = pmdaExtGetData(ext);
	char text[65536];
	size_t bytes = f->bytes < sizeof(text) ? f->bytes : sizeof(text);

	for (unsigned i = 0; i < f->reads; i++) {
		int fd = f->fds[i % (unsigned)f->n_fds];

		if ((f->are_events ? read(fd, text, bytes) : pread(fd, text, bytes, 0)) < 0)
			return PM_ERR_GENERIC;
	}
	return pmdaFetch(n, ids, ret, ext);
}

static int record(int n, const char **names)
{
	pmID ids[METRICS];
	pmResult *result;
	int rc = pmNewContext(PM_CONTEXT_HOST, getenv("PCP_HOST"));

	if (rc >= 0)
		rc = pmLookupName(n, names, ids);
	if (rc >= 0)
		rc = pmFetch(n, ids, &result);
	for (int i = 0; rc >= 0 && i < n; i++) {
		pmDesc desc;

		rc = pmLookupDesc(ids[i], &desc);
		if (rc >= 0)
			printf("%u %u %d %d\n", pmID_cluster(ids[i]), pmID_item(ids[i]), desc.type,
				result->vset[i]->numval > 0 ? result->vset[i]->numval : 0);
	}
	if (rc < 0)
		die(pmErrStr(rc));
	pmFreeResult(result);
	return 0;
}

int main(int argc, char **argv)
{
	static pmdaInterface dispatch; // libpcp_pmda keeps what it hangs in here
	const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	struct floor *f = calloc(1, sizeof(*f));
	pmdaOptions opts = {.short_options = "D:d:l:U:?"};
	int domain = 0;

	if (f == NULL || (strncmp(name, "pmda", 4) != 0 && (argc < 2 || argc > METRICS)))
		die("usage: floor NAME ...");
	if (strncmp(name, "pmda", 4) != 0) {
		free(f);
		return record(argc - 1, (const char **)argv + 1);
	}
	pmSetProgname(name);
	pmdaDaemon(&dispatch, PMDA_INTERFACE_7, (char *)name, domain, "floor.log", NULL);
	while (pmdaGetOptions(argc, argv, &opts, &dispatch) != EOF)
		;
	pmdaOpenLog(&dispatch);
	load(f, name + strlen("pmda"));
	dispatch.version.seven.fetch = fetch;
	pmdaSetData(&dispatch, f);
	pmdaSetFetchCallBack(&dispatch, constant);
	pmdaSetFlags(&dispatch, PMDA_EXT_FLAG_HASHED);
	pmdaInit(&dispatch, f->indoms, f->n_indoms, f->metrics, f->n_metrics);
	pmdaConnect(&dispatch);
	pmdaMain(&dispatch);
	return 0;
}
