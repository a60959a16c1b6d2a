// SPDX-License-Identifier: Apache-2.0
// Nearest known word by edit distance, where swapping two neighbours counts as one edit.
#include "common/catalogue/suggest.h"

#include <string.h>

#include "common/str.h"

#define MAX_WORD 90

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

// Optimal string alignment distance, rows kept in a ring of three. Long words are never near.
static unsigned distance(const char *a, const char *b)
{
	size_t n = strlen(a);
	size_t m = strlen(b);

	if (n > MAX_WORD || m > MAX_WORD)
		return MAX_WORD;

	unsigned rows[3][MAX_WORD + 1];
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned *now = rows[i % 3];
		const unsigned *last = rows[(i + 2) % 3];
		const unsigned *before = rows[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			now[j] = least(least(last[j] + 1, now[j - 1] + 1),
				last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[n % 3][m];
}

void suggest(struct suggestion *best, const char *unknown, const char *known)
{
	if (str_eq(unknown, known))
		return; // known, but not here

	unsigned d = distance(unknown, known);
	size_t len = strlen(unknown);
	unsigned allowed = len < 3 ? 0 : len < 6 ? 1 : len < 10 ? 2 : 3;

	// A word cut short or carried on is near too: "stat" for "statistics".
	if (len >= 4 && d > allowed && (str_starts(known, unknown) || str_starts(unknown, known)))
		d = allowed;
	if (d <= allowed && (!best->word || d < best->distance)) {
		best->word = known;
		best->distance = d;
	}
}

const char *suggestion_text(const struct suggestion *best, char buf[SUGGESTION_TEXT_SIZE])
{
	if (!best->word)
		return "";
	str_format(buf, SUGGESTION_TEXT_SIZE, "; did you mean '%s'?", best->word);
	return buf;
}
