// SPDX-License-Identifier: Apache-2.0
// The words that a stanza may use where it has a choice, in the order of the enumerations of
// catalogue.h.
#pragma once

#include <stddef.h>

struct words {
	const char *const *word;
	size_t n;
};

extern const struct words words_scope, words_time, words_statistic, words_failure, words_weight,
	words_aggregate, words_audience, words_chart, words_type, words_shared, words_by,
	words_edges, words_points;

// The index of a word, or -1.
int words_find(const struct words *w, const char *text);
