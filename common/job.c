// SPDX-License-Identifier: Apache-2.0
// struct job: its key as text and in order.
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
