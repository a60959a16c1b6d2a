// SPDX-License-Identifier: Apache-2.0
// Manifests come back from the long-term place: no name in one may lead anywhere.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keeper/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(manifest_release) struct manifest m = {.arena = &arena};

	manifest_take(&m, arena_strndup(&arena, (const char *)data, size));
	for (size_t i = 0; i < m.sums.n; i++) {
		const struct map_entry *e = &m.sums.entries[i];

		if (!*e->key || *e->key == '.' || strpbrk(e->key, "/\n") ||
			strlen(e->value) != SHA256_TEXT_SIZE - 1)
			abort();
	}
	return 0;
}
