// SPDX-License-Identifier: Apache-2.0
// The instances of the PMDA `pmu` and the units that are read at once: the CPUs of a package, what
// counts beside its cores, the site's events, jobs (jobs.c), and a keeper of the node's metrics.
//
// Nothing is opened before the crew's first round: by then the agent has given up root, and has kept
// the one capability that opening needs.
#include "pmdas/pmu/pmu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/pmu/hold.h"

#define CONFIG               "etc/jobsight/pmu.conf"
#define CONFIG_MAX           65536
#define GLANCE_NS            INT64_C(20000000)
#define DESCRIPTORS_RESERVED 64 // for everything but events

int64_t pmu_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

int pmu_read_polls(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct pmu *p = record;

	(void)m;
	ret->ull = frame_crew_polls(p->crew);
	return PMDA_FETCH_STATIC;
}

int pmu_read_online(int root, struct pmu_online *ret)
{
	unsigned ids[PMU_CPUS_MAX];
	char text[4096];
	ssize_t len = frame_read_file(root, "sys/devices/system/cpu/online", text, sizeof(text));
	int n = len < 0 ? (int)len : frame_parse_list(text, ids, PMU_CPUS_MAX);

	if (n < 0)
		return n;
	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < n; i++) {
		if (ids[i] < PMU_CPUS_MAX)
			ret->is[ids[i]] = true;
	}
	return n;
}

// The last look at the machine.
struct pmu_glance {
	pthread_mutex_t lock;
	int64_t ns; // 0 = none yet
	struct pmu_state state;
};

void pmu_look(struct pmu *p, struct pmu_state *ret)
{
	struct pmu_glance *g = p->glance;
	int64_t now = pmu_now_ns();
	char by[200];

	pthread_mutex_lock(&g->lock);
	if (g->ns == 0 || now - g->ns > GLANCE_NS) {
		g->state.held = pmu_held(p->root, &p->site, by, sizeof(by));
		g->state.known = pmu_read_online(p->root, &g->state.online) >= 0;
		g->ns = now;
	}
	*ret = g->state;
	pthread_mutex_unlock(&g->lock);
}

uint64_t pmu_roles_of_parts(uint64_t parts)
{
	uint64_t roles = 0;

	for (unsigned i = 0; i < PMU_ROLES; i++) {
		if (parts >> pmu_roles[i].group & 1)
			roles |= UINT64_C(1) << i;
	}
	return roles;
}

// Groups of roles that a value is made from.
static uint64_t parts_of(const struct frame_metric *m)
{
	unsigned slot = (unsigned)(m->field / sizeof(struct frame_reading));
	uint64_t roles = slot < PMU_ROLES ? pmu_derived_from((enum pmu_role)slot) : UINT64_MAX;
	uint64_t parts = 0;

	for (unsigned i = 0; i < PMU_ROLES; i++)
		parts |= (roles >> i & 1) << pmu_roles[i].group;
	return parts;
}

uint64_t pmu_need(const struct frame_metric *m)
{
	if (m->cluster == PMU_CLUSTER_CPU)
		return parts_of(m) << PMU_CPU_PARTS;
	if (m->cluster == PMU_CLUSTER_JOB)
		return parts_of(m) << PMU_JOB_PARTS;
	return UINT64_C(1) << m->cluster;
}

static void keep(void *device, uint64_t want)
{
	struct pmu *p = device;
	struct pmu_node *n = &p->next;

	(void)want;
	pmu_set(&n->active, !pmu_held(p->root, &p->site, n->held_by, sizeof(n->held_by)));
	pmu_set(&n->descriptors, atomic_load(&p->account.descriptors));
	pmu_set(&n->refused, atomic_load(&p->account.refused));
	pmu_set(&n->errors, atomic_load(&p->account.errors));
	pmu_set(&n->resets, atomic_load(&p->account.resets));
}

static void publish_node(void *device, uint64_t want, int64_t now_ns)
{
	struct pmu *p = device;

	(void)want;
	(void)now_ns;
	p->node = p->next;
	pmu_set(&p->node.limit, p->account.limit);
	if (p->jobs != NULL) {
		pmu_set(&p->node.jobs, 0);
		pmu_set(&p->node.jobs_left_out, 0);
		pmu_jobs_count(p->jobs, &p->node.jobs.value, &p->node.jobs_left_out.value);
	}
}

static void lose_node(void *device)
{
	struct pmu *p = device;

	p->node.active.known = false;
}

// Instances

static struct pmu_unit *new_unit(struct pmu *p, unsigned n_tallies, unsigned n_records)
{
	struct pmu_unit *u = &p->units[p->n_units];

	*u = (struct pmu_unit){.pmu = p, .n_records = n_records};
	u->tallies = calloc(n_tallies ? n_tallies : 1, sizeof(*u->tallies));
	u->next = calloc(n_records, sizeof(*u->next));
	u->shown = calloc(n_records, sizeof(*u->shown));
	p->n_units++;
	return u->tallies && u->next && u->shown ? u : NULL;
}

static int add_tally(struct pmu_unit *u, const struct pmu_plan *plan, unsigned cpu, unsigned record)
{
	struct pmu_tally *t = &u->tallies[u->n];

	if (plan->n == 0 || cpu >= PMU_CPUS_MAX)
		return 0;
	TRY(pmu_tally_init(t, plan, cpu, NULL));
	t->record = record;
	u->n++;
	return 0;
}

// The clock looks whether events have to be opened, or given back.
static int add_work(struct pmu *p, struct pmu_unit *u, uint64_t parts)
{
	struct frame_work work = {
		.device = u,
		.sample = pmu_unit_sample,
		.publish = pmu_unit_publish,
		.lose = pmu_unit_lose,
		.clusters = parts | FRAME_LOOK,
	};

	return frame_crew_add(p->crew, &work);
}

struct machine { // CPUs by package
	unsigned cpus[PMU_CPUS_MAX];
	unsigned package[PMU_CPUS_MAX]; // of CPUs by number
	unsigned n;
	unsigned packages; // one more than the highest number
};

// A CPU that was offline when the agent began belongs to no package yet: it is read with the first.
static int read_machine(int root, struct machine *m)
{
	char text[4096];
	ssize_t len = frame_read_file(root, "sys/devices/system/cpu/present", text, sizeof(text));
	int n = len < 0 ? (int)len : frame_parse_list(text, m->cpus, PMU_CPUS_MAX);

	if (n < 0)
		return n;
	while (n > 0 && m->cpus[n - 1] >= PMU_CPUS_MAX)
		n--;
	m->n = (unsigned)n;
	m->packages = 1;
	for (unsigned i = 0; i < m->n; i++) {
		uint64_t package = 0;
		char path[96];

		pmsprintf(path, sizeof(path),
			"sys/devices/system/cpu/cpu%u/topology/physical_package_id", m->cpus[i]);
		if (frame_read_number(root, path, &package) < 0 || package >= 256)
			package = 0;
		m->package[m->cpus[i]] = (unsigned)package;
		if (package >= m->packages)
			m->packages = (unsigned)package + 1;
	}
	return 0;
}

static unsigned count_cpus(const struct machine *m, unsigned package)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->package[m->cpus[i]] == package;
	return n;
}

static int add_cpus_of_package(struct pmu *p, const struct machine *m, unsigned package,
	struct frame_instance *set, unsigned *n_set)
{
	unsigned n = count_cpus(m, package);
	struct pmu_unit *u = new_unit(p, n, n ? n : 1);
	unsigned record = 0;

	if (u == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < m->n; i++) {
		struct frame_instance *instance = &set[*n_set];

		if (m->package[m->cpus[i]] != package)
			continue;
		TRY(add_tally(u, &p->cores, m->cpus[i], record));
		instance->id = (int)m->cpus[i];
		instance->record = &u->shown[record++];
		pmsprintf(instance->name, sizeof(instance->name), "cpu%u", m->cpus[i]);
		pmsprintf(instance->labels, sizeof(instance->labels), "{\"package\":%u}", package);
		(*n_set)++;
	}
	u->slots = p->cores.slots;
	u->roles = true;
	u->each_cpu = true;
	return add_work(p, u, PMU_PARTS << PMU_CPU_PARTS);
}

static int add_cpus(struct pmu *p, struct frame *f, const struct machine *m)
{
	struct frame_instance *set = calloc(m->n ? m->n : 1, sizeof(*set));
	unsigned n = 0;
	int rc = set ? 0 : -ENOMEM;

	for (unsigned k = 0; rc == 0 && k < m->packages; k++)
		rc = add_cpus_of_package(p, m, k, set, &n);
	if (rc == 0)
		rc = frame_indom_set(f, PMU_INDOM_cpu, set, n);
	free(set);
	return rc;
}

// The tallies of all devices that count on a CPU of the package.
static int add_boxes(
	struct pmu_unit *u, const struct pmu_box_plans *boxes, const struct machine *m, int package)
{
	for (unsigned i = 0; i < boxes->n; i++) {
		const struct pmu_box_plan *b = &boxes->list[i];

		for (unsigned k = 0; k < b->n_cpus; k++) {
			unsigned cpu = b->cpus[k];

			if (cpu < PMU_CPUS_MAX && (package < 0 || (int)m->package[cpu] == package))
				TRY(add_tally(u, &b->plan, cpu, 0));
		}
	}
	return 0;
}

static unsigned count_box_tallies(const struct pmu_box_plans *boxes)
{
	unsigned n = 0;

	for (unsigned i = 0; i < boxes->n; i++)
		n += boxes->list[i].n_cpus;
	return n;
}

static int add_packages(struct pmu *p, struct frame *f, const struct machine *m)
{
	struct frame_instance *set = calloc(m->packages, sizeof(*set));
	int rc = set ? 0 : -ENOMEM;

	for (unsigned k = 0; rc == 0 && k < m->packages; k++) {
		struct pmu_unit *u = new_unit(p, count_box_tallies(&p->packages), 1);

		if (u == NULL) {
			rc = -ENOMEM;
			break;
		}
		u->slots = p->packages.slots;
		u->roles = true;
		set[k].id = (int)k;
		set[k].record = u->shown;
		pmsprintf(set[k].name, sizeof(set[k].name), "package%u", k);
		rc = add_boxes(u, &p->packages, m, (int)k);
		if (rc == 0)
			rc = add_work(p, u, UINT64_C(1) << PMU_CLUSTER_PACKAGE);
	}
	if (rc == 0)
		rc = frame_indom_set(f, PMU_INDOM_package, set, m->packages);
	free(set);
	return rc;
}

static int add_site_events(struct pmu *p, struct frame *f, const struct machine *m)
{
	unsigned n = count_box_tallies(&p->site_boxes) + m->n;
	struct pmu_unit *u = new_unit(p, n, 1);
	struct frame_instance set[PMU_SITE_EVENTS] = {0};
	unsigned n_set = 0;

	if (u == NULL)
		return -ENOMEM;
	u->slots = p->site_boxes.slots;
	for (unsigned i = 0; i < m->n; i++)
		TRY(add_tally(u, &p->site_cores, m->cpus[i], 0));
	TRY(add_boxes(u, &p->site_boxes, m, -1));
	for (unsigned i = 0; i < p->site.n_events; i++) {
		struct frame_instance *instance = &set[n_set];

		if (!(u->slots >> i & 1))
			continue;
		instance->id = (int)i;
		instance->record = &u->shown->v[i];
		memcpy(instance->name, p->site.events[i].name, sizeof(p->site.events[i].name));
		n_set++;
	}
	TRY(frame_indom_set(f, PMU_INDOM_event, set, n_set));
	return add_work(p, u, UINT64_C(1) << PMU_CLUSTER_EVENT);
}

static int add_units(struct pmu *p, struct frame *f, const struct machine *m)
{
	struct frame_work keeper = {
		.device = p,
		.sample = keep,
		.publish = publish_node,
		.lose = lose_node,
		.clusters = UINT64_C(1) << PMU_CLUSTER_CONTROL | FRAME_LOOK,
	};

	p->units = calloc(2 * (size_t)m->packages + 1, sizeof(*p->units));
	if (p->units == NULL)
		return -ENOMEM;
	TRY(add_cpus(p, f, m));
	TRY(add_packages(p, f, m));
	TRY(add_site_events(p, f, m));
	if (p->site.jobs) {
		TRY(pmu_jobs_new(p, &p->jobs));
		TRY(pmu_jobs_add(p->jobs, p->crew));
	}
	return frame_crew_add(p->crew, &keeper);
}

static unsigned read_model(struct pmu *p)
{
	struct pmu_identity id;
	char text[8192];
	unsigned model = pmu_n_models;

	if (frame_read_head(p->root, "proc/cpuinfo", text, sizeof(text)) > 0 &&
		pmu_parse_cpuinfo(text, &id) == 0)
		model = pmu_model_of(&id);
	p->next.model = model < pmu_n_models ? pmu_models[model].name : "unknown";
	return model;
}

static int read_site(struct pmu *p)
{
	char *text = malloc(CONFIG_MAX);
	ssize_t n;

	if (text == NULL)
		return -ENOMEM;
	n = frame_read_file(p->root, CONFIG, text, CONFIG_MAX);
	pmu_site_parse(n < 0 ? "" : text, &p->site);
	if (n < 0 && n != -ENOENT)
		pmu_site_complain(
			&p->site, 0, n == -EFBIG ? "the file is too long" : "cannot be read");
	free(text);
	return 0;
}

static void say_config(struct pmu *p)
{
	const struct pmu_site *s = &p->site;

	if (s->wrong == 0) {
		pmsprintf(p->next.config, sizeof(p->next.config), "good");
		return;
	}
	pmsprintf(p->next.config, sizeof(p->next.config), "%s", s->reason);
	pmNotifyErr(LOG_ERR, "/" CONFIG ": %u wrong lines are left out; %s", s->wrong, s->reason);
}

// As many descriptors as the system lets us have, less some for everything else.
static unsigned descriptor_limit(unsigned wanted)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) < 0)
		return 0;
	if (l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
		(void)getrlimit(RLIMIT_NOFILE, &l);
	}
	if (l.rlim_cur <= DESCRIPTORS_RESERVED)
		return 0;
	l.rlim_cur -= DESCRIPTORS_RESERVED;
	return wanted < l.rlim_cur ? wanted : (unsigned)l.rlim_cur;
}

static int plan_all(struct pmu *p)
{
	unsigned model = read_model(p);

	p->glance = calloc(1, sizeof(*p->glance));
	if (p->glance == NULL)
		return -ENOMEM;
	pthread_mutex_init(&p->glance->lock, NULL);
	TRY(read_site(p));
	TRY(pmu_plan_cores(p->root, model, &p->site, PMU_NODE, &p->cores));
	TRY(pmu_plan_cores(p->root, model, &p->site, PMU_JOBS, &p->for_jobs));
	TRY(pmu_plan_packages(p->root, model, &p->site, &p->packages));
	TRY(pmu_plan_site(p->root, &p->site, &p->site_cores, &p->site_boxes));
	say_config(p);
	p->account.limit = descriptor_limit(p->site.descriptors);
	return 0;
}

int pmu_open(struct frame *f, const struct frame_options *options, void **ret_state)
{
	struct pmu *p = calloc(1, sizeof(*p));
	struct machine *m = calloc(1, sizeof(*m));
	int rc = p && m ? 0 : -ENOMEM;

	if (rc == 0) {
		p->crew = f->crew;
		p->root = frame_open_root(options->root);
		p->account.kernel = pmu_kernel_of(p->root, *options->root != '\0');
		p->account.context = &p->root;
		rc = p->root < 0 ? p->root : plan_all(p);
	}
	if (rc == 0)
		rc = read_machine(p->root, m);
	if (rc == 0)
		rc = add_units(p, f, m);
	free(m);
	if (rc < 0 && p != NULL) {
		pmu_close(p);
		return rc;
	}
	if (rc == 0)
		*ret_state = p;
	return rc;
}

static void free_unit(struct pmu *p, struct pmu_unit *u)
{
	for (unsigned i = 0; u->tallies != NULL && i < u->n; i++) {
		pmu_tally_close(&p->account, &u->tallies[i]);
		pmu_tally_free(&u->tallies[i]);
	}
	free(u->tallies);
	free(u->next);
	free(u->shown);
}

void pmu_close(void *state)
{
	struct pmu *p = state;

	pmu_jobs_free(p->jobs);
	for (unsigned i = 0; i < p->n_units; i++)
		free_unit(p, &p->units[i]);
	free(p->units);
	pmu_plan_free(&p->cores);
	pmu_plan_free(&p->for_jobs);
	pmu_plan_free(&p->site_cores);
	pmu_box_plans_free(&p->packages);
	pmu_box_plans_free(&p->site_boxes);
	if (p->glance != NULL)
		pthread_mutex_destroy(&p->glance->lock);
	free(p->glance);
	if (p->root >= 0)
		close(p->root);
	free(p);
}

void pmu_refresh(struct frame *f, void *state)
{
	struct pmu *p = state;

	if (p->jobs != NULL)
		pmu_jobs_refresh(p->jobs, f);
}
