// SPDX-License-Identifier: Apache-2.0
// jobsight-modify: what people decide and no source says: names of projects, domains and business
// codes, and which project is in which domain.
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "common/macro.h"
#include "common/postgres/postgres.h"
#include "common/start.h"
#include "common/str.h"

struct arguments {
	const char *warehouse, *description, *domain, *business;
	bool add, remove, dry_run;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"description", 'd', OPTION_TEXT, AT(description), "TEXT",
		"What it is called from now on."},
	{"domain", 'D', OPTION_TEXT, AT(domain), "KEY",
		"Of a project: the domain that it is in from now on; its past stays as it was."},
	{"business", 'b', OPTION_TEXT, AT(business), "CODE",
		"Of a project: the business code that it has from now on."},
	{"add", 'a', OPTION_FLAG, AT(add), NULL, "It is new."},
	{"remove", 'r', OPTION_FLAG, AT(remove), NULL, "Remove it; nothing may refer to it."},
	{"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL, "Say what would be, and change nothing."},
	{"warehouse", 'w', OPTION_TEXT, AT(warehouse), "TEXT",
		"PostgreSQL connection without password; default warehouse.url of the settings."},
};

static const struct program program = {
	.name = "jobsight-modify",
	.purpose = "Changes projects, domains and business codes in the warehouse.",
	.synopsis =
		"[options] project|domain|business CODE\n[options] list project|domain|business [PATTERN]",
	.details =
		"Without an option a code is shown. What an importer's source says of it comes back with "
		"the next import; sources that say nothing (slurm, dummy) leave it alone.\n\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage, 75 the warehouse is away.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 3,
};

// Everything that differs between the three. $1 is the code, $2 what it becomes.
struct kind {
	const char *name;
	const char *show; // code, description, further columns; $1 is a pattern of LIKE
	const char *add, *remove, *describe;
	const char *move; // $2 domain, $3 business code; NULL: it has none
};

#define SHOW_PART(table) \
	"SELECT name, description FROM warehouse." table " WHERE name LIKE $1 ORDER BY name"
#define ADD(table)    "INSERT INTO warehouse." table " (name) VALUES ($1)"
#define REMOVE(table) "DELETE FROM warehouse." table " WHERE name = $1 RETURNING name"
#define DESCRIBE(table) \
	"UPDATE warehouse." table " SET description = $2 WHERE name = $1 RETURNING name"
// What is not said stays; a project's first word about itself holds for its past, too.
static const char move[] =
	"SELECT warehouse.put_history('project', p.project_id, CASE WHEN EXISTS (SELECT"
	" FROM warehouse.project_history h WHERE h.project_id = p.project_id) THEN now()"
	" ELSE '-infinity' END, jsonb_strip_nulls(jsonb_build_object('domain_id', d.domain_id,"
	" 'business_id', b.business_id))) FROM warehouse.project p"
	" LEFT JOIN warehouse.domain d ON d.name = $2 LEFT JOIN warehouse.business b ON b.name = $3"
	" WHERE p.name = $1 AND ($2::text IS NULL OR d.domain_id IS NOT NULL)"
	" AND ($3::text IS NULL OR b.business_id IS NOT NULL)";

static const struct kind kinds[] = {
	{.name = "project",
		.show = "SELECT p.name, p.description, d.name, b.name FROM warehouse.project p"
			" LEFT JOIN warehouse.project_history h ON h.project_id = p.project_id"
			" AND upper_inf(h.valid) LEFT JOIN warehouse.domain d USING (domain_id)"
			" LEFT JOIN warehouse.business b USING (business_id)"
			" WHERE p.name LIKE $1 ORDER BY p.name",
		.add = ADD("project"),
		.remove = REMOVE("project"),
		.describe = DESCRIBE("project"),
		.move = move},
	{.name = "domain",
		.show = SHOW_PART("domain"),
		.add = ADD("domain"),
		.remove = REMOVE("domain"),
		.describe = DESCRIBE("domain")},
	{.name = "business",
		.show = SHOW_PART("business"),
		.add = ADD("business"),
		.remove = REMOVE("business"),
		.describe = DESCRIBE("business")},
};

static const struct kind *find_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

// * and ? as in a shell; what LIKE would take for a sign of its own is text.
static const char *as_like(struct arena *a, const char *pattern, bool is_pattern)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};

	for (; *pattern; pattern++) {
		if (strchr("%_\\", *pattern))
			strbuf_putc(&out, '\\');
		if (is_pattern && strchr("*?", *pattern))
			strbuf_putc(&out, *pattern == '*' ? '%' : '_');
		else
			strbuf_putc(&out, *pattern);
	}
	return arena_strdup(a, strbuf_text(&out));
}

static int show(struct postgres *p, const struct kind *k, const char *like, size_t *ret_n,
	struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	const struct postgres_value value = {.text = like};

	TRY(postgres_query(p, k->show, &value, 1, &rows, err));
	*ret_n = postgres_rows_count(rows);
	for (size_t i = 0; i < *ret_n; i++) {
		printf("%s", postgres_text(rows, i, 0));
		for (size_t c = 1; c < (k->move ? 4U : 2U); c++)
			printf("\t%s", postgres_text(rows, i, c) ? postgres_text(rows, i, c) : "-");
		putchar('\n');
	}
	return 0;
}

// One statement that gives a row where it found its code. more: $2 and $3.
static int change(struct postgres *p, const char *sql, const char *code, const char *const *more,
	size_t n_more, const char *missing, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;
	struct postgres_value values[3] = {{.text = code}};

	for (size_t i = 0; i < n_more; i++)
		values[i + 1].text = more[i];
	TRY(postgres_query(p, sql, values, n_more + 1, &rows, err));
	if (missing && postgres_rows_count(rows) == 0)
		return error_set(err, ENOENT, "there is no %s", missing);
	return 0;
}

static int add(struct postgres *p, const struct kind *k, const char *code, struct error *err)
{
	int rc = change(p, k->add, code, NULL, 0, NULL, err);

	return rc == -EDOM ? error_set(err, EEXIST, "%s %s is there already", k->name, code) : rc;
}

static int remove_code(struct postgres *p, const struct kind *k, const char *code,
	const char *itself, struct error *err)
{
	int rc = change(p, k->remove, code, NULL, 0, itself, err);

	return rc == -EDOM ? error_set(err, EPERM, "%s is in use", itself) : rc;
}

static int modify(struct postgres *p, const struct kind *k, const char *code,
	const struct arguments *args, struct arena *a, struct error *err)
{
	const char *itself = arena_printf(a, "%s %s", k->name, code);

	if (args->remove)
		return remove_code(p, k, code, itself, err);
	if (args->add)
		TRY(add(p, k, code, err));
	if (args->description)
		TRY(change(p, k->describe, code, &args->description, 1, itself, err));
	if (args->domain || args->business) {
		const char *const more[] = {args->domain, args->business};

		TRY(change(p, k->move, code, more, ARRAY_LEN(more),
			arena_printf(a, "%s%s%s%s%s", itself, args->domain ? ", or no domain " : "",
				args->domain ? args->domain : "",
				args->business ? ", or no business code " : "",
				args->business ? args->business : ""),
			err));
	}
	return 0;
}

static int transact(struct postgres *p, const struct kind *k, const char *code,
	const struct arguments *args, struct arena *a, struct error *err)
{
	size_t n = 1;

	TRY(postgres_script(p, "BEGIN", err));
	TRY(modify(p, k, code, args, a, err));
	if (!args->remove)
		TRY(show(p, k, as_like(a, code, false), &n, err));
	if (n == 0)
		return error_set(err, ENOENT, "there is no %s %s", k->name, code);
	return postgres_script(p, args->dry_run ? "ROLLBACK" : "COMMIT", err);
}

static int check_usage(const struct common_arguments *common, const struct arguments *args,
	const struct kind **ret, bool *ret_lists, struct error *err)
{
	size_t n = common->operands.n;

	*ret_lists = n > 0 && str_eq(common->operands.items[0], "list");
	if (n < 2 || (n > 2 && !*ret_lists))
		return error_set(
			err, EINVAL, "say project, domain or business and a code; see --help");
	*ret = find_kind(common->operands.items[*ret_lists]);
	if (!*ret)
		return error_set(err, EINVAL, "\"%s\" is not project, domain or business",
			common->operands.items[*ret_lists]);
	if ((args->domain || args->business) && !(*ret)->move)
		return error_set(err, EINVAL, "only a project has a domain and a business code");
	if (args->remove && (args->add || args->description || args->domain || args->business))
		return error_set(err, EINVAL, "--remove goes with no other change");
	if (!*common->operands.items[1])
		return error_set(err, EINVAL, "a code is not empty");
	return 0;
}

static int work(const struct common_arguments *common, const struct arguments *args,
	const struct settings *s, struct arena *a, struct error *err)
{
	const char *url = args->warehouse ? args->warehouse : s->warehouse_url;
	const struct kind *k = &kinds[0];
	struct postgres *p;
	bool lists;
	size_t n;
	int rc;

	TRY(check_usage(common, args, &k, &lists, err));
	TRY(postgres_check_url(args->warehouse, err));
	TRY(postgres_open(url, s->warehouse_password, &p, err));
	if (lists)
		rc = show(p, k,
			as_like(a, common->operands.n > 2 ? common->operands.items[2] : "*", true),
			&n, err);
	else
		rc = transact(p, k, common->operands.items[1], args, a, err);
	postgres_close(p);
	return rc;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct error err = {0};
	int code = start(&program, argc, argv, &args, &common, &arena, &settings);

	if (code >= 0)
		return code;
	code = exit_code_of(work(&common, &args, &settings, &arena, &err), &err);
	return fflush(stdout) == EOF && code == EXIT_DONE ? EXIT_FAILED : code;
}
