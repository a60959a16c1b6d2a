// SPDX-License-Identifier: Apache-2.0
// Outages, and what Slurm's numbers of node states mean, 20.11 to 26.05.
#include "accounting/event.h"

#include <inttypes.h>

#include "common/macro.h"
#include "common/str.h"

static const char *const bases[] = {
	"UNKNOWN", "DOWN", "IDLE", "ALLOCATED", "ERROR", "MIXED", "FUTURE"};

// The first of these that is set says what kind of outage it is, before the base state does.
static const struct flag {
	uint64_t bit;
	const char *name;
	const char *kind; // NULL: it does not tell
} flags[] = {
	{0x8000, "MAINT", "planned"},
	{0x10000, "REBOOT_REQUESTED", "planned"},
	{0x100000, "REBOOT_ISSUED", "planned"},
	{0x2000, "FAIL", "down"},
	{0x800, "NO_RESPOND", "down"},
	{0x400000, "INVALID_REG", "down"},
	{0x200, "DRAIN", "drained"},
	{0x20, "RES", NULL},
	{0x40, "UNDRAIN", NULL},
	{0x80, "CLOUD", NULL},
	{0x100, "RESUME", NULL},
	{0x400, "COMPLETING", NULL},
	{0x1000, "POWERED_DOWN", ""},
	{0x4000, "POWERING_UP", ""},
	{0x20000, "REBOOT_CANCEL", NULL},
	{0x40000, "POWERING_DOWN", ""},
	{0x80000, "DYNAMIC_FUTURE", NULL},
	{0x200000, "PLANNED", NULL},
	{0x800000, "POWER_DOWN", ""},
	{0x1000000, "POWER_UP", ""},
	{0x2000000, "POWER_DRAIN", "drained"},
	{0x4000000, "DYNAMIC_NORM", NULL},
};

static const char *base_of(uint64_t state)
{
	return (state & 0xf) < ARRAY_LEN(bases) ? bases[state & 0xf] : "UNKNOWN";
}

const char *event_state(uint64_t state, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	strbuf_puts(&out, base_of(state));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (state & flags[i].bit)
			strbuf_printf(&out, "+%s", flags[i].name);
	return arena_strdup(a, strbuf_text(&out));
}

const char *event_kind(uint64_t state)
{
	uint64_t base = state & 0xf;

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if ((state & flags[i].bit) && flags[i].kind && *flags[i].kind)
			return flags[i].kind;
	if (base == 1 || base == 4)
		return "down";
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if ((state & flags[i].bit) && flags[i].kind)
			return NULL;
	return "drained";
}

bool event_record(const struct event *e, struct arena *a, struct record *ret)
{
	uint64_t state = 0;

	if (e->begin_s <= 0 || e->begin_s > UINT32_MAX || e->end_s < 0 || e->end_s > UINT32_MAX ||
		(e->end_s && e->end_s < e->begin_s))
		return false;
	record_start(ret, STAGE_event, arena_printf(a, "%s/%" PRId64, e->node, e->begin_s));
	record_text(ret, AT_event_node, e->node);
	record_int(ret, AT_event_start_t, e->begin_s);
	if (e->end_s)
		record_int(ret, AT_event_end_t, e->end_s);
	record_text(ret, AT_event_reason, e->reason);
	if (e->uid >= 0)
		record_int(ret, AT_event_reason_uid, e->uid);
	if (e->cores >= 0 && e->cores <= INT32_MAX)
		record_int(ret, AT_event_cores, e->cores);
	if (parse_u64(e->state, &state) == 0) {
		record_text(ret, AT_event_kind, event_kind(state));
		record_text(ret, AT_event_state, event_state(state, a));
	}
	return true;
}
