// SPDX-License-Identifier: Apache-2.0
// Batch scripts that a site saved when jobs were submitted: ROOT/YYYYMMDD/[FOLDER/]ID.savescript, as
// SUPReMM takes them; ID is Slurm's own number, or JOB[TASK] of an array.
#pragma once

#include "common/arena.h"
#include "common/clock.h"
#include "common/job.h"

#define SCRIPT_MAX 65535 // bytes of a script that are read

// Gives each job that has none its script, where there is one: of the day of its submission, or the
// day after or before. Days are those of the zone.
void scripts_read(const char *root, const struct timezone_rules *zone, struct job *jobs, size_t n,
	struct arena *a);
