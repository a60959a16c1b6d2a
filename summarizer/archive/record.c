// SPDX-License-Identifier: Apache-2.0
// Framing of the records of a data volume.
#include "summarizer/archive/archive.h"

int archive_record_at(struct bytes volume, int version, size_t offset, const char *path,
	struct archive_record *ret, size_t *ret_next, struct error *err)
{
	size_t head = 4 + wire_time_size(version) + 4; // length, time, number of sets
	if (offset > volume.len || volume.len - offset < 4)
		return 0;
	const uint8_t *p = volume.data + offset;
	uint32_t len = wire_u32(p);
	if (len < head + 4)
		return error_set(err, EBADMSG,
			"%s: record has an impossible length %u (offset %zu)", path, len, offset);
	if (len > volume.len - offset)
		return 0;
	if (wire_u32(p + len - 4) != len)
		return error_set(err, EBADMSG,
			"%s: the two lengths of a record differ (offset %zu)", path, offset);
	*ret = (struct archive_record){
		.time_ns = wire_time(p + 4, version),
		.n_sets = wire_u32(p + head - 4),
		.start = p,
		.at = p + head,
		.end = p + len - 4,
	};
	*ret_next = offset + len;
	return 1;
}
