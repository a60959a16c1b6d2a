// SPDX-License-Identifier: Apache-2.0
// libpfm4, for events that a site names in its words. Nothing else needs it.
#pragma once

#include "pmdas/pmu/encode.h"

// Encodes an event of this machine, type included. NULL, or what is wrong.
const char *pmu_pfm_encode(const char *event, struct pmu_encoding *ret);
