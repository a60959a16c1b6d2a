// SPDX-License-Identifier: Apache-2.0
// Any text as the PromQL of a stanza: rewriting ends, and an error has words.
#include <stdlib.h>

#include "common/str.h"
#include "summarizer/prometheus/promql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const hosts[] = {"cn1", "cn2.example.org", "\"quoted\\"};
	struct promql_names names = {.hosts = hosts, .n_hosts = 3, .host_form = "{host}:*"};
	struct arena a = {0};
	struct promql q;
	struct error err = {0};
	const char *stanza = arena_strndup(&a, (const char *)data, size);
	int rc = promql_make(stanza, &names, &a, &q, &err);
	if (rc < 0 && err.text[0] == '\0')
		abort();
	if (rc == 0 && !str_eq(promql_label_value(&q, "cn1", &a), "cn1"))
		abort();
	if (rc == 0 && str_eq(q.host_form, "{host}:*") &&
		!str_eq(promql_label_value(&q, "cn1:9100", &a), promql_host_value(&q, "cn1", &a)))
		abort();
	arena_release(&a);
	return 0;
}
