// SPDX-License-Identifier: Apache-2.0
// The rows of the table of analyses.
#pragma once

#include "summarizer/analyses/analysis.h"

extern const struct analysis analysis_cpu_categories;
extern const struct analysis analysis_catastrophe;
extern const struct analysis analysis_patterns;
extern const struct analysis analysis_processes;
