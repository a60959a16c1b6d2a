// SPDX-License-Identifier: Apache-2.0
// Whose a job is.
#pragma once

#include "pmdas/jobs/jobs.h"

// From the path of its group (version 1) or one of its processes (0 = none): sets uid and user, or
// neither.
void jobs_find_user(
	const struct jobs *j, const char *path, unsigned pid, struct jobs_processes *ret);

// From /run/jobsight/jobs/ID, where the prolog writes it; "" = not known.
void jobs_find_account(int root, const char *id, char *ret, size_t size);
