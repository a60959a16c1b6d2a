// SPDX-License-Identifier: Apache-2.0
// A job of accounting becomes a record, wherever it came from.
#pragma once

#include <stdbool.h>

#include "accounting/stage.h"
#include "accounting/wckey.h"
#include "common/job.h"

struct problems;

// What all sources of jobs know. False: the job makes no sense, and was put into the quarantine
// under key; the arena holds texts of the record.
bool job_record(const struct job *j, const char *key, const struct wckey_form *form,
	struct problems *p, struct arena *a, struct record *ret);
