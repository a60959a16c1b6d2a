// SPDX-License-Identifier: Apache-2.0
// Rewriting PromQL: only matchers with placeholders are touched, all else is left as it is.
#include "summarizer/prometheus/promql.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "common/str.h"

struct rewrite {
	const struct promql_names *names;
	struct arena *arena;
	struct strbuf out;
	struct promql *q;
	const char *stanza;
	struct error *err;
};

static bool is_name_character(char c, bool with_colon)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (with_colon && c == ':');
}

// Takes `LABEL =` off the end of what is written so far.
static const char *take_label(struct rewrite *w)
{
	const char *text = strbuf_text(&w->out);
	size_t end = w->out.len;
	while (end && text[end - 1] == ' ')
		end--;
	if (end == 0 || text[end - 1] != '=')
		return NULL;
	end--;
	while (end && text[end - 1] == ' ')
		end--;
	size_t start = end;
	while (start && is_name_character(text[start - 1], false))
		start--;
	if (start == end || end - start >= PROMQL_LABEL_MAX)
		return NULL;
	const char *label = arena_strndup(w->arena, text + start, end - start);
	w->out.len = start;
	w->out.text[start] = '\0';
	return label;
}

// A literal inside a regular expression inside a quoted text.
static void put_escaped(struct strbuf *to, const char *text)
{
	for (; *text; text++) {
		if (strchr("\\.+*?()|[]{}^$", *text))
			strbuf_puts(to, "\\\\");
		else if (*text == '"' || *text == '\n')
			strbuf_putc(to, '\\');
		strbuf_putc(to, *text == '\n' ? 'n' : *text);
	}
}

static const char *replaced(struct arena *a, const char *form, const char *what, const char *by)
{
	const char *at = strstr(form, what);
	if (at == NULL)
		return form;
	return arena_printf(a, "%.*s%s%s", (int)(at - form), form, by, at + strlen(what));
}

// form with what stands for `what` as it is, the rest as literals.
static void put_around(struct strbuf *to, const char *form, const char *what, const char *by)
{
	const char *at = strstr(form, what);
	for (const char *p = form; *p; p++) {
		char one[2] = {*p, '\0'};
		if (p == at) {
			strbuf_puts(to, by);
			p += strlen(what) - 1;
		} else {
			put_escaped(to, one);
		}
	}
}

// Length of a form without the "*" of ":*", any port; 0: it is another form.
static size_t portless(const char *form)
{
	size_t len = strlen(form);
	return len > 2 && str_eq(form + len - 2, ":*") ? len - 1 : 0;
}

static void put_hosts(struct rewrite *w, const char *form)
{
	const struct promql_names *n = w->names;
	size_t len = portless(form);
	const char *fixed = len ? arena_strndup(w->arena, form, len) : form;
	for (size_t i = 0; i < n->n_hosts; i++) {
		if (i)
			strbuf_putc(&w->out, '|');
		put_escaped(&w->out, replaced(w->arena, fixed, "{host}", n->hosts[i]));
		if (len)
			strbuf_puts(&w->out, "[0-9]+");
	}
}

static int put_matcher(struct rewrite *w, const char *form, const char *what)
{
	const struct promql_names *n = w->names;
	const char *label = take_label(w);
	if (label == NULL)
		return error_set(w->err, EINVAL,
			"'%.150s': %s must stand in a matcher LABEL=\"...\"", w->stanza, what);
	bool is_host = str_eq(what, "{host}");
	if (is_host && n->host_label)
		label = n->host_label;
	if (is_host && str_eq(form, "{host}") && n->host_form)
		form = n->host_form;
	if (is_host) {
		w->q->host_label = label;
		w->q->host_form = form;
	} else {
		w->q->job_label = label;
	}
	strbuf_printf(&w->out, "%s=~\"", label);
	if (is_host)
		put_hosts(w, form);
	else if (str_eq(what, "{cgroup}"))
		strbuf_puts(&w->out, ".*/job_[0-9]+");
	else
		put_around(&w->out, form, what, ".+");
	strbuf_putc(&w->out, '"');
	return 0;
}

static int put_quoted(struct rewrite *w, const char **at)
{
	static const char *const words[] = {"{host}", "{job}", "{cgroup}"};
	const char *start = *at;
	char quote = *start;
	const char *end = start + 1;
	while (*end && *end != quote)
		end += *end == '\\' && quote != '`' && end[1] ? 2 : 1;
	const char *inner = arena_strndup(w->arena, start + 1, (size_t)(end - start) - 1);
	*at = *end ? end + 1 : end;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strstr(inner, words[i]))
			return put_matcher(w, inner, words[i]);
	strbuf_add(&w->out, start, (size_t)(*at - start));
	return 0;
}

// NAME{...} and nothing else, or times or divided by a number.
static void classify(struct promql *q)
{
	const char *p = q->text;
	double number = 1;
	q->factor = 1;
	while (is_name_character(*p, true))
		p++;
	if (p == q->text)
		return;
	if (*p == '{') {
		for (p++; *p && *p != '}'; p++)
			if (*p == '"' || *p == '\'' || *p == '`') {
				char quote = *p++;
				while (*p && *p != quote)
					p += *p == '\\' && quote != '`' && p[1] ? 2 : 1;
				if (*p == '\0')
					return;
			}
		if (*p++ != '}')
			return;
	}
	size_t length = (size_t)(p - q->text);
	p += strspn(p, " ");
	char sign = *p;
	if (sign == '\0') {
		q->is_selector = true;
		return;
	}
	p++;
	p += strspn(p, " ");
	if ((sign != '*' && sign != '/') || parse_double(p, &number) < 0 || number == 0)
		return;
	q->factor = sign == '*' ? number : 1 / number;
	q->is_selector = true;
	((char *)(uintptr_t)q->text)[length] = '\0'; // a copy of our own
}

int promql_make(const char *stanza, const struct promql_names *names, struct arena *a,
	struct promql *ret, struct error *err)
{
	struct promql q = {0};
	struct rewrite w = {.names = names, .arena = a, .q = &q, .stanza = stanza, .err = err};
	int rc = 0;
	for (const char *p = stanza; *p && rc == 0;) {
		if (*p == '"' || *p == '\'' || *p == '`')
			rc = put_quoted(&w, &p);
		else
			strbuf_putc(&w.out, *p++);
	}
	q.text = arena_strdup(a, strbuf_text(&w.out));
	strbuf_release(&w.out);
	TRY(rc);
	if (q.host_label == NULL)
		return error_set(err, EINVAL, "'%.150s': no matcher LABEL=\"{host}\"", stanza);
	classify(&q);
	*ret = q;
	return 0;
}

char *promql_host_value(const struct promql *q, const char *host, struct arena *a)
{
	return arena_strdup(a, replaced(a, q->host_form, "{host}", host));
}

const char *promql_label_value(const struct promql *q, const char *label, struct arena *a)
{
	const char *colon = strrchr(label, ':');
	if (portless(q->host_form) == 0 || colon == NULL)
		return label;
	return arena_printf(a, "%.*s:*", (int)(colon - label), label);
}
