// SPDX-License-Identifier: Apache-2.0
// A request: what a client asked for, taken apart and checked. Nothing here knows the HTTP
// library; http.c fills the struct, tests and the fuzz target fill it too.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"

#define REQUEST_MAX_TARGET   4096 // bytes of path and query as sent
#define REQUEST_MAX_SEGMENTS 8
#define REQUEST_MAX_QUERY    32
#define REQUEST_MAX_VALUE    200 // bytes of one decoded value

enum method { METHOD_GET, METHOD_HEAD, METHOD_OTHER };

enum role {          // each may do what those before it may
	ROLE_PUBLIC, // nobody in particular
	ROLE_PERSON, // somebody whom the proxy (or the setting) named
	ROLE_COUNT,
};

struct query_item {
	const char *name, *value; // decoded UTF-8 without control characters
};

struct request {
	enum method method;
	const char *target; // as sent, for the log and for links back
	const char *segments[REQUEST_MAX_SEGMENTS];
	size_t n_segments; // 0: "/"
	bool has_trailing_slash;
	struct query_item query[REQUEST_MAX_QUERY];
	size_t n_query;
	const char *captures[REQUEST_MAX_SEGMENTS]; // of the route's {names}, in their order
	const char *person;                         // "" when nobody signed in
	bool is_staff;       // of the warehouse's word; once the request has a session
	struct arena *arena; // everything of this request lives here

	const char *(*header)(void *context, const char *name); // NULL: not sent
	void *header_context;
};

// Takes "/jobs/a%20b?x=1" apart into r. -EINVAL: not a legal target (why in err: reply 400);
// -ENAMETOOLONG: too long (reply 414).
int request_parse(struct request *r, const char *target, struct error *err) MUST_USE;

const char *request_header(const struct request *r, const char *name); // NULL: not sent

// The value of a query item, NULL when it is absent or empty: an empty field of a form asks for
// nothing.
const char *request_query(const struct request *r, const char *name);

// A whole number in [min, max]; standard when absent.
int request_query_count(const struct request *r, const char *name, uint64_t min, uint64_t max,
	uint64_t standard, uint64_t *ret, struct error *err) MUST_USE;

// Does an entity tag occur in the If-None-Match header?
bool request_has_etag(const struct request *r, const char *etag);
