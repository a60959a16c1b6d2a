// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "relay/crc32c.h"
#include "relay/envelope.h"

#define PATH "node1/2026/11/21/20261121.00.10.0"

static struct strbuf make(const char *path, uint64_t offset)
{
	struct envelope e = {.generation = 7, .offset = offset, .len = 5};
	struct strbuf out = {0};

	e.data = (const uint8_t *)"bytes";
	str_format(e.path, sizeof(e.path), "%s", path);
	envelope_put(&e, &out);
	return out;
}

Test(envelope, comes_back)
{
	CLEANUP(strbuf_release) struct strbuf m = make(PATH, UINT64_C(5) << 30);
	struct envelope e;

	cr_assert_eq(envelope_read(m.text, m.len, &e, NULL), 0);
	cr_assert_str_eq(e.path, PATH);
	cr_assert_eq(e.generation, 7);
	cr_assert_eq(e.offset, UINT64_C(5) << 30);
	cr_assert_eq(e.len, 5);
	cr_assert_arr_eq(e.data, "bytes", 5);
}

// The vectors of RFC 3720, B.4, and what is said in both ways of every length and place.
Test(envelope, checksum)
{
	uint8_t data[256];

	memset(data, 0, sizeof(data));
	cr_assert_eq(crc32c(data, 32), 0x8a9136aa);
	memset(data, 0xff, sizeof(data));
	cr_assert_eq(crc32c(data, 32), 0x62a8ab43);
	cr_assert_eq(crc32c("123456789", 9), 0xe3069283);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 3);
	for (size_t at = 0; at < 9; at++)
		for (size_t len = 0; at + len <= sizeof(data); len++)
			cr_assert_eq(crc32c(data + at, len), crc32c_plain(data + at, len));
}

// Any one changed bit, and any cut, is refused.
Test(envelope, damage)
{
	CLEANUP(strbuf_release) struct strbuf m = make(PATH, 0);
	struct envelope e;

	for (size_t bit = 0; bit < m.len * 8; bit++) {
		m.text[bit / 8] = (char)(m.text[bit / 8] ^ 1 << bit % 8);
		cr_assert_eq(envelope_read(m.text, m.len, &e, NULL), -EBADMSG);
		m.text[bit / 8] = (char)(m.text[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t len = 0; len < m.len; len++)
		cr_assert_eq(envelope_read(m.text, len, &e, NULL), -EBADMSG);
}

// With a right checksum, but for a place that no archive has.
Test(envelope, impossible_place)
{
	static const uint64_t offsets[] = {ENVELOPE_FILE_MAX - 4, ENVELOPE_FILE_MAX, UINT64_MAX,
		UINT64_MAX - 4, UINT64_C(1) << 63};
	struct envelope e;

	for (size_t i = 0; i < ARRAY_LEN(offsets); i++) {
		CLEANUP(strbuf_release) struct strbuf m = make(PATH, offsets[i]);
		cr_assert_eq(envelope_read(m.text, m.len, &e, NULL), -EBADMSG);
	}
}

static const char *const good[] = {PATH, "n/2026/01/31/a.meta", "n-1.x_y/1999/12/01/a.b.index",
	"n/2026/01/31/a.12.xz", "n/2026/01/31/a.meta.zst"};

static const char *const bad[] = {"", "/", "/etc/passwd", "../2026/01/01/a.0", "n/2026/01/01/..0",
	"n/2026/01/01/../a.0", "n/2026/01/01/a.0/", "n/2026/01/01//a.0", "n//2026/01/01/a.0",
	".n/2026/01/01/a.0", "n/2026/13/01/a.0", "n/2026/00/01/a.0", "n/2026/01/32/a.0",
	"n/2026/1/01/a.0", "n/2026/01/01/a", "n/2026/01/01/a.", "n/2026/01/01/.meta",
	"n/2026/01/01/a.conf", "n/2026/01/01/a.xz", "n/2026/01/01/a.0\n", "n/2026/01/01/a b.0",
	"n/2026/01/01/a.0.xz.gz", "n/2026/01/01/a.1234567890", "n/2026/01/01/sub/a.0",
	"n/2026/01/01/\xc3\xa4.0", "~/2026/01/01/a.0"};

Test(envelope, paths)
{
	struct envelope e;

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		cr_assert(relay_path_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		CLEANUP(strbuf_release) struct strbuf m = make(bad[i], 0);
		cr_assert_not(relay_path_valid(bad[i]), "%s", bad[i]);
		cr_assert_eq(envelope_read(m.text, m.len, &e, NULL), -EBADMSG);
	}
	cr_assert_eq(relay_path_day("n/1970/01/02/a.0"), 86400);
}
