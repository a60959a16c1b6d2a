// SPDX-License-Identifier: Apache-2.0
// The importer's book in the warehouse: runs and their steps, what they met, where sources stand.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "accounting/problem.h"
#include "common/postgres/postgres.h"

enum { LEDGER_NUMBER_SIZE = 24, LEDGER_KEY_SIZE = 200 };

struct ledger {
	struct postgres *postgres;
	char run[LEDGER_NUMBER_SIZE];
};

struct ledger_step {
	const struct ledger *ledger;
	const char *cluster, *category, *source; // source without secrets
	char id[LEDGER_NUMBER_SIZE];
};

struct ledger_figures {
	uint64_t batches, records, added, changed, removed, quarantined;
};

int ledger_begin(struct postgres *p, struct ledger *ret, struct error *err) MUST_USE;
int ledger_end(const struct ledger *l, struct error *err) MUST_USE;

// Fills the step's id. *ret_place: where the source stands, in a.
int ledger_begin_step(struct ledger_step *s, const char *connector, struct arena *a,
	const char **ret_place, struct error *err) MUST_USE;
// Inside of the transaction of a batch: figures are added, problems and place kept (NULL: as it
// was).
int ledger_add(const struct ledger_step *s, const struct ledger_figures *f,
	const struct problems *p, const char *place, struct error *err) MUST_USE;
// What is kept as text has to be UTF-8, whatever a source holds. Keys are kept so.
const char *ledger_text(const char *text, char *copy, size_t size);
// Out of the quarantine: these keys, or with NULL all of the category.
int ledger_free(const struct ledger_step *s, const char *keys, struct error *err) MUST_USE;
int ledger_end_step(const struct ledger_step *s, const char *failure, struct error *err) MUST_USE;
