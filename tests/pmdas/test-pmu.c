// SPDX-License-Identifier: Apache-2.0
// The parts of the PMDA `pmu` alone: encoding, tables, scaling, the counters of a scripted kernel, and what
// follows from what was counted.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/pmu/pmu.h"

// Encoding

static int formats(
	const void *context, const char *folder, const char *name, char *ret, size_t size)
{
	static const struct {
		const char *name;
		const char *text;
	} fields[] = {
		{"event", "config:0-7,32-35,59-60\n"},
		{"umask", "config:8-15\n"},
		{"edge", "config:18\n"},
		{"filter", "config1:0-63\n"},
		{"broken", "config:9-3\n"},
	};

	(void)context;
	if (strcmp(folder, "events") == 0 && strcmp(name, "cas_read") == 0) {
		pmsprintf(ret, size, "event=0x04,umask=0x03\n");
		return 0;
	}
	if (strcmp(folder, "events") == 0 && strcmp(name, "endless") == 0) {
		pmsprintf(ret, size, "endless\n");
		return 0;
	}
	for (size_t i = 0; strcmp(folder, "format") == 0 && i < ARRAY_LEN(fields); i++) {
		if (strcmp(name, fields[i].name) == 0) {
			pmsprintf(ret, size, "%s", fields[i].text);
			return 0;
		}
	}
	return -ENOENT;
}

Test(encode, terms)
{
	static const struct {
		const char *terms;
		uint64_t step;
		int rc;
		uint64_t config, config1;
	} cases[] = {
		{"event=0xc7,umask=0x40", 0, 0, 0x40c7, 0},
		{"umask=0x40,event=199", 0, 0, 0x40c7, 0},
		// The bits of an event above the eighth are elsewhere in the word.
		{"event=0x107,umask=0x38", 0, 0, 0x100003807, 0},
		{"event=0x7c7,umask=0x02", 0, 0, 0x7000002c7, 0},
		{"event=0x1007", 0, 0, UINT64_C(1) << 59 | 0x07, 0},
		{"event=0x07,umask=0x38", 0x1c0, 0, 0x1000038c7, 0}, {"cas_read", 0, 0, 0x0304, 0},
		{"event=1,edge", 0, 0, 0x40001, 0},
		{"event=1,filter=0xffffffffffffffff", 0, 0, 1, UINT64_MAX},
		{"config=0x12345,config1=7", 0, 0, 0x12345, 7}, {"event=0x4000", 0, -ERANGE, 0, 0},
		{"umask=0x100", 0, -ERANGE, 0, 0}, {"event=1,nothing=2", 0, -ENOENT, 0, 0},
		{"nothing", 0, -ENOENT, 0, 0}, {"broken=1", 0, -EINVAL, 0, 0},
		{"event=", 0, -EINVAL, 0, 0}, {"event=-1", 0, -EINVAL, 0, 0},
		{"", 0, -EINVAL, 0, 0}, {"event=1,", 0, -EINVAL, 0, 0},
		{"../type=1", 0, -EINVAL, 0, 0},
		{"endless", 0, -ENOENT, 0, 0}, // an event is not an event of itself
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pmu_encoding e = {.type = 4};
		int rc = pmu_encode(cases[i].terms, cases[i].step, formats, NULL, &e);

		cr_assert(eq(int, rc, cases[i].rc), "%s: %d", cases[i].terms, rc);
		cr_assert(eq(u64, e.config[0], cases[i].config), "%s", cases[i].terms);
		cr_assert(eq(u64, e.config[1], cases[i].config1), "%s", cases[i].terms);
		cr_assert(eq(u32, e.type, 4));
	}
}

// Models

Test(table, models_of_processors)
{
	static const struct {
		const char *text;
		const char *name;
	} cases[] = {
		{"vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nmodel name\t: X\n"
		 "stepping\t: 4\n",
			"Skylake-SP"},
		{"vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\nstepping\t: 7\n",
			"Cascade Lake"},
		{"vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 207\nstepping\t: 2\n",
			"Emerald Rapids"},
		{"vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\nstepping\t: 1\n",
			"Zen 4"},
		{"vendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\nstepping\t: 1\n",
			"Zen 5"},
		{"processor\t: 0\nBogoMIPS\t: 2000.00\nCPU implementer\t: 0x46\n"
		 "CPU architecture: 8\nCPU variant\t: 0x1\nCPU part\t: 0x001\n",
			"A64FX"},
		{"processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd4f\n",
			"Neoverse V2 (Grace)"},
		{"vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 15\nstepping\t: 4\n",
			NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pmu_identity id;
		unsigned m;

		cr_assert(eq(int, pmu_parse_cpuinfo(cases[i].text, &id), 0));
		m = pmu_model_of(&id);
		if (cases[i].name == NULL)
			cr_assert(eq(u32, m, pmu_n_models));
		else
			cr_assert(eq(str, (char *)pmu_models[m].name, (char *)cases[i].name));
	}
}

// What every model must have, so that no row is lost unseen.
Test(table, every_model_counts_the_least)
{
	static const enum pmu_role least[] = {PMU_instructions, PMU_cycles, PMU_loads,
		PMU_l1_misses, PMU_l2_misses, PMU_task_clock, PMU_page_faults};

	for (unsigned m = 0; m < pmu_n_models; m++) {
		uint64_t roles = 0;

		for (unsigned i = 0; i < pmu_n_rows; i++) {
			if (pmu_rows[i].models >> m & 1)
				roles |= UINT64_C(1) << pmu_rows[i].role;
		}
		for (size_t k = 0; k < ARRAY_LEN(least); k++)
			cr_assert(roles >> least[k] & 1, "%s: no %s", pmu_models[m].name,
				pmu_roles[least[k]].name);
	}
}

Test(table, groups_fit_four_counters)
{
	for (unsigned m = 0; m < pmu_n_models; m++) {
		unsigned members[16] = {0};

		for (unsigned i = 0; i < pmu_n_rows; i++) {
			const struct pmu_row *r = &pmu_rows[i];

			if (r->models >> m & 1 && strcmp(r->pmu, "core") == 0)
				members[pmu_roles[r->role].group] += r->times;
		}
		for (unsigned g = 1; g < ARRAY_LEN(members); g++)
			cr_assert(le(u32, members[g], 4), "%s: group %u", pmu_models[m].name, g);
	}
}

// Scaling

Test(scale, values)
{
	cr_assert(eq(u64, pmu_scale(1000, 4000, 1000), 4000));
	cr_assert(eq(u64, pmu_scale(1000, 1000, 1000), 1000));
	cr_assert(eq(u64, pmu_scale(1000, 999, 1000), 1000)); // clocks read a moment apart
	cr_assert(eq(u64, pmu_scale(7, 3, 2), 10));
	cr_assert(eq(u64, pmu_scale(UINT64_MAX, UINT64_MAX, 1), UINT64_MAX));
	// The product does not fit 64 bits: a day at 4 GHz, times a day of nanoseconds.
	cr_assert(eq(
		u64, pmu_scale(345600000000000, 86400000000000, 21600000000000), 1382400000000000));
}

// A kernel that does what a test says: event N counts by values[N].

#define EVENTS 12

struct scripted {
	uint64_t values[EVENTS], enabled, running;
	int open_error[EVENTS];
	int read_error;
	unsigned room; // events of a group, 0 = any number
	unsigned open;
};

struct handle {
	struct scripted *k;
	uint64_t event;
	struct handle *members[PMU_GROUP_MAX];
	unsigned n;
};

static int scripted_open(void *context, const struct pmu_open *what, intptr_t *ret)
{
	struct scripted *k = context;
	struct handle *leader = (struct handle *)what->leader;
	struct handle *h;
	uint64_t event = what->encoding.config[0];

	if (k->open_error[event])
		return -k->open_error[event];
	if (leader != NULL && k->room && leader->n >= k->room)
		return -EINVAL;
	h = calloc(1, sizeof(*h));
	h->k = k;
	h->event = event;
	if (leader == NULL)
		leader = h;
	leader->members[leader->n++] = h;
	k->open++;
	*ret = (intptr_t)h;
	return 0;
}

static void scripted_start(intptr_t leader)
{
	(void)leader;
}

static int scripted_read(intptr_t leader, struct pmu_sample *ret)
{
	const struct handle *h = (const struct handle *)leader;

	if (h->k->read_error)
		return -h->k->read_error;
	ret->enabled = h->k->enabled;
	ret->running = h->k->running;
	ret->n = h->n;
	for (unsigned i = 0; i < h->n; i++)
		ret->values[i] = h->k->values[h->members[i]->event];
	return 0;
}

static void scripted_close(intptr_t handle)
{
	((struct handle *)handle)->k->open--;
	free((struct handle *)handle);
}

static const struct pmu_kernel scripted_kernel = {
	.open = scripted_open,
	.start = scripted_start,
	.read = scripted_read,
	.close = scripted_close,
};

struct bench {
	struct scripted k;
	struct pmu_account account;
	struct pmu_event events[EVENTS];
	struct pmu_plan plan;
	struct pmu_tally tally;
};

// Events 0 to n-1 in slots of their numbers, all of one group.
static void set_up(struct bench *b, unsigned n, const char *cgroup)
{
	memset(b, 0, sizeof(*b));
	for (unsigned i = 0; i < n; i++) {
		b->events[i] = (struct pmu_event){
			.slot = i,
			.group = 1,
			.encoding.config[0] = i,
			.multiply = 1,
			.divide = 1,
		};
		b->plan.slots |= UINT64_C(1) << i;
	}
	b->plan.events = b->events;
	b->plan.n = n;
	b->account =
		(struct pmu_account){.kernel = &scripted_kernel, .context = &b->k, .limit = 100};
	cr_assert(eq(int, pmu_tally_init(&b->tally, &b->plan, 0, cgroup), 0));
	pmu_tally_open(&b->account, &b->tally, -1, 1);
}

static void tear_down(struct bench *b)
{
	pmu_tally_close(&b->account, &b->tally);
	pmu_tally_free(&b->tally);
	cr_assert(eq(u32, b->k.open, 0));
	cr_assert(eq(u32, atomic_load(&b->account.descriptors), 0));
}

static struct pmu_sums read_sums(struct bench *b, uint64_t enabled, uint64_t running)
{
	struct pmu_sums sums = {0};

	b->k.enabled = enabled;
	b->k.running = running;
	pmu_tally_read(&b->account, &b->tally, UINT64_MAX);
	pmu_tally_add(&b->tally, UINT64_MAX, &sums);
	return sums;
}

Test(tally, scales_each_interval)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 2, NULL);
	b.k.values[0] = 100;
	b.k.values[1] = 7;
	s = read_sums(&b, 1000, 1000);
	cr_assert(eq(u64, s.value[0], 100));
	cr_assert(eq(u64, s.known, 3));
	// A fourth of the time: 50 more are 200. Scaling the whole would give 150*2000/1250 = 240, and
	// after a third interval without other users less than before.
	b.k.values[0] = 150;
	s = read_sums(&b, 2000, 1250);
	cr_assert(eq(u64, s.value[0], 300));
	cr_assert(eq(u64, s.value[1], 7));
	b.k.values[0] = 150;
	s = read_sums(&b, 9000, 8250);
	cr_assert(eq(u64, s.value[0], 300));
	tear_down(&b);
}

Test(tally, without_its_turn_nothing_is_lost)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 1, NULL);
	s = read_sums(&b, 1000, 0); // never had the counters: not known, and not zero
	cr_assert(eq(u64, s.known, 0));
	cr_assert(eq(u64, s.unknown, 1));
	b.k.values[0] = 10;
	s = read_sums(&b, 2000, 500); // stands for both intervals
	cr_assert(eq(u64, s.value[0], 40));
	s = read_sums(&b, 3000, 500); // not its turn
	cr_assert(eq(u64, s.value[0], 40));
	cr_assert(eq(u64, s.known, 1));
	b.k.values[0] = 30;
	s = read_sums(&b, 4000, 1500); // 20 in half of both intervals
	cr_assert(eq(u64, s.value[0], 80));
	tear_down(&b);
}

Test(tally, of_a_group_that_never_ran_is_zero)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 1, "/job_1");
	s = read_sums(&b, 0, 0);
	cr_assert(eq(u64, s.known, 1));
	cr_assert(eq(u64, s.value[0], 0));
	s = read_sums(&b, 1000, 0); // but one that ran without the counters is not
	cr_assert(eq(u64, s.known, 0));
	tear_down(&b);
}

Test(tally, goes_on_after_closing)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 2, NULL);
	b.k.values[0] = 5000;
	(void)read_sums(&b, 100, 100);
	pmu_tally_close(&b.account, &b.tally);
	cr_assert(eq(u32, b.k.open, 0));
	s = read_sums(&b, 100, 100);
	cr_assert(eq(u64, s.known, 0), "there is a value while nothing is open");
	pmu_tally_open(&b.account, &b.tally, -1, 2);
	b.k.values[0] = 3; // the kernel begins at 0 again
	s = read_sums(&b, 50, 50);
	cr_assert(eq(u64, s.value[0], 5003));
	cr_assert(eq(u64, atomic_load(&b.account.resets), 0));
	tear_down(&b);
}

Test(tally, never_goes_back)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 1, NULL);
	b.k.values[0] = 1000;
	(void)read_sums(&b, 100, 100);
	b.k.values[0] = 10;
	s = read_sums(&b, 200, 200);
	cr_assert(eq(u64, s.value[0], 1000));
	cr_assert(eq(u64, atomic_load(&b.account.resets), 1));
	b.k.values[0] = 15;
	s = read_sums(&b, 300, 300);
	cr_assert(eq(u64, s.value[0], 1005));
	tear_down(&b);
}

Test(tally, splits_a_group_that_does_not_fit)
{
	struct bench b;
	struct pmu_sums s;

	memset(&b, 0, sizeof(b));
	set_up(&b, 7, NULL);
	tear_down(&b);
	set_up(&b, 0, NULL);
	b.plan.n = 0;
	tear_down(&b);
	// Three counters only: 3 + 3 + 1.
	set_up(&b, 7, NULL);
	pmu_tally_close(&b.account, &b.tally);
	b.k.room = 3;
	pmu_tally_open(&b.account, &b.tally, -1, 2);
	cr_assert(eq(u32, b.tally.n, 3));
	for (unsigned i = 0; i < 7; i++)
		b.k.values[i] = 100 + i;
	s = read_sums(&b, 10, 10);
	cr_assert(eq(u64, s.known, 0x7f));
	for (unsigned i = 0; i < 7; i++)
		cr_assert(eq(u64, s.value[i], 100 + i));
	tear_down(&b);
}

Test(tally, splits_a_group_that_never_gets_its_turn)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 5, NULL);
	s = read_sums(&b, UINT64_C(29000000000), 0);
	cr_assert(eq(u32, b.tally.n, 1), "split before it has waited");
	cr_assert(eq(u64, s.known, 0));
	(void)read_sums(&b, UINT64_C(31000000000), 0);
	cr_assert(eq(u32, b.tally.n, 2));
	cr_assert(eq(u32, b.k.open, 0));
	pmu_tally_open(&b.account, &b.tally, -1, 2);
	cr_assert(eq(u32, b.k.open, 5));
	for (unsigned i = 0; i < 5; i++)
		b.k.values[i] = 10 + i;
	s = read_sums(&b, 10, 10);
	cr_assert(eq(u64, s.known, 0x1f));
	for (unsigned i = 0; i < 5; i++)
		cr_assert(eq(u64, s.value[i], 10 + i));
	tear_down(&b);
}

// Packing

static unsigned model_named(const char *name)
{
	unsigned i = 0;

	while (i < pmu_n_models && strcmp(pmu_models[i].name, name) != 0)
		i++;
	cr_assert(lt(u32, i, pmu_n_models), "no model %s", name);
	return i;
}

// The events before have these groups, and PMUs: "1 1 2/1" is two of group 1, one of group 2 and
// PMU 1; after packing they have GROUP:NUMBER.
static void expect_packed(const char *model, unsigned room, const char *before, const char *after)
{
	struct pmu_plan plan = {.events = calloc(32, sizeof(*plan.events))};
	char result[200] = "";

	for (const char *s = before; *s != '\0'; s += *s == ' ') {
		struct pmu_event *e = &plan.events[plan.n];
		char *end;

		e->slot = plan.n++;
		e->group = (unsigned)strtoul(s, &end, 10);
		s = end;
		if (*s == '/') {
			e->encoding.type = (uint32_t)strtoul(s + 1, &end, 10);
			s = end;
		}
	}
	cr_assert(eq(int, pmu_pack(&plan, model ? model_named(model) : pmu_n_models, room), 0));
	for (unsigned i = 0; i < plan.n; i++) {
		size_t n = strlen(result);

		pmsprintf(result + n, sizeof(result) - n, "%s%u:%u", i ? " " : "",
			plan.events[i].group, plan.events[i].slot);
	}
	cr_assert(eq(str, result, (char *)after));
	pmu_plan_free(&plan);
}

Test(pack, fills_the_counters)
{
	// Eight: what counts always stays by itself, four and four go together.
	expect_packed("Sapphire Rapids", 8, "1 1 1 2 2 2 2 3 3 3 3 4 4 4 4 6 6 6 6 7 7 7",
		"1:0 1:1 1:2 2:3 2:4 2:5 2:6 2:7 2:8 2:9 2:10 4:11 4:12 4:13 4:14 4:15 4:16 4:17 "
		"4:18 7:19 7:20 7:21");
	// Six, and none for group 1 alone; the gap behind the second is filled by the last.
	expect_packed("Zen 4", 6, "1 1 1 2 5 5 5 5 7 7 6",
		"1:0 1:1 1:2 1:3 1:8 1:9 5:4 5:5 5:6 5:7 5:10");
}

Test(pack, keeps_apart_what_cannot_go_together)
{
	expect_packed("Skylake-SP", 4, "1 1 1 2 2 2 2 6 6 6 7",
		"1:0 1:1 1:2 2:3 2:4 2:5 2:6 6:7 6:8 "
		"6:9 6:10");
	expect_packed("Ice Lake-SP", 7, "2 2 2 2 3 3 3 3 7 7 7",
		"2:0 2:1 2:2 2:3 2:8 2:9 2:10 3:4 3:5 3:6 3:7");
	expect_packed("Zen 3", 6, "1 1 2/1 2/1 0 0", "1:0 1:1 2:2 2:3 0:4 0:5");
	expect_packed("Zen 3", 6, "1 1 2 2/1", "1:0 1:1 2:2 2:3"); // not of one PMU
	expect_packed(NULL, 4, "1 1 7 7 7", "1:0 1:1 7:2 7:3 7:4");
	expect_packed(NULL, 4, "", "");
}

Test(tally, an_event_that_the_processor_lacks_costs_itself_only)
{
	for (unsigned lacking = 0; lacking < 4; lacking++) {
		struct bench b;
		struct pmu_sums s;

		set_up(&b, 4, NULL);
		pmu_tally_close(&b.account, &b.tally);
		b.k.open_error[lacking] = ENOENT;
		pmu_tally_open(&b.account, &b.tally, -1, 2);
		s = read_sums(&b, 10, 10);
		cr_assert(eq(u64, s.known, 0xfU & ~(1U << lacking)));
		cr_assert(eq(u64, atomic_load(&b.account.errors), 0));
		tear_down(&b);
	}
}

Test(tally, tries_again_after_a_minute)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 2, NULL);
	pmu_tally_close(&b.account, &b.tally);
	b.k.open_error[0] = EACCES;
	pmu_tally_open(&b.account, &b.tally, -1, 1000);
	cr_assert(eq(u64, atomic_load(&b.account.errors), 1));
	b.k.open_error[0] = 0;
	pmu_tally_open(&b.account, &b.tally, -1, 2000);
	s = read_sums(&b, 10, 10);
	cr_assert(eq(u64, s.known, 0));
	pmu_tally_open(&b.account, &b.tally, -1, INT64_C(60000001000));
	s = read_sums(&b, 10, 10);
	cr_assert(eq(u64, s.known, 3));
	// A read that fails costs this sample, and a minute later there is a value again.
	b.k.read_error = EIO;
	s = read_sums(&b, 20, 20);
	cr_assert(eq(u64, s.known, 0));
	b.k.read_error = 0;
	pmu_tally_open(&b.account, &b.tally, -1, INT64_C(120000001000));
	s = read_sums(&b, 5, 5);
	cr_assert(eq(u64, s.known, 3));
	tear_down(&b);
}

Test(tally, keeps_to_the_limit)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 4, NULL);
	pmu_tally_close(&b.account, &b.tally);
	b.account.limit = 3;
	pmu_tally_open(&b.account, &b.tally, -1, 1000);
	cr_assert(le(u32, b.k.open, 3));
	cr_assert(eq(u32, atomic_load(&b.account.descriptors), b.k.open));
	cr_assert(eq(u64, atomic_load(&b.account.refused), 1));
	cr_assert(eq(u64, atomic_load(&b.account.errors), 0));
	s = read_sums(&b, 10, 10);
	cr_assert(eq(u64, s.known, 0), "a part of a group is taken for it");
	tear_down(&b);
}

Test(tally, an_offline_processor_keeps_what_it_counted)
{
	struct bench b;
	struct pmu_sums s;

	set_up(&b, 1, NULL);
	b.k.values[0] = 10;
	(void)read_sums(&b, 10, 10);
	pmu_tally_close(&b.account, &b.tally);
	b.tally.away = true;
	s = read_sums(&b, 10, 10);
	cr_assert(eq(u64, s.value[0], 10));
	cr_assert(eq(u64, s.unknown, 0));
	tear_down(&b);
}

Test(tally, bytes_of_flits_never_go_back)
{
	struct bench b;
	uint64_t before = 0;

	set_up(&b, 1, NULL);
	b.events[0].multiply = 64;
	b.events[0].divide = 9;
	for (uint64_t flits = 0; flits < 1000; flits++) {
		struct pmu_sums s;

		b.k.values[0] = flits;
		s = read_sums(&b, flits + 1, flits + 1);
		cr_assert(ge(u64, s.value[0], before));
		cr_assert(eq(u64, s.value[0], flits * 64 / 9));
		before = s.value[0];
	}
	tear_down(&b);
}

// What follows

static void give(struct pmu_values *v, uint64_t *slots, enum pmu_role role, uint64_t value)
{
	pmu_set(&v->v[role], value);
	*slots |= UINT64_C(1) << role;
}

Test(derive, operations_and_bytes)
{
	struct pmu_values v = {0};
	uint64_t slots = 0;

	give(&v, &slots, PMU_double_scalar, 1000);
	give(&v, &slots, PMU_double_128, 100);
	give(&v, &slots, PMU_double_256, 10);
	give(&v, &slots, PMU_double_512, 1);
	give(&v, &slots, PMU_single_scalar, 5);
	give(&v, &slots, PMU_single_512, 2);
	give(&v, &slots, PMU_memory_read, 640);
	give(&v, &slots, PMU_memory_written, 64);
	pmu_derive(slots, &v);
	cr_assert(eq(u64, v.v[PMU_flops_double].value, 1000 + 200 + 40 + 8));
	cr_assert(eq(u64, v.v[PMU_flops_single].value, 5 + 32));
	cr_assert(not(v.v[PMU_flops_half].known));
	cr_assert(eq(u64, v.v[PMU_flops].value, 1248 + 37));
	cr_assert(eq(u64, v.v[PMU_width_512].value, 3));
	cr_assert(eq(u64, v.v[PMU_memory_bytes].value, 704));
}

Test(derive, a_part_that_is_not_known_makes_no_sum)
{
	struct pmu_values v = {0};
	uint64_t slots = 0;

	give(&v, &slots, PMU_double_scalar, 1000);
	give(&v, &slots, PMU_single_scalar, 1000);
	give(&v, &slots, PMU_memory_read, 640);
	slots |= UINT64_C(1) << PMU_double_512 | UINT64_C(1) << PMU_memory_written;
	pmu_derive(slots, &v);
	cr_assert(not(v.v[PMU_flops_double].known));
	cr_assert(v.v[PMU_flops_single].known);
	cr_assert(not(v.v[PMU_flops].known));
	cr_assert(not(v.v[PMU_memory_bytes].known));
}

// The site's file

Test(site, good_and_wrong_lines)
{
	struct pmu_site s;

	pmu_site_parse("# ours\n\nevent assists core event=0xca,umask=0x1e # all\n"
		       "event walks libpfm DTLB_LOAD_MISSES:WALK_COMPLETED\n"
		       "role memory_read uncore_imc cas_count_read 64\n"
		       "jobs off\ndescriptors 100\nlinger 0\nlock /run/a.lock\r\n"
		       "event assists core event=1\nrole nonsense core event=1\njobs maybe\n"
		       "lock ../x\nlikwid /a/../b\nfrobnicate\nevent a/b core event=1\n"
		       "descriptors 0\nevent x core event=1 2 3 4 5 6 7\n",
		&s);
	cr_assert(eq(u32, s.n_events, 2));
	cr_assert(eq(str, (char *)s.events[0].terms, (char *)"event=0xca,umask=0x1e"));
	cr_assert(eq(str, (char *)s.events[1].pmu, (char *)"libpfm"));
	cr_assert(eq(u32, s.n_roles, 1));
	cr_assert(eq(u32, s.roles[0].multiply, 64));
	cr_assert(eq(u32, s.roles[0].role, PMU_memory_read));
	cr_assert(not(s.jobs));
	cr_assert(eq(u32, s.descriptors, 100));
	cr_assert(eq(u32, s.linger, 0));
	cr_assert(eq(str, (char *)s.lock, (char *)"run/a.lock"));
	cr_assert(eq(str, (char *)s.likwid, (char *)"run/likwid.lock"));
	cr_assert(eq(u32, s.wrong, 9));
	cr_assert(eq(
		str, (char *)s.reason, (char *)"line 10: there is an event of this name already"));
}
