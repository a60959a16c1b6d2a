// SPDX-License-Identifier: Apache-2.0
// Runs libmicrohttpd: connections to requests, replies to connections. The only file that
// includes <microhttpd.h>.
#include "portal/http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "portal/listen.h"

#define MEMORY_PER_CONNECTION (32u << 10) // request line and all headers must fit
#define DRAIN_STEP_NS         20000000

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_options options;
	struct strbuf url;
	atomic_uint in_progress;
	int fd;
};

struct exchange { // one request in progress
	struct arena arena;
	char *target; // as sent
	struct MHD_Connection *connection;
	bool is_ready; // the library has shown us the headers
};

// Sent with every reply. style-src has no 'unsafe-inline': the pages use classes and SVG
// attributes; scripts set styles through the CSSOM, which the policy allows.
static const struct {
	const char *name, *value;
} security_headers[] = {
	{"Content-Security-Policy",
		"default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
		"form-action 'self'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "same-origin"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
};

static const char *find_header(void *context, const char *name)
{
	struct exchange *x = context;
	return MHD_lookup_connection_value(x->connection, MHD_HEADER_KIND, name);
}

static enum method method_of(const char *text)
{
	if (str_eq(text, "GET"))
		return METHOD_GET;
	return str_eq(text, "HEAD") ? METHOD_HEAD : METHOD_OTHER;
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (value && MHD_add_response_header(response, name, value) != MHD_YES)
		log_warning("reply header %s could not be set", name);
}

static void add_headers(struct MHD_Response *response, const struct reply *r, struct arena *a)
{
	add_header(response, "Content-Type", r->status == 304 ? NULL : r->type);
	add_header(response, "Content-Encoding", r->encoding);
	add_header(response, "Vary", "Accept-Encoding");
	add_header(response, "ETag", r->etag);
	add_header(response, "Cache-Control", r->cache ? r->cache : "private, no-cache");
	add_header(response, "Location", r->location);
	add_header(response, "Allow", r->allow);
	if (r->file_name)
		add_header(response, "Content-Disposition",
			arena_printf(a, "attachment; filename=\"%s\"", r->file_name));
	for (size_t i = 0; i < ARRAY_LEN(security_headers); i++)
		add_header(response, security_headers[i].name, security_headers[i].value);
}

static enum MHD_Result send_reply(struct exchange *x, struct reply *r)
{
	struct MHD_Response *response = NULL;
	if (r->fixed) {
		response = MHD_create_response_from_buffer(
			r->fixed_len, (void *)r->fixed, MHD_RESPMEM_PERSISTENT);
	} else {
		size_t len = r->body.len;
		response = MHD_create_response_from_buffer(
			len, strbuf_take(&r->body), MHD_RESPMEM_MUST_FREE);
	}
	if (!response)
		return MHD_NO;
	add_headers(response, r, &x->arena);
	enum MHD_Result result = MHD_queue_response(x->connection, (unsigned)r->status, response);
	MHD_destroy_response(response);
	return result;
}

// The target comes from outside: what is not printable must not reach a terminal.
static const char *printable(struct arena *a, const char *text)
{
	char *copy = arena_strndup(a, text, 400);
	for (char *c = copy; *c; c++)
		if (*c < 0x21 || *c > 0x7e)
			*c = '?';
	return copy;
}

static enum MHD_Result answer(struct http_server *s, struct exchange *x, const char *method)
{
	int64_t started = clock_monotonic_ns();
	struct request q = {.method = method_of(method),
		.target = x->target,
		.person = "",
		.arena = &x->arena,
		.header = find_header,
		.header_context = x};
	CLEANUP(reply_release) struct reply r = {.status = 200, .type = TYPE_HTML};
	s->options.handle(s->options.context, &q, &r);
	size_t len = r.fixed ? r.fixed_len : r.body.len;
	enum MHD_Result result = send_reply(x, &r);
	if (log_enabled(LOG_LEVEL_INFO))
		log_info("%s %s %d %zu B %.1f ms %s", printable(&x->arena, method),
			printable(&x->arena, x->target), r.status, len,
			(double)(clock_monotonic_ns() - started) / 1e6,
			q.person[0] ? printable(&x->arena, q.person) : "-");
	return result;
}

static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct http_server *s = context;
	struct exchange *x = calloc(1, sizeof(*x));
	if (!x)
		return NULL;
	x->connection = connection;
	x->target = arena_strdup(&x->arena, target);
	atomic_fetch_add(&s->in_progress, 1);
	return x;
}

// Called once when the headers are in, again for each piece of a body, and at last with none. A
// body is thrown away; what is not GET or HEAD is answered (405) without waiting for it.
// NOLINTNEXTLINE(readability-function-size): the library gives eight parameters
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *body, size_t *body_len, void **state)
{
	(void)connection;
	(void)url;
	(void)version;
	(void)body;
	struct exchange *x = *state;
	if (!x)
		return MHD_NO;
	if (!x->is_ready) {
		x->is_ready = true;
		if (method_of(method) != METHOD_OTHER)
			return MHD_YES;
	} else if (*body_len > 0) {
		*body_len = 0;
		return MHD_YES;
	}
	return answer(context, x, method);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	(void)connection;
	(void)why;
	struct http_server *s = context;
	struct exchange *x = *state;
	if (!x)
		return;
	arena_release(&x->arena);
	free(x);
	*state = NULL;
	atomic_fetch_sub(&s->in_progress, 1);
}

static void on_library_log(void *context, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
static void on_library_log(void *context, const char *fmt, va_list ap)
{
	(void)context;
	char text[300];
	vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("http: %s", text);
}

static int start_daemon(struct http_server *s, struct error *err)
{
	const struct http_options *o = &s->options;
	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, s->fd, MHD_OPTION_THREAD_POOL_SIZE, o->threads,
		MHD_OPTION_CONNECTION_LIMIT, o->connections, MHD_OPTION_CONNECTION_TIMEOUT,
		o->timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!s->daemon)
		return error_set(err, errno ? errno : EIO, "cannot start the HTTP server: %s",
			errno ? strerror(errno) : "refused by the library");
	return 0;
}

int http_start(const struct http_options *o, struct http_server **ret, struct error *err)
{
	struct http_server *s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(err, ENOMEM, "out of memory");
	s->options = *o;
	s->fd = listen_open(o->listen, &s->url, err);
	int code = s->fd < 0 ? s->fd : start_daemon(s, err);
	if (code < 0) {
		if (s->fd >= 0)
			close(s->fd);
		strbuf_release(&s->url);
		free(s);
		return code;
	}
	*ret = s;
	return 0;
}

const char *http_url(const struct http_server *s)
{
	return strbuf_text(&s->url);
}

void http_stop(struct http_server *s, unsigned grace_s)
{
	if (!s)
		return;
	int fd = MHD_quiesce_daemon(s->daemon);
	int64_t until = clock_monotonic_ns() + (int64_t)grace_s * NS_PER_S;
	while (atomic_load(&s->in_progress) > 0 && clock_monotonic_ns() < until)
		nanosleep(&(struct timespec){.tv_nsec = DRAIN_STEP_NS}, NULL);
	MHD_stop_daemon(s->daemon);
	if (fd >= 0)
		close(fd);
	if (str_starts(strbuf_text(&s->url), "unix:"))
		unlink(strbuf_text(&s->url) + strlen("unix:"));
	strbuf_release(&s->url);
	free(s);
}
