// SPDX-License-Identifier: Apache-2.0
// The accounting sources there are, by name.
#include "common/accounting/source.h"

#include <string.h>

#include "common/accounting/sacct.h"
#include "common/macro.h"

static const struct accounting_source *const sources[] = {
	&sacct_source,
};

const struct accounting_source *accounting_source_find(const char *text, const char **ret_spec)
{
	size_t len = text ? strcspn(text, ":") : 0;

	if (!len || !text[len])
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (strncmp(sources[i]->name, text, len) == 0 && !sources[i]->name[len]) {
			*ret_spec = text + len + 1;
			return sources[i];
		}
	return NULL;
}
