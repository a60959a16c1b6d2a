// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "common/job.h"

Test(job, key_text)
{
	char buf[128];
	char name[300];
	struct job_key k = {"c1", 1234, 1700000000};

	cr_assert(eq(str, job_key_text(&k, buf), "c1/1234/1700000000"));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	k = (struct job_key){name, UINT64_MAX, INT64_MIN};
	cr_assert(ne(ptr,
		strstr(job_key_text(&k, buf), "/18446744073709551615/-9223372036854775808"), NULL));
}

Test(job, key_order)
{
	static const struct job_key rising[] = {
		{"a", 1, 5}, {"a", 2, 1}, {"a", 2, 2}, {"b", 1, 1}, {"b", UINT64_MAX, 1}};

	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++) {
			int order = job_key_compare(&rising[i], &rising[j]);

			cr_assert(eq(int, (order > 0) - (order < 0), (i > j) - (i < j)));
		}
}

Test(job, copy_is_independent_and_has_no_null)
{
	struct arena a = {0};
	struct arena b = {0};
	const char *hosts[] = {arena_strdup(&a, "n1"), arena_strdup(&a, "n2")};
	struct job from = {.key = {arena_strdup(&a, "c"), 1, 2},
		.user = arena_strdup(&a, "u"),
		.hosts = {hosts, 2},
		.gpus = 3};
	struct job to;

	job_copy(&b, &from, &to);
	arena_release(&a);
	cr_assert(eq(str, to.key.cluster, "c"));
	cr_assert(eq(str, to.user, "u"));
	cr_assert(eq(str, to.hosts.hosts[1], "n2"));
	cr_assert(eq(u32, to.gpus, 3));
	cr_assert(eq(str, to.work_dir, ""));
	cr_assert(eq(str, to.id, ""));
	cr_assert(eq(str, to.tres, ""));
	arena_release(&b);
}
