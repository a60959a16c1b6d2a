// SPDX-License-Identifier: Apache-2.0
// Going through all of a collection costs time, so what SUPReMM wrote is read only where that was
// asked for: by --collection, or by naming the store on the command line.
#include "etl/adopt.h"

#include <errno.h>
#include <string.h>

#include "common/applications/applications.h"
#include "common/document/document.h"
#include "common/log.h"

#define COLLECTION_PREFIX "resource_"

struct wanted {
	struct store_resource *items;
	size_t n;
};

static const char *cluster_of(const struct settings *s, const char *resource)
{
	for (size_t i = 0; i < s->n_clusters; i++)
		if (str_eq(s->clusters[i].resource_id, resource))
			return s->clusters[i].name;
	return NULL;
}

static bool is_wanted(const struct wanted *w, const char *resource)
{
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->items[i].resource, resource))
			return true;
	return false;
}

static int add_named(const struct adopt_request *r, const char *text, struct arena *a,
	struct wanted *w, struct error *err)
{
	const char *equals = strchr(text, '=');
	const char *name =
		equals ? arena_strndup(a, text, (size_t)(equals - text)) : arena_strdup(a, text);
	struct store_resource of;

	if (str_starts(name, COLLECTION_PREFIX))
		name += strlen(COLLECTION_PREFIX);
	of.resource = name;
	of.cluster = equals ? equals + 1 : cluster_of(r->settings, name);
	if (!of.cluster)
		return error_set(err, EINVAL,
			"--collection %s: no cluster of the settings has this resource_id; "
			"--collection %s=CLUSTER names one",
			text, name);
	if (!*name || !*of.cluster || strchr(of.cluster, '/') || is_wanted(w, name))
		return error_set(
			err, EINVAL, "--collection %s: RESOURCE=CLUSTER is wanted, once", text);
	w->items[w->n++] = of;
	return 0;
}

static void add_all(const struct adopt_request *r, struct wanted *w)
{
	for (size_t i = 0; i < r->settings->n_clusters; i++) {
		const struct cluster_settings *c = &r->settings->clusters[i];

		if (!is_wanted(w, c->resource_id))
			w->items[w->n++] = (struct store_resource){c->resource_id, c->name};
	}
}

// Collections that belong to nobody are named, so that no history is left behind unnoticed.
static int warn_of_others(
	struct store *s, const struct wanted *w, struct arena *a, struct error *err)
{
	const char **names;
	size_t n;

	TRY(store_resources(s, a, &names, &n, err));
	for (size_t i = 0; i < n; i++)
		if (!is_wanted(w, names[i]))
			log_warning("documents of SUPReMM in " COLLECTION_PREFIX
				    "%s are left out: no cluster has this resource_id "
				    "(--collection %s=CLUSTER)",
				names[i], names[i]);
	return 0;
}

void adopt_application(const void *context, struct doc *document, struct arena *a)
{
	if (!doc_find(document, "application"))
		applications_identify(context, "", document, a);
}

int adopt_collections(struct store *s, const struct adopt_request *r, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct wanted w = {0};

	w.items =
		arena_array(&a, r->collections->n + r->settings->n_clusters + 1, sizeof(*w.items));
	for (size_t i = 0; i < r->collections->n; i++)
		TRY(add_named(r, r->collections->items[i], &a, &w, err));
	if (r->all) {
		add_all(r, &w);
		TRY(warn_of_others(s, &w, &a, err));
	}
	store_adopt(s, w.items, w.n, r->completer);
	return 0;
}
