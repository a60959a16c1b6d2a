// SPDX-License-Identifier: Apache-2.0
// Chooses and encodes events; see plan.h.
#include "pmdas/pmu/plan.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <pcp/pmapi.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/pmu/pfm.h"

#define GROUPS_MAX 16
#define ROWS_MAX   (PMU_SITE_ROLES + 8) // of a role

static int add_event(struct pmu_plan *plan, const struct pmu_event *e)
{
	struct pmu_event *events = realloc(plan->events, (plan->n + 1) * sizeof(*events));

	if (events == NULL)
		return -ENOMEM;
	plan->events = events;
	plan->events[plan->n++] = *e;
	plan->slots |= UINT64_C(1) << e->slot;
	return 0;
}

static struct pmu_row row_of_site(const struct pmu_site_event *e)
{
	return (struct pmu_row){
		.models = UINT32_MAX,
		.role = e->role,
		.pmu = e->pmu,
		.terms = e->terms,
		.times = 1,
		.multiply = e->multiply,
		.divide = e->divide,
	};
}

static bool is_there(int root, const char *pmu)
{
	struct pmu_boxes boxes;
	bool there = pmu_find_boxes(root, pmu, &boxes) == 0 && boxes.n > 0;

	pmu_free_boxes(&boxes);
	return there;
}

// The rows that count a role here: the site's, else those of the tables.
static unsigned choose_rows(int root, unsigned model, const struct pmu_site *site,
	enum pmu_role role, struct pmu_row *ret)
{
	uint32_t bit = UINT32_C(1) << (model < pmu_n_models ? model : 31);
	unsigned set = UINT32_MAX;
	unsigned n = 0;

	for (unsigned i = 0; i < site->n_roles; i++) {
		if (site->roles[i].role == role && n < ROWS_MAX)
			ret[n++] = row_of_site(&site->roles[i]);
	}
	if (n)
		return n;
	for (unsigned i = 0; i < pmu_n_rows; i++) {
		const struct pmu_row *r = &pmu_rows[i];

		if (r->role == role && r->models & bit && r->set && r->set < set &&
			is_there(root, r->pmu))
			set = r->set;
	}
	for (unsigned i = 0; i < pmu_n_rows; i++) {
		const struct pmu_row *r = &pmu_rows[i];

		if (r->role == role && r->models & bit && (!r->set || r->set == set) &&
			n < ROWS_MAX)
			ret[n++] = *r;
	}
	return n;
}

// All events of a row on one device.
static int encode_row(int root, const struct pmu_row *r, const struct pmu_box *box, unsigned group,
	struct pmu_plan *plan)
{
	for (unsigned i = 0; i < r->times; i++) {
		struct pmu_event e = {
			.slot = r->role,
			.group = group,
			.multiply = r->multiply,
			.divide = r->divide,
		};

		TRY(pmu_encode_for(root, box, r->terms, (uint64_t)i * r->step, &e.encoding));
		TRY(add_event(plan, &e));
	}
	return 0;
}

// Only events of the same hardware can take turns together.
static unsigned group_of(const struct pmu_row *r)
{
	static const char *const pmus[] = {"core", "hardware", "software"};

	for (size_t i = 0; i < ARRAY_LEN(pmus); i++) {
		if (strcmp(r->pmu, pmus[i]) == 0)
			return pmu_roles[r->role].group;
	}
	return 0;
}

static int plan_role(int root, unsigned model, const struct pmu_site *site, enum pmu_role role,
	struct pmu_plan *plan)
{
	struct pmu_row rows[ROWS_MAX];
	unsigned n = choose_rows(root, model, site, role, rows);
	unsigned before = plan->n;
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < n; i++) {
		struct pmu_boxes boxes;

		rc = pmu_find_boxes(root, rows[i].pmu, &boxes);
		if (rc == 0 && boxes.n == 0)
			rc = -ENOENT;
		if (rc == 0)
			rc = encode_row(root, &rows[i], &boxes.list[0], group_of(&rows[i]), plan);
		pmu_free_boxes(&boxes);
	}
	if (rc < 0) {
		plan->n = before;
		plan->slots &= ~(UINT64_C(1) << role);
	}
	return rc == -ENOMEM ? rc : 0;
}

int pmu_plan_cores(int root, unsigned model, const struct pmu_site *site, enum pmu_where where,
	struct pmu_plan *ret)
{
	*ret = (struct pmu_plan){0};
	// Those of a group side by side, and first the groups: they need the counters most.
	for (unsigned group = 1; group <= GROUPS_MAX; group++) {
		for (enum pmu_role role = 0; role < PMU_ROLES; role++) {
			const struct pmu_role_row *r = &pmu_roles[role];

			if (r->scope != PMU_SCOPE_cpu || !(r->where & where) ||
				r->group % GROUPS_MAX != group % GROUPS_MAX)
				continue;
			if (plan_role(root, model, site, role, ret) < 0) {
				pmu_plan_free(ret);
				return -ENOMEM;
			}
		}
	}
	if (pmu_pack(ret, model, pmu_room_of(root, model)) < 0) {
		pmu_plan_free(ret);
		return -ENOMEM;
	}
	return 0;
}

static struct pmu_plan *plan_of_box(struct pmu_box_plans *plans, const struct pmu_box *box)
{
	struct pmu_box_plan *list;
	struct pmu_box_plan p = {0};

	for (unsigned i = 0; i < plans->n; i++) {
		if (strcmp(plans->list[i].name, box->name) == 0)
			return &plans->list[i].plan;
	}
	list = realloc(plans->list, (plans->n + 1) * sizeof(*list));
	if (list == NULL)
		return NULL;
	plans->list = list;
	p.cpus = malloc(box->n_cpus * sizeof(*p.cpus));
	if (p.cpus == NULL)
		return NULL;
	memcpy(p.cpus, box->cpus, box->n_cpus * sizeof(*p.cpus));
	p.n_cpus = box->n_cpus;
	memcpy(p.name, box->name, sizeof(p.name));
	plans->list[plans->n++] = p;
	return &plans->list[plans->n - 1].plan;
}

// A row on all devices of its PMU. Those that count on each CPU are no matter of packages.
static int plan_row_on_boxes(int root, const struct pmu_row *r, struct pmu_box_plans *plans)
{
	struct pmu_boxes boxes;
	int rc = pmu_find_boxes(root, r->pmu, &boxes);

	for (unsigned i = 0; rc == 0 && i < boxes.n; i++) {
		struct pmu_plan *plan;

		if (boxes.list[i].n_cpus == 0)
			continue;
		plan = plan_of_box(plans, &boxes.list[i]);
		rc = plan ? encode_row(root, r, &boxes.list[i], 0, plan) : -ENOMEM;
		if (rc == 0)
			plans->slots |= UINT64_C(1) << r->role;
	}
	pmu_free_boxes(&boxes);
	return rc;
}

// Takes a role away again, because a part of it cannot be counted.
static void remove_slot(struct pmu_box_plans *plans, unsigned slot)
{
	plans->slots &= ~(UINT64_C(1) << slot);
	for (unsigned i = 0; i < plans->n; i++) {
		struct pmu_plan *p = &plans->list[i].plan;
		unsigned n = 0;

		for (unsigned k = 0; k < p->n; k++) {
			if (p->events[k].slot != slot)
				p->events[n++] = p->events[k];
		}
		p->n = n;
		p->slots &= ~(UINT64_C(1) << slot);
	}
}

int pmu_plan_packages(
	int root, unsigned model, const struct pmu_site *site, struct pmu_box_plans *ret)
{
	*ret = (struct pmu_box_plans){0};
	for (enum pmu_role role = 0; role < PMU_ROLES; role++) {
		struct pmu_row rows[ROWS_MAX];
		unsigned n = 0;
		int rc = 0;

		if (pmu_roles[role].scope == PMU_SCOPE_package)
			n = choose_rows(root, model, site, role, rows);
		for (unsigned i = 0; rc == 0 && i < n; i++)
			rc = plan_row_on_boxes(root, &rows[i], ret);
		if (rc < 0)
			remove_slot(ret, role);
		if (rc == -ENOMEM) {
			pmu_box_plans_free(ret);
			return rc;
		}
	}
	return 0;
}

struct site_plans {
	struct pmu_plan *cores;
	struct pmu_box_plans *boxes;
};

static int add_site_event(
	const struct site_plans *to, const struct pmu_box *box, const struct pmu_event *e)
{
	struct pmu_plan *plan = to->cores;

	if (box != NULL && box->n_cpus != 0)
		plan = plan_of_box(to->boxes, box);
	return plan ? add_event(plan, e) : -ENOMEM;
}

// libpfm4 names an event of one device by its type.
static const char *plan_pfm(
	int root, const struct pmu_site_event *s, unsigned slot, const struct site_plans *to)
{
	struct pmu_event e = {.slot = slot, .multiply = 1, .divide = 1};
	const char *wrong = pmu_pfm_encode(s->terms, &e.encoding);

	(void)root;
	if (wrong == NULL && e.encoding.type >= PERF_TYPE_MAX)
		wrong = "an event beside the cores: name its PMU and terms instead";
	if (wrong == NULL && add_site_event(to, NULL, &e) < 0)
		wrong = "no memory";
	return wrong;
}

static const char *plan_named(
	int root, const struct pmu_site_event *s, unsigned slot, const struct site_plans *to)
{
	struct pmu_boxes boxes;
	const char *wrong = NULL;

	if (pmu_find_boxes(root, s->pmu, &boxes) < 0)
		return "no memory";
	if (boxes.n == 0)
		wrong = "no such PMU";
	for (unsigned i = 0; wrong == NULL && i < boxes.n; i++) {
		struct pmu_event e = {.slot = slot, .multiply = 1, .divide = 1};
		int rc = pmu_encode_for(root, &boxes.list[i], s->terms, 0, &e.encoding);

		if (rc == 0)
			rc = add_site_event(to, &boxes.list[i], &e);
		if (rc < 0)
			wrong = rc == -ENOENT   ? "the PMU has no such field or event"
			        : rc == -ERANGE ? "a value has more bits than its field"
			        : rc == -ENOMEM ? "no memory"
			                        : "no such terms";
		if (boxes.list[i].n_cpus == 0)
			break;
	}
	pmu_free_boxes(&boxes);
	return wrong;
}

int pmu_plan_site(int root, struct pmu_site *site, struct pmu_plan *ret_cores,
	struct pmu_box_plans *ret_boxes)
{
	struct site_plans to = {.cores = ret_cores, .boxes = ret_boxes};

	*ret_cores = (struct pmu_plan){0};
	*ret_boxes = (struct pmu_box_plans){0};
	for (unsigned i = 0; i < site->n_events; i++) {
		const struct pmu_site_event *s = &site->events[i];
		bool pfm = strcmp(s->pmu, "libpfm") == 0;
		const char *wrong = pfm ? plan_pfm(root, s, i, &to) : plan_named(root, s, i, &to);

		if (wrong != NULL)
			pmu_site_complain(site, s->line, wrong);
		else
			ret_boxes->slots |= UINT64_C(1) << i;
	}
	return 0;
}

void pmu_plan_free(struct pmu_plan *plan)
{
	free(plan->events);
	*plan = (struct pmu_plan){0};
}

void pmu_box_plans_free(struct pmu_box_plans *plans)
{
	for (unsigned i = 0; i < plans->n; i++) {
		free(plans->list[i].cpus);
		pmu_plan_free(&plans->list[i].plan);
	}
	free(plans->list);
	*plans = (struct pmu_box_plans){0};
}
