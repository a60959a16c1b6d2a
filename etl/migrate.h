// SPDX-License-Identifier: Apache-2.0
// Brings the schema of the warehouse up to what this program knows, and its columns up to the
// catalogue.
#pragma once

#include <stddef.h>

#include "common/catalogue/catalogue.h"
#include "common/error.h"
#include "common/postgres/postgres.h"

struct migration { // one file of etl/schema/, in the program since it was built
	int number;
	const char *name; // "003-create-facts"
	const char *text;
	size_t len;
};

extern const struct migration migrations[]; // by number
extern const size_t n_migrations;

// Applies what is not applied yet, each in a transaction of its own. -ESTALE when one that was
// applied reads otherwise now, or the warehouse is ahead of this program.
int migrate_schema(struct postgres *p, struct error *err) MUST_USE;
// Puts the catalogue into warehouse.metric, adds columns, makes the views: one transaction.
int migrate_catalogue(struct postgres *p, const struct catalogue *c, struct error *err) MUST_USE;
// How long facts are kept: intervals of PostgreSQL; "": for ever.
int migrate_keep(
	struct postgres *p, const char *metrics, const char *jobs, struct error *err) MUST_USE;
// The time zone whose days all figures are by.
int migrate_timezone(struct postgres *p, const char *zone, struct error *err) MUST_USE;
// 0 when the warehouse is at this program's last migration, else -ESTALE with words.
int migrate_check(struct postgres *p, struct error *err) MUST_USE;
