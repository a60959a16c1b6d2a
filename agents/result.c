// SPDX-License-Identifier: Apache-2.0
// Line by line; a line that is not ended is still being written.
#include "agents/result.h"

#include <string.h>

#include "common/file.h"
#include "common/str.h"

enum { RESULT_MAX = 1 << 20 };

static int64_t take_time(const char *text)
{
	char number[24];
	size_t n = strspn(text, "0123456789");
	int64_t s;

	if (!str_format(number, sizeof(number), "%.*s", (int)(n < 23 ? n : 23), text) ||
		parse_i64(number, &s) < 0)
		return 0;
	return s;
}

static void take_line(const char *line, const char **said, struct arena *a, struct result *ret)
{
	if (str_starts(line, "started ")) {
		ret->started_s = take_time(line + strlen("started "));
	} else if (str_starts(line, "ended ")) {
		ret->ended_s = take_time(line + strlen("ended "));
	} else if (str_starts(line, "filesystem failed ")) {
		if (!ret->failed)
			ret->failed = arena_printf(a, "%s%s%s", line + strlen("filesystem failed "),
				**said ? ": " : "", *said);
	} else if (str_starts(line, "filesystem ok ")) {
		*said = "";
	} else {
		*said = line;
	}
}

void result_parse(struct bytes text, struct arena *a, struct result *ret)
{
	char *at = arena_strndup(a, (const char *)text.data, text.len);
	const char *said = "";

	*ret = (struct result){0};
	for (char *end; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		take_line(at, &said, a, ret);
	}
	if (ret->ended_s < ret->started_s) // clocks of one job do not go back that far
		ret->ended_s = ret->ended_s ? ret->started_s : 0;
}

void result_read(const char *path, struct arena *a, struct result *ret)
{
	struct error err = {0};
	struct bytes text;

	*ret = (struct result){0};
	if (file_read(path, RESULT_MAX, a, &text, &err) == 0)
		result_parse(text, a, ret);
}
