// SPDX-License-Identifier: Apache-2.0
// Each tool is told by its head line; the lines below are read by its form until the next head.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "accounting/quota.h"
#include "common/macro.h"
#include "common/str.h"

enum { WORDS_MAX = 12 };

struct words {
	const char *word[WORDS_MAX];
	size_t n;
};

static void split(char *line, struct words *ret)
{
	ret->n = 0;
	for (char *w; (w = strsep(&line, " \t\r"));)
		if (*w && ret->n < WORDS_MAX)
			ret->word[ret->n++] = w;
}

static bool take_numbers(const char *const *words, int64_t ret[QUOTA_LIMITS])
{
	for (size_t i = 0; i < QUOTA_LIMITS; i++)
		if (!quota_number(words[i], &ret[i]))
			return false;
	return true;
}

static const char *grace_of(const char *word)
{
	return str_eq(word, "-") || str_eq(word, "none") ? NULL : word;
}

static void start(const struct quota_text *q, struct quota *ret)
{
	*ret = (struct quota){.filesystem = q->filesystem,
		.kind = q->kind,
		.name = q->name,
		.t = q->t,
		.doubt_kib = -1,
		.doubt_files = -1};
}

// ---- quota(1) and lfs quota ----

// "Disk quotas for usr NAME (uid 1001):", "Disk quotas for user NAME (uid 1001): none"
static int head_of_user(struct quota_text *q, char *line)
{
	struct words w;

	split(line, &w);
	q->form = QUOTA_FORM_NONE;
	q->wrapped = NULL;
	if (w.n < 5 || !quota_kind(w.word[3]))
		return -EINVAL;
	q->kind = quota_kind(w.word[3]);
	q->name = arena_strdup(q->arena, w.word[4]);
	q->form = QUOTA_FORM_USER;
	return 0;
}

// FILESYSTEM USED SOFT HARD GRACE FILES SOFT HARD GRACE; a long name has a line of its own.
// quota(1) leaves a grace out where there is none.
static int line_of_user(struct quota_text *q, char *line, struct quota *ret)
{
	struct words w;
	size_t i = 1;

	split(line, &w);
	if (w.n == 0 || str_eq(w.word[0], "Filesystem"))
		return 0;
	if (w.n == 1 && !q->wrapped) {
		q->wrapped = arena_strdup(q->arena, w.word[0]);
		return 0;
	}
	if (q->wrapped)
		i = 0;
	q->filesystem = q->wrapped ? q->wrapped : arena_strdup(q->arena, w.word[0]);
	q->wrapped = NULL;
	start(q, ret);
	if (w.n < i + 6 || !take_numbers(w.word + i, ret->kib))
		return -EINVAL;
	i += QUOTA_LIMITS;
	// A grace is what is no number, or is followed by more numbers than a line has.
	if (w.n - i > 4 || !take_numbers(w.word + i, ret->files)) {
		ret->grace = grace_of(arena_strdup(q->arena, w.word[i++]));
		if (w.n < i + QUOTA_LIMITS || !take_numbers(w.word + i, ret->files))
			return -EINVAL;
	}
	i += QUOTA_LIMITS;
	if (w.n > i)
		ret->grace_files = grace_of(arena_strdup(q->arena, w.word[i]));
	return 1;
}

// ---- repquota(8) ----

// "*** Report for user quotas on device /dev/sda1 (/home)"
static int head_of_report(struct quota_text *q, char *line)
{
	struct words w;

	split(line, &w);
	q->form = QUOTA_FORM_NONE;
	if (w.n < 8 || !quota_kind(w.word[3]))
		return -EINVAL;
	q->kind = quota_kind(w.word[3]);
	q->filesystem = arena_strdup(q->arena, w.word[7]);
	q->form = QUOTA_FORM_REPORT;
	return 0;
}

// NAME +- USED SOFT HARD [GRACE] FILES SOFT HARD [GRACE]: + says that there is a grace.
static int line_of_report(struct quota_text *q, char *line, struct quota *ret)
{
	struct words w;
	size_t i = 2;

	split(line, &w);
	if (w.n < 2 || strlen(w.word[1]) != 2 || w.word[1][strspn(w.word[1], "+-")])
		return 0; // a head, a rule, an empty line
	q->name = arena_strdup(q->arena, w.word[0]);
	start(q, ret);
	if (w.n < i + QUOTA_LIMITS || !take_numbers(w.word + i, ret->kib))
		return -EINVAL;
	i += QUOTA_LIMITS;
	if (w.word[1][0] == '+' && w.n > i)
		ret->grace = grace_of(arena_strdup(q->arena, w.word[i++]));
	if (w.n < i + QUOTA_LIMITS || !take_numbers(w.word + i, ret->files))
		return -EINVAL;
	i += QUOTA_LIMITS;
	if (w.word[1][1] == '+' && w.n > i)
		ret->grace_files = grace_of(arena_strdup(q->arena, w.word[i]));
	return 1;
}

// ---- mmrepquota -Y ----

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

// What would be a separator is written %3A.
static void decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		int high = *text == '%' ? hex_digit(text[1]) : -1;
		int low = high >= 0 ? hex_digit(text[2]) : -1;

		if (low >= 0 && high * 16 + low != 0) {
			*to++ = (char)(high * 16 + low);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static void head_of_gpfs(struct quota_text *q, const char *line)
{
	char *copy = arena_strdup(q->arena, line);

	q->form = QUOTA_FORM_GPFS;
	q->n_columns = 0;
	for (char *field; (field = strsep(&copy, ":"));)
		if (q->n_columns < ARRAY_LEN(q->columns))
			q->columns[q->n_columns++] = field;
}

static const char *column(
	const struct quota_text *q, char *const *fields, size_t n, const char *name)
{
	for (size_t i = 0; i < n && i < q->n_columns; i++)
		if (str_eq(q->columns[i], name))
			return fields[i];
	return "";
}

// Columns by the names of the head: releases have added some.
static int line_of_gpfs(struct quota_text *q, char *line, struct quota *ret)
{
	static const char *const kib[] = {"blockUsage", "blockQuota", "blockLimit"};
	static const char *const files[] = {"filesUsage", "filesQuota", "filesLimit"};
	char *fields[ARRAY_LEN(q->columns)];
	size_t n = 0;

	line = arena_strdup(q->arena, line);
	for (char *field; (field = strsep(&line, ":"));) {
		decode(field);
		if (n < ARRAY_LEN(fields))
			fields[n++] = field;
	}
	start(q, ret);
	for (size_t i = 0; i < QUOTA_LIMITS; i++)
		if (!quota_number(column(q, fields, n, kib[i]), &ret->kib[i]) ||
			!quota_number(column(q, fields, n, files[i]), &ret->files[i]))
			return -EINVAL;
	if (!quota_number(column(q, fields, n, "blockInDoubt"), &ret->doubt_kib))
		ret->doubt_kib = -1;
	if (!quota_number(column(q, fields, n, "filesInDoubt"), &ret->doubt_files))
		ret->doubt_files = -1;
	ret->filesystem = column(q, fields, n, "filesystemName");
	ret->kind = quota_kind(column(q, fields, n, "quotaType"));
	ret->name = column(q, fields, n, "name");
	ret->grace = grace_of(column(q, fields, n, "blockGrace"));
	ret->grace_files = grace_of(column(q, fields, n, "filesGrace"));
	return ret->kind ? 1 : -EINVAL;
}

// ---- all of them ----

static int take_line(struct quota_text *q, char *line, struct quota *ret)
{
	if (str_starts(line, "Disk quotas for "))
		return head_of_user(q, line);
	if (str_starts(line, "*** Report for "))
		return head_of_report(q, line);
	if (str_starts(line, "mmrepquota::HEADER:")) {
		head_of_gpfs(q, line);
		return 0;
	}
	switch (q->form) {
	case QUOTA_FORM_USER:
		return line_of_user(q, line, ret);
	case QUOTA_FORM_REPORT:
		return line_of_report(q, line, ret);
	case QUOTA_FORM_GPFS:
		return str_starts(line, "mmrepquota:") ? line_of_gpfs(q, line, ret) : 0;
	case QUOTA_FORM_NONE:
		break;
	}
	return 0;
}

int quota_text_next(struct quota_text *q, struct quota *ret)
{
	while (q->at) {
		char *line = strsep(&q->at, "\n");
		int rc;

		q->line++;
		rc = take_line(q, line, ret);
		if (rc != 0)
			return rc;
	}
	return 0;
}
