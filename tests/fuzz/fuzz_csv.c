// SPDX-License-Identifier: Apache-2.0
// Any bytes as CSV: what was read is written, and read again it is the same.
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_row(const struct csv_row *row, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct csv_row again = {0};
	struct error err = {0};
	struct csv c;

	for (size_t i = 0; i < row->n; i++)
		csv_put(&text, row->fields[i]);
	csv_open(&c, "again", (struct bytes){(const uint8_t *)text.text, text.len}, ',');
	if (c.at != text.text) // a field that begins with a byte order mark
		return;
	if (csv_next(&c, a, &again, &err) != 1 || again.n != row->n)
		abort();
	for (size_t i = 0; i < row->n; i++)
		if (strcmp(again.fields[i], row->fields[i]) != 0)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t none[1];
	CLEANUP(arena_release) struct arena a = {0};
	struct csv_row row;
	struct error err = {0};
	struct csv c;
	int rc;

	csv_open(&c, "input", (struct bytes){size ? data : none, size}, ',');
	while ((rc = csv_next(&c, &a, &row, &err)) != 0)
		if (rc > 0)
			check_row(&row, &a);
	return 0;
}
