// SPDX-License-Identifier: Apache-2.0
// Slurm host lists. Expansion counts first and makes names afterwards, so that a hostile list
// costs nothing.
#include "common/hostlist.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/memory.h"
#include "common/str.h"

enum { NAME_MAX_BYTES = 253, NUMBER_MAX_DIGITS = 18, DIMENSIONS_MAX = 8 };

struct range {
	uint64_t lo, hi;
	int width; // digits of lo as written: shorter numbers are padded to it
};

struct dimension { // one [...] and the text before it
	const char *before;
	size_t before_len;
	struct range *ranges;
	size_t n;
	uint64_t count;
};

struct pattern { // one element of the list
	struct dimension dims[DIMENSIONS_MAX];
	size_t n_dims;
	const char *tail; // text after the last bracket
	size_t tail_len;
};

struct parser {
	const char *text; // all of it, for messages
	size_t max;
	struct arena *arena;
	struct error *err;
};

// Names become parts of paths.
static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static int bad(struct parser *ps, const char *at, const char *why)
{
	return error_set(ps->err, EINVAL, "host list \"%.200s\": %s at character %zu", ps->text,
		why, (size_t)(at - ps->text) + 1);
}

static int take_number(struct parser *ps, const char **p, uint64_t *ret, int *ret_width)
{
	const char *start = *p;
	uint64_t v = 0;

	for (; isdigit((unsigned char)**p); (*p)++) {
		if (*p - start == NUMBER_MAX_DIGITS)
			return bad(ps, start, "number too long");
		v = v * 10 + (uint64_t)(**p - '0');
	}
	if (*p == start)
		return bad(ps, start, **p == '[' ? "bracket inside brackets" : "number expected");
	*ret = v;
	*ret_width = (int)(*p - start);
	return 0;
}

static int take_range(struct parser *ps, const char **p, struct dimension *d)
{
	const char *start = *p;
	struct range r = {0};
	int width;

	TRY(take_number(ps, p, &r.lo, &r.width));
	r.hi = r.lo;
	if (**p == '-') {
		(*p)++;
		TRY(take_number(ps, p, &r.hi, &width));
	}
	if (r.hi < r.lo)
		return bad(ps, start, "range runs backwards");
	if (r.hi - r.lo >= ps->max - d->count)
		return error_set(ps->err, E2BIG, "host list \"%.200s\": more than %zu hosts",
			ps->text, ps->max);
	d->count += r.hi - r.lo + 1;
	d->ranges[d->n++] = r;
	return 0;
}

// "[001-128,200]"
static int take_brackets(struct parser *ps, const char **p, struct dimension *d)
{
	size_t room = 1;

	(*p)++;
	for (const char *q = *p; *q && *q != ']'; q++)
		room += *q == ',';
	d->ranges = arena_array(ps->arena, room, sizeof(*d->ranges));
	for (;;) {
		TRY(take_range(ps, p, d));
		if (**p == ']')
			break;
		if (**p != ',')
			return bad(ps, *p,
				**p == '[' ? "bracket inside brackets"
				: **p      ? "unexpected character"
					   : "missing ]");
		(*p)++;
	}
	(*p)++;
	return 0;
}

static int take_pattern(struct parser *ps, const char **p, struct pattern *ret)
{
	const char *start = *p;

	ret->n_dims = 0;
	for (;;) {
		const char *text = *p;
		struct dimension *d = &ret->dims[ret->n_dims];

		while (is_name_char(**p))
			(*p)++;
		if (text == start && (*text == '.' || *text == '-'))
			return bad(ps, text, "a name cannot begin so");
		ret->tail = text;
		ret->tail_len = (size_t)(*p - text);
		if (ret->tail_len > NAME_MAX_BYTES)
			return bad(ps, text, "name too long");
		if (**p != '[')
			break;
		if (ret->n_dims == DIMENSIONS_MAX)
			return bad(ps, *p, "too many brackets");
		*d = (struct dimension){.before = text, .before_len = ret->tail_len};
		ret->n_dims++;
		TRY(take_brackets(ps, p, d));
	}
	if (*p == start || (**p && !strchr(", \t\n", **p)))
		return bad(ps, *p, "unexpected character");
	return 0;
}

static int count_pattern(struct parser *ps, const struct pattern *pt, size_t *n)
{
	size_t count = 1;

	for (size_t i = 0; i < pt->n_dims; i++)
		if (__builtin_mul_overflow(count, pt->dims[i].count, &count) || count > ps->max)
			count = ps->max + 1;
	if (count > ps->max - *n)
		return error_set(ps->err, E2BIG, "host list \"%.200s\": more than %zu hosts",
			ps->text, ps->max);
	*n += count;
	return 0;
}

static struct range nth_number(const struct dimension *d, uint64_t i)
{
	const struct range *r = d->ranges;

	while (i > r->hi - r->lo) {
		i -= r->hi - r->lo + 1;
		r++;
	}
	return (struct range){r->lo + i, r->lo + i, r->width};
}

// The i-th name of the pattern; the last bracket runs fastest.
static int make_name(struct parser *ps, const struct pattern *pt, uint64_t i, const char **ret)
{
	struct range numbers[DIMENSIONS_MAX];
	char name[NAME_MAX_BYTES + 1];
	size_t len = 0;

	for (size_t k = pt->n_dims; k-- > 0; i /= pt->dims[k].count)
		numbers[k] = nth_number(&pt->dims[k], i % pt->dims[k].count);
	for (size_t k = 0; k < pt->n_dims; k++) {
		const struct dimension *d = &pt->dims[k];

		if (!str_format(name + len, sizeof(name) - len, "%.*s%0*llu", (int)d->before_len,
			    d->before, numbers[k].width, (unsigned long long)numbers[k].lo))
			return bad(ps, d->before, "name too long");
		len += strlen(name + len);
	}
	if (!str_format(name + len, sizeof(name) - len, "%.*s", (int)pt->tail_len, pt->tail))
		return bad(ps, pt->tail, "name too long");
	*ret = arena_strdup(ps->arena, name);
	return 0;
}

static int expand_pattern(struct parser *ps, const struct pattern *pt, struct hostlist *ret)
{
	size_t n = ret->n;

	TRY(count_pattern(ps, pt, &n));
	for (uint64_t i = 0; ret->n < n; i++)
		TRY(make_name(ps, pt, i, &ret->hosts[ret->n++]));
	return 0;
}

static const char *skip_separators(const char *p)
{
	return p + strspn(p, ", \t\n");
}

int hostlist_expand(
	const char *text, size_t max, struct arena *a, struct hostlist *ret, struct error *err)
{
	struct parser ps = {text, max, a, err};
	struct hostlist list = {0};
	struct pattern pt;
	size_t n = 0;

	*ret = list;
	if (!text || !*text || str_eq(text, "None assigned"))
		return 0;
	for (const char *p = skip_separators(text); *p; p = skip_separators(p)) {
		TRY(take_pattern(&ps, &p, &pt));
		TRY(count_pattern(&ps, &pt, &n));
	}
	list.hosts = arena_array(a, n, sizeof(*list.hosts));
	for (const char *p = skip_separators(text); *p; p = skip_separators(p)) {
		TRY(take_pattern(&ps, &p, &pt));
		TRY(expand_pattern(&ps, &pt, &list));
	}
	*ret = list;
	return 0;
}

// A name taken apart at its last run of digits.
struct split {
	const char *name;
	size_t before, digits; // lengths; digits 0: no number
	uint64_t number;
};

static struct split split_name(const char *name)
{
	struct split s = {.name = name, .before = strlen(name)};
	size_t end = s.before; // of the last digits

	while (end && !isdigit((unsigned char)name[end - 1]))
		end--;
	if (!end)
		return s;
	while (s.digits < end && s.digits < NUMBER_MAX_DIGITS &&
		isdigit((unsigned char)name[end - s.digits - 1]))
		s.digits++;
	s.before = end - s.digits;
	for (size_t i = 0; i < s.digits; i++)
		s.number = s.number * 10 + (uint64_t)(name[s.before + i] - '0');
	return s;
}

static const char *tail_of(const struct split *s)
{
	return s->name + s->before + s->digits;
}

// Order: text before the number, text after it, the number; so names that can share a bracket
// are neighbours.
static int compare_frames(const struct split *a, const struct split *b)
{
	size_t common = a->before < b->before ? a->before : b->before;
	int order = memcmp(a->name, b->name, common);

	if (!order)
		order = (a->before > b->before) - (a->before < b->before);
	if (!order)
		order = (a->digits > 0) - (b->digits > 0);
	return order ? order : strcmp(tail_of(a), tail_of(b));
}

static int compare_splits(const void *x, const void *y)
{
	const struct split *a = x;
	const struct split *b = y;
	int order = compare_frames(a, b);

	if (order)
		return order;
	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->digits > b->digits) - (a->digits < b->digits);
}

// Does b, the next number, belong to a range that starts with first? Padding must agree.
static bool continues(const struct split *first, const struct split *last, const struct split *b)
{
	char text[NUMBER_MAX_DIGITS + 2];

	if (compare_frames(first, b) != 0 || b->number != last->number + 1)
		return false;
	str_format(text, sizeof(text), "%0*llu", (int)first->digits, (unsigned long long)b->number);
	return strlen(text) == b->digits;
}

// Writes the range that starts at s[0]; returns how many names it holds.
static size_t put_range(struct strbuf *out, const struct split *s, size_t n)
{
	size_t len = 1;

	while (len < n && continues(&s[0], &s[len - 1], &s[len]))
		len++;
	strbuf_add(out, s[0].name + s[0].before, s[0].digits);
	if (len > 1) {
		strbuf_putc(out, '-');
		strbuf_add(out, s[len - 1].name + s[len - 1].before, s[len - 1].digits);
	}
	return len;
}

// Writes the n names of one frame.
static void put_frame(struct strbuf *out, const struct split *s, size_t n)
{
	if (n == 1 || !s->digits) {
		strbuf_puts(out, s->name);
		return;
	}
	strbuf_add(out, s->name, s->before);
	strbuf_putc(out, '[');
	for (size_t i = 0; i < n;) {
		if (i)
			strbuf_putc(out, ',');
		i += put_range(out, s + i, n - i);
	}
	strbuf_putc(out, ']');
	strbuf_puts(out, tail_of(s));
}

static size_t drop_equal(struct split *s, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(s[kept - 1].name, s[i].name) != 0)
			s[kept++] = s[i];
	return kept;
}

char *hostlist_compress(const char *const *hosts, size_t n, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	AUTO_FREE struct split *s = memory_alloc(n, sizeof(*s));

	for (size_t i = 0; i < n; i++)
		s[i] = split_name(hosts[i]);
	qsort(s, n, sizeof(*s), compare_splits);
	n = drop_equal(s, n);
	for (size_t i = 0; i < n;) {
		size_t same = 1;

		while (i + same < n && compare_frames(&s[i], &s[i + same]) == 0)
			same++;
		if (i)
			strbuf_putc(&out, ',');
		put_frame(&out, s + i, same);
		i += same;
	}
	return arena_strdup(a, strbuf_text(&out));
}
