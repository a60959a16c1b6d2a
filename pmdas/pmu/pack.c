// SPDX-License-Identifier: Apache-2.0
// Puts groups of roles together as long as the processor has counters for them at once: a reading costs
// a call for each group and CPU, and an interrupt of that CPU.
#include <errno.h>
#include <stdlib.h>

#include "pmdas/frame/parse.h"
#include "pmdas/pmu/plan.h"

#define GENERAL_AT_LEAST 4
#define ALWAYS           1 // the group of roles.def that has counters of its own on some

// The kernel's watchdog keeps one for itself, and a group that needs all would never have its turn.
unsigned pmu_room_of(int root, unsigned model)
{
	unsigned general = model < pmu_n_models ? pmu_models[model].general : GENERAL_AT_LEAST;
	uint64_t watchdog = 0;

	if (frame_read_number(root, "proc/sys/kernel/nmi_watchdog", &watchdog) == 0 && watchdog)
		general--;
	return general;
}

// How many general counters events of a group take, those of the plan from the first on.
static unsigned length_of(const struct pmu_plan *plan, unsigned first)
{
	unsigned n = 1;

	while (first + n < plan->n && plan->events[first + n].group == plan->events[first].group)
		n++;
	return n;
}

static unsigned needs_of(unsigned model, unsigned group, unsigned length)
{
	unsigned fixed = group == ALWAYS && model < pmu_n_models ? pmu_models[model].fixed : 0;

	return length > fixed ? length - fixed : 0;
}

struct bin {            // groups that have become one
	unsigned group; // that it is called by, the first
	unsigned needs;
	unsigned length;
	uint32_t type; // of the PMU
};

// What never has to wait for its turn stays by itself.
static bool fits(const struct bin *b, const struct bin *more, unsigned room)
{
	return b->needs != 0 && more->needs != 0 && b->type == more->type &&
	       b->needs + more->needs <= room && b->length + more->length <= PMU_GROUP_MAX;
}

static bool has_one_type(const struct pmu_plan *plan, unsigned first, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		if (plan->events[first + i].encoding.type != plan->events[first].encoding.type)
			return false;
	}
	return true;
}

// Gives the group to a bin that has room for it, or a new one; the bin's name.
static unsigned place(struct bin *bins, unsigned *n, const struct bin *more, unsigned room)
{
	for (unsigned i = 0; i < *n; i++) {
		if (!fits(&bins[i], more, room))
			continue;
		bins[i].needs += more->needs;
		bins[i].length += more->length;
		return bins[i].group;
	}
	bins[(*n)++] = *more;
	return more->group;
}

// Those of a group side by side again, in the order in which the groups came.
static int gather(struct pmu_plan *plan)
{
	struct pmu_event *events = malloc((plan->n ? plan->n : 1) * sizeof(*events));
	unsigned n = 0;

	if (events == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < plan->n; i++) {
		unsigned group = plan->events[i].group;
		bool is_first = true;

		for (unsigned k = 0; k < i; k++)
			is_first &= group == 0 || plan->events[k].group != group;
		for (unsigned k = i; is_first && k < plan->n; k++) {
			if (k == i || (group != 0 && plan->events[k].group == group))
				events[n++] = plan->events[k];
		}
	}
	free(plan->events);
	plan->events = events;
	return 0;
}

int pmu_pack(struct pmu_plan *plan, unsigned model, unsigned room)
{
	struct bin *bins = calloc(plan->n + 1, sizeof(*bins));
	unsigned n_bins = 0;

	if (bins == NULL)
		return -ENOMEM;
	for (unsigned first = 0; first < plan->n;) {
		unsigned group = plan->events[first].group;
		unsigned length = group ? length_of(plan, first) : 1;
		struct bin more = {
			.group = group,
			.needs = needs_of(model, group, length),
			.length = length,
			.type = plan->events[first].encoding.type,
		};

		if (group != 0 && has_one_type(plan, first, length)) {
			unsigned name = place(bins, &n_bins, &more, room);

			for (unsigned i = 0; i < length; i++)
				plan->events[first + i].group = name;
		}
		first += length;
	}
	free(bins);
	return gather(plan);
}
