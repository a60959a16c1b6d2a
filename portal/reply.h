// SPDX-License-Identifier: Apache-2.0
// A reply: what a handler answers. Handlers fill it; reply_finish() makes it cheap to send;
// http.c sends it.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/str.h"
#include "portal/request.h"

#define TYPE_HTML "text/html; charset=utf-8"
#define TYPE_JSON "application/json"
#define TYPE_CSV  "text/csv; charset=utf-8"
#define TYPE_TEXT "text/plain; charset=utf-8"

struct reply {
	int status;         // 200 unless a handler says other
	const char *type;   // Content-Type
	struct strbuf body; // owned; sent unless fixed is set
	const void *fixed;  // bytes that outlive every request (static files)
	size_t fixed_len;
	const char *encoding;  // Content-Encoding; NULL: none
	const char *etag;      // with the quotes; NULL: reply_finish() makes one of the body
	const char *cache;     // Cache-Control; NULL: private, asked again each time
	const char *location;  // of a redirection
	const char *file_name; // offered when the reply is to be saved; NULL: shown
	const char *allow;     // of a 405
};

void reply_release(struct reply *r);
void reply_redirect(struct reply *r, const struct request *q, int status, const char *location);

// Entity tag, 304 when the client has the same already, compression when it takes that.
void reply_finish(struct reply *r, const struct request *q);

bool reply_takes_gzip(const struct request *q);
