// SPDX-License-Identifier: Apache-2.0
// The table of analyses, in the order in which they stand in a partial result.
#include "summarizer/analyses/rows.h"

#include "common/macro.h"

const struct analysis *const analyses[] = {
	&analysis_cpu_categories,
	&analysis_catastrophe,
	&analysis_patterns,
	&analysis_processes,
};
const size_t n_analyses = ARRAY_LEN(analyses);
_Static_assert(ARRAY_LEN(analyses) <= ANALYSES_MAX, "too many analyses");
