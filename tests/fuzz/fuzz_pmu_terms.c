// SPDX-License-Identifier: Apache-2.0
// The texts of events and of the fields they speak of, all from the input: line 1 the terms, the others
// "NAME TEXT" of a format, or "NAME=TEXT" of a named event. What is accepted changes nothing but the words,
// and a field holds what was put into it.
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmdas/pmu/encode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look_up(
	const void *context, const char *folder, const char *name, char *ret, size_t size)
{
	char separator = strcmp(folder, "events") == 0 ? '=' : ' ';
	const char *line = context;
	size_t n = strlen(name);

	if (strchr(name, '/') != NULL || name[0] == '.')
		abort();
	while ((line = strchr(line, '\n')) != NULL) {
		size_t length;

		line++;
		if (strncmp(line, name, n) != 0 || line[n] != separator)
			continue;
		length = strcspn(line + n + 1, "\n");
		if (length >= size)
			return -EFBIG;
		memcpy(ret, line + n + 1, length);
		ret[length] = '\0';
		return 0;
	}
	return -ENOENT;
}

static void check_field(const char *text)
{
	struct pmu_encoding e = {.type = 1};
	struct pmu_encoding zero = {.type = 1};
	struct pmu_field f;

	if (pmu_parse_field(text, &f) < 0)
		return;
	if (f.word >= PMU_WORDS || f.n == 0 || f.n > PMU_PIECES)
		abort();
	for (unsigned i = 0; i < f.n; i++) {
		if (f.pieces[i].low > f.pieces[i].high || f.pieces[i].high > 63)
			abort();
	}
	if (pmu_set_field(&f, 1, &e) < 0 || pmu_set_field(&f, 0, &e) < 0 ||
		memcmp(e.config, zero.config, sizeof(e.config)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	char *terms;
	struct pmu_encoding e = {.type = 4, .config = {1, 2, 3}};
	size_t n;

	if (text == NULL)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	n = strcspn(text, "\n");
	terms = strndup(text, n);
	if (terms == NULL)
		abort();
	if (pmu_encode(terms, 1, look_up, text, &e) < 0 && e.config[0] != 1)
		abort();
	if (e.type != 4)
		abort();
	check_field(terms);
	free(terms);
	free(text);
	return 0;
}
