// SPDX-License-Identifier: Apache-2.0
// Statements of the importer's book. What a batch did is written in the batch's own transaction.
#include "accounting/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/macro.h"

static const char add_code[] =
	"INSERT INTO warehouse.import_code AS c (code, category, trigger, effect, advice)"
	" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (code) DO UPDATE"
	" SET (category, trigger, effect, advice) = (excluded.category, excluded.trigger,"
	" excluded.effect, excluded.advice) WHERE (c.category, c.trigger, c.effect, c.advice)"
	" IS DISTINCT FROM (excluded.category, excluded.trigger, excluded.effect, excluded.advice)";
static const char add_run[] =
	"INSERT INTO warehouse.import_run (version) VALUES ($1) RETURNING run_id";
static const char end_run[] = "UPDATE warehouse.import_run SET ended = clock_timestamp()"
			      " WHERE run_id = $1::bigint";
static const char add_step[] =
	"INSERT INTO warehouse.import_step (run_id, cluster, category, connector)"
	" VALUES ($1::bigint, $2, $3, $4) RETURNING step_id,"
	" (SELECT place FROM warehouse.import_cursor WHERE cluster = $2 AND category = $3"
	" AND source = $5)";
static const char save_step[] =
	"UPDATE warehouse.import_step SET batches = batches + $2::integer,"
	" records = records + $3::bigint, added = added + $4::bigint,"
	" changed = changed + $5::bigint,"
	" removed = removed + $6::bigint, quarantined = quarantined + $7::bigint"
	" WHERE step_id = $1::bigint";
static const char end_step[] =
	"UPDATE warehouse.import_step SET ended = clock_timestamp(), failure = $2"
	" WHERE step_id = $1::bigint";
static const char add_error[] =
	"INSERT INTO warehouse.import_error AS e (step_id, code, n, is_ignored, example)"
	" VALUES ($1::bigint, $2, $3::bigint, $4::boolean, $5)"
	" ON CONFLICT (step_id, code) DO UPDATE SET n = e.n + excluded.n";
static const char save_place[] =
	"INSERT INTO warehouse.import_cursor AS c (cluster, category, source, place)"
	" VALUES ($1, $2, $3, $4) ON CONFLICT (cluster, category, source)"
	" DO UPDATE SET place = excluded.place, saved = clock_timestamp()";
static const char add_quarantine[] =
	"INSERT INTO warehouse.import_quarantine AS q (cluster, category, record_key, code, reason)"
	" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (cluster, category, record_key) DO UPDATE"
	" SET code = excluded.code, reason = excluded.reason, last_t = clock_timestamp(),"
	" tries = q.tries + 1";
static const char free_keys[] = "DELETE FROM warehouse.import_quarantine WHERE cluster = $1"
				" AND category = $2 AND ($3::text[] IS NULL"
				" OR record_key = ANY ($3::text[]))";

static const char *number(char text[LEDGER_NUMBER_SIZE], uint64_t v)
{
	(void)str_format(text, LEDGER_NUMBER_SIZE, "%" PRIu64, v);
	return text;
}

const char *ledger_text(const char *text, char *copy, size_t size)
{
	(void)str_format(copy, size, "%s", text);
	if (!str_is_utf8(copy, strlen(copy)))
		for (char *c = copy; *c; c++)
			if (*c & 0x80)
				*c = '?';
	return copy;
}

static int put_codes(struct postgres *p, struct error *err)
{
	for (size_t i = 0; i < CODES; i++) {
		const struct postgres_value values[] = {{.text = codes[i].name},
			{.text = codes[i].category}, {.text = codes[i].trigger},
			{.text = codes[i].effect}, {.text = codes[i].advice}};

		TRY(postgres_query(p, add_code, values, ARRAY_LEN(values), NULL, err));
	}
	return 0;
}

int ledger_begin(struct postgres *p, struct ledger *ret, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value version = {.text = JOBSIGHT_VERSION};

	TRY(postgres_script(p, "BEGIN", err));
	TRY(put_codes(p, err));
	TRY(postgres_query(p, add_run, &version, 1, &rows, err));
	TRY(postgres_script(p, "COMMIT", err));
	ret->postgres = p;
	(void)str_format(ret->run, sizeof(ret->run), "%s", postgres_text(rows, 0, 0));
	return 0;
}

int ledger_end(const struct ledger *l, struct error *err)
{
	const struct postgres_value run = {.text = l->run};

	return postgres_query(l->postgres, end_run, &run, 1, NULL, err);
}

int ledger_begin_step(struct ledger_step *s, const char *connector, struct arena *a,
	const char **ret_place, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value values[] = {{.text = s->ledger->run}, {.text = s->cluster},
		{.text = s->category}, {.text = connector}, {.text = s->source}};
	const char *place;

	TRY(postgres_query(s->ledger->postgres, add_step, values, ARRAY_LEN(values), &rows, err));
	place = postgres_text(rows, 0, 1);
	(void)str_format(s->id, sizeof(s->id), "%s", postgres_text(rows, 0, 0));
	*ret_place = arena_strdup(a, place ? place : "");
	return 0;
}

static int add_errors(const struct ledger_step *s, const struct problems *p, struct error *err)
{
	char n[LEDGER_NUMBER_SIZE];
	char example[sizeof(p->counts[0].example)];

	for (size_t i = 0; i < CODES; i++) {
		const struct problem_count *c = &p->counts[i];

		if (!c->n)
			continue;
		const struct postgres_value values[] = {{.text = s->id}, {.text = codes[i].name},
			{.text = number(n, c->n)}, {.text = p->ignored->has[i] ? "t" : "f"},
			{.text = ledger_text(c->example, example, sizeof(example))}};

		TRY(postgres_query(
			s->ledger->postgres, add_error, values, ARRAY_LEN(values), NULL, err));
	}
	return 0;
}

static int add_records(const struct ledger_step *s, const struct problems *p, struct error *err)
{
	char key[LEDGER_KEY_SIZE];
	char reason[sizeof(p->counts[0].example)];

	for (const struct problem_record *r = p->records; r; r = r->next) {
		const struct postgres_value values[] = {{.text = s->cluster}, {.text = s->category},
			{.text = ledger_text(r->key, key, sizeof(key))},
			{.text = codes[r->code].name},
			{.text = ledger_text(r->reason, reason, sizeof(reason))}};

		TRY(postgres_query(
			s->ledger->postgres, add_quarantine, values, ARRAY_LEN(values), NULL, err));
	}
	return 0;
}

int ledger_add(const struct ledger_step *s, const struct ledger_figures *f,
	const struct problems *p, const char *place, struct error *err)
{
	const uint64_t figures[] = {
		f->batches, f->records, f->added, f->changed, f->removed, p->n_records};
	char texts[ARRAY_LEN(figures)][LEDGER_NUMBER_SIZE];
	struct postgres_value values[1 + ARRAY_LEN(figures)] = {{.text = s->id}};
	const struct postgres_value where[] = {
		{.text = s->cluster}, {.text = s->category}, {.text = s->source}, {.text = place}};

	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		values[i + 1].text = number(texts[i], figures[i]);
	TRY(postgres_query(s->ledger->postgres, save_step, values, ARRAY_LEN(values), NULL, err));
	TRY(add_errors(s, p, err));
	TRY(add_records(s, p, err));
	return place ? postgres_query(
			       s->ledger->postgres, save_place, where, ARRAY_LEN(where), NULL, err)
	             : 0;
}

int ledger_free(const struct ledger_step *s, const char *keys, struct error *err)
{
	const struct postgres_value values[] = {
		{.text = s->cluster}, {.text = s->category}, {.text = keys}};

	return postgres_query(s->ledger->postgres, free_keys, values, ARRAY_LEN(values), NULL, err);
}

int ledger_end_step(const struct ledger_step *s, const char *failure, struct error *err)
{
	char text[sizeof(err->text)];
	const struct postgres_value values[] = {{.text = s->id},
		{.text = failure ? ledger_text(failure, text, sizeof(text)) : NULL}};

	return postgres_query(s->ledger->postgres, end_step, values, ARRAY_LEN(values), NULL, err);
}
