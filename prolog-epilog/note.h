// SPDX-License-Identifier: Apache-2.0
// What a prolog knows of a job and no file of the node says: its account, its GPUs. It is left as a small
// file for each job that is on the node, lines of a word and a value, which the PMDA `jobs` reads:
//
//   account physics
//   gpus 0,3            by Slurm's numbers; none: it has none
#pragma once

#include <stdbool.h>

#include "prolog-epilog/boundary.h"

#define NOTE_FOLDER "/run/jobsight/jobs"

// At the begin of a job on this node writes its file, at the end removes it; other events change nothing.
// False: it could not be done.
bool note_job(const char *folder, const struct boundary *b,
	const char *(*get)(void *context, const char *name), void *context);
