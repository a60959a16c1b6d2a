// SPDX-License-Identifier: Apache-2.0
// Framing of the records of a data volume.
#include "summarizer/archive/archive.h"

#include <inttypes.h>

int archive_record_parse(struct bytes b, int version, struct archive_spot where,
	struct archive_record *ret, struct error *err)
{
	size_t head = 4 + wire_time_size(version) + 4; // length, time, number of sets
	if (b.len < 4)
		return 0;
	const uint8_t *p = b.data;
	uint32_t len = wire_u32(p);
	if (len < head + 4 || len > ARCHIVE_RECORD_MAX)
		return error_set(err, EBADMSG,
			"%s: record has an impossible length %u (offset %" PRIu64 ")", where.path,
			len, where.offset);
	if (len > b.len)
		return 0;
	if (wire_u32(p + len - 4) != len)
		return error_set(err, EBADMSG,
			"%s: the two lengths of a record differ (offset %" PRIu64 ")", where.path,
			where.offset);
	*ret = (struct archive_record){
		.time_ns = wire_time(p + 4, version),
		.n_sets = wire_u32(p + head - 4),
		.start = p,
		.at = p + head,
		.end = p + len - 4,
	};
	return 1;
}
