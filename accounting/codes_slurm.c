// SPDX-License-Identifier: Apache-2.0
// Projects and business codes from slurmdbd. "slurmdb:" reads the wckeys of all clusters and splits
// them as import.wckey says; "slurmdb-accounts:" takes each account for a project. Neither gives
// descriptions of its own making, so that those that people wrote stay.
#include <errno.h>
#include <string.h>

#include "accounting/slurm_tables.h"
#include "accounting/wckey.h"
#include "common/macro.h"
#include "common/memory.h"

struct keys {
	struct slurm_table table;
	const struct settings *settings;
	struct wckey_form form;
	struct map seen;
	size_t cluster; // whose table is read
	enum code code; // of keys of another form
	const char *domain, *domain_name;
	bool is_business, has_accounts;
};

static void keys_close(void *state)
{
	struct keys *k = state;

	map_release(&k->seen);
	slurm_table_release(&k->table);
	free(k);
}

static const struct slurm_column wckey_columns[] = {{"wckey_name", true}};
static const struct slurm_column account_columns[] = {{"name", true}, {"description", false}};

// The wckeys of the next cluster that this database has. 1, 0: there is none.
static int read_cluster(struct keys *k, struct error *err)
{
	for (; k->cluster < k->settings->n_clusters; k->cluster++) {
		struct error why = {0};
		const struct slurm_query q = {.cluster = k->settings->clusters[k->cluster].name,
			.table = "wckey_table",
			.columns = wckey_columns,
			.n = ARRAY_LEN(wckey_columns),
			.where = SLURM_ROWS_IN_ORDER};
		int rc = slurm_table_query(&k->table, &q, &why);

		if (rc == 0)
			return 1;
		if (rc != -ENOENT)
			return error_set(err, -rc, "%s", why.text);
	}
	return 0;
}

// "[KEY] NAME"
static void split_domain(struct keys *k, const char *text)
{
	size_t len;

	if (!text || *text != '[' || !strchr(text, ']'))
		return;
	len = strcspn(text, "]");
	k->domain = arena_strndup(&k->table.arena, text + 1, len - 1);
	k->domain_name = text + len + 1 + strspn(text + len + 1, " ");
}

static int begin(struct keys *k, const struct import_request *r, struct error *err)
{
	const struct slurm_query accounts = {.table = "acct_table",
		.columns = account_columns,
		.n = ARRAY_LEN(account_columns),
		.where = SLURM_ROWS_IN_ORDER};
	int rc;

	TRY(wckey_form_parse(r->settings->import_wckey, &k->table.arena, &k->form, err));
	split_domain(k, r->settings->import_domain);
	TRY(maria_open(r->spec, &k->table.maria, err));
	if (k->has_accounts)
		return slurm_table_query(&k->table, &accounts, err);
	rc = read_cluster(k, err);
	if (rc == 0)
		return error_set(err, ENOENT, "slurmdb: this database has none of the clusters");
	return rc < 0 ? rc : 0;
}

static int keys_open(const struct import_request *r, bool is_business, bool has_accounts,
	void **ret_state, struct error *err)
{
	struct keys *k = memory_alloc(1, sizeof(*k));
	int rc;

	k->table.problems = r->problems;
	k->settings = r->settings;
	k->code = is_business ? E_B0001 : E_P0001;
	k->is_business = is_business;
	k->has_accounts = has_accounts;
	rc = begin(k, r, err);
	if (rc < 0) {
		keys_close(k);
		return rc;
	}
	*ret_state = k;
	return 0;
}

// The next row of any cluster. 1, 0 at the end.
static int next_row(struct keys *k, const char **texts, struct error *err)
{
	size_t n = k->has_accounts ? ARRAY_LEN(account_columns) : ARRAY_LEN(wckey_columns);

	for (;;) {
		int rc = slurm_table_next(&k->table, n, texts, err);

		if (rc || k->has_accounts)
			return rc;
		k->cluster++;
		rc = read_cluster(k, err);
		if (rc <= 0)
			return rc;
	}
}

// The code that a row gives, once; NULL: none.
static const char *code_of(struct keys *k, const char *text)
{
	struct wckey parts = {0};
	const char *code = text;

	if (!*text || map_get(&k->seen, text))
		return NULL;
	map_put(&k->seen, arena_strdup(&k->table.arena, text), k);
	if (!k->has_accounts) {
		if (!wckey_split(&k->form, text, &k->table.arena, &parts)) {
			problem(k->table.problems, k->code, "wckey '%.60s'", text);
			return NULL;
		}
		code = k->is_business ? parts.business : parts.project;
	}
	// Codes and keys are told apart by a character that neither has.
	if (!code || map_get(&k->seen, arena_printf(&k->table.arena, "\n%s", code)))
		return NULL;
	map_put(&k->seen, arena_printf(&k->table.arena, "\n%s", code), k);
	return code;
}

static int keys_next(void *state, struct record *ret, struct error *err)
{
	struct keys *k = state;
	const char *texts[2] = {"", ""};
	int rc;

	while ((rc = next_row(k, texts, err)) > 0) {
		const char *code = code_of(k, texts[0]);

		if (!code)
			continue;
		record_start(ret, k->is_business ? STAGE_business : STAGE_project, code);
		if (k->is_business) {
			record_text(ret, AT_business_code, code);
			return 1;
		}
		record_text(ret, AT_project_code, code);
		record_text(ret, AT_project_description, k->has_accounts ? texts[1] : NULL);
		record_text(ret, AT_project_domain, k->domain);
		record_text(ret, AT_project_domain_name, k->domain_name);
		return 1;
	}
	return rc;
}

static int projects_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return keys_open(r, false, false, ret_state, err);
}

static int accounts_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return keys_open(r, false, true, ret_state, err);
}

static int business_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return keys_open(r, true, false, ret_state, err);
}

const struct connector project_slurm = {
	.category = CATEGORY_PROJECT,
	.name = "slurmdb",
	.settings = "slurmdb:[NAME=VALUE ...], the wckeys of all clusters in slurmdbd's database",
	.open = projects_open,
	.next = keys_next,
	.close = keys_close,
};

const struct connector project_accounts = {
	.category = CATEGORY_PROJECT,
	.name = "slurmdb-accounts",
	.settings = "slurmdb-accounts:[NAME=VALUE ...], Slurm's accounts as projects",
	.open = accounts_open,
	.next = keys_next,
	.close = keys_close,
};

const struct connector business_slurm = {
	.category = CATEGORY_BUSINESS,
	.name = "slurmdb",
	.settings = "slurmdb:[NAME=VALUE ...], the wckeys of all clusters in slurmdbd's database",
	.open = business_open,
	.next = keys_next,
	.close = keys_close,
};
