// SPDX-License-Identifier: Apache-2.0
// The table gpu_metrics of amdgpu, form by form: the compiler lays out structures of our own, whose
// order and widths are those that the kernel gives out (drivers/gpu/drm/amd/include/kgd_pp_interface.h,
// read in its state of 2025), and the parser must find every number where the compiler put it.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/accelerator/gpu_metrics.h"

#define LINKS 8
#define CODEC 4
#define JPEG  32

struct head {
	uint16_t size;
	uint8_t format, content;
};

// MI100 and MI200: 1.1, what 1.2 has more, and what 1.3 has more.
struct old_form {
	struct head head;
	uint16_t edge, hotspot, memory, vr_gfx, vr_soc, vr_memory;
	uint16_t busy, memory_busy, media_busy;
	uint16_t watts;
	uint64_t energy;
	uint64_t clock_ns;
	uint16_t mean_clocks[7];
	uint16_t clocks[7];
	uint32_t throttle;
	uint16_t fan;
	uint16_t lanes, speed;
	uint16_t pad;
	uint32_t busy_sum, memory_busy_sum;
	uint16_t hbm[4];
	uint64_t firmware_ns; // since 1.2
	uint16_t volts[3];    // since 1.3
	uint16_t pad_3;
	uint64_t throttle_any_chip;
};

struct links { // and what stands before and behind them in all forms since 1.4
	uint64_t read[LINKS], written[LINKS];
};

struct pcie {
	uint64_t sum, now, recoveries, replays, rollovers;
};

#define MI300                             \
	struct head head;                 \
	uint16_t hotspot, memory, vr_soc; \
	uint16_t watts;                   \
	uint16_t busy, memory_busy

#define LINK_SPEEDS                      \
	uint16_t lanes, speed;           \
	uint16_t xgmi_lanes, xgmi_speed; \
	uint32_t busy_sum, memory_busy_sum

#define HELD                                      \
	uint32_t looks;                           \
	uint32_t prochot, power, socket, vr, hbm; \
	uint32_t clock_lock

struct form_4 {
	MI300;
	uint16_t codec[CODEC];
	uint64_t energy, clock_ns;
	uint32_t throttle, clock_lock;
	LINK_SPEEDS;
	struct pcie pcie;
	struct links links;
};

struct form_5 {
	MI300;
	uint16_t codec[CODEC], jpeg[JPEG];
	uint64_t energy, clock_ns;
	uint32_t throttle, clock_lock;
	LINK_SPEEDS;
	struct pcie pcie;
	uint32_t naks[2];
	struct links links;
};

struct form_6 {
	MI300;
	uint64_t energy, clock_ns;
	HELD;
	LINK_SPEEDS;
	struct pcie pcie;
	uint32_t naks[2];
	struct links links;
};

struct form_7 { // and 1.8, which differs further behind
	MI300;
	uint64_t bandwidth;
	uint64_t energy, clock_ns;
	HELD;
	LINK_SPEEDS;
	struct pcie pcie;
	uint32_t naks[2];
	struct links links;
};

// Every number another one, none all bits set.
#define FILL_MI300(t, minor)                               \
	(t) = (typeof(t)){.head = {sizeof(t), 1, (minor)}, \
		.hotspot = 71,                             \
		.watts = 640,                              \
		.busy = 95,                                \
		.memory_busy = 31,                         \
		.energy = UINT64_C(0x123456789a),          \
		.pcie = {.replays = 17}};                  \
	for (unsigned i = 0; i < LINKS; i++) {             \
		(t).links.read[i] = 1000 + i;              \
		(t).links.written[i] = 5000 + i;           \
	}

static struct gpu_metrics parse(const void *table, size_t size)
{
	struct gpu_metrics m;

	cr_assert(eq(int, gpu_metrics_parse(table, size, &m), 0));
	cr_assert(eq(int, gpu_metrics_parse(table, size - 1, &m), -EINVAL)); // cut
	cr_assert(eq(int, gpu_metrics_parse(table, size, &m), 0));
	return m;
}

static void check_mi300(const struct gpu_metrics *m)
{
	cr_assert(eq(u64, m->temperature.value, 71));
	cr_assert(eq(u64, m->power.value, 640));
	cr_assert(eq(u64, m->gfx_activity.value, 95));
	cr_assert(eq(u64, m->memory_activity.value, 31));
	cr_assert(eq(u64, m->energy.value, UINT64_C(0x123456789a)));
	cr_assert(eq(u64, m->pcie_replays.value, 17));
	cr_assert(eq(u64, m->xgmi_read.value, 8000 + 28));
	cr_assert(eq(u64, m->xgmi_written.value, 40000 + 28));
}

Test(gpu_metrics, before_mi300)
{
	struct old_form t = {.head = {.format = 1},
		.edge = 55,
		.busy = 77,
		.memory_busy = 21,
		.watts = 212,
		.energy = UINT64_C(0xabcdef0123),
		.throttle = 9,
		.throttle_any_chip = UINT64_C(0x100000004)};
	static const struct {
		uint8_t content;
		size_t size;
		uint64_t throttle;
	} cases[] = {
		{1, offsetof(struct old_form, firmware_ns), 9},
		{2, offsetof(struct old_form, volts), 9},
		{3, sizeof(struct old_form), UINT64_C(0x100000004)},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct gpu_metrics m;

		t.head.content = cases[i].content;
		t.head.size = (uint16_t)cases[i].size;
		m = parse(&t, cases[i].size);
		cr_assert(eq(u64, m.temperature.value, 55));
		cr_assert(eq(u64, m.gfx_activity.value, 77));
		cr_assert(eq(u64, m.memory_activity.value, 21));
		cr_assert(eq(u64, m.power.value, 212));
		cr_assert(eq(u64, m.energy.value, UINT64_C(0xabcdef0123)));
		cr_assert(eq(u64, m.throttle.value, cases[i].throttle));
	}
}

Test(gpu_metrics, form_1_4)
{
	struct form_4 t;
	struct gpu_metrics m;

	FILL_MI300(t, 4);
	t.throttle = 3;
	m = parse(&t, sizeof(t));
	check_mi300(&m);
	cr_assert(eq(u64, m.throttle.value, 3));
	cr_assert(not(m.held_power.known));
}

Test(gpu_metrics, form_1_5)
{
	struct form_5 t;
	struct gpu_metrics m;

	FILL_MI300(t, 5);
	t.throttle = 3;
	m = parse(&t, sizeof(t));
	check_mi300(&m);
	cr_assert(eq(u64, m.throttle.value, 3));
}

static void check_held(const struct gpu_metrics *m)
{
	cr_assert(eq(u64, m->held_checks.value, 100));
	cr_assert(eq(u64, m->held_power.value, 30));
	cr_assert(eq(u64, m->held_thermal.value,
		1 + 2 + 4)); // but not PROCHOT, which is no heat of ours
	cr_assert(not(m->throttle.known));
}

#define FILL_HELD(t) \
	(t).looks = 100, (t).prochot = 5000, (t).power = 30, (t).socket = 1, (t).vr = 2, (t).hbm = 4

Test(gpu_metrics, form_1_6)
{
	struct form_6 t;
	struct gpu_metrics m;

	FILL_MI300(t, 6);
	FILL_HELD(t);
	m = parse(&t, sizeof(t));
	check_mi300(&m);
	check_held(&m);
}

Test(gpu_metrics, forms_1_7_and_1_8)
{
	for (uint8_t content = 7; content <= 8; content++) {
		struct form_7 t;
		struct gpu_metrics m;

		FILL_MI300(t, content);
		FILL_HELD(t);
		m = parse(&t, sizeof(t));
		check_mi300(&m);
		check_held(&m);
	}
}

// A later form has its numbers elsewhere: it is not guessed at.
Test(gpu_metrics, other_forms)
{
	struct form_7 t;
	struct gpu_metrics m;

	FILL_MI300(t, 9);
	cr_assert(eq(int, gpu_metrics_parse(&t, sizeof(t), &m), -ENOTSUP));
	cr_assert(not(m.energy.known));
	t.head = (struct head){sizeof(t), 2, 4};
	cr_assert(eq(int, gpu_metrics_parse(&t, sizeof(t), &m), -ENOTSUP));
	memset(&t, 0xff, sizeof(t));
	t.head = (struct head){sizeof(t), 1, 7};
	cr_assert(eq(int, gpu_metrics_parse(&t, sizeof(t), &m), 0));
	cr_assert(not(m.energy.known));
	cr_assert(not(m.xgmi_read.known));
	cr_assert(not(m.held_checks.known));
}
