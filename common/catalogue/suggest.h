// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the known word nearest to one that is not known.
#pragma once

#include <stddef.h>

#define SUGGESTION_TEXT_SIZE 128

struct suggestion { // all zero: none yet
	const char *word;
	unsigned distance;
};

// Considers a known word for the unknown one; keeps the nearer of the two.
void suggest(struct suggestion *best, const char *unknown, const char *known);

// "; did you mean 'WORD'?" or "" when nothing is near.
const char *suggestion_text(const struct suggestion *best, char buf[SUGGESTION_TEXT_SIZE]);
