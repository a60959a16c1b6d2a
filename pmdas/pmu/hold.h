// SPDX-License-Identifier: Apache-2.0
// Whether somebody else wants the counters: a lock file of ours or of LIKWID.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "pmdas/pmu/site.h"

// Writes who holds them, "/run/jobsight/pmu.lock uid 1000", or "".
bool pmu_held(int root, const struct pmu_site *site, char *ret, size_t size);
