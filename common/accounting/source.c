// SPDX-License-Identifier: Apache-2.0
// The accounting sources there are, by name.
#include "common/accounting/source.h"

#include <string.h>

#include "common/accounting/sacct.h"
#include "common/accounting/slurmdb.h"
#include "common/accounting/warehouse.h"
#include "common/macro.h"
#include "common/str.h"

static const struct accounting_source *const sources[] = {
	&sacct_source,
#ifdef HAVE_SLURMDB
	&slurmdb_source,
#endif
#ifdef HAVE_WAREHOUSE
	&warehouse_source,
#endif
};

static bool is_asked_id(const struct accounting_request *r, const struct job *j)
{
	for (size_t i = 0; i < r->n_ids; i++) {
		uint64_t n = 0;

		if (str_eq(r->ids[i], j->id))
			return true;
		if (parse_u64(r->ids[i], &n) == 0 && n &&
			(n == j->key.raw_id || n == j->array_job || n == j->het_job))
			return true;
	}
	return r->n_ids == 0;
}

bool accounting_is_asked(const struct accounting_request *r, const struct job *j)
{
	int64_t begin = j->start_s ? j->start_s : j->end_s ? j->end_s : j->key.submit_s;
	int64_t end = j->end_s ? j->end_s : INT64_MAX;

	if (end == begin)
		end++; // an instant, yet it happened
	return (!r->until_s || begin < r->until_s) && (!r->since_s || end > r->since_s) &&
	       is_asked_id(r, j);
}

const struct accounting_source *accounting_source_find(const char *text, const char **ret_spec)
{
	size_t len = text ? strcspn(text, ":") : 0;

	for (size_t i = 0; len && i < ARRAY_LEN(sources); i++) {
		const struct accounting_source *s = sources[i];

		if (strncmp(s->name, text, len) != 0 || s->name[len])
			continue;
		if (!text[len] && !s->is_whole_alone)
			return NULL;
		*ret_spec = text + len + (text[len] == ':');
		return s;
	}
	return NULL;
}
