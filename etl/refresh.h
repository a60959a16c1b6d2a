// SPDX-License-Identifier: Apache-2.0
// Figures by day, month, quarter and year, made anew where jobs changed.
#pragma once

#include <stdint.h>

#include "common/error.h"
#include "common/postgres/postgres.h"

// Makes all periods that are marked, each in a transaction of its own; *ret_n: how many, on
// failure too. Whoever is killed goes on where it stopped. helper: gives a connection of its own that
// does half of each day at the same time, or NULL; asked where a day is marked.
int refresh_marked(struct postgres *p, struct postgres *(*helper)(void *context), void *context,
	uint64_t *ret_n, struct error *err) MUST_USE;

// Makes what everybody may see of months that are over, the newest first, for a minute or so: what is left, as after
// years moved over, the next load goes on with. *ret_n: months.
int refresh_publish(struct postgres *p, uint64_t *ret_n, struct error *err) MUST_USE;

// Makes partitions of months to come and drops those whose time is over.
int refresh_keep(struct postgres *p, struct error *err) MUST_USE;
