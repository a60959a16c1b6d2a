// SPDX-License-Identifier: Apache-2.0
// The categories, and the connectors there are.
#include "accounting/connector.h"

#include <errno.h>
#include <string.h>

#include "common/macro.h"

#define OF_SITE(setting)    offsetof(struct settings, import_##setting)
#define OF_CLUSTER(setting) offsetof(struct cluster_settings, setting)
#define MERGE(category) \
	"SELECT added, changed, removed FROM warehouse.merge_import_" category "($1, $2::jsonb)"

const struct category_row categories[CATEGORIES] = {
	[CATEGORY_PROJECT] = {"project", true, true, OF_SITE(projects), {STAGE_project}, 1,
		MERGE("project"), NULL},
	[CATEGORY_BUSINESS] = {"business", true, true, OF_SITE(business), {STAGE_business}, 1,
		MERGE("business"), NULL},
	[CATEGORY_ARCHITECTURE] = {"architecture", false, true, OF_CLUSTER(architecture),
		{STAGE_node, STAGE_partition}, 2, MERGE("architecture"), NULL},
	[CATEGORY_USER] = {"user", false, true, OF_CLUSTER(users), {STAGE_user}, 1, MERGE("user"),
		NULL},
	[CATEGORY_ASSOCIATION] = {"association", false, true, OF_CLUSTER(associations),
		{STAGE_association, STAGE_account, STAGE_qos}, 3, MERGE("association"), NULL},
	[CATEGORY_EVENT] = {"event", false, false, OF_CLUSTER(events), {STAGE_event}, 1,
		MERGE("event"), NULL},
	[CATEGORY_JOB] = {"job", false, false, OF_CLUSTER(accounting), {STAGE_job, STAGE_step}, 2,
		MERGE("job"), "SELECT warehouse.import_open_jobs($1)"},
	[CATEGORY_FILESYSTEM] = {"filesystem", false, false, OF_CLUSTER(filesystems), {STAGE_usage},
		1, MERGE("usage"), NULL},
	[CATEGORY_QUOTA] = {"quota", false, false, OF_CLUSTER(quotas), {STAGE_quota}, 1,
		MERGE("quota"), NULL},
	[CATEGORY_PROBE] = {"probe", false, false, OF_CLUSTER(probes), {STAGE_probe}, 1,
		MERGE("probe"), NULL},
	[CATEGORY_CLOUD] = {"cloud", false, false, OF_CLUSTER(cloud), {STAGE_instance}, 1,
		MERGE("cloud"), NULL},
};

extern const struct connector project_csv;
extern const struct connector project_dummy;
extern const struct connector business_csv;
extern const struct connector business_dummy;
extern const struct connector architecture_archfile;
extern const struct connector architecture_scontrol;
extern const struct connector architecture_slurm;
extern const struct connector association_slurm;
extern const struct connector business_slurm;
extern const struct connector event_sacctmgr;
extern const struct connector event_slurm;
extern const struct connector project_accounts;
extern const struct connector project_slurm;
extern const struct connector user_csv;
extern const struct connector user_passwd;
extern const struct connector job_sacct;
extern const struct connector job_slurmdb;
extern const struct connector user_ldap;
extern const struct connector user_ldap_slurm;
extern const struct connector cloud_csv;
extern const struct connector cloud_prometheus;
extern const struct connector filesystem_csv;
extern const struct connector filesystem_ssh;
extern const struct connector probe_csv;
extern const struct connector quota_csv;
extern const struct connector quota_robinhood;
extern const struct connector quota_ssh;
extern const struct connector quota_text;
extern const struct connector quota_text_ssh;

static const struct connector *const connectors[] = {
	&project_csv,
	&project_dummy,
	&business_csv,
	&business_dummy,
	&job_sacct,
	&event_sacctmgr,
	&architecture_archfile,
	&architecture_scontrol,
	&architecture_slurm,
	&user_csv,
	&user_passwd,
#ifdef HAVE_SLURMDB
	&job_slurmdb,
	&association_slurm,
	&business_slurm,
	&event_slurm,
	&project_accounts,
	&project_slurm,
	&quota_robinhood,
#endif
#ifdef HAVE_LDAP
	&user_ldap,
#ifdef HAVE_SLURMDB
	&user_ldap_slurm,
#endif
#endif
	&cloud_csv,
	&cloud_prometheus,
	&filesystem_csv,
	&filesystem_ssh,
	&probe_csv,
	&quota_csv,
	&quota_ssh,
	&quota_text,
	&quota_text_ssh,
};

const char *category_source(
	enum category category, const struct settings *s, const struct cluster_settings *c)
{
	const struct category_row *row = &categories[category];
	const char *from = row->is_of_site ? (const char *)s : (const char *)c;
	const char *text = *(const char *const *)(const void *)(from + row->setting);

	return text && *text ? text : NULL;
}

int connector_find(enum category category, const char *text, const struct connector **ret,
	const char **ret_spec, struct error *err)
{
	size_t len = strcspn(text, ":");

	for (size_t i = 0; i < ARRAY_LEN(connectors); i++) {
		const struct connector *c = connectors[i];

		if (c->category == category && strlen(c->name) == len &&
			strncmp(c->name, text, len) == 0) {
			*ret = c;
			*ret_spec = text + len + (text[len] == ':');
			return 0;
		}
	}
	return error_set(err, EINVAL,
		"%s: no connector '%.*s'; jobsight-import --connectors lists them",
		categories[category].name, (int)(len < 40 ? len : 40), text);
}

void connectors_manual(struct strbuf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(connectors); i++)
		strbuf_printf(out, "%-13s %s\n", categories[connectors[i]->category].name,
			connectors[i]->settings);
}
