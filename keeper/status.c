// SPDX-License-Identifier: Apache-2.0
// Status files are others' (the relay writes them): whatever is no line of that name is passed over.
#include "keeper/status.h"

#include <string.h>

#include "common/str.h"

bool status_number(const char *text, const char *name, uint64_t *ret)
{
	size_t len = strlen(name);
	char number[32];

	for (const char *line = text; *line; line += strcspn(line, "\n")) {
		line += *line == '\n';
		if (strncmp(line, name, len) != 0 || line[len] != ' ')
			continue;
		const char *value = line + len + 1;
		return str_format(
			       number, sizeof(number), "%.*s", (int)strcspn(value, "\n"), value) &&
		       parse_u64(number, ret) == 0;
	}
	return false;
}
