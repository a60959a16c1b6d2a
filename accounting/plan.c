// SPDX-License-Identifier: Apache-2.0
// What a run goes through: the site's categories first, for jobs refer to projects; then each
// cluster.
#include <errno.h>

#include "accounting/import.h"
#include "common/macro.h"

static bool is_asked(const struct option_list *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->n; i++)
		if (str_eq(wanted->items[i], name))
			return true;
	return wanted->n == 0;
}

static int each_category(const struct import_plan *plan, const struct cluster_settings *cluster,
	int (*each)(void *context, const struct cluster_settings *cluster, enum category category,
		const char *source, struct error *err),
	void *context, struct error *err)
{
	for (enum category i = 0; i < CATEGORIES; i++) {
		const char *source;

		if (categories[i].is_of_site != !cluster ||
			!is_asked(&plan->categories, categories[i].name))
			continue;
		source = category_source(i, plan->settings, cluster);
		if (source)
			TRY(each(context, cluster, i, source, err));
	}
	return 0;
}

int import_each(const struct import_plan *plan,
	int (*each)(void *context, const struct cluster_settings *cluster, enum category category,
		const char *source, struct error *err),
	void *context, struct error *err)
{
	const struct settings *s = plan->settings;

	TRY(each_category(plan, NULL, each, context, err));
	for (size_t i = 0; i < s->n_clusters; i++)
		if (is_asked(&plan->clusters, s->clusters[i].name))
			TRY(each_category(plan, &s->clusters[i], each, context, err));
	return 0;
}

static int check_source(void *context, const struct cluster_settings *cluster,
	enum category category, const char *source, struct error *err)
{
	const struct connector *connector;
	const char *spec;
	size_t *n = context;

	(*n)++;
	if (connector_find(category, source, &connector, &spec, err) < 0)
		return error_prefix(err, "%s", cluster ? cluster->name : "import");
	return 0;
}

static int take_codes(struct import_plan *p, struct error *err)
{
	if (code_set_parse(p->settings->import_ignore, &p->ignored, err) < 0)
		return error_prefix(err, "import.ignore");
	if (code_set_parse(p->settings->import_strict, &p->strict, err) < 0)
		return error_prefix(err, "import.strict");
	return 0;
}

int import_plan_check(struct import_plan *p, struct error *err)
{
	size_t n = 0;

	TRY(take_codes(p, err));
	for (size_t i = 0; i < p->clusters.n; i++) {
		const struct cluster_settings *found;

		TRY(settings_cluster(p->settings, p->clusters.items[i], &found, err));
	}
	for (size_t i = 0; i < p->categories.n; i++) {
		size_t k = 0;

		while (k < CATEGORIES && !str_eq(categories[k].name, p->categories.items[i]))
			k++;
		if (k == CATEGORIES)
			return error_set(
				err, EINVAL, "there is no category '%s'", p->categories.items[i]);
	}
	TRY(import_each(p, check_source, &n, err));
	return n ? 0
	         : error_set(err, EINVAL, "nothing to import: the configuration names no source");
}
