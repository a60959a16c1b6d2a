// SPDX-License-Identifier: Apache-2.0
// The document store as the site's settings have it.
#include "common/store/site.h"

static void adopt_clusters(const struct settings *s, struct store *store)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct store_resource *of = arena_array(&a, s->n_clusters + 1, sizeof(*of));

	for (size_t i = 0; i < s->n_clusters; i++)
		of[i] = (struct store_resource){s->clusters[i].resource_id, s->clusters[i].name};
	store_adopt(store, of, s->n_clusters, NULL);
}

int store_open_site(const struct settings *s, const char *url, bool read_only, struct store **ret,
	struct error *err)
{
	TRY(store_open(url ? url : s->store_url, s->store_password, read_only, ret, err));
	adopt_clusters(s, *ret);
	return 0;
}
