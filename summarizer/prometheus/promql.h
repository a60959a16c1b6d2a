// SPDX-License-Identifier: Apache-2.0
// From the PromQL of a stanza, which speaks of one host, to a query for many: a matcher with {host}
// becomes a regular expression over all that are asked for, one with {job} or {cgroup} takes every
// job's (what is asked must not depend on which jobs are summarized together); the label says later
// whose a series is.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/error.h"

enum { PROMQL_LABEL_MAX = 64 };

struct promql_names {           // what is put into the matchers
	const char *host_label; // instead of the stanza's own; NULL: leave it
	const char *host_form;  // "{host}:9100", "{host}:*" of any port; NULL: "{host}"
	const char *const *hosts;
	size_t n_hosts;
};

struct promql {
	const char *text;                   // of the query, without a range
	bool is_selector;                   // samples can be asked for as they are
	double factor;                      // that they are multiplied by then
	const char *host_label, *job_label; // NULL: not in the query
	const char *host_form;              // value of the host label with {host} for the name
};

int promql_make(const char *stanza, const struct promql_names *names, struct arena *a,
	struct promql *ret, struct error *err) MUST_USE;
// The value of the host label that means a host.
char *promql_host_value(const struct promql *q, const char *host, struct arena *a);
// What a label of an answer is compared with that as.
const char *promql_label_value(const struct promql *q, const char *label, struct arena *a);
