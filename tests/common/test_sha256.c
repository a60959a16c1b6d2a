// SPDX-License-Identifier: Apache-2.0
// The vectors of FIPS 180-4's examples, and the same bytes in pieces.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "common/sha256.h"

static void check(const void *data, size_t len, const char *sum)
{
	char text[SHA256_TEXT_SIZE];

	cr_assert(eq(str, sha256_text(data, len, text), sum));
}

Test(sha256, known_vectors)
{
	static char million[1000000];

	check("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	check(million, sizeof(million),
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

Test(sha256, pieces_do_not_matter)
{
	unsigned char data[1000];
	char whole[SHA256_TEXT_SIZE];
	char parts[SHA256_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 31);
	for (size_t len = 0; len < 200; len++) {
		struct sha256 h;

		sha256_start(&h);
		for (size_t at = 0, n = 1; at < len; at += n, n = n * 3 % 71 + 1) {
			n = n < len - at ? n : len - at;
			sha256_add(&h, data + at, n);
		}
		cr_assert(
			eq(str, sha256_end_text(&h, parts), (char *)sha256_text(data, len, whole)));
	}
}
