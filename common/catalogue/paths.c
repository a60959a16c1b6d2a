// SPDX-License-Identifier: Apache-2.0
// Which numbers lie at and below the document path of an output.
#include "common/catalogue/paths.h"

#include <string.h>

static const struct {
	unsigned keep;
	const char *field;
} fields[PATHS_MAX_FIELDS] = {
	{STATISTIC_ALL | STATISTIC_AVG, "avg"},
	{STATISTIC_TOTAL, "total"},
	{STATISTIC_ALL | STATISTIC_MAX, "max"},
	{STATISTIC_ALL | STATISTIC_MIN, "min"},
	{STATISTIC_ALL | STATISTIC_CNT, "cnt"},
	{STATISTIC_ALL, "cov"},
	{STATISTIC_ALL, "med"},
	{STATISTIC_ALL, "std"},
	{STATISTIC_ALL, "krt"},
	{STATISTIC_ALL, "skw"},
};

size_t output_fields(const struct output *o, const char *ret[PATHS_MAX_FIELDS])
{
	size_t n = 0;

	if (o->keep & STATISTIC_VALUE)
		ret[n++] = "";
	for (size_t i = 0; i < ARRAY_LEN(fields) && n < PATHS_MAX_FIELDS; i++)
		if (o->keep & fields[i].keep)
			ret[n++] = fields[i].field;
	return n;
}

// What is left of path after the words of a document path; NULL when they differ.
static const char *below(const char *document, const char *path)
{
	while (*document) {
		size_t n = strcspn(document, ".");
		size_t m = strcspn(path, ".");
		bool is_star = n == 1 && *document == '*';

		if (m == 0 || (!is_star && (n != m || strncmp(document, path, n) != 0)))
			return NULL;
		document += n + (document[n] == '.');
		path += m + (path[m] == '.');
	}
	return path;
}

bool output_has_path(const struct output *o, const char *path)
{
	const char *names[PATHS_MAX_FIELDS];
	size_t n = output_fields(o, names);
	const char *rest = below(o->document, path);

	for (size_t i = 0; rest && i < n; i++)
		if (str_eq(names[i], rest))
			return true;
	return false;
}
