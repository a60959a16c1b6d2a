// SPDX-License-Identifier: Apache-2.0
// The label that every file of an archive begins with.
#include "summarizer/archive/archive.h"

#define LABEL_MAGIC 0x50052600u

static const struct layout { // offsets after the leading length
	uint32_t size;       // of the whole record
	uint8_t time, volume;
	uint16_t host, host_size, zone, zone_size;
} layouts[] = {
	[2] = {132, 8, 16, 20, 64, 84, 40},
	[3] = {808, 8, 20, 32, 256, 288, 256},
};

static void copy_text(char *to, const uint8_t *from, size_t size)
{
	size_t len = strnlen((const char *)from, size);
	memcpy(to, from, len);
	to[len] = '\0';
}

int archive_label_parse(
	struct bytes b, const char *path, struct archive_label *ret, struct error *err)
{
	*ret = (struct archive_label){0};
	if (b.len < 8)
		return error_set(err, EBADMSG, "%s: too short for a PCP archive", path);
	uint32_t magic = wire_u32(b.data + 4);
	uint32_t version = magic & 0xff;
	if ((magic & 0xffffff00u) != LABEL_MAGIC)
		return error_set(err, EBADMSG, "%s: not a PCP archive (offset 4)", path);
	if (version != 2 && version != 3)
		return error_set(err, ENOTSUP, "%s: PCP archive version %u is not known (offset 4)",
			path, version);
	const struct layout *l = &layouts[version];
	if (b.len < l->size)
		return error_set(err, EBADMSG, "%s: the label is cut off", path);
	if (wire_u32(b.data) != l->size || wire_u32(b.data + l->size - 4) != l->size)
		return error_set(err, EBADMSG, "%s: the label has a wrong length (offset 0)", path);

	const uint8_t *p = b.data + 4;
	ret->version = (int)version;
	ret->size = l->size;
	ret->start_ns = wire_time(p + l->time, ret->version);
	ret->volume = (int)(int32_t)wire_u32(p + l->volume);
	copy_text(ret->host, p + l->host, l->host_size);
	copy_text(ret->zone, p + l->zone, l->zone_size);
	return 0;
}
