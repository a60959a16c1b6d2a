// SPDX-License-Identifier: Apache-2.0
// Reads a unit: the CPUs of a package, or what counts beside its cores.
#include <string.h>

#include "pmdas/pmu/pmu.h"

// Slots to be read: where there are no parts, all.
static uint64_t slots_of(const struct pmu_unit *u, uint64_t want)
{
	if (u->each_cpu)
		return pmu_roles_of_parts(want >> PMU_CPU_PARTS & PMU_PARTS);
	return want & ~FRAME_LOOK ? UINT64_MAX : 0;
}

// What was not asked for stays as it was read last.
static void read_cpu(struct pmu_unit *u, struct pmu_tally *t, int64_t now, uint64_t slots)
{
	struct pmu_account *a = &u->pmu->account;
	struct pmu_values *v = &u->next[t->record];
	struct pmu_sums sums = {0};
	uint64_t derived;

	pmu_tally_open(a, t, -1, now);
	pmu_tally_read(a, t, slots);
	pmu_tally_add(t, slots, &sums);
	pmu_fill(&sums, u->slots & slots, v);
	derived = pmu_derive(u->slots, v) & ~u->slots;
	u->fresh |= (u->slots & slots) | derived | UINT64_C(1) << PMU_SHARE;
	v->v[PMU_SHARE] = (struct frame_reading){0};
	if (t->groups[0].known)
		pmu_set(&v->v[PMU_SHARE], pmu_tally_share(t));
}

static void read_cpus(struct pmu_unit *u, const struct pmu_online *online, uint64_t slots)
{
	int64_t now = pmu_now_ns();

	for (unsigned i = 0; i < u->n; i++) {
		struct pmu_tally *t = &u->tallies[i];

		if (online->is[t->cpu]) {
			read_cpu(u, t, now, slots);
		} else {
			pmu_tally_close(&u->pmu->account, t);
			memset(&u->next[t->record], 0, sizeof(*u->next));
			u->fresh = UINT64_MAX;
		}
	}
}

// Those beside the cores: what they counted on a CPU that went stays.
static void read_boxes(struct pmu_unit *u, const struct pmu_online *online, uint64_t slots)
{
	struct pmu_account *a = &u->pmu->account;
	int64_t now = pmu_now_ns();
	struct pmu_sums sums = {0};

	for (unsigned i = 0; i < u->n; i++) {
		struct pmu_tally *t = &u->tallies[i];

		t->away = !online->is[t->cpu];
		if (t->away) {
			pmu_tally_close(a, t);
		} else {
			pmu_tally_open(a, t, -1, now);
			pmu_tally_read(a, t, slots);
		}
		pmu_tally_add(t, UINT64_MAX, &sums);
	}
	u->fresh = UINT64_MAX;
	pmu_fill(&sums, u->slots, u->next);
	if (u->roles)
		pmu_derive(u->slots, u->next);
}

static void read_nothing(struct pmu_unit *u, bool held)
{
	for (unsigned i = 0; held && i < u->n; i++)
		pmu_tally_give_back(&u->pmu->account, &u->tallies[i]);
	memset(u->next, 0, u->n_records * sizeof(*u->next));
	u->fresh = UINT64_MAX;
}

// The clock looks for what has to be opened or given back: mostly nothing.
static bool is_settled(const struct pmu_unit *u, const struct pmu_state *state)
{
	if (state->held || !state->known)
		return false;
	for (unsigned i = 0; i < u->n; i++) {
		if (u->tallies[i].open != state->online.is[u->tallies[i].cpu])
			return false;
	}
	return true;
}

void pmu_unit_sample(void *device, uint64_t want)
{
	struct pmu_unit *u = device;
	uint64_t slots = slots_of(u, want);
	struct pmu_state state;

	u->fresh = 0;
	pmu_look(u->pmu, &state);
	if (slots == 0 && is_settled(u, &state))
		return;
	if (state.held || !state.known)
		read_nothing(u, state.held);
	else if (u->each_cpu)
		read_cpus(u, &state.online, slots);
	else
		read_boxes(u, &state.online, slots);
}

void pmu_unit_publish(void *device, uint64_t want, int64_t now_ns)
{
	struct pmu_unit *u = device;

	(void)want;
	(void)now_ns;
	for (unsigned i = 0; i < u->n_records; i++) {
		for (uint64_t slots = u->fresh; slots != 0; slots &= slots - 1) {
			int slot = __builtin_ctzll(slots);

			u->shown[i].v[slot] = u->next[i].v[slot];
		}
	}
}

void pmu_unit_lose(void *device)
{
	struct pmu_unit *u = device;

	memset(u->shown, 0, u->n_records * sizeof(*u->shown));
}
