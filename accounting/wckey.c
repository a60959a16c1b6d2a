// SPDX-License-Identifier: Apache-2.0
// Splitting wckeys by the form that the site has configured.
#include "accounting/wckey.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/macro.h"

static const char *const words[] = {
	[WCKEY_PROJECT] = "project",
	[WCKEY_BUSINESS] = "business",
	[WCKEY_OTHER] = "other",
};

static enum wckey_word word_of(const char *text, size_t len)
{
	for (size_t i = WCKEY_PROJECT; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && strncmp(words[i], text, len) == 0)
			return (enum wckey_word)i;
	return WCKEY_NOTHING;
}

static size_t word_length(const char *text)
{
	size_t len = 0;

	while (isalpha((unsigned char)text[len]))
		len++;
	return len;
}

int wckey_form_parse(const char *text, struct arena *a, struct wckey_form *ret, struct error *err)
{
	*ret = (struct wckey_form){0};
	for (text = text ? text : ""; *text;) {
		size_t len = word_length(text);
		enum wckey_word word = word_of(text, len);
		size_t between = 0;

		if (word == WCKEY_NOTHING || ret->n == WCKEY_PARTS_MAX)
			return error_set(err, EINVAL,
				"import.wckey: '%.40s': words are project, business and other, "
				"with something between them",
				text);
		text += len;
		while (text[between] && !isalpha((unsigned char)text[between]))
			between++;
		ret->parts[ret->n++] =
			(struct wckey_part){.word = word, .after = arena_strndup(a, text, between)};
		text += between;
	}
	return 0;
}

// The length of a part: up to what follows it, the last up to the end, where that must not come
// again.
static size_t part_length(const struct wckey_form *form, size_t i, const char *key)
{
	const char *after = form->parts[i].after;
	const char *found = *after ? strstr(key, after) : NULL;

	if (*after)
		return found ? (size_t)(found - key) : 0;
	if (i > 0 && strstr(key, form->parts[i - 1].after))
		return 0;
	return strlen(key);
}

bool wckey_split(const struct wckey_form *form, const char *key, struct arena *a, struct wckey *ret)
{
	struct wckey parts = {0};

	*ret = parts;
	key += *key == '*';
	if (!*key || !form->n)
		return true;
	for (size_t i = 0; i < form->n; i++) {
		size_t len = part_length(form, i, key);

		if (!len)
			return false;
		if (form->parts[i].word == WCKEY_PROJECT)
			parts.project = arena_strndup(a, key, len);
		if (form->parts[i].word == WCKEY_BUSINESS)
			parts.business = arena_strndup(a, key, len);
		key += len + strlen(form->parts[i].after);
	}
	if (*key)
		return false;
	*ret = parts;
	return true;
}
