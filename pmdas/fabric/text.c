// SPDX-License-Identifier: Apache-2.0
// Parses what drivers write about ports; see text.h. Nothing in it is trusted.
#include "pmdas/fabric/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "pmdas/frame/parse.h"

#define RATE_MAX UINT64_C(100000000) // Mb/s; 100 Tb/s

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

int fabric_parse_counter(const char *text, uint64_t *ret)
{
	const char *s = skip_blanks(text);
	uint64_t value = 0;
	uint64_t seconds = 0;
	int rc = frame_take_number(&s, &value);

	if (rc == 0 && *s == '@') {
		s++;
		rc = frame_take_number(&s, &seconds);
		if (rc == 0 && *s == '.') {
			s++;
			rc = frame_take_number(&s, &seconds);
		}
	}
	if (rc < 0)
		return rc;
	if (*skip_blanks(s) != '\0')
		return -EINVAL;
	*ret = value;
	return 0;
}

int fabric_parse_state(const char *text, uint64_t *ret)
{
	const char *s = skip_blanks(text);
	uint64_t value = 0;
	int rc = frame_take_number(&s, &value);

	if (rc < 0)
		return rc;
	if (*s != ':' || value > 99)
		return -EINVAL;
	*ret = value;
	return 0;
}

// Tenths of a number such as "2.5" at *s, moved behind it.
static int take_tenths(const char **s, uint64_t *ret)
{
	uint64_t tenths = 0;
	int rc = frame_take_number(s, ret);

	if (rc < 0 || *ret > RATE_MAX)
		return rc < 0 ? rc : -ERANGE;
	if (**s == '.') {
		(*s)++;
		if (isdigit((unsigned char)**s))
			tenths = (uint64_t)(**s - '0');
		while (isdigit((unsigned char)**s))
			(*s)++;
	}
	*ret = *ret * 10 + tenths;
	return 0;
}

int fabric_parse_rate(const char *text, uint64_t *ret)
{
	const char *s = skip_blanks(text);
	bool is_named = isalpha((unsigned char)*s);
	uint64_t tenths = 0;
	uint64_t megabits;
	int rc;

	if (is_named) { // "BS_200G": family, then gigabits
		s += strcspn(s, "0123456789\n");
	}
	rc = take_tenths(&s, &tenths);
	if (rc < 0)
		return rc;
	if (*s == ' ')
		s++;
	if (*s == 'G')
		megabits = tenths * 100;
	else if (!is_named && *skip_blanks(s) == '\0')
		megabits = tenths / 10;
	else
		return -EINVAL;
	if (megabits > RATE_MAX)
		return -ERANGE;
	*ret = megabits * 125000;
	return 0;
}

void fabric_copy_word(char *ret, size_t size, const char *text)
{
	size_t n = 0;

	for (text = skip_blanks(text); *text != '\0' && *text != '\n' && n + 1 < size; text++) {
		if (isalnum((unsigned char)*text) || strchr(" ._:()/+-", *text) != NULL)
			ret[n++] = *text;
	}
	while (n && ret[n - 1] == ' ')
		n--;
	ret[n] = '\0';
}

int fabric_next_statistic(char **text, char **ret_name, char **ret_value)
{
	while (**text != '\0') {
		char *line = *text + strspn(*text, " \t");
		size_t length = strcspn(line, "\n");
		char *colon = NULL;

		*text = line + length + (line[length] == '\n');
		line[length] = '\0';
		// Names may have colons of their own: "[0]: rx_packets".
		for (char *c = line; *c != '\0'; c++) {
			if (*c == ':' && c[1] == ' ')
				colon = c;
		}
		if (colon == NULL || colon == line)
			continue;
		*colon = '\0';
		*ret_name = line;
		*ret_value = colon + 2;
		return 1;
	}
	return 0;
}
