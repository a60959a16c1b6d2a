// SPDX-License-Identifier: Apache-2.0
// Finds the CPUs, cores and packages of the machine and gives each a record and its CPUs as work.
// Nothing missing is an error: a machine without readable registers has instances without values.
#include "pmdas/msr/msr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define CPUINFO_BYTES 4096 // of the first processor; the file may be megabytes

static const struct msr_model *find_model(int root)
{
	struct msr_identity id = {.vendor = MSR_VENDORS};
	char text[CPUINFO_BYTES];
	ssize_t n = frame_read_head(root, "proc/cpuinfo", text, sizeof(text));

	if (n < 0 || msr_parse_cpuinfo(text, &id) < 0)
		pmNotifyErr(LOG_WARNING, "no x86 processor in /proc/cpuinfo: no registers to read");
	return msr_model_of(&id);
}

static struct msr_package *package_of(struct msr *m, const struct msr_place *p)
{
	// Only Intel has dies with energy counters of their own.
	unsigned die = m->model->vendor == MSR_INTEL ? p->die : 0;
	struct msr_package *k;

	for (size_t i = 0; i < m->n_packages; i++) {
		k = &m->packages[i];
		if (k->package == p->package && k->die == die)
			return k;
	}
	k = &m->packages[m->n_packages++];
	k->package = p->package;
	k->die = die;
	return k;
}

static struct msr_plane *plane_of(
	struct msr *m, struct msr_package *package, const struct msr_place *p)
{
	// Cores of different dies may share a number.
	unsigned core = m->model->vendor == MSR_AMD ? p->die << 15 | p->core : 0;
	struct msr_plane *l;

	for (size_t i = 0; i < m->n_planes; i++) {
		l = &m->planes[i];
		if (l->package == package && l->core == core)
			return l;
	}
	l = &m->planes[m->n_planes++];
	l->package = package;
	l->core = core;
	return l;
}

static struct msr_core *core_of(
	struct msr *m, struct msr_package *package, const struct msr_place *p)
{
	struct msr_core *k;

	for (size_t i = 0; i < m->n_cores; i++) {
		k = &m->cores[i];
		if (k->package == package && k->die == p->die && k->core == p->core)
			return k;
	}
	k = &m->cores[m->n_cores++];
	k->package = package;
	k->die = p->die;
	k->core = p->core;
	return k;
}

// Places a CPU; the first of each package, plane and core reads for it.
static void place_cpu(struct msr *m, struct msr_cpu *c, const struct msr_place *p)
{
	size_t packages = m->n_packages;
	size_t planes = m->n_planes;
	size_t cores = m->n_cores;

	c->msr = m;
	c->device = msr_device_init(m->root, p->cpu);
	c->reads = 1U << MSR_SCOPE_CPU;
	if (!p->known)
		return;
	c->package = package_of(m, p);
	c->plane = plane_of(m, c->package, p);
	c->core = core_of(m, c->package, p);
	if (m->n_packages > packages)
		c->reads |= 1U << MSR_SCOPE_PACKAGE;
	if (m->n_planes > planes)
		c->reads |= 1U << MSR_SCOPE_PLANE;
	if (m->n_cores > cores)
		c->reads |= 1U << MSR_SCOPE_CORE;
}

int msr_open_machine(const struct frame_options *options, struct msr **ret)
{
	AUTO_FREE struct msr_place *places = NULL;
	struct msr *m = calloc(1, sizeof(*m));
	int n;

	if (m == NULL)
		return -ENOMEM;
	m->period_ns = options->period_ns;
	m->root = frame_open_root(options->root);
	if (m->root < 0) {
		n = m->root;
		free(m);
		return n;
	}
	m->model = find_model(m->root);
	m->node.model = m->model->name;
	m->node.errors.known = m->node.resets.known = m->node.late.known = true;
	m->n_meters = msr_find_meters(m->root, m->meters);
	n = msr_topology(m->root, &places);
	if (n < 0) {
		pmNotifyErr(LOG_WARNING, "no list of CPUs in /sys/devices/system/cpu");
		n = 0;
	}
	m->cpus = calloc(n ? (size_t)n : 1, sizeof(*m->cpus));
	m->packages = calloc(n ? (size_t)n : 1, sizeof(*m->packages));
	m->planes = calloc(n ? (size_t)n : 1, sizeof(*m->planes));
	m->cores = calloc(n ? (size_t)n : 1, sizeof(*m->cores));
	if (!m->cpus || !m->packages || !m->planes || !m->cores) {
		msr_close(m);
		return -ENOMEM;
	}
	m->n_cpus = (size_t)n;
	for (int i = 0; i < n; i++)
		place_cpu(m, &m->cpus[i], &places[i]);
	*ret = m;
	return 0;
}

void msr_close(void *state)
{
	struct msr *m = state;

	for (size_t i = 0; i < m->n_cpus; i++)
		msr_device_close(&m->cpus[i].device);
	close(m->root);
	free(m->cpus);
	free(m->packages);
	free(m->planes);
	free(m->cores);
	free(m);
}

static bool has_several_dies(const struct msr *m, const struct msr_package *k)
{
	for (size_t i = 0; i < m->n_packages; i++) {
		if (m->packages[i].package == k->package && m->packages[i].die != k->die)
			return true;
	}
	return false;
}

static void name_package(
	const struct msr *m, struct msr_package *k, struct frame_instance *instance)
{
	instance->record = k;
	instance->id = (int)(k->die << 15 | k->package);
	if (has_several_dies(m, k))
		pmsprintf(instance->name, sizeof(instance->name), "package%u-die%u", k->package,
			k->die);
	else
		pmsprintf(instance->name, sizeof(instance->name), "package%u", k->package);
	pmsprintf(instance->labels, sizeof(instance->labels), "{\"package\":%u}", k->package);
}

static void name_core(unsigned package, unsigned die, unsigned core, void *record,
	struct frame_instance *instance)
{
	instance->record = record;
	// 31 bits: 7 of the package, 6 of the die, 15 of the core.
	instance->id = (int)((package & 0x7f) << 21 | (die & 0x3f) << 15 | core);
	if (die)
		pmsprintf(instance->name, sizeof(instance->name), "package%u-die%u-core%u", package,
			die, core);
	else
		pmsprintf(
			instance->name, sizeof(instance->name), "package%u-core%u", package, core);
	pmsprintf(instance->labels, sizeof(instance->labels), "{\"core\":%u,\"package\":%u}", core,
		package);
}

static void name_plane(const struct msr *m, struct msr_plane *l, struct frame_instance *instance)
{
	if (m->model->vendor == MSR_AMD) {
		name_core(l->package->package, l->core >> 15, l->core & 0x7fff, l, instance);
	} else {
		name_package(m, l->package, instance);
		instance->record = l;
	}
}

static void name_cpu(struct msr_cpu *c, struct frame_instance *instance)
{
	instance->record = c;
	instance->id = (int)c->device.cpu;
	pmsprintf(instance->name, sizeof(instance->name), "cpu%u", c->device.cpu);
	if (c->package != NULL)
		pmsprintf(instance->labels, sizeof(instance->labels), "{\"package\":%u}",
			c->package->package);
}

static int add_meters(struct msr *m, struct frame *f)
{
	struct frame_instance set[MSR_METERS] = {0};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < m->n_meters; i++) {
		struct frame_work work = {
			.device = &m->meters[i],
			.sample = msr_meter_sample,
			.publish = msr_meter_publish,
			.lose = msr_meter_lose,
			.clusters = UINT64_C(1) << MSR_CLUSTER_METER,
		};

		set[i].id = (int)i;
		set[i].record = &m->meters[i];
		pmsprintf(set[i].name, sizeof(set[i].name), "%s", m->meters[i].name);
		rc = frame_crew_add(f->crew, &work);
	}
	return rc ? rc : frame_indom_set(f, MSR_INDOM_meter, set, (unsigned)m->n_meters);
}

static int add_instances(struct msr *m, struct frame *f)
{
	struct frame_instance *set = calloc(m->n_cpus ? m->n_cpus : 1, sizeof(*set));
	int rc;

	if (set == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_packages; i++)
		name_package(m, &m->packages[i], &set[i]);
	rc = frame_indom_set(f, MSR_INDOM_package, set, (unsigned)m->n_packages);
	// Each plane and core has a package, which the compiler's analysis cannot see.
	for (size_t i = 0; i < m->n_planes && m->planes[i].package; i++)
		name_plane(m, &m->planes[i], &set[i]);
	if (rc == 0)
		rc = frame_indom_set(f, MSR_INDOM_plane, set, (unsigned)m->n_planes);
	for (size_t i = 0; i < m->n_cores && m->cores[i].package; i++) {
		struct msr_core *k = &m->cores[i];

		name_core(k->package->package, k->die, k->core, k, &set[i]);
	}
	if (rc == 0)
		rc = frame_indom_set(f, MSR_INDOM_core, set, (unsigned)m->n_cores);
	if (rc == 0)
		rc = add_meters(m, f);
	for (size_t i = 0; i < m->n_cpus; i++) {
		set[i].labels[0] = '\0';
		name_cpu(&m->cpus[i], &set[i]);
	}
	if (rc == 0)
		rc = frame_indom_set(f, MSR_INDOM_cpu, set, (unsigned)m->n_cpus);
	free(set);
	return rc;
}

// Of a processor that is none of Intel's or AMD's there is nothing to read.
static bool has_registers(const struct msr *m)
{
	return m->model->vendor != MSR_VENDORS;
}

// The usual reason for an agent without values, said where its administrator will look.
static void warn_if_all_closed(const struct msr *m)
{
	if (m->n_cpus == 0 || !has_registers(m))
		return;
	for (size_t i = 0; i < m->n_cpus; i++) {
		if (m->cpus[i].opened == 0)
			return;
	}
	pmNotifyErr(LOG_WARNING,
		"/dev/cpu/%u/msr: %s (is the kernel module msr loaded, are we root?)",
		m->cpus[0].device.cpu, strerror(-m->cpus[0].opened));
}

int msr_open(struct frame *f, const struct frame_options *options, void **ret_state)
{
	struct msr *m = NULL;
	int rc = msr_open_machine(options, &m);

	if (rc < 0)
		return rc;
	m->crew = f->crew;
	rc = add_instances(m, f);
	for (size_t i = 0; rc == 0 && has_registers(m) && i < m->n_cpus; i++) {
		struct frame_work work = {
			.device = &m->cpus[i],
			.sample = msr_sample,
			.publish = msr_publish,
			.lose = msr_lose,
			.clusters = msr_clusters_of(&m->cpus[i]),
		};

		// While we still may: the rights to open are given up soon.
		m->cpus[i].opened = msr_device_open(&m->cpus[i].device);
		rc = frame_crew_add(f->crew, &work);
	}
	warn_if_all_closed(m);
	if (rc < 0) {
		msr_close(m);
		return rc;
	}
	*ret_state = m;
	return 0;
}
