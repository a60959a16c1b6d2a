// SPDX-License-Identifier: Apache-2.0
// Queries made of stanzas, and odd answers.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "common/prometheus/matrix.h"
#include "common/str.h"
#include "summarizer/prometheus/promql.h"

static const char *const hosts[] = {"cn1", "cn2.example.org"};

static void expect_query(const char *host_label, const char *host_form, const char *stanza,
	const char *text, bool is_selector, double factor)
{
	struct promql_names names = {
		.host_label = host_label, .host_form = host_form, .hosts = hosts, .n_hosts = 2};
	struct arena a = {0};
	struct promql q;
	struct error err = {0};
	cr_assert(eq(int, promql_make(stanza, &names, &a, &q, &err), 0), "%s", err.text);
	cr_expect(eq(str, (char *)q.text, (char *)text));
	cr_expect(eq(int, q.is_selector, is_selector));
	if (is_selector)
		cr_expect(eq(dbl, q.factor, factor));
	arena_release(&a);
}

Test(promql, one_host_becomes_many)
{
	expect_query(NULL, NULL, "node_load1{host=\"{host}\"}",
		"node_load1{host=~\"cn1|cn2\\\\.example\\\\.org\"}", true, 1);
	expect_query("instance", "{host}:9100", "x{mode!='a{b}', host = '{host}'} / 1024",
		"x{mode!='a{b}', instance=~\"cn1:9100|cn2\\\\.example\\\\.org:9100\"}", true,
		1.0 / 1024);
	expect_query("instance", "{host}:*", "x{host='{host}'}",
		"x{instance=~\"cn1:[0-9]+|cn2\\\\.example\\\\.org:[0-9]+\"}", true, 1);
	expect_query(NULL, "{host}:9100", "x{instance=\"{host}:1\"}",
		"x{instance=~\"cn1:1|cn2\\\\.example\\\\.org:1\"}", true, 1);
	expect_query(NULL, NULL, "m{host=\"{host}\",slurmjobid=\"{job}\"}*2",
		"m{host=~\"cn1|cn2\\\\.example\\\\.org\",slurmjobid=~\".+\"}", true, 2);
	expect_query(NULL, NULL, "m{host=\"{host}\",cgroup=\"{cgroup}\"}",
		"m{host=~\"cn1|cn2\\\\.example\\\\.org\",cgroup=~\".*/job_[0-9]+\"}", true, 1);
	expect_query(NULL, NULL, "sum by (host) (x{host=\"{host}\"})",
		"sum by (host) (x{host=~\"cn1|cn2\\\\.example\\\\.org\"})", false, 1);
	expect_query(NULL, NULL, "x{host=\"{host}\"} + 1",
		"x{host=~\"cn1|cn2\\\\.example\\\\.org\"} + 1", false, 1);
}

static void expect_refused(const char *stanza, const char *words)
{
	struct promql_names names = {.hosts = hosts, .n_hosts = 2};
	struct arena a = {0};
	struct promql q;
	struct error err = {0};
	cr_expect(lt(int, promql_make(stanza, &names, &a, &q, &err), 0));
	cr_expect(strstr(err.text, words) != NULL, "%s", err.text);
	arena_release(&a);
}

Test(promql, what_cannot_be_asked_for_many)
{
	expect_refused("node_load1", "no matcher LABEL=\"{host}\"");
	expect_refused("x{host=~\"{host}\"}", "must stand in a matcher");
	expect_refused("x{host!=\"{host}\"}", "must stand in a matcher");
	expect_refused(
		"label_replace(x, \"a\", \"{host}\", \"\", \"\")", "must stand in a matcher");
}

Test(matrix, nan_and_inf_are_absent_and_oddities_are_counted)
{
	static const char body[] =
		"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":"
		"{\"host\":\"p1\",\"gpu\":\"3\"},\"values\":[[10,\"1\"],[20,\"NaN\"],[30.25,\"-2.5e3\"],"
		"[40,\"+Inf\"],[40,\"-Inf\"],[50,7],[\"60\",\"1\"],[5,\"1\"],[70,\"7 apples\"],[80]]}]}}";
	struct arena a = {0};
	struct matrix m;
	struct error err = {0};
	struct bytes b = {(const uint8_t *)body, sizeof(body) - 1};
	cr_assert(eq(int, matrix_parse(b, &a, &m, &err), 0), "%s", err.text);
	cr_assert(eq(sz, m.n, 1));
	cr_expect(eq(sz, m.series[0].n, 2));
	cr_expect(eq(sz, m.odd, 5));
	cr_expect(eq(i64, m.series[0].samples[1].time_ns, 30250000000));
	cr_expect(eq(dbl, m.series[0].samples[1].value, -2500));
	cr_expect(eq(str, matrix_instance(&m.series[0], "gpu{gpu}:{none}", &a), "gpu3:"));
	cr_expect(eq(str, matrix_instance(&m.series[0], "gpu{gpu}[.mig{none}]", &a), "gpu3"));
	cr_expect(eq(
		str, matrix_instance(&m.series[0], "[{none}:]{host}[.{gpu}][{none}]", &a), "p1.3"));
	arena_release(&a);
}

Test(matrix, what_is_no_answer_says_why)
{
	static const char *const bodies[][2] = {
		{"<html>", "JSON"},
		{"{}", "no status"},
		{"[]", "no status"},
		{"{\"status\":\"error\",\"error\":\"parse error: x\"}", "parse error: x"},
		{"{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[]}}",
			"no matrix"},
		{"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{}]}}",
			"without labels"},
		{"{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{"
		 "\"host\":1},\"values\":[]}]}}",
			"label that is no text"},
	};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct arena a = {0};
		struct matrix m;
		struct error err = {0};
		struct bytes b = {(const uint8_t *)bodies[i][0], strlen(bodies[i][0])};
		cr_expect(lt(int, matrix_parse(b, &a, &m, &err), 0), "%s", bodies[i][0]);
		cr_expect(strstr(err.text, bodies[i][1]) != NULL, "%s", err.text);
		arena_release(&a);
	}
}
