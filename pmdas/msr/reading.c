// SPDX-License-Identifier: Apache-2.0
// Reads one CPU's registers and turns them into values. Sampling may block and touches only the CPU's
// own memory; publishing runs under the crew's lock and touches the shared records.
#include <errno.h>

#include "common/macro.h"
#include "pmdas/frame/wide.h"
#include "pmdas/msr/msr.h"

#define ANY_MODEL    MSR_FEATURES
#define MICROSECONDS 1000000

struct msr_register;
typedef void publisher(struct msr_cpu *c, const struct msr_register *r, void *field,
	const struct msr_raw *raw, int64_t now_ns);

struct msr_register { // a row of registers.def
	enum msr_scope scope;
	size_t field; // in the scope's record
	uint64_t clusters;
	uint32_t address[MSR_VENDORS];
	unsigned needs; // enum msr_domain or msr_feature, or ANY_MODEL
	unsigned width;
	uint64_t most;
	publisher *publish;
};

static publisher msr_publish_counter;
static publisher msr_publish_seen;
static publisher msr_publish_energy;
static publisher msr_publish_time;
static publisher msr_publish_field;
static publisher msr_publish_constant;

#define ENERGY        (UINT64_C(1) << MSR_CLUSTER_ENERGY)
#define TEMPERATURE   (UINT64_C(1) << MSR_CLUSTER_TEMPERATURE)
#define IDLE          (UINT64_C(1) << MSR_CLUSTER_IDLE)
#define LIMIT         (UINT64_C(1) << MSR_CLUSTER_LIMIT)
#define UNCORE        (UINT64_C(1) << MSR_CLUSTER_UNCORE)
#define WORK          (UINT64_C(1) << MSR_CLUSTER_WORK)
#define SCOPE_cpu     MSR_SCOPE_CPU
#define SCOPE_package MSR_SCOPE_PACKAGE
#define SCOPE_plane   MSR_SCOPE_PLANE
#define SCOPE_core    MSR_SCOPE_CORE
#define MSR_ANY       ANY_MODEL

static const struct msr_register registers[] = {
#define REGISTER(scope_, field_, clusters_, intel, amd, needs_, width_, most_, publish_) \
	{.scope = SCOPE_##scope_,                                                        \
		.field = offsetof(struct msr_##scope_, field_),                          \
		.clusters = (clusters_),                                                 \
		.address = {(intel), (amd)},                                             \
		.needs = MSR_##needs_,                                                   \
		.width = (width_),                                                       \
		.most = (most_),                                                         \
		.publish = (publish_)},
#include "pmdas/msr/registers.def"
};

static void *record_of(struct msr_cpu *c, enum msr_scope scope)
{
	void *records[] = {
		[MSR_SCOPE_CPU] = c,
		[MSR_SCOPE_PACKAGE] = c->package,
		[MSR_SCOPE_PLANE] = c->plane,
		[MSR_SCOPE_CORE] = c->core,
	};

	return records[scope];
}

// The address to read a register at for this CPU, 0 = not at all.
static uint32_t address_of(const struct msr_cpu *c, const struct msr_register *r)
{
	const struct msr_model *m = c->msr->model;

	if (m->vendor == MSR_VENDORS || !(c->reads & 1U << r->scope))
		return 0;
	if (r->needs != ANY_MODEL && !(m->has & 1U << r->needs))
		return 0;
	return r->address[m->vendor];
}

uint64_t msr_need(const struct frame_metric *m)
{
	if (m->cluster == MSR_CLUSTER_CPU)
		return MSR_CPU_PART(m->item);
	if (m->cluster == MSR_CLUSTER_FREQUENCY)
		return m->item == 0 ? MSR_BASE : MSR_EFFECTIVE | MSR_BASE | MSR_APERF | MSR_MPERF;
	return UINT64_C(1) << m->cluster;
}

uint64_t msr_clusters_of(const struct msr_cpu *c)
{
	uint64_t clusters = MSR_EFFECTIVE;

	for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
		if (address_of(c, &registers[i]) != 0)
			clusters |= registers[i].clusters;
	}
	return clusters;
}

_Static_assert(MSR_REGISTERS <= 64, "a plan has a bit for each register");

// Registers to read for what is wanted: mostly the same as the last time.
static uint64_t plan_of(struct msr_cpu *c, uint64_t want)
{
	if (c->planned_want == want && c->planned_reads == c->reads)
		return c->plan;
	c->plan = 0;
	for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
		if (registers[i].clusters & want && address_of(c, &registers[i]) != 0)
			c->plan |= UINT64_C(1) << i;
	}
	c->planned_want = want;
	c->planned_reads = c->reads;
	return c->plan;
}

// The lowest of the registers that are left, which is taken out.
static size_t take_register(uint64_t *left)
{
	size_t i = (size_t)__builtin_ctzll(*left);

	*left &= *left - 1;
	return i;
}

void msr_sample(void *device, uint64_t want)
{
	struct msr_cpu *c = device;

	c->sampled = plan_of(c, want);
	if (c->sampled == 0)
		return;
	c->opened = msr_device_open(&c->device);
	for (uint64_t left = c->sampled; left != 0;) {
		size_t i = take_register(&left);
		struct msr_raw *raw = &c->raw[i];

		raw->rc = c->opened;
		if (c->opened == 0)
			raw->rc = msr_device_read(
				&c->device, address_of(c, &registers[i]), &raw->value);
	}
}

static void fold(struct msr_cpu *c, struct msr_counter *counter, const struct msr_register *r,
	uint64_t raw, uint64_t rate, int64_t now_ns)
{
	struct accumulator before = counter->sum;

	accumulator_fold(&counter->sum, raw, r->width, rate, now_ns);
	c->msr->node.resets.value += counter->sum.resets - before.resets;
	c->msr->node.late.value += counter->sum.late - before.late;
}

static void msr_publish_counter(struct msr_cpu *c, const struct msr_register *r, void *field,
	const struct msr_raw *raw, int64_t now_ns)
{
	struct msr_counter *counter = field;

	counter->reading.known = raw->rc == 0;
	if (raw->rc != 0)
		return;
	fold(c, counter, r, raw->value, r->most, now_ns);
	counter->reading.value = counter->sum.total;
}

// A counter that nobody has started reads zero.
static void msr_publish_seen(struct msr_cpu *c, const struct msr_register *r, void *field,
	const struct msr_raw *raw, int64_t now_ns)
{
	struct msr_counter *counter = field;

	msr_publish_counter(c, r, field, raw, now_ns);
	counter->reading.known &= counter->sum.total != 0;
}

// A domain that has never counted does not exist, whatever the model's row says.
static void msr_publish_energy(struct msr_cpu *c, const struct msr_register *r, void *field,
	const struct msr_raw *raw, int64_t now_ns)
{
	struct msr_counter *counter = field;
	struct msr_unit unit;

	counter->reading.known = false;
	if (raw->rc != 0 || !c->package->unit_register.known)
		return;
	unit = msr_unit_of(
		c->msr->model, (enum msr_domain)r->needs, c->package->unit_register.value);
	fold(c, counter, r, raw->value, msr_counts_of(unit, r->most), now_ns);
	counter->reading.known = counter->sum.total != 0;
	counter->reading.value = msr_microjoules(unit, counter->sum.total);
}

// Counts of 2^-n seconds, shown in microseconds.
static void msr_publish_time(struct msr_cpu *c, const struct msr_register *r, void *field,
	const struct msr_raw *raw, int64_t now_ns)
{
	struct msr_counter *counter = field;
	unsigned shift = msr_time_shift(c->package->unit_register.value);

	counter->reading.known = raw->rc == 0 && c->package->unit_register.known;
	if (!counter->reading.known)
		return;
	fold(c, counter, r, raw->value, r->most << shift, now_ns);
	counter->reading.value = (uint64_t)((frame_wide)counter->sum.total * MICROSECONDS >> shift);
}

static void msr_publish_field(struct msr_cpu *c, const struct msr_register *r, void *field,
	const struct msr_raw *raw, int64_t now_ns)
{
	struct frame_reading *reading = field;

	(void)c, (void)r, (void)now_ns;
	reading->known = raw->rc == 0;
	reading->value = raw->value;
}

// What never changes stays known when a later read fails.
static void msr_publish_constant(struct msr_cpu *c, const struct msr_register *r, void *field,
	const struct msr_raw *raw, int64_t now_ns)
{
	if (raw->rc == 0)
		msr_publish_field(c, r, field, raw, now_ns);
}

static void derive_package(struct msr_cpu *c)
{
	struct msr_package *k = c->package;
	uint64_t target = k->thermal_target.value >> 16 & 0xff;
	uint64_t below = k->thermal_status.value >> 16 & 0x7f;

	k->base.value = msr_base_khz(c->msr->model, k->base_register.value);
	k->base.known = k->base_register.known && k->base.value != 0;
	k->temperature.known =
		k->thermal_target.known && k->thermal_status.known && target >= below;
	k->temperature.value = k->temperature.known ? target - below : 0;
}

// Fetches may come at any time; a window shorter than half the period would say little.
static void derive_frequency(struct msr_cpu *c, int64_t now_ns)
{
	uint64_t aperf = c->aperf.sum.total - c->window_aperf;
	uint64_t mperf = c->mperf.sum.total - c->window_mperf;

	if (!c->aperf.reading.known || !c->mperf.reading.known) {
		c->effective.known = false;
		c->window_ns = 0;
		return;
	}
	if (c->window_ns != 0) {
		if (now_ns - c->window_ns < c->msr->period_ns / 2)
			return;
		c->effective.known = mperf != 0 && c->package != NULL && c->package->base.known;
		if (c->effective.known)
			c->effective.value =
				(uint64_t)((frame_wide)aperf * c->package->base.value / mperf);
	}
	c->window_aperf = c->aperf.sum.total;
	c->window_mperf = c->mperf.sum.total;
	c->window_ns = now_ns;
}

static bool is_gone(int rc)
{
	return rc == -ENXIO || rc == -ENOENT || rc == -ENODEV;
}

// Who is inside the other takes it over when it publishes; till then nothing is read for the scope.
static void pass_on(struct msr *m, struct msr_cpu *other, enum msr_scope scope)
{
	other->inherits |= 1U << scope;
	if (m->crew != NULL)
		frame_crew_widen(m->crew, other, UINT64_MAX);
}

// A CPU that went offline cannot read for its package any more: the next one does.
static void hand_over(struct msr_cpu *c)
{
	struct msr *m = c->msr;
	size_t self = (size_t)(c - m->cpus);

	for (enum msr_scope scope = MSR_SCOPE_PACKAGE; scope < MSR_SCOPES; scope++) {
		if (!(c->reads & 1U << scope))
			continue;
		for (size_t i = 1; i < m->n_cpus; i++) {
			struct msr_cpu *other = &m->cpus[(self + i) % m->n_cpus];

			if (record_of(other, scope) == record_of(c, scope)) {
				c->reads &= ~(1U << scope);
				pass_on(m, other, scope);
				break;
			}
		}
	}
}

static int first_error(const struct msr_cpu *c)
{
	for (uint64_t left = c->sampled; left != 0;) {
		size_t i = take_register(&left);

		if (is_gone(c->raw[i].rc))
			return c->raw[i].rc;
	}
	return c->opened;
}

static void count_errors(struct msr_cpu *c)
{
	uint64_t *errors = &c->msr->node.errors.value;

	if (c->opened != 0) {
		*errors += !is_gone(c->opened);
		return;
	}
	for (uint64_t left = c->sampled; left != 0;) {
		int rc = c->raw[take_register(&left)].rc;

		*errors += rc != 0 && rc != -EIO && !is_gone(rc);
	}
}

void msr_publish(void *device, uint64_t want, int64_t now_ns)
{
	struct msr_cpu *c = device;

	for (uint64_t left = c->sampled; left != 0;) {
		size_t i = take_register(&left);
		const struct msr_register *r = &registers[i];

		r->publish(c, r, (char *)record_of(c, r->scope) + r->field, &c->raw[i], now_ns);
	}
	if (want & (MSR_BASE | TEMPERATURE) && c->reads & 1U << MSR_SCOPE_PACKAGE)
		derive_package(c);
	if (want & MSR_EFFECTIVE)
		derive_frequency(c, now_ns);
	if (c->sampled != 0)
		count_errors(c);
	if (is_gone(first_error(c))) {
		msr_device_close(&c->device);
		hand_over(c);
	}
	if (c->inherits == 0)
		return;
	c->reads |= c->inherits;
	c->inherits = 0;
}

void msr_lose(void *device)
{
	struct msr_cpu *c = device;
	struct msr_raw lost = {.rc = -ETIMEDOUT};

	for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
		const struct msr_register *r = &registers[i];

		if (address_of(c, r) != 0)
			r->publish(c, r, (char *)record_of(c, r->scope) + r->field, &lost, 0);
	}
	if (c->reads & 1U << MSR_SCOPE_PACKAGE)
		derive_package(c);
	derive_frequency(c, 0);
	c->msr->node.errors.value++;
}
