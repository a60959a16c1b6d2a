// SPDX-License-Identifier: Apache-2.0
// The probe's job script: a template whose ${name} become settings. Names that are none of ours
// stay: they are the shell's.
#pragma once

#include "common/arena.h"
#include "common/error.h"
#include "common/settings.h"

// result: the file into which the job writes what it finds.
int script_make(const struct settings *s, const char *result, struct arena *a, const char **ret,
	struct error *err) MUST_USE;
