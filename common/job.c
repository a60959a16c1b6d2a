// SPDX-License-Identifier: Apache-2.0
// struct job: its key as text and in order, and copies.
#include "common/job.h"

#include <inttypes.h>
#include <string.h>

#include "common/str.h"

const char *job_key_text(const struct job_key *k, char buf[128])
{
	// A cluster name that is too long is cut, the numbers are not.
	str_format(buf, 128, "%.80s/%" PRIu64 "/%" PRId64, k->cluster, k->raw_id, k->submit_s);
	return buf;
}

int job_key_compare(const struct job_key *a, const struct job_key *b)
{
	int order = strcmp(a->cluster, b->cluster);

	if (order)
		return order;
	if (a->raw_id != b->raw_id)
		return a->raw_id < b->raw_id ? -1 : 1;
	return (a->submit_s > b->submit_s) - (a->submit_s < b->submit_s);
}

static const char *copy_text(struct arena *a, const char *s)
{
	return s && *s ? arena_strdup(a, s) : "";
}

void job_copy(struct arena *a, const struct job *from, struct job *ret)
{
	static const size_t texts[] = {
		offsetof(struct job, id),
		offsetof(struct job, name),
		offsetof(struct job, user),
		offsetof(struct job, group),
		offsetof(struct job, account),
		offsetof(struct job, partition),
		offsetof(struct job, qos),
		offsetof(struct job, wckey),
		offsetof(struct job, reservation),
		offsetof(struct job, state),
		offsetof(struct job, tres),
		offsetof(struct job, work_dir),
		offsetof(struct job, submit_line),
		offsetof(struct job, script),
	};

	*ret = *from;
	ret->key.cluster = copy_text(a, from->key.cluster);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char **text = (const char **)((char *)ret + texts[i]);

		*text = copy_text(a, *text);
	}
	ret->hosts.hosts = arena_array(a, from->hosts.n, sizeof(*ret->hosts.hosts));
	for (size_t i = 0; i < from->hosts.n; i++)
		ret->hosts.hosts[i] = arena_strdup(a, from->hosts.hosts[i]);
}
