// SPDX-License-Identifier: Apache-2.0
// The HTTP server behind a handful of functions. http.c is the only file that includes
// <microhttpd.h>; replacing the library touches that file alone.
#pragma once

#include <stdbool.h>

#include "common/error.h"
#include "portal/reply.h"
#include "portal/request.h"

struct http_server;

struct http_options {
	const char *listen;   // "127.0.0.1:8080", "[::1]:0", "unix:/run/jobsight/portal.sock"
	unsigned threads;     // handlers running at the same time
	unsigned connections; // open at the same time; more are refused
	unsigned timeout_s;   // of an idle or slow connection
	// Called in any thread, several at a time. Fills reply; must not fail.
	void (*handle)(void *context, struct request *q, struct reply *r);
	void *context;
};

int http_start(const struct http_options *o, struct http_server **ret, struct error *err) MUST_USE;
const char *http_url(const struct http_server *s); // "http://127.0.0.1:41234/", "unix:/..."

// Takes no new connections, lets the requests in progress end (at most grace_s), closes.
void http_stop(struct http_server *s, unsigned grace_s);
