// SPDX-License-Identifier: Apache-2.0
// Documents of jobs. Ask only for a job that the warehouse has shown to this person: the document
// store knows no rights.
#pragma once

#include "common/document/document.h"
#include "common/settings.h"
#include "common/store/store.h"

struct documents;

int documents_open(const struct settings *s, struct documents **ret, struct error *err) MUST_USE;
void documents_close(struct documents *d); // NULL allowed

// 1 found (bytes in a), 0 absent, -EAGAIN when the store cannot be reached now.
int documents_get(struct documents *d, const struct job_key *key, struct arena *a,
	struct store_item *ret, struct error *err) MUST_USE;
