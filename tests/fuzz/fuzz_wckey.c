// SPDX-License-Identifier: Apache-2.0
// A form and a key: parts are never empty, and what is split is in the key.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "accounting/wckey.h"
#include "common/macro.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *line = memchr(data, '\n', size);
	size_t len = line ? (size_t)(line - (const char *)data) : size;
	const char *form_text = arena_strndup(&a, (const char *)data, len);
	const char *key = line ? arena_strndup(&a, line + 1, size - len - 1) : "";
	struct wckey_form form;
	struct wckey got;
	struct error err = {0};

	if (wckey_form_parse(form_text, &a, &form, &err) < 0)
		return 0;
	if (!wckey_split(&form, key, &a, &got))
		return 0;
	if ((got.project && (!*got.project || !strstr(key, got.project))) ||
		(got.business && (!*got.business || !strstr(key, got.business))))
		abort();
	return 0;
}
