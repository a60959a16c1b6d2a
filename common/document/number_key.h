// SPDX-License-Identifier: Apache-2.0
// What the items of a BSON array are called: 0, 1, 2 …, as text that counts on.
#pragma once

#include <stddef.h>

struct number_key {
	char text[24];
	size_t len; // without the NUL
};

#define NUMBER_KEY_FIRST ((struct number_key){"0", 1})

static inline void number_key_next(struct number_key *k)
{
	size_t i = k->len;

	while (i > 0 && k->text[i - 1] == '9')
		k->text[--i] = '0';
	if (i > 0) {
		k->text[i - 1]++;
		return;
	}
	k->text[0] = '1'; // 99 is 100 next
	k->text[k->len++] = '0';
	k->text[k->len] = '\0';
}
