// SPDX-License-Identifier: Apache-2.0
// Counting what was wrong. A million jobs with the same defect are a number, not a million lines.
#include "accounting/problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"

enum { SAID_MAX = 5 }; // lines of each code that a step says aloud

static void say(struct problems *p, enum code code, const char *text)
{
	bool is_ignored = p->ignored->has[code];
	enum log_level level = is_ignored ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING;

	if (p->said[code] >= SAID_MAX && !is_ignored)
		level = LOG_LEVEL_DEBUG;
	log_line(level, "%s: %s%s: %s", p->where, is_ignored ? "(ignored) " : "", codes[code].name,
		text);
	p->said[code]++;
}

void problem_many(struct problems *p, enum code code, uint64_t n, const char *example)
{
	struct problem_count *c = &p->counts[code];

	if (!c->n)
		(void)str_format(c->example, sizeof(c->example), "%s", example);
	c->n += n;
	say(p, code, example);
}

void problem(struct problems *p, enum code code, const char *fmt, ...)
{
	char text[sizeof(p->counts[0].example)];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	problem_many(p, code, 1, text);
}

void problem_record(struct problems *p, enum code code, const char *key, const char *fmt, ...)
{
	char text[sizeof(p->counts[0].example)];
	struct problem_record *r = arena_alloc(&p->arena, sizeof(*r));
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	problem_many(p, code, 1, text);
	*r = (struct problem_record){.next = p->records,
		.key = arena_strdup(&p->arena, key),
		.code = code,
		.reason = arena_strdup(&p->arena, text)};
	p->records = r;
	p->n_records++;
}

enum code problems_fatal(const struct problems *p)
{
	for (enum code i = 0; i < CODES; i++)
		if (p->strict->has[i] && p->counts[i].n)
			return i;
	return CODES;
}

static void forget(struct problems *p)
{
	memset(p->counts, 0, sizeof(p->counts));
	p->records = NULL;
	p->n_records = 0;
	arena_reset(&p->arena);
}

void problems_move(struct problems *from, struct problems *to)
{
	struct arena spare = to->arena;

	memcpy(to->counts, from->counts, sizeof(to->counts));
	to->records = from->records;
	to->n_records = from->n_records;
	to->arena = from->arena;
	from->arena = spare;
	forget(from);
}

void problems_committed(struct problems *p)
{
	for (size_t i = 0; i < CODES; i++)
		p->total[i] += p->counts[i].n;
	forget(p);
}

void problems_release(struct problems *p)
{
	arena_release(&p->arena);
}
