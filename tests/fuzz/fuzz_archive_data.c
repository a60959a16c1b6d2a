// SPDX-License-Identifier: Apache-2.0
// Any bytes as a data volume: every record, value set and value is decoded as each type.
#include <stdlib.h>

#include "summarizer/archive/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t decode(const struct archive_record *r, const struct archive_set *s)
{
	uint64_t sum = 0;
	for (int32_t i = 0; i < s->n; i++) {
		sum += (uint32_t)archive_value_instance(s, i);
		for (uint32_t type = 0; type <= ARCHIVE_TYPE_STRING; type++) {
			uint64_t bits = 0;
			if (archive_value_bits(r, s, i, type, &bits))
				sum += bits;
			struct bytes b = archive_value_block(r, s, i, type);
			if (s->is_block && b.data && b.len)
				sum += (uint64_t)b.data[0] + b.data[b.len - 1];
		}
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = {data, size};
	struct archive_label label;
	struct archive_record r;
	struct archive_set s;
	struct error err = {0};
	volatile uint64_t sum = 0;
	if (archive_label_parse(b, "fuzz", &label, &err) < 0)
		return 0;
	size_t at = label.size;
	int rc = 0;
	while ((rc = archive_record_parse((struct bytes){data + at, size - at}, label.version,
			(struct archive_spot){"fuzz", at}, &r, &err)) > 0) {
		struct archive_record whole = r;
		at += archive_record_size(&r);
		if (at > size)
			abort();
		while (archive_set_next(&r, &s) > 0)
			sum += decode(&whole, &s);
	}
	if (rc < 0 && err.text[0] == '\0')
		abort();
	return 0;
}
