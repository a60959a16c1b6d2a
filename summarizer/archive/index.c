// SPDX-License-Identifier: Apache-2.0
// The temporal index: where in the volumes a time is to be found.
#include "summarizer/archive/archive.h"

static size_t entry_size(int version)
{
	return version == 2 ? 20 : 32;
}

int archive_index_parse(
	struct bytes b, const char *path, struct archive_index *ret, struct error *err)
{
	struct archive_label label;
	*ret = (struct archive_index){0};
	TRY(archive_label_parse(b, path, &label, err));
	ret->version = label.version;
	ret->bytes = (struct bytes){b.data + label.size, b.len - label.size};
	ret->n = ret->bytes.len / entry_size(label.version);
	return 0;
}

struct archive_index_entry archive_index_at(const struct archive_index *x, size_t i)
{
	const uint8_t *p = x->bytes.data + i * entry_size(x->version);
	unsigned time_size = wire_time_size(x->version);
	struct archive_index_entry e = {
		.time_ns = wire_time(p, x->version),
		.volume = (int)(int32_t)wire_u32(p + time_size),
	};
	p += time_size + 4;
	e.meta_offset = x->version == 2 ? wire_u32(p) : wire_u64(p);
	e.data_offset = x->version == 2 ? wire_u32(p + 4) : wire_u64(p + 8);
	return e;
}

int archive_index_find(
	const struct archive_index *x, int64_t time_ns, struct archive_index_entry *ret)
{
	size_t low = 0;
	size_t high = x->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (archive_index_at(x, middle).time_ns <= time_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	*ret = archive_index_at(x, low - 1);
	return 1;
}
