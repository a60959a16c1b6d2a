// SPDX-License-Identifier: Apache-2.0
// jobsight-query: a figure of the warehouse by a dimension over time, of what the database lets the
// connecting role see. It writes nothing and knows no figures itself: they are rows of the warehouse.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/postgres/postgres.h"
#include "common/settings.h"
#include "common/str.h"
#include "query/answer.h"
#include "query/print.h"

struct arguments {
	const char *realm, *statistic, *by, *unit, *since, *until, *format, *person, *warehouse;
	struct option_list where;
	uint64_t top;
	bool list, sql, everybody;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"realm", 'r', OPTION_TEXT, AT(realm), "NAME",
		"Area: Jobs (the default), SUPREMM, Energy ..."},
	{"statistic", 's', OPTION_TEXT, AT(statistic), "NAME", "The figure: total_cpu_hours ..."},
	{"by", 'b', OPTION_TEXT, AT(by), "NAME",
		"The dimension that it is asked by: person, queue ...; default: none, all together."},
	{"unit", 'u', OPTION_TEXT, AT(unit), "UNIT",
		"day, month (the default), quarter, year, or total: one figure for the whole time."},
	{"since", 'S', OPTION_TEXT, AT(since), "DAY",
		"First day: 2026-03-05, 2026-03 or 2026; default: eleven months before the last month."},
	{"until", 'U', OPTION_TEXT, AT(until), "DAY",
		"Last day, which belongs to it; 2026-03 is the end of March; default: today."},
	{"where", 'w', OPTION_LIST, AT(where), "NAME=VALUE",
		"Only what has this value of a dimension; may be given again."},
	{"top", 't', OPTION_COUNT, AT(top), "N",
		"Only the N values of the dimension that come first over the whole time."},
	{"format", 'f', OPTION_TEXT, AT(format), "FORMAT", "table (the default), csv or json."},
	{"list", 'l', OPTION_FLAG, AT(list), NULL,
		"List the realms; with --realm its statistics and dimensions."},
	{"sql", 0, OPTION_FLAG, AT(sql), NULL,
		"Print the SQL in place of asking; $1 and $2 are the first and the last day."},
	{"public", 'p', OPTION_FLAG, AT(everybody), NULL,
		"What everybody may see: whole months that are over, of groups of people alone."},
	{"person", 0, OPTION_TEXT, AT(person), "LOGIN",
		"For whom a member of jobsight_portal asks; others are who they are."},
	{"warehouse", 'W', OPTION_TEXT, AT(warehouse), "TEXT",
		"PostgreSQL connection without password; default query.warehouse of the settings."},
};

static const struct program program = {
	.name = "jobsight-query",
	.purpose = "Prints a figure of the warehouse by a dimension over time.",
	.synopsis = "--statistic NAME [--by NAME] [options]\n--list [--realm NAME] [options]",
	.details =
		"Statistics and dimensions are found by their ids or by what they are shown as. Who "
		"sees what is decided by the database: connect as yourself. Passwords are taken from "
		"~/.pgpass or PGPASSWORD, as psql takes them.\n\n"
		"  jobsight query -s total_cpu_hours --by account --since 2026 --top 10\n"
		"  jobsight query -r SUPREMM -s \"Avg CPU %: User\" --by queue --unit total\n"
		"  jobsight query -s job_count --by person --where queue=gpu --format csv\n\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage, 75 the warehouse is away.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 0,
};

struct run {
	struct arguments args;
	struct arena arena;
	struct postgres *postgres;
	const struct format *format;
	struct question question;
	struct words realms, statistics, dimensions;
};

static void run_release(struct run *r)
{
	postgres_close(r->postgres);
	arena_release(&r->arena);
}

// An item without '=' goes on with the value before it, which held a comma.
static int read_filters(struct run *r, struct error *err)
{
	const struct option_list *where = &r->args.where;
	struct filter *filters = arena_array(&r->arena, where->n, sizeof(*filters));
	size_t n = 0;

	for (size_t i = 0; i < where->n; i++) {
		const char *item = where->items[i];
		const char *equals = strchr(item, '=');
		const struct word *dimension;

		if (!equals && n == 0)
			return error_set(err, EINVAL, "--where %s: give NAME=VALUE", item);
		if (!equals) {
			filters[n - 1].value =
				arena_printf(&r->arena, "%s,%s", filters[n - 1].value, item);
			continue;
		}
		TRY(words_find(&r->dimensions,
			arena_strndup(&r->arena, item, (size_t)(equals - item)), &dimension, err));
		filters[n++] = (struct filter){dimension->id, equals + 1};
	}
	r->question.filters = filters;
	r->question.n_filters = n;
	return 0;
}

static int check_unit(const char *unit, struct error *err)
{
	static const char *const units[] = {"day", "month", "quarter", "year", "total"};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_eq(unit, units[i]))
			return 0;
	return error_set(err, EINVAL, "--unit %s: it is day, month, quarter, year or total", unit);
}

static int check_public(const struct arguments *args, const struct question *q, struct error *err)
{
	if (!str_eq(q->unit, "month") || args->top || args->where.n || args->sql)
		return error_set(err, EINVAL,
			"--public has months alone: no other --unit, no --where, --top or --sql");
	if (!q->statistic->is_public || !q->dimension->is_public)
		return error_set(err, EINVAL, "%s by %s is not for everybody", q->statistic->id,
			q->dimension->id);
	return 0;
}

static int read_question(struct run *r, struct error *err)
{
	const struct arguments *args = &r->args;
	struct question *q = &r->question;

	q->unit = args->unit ? args->unit : "month";
	q->top = args->top;
	q->is_public = args->everybody;
	TRY(check_unit(q->unit, err));
	if (!args->statistic)
		return error_set(err, EINVAL, "what? --statistic NAME says it, --list has all");
	TRY(period_read(args->since, args->until, clock_now_s(), args->everybody, &q->period, err));
	TRY(words_find(&r->realms, args->realm ? args->realm : "Jobs", &q->realm, err));
	TRY(words_statistics(r->postgres, q->realm->id, &r->arena, &r->statistics, err));
	TRY(words_dimensions(r->postgres, q->realm->id, &r->arena, &r->dimensions, err));
	TRY(words_find(&r->statistics, args->statistic, &q->statistic, err));
	TRY(words_find(&r->dimensions, args->by ? args->by : "none", &q->dimension, err));
	TRY(read_filters(r, err));
	return q->is_public ? check_public(args, q, err) : 0;
}

static int list(struct run *r, struct strbuf *out, struct error *err)
{
	const struct word *realm;
	struct words both[2];

	if (!r->args.realm) {
		r->format->put_words(&r->realms, 1, out);
		return 0;
	}
	TRY(words_find(&r->realms, r->args.realm, &realm, err));
	TRY(words_statistics(r->postgres, realm->id, &r->arena, &both[0], err));
	TRY(words_dimensions(r->postgres, realm->id, &r->arena, &both[1], err));
	r->format->put_words(both, 2, out);
	return 0;
}

static int answer(struct run *r, struct strbuf *out, struct error *err)
{
	struct answer found;
	const char *sql;

	TRY(read_question(r, err));
	if (r->args.sql) {
		TRY(answer_sql(r->postgres, &r->question, &r->arena, &sql, err));
		strbuf_printf(out, "%s\n", sql);
		return 0;
	}
	TRY(answer_get(r->postgres, &r->question, &r->arena, &found, err));
	r->format->put_answer(&r->question, &found, out);
	return 0;
}

// The settings may hold files that only the server's own programs may read: who says where the
// warehouse is needs none.
static int find_warehouse(struct run *r, const char *config, const char **ret, struct error *err)
{
	struct settings settings;

	if (r->args.warehouse && !config) {
		*ret = r->args.warehouse;
	} else {
		TRY(settings_load(config, &r->arena, &settings, err));
		*ret = r->args.warehouse ? r->args.warehouse : settings.query_warehouse;
	}
	return postgres_check_url(r->args.warehouse, err);
}

static int work(struct run *r, const char *config, struct strbuf *out, struct error *err)
{
	const struct postgres_value person = {.text = r->args.person ? r->args.person : ""};
	const char *url;

	r->format = format_find(r->args.format ? r->args.format : "table");
	if (!r->format)
		return error_set(
			err, EINVAL, "--format %s: it is table, csv or json", r->args.format);
	TRY(find_warehouse(r, config, &url, err));
	TRY(postgres_open(url, NULL, &r->postgres, err));
	TRY(postgres_script(r->postgres,
		"SET default_transaction_read_only = on; SET application_name = 'jobsight-query'",
		err));
	TRY(postgres_query(r->postgres, "SELECT set_config('jobsight.person', $1, false)", &person,
		1, NULL, err));
	TRY(words_realms(r->postgres, &r->arena, &r->realms, err));
	return r->args.list ? list(r, out, err) : answer(r, out, err);
}

int main(int argc, char **argv)
{
	CLEANUP(run_release) struct run r = {0};
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct common_arguments common = {0};
	struct error err = {0};
	int rc = options_parse(&program, argc, argv, &r.args, &common);

	if (rc >= 0)
		return rc;
	rc = work(&r, common.config, &out, &err);
	if (rc == -EHOSTDOWN) {
		log_error("%s", err.text);
		return EXIT_TRY_LATER;
	}
	if (rc < 0)
		return exit_code_of(rc, &err);
	if (fputs(strbuf_text(&out), stdout) < 0 || fflush(stdout) != 0) {
		log_error("cannot write: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}
