// SPDX-License-Identifier: Apache-2.0
// The line, written and read.
#include "agents/probe.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"

enum {
	FIELDS = 6,
	REASON_MAX = 300,
	JOB_MAX = 64,
};

static const struct {
	const char *name, *text;
} outcomes[] = {
#define OUTCOME(id, name, text) {name, text},
#include "agents/outcomes.def"
};

const char *probe_outcome_name(enum probe_outcome o)
{
	return outcomes[o].name;
}

const char *probe_outcome_text(enum probe_outcome o)
{
	return outcomes[o].text;
}

static void put_seconds(struct strbuf *out, int64_t s)
{
	char text[24] = "";

	if (s >= 0)
		(void)str_format(text, sizeof(text), "%" PRId64, s);
	csv_put(out, text);
}

void probe_put(struct strbuf *out, const struct probe *p)
{
	char time[TIME_TEXT_SIZE];

	csv_put(out, format_time(p->time_s, time));
	csv_put(out, outcomes[p->outcome].name);
	csv_put(out, p->job);
	put_seconds(out, p->wait_s);
	put_seconds(out, p->run_s);
	csv_put(out, p->reason);
	strbuf_putc(out, '\n');
}

const char *probe_reason(struct arena *a, const char *text)
{
	size_t len = strnlen(text, REASON_MAX);
	char *line;

	while (len && text[len] && ((unsigned char)text[len] & 0xc0) == 0x80) // not within a letter
		len--;
	line = arena_strndup(a, text, len);
	if (!str_is_utf8(line, len)) {
		for (char *c = line; *c; c++)
			if ((unsigned char)*c >= 0x80)
				*c = '?';
	}
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	while (len && line[len - 1] == ' ')
		line[--len] = '\0';
	return line + strspn(line, " ");
}

static int take_seconds(const char *text, int64_t *ret)
{
	*ret = -1;
	if (*text == '\0')
		return 0;
	return parse_i64(text, ret) < 0 || *ret < 0 ? -EINVAL : 0;
}

static int take_outcome(const char *text, enum probe_outcome *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
		if (str_eq(text, outcomes[i].name)) {
			*ret = (enum probe_outcome)i;
			return 0;
		}
	}
	return -EINVAL;
}

// Numbers, and what Slurm puts between them: 12, 12_3, 12+1.
static bool is_job(const char *text)
{
	return strlen(text) <= JOB_MAX && text[strspn(text, "0123456789_+.")] == '\0';
}

int probe_take(const struct csv_row *row, size_t first, const char *file, struct arena *a,
	struct probe *ret, struct error *err)
{
	const char *const *f;

	if (row->n != first + FIELDS)
		return error_at(err, EINVAL, file, row->line, "%zu fields, not %zu", row->n,
			first + FIELDS);
	f = row->fields + first;
	if (parse_time(f[0], NULL, &ret->time_s) < 0)
		return error_at(err, EINVAL, file, row->line, "\"%.40s\" is no time", f[0]);
	if (take_outcome(f[1], &ret->outcome) < 0)
		return error_at(err, EINVAL, file, row->line, "\"%.40s\" is no outcome", f[1]);
	if (!is_job(f[2]))
		return error_at(err, EINVAL, file, row->line, "\"%.40s\" is no job", f[2]);
	if (take_seconds(f[3], &ret->wait_s) < 0 || take_seconds(f[4], &ret->run_s) < 0)
		return error_at(err, EINVAL, file, row->line, "\"%.20s\", \"%.20s\" are no seconds",
			f[3], f[4]);
	ret->job = f[2];
	ret->reason = probe_reason(a, f[5]);
	return 0;
}
