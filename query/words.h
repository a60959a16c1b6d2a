// SPDX-License-Identifier: Apache-2.0
// What can be asked: realms, and the statistics and dimensions of one, as the warehouse has them.
#pragma once

#include <stdbool.h>

#include "common/arena.h"
#include "common/error.h"

struct postgres;

struct word {
	const char *id, *label, *unit, *help; // unit "" where there is none
	bool is_public;                       // everybody may ask for it
};

struct words {
	const char *kind; // "statistic"; for the words of errors
	struct word *items;
	size_t n;
};

int words_realms(
	struct postgres *p, struct arena *a, struct words *ret, struct error *err) MUST_USE;
int words_statistics(struct postgres *p, const char *realm, struct arena *a, struct words *ret,
	struct error *err) MUST_USE;
int words_dimensions(struct postgres *p, const char *realm, struct arena *a, struct words *ret,
	struct error *err) MUST_USE;

// By id, else by label whatever its case. -EINVAL: there is none; err says which come near.
int words_find(const struct words *w, const char *name, const struct word **ret,
	struct error *err) MUST_USE;
