// SPDX-License-Identifier: Apache-2.0
// Asking a Prometheus-like server: one POST, with authentication, time limits and retries.
#pragma once

#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/settings.h"
#include "common/str.h"

struct http;

struct http_settings {
	const char *url;      // http://host:9090 or https://..., with a path if there is one
	const char *user;     // basic authentication; NULL: none
	const char *password; // of the user
	const char *token;    // bearer authentication; NULL: none
	const char *ca_file;  // of https; NULL: the system's
	const char *tenant;   // X-Scope-OrgID, of Mimir and its like; NULL: none
	int64_t timeout_s;    // of one request
	int64_t backoff_s;    // pause before the second try; doubled for each further one
	unsigned tries;       // of a request that fails for a while (5xx, 429, no connection)
	uint64_t max_bytes;   // of an answer
};

enum http_result { // what is neither success nor failure
	HTTP_DONE = 0,
	HTTP_TOO_MUCH =
		1, // the answer is longer than max_bytes, or the server says so: ask for less
};

// What the configuration says of a Prometheus at this URL.
struct http_settings http_settings_of(const struct settings *s, const char *url);
int http_open(const struct http_settings *s, struct http **ret, struct error *err) MUST_USE;
void http_close(struct http *h);

// Appends name=value to a form.
void http_field(struct http *h, struct strbuf *form, const char *name, const char *value);
// Posts a form to url + path. The answer is good when accept() says so: one that is not (cut off on
// the way) is asked for again. <0: -EHOSTDOWN the server cannot be reached or does not recover,
// -EINVAL it refuses the request.
int http_post(struct http *h, const char *path, const char *form,
	int (*accept)(void *context, struct bytes body, struct error *err), void *context,
	struct error *err) MUST_USE;
