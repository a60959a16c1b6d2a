// SPDX-License-Identifier: Apache-2.0
// HTTP through libcurl. Credentials go into headers only and never into a message.
#include "common/prometheus/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"

struct http {
	struct http_settings settings;
	CURL *curl;
	struct curl_slist *headers;
	struct strbuf body;
	bool is_too_long;
	char why[CURL_ERROR_SIZE];
};

struct http_settings http_settings_of(const struct settings *s, const char *url)
{
	return (struct http_settings){.url = url,
		.user = s->prometheus_user,
		.password = s->prometheus_password,
		.token = s->prometheus_token,
		.ca_file = s->prometheus_ca_file,
		.tenant = s->prometheus_tenant,
		.timeout_s = s->prometheus_timeout,
		.backoff_s = s->prometheus_backoff,
		.tries = (unsigned)s->prometheus_tries,
		.max_bytes = s->prometheus_answer_mib << 20};
}

static size_t take(char *data, size_t size, size_t n, void *context)
{
	struct http *h = context;
	if (h->body.len + size * n > h->settings.max_bytes) {
		h->is_too_long = true;
		return 0; // ends the transfer
	}
	strbuf_add(&h->body, data, size * n);
	return size * n;
}

static void add_header(struct http *h, const char *name, const char *value)
{
	CLEANUP(strbuf_release) struct strbuf line = {0};
	if (value == NULL)
		return;
	strbuf_printf(&line, "%s%s", name, value);
	h->headers = curl_slist_append(h->headers, strbuf_text(&line));
}

static void configure(struct http *h)
{
	const struct http_settings *s = &h->settings;
	curl_easy_setopt(h->curl, CURLOPT_ERRORBUFFER, h->why);
	curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(h->curl, CURLOPT_FOLLOWLOCATION, 0L); // credentials stay with their server
	curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(h->curl, CURLOPT_TIMEOUT, (long)s->timeout_s);
	curl_easy_setopt(h->curl, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
	curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
	if (s->ca_file)
		curl_easy_setopt(h->curl, CURLOPT_CAINFO, s->ca_file);
	if (s->user) {
		curl_easy_setopt(h->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(h->curl, CURLOPT_USERNAME, s->user);
		curl_easy_setopt(h->curl, CURLOPT_PASSWORD, s->password ? s->password : "");
	}
}

static bool is_url(const char *url)
{
	const char *at = strstr(url, "://");
	const char *end = at ? strchr(at + 3, '/') : NULL;
	const char *user = at ? strchr(at + 3, '@') : NULL;
	return (str_starts(url, "http://") || str_starts(url, "https://")) &&
	       (user == NULL || (end && user > end));
}

int http_open(const struct http_settings *s, struct http **ret, struct error *err)
{
	if (!is_url(s->url))
		return error_set(err, EINVAL,
			"prometheus: the URL must be http://HOST[:PORT] or https://..., without a "
			"user (settings prometheus.user and so on)");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return error_set(err, ENOMEM, "libcurl does not start");
	struct http *h = memory_alloc(1, sizeof(*h));
	h->settings = *s;
	h->curl = curl_easy_init();
	if (h->curl == NULL) {
		http_close(h);
		return error_set(err, ENOMEM, "libcurl does not start");
	}
	add_header(h, "Authorization: Bearer ", s->token);
	add_header(h, "X-Scope-OrgID: ", s->tenant);
	configure(h);
	*ret = h;
	return 0;
}

void http_close(struct http *h)
{
	if (h == NULL)
		return;
	if (h->curl)
		curl_easy_cleanup(h->curl);
	curl_slist_free_all(h->headers);
	strbuf_release(&h->body);
	curl_global_cleanup();
	free(h);
}

void http_field(struct http *h, struct strbuf *form, const char *name, const char *value)
{
	char *escaped = curl_easy_escape(h->curl, value, 0);
	strbuf_printf(form, "%s%s=%s", form->len ? "&" : "", name, escaped ? escaped : "");
	curl_free(escaped);
}

// One try: an HTTP status, or 0 when there was none.
static long ask(struct http *h, const char *url, const char *form)
{
	long status = 0;
	strbuf_clear(&h->body);
	h->is_too_long = false;
	h->why[0] = '\0';
	curl_easy_setopt(h->curl, CURLOPT_URL, url);
	curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, form);
	CURLcode rc = curl_easy_perform(h->curl);
	if (rc != CURLE_OK) {
		if (h->why[0] == '\0')
			(void)str_format(h->why, sizeof(h->why), "%s", curl_easy_strerror(rc));
		return 0;
	}
	curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool may_pass(long status)
{
	return status == 0 || status == 429 || status >= 500;
}

static bool mentions(struct http *h, const char *words)
{
	return strstr(strbuf_text(&h->body), words) != NULL;
}

// Prometheus says so in words: "query processing would load too many samples into memory", "exceeded
// maximum resolution"; VictoriaMetrics and Mimir have limits with such words too.
static bool is_too_much(struct http *h, long status)
{
	return h->is_too_long || status == 413 ||
	       ((status == 422 || status == 400) &&
		       (mentions(h, "too many samples") || mentions(h, "exceeded maximum") ||
			       mentions(h, "max-series") || mentions(h, "maxSamplesPerQuery") ||
			       mentions(h, "exceeds the limit")));
}

static int refuse(struct http *h, const char *url, long status, struct error *err)
{
	if (status == 401 || status == 403)
		return error_set(err, EACCES,
			"%s: HTTP %ld: check prometheus.user, .password and .token", url, status);
	return error_set(err, EINVAL, "%s: HTTP %ld: %.300s", url, status, strbuf_text(&h->body));
}

static void pause_before(const struct http *h, unsigned try)
{
	int64_t seconds = h->settings.backoff_s << (try < 6 ? try - 1 : 5);
	struct timespec t = {.tv_sec = seconds};
	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

int http_post(struct http *h, const char *path, const char *form,
	int (*accept)(void *context, struct bytes body, struct error *err), void *context,
	struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf url = {0};
	struct error why = {0};
	strbuf_puts(&url, h->settings.url);
	while (url.len && url.text[url.len - 1] == '/')
		url.text[--url.len] = '\0';
	strbuf_puts(&url, path);
	for (unsigned try = 1;; try++) {
		long status = ask(h, url.text, form);
		if (is_too_much(h, status))
			return HTTP_TOO_MUCH;
		if (status == 200) {
			struct bytes body = {(const uint8_t *)strbuf_text(&h->body), h->body.len};
			if (accept(context, body, &why) >= 0)
				return HTTP_DONE;
		} else if (status) {
			(void)error_set(
				&why, EIO, "HTTP %ld: %.200s", status, strbuf_text(&h->body));
		} else {
			(void)error_set(&why, EIO, "%s", h->why);
		}
		if (status && status != 200 && !may_pass(status))
			return refuse(h, url.text, status, err);
		if (try >= h->settings.tries)
			return error_set(
				err, EHOSTDOWN, "%s: %s (%u tries)", url.text, why.text, try);
		pause_before(h, try);
	}
}
