// SPDX-License-Identifier: Apache-2.0
// A report, and a period in its first line: what is taken has a title, sections and statistics.
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "export/period.h"
#include "export/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *text = arena_strndup(&a, (const char *)data, size);
	size_t line = strcspn(text, "\n");
	struct report r;
	struct period p;
	struct error err = {0};

	if (period_parse(arena_strndup(&a, text, line), &p, &err) == 0 && p.end_s < p.begin_s)
		abort();
	if (report_parse("report", text, strlen(text), &a, &r, &err) < 0)
		return 0;
	if (!r.title || r.n_sections == 0)
		abort();
	for (size_t i = 0; i < r.n_sections; i++)
		if (!r.sections[i].title || r.sections[i].n_statistics == 0 ||
			r.sections[i].rows == 0 ||
			(r.sections[i].kind == SECTION_TABLE && !r.sections[i].dimension))
			abort();
	return 0;
}
