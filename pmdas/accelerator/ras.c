// SPDX-License-Identifier: Apache-2.0
// Parses texts of amdgpu's folder ras; see ras.h.
#include "pmdas/accelerator/ras.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char *next_line(const char *s)
{
	s += strcspn(s, "\n");
	return s + (*s != '\0');
}

static bool number_behind(const char *line, const char *key, uint64_t *ret)
{
	if (strncmp(line, key, strlen(key)) != 0)
		return false;
	line += strlen(key);
	line += strspn(line, " \t");
	if (!isdigit((unsigned char)*line))
		return false;
	*ret = strtoull(line, NULL, 10);
	return true;
}

int ras_parse_errors(const char *text, uint64_t *ret_corrected, uint64_t *ret_uncorrected)
{
	bool has_corrected = false;
	bool has_uncorrected = false;

	for (const char *s = text; *s != '\0'; s = next_line(s)) {
		has_corrected |= number_behind(s, "ce:", ret_corrected);
		has_uncorrected |= number_behind(s, "ue:", ret_uncorrected);
	}
	return has_corrected && has_uncorrected ? 0 : -EINVAL;
}

uint64_t ras_count_retired(const char *text)
{
	uint64_t n = 0;

	for (const char *s = text; *s != '\0'; s = next_line(s)) {
		size_t len = strcspn(s, "\n");

		while (len && isspace((unsigned char)s[len - 1]))
			len--;
		n += len > 3 && memcmp(s + len - 3, ": R", 3) == 0;
	}
	return n;
}
