// SPDX-License-Identifier: Apache-2.0
// Times and durations as text: what parses prints as a text that parses to the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_time(const char *text)
{
	// The years that format_time can write.
	const int64_t first = unix_from_civil((struct civil){1, 1, 1, 0, 0, 0});
	const int64_t last = unix_from_civil((struct civil){9999, 12, 31, 23, 59, 59});
	char buf[TIME_TEXT_SIZE];
	int64_t t;
	int64_t again;

	if (parse_time(text, NULL, &t) < 0 || t < first || t > last)
		return;
	if (parse_time(format_time(t, buf), NULL, &again) < 0 || t != again)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	char *text = arena_strndup(&arena, size ? (const char *)data : "", size);
	int64_t s;
	uint64_t bytes;
	double number;

	check_time(text);
	if (parse_duration(text, &s) == 0) {
		int64_t again;

		if (s < 0 ||
			parse_duration(arena_printf(&arena, "%lld", (long long)s), &again) < 0 ||
			s != again)
			abort();
	}
	(void)!parse_bytes(text, &bytes);
	(void)!parse_double(text, &number);
	return 0;
}
