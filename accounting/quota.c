// SPDX-License-Identifier: Apache-2.0
// Words and numbers of quotas, and their record.
#include "accounting/quota.h"

#include <string.h>

#include "common/macro.h"
#include "common/str.h"

static const struct {
	const char *word, *kind;
} kinds[] = {
	{"USR", "user"},
	{"usr", "user"},
	{"user", "user"},
	{"GRP", "group"},
	{"grp", "group"},
	{"group", "group"},
	{"FILESET", "fileset"},
	{"fileset", "fileset"},
	{"prj", "project"},
	{"project", "project"},
};

const char *quota_kind(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(word, kinds[i].word))
			return kinds[i].kind;
	return NULL;
}

bool quota_number(const char *text, int64_t *ret)
{
	char digits[24];
	size_t n;

	text += *text == '[';
	n = strspn(text, "0123456789");
	if (n == 0 || n >= sizeof(digits) || text[n + strspn(text + n, "*]")] != '\0')
		return false;
	memcpy(digits, text, n);
	digits[n] = '\0';
	return parse_i64(digits, ret) == 0;
}

static bool put_kib(struct record *ret, int at, int64_t kib, bool is_limit)
{
	if (kib < 0 || kib > INT64_MAX / 1024)
		return kib == -1;
	if (kib || !is_limit)
		record_int(ret, at, kib * 1024);
	return true;
}

static void put_files(struct record *ret, int at, int64_t n, bool is_limit)
{
	if (n > 0 || (n == 0 && !is_limit))
		record_int(ret, at, n);
}

bool quota_record(const struct quota *q, struct arena *a, struct record *ret)
{
	if (!q->kind || !*q->name || !*q->filesystem)
		return false;
	record_start(
		ret, STAGE_quota, arena_printf(a, "%s %s %s", q->filesystem, q->kind, q->name));
	record_text(ret, AT_quota_filesystem, q->filesystem);
	record_text(ret, AT_quota_kind, q->kind);
	record_text(ret, AT_quota_name, q->name);
	record_int(ret, AT_quota_t, q->t);
	record_text(ret, AT_quota_grace, q->grace);
	record_text(ret, AT_quota_grace_files, q->grace_files);
	put_files(ret, AT_quota_used_files, q->files[QUOTA_USED], false);
	put_files(ret, AT_quota_soft_files, q->files[QUOTA_SOFT], true);
	put_files(ret, AT_quota_hard_files, q->files[QUOTA_HARD], true);
	put_files(ret, AT_quota_doubt_files, q->doubt_files, false);
	return put_kib(ret, AT_quota_used_bytes, q->kib[QUOTA_USED], false) &&
	       put_kib(ret, AT_quota_soft_bytes, q->kib[QUOTA_SOFT], true) &&
	       put_kib(ret, AT_quota_hard_bytes, q->kib[QUOTA_HARD], true) &&
	       put_kib(ret, AT_quota_doubt_bytes, q->doubt_kib, false);
}
