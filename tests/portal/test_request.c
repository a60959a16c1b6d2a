// SPDX-License-Identifier: Apache-2.0
// Targets taken apart, routes found, filters read, people recognised.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "common/arena.h"
#include "portal/identity.h"
#include "portal/job_filter.h"
#include "portal/request.h"
#include "portal/routes.h"

static int parse(struct request *q, struct arena *a, const char *target)
{
	*q = (struct request){.arena = a, .person = ""};
	return request_parse(q, target, NULL);
}

Test(request, path_and_query_are_decoded)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct request q;
	cr_assert(zero(int, parse(&q, &a, "/jobs/al%20pha/1+2?x=a+b%26&y=&z&x=2")));
	cr_assert(eq(sz, q.n_segments, 3));
	cr_assert_str_eq(q.segments[1], "al pha");
	cr_assert_str_eq(q.segments[2], "1+2");
	cr_assert_str_eq(request_query(&q, "x"), "a b&");
	cr_assert_null(request_query(&q, "y"));
	cr_assert_null(request_query(&q, "absent"));
}

Test(request, hostile_targets_are_refused)
{
	static const char *const targets[] = {"", "x", "/a//b", "//evil.example/", "/..", "/a/../b",
		"/a/%2e%2e/b", "/a/%2E", "/%00", "/a?x=%0d%0aSet-Cookie", "/%", "/%4", "/%zz",
		"/a%ff", "/?x=%c3%28", "/1/2/3/4/5/6/7/8/9", "/a?x=%1b[2J"};
	CLEANUP(arena_release) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
		struct request q;
		cr_expect(eq(int, parse(&q, &a, targets[i]), -EINVAL), "%s", targets[i]);
	}
}

Test(request, limits)
{
	CLEANUP(arena_release) struct arena a = {0};
	char target[REQUEST_MAX_TARGET + 2];
	struct request q;
	memset(target, 'a', sizeof(target));
	target[0] = '/';
	target[sizeof(target) - 1] = '\0';
	cr_assert(eq(int, parse(&q, &a, target), -ENAMETOOLONG));
	memcpy(target, "/?x=", 4);
	target[4 + REQUEST_MAX_VALUE + 1] = '\0';
	cr_assert(eq(int, parse(&q, &a, target), -EINVAL));
	target[4 + REQUEST_MAX_VALUE] = '\0';
	cr_assert(zero(int, parse(&q, &a, target)));
}

Test(request, counts_are_checked)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct request q;
	uint64_t n = 0;
	cr_assert(zero(int, parse(&q, &a, "/?rows=20&bad=1e3&big=99999999999999999999")));
	cr_assert(zero(int, request_query_count(&q, "rows", 1, 500, 50, &n, NULL)));
	cr_assert(eq(u64, n, 20));
	cr_assert(zero(int, request_query_count(&q, "absent", 1, 500, 50, &n, NULL)));
	cr_assert(eq(u64, n, 50));
	cr_assert(eq(int, request_query_count(&q, "bad", 1, 500, 50, &n, NULL), -EINVAL));
	cr_assert(eq(int, request_query_count(&q, "big", 1, 500, 50, &n, NULL), -EINVAL));
	cr_assert(eq(int, request_query_count(&q, "rows", 1, 10, 5, &n, NULL), -EINVAL));
}

static const struct route *find(struct request *q, struct arena *a, const char *target)
{
	cr_assert(zero(int, parse(q, a, target)));
	return route_find(routes, n_routes, q);
}

Test(routes, captures)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct request q;
	cr_assert_str_eq(find(&q, &a, "/")->pattern, "/");
	cr_assert_str_eq(find(&q, &a, "/jobs/")->pattern, "/jobs");
	cr_assert(q.has_trailing_slash);
	const struct route *r = find(&q, &a, "/api/jobs/c1/12_3/series/mem%2fused");
	cr_assert_str_eq(r->pattern, "/api/jobs/{cluster}/{job}/series/{key}");
	cr_assert_str_eq(q.captures[1], "12_3");
	cr_assert_str_eq(q.captures[2], "mem/used");
	cr_assert_null(q.captures[3]);
}

Test(routes, unknown_paths_have_no_row)
{
	static const char *const targets[] = {"/job", "/jobsx", "/jobs/a", "/jobs/a/b/c", "/JOBS",
		"/web", "/web/x", "/api", "/health/x"};
	CLEANUP(arena_release) struct arena a = {0};
	struct request q;
	for (size_t i = 0; i < ARRAY_LEN(targets); i++)
		cr_expect_null(find(&q, &a, targets[i]), "%s", targets[i]);
}

// The explorer shows everybody what may be known of groups, and no more.
Test(routes, everything_but_the_door_needs_a_person)
{
	static const char *const open_to_all[] = {"/", "/health", "/favicon.ico", "/explore",
		"/api/figure", "/web/{hash}/{file}", "/web/{hash}/{folder}/{file}"};
	for (size_t i = 0; i < n_routes; i++) {
		bool is_open = false;
		for (size_t k = 0; k < ARRAY_LEN(open_to_all); k++)
			is_open = is_open || str_eq(routes[i].pattern, open_to_all[k]);
		cr_expect(eq(int, routes[i].role == ROLE_PUBLIC, is_open), "%s", routes[i].pattern);
	}
}

static int filter(struct job_filter *f, struct arena *a, const char *query)
{
	struct request q;
	cr_assert(zero(int, parse(&q, a, arena_printf(a, "/jobs?%s", query))));
	return job_filter_read(&q, 1000000, 50, 500, f, NULL);
}

Test(filter, fields_become_parameters)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct job_filter f;
	cr_assert(zero(
		int, filter(&f, &a, "user=+alice+&state=FAILED&period=1d&after=500.7&rows=9")));
	cr_assert_str_eq(f.params[FILTER_USER], "alice");
	cr_assert_null(f.params[FILTER_ACCOUNT]);
	cr_assert_str_eq(f.params[FILTER_SINCE], "913600");
	cr_assert_str_eq(f.cursor_end, "500");
	cr_assert_str_eq(f.cursor_id, "7");
	cr_assert(eq(u64, f.rows, 9));
	CLEANUP(strbuf_release) struct strbuf url = {0};
	job_filter_query(&f, &url);
	cr_assert_str_eq(strbuf_text(&url), "?user=alice&state=FAILED&period=1d");
}

Test(filter, directions)
{
	static const struct {
		const char *query;
		int statement;
	} rows[] = {{"", STATEMENT_JOBS_OLDER}, {"before=r.1", STATEMENT_JOBS_NEWER},
		{"order=oldest", STATEMENT_JOBS_NEWER},
		{"order=oldest&before=1.1", STATEMENT_JOBS_OLDER}};
	CLEANUP(arena_release) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct job_filter f;
		cr_assert(zero(int, filter(&f, &a, rows[i].query)));
		cr_expect(eq(int, (int)job_filter_statement(&f), rows[i].statement), "%s",
			rows[i].query);
	}
}

Test(filter, nonsense_is_refused)
{
	static const char *const queries[] = {"period=2d", "from=yesterday", "until=2026-13-01",
		"after=1", "after=.", "after=1.", "after=x.1", "after=1.-1",
		"after=1.99999999999999999999", "rows=0", "rows=501", "order=up", "before=-1.5"};
	CLEANUP(arena_release) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
		struct job_filter f;
		cr_expect(eq(int, filter(&f, &a, queries[i]), -EINVAL), "%s", queries[i]);
	}
}

struct sent { // headers of a request
	const char *secret, *person;
};

static const char *find_header(void *context, const char *name)
{
	const struct sent *s = context;
	if (str_eq(name, "X-Proxy-Secret"))
		return s->secret;
	return str_eq(name, "X-Remote-User") ? s->person : NULL;
}

Test(identity, only_the_proxy_is_believed)
{
	static const struct {
		struct sent sent;
		int code;
		const char *person;
	} rows[] = {
		{{"0123456789abcdef", "alice"}, 0, "alice"},
		{{"0123456789abcdef", NULL}, 0, ""},
		{{NULL, "alice"}, 0, ""},
		{{"", "alice"}, 0, ""},
		{{"0123456789abcdeF", "alice"}, 0, ""},
		{{"0123456789abcde", "alice"}, 0, ""},
		{{"0123456789abcdef0", "alice"}, 0, ""},
		{{"0123456789abcdef0123456789abcdef", "alice"}, 0, ""},
		{{"0123456789abcdef", "al ice"}, -EACCES, ""},
		{{"0123456789abcdef", "'; DROP"}, -EACCES, ""},
		{{"0123456789abcdef", ""}, -EACCES, ""},
	};
	const struct identity_options o = {
		IDENTITY_HEADER, "X-Remote-User", "0123456789abcdef", NULL};
	CLEANUP(arena_release) struct arena a = {0};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sent sent = rows[i].sent;
		struct request q = {.arena = &a, .header = find_header, .header_context = &sent};
		cr_expect(eq(int, identity_of(&o, &q, NULL), rows[i].code), "row %zu", i);
		cr_expect_str_eq(q.person, rows[i].person, "row %zu", i);
	}
}

Test(identity, unsafe_settings_are_refused)
{
	static const struct {
		const char *auth, *listen, *user, *secret;
		int code;
	} rows[] = {
		{"fixed", "127.0.0.1:0", "me", NULL, 0},
		{"fixed", "[::1]:0", "me", NULL, 0},
		{"fixed", "unix:/run/x", "me", NULL, 0},
		{"fixed", "0.0.0.0:80", "me", NULL, -EINVAL},
		{"fixed", "[::]:80", "me", NULL, -EINVAL},
		{"fixed", "192.0.2.1:80", "me", NULL, -EINVAL},
		{"fixed", "127.0.0.1:0", NULL, NULL, -EINVAL},
		{"header", "0.0.0.0:80", NULL, "0123456789abcdef", 0},
		{"header", "127.0.0.1:0", NULL, NULL, -EINVAL},
		{"header", "127.0.0.1:0", NULL, "short", -EINVAL},
		{"none", "127.0.0.1:0", "me", "0123456789abcdef", -EINVAL},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings s = {.portal_auth = rows[i].auth,
			.portal_listen = rows[i].listen,
			.portal_auth_user = rows[i].user,
			.portal_proxy_secret = rows[i].secret,
			.portal_auth_header = "X-Remote-User"};
		struct identity_options o;
		cr_expect(eq(int, identity_configure(&s, &o, NULL), rows[i].code), "row %zu", i);
	}
}
