// SPDX-License-Identifier: Apache-2.0
// A name is taken apart from its end. Hidden files are nobody's archives.
#include "keeper/names.h"

#include <stdint.h>
#include <string.h>

#include "common/str.h"
#include "summarizer/archive/archive.h"
#include "summarizer/archive/stream.h"

bool archive_name_split(const char *name, struct archive_name *ret)
{
	size_t suffix = stream_suffix(name);
	size_t len = strlen(name) - suffix;
	const char *dot = memrchr(name, '.', len);
	struct archive_name n = {.is_packed = suffix > 0};
	uint64_t number;
	char part[16];

	if (!dot || dot == name || *name == '.' ||
		!str_format(part, sizeof(part), "%.*s", (int)(name + len - dot - 1), dot + 1))
		return false;
	n.base_len = (size_t)(dot - name);
	if (str_eq(part, "meta"))
		n.volume = ARCHIVE_VOLUME_META;
	else if (str_eq(part, "index"))
		n.volume = ARCHIVE_VOLUME_INDEX;
	else if (strspn(part, "0123456789") == strlen(part) && parse_u64(part, &number) == 0 &&
		 number < INT32_MAX)
		n.volume = (int)number;
	else
		return false;
	*ret = n;
	return true;
}
