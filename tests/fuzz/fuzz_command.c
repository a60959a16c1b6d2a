// SPDX-License-Identifier: Apache-2.0
// Commands that a site sets: words that are quoted and put together again are the same words.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/str.h"
#include "keeper/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// In quotes of a kind that the word does not hold; one that holds both is put in pieces.
static void quote(struct strbuf *out, const char *word)
{
	if (*word == '\0')
		strbuf_puts(out, "''");
	while (*word) {
		char mark = *word == '\'' ? '"' : '\'';
		size_t n = mark == '"' ? strspn(word, "'") : strcspn(word, "'");

		strbuf_printf(out, "%c%.*s%c", mark, (int)n, word, mark);
		word += n;
	}
	strbuf_putc(out, ' ');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena arena = {0};
	CLEANUP(strbuf_release) struct strbuf text = {0};
	const char **words;
	const char **again;
	struct error err = {0};
	size_t n = 0;

	if (command_split(arena_strndup(&arena, (const char *)data, size), &arena, &words, &err) <
		0) {
		if (err.text[0] == '\0')
			abort();
		return 0;
	}
	for (; words[n]; n++)
		quote(&text, words[n]);
	if (n == 0 || command_split(strbuf_text(&text), &arena, &again, &err) < 0)
		abort();
	for (size_t i = 0; i <= n; i++)
		if (!words[i] != !again[i] || (words[i] && !str_eq(words[i], again[i])))
			abort();
	return 0;
}
