// SPDX-License-Identifier: Apache-2.0
// The core of the importer. A batch is one transaction: its rows, what was wrong with it, and the
// place in the source; an importer killed at any instant has either done a batch or not begun it.
// No transaction waits for a source: what is sent was read before (intake.c).
#include "accounting/import.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "accounting/intake.h"
#include "accounting/ledger.h"
#include "common/log.h"
#include "common/macro.h"
#include "common/memory.h"
#include "common/progress.h"

static const char create_problems[] =
	"CREATE TEMPORARY TABLE import_problem (code text, n bigint, example text)"
	" ON COMMIT DELETE ROWS";
static const char read_problems[] =
	"SELECT code, sum(n), min(example) FROM pg_temp.import_problem GROUP BY code ORDER BY code";
static const char has_quarantine[] = "SELECT count(*) FROM warehouse.import_quarantine"
				     " WHERE cluster = $1 AND category = $2";

struct run {
	struct postgres *postgres;
	const struct import_plan *plan;
	struct ledger ledger;
	struct import_outcome *outcome;
	char rules[200]; // JSON, for the merging functions
};

struct step {
	struct run *run;
	const struct category_row *category;
	struct ledger_step entry;
	struct problems problems; // of the batch at hand, and of all that were committed
	const struct batch *batch;
	struct intake intake;
	struct arena arena;
	bool has_quarantine;
	struct ledger_figures figures; // of the step, committed
	uint64_t quarantined;
};

// ---- one transaction ----

static int merge(struct step *s, struct ledger_figures *f, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *met = NULL;
	const struct postgres_value values[] = {
		{.text = s->entry.cluster}, {.text = s->run->rules}};
	struct postgres *p = s->run->postgres;

	TRY(postgres_query(p, s->category->merge, values, ARRAY_LEN(values), &rows, err));
	f->added = (uint64_t)postgres_int(rows, 0, 0);
	f->changed = (uint64_t)postgres_int(rows, 0, 1);
	f->removed = (uint64_t)postgres_int(rows, 0, 2);
	TRY(postgres_query(p, read_problems, NULL, 0, &met, err));
	for (size_t i = 0; i < postgres_rows_count(met); i++) {
		struct code_set one;
		enum code code = 0;

		TRY(code_set_parse(postgres_text(met, i, 0), &one, err));
		while (!one.has[code])
			code++;
		problem_many(&s->problems, code, (uint64_t)postgres_int(met, i, 1),
			postgres_text(met, i, 2));
	}
	return 0;
}

static int free_quarantine(struct step *s, size_t from, size_t to, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf keys = {0};

	if (!s->has_quarantine || from == to)
		return 0;
	batch_keys(s->batch, from, to, &keys);
	return ledger_free(&s->entry, s->category->is_whole ? NULL : strbuf_text(&keys), err);
}

static int check_strict(const struct step *s, struct error *err)
{
	enum code code = problems_fatal(&s->problems);

	if (code == CODES)
		return 0;
	return error_set(err, EPERM, "%s, and import.strict names that code: %s", codes[code].name,
		s->problems.counts[code].example);
}

static int transact(struct step *s, size_t from, size_t to, struct ledger_figures *f,
	const char *place, struct error *err)
{
	struct postgres *p = s->run->postgres;

	TRY(postgres_script(p, "BEGIN", err));
	if (to > from)
		TRY(batch_copy(s->batch, p, from, to, err));
	if (to > from || s->category->is_whole)
		TRY(merge(s, f, err));
	TRY(check_strict(s, err));
	TRY(free_quarantine(s, from, to, err));
	TRY(ledger_add(&s->entry, f, &s->problems, place, err));
	return postgres_script(p, "COMMIT", err);
}

// What the connector met is kept until it is committed; what the database met goes with a rollback.
static int commit_range(
	struct step *s, size_t from, size_t to, const char *place, struct error *err)
{
	struct problem_count before[CODES];
	struct ledger_figures f = {.batches = 1, .records = to - from};
	int rc;

	memcpy(before, s->problems.counts, sizeof(before));
	rc = transact(s, from, to, &f, place, err);
	if (rc < 0) {
		postgres_rollback(s->run->postgres);
		memcpy(s->problems.counts, before, sizeof(before));
		return rc;
	}
	s->quarantined += s->problems.n_records;
	s->has_quarantine |= s->problems.n_records > 0;
	problems_committed(&s->problems);
	s->figures.batches += f.batches;
	s->figures.records += f.records;
	s->figures.added += f.added;
	s->figures.changed += f.changed;
	s->figures.removed += f.removed;
	return 0;
}

// Where the server refuses what passed our own checks, halves are tried until the one record that
// it means is found; that goes to the quarantine. The place is saved with the last of them.
static int send(struct step *s, size_t from, size_t to, const char *place, struct error *err)
{
	struct error refusal = {0};
	size_t half = from + (to - from) / 2;
	int rc = commit_range(s, from, to, place, &refusal);

	if (rc != -EDOM || s->category->is_whole)
		return rc < 0 ? error_set(err, -rc, "%s", refusal.text) : 0;
	if (to - from > 1) {
		TRY(send(s, from, half, NULL, err));
		return send(s, half, to, place, err);
	}
	problem_record(&s->problems, E_X0001,
		s->batch->records[from].key ? s->batch->records[from].key : "", "%s", refusal.text);
	return commit_range(s, from, from, place, err);
}

// ---- one step ----

static int take_all(struct step *s, struct error *err)
{
	struct progress progress;
	struct intake_batch *b = NULL;
	int rc = intake_start(&s->intake, err);

	TRY(rc);
	progress_start(&progress, s->problems.where, 0);
	do {
		rc = intake_next(&s->intake, &b, err);
		if (rc < 0)
			break;
		problems_move(&b->problems, &s->problems);
		s->batch = &b->batch;
		rc = send(s, 0, b->batch.n, b->place, err);
		progress_step(&progress, s->figures.records);
	} while (rc == 0 && !b->is_last);
	progress_end(&progress);
	return rc;
}

static int find_again(struct step *s, struct import_request *q, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value cluster = {.text = s->entry.cluster};
	int64_t *numbers;

	if (!s->category->again)
		return 0;
	TRY(postgres_query(s->run->postgres, s->category->again, &cluster, 1, &rows, err));
	q->n_again = postgres_rows_count(rows);
	numbers = arena_array(&s->arena, q->n_again + 1, sizeof(*numbers));
	for (size_t i = 0; i < q->n_again; i++)
		numbers[i] = postgres_int(rows, i, 0);
	q->again = numbers;
	return 0;
}

static int work_with(struct step *s, struct import_request *q, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value values[] = {
		{.text = s->entry.cluster}, {.text = s->entry.category}};

	TRY(ledger_begin_step(&s->entry, s->intake.connector->name, &s->arena, &q->place, err));
	if (s->run->plan->again)
		q->place = "";
	TRY(postgres_query(
		s->run->postgres, has_quarantine, values, ARRAY_LEN(values), &rows, err));
	s->has_quarantine = postgres_int(rows, 0, 0) > 0;
	TRY(find_again(s, q, err));
	TRY(s->intake.connector->open(q, &s->intake.state, err));
	return take_all(s, err);
}

static void tell(const struct step *s, const struct error *failure)
{
	struct import_outcome *o = s->run->outcome;

	o->records += s->figures.records;
	o->added += s->figures.added;
	o->changed += s->figures.changed;
	o->removed += s->figures.removed;
	o->quarantined += s->quarantined;
	for (size_t i = 0; i < CODES; i++)
		if (!s->problems.ignored->has[i])
			o->problems += s->problems.total[i];
	for (size_t i = 0; i < CODES; i++)
		if (s->problems.total[i] && !s->problems.ignored->has[i])
			log_notice("%s: %s %" PRIu64 " times: %s", s->problems.where, codes[i].name,
				s->problems.total[i], codes[i].trigger);
	if (failure->code) {
		o->failed++;
		o->away += failure->code == -EHOSTDOWN;
		log_error("%s: %s", s->problems.where, failure->text);
		return;
	}
	o->done++;
	log_info("%s: %" PRIu64 " records, %" PRIu64 " new, %" PRIu64 " changed, %" PRIu64
		 " removed, %" PRIu64 " put aside",
		s->problems.where, s->figures.records, s->figures.added, s->figures.changed,
		s->figures.removed, s->quarantined);
}

static void step_release(struct step *s)
{
	intake_release(&s->intake);
	problems_release(&s->problems);
	arena_release(&s->arena);
}

static int run_step(void *context, const struct cluster_settings *cluster, enum category category,
	const char *source, struct error *err)
{
	struct run *run = context;
	AUTO_FREE struct step *s = memory_alloc(1, sizeof(*s));
	struct import_request q = {.settings = run->plan->settings,
		.cluster = cluster ? cluster->name : "",
		.since_s = run->plan->since_s,
		.problems = &s->intake.problems};
	struct timezone_rules *zone = NULL;
	struct error failure = {0};
	int rc;

	s->run = run;
	s->category = &categories[category];
	s->entry = (struct ledger_step){.ledger = &run->ledger,
		.cluster = q.cluster,
		.category = s->category->name,
		.source = source};
	s->problems.ignored = &run->plan->ignored;
	s->problems.strict = &run->plan->strict;
	s->problems.where =
		cluster ? arena_printf(&s->arena, "%s: %s", q.cluster, s->category->name)
			: s->category->name;
	s->intake.category = s->category;
	s->intake.limit = run->plan->settings->import_batch;
	s->intake.problems.ignored = s->problems.ignored;
	s->intake.problems.strict = s->problems.strict;
	s->intake.problems.where = s->problems.where;
	rc = connector_find(category, source, &s->intake.connector, &q.spec, &failure);
	if (rc == 0 && cluster)
		rc = timezone_open(cluster->timezone, &zone, &failure);
	q.zone = zone;
	if (rc == 0)
		rc = work_with(s, &q, &failure);
	tell(s, &failure);
	rc = *s->entry.id ? ledger_end_step(&s->entry, rc < 0 ? failure.text : NULL, err) : 0;
	step_release(s);
	timezone_close(zone);
	return rc;
}

// ---- the run ----

static int prepare(struct run *r, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf sql = {0};

	for (enum stage_id i = 0; i < STAGES; i++)
		stage_create(i, &sql);
	strbuf_puts(&sql, create_problems);
	strbuf_puts(&sql, "; SELECT warehouse.create_import_stage()");
	TRY(postgres_script(r->postgres, strbuf_text(&sql), err));
	(void)str_format(r->rules, sizeof(r->rules), "{\"runaway_s\": %" PRId64 "}",
		r->plan->settings->import_runaway);
	return ledger_begin(r->postgres, &r->ledger, err);
}

int import_run(struct postgres *p, const struct import_plan *plan, struct import_outcome *ret,
	struct error *err)
{
	struct run r = {.postgres = p, .plan = plan, .outcome = ret};

	*ret = (struct import_outcome){0};
	TRY(prepare(&r, err));
	TRY(import_each(plan, run_step, &r, err));
	return ledger_end(&r.ledger, err);
}
