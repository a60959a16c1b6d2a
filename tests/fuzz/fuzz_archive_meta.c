// SPDX-License-Identifier: Apache-2.0
// Any bytes as the metadata of an archive: every metric and every instance is looked at, and the
// instances are followed through time.
#include <stdlib.h>
#include <string.h>

#include "summarizer/archive/archive.h"
#include "summarizer/reduce/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t look_at_instances(const struct archive_meta *m, struct arena *a)
{
	struct domain domain;
	struct id_map map = {.domain = &domain};
	size_t seen = 0;
	domain_init(&domain, 1);
	for (size_t i = 0; i < m->n_indoms; i++) {
		const struct archive_indom *d = &m->indoms[i];
		id_map_apply(&map, d, a);
		for (size_t k = 0; k < d->n; k++) {
			int32_t id = 0;
			const char *name = NULL;
			if (archive_instance(d, k, &id, &name) <= 0)
				continue;
			seen += strlen(name);
			uint32_t row = id_map_row(&map, id);
			// A record may take an instance back that it brought itself.
			if (row != NO_ROW && row >= domain.n)
				abort();
		}
	}
	id_map_release(&map);
	domain_release(&domain);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena a = {0};
	struct archive_meta m;
	struct error err = {0};
	int rc = archive_meta_parse((struct bytes){data, size}, "fuzz", &a, &m, &err);
	if (rc != 0 && err.text[0] == '\0')
		abort();
	if (rc >= 0) {
		for (size_t i = 0; i < m.n_metrics; i++)
			if (map_get(&m.by_name, m.metrics[i].name) == NULL)
				abort();
		(void)look_at_instances(&m, &a);
	}
	archive_meta_release(&m);
	arena_release(&a);
	return 0;
}
