// SPDX-License-Identifier: Apache-2.0
// See gpu_metrics.h. Where each form has each number is a table.
#include "pmdas/accelerator/gpu_metrics.h"

#include <errno.h>
#include <string.h>

#include "common/macro.h"

#define FIELD(field, offset_, bytes_, links_)                                                      \
	{                                                                                          \
		.to = offsetof(struct gpu_metrics, field), .offset = (offset_), .bytes = (bytes_), \
		.links = (links_)                                                                  \
	}

struct field {
	size_t to;
	size_t offset;
	unsigned bytes;
	unsigned links; // numbers to be added up: links, or kinds of heat
};

// clang-format off
#define BEFORE_MI300                                                                       \
	FIELD(temperature, 4, 2, 1), FIELD(gfx_activity, 16, 2, 1),                        \
	FIELD(memory_activity, 18, 2, 1), FIELD(power, 22, 2, 1), FIELD(energy, 24, 8, 1)

// The engines of 1.5 push everything behind them back.
#define SINCE_MI300(shift)                                                                 \
	FIELD(temperature, 4, 2, 1), FIELD(power, 10, 2, 1),                               \
	FIELD(gfx_activity, 12, 2, 1), FIELD(memory_activity, 14, 2, 1),                   \
	FIELD(energy, 24 + (shift), 8, 1), FIELD(throttle, 40 + (shift), 4, 1),            \
	FIELD(pcie_replays, 88 + (shift), 8, 1)
// clang-format on

static const struct field v1_1[] = {BEFORE_MI300, FIELD(throttle, 68, 4, 1)};
static const struct field v1_3[] = {BEFORE_MI300, FIELD(throttle, 112, 8, 1)};
static const struct field v1_4[] = {
	SINCE_MI300(0), FIELD(xgmi_read, 104, 8, 8), FIELD(xgmi_written, 168, 8, 8)};
// 1.5 counts two more kinds of PCIe errors before the links.
static const struct field v1_5[] = {
	SINCE_MI300(64), FIELD(xgmi_read, 176, 8, 8), FIELD(xgmi_written, 240, 8, 8)};

// Since 1.6 the times of throttling are counted instead of a status.
#define SINCE_1_6(energy_at, replays_at, links_at)                                          \
	FIELD(temperature, 4, 2, 1), FIELD(power, 10, 2, 1), FIELD(gfx_activity, 12, 2, 1), \
		FIELD(memory_activity, 14, 2, 1), FIELD(energy, energy_at, 8, 1),           \
		FIELD(held_checks, (energy_at) + 16, 4, 1),                                 \
		FIELD(held_power, (energy_at) + 24, 4, 1),                                  \
		FIELD(held_thermal, (energy_at) + 28, 4, 3),                                \
		FIELD(pcie_replays, replays_at, 8, 1), FIELD(xgmi_read, links_at, 8, 8),    \
		FIELD(xgmi_written, (links_at) + 64, 8, 8)

static const struct field v1_6[] = {SINCE_1_6(16, 104, 128)};
static const struct field v1_7[] = {SINCE_1_6(24, 112, 136)};

static const struct {
	unsigned content;
	size_t size; // up to the last number that is taken
	const struct field *fields;
	size_t n;
} forms[] = {
	{1, 96, v1_1, ARRAY_LEN(v1_1)},
	{2, 104, v1_1, ARRAY_LEN(v1_1)},
	{3, 120, v1_3, ARRAY_LEN(v1_3)},
	{4, 232, v1_4, ARRAY_LEN(v1_4)},
	{5, 304, v1_5, ARRAY_LEN(v1_5)},
	{6, 256, v1_6, ARRAY_LEN(v1_6)},
	{7, 264, v1_7, ARRAY_LEN(v1_7)},
	{8, 264, v1_7, ARRAY_LEN(v1_7)},
};

static void take(const unsigned char *data, const struct field *f, struct gpu_metrics *ret)
{
	struct frame_reading *r = (void *)((char *)ret + f->to);
	const uint64_t none = UINT64_MAX >> (64 - 8 * f->bytes);

	for (unsigned link = 0; link < f->links; link++) {
		uint64_t value = 0;

		for (unsigned i = f->bytes; i-- > 0;)
			value = value << 8 | data[f->offset + (size_t)link * f->bytes + i];
		if (value == none)
			continue;
		r->value += value;
		r->known = true;
	}
}

int gpu_metrics_parse(const void *data, size_t size, struct gpu_metrics *ret)
{
	const unsigned char *bytes = data;

	memset(ret, 0, sizeof(*ret));
	if (size < 4)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (bytes[2] != 1 || bytes[3] != forms[i].content)
			continue;
		if (size < forms[i].size || (size_t)(bytes[0] | bytes[1] << 8) < forms[i].size)
			return -EINVAL;
		for (size_t k = 0; k < forms[i].n; k++)
			take(bytes, &forms[i].fields[k], ret);
		return 0;
	}
	return -ENOTSUP;
}
