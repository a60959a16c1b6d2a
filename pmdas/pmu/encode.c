// SPDX-License-Identifier: Apache-2.0
// Encodes events by the formats that the kernel publishes; see encode.h.
#include "pmdas/pmu/encode.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

static const char *const words[PMU_WORDS] = {"config", "config1", "config2"};

// A bit number at *s, moved behind it.
static int take_bit(const char **s, unsigned char *ret)
{
	unsigned value = 0;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	for (; isdigit((unsigned char)**s); (*s)++) {
		value = value * 10 + (unsigned)(**s - '0');
		if (value > 63)
			return -EINVAL;
	}
	*ret = (unsigned char)value;
	return 0;
}

static int take_word(const char **text, unsigned *ret)
{
	size_t n = strcspn(*text, ":");

	for (unsigned i = 0; i < PMU_WORDS; i++) {
		if (strlen(words[i]) == n && strncmp(*text, words[i], n) == 0 &&
			(*text)[n] == ':') {
			*text += n + 1;
			*ret = i;
			return 0;
		}
	}
	return -EINVAL;
}

int pmu_parse_field(const char *text, struct pmu_field *ret)
{
	struct pmu_field f = {0};
	const char *s = text;

	TRY(take_word(&s, &f.word));
	do {
		if (f.n == PMU_PIECES)
			return -EINVAL;
		TRY(take_bit(&s, &f.pieces[f.n].low));
		f.pieces[f.n].high = f.pieces[f.n].low;
		if (*s == '-') {
			s++;
			TRY(take_bit(&s, &f.pieces[f.n].high));
		}
		if (f.pieces[f.n].high < f.pieces[f.n].low)
			return -EINVAL;
		f.n++;
	} while (*s++ == ',');
	s--;
	if (s[strspn(s, "\n")] != '\0')
		return -EINVAL;
	*ret = f;
	return 0;
}

int pmu_set_field(const struct pmu_field *field, uint64_t value, struct pmu_encoding *e)
{
	uint64_t word = e->config[field->word];

	for (unsigned i = 0; i < field->n; i++) {
		unsigned low = field->pieces[i].low;
		unsigned bits = field->pieces[i].high - low + 1;
		uint64_t mask = bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;

		word = (word & ~(mask << low)) | (value & mask) << low;
		value = bits < 64 ? value >> bits : 0;
	}
	if (value != 0)
		return -ERANGE;
	e->config[field->word] = word;
	return 0;
}

struct encoder {
	pmu_lookup *lookup;
	const void *context;
	uint64_t step;
	struct pmu_encoding *ret;
};

static bool is_name(const char *s)
{
	if (*s == '\0' || *s == '.')
		return false;
	for (; *s != '\0'; s++) {
		if (!isalnum((unsigned char)*s) && strchr("_.-", *s) == NULL)
			return false;
	}
	return true;
}

static int set_term(const struct encoder *to, const char *name, uint64_t value)
{
	struct pmu_field field;
	char text[128];

	for (unsigned i = 0; i < PMU_WORDS; i++) {
		if (strcmp(name, words[i]) == 0) {
			to->ret->config[i] = value;
			return 0;
		}
	}
	if (strcmp(name, "event") == 0)
		value += to->step;
	TRY(to->lookup(to->context, "format", name, text, sizeof(text)));
	TRY(pmu_parse_field(text, &field));
	return pmu_set_field(&field, value, to->ret);
}

static int encode(const struct encoder *to, const char *terms, bool may_name);

// A named event, or a field of one bit that is to be set.
static int set_word(const struct encoder *to, const char *name, bool may_name)
{
	char text[256];

	if (may_name && to->lookup(to->context, "events", name, text, sizeof(text)) == 0) {
		text[strcspn(text, "\n")] = '\0';
		return encode(to, text, false);
	}
	return set_term(to, name, 1);
}

static int set_one(const struct encoder *to, char *term, bool may_name)
{
	char *equals = strchr(term, '=');
	uint64_t value = 0;

	if (equals != NULL)
		*equals = '\0';
	if (!is_name(term))
		return -EINVAL;
	if (equals == NULL)
		return set_word(to, term, may_name);
	if (frame_parse_number(equals + 1, &value) < 0)
		return -EINVAL;
	return set_term(to, term, value);
}

static int encode(const struct encoder *to, const char *terms, bool may_name)
{
	for (;;) {
		size_t n = strcspn(terms, ",");
		char term[128];

		if (n >= sizeof(term))
			return -EINVAL;
		memcpy(term, terms, n);
		term[n] = '\0';
		TRY(set_one(to, term, may_name));
		if (terms[n] == '\0')
			return 0;
		terms += n + 1;
	}
}

int pmu_encode(const char *terms, uint64_t step, pmu_lookup *lookup, const void *context,
	struct pmu_encoding *ret)
{
	struct pmu_encoding e = {.type = ret->type};
	struct encoder to = {.lookup = lookup, .context = context, .step = step, .ret = &e};

	TRY(encode(&to, terms, true));
	*ret = e;
	return 0;
}
