// SPDX-License-Identifier: Apache-2.0
// Writes and reads the relay's messages (docs/relay.md). Reading refuses whatever is not exactly a
// message of ours; what it lets through cannot name a file outside the tree.
#include "relay/envelope.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "relay/crc32c.h"

static const uint8_t magic[4] = {'J', 'S', 'R', 'E'};

static void put_number(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint64_t get_number(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

void envelope_put(const struct envelope *e, struct strbuf *out)
{
	uint8_t header[ENVELOPE_HEADER] = {0};
	uint8_t sum[ENVELOPE_SUM];
	size_t path_len = strlen(e->path);
	size_t start = out->len;

	memcpy(header, magic, sizeof(magic));
	header[4] = ENVELOPE_VERSION;
	put_number(header + 6, path_len, 2);
	put_number(header + 8, e->generation, 8);
	put_number(header + 16, e->offset, 8);
	put_number(header + 24, e->len, 4);
	strbuf_add(out, header, sizeof(header));
	strbuf_add(out, e->path, path_len);
	strbuf_add(out, e->data, e->len);
	put_number(sum, crc32c(out->text + start, out->len - start), sizeof(sum));
	strbuf_add(out, sum, sizeof(sum));
}

// The fixed part: sizes that agree with each other and with the message.
static int read_header(
	const uint8_t *m, size_t len, struct envelope *e, size_t *ret_path_len, struct error *err)
{
	if (len < ENVELOPE_HEADER + ENVELOPE_SUM || memcmp(m, magic, sizeof(magic)) != 0)
		return error_set(err, EBADMSG, "not a message of the relay");
	if (m[4] != ENVELOPE_VERSION || m[5] || get_number(m + 28, 4))
		return error_set(err, EBADMSG, "message of unknown version %d", m[4]);
	size_t path_len = get_number(m + 6, 2);
	e->generation = get_number(m + 8, 8);
	e->offset = get_number(m + 16, 8);
	e->len = (uint32_t)get_number(m + 24, 4);
	if (path_len == 0 || path_len > ENVELOPE_PATH_MAX || e->len == 0 ||
		e->len > ENVELOPE_PAYLOAD_MAX ||
		len != ENVELOPE_HEADER + path_len + e->len + ENVELOPE_SUM)
		return error_set(err, EBADMSG, "message whose lengths do not agree");
	if (e->generation == 0 || e->offset > ENVELOPE_FILE_MAX - e->len)
		return error_set(err, EBADMSG, "message for an impossible place in a file");
	*ret_path_len = path_len;
	return 0;
}

int envelope_read(const void *message, size_t len, struct envelope *ret, struct error *err)
{
	const uint8_t *m = message;
	struct envelope e = {0};
	size_t path_len = 0;

	TRY(read_header(m, len, &e, &path_len, err));
	len -= ENVELOPE_SUM;
	if (crc32c(m, len) != get_number(m + len, ENVELOPE_SUM))
		return error_set(err, EBADMSG, "message with a wrong checksum");
	memcpy(e.path, m + ENVELOPE_HEADER, path_len);
	if (strlen(e.path) != path_len || !relay_path_valid(e.path))
		return error_set(err, EBADMSG, "message for a path that is not an archive's");
	e.data = m + ENVELOPE_HEADER + path_len;
	*ret = e;
	return 0;
}

// Takes n digits and a slash; NULL: something else is there.
static const char *digits_part(const char *s, size_t n, unsigned low, unsigned high)
{
	unsigned value = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return NULL;
		value = value * 10 + (unsigned)(s[i] - '0');
	}
	return s[n] == '/' && value >= low && value <= high ? s + n + 1 : NULL;
}

// Takes a part made of harmless characters that begins with no dot; returns where it ends.
static const char *name_part(const char *s)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t n = strspn(s, allowed);

	return n == 0 || n > 255 || *s == '.' ? NULL : s + n;
}

static bool ends_as_archive(const char *name, size_t len)
{
	static const char *const packed[] = {".xz", ".zst", ".gz", ".bz2"};

	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		size_t n = strlen(packed[i]);
		if (len > n && memcmp(name + len - n, packed[i], n) == 0) {
			len -= n;
			break;
		}
	}
	size_t dot = len;
	while (dot > 0 && name[dot - 1] != '.')
		dot--;
	if (dot < 2)
		return false;
	const char *kind = name + dot;
	size_t n = len - dot;
	if ((n == 4 && memcmp(kind, "meta", 4) == 0) || (n == 5 && memcmp(kind, "index", 5) == 0))
		return true;
	for (size_t i = 0; i < n; i++)
		if (kind[i] < '0' || kind[i] > '9')
			return false;
	return n > 0 && n < 10;
}

bool relay_path_valid(const char *path)
{
	const char *s = name_part(path);
	const char *end;

	if (!s || *s++ != '/')
		return false;
	s = digits_part(s, 4, 1970, 9999);
	s = s ? digits_part(s, 2, 1, 12) : NULL;
	s = s ? digits_part(s, 2, 1, 31) : NULL;
	end = s ? name_part(s) : NULL;
	return end && *end == '\0' && ends_as_archive(s, (size_t)(end - s));
}

int64_t relay_path_day(const char *path)
{
	const char *s = strchr(path, '/') + 1; // yyyy/mm/dd
	struct civil day = {
		.year = (s[0] - '0') * 1000 + (s[1] - '0') * 100 + (s[2] - '0') * 10 + s[3] - '0',
		.month = (s[5] - '0') * 10 + s[6] - '0',
		.day = (s[8] - '0') * 10 + s[9] - '0',
	};

	return unix_from_civil(day);
}
