// SPDX-License-Identifier: Apache-2.0
// Time zones: reads compiled IANA files (TZif, RFC 8536), so that any number of zones serve any
// number of threads without the process-wide TZ.
#include "common/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/memory.h"
#include "common/str.h"
#include "common/timezone.h"

enum { HEADER_SIZE = 44, ZONE_MAX_BYTES = 1 << 20, TYPE_SIZE = 6, OFFSET_MAX_S = 26 * 3600 };

struct timezone_rules {
	struct arena arena;
	const int64_t *instants; // transitions, rising
	const int *offsets;      // offset from that instant on
	size_t n;
	int first_offset; // before the first transition
	bool has_rule;
	struct zone_rule rule; // after the last transition
};

struct counts { // of one data block, as in the file's header
	uint32_t is_ut, is_std, leaps, times, types, chars;
};

static uint32_t read_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t read_time(const uint8_t *p, size_t width)
{
	if (width == 4)
		return (int32_t)read_u32(p);
	return (int64_t)((uint64_t)read_u32(p) << 32 | read_u32(p + 4));
}

static bool read_header(struct bytes b, struct counts *ret)
{
	const uint8_t *p = b.data + 20;

	if (b.len < HEADER_SIZE || memcmp(b.data, "TZif", 4) != 0)
		return false;
	*ret = (struct counts){read_u32(p), read_u32(p + 4), read_u32(p + 8), read_u32(p + 12),
		read_u32(p + 16), read_u32(p + 20)};
	return ret->times <= 65536 && ret->types >= 1 && ret->types <= 256 && ret->chars <= 65536 &&
	       ret->leaps <= 65536 && ret->is_std <= 256 && ret->is_ut <= 256;
}

static size_t block_size(const struct counts *c, size_t width)
{
	return c->times * (width + 1) + c->types * (size_t)TYPE_SIZE + c->chars +
	       c->leaps * (width + 4) + c->is_std + c->is_ut;
}

static struct bytes skip(struct bytes b, size_t n)
{
	return (struct bytes){b.data + n, b.len - n};
}

static bool read_transitions(
	struct timezone_rules *z, const uint8_t *data, const struct counts *c, size_t width)
{
	const uint8_t *index = data + c->times * width;
	const uint8_t *types = index + c->times;
	int64_t *instants = arena_array(&z->arena, c->times, sizeof(*instants));
	int *offsets = arena_array(&z->arena, c->times, sizeof(*offsets));

	for (uint32_t i = 0; i < c->types; i++) {
		int32_t offset = (int32_t)read_u32(types + i * (size_t)TYPE_SIZE);

		if (offset < -OFFSET_MAX_S || offset > OFFSET_MAX_S)
			return false;
	}
	for (uint32_t i = 0; i < c->times; i++) {
		instants[i] = read_time(data + i * width, width);
		if (index[i] >= c->types || (i && instants[i] <= instants[i - 1]))
			return false;
		offsets[i] = (int32_t)read_u32(types + index[i] * (size_t)TYPE_SIZE);
	}
	z->first_offset = (int32_t)read_u32(types);
	z->instants = instants;
	z->offsets = offsets;
	z->n = c->times;
	return true;
}

// "\nCET-1CEST,M3.5.0,M10.5.0/3\n" ends a file of version 2 or later; it may be empty.
static bool read_footer(struct timezone_rules *z, struct bytes b)
{
	const uint8_t *end = b.len > 1 ? memchr(b.data + 1, '\n', b.len - 1) : NULL;
	const char *text;

	if (!end || b.data[0] != '\n')
		return false;
	text = arena_strndup(&z->arena, (const char *)b.data + 1, (size_t)(end - b.data) - 1);
	if (!*text)
		return true;
	z->has_rule = zone_rule_parse(text, &z->rule);
	return z->has_rule;
}

static bool read_zone(struct timezone_rules *z, struct bytes b)
{
	struct counts c;
	size_t width = 4;

	if (!read_header(b, &c))
		return false;
	if (b.data[4] >= '2') { // the block of 32-bit times comes first: skip it
		size_t first = HEADER_SIZE + block_size(&c, width);

		if (b.len < first)
			return false;
		b = skip(b, first);
		width = 8;
		if (!read_header(b, &c))
			return false;
	}
	b = skip(b, HEADER_SIZE);
	if (b.len < block_size(&c, width) || !read_transitions(z, b.data, &c, width))
		return false;
	return width == 4 || read_footer(z, skip(b, block_size(&c, width)));
}

int timezone_parse(
	const char *name, struct bytes text, struct timezone_rules **ret, struct error *err)
{
	struct timezone_rules *z = memory_alloc(1, sizeof(*z));

	if (!read_zone(z, text)) {
		timezone_close(z);
		return error_set(err, EBADMSG, "time zone %s: damaged zone file", name);
	}
	*ret = z;
	return 0;
}

void timezone_close(struct timezone_rules *z)
{
	if (!z)
		return;
	arena_release(&z->arena);
	free(z);
}

// A name becomes part of a path: only what zone names are made of, and no way upwards.
static bool is_zone_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";

	return *name && *name != '/' && !name[strspn(name, allowed)];
}

int timezone_open(const char *name, struct timezone_rules **ret, struct error *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct bytes text;
	char path[256];

	if (str_eq(name, "UTC")) { // needs no file, so that a node without tzdata works
		*ret = memory_alloc(1, sizeof(**ret));
		return 0;
	}
	if (!is_zone_name(name) || !str_format(path, sizeof(path), ZONE_DIRECTORY "/%s", name))
		return error_set(err, EINVAL, "time zone \"%s\": not an IANA name", name);
	if (file_read(path, ZONE_MAX_BYTES, &arena, &text, NULL) < 0)
		return error_set(
			err, ENOENT, "time zone %s: not known here (no readable %s)", name, path);
	return timezone_parse(name, text, ret, err);
}

int timezone_offset(const struct timezone_rules *z, int64_t utc_s)
{
	size_t lo = 0;
	size_t hi = z->n;

	while (lo < hi) { // to the number of transitions that are not after utc_s
		size_t mid = lo + (hi - lo) / 2;

		if (z->instants[mid] <= utc_s)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == z->n && z->has_rule)
		return zone_rule_offset(&z->rule, utc_s);
	return lo ? z->offsets[lo - 1] : z->first_offset;
}

struct civil civil_in_zone(const struct timezone_rules *z, int64_t utc_s)
{
	return civil_from_unix(utc_s + timezone_offset(z, utc_s));
}

// The instant in (lo, hi] from which the offset is no longer that of lo.
static int64_t find_change(const struct timezone_rules *z, int64_t lo, int64_t hi)
{
	int before = timezone_offset(z, lo);

	while (hi - lo > 1) {
		int64_t mid = lo + (hi - lo) / 2;

		if (timezone_offset(z, mid) == before)
			lo = mid;
		else
			hi = mid;
	}
	return hi;
}

int64_t unix_in_zone(const struct timezone_rules *z, struct civil local)
{
	int64_t wall = unix_from_civil(local);
	int before = timezone_offset(z, wall - OFFSET_MAX_S);
	int after = timezone_offset(z, wall + OFFSET_MAX_S);
	int middle = timezone_offset(z, wall - before);
	int64_t first = INT64_MAX;

	// An instant is right when its own offset leads back to it; a fold has two of them.
	for (int i = 0; i < 3; i++) {
		int offset = i == 0 ? before : i == 1 ? middle : after;
		int64_t utc_s = wall - offset;

		if (timezone_offset(z, utc_s) == offset && utc_s < first)
			first = utc_s;
	}
	if (first != INT64_MAX)
		return first;
	return find_change(z, wall - OFFSET_MAX_S, wall + OFFSET_MAX_S);
}
