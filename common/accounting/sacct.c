// SPDX-License-Identifier: Apache-2.0
// Jobs from a dump of `sacct --parsable2` (or --parsable): read as a stream, one record at a time.
#include "common/accounting/sacct.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/memory.h"
#include "common/str.h"

enum { LINE_MAX_BYTES = 4 << 20 };

struct sacct {
	struct accounting_request request;
	const char *file;
	FILE *input;
	int line;           // number of the line last read
	struct strbuf text; // that line
	bool is_held;       // it was read too far: next_line gives it again
	struct strbuf header;
	// For each row of sacct_columns the field that holds it, or -1.
	int field_of[SACCT_COLUMNS_MAX];
	const struct sacct_column *column_of[SACCT_COLUMNS_MAX]; // the way back
	size_t n_fields;
	struct arena scratch; // of the record at hand
	bool has_job;         // a job read, kept back until its steps have been read
	struct job job;
	struct arena job_memory;
};

struct fields {
	char *text[SACCT_COLUMNS_MAX];
	size_t n; // may be more than the array holds
};

typedef void bad_fn(void *context, const struct error *why);

// 1: a line; 0: the end. A line that is too long is read over and reported.
static int read_line(struct sacct *s, struct error *err)
{
	bool is_long = false;
	int c;

	strbuf_clear(&s->text);
	s->line++;
	while ((c = getc_unlocked(s->input)) != EOF && c != '\n') {
		if (s->text.len < LINE_MAX_BYTES)
			strbuf_putc(&s->text, (char)c);
		else
			is_long = true;
	}
	if (ferror(s->input))
		return error_set(err, EIO, "%s: cannot be read", s->file);
	if (c == EOF && !s->text.len)
		return 0;
	if (s->text.len && s->text.text[s->text.len - 1] == '\r')
		s->text.text[--s->text.len] = '\0';
	if (is_long || (s->text.len && strlen(s->text.text) != s->text.len))
		strbuf_clear(&s->text); // no columns: reported as such
	return 1;
}

static int next_line(struct sacct *s, struct error *err)
{
	if (!s->is_held)
		return read_line(s, err);
	s->is_held = false;
	return 1;
}

// Splits text in place at '|'.
static struct fields split(char *text)
{
	struct fields f = {0};

	for (;;) {
		char *bar = strchr(text, '|');

		if (f.n < SACCT_COLUMNS_MAX)
			f.text[f.n] = text;
		f.n++;
		if (!bar)
			return f;
		*bar = '\0';
		text = bar + 1;
	}
}

static size_t count_fields(const char *text)
{
	size_t n = 1;

	for (; (text = strchr(text, '|')); text++)
		n++;
	return n;
}

static int find_field(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcasecmp(f->text[i], name) == 0)
			return (int)i;
	return -1;
}

static int check_header(struct sacct *s, struct error *err)
{
	// JobID and JobIDRaw are the first two rows; either will do.
	if (s->field_of[0] < 0 && s->field_of[1] < 0)
		return error_at(err, EINVAL, s->file, s->line,
			"no column JobID; the first line must name the columns (sacct without -n)");
	for (size_t i = 0; i < sacct_n_columns; i++)
		if (sacct_columns[i].is_needed && s->field_of[i] < 0)
			return error_at(err, EINVAL, s->file, s->line, "no column %s",
				sacct_columns[i].name);
	return 0;
}

static int read_header(struct sacct *s, struct error *err)
{
	AUTO_FREE char *copy = NULL;
	struct fields f;
	int more = read_line(s, err);

	TRY(more);
	if (!more)
		return error_set(err, EINVAL, "%s: empty, not even the names of columns", s->file);
	strbuf_puts(&s->header, strbuf_text(&s->text));
	strbuf_puts(&s->text, ""); // makes sure that there is a text to take
	copy = strbuf_take(&s->text);
	f = split(copy);
	if (f.n > SACCT_COLUMNS_MAX)
		return error_at(
			err, EINVAL, s->file, s->line, "more than %d columns", SACCT_COLUMNS_MAX);
	s->n_fields = f.n;
	for (size_t i = 0; i < sacct_n_columns; i++) {
		s->field_of[i] = find_field(&f, sacct_columns[i].name);
		if (s->field_of[i] >= 0)
			s->column_of[s->field_of[i]] = &sacct_columns[i];
	}
	return check_header(s, err);
}

static void sacct_close(void *state)
{
	struct sacct *s = state;

	if (!s)
		return;
	if (s->input && s->input != stdin)
		fclose(s->input);
	strbuf_release(&s->text);
	strbuf_release(&s->header);
	arena_release(&s->scratch);
	arena_release(&s->job_memory);
	free(s);
}

static int sacct_open(const struct accounting_request *r, void **ret_state, struct error *err)
{
	struct sacct *s = memory_alloc(1, sizeof(*s));
	int code;

	s->request = *r;
	s->file = r->spec;
	s->input = str_eq(r->spec, "-") ? stdin : fopen(r->spec, "re");
	if (!s->input) {
		code = error_set(err, errno, "%s: %s", r->spec, strerror(errno));
		sacct_close(s);
		return code;
	}
	code = read_header(s, err);
	if (code < 0) {
		sacct_close(s);
		return code;
	}
	*ret_state = s;
	return 0;
}

// Puts surplus fields, which came from '|' inside the text of field i, back into it.
static void merge_fields(struct fields *f, size_t i, size_t surplus)
{
	for (char *p = f->text[i]; p < f->text[i + surplus]; p++)
		if (!*p)
			*p = '|';
	for (size_t k = i + 1; k + surplus < f->n; k++)
		f->text[k] = f->text[k + surplus];
	f->n -= surplus;
}

static struct sacct_record start_record(struct sacct *s, struct error *err)
{
	arena_reset(&s->scratch);
	return sacct_record_start(s->request.zone, &s->scratch, err);
}

static int apply_fields(const struct sacct *s, const struct fields *f, struct sacct_record *r)
{
	for (size_t i = 0; i < sacct_n_columns; i++) {
		const struct sacct_column *c = &sacct_columns[i];

		if (s->field_of[i] < 0 || !c->set)
			continue;
		if (r->is_step && !str_starts(c->name, "ConsumedEnergy") && i > 1)
			continue;
		if (c->set(r, c->offset, f->text[s->field_of[i]]) < 0)
			return error_prefix(r->err, "%s", c->name);
	}
	if (r->is_step)
		return 0;
	if (!r->job.key.cluster || !*r->job.key.cluster)
		r->job.key.cluster = s->request.cluster;
	return sacct_record_finish(r);
}

// A record with more fields than columns: people's text held the separator. The column is the one
// with which all others make sense.
static int parse_surplus(
	struct sacct *s, const struct fields *f, struct sacct_record *ret, struct error *err)
{
	size_t surplus = f->n - s->n_fields;
	struct error first = {0};

	for (size_t i = s->n_fields; i-- > 0;) {
		struct fields merged = *f;
		char *copy;

		if (!s->column_of[i] || !s->column_of[i]->is_free)
			continue;
		*ret = start_record(s, &first);
		copy = arena_copy(&s->scratch, f->text[0], s->text.len + 1);
		for (size_t k = 0; k < f->n; k++)
			merged.text[k] = copy + (f->text[k] - f->text[0]);
		merge_fields(&merged, i, surplus);
		if (apply_fields(s, &merged, ret) == 0)
			return 0;
	}
	return error_set(err, EINVAL, "%zu fields where %zu columns are named", f->n, s->n_fields);
}

static int parse_record(struct sacct *s, struct sacct_record *ret, struct error *err)
{
	struct fields f = split(s->text.text);

	if (f.n > SACCT_COLUMNS_MAX || f.n < s->n_fields)
		return error_set(
			err, EINVAL, "%zu fields where %zu columns are named", f.n, s->n_fields);
	if (f.n > s->n_fields)
		return parse_surplus(s, &f, ret, err);
	*ret = start_record(s, err);
	return apply_fields(s, &f, ret);
}

// People's text may hold newlines too: adds lines that cannot begin a record until the fields are
// enough. A line that is a record by itself is left for the next call.
static int join_lines(struct sacct *s, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf joined = {0};
	int more = 1;

	strbuf_puts(&joined, strbuf_text(&s->text));
	while (count_fields(joined.text) < s->n_fields && joined.len < LINE_MAX_BYTES) {
		more = read_line(s, err);
		if (more <= 0)
			break;
		if (count_fields(strbuf_text(&s->text)) >= s->n_fields) {
			s->is_held = true;
			return 0;
		}
		strbuf_putc(&joined, ' ');
		strbuf_puts(&joined, strbuf_text(&s->text));
	}
	TRY(more);
	strbuf_clear(&s->text);
	strbuf_puts(&s->text, joined.text);
	return 1;
}

// Does the line begin with a job's number, as every record does whose first column is that?
static bool begins_record(const struct sacct *s)
{
	const char *text = strbuf_text(&s->text);
	size_t digits = strspn(text, "0123456789");

	if (s->field_of[0] != 0 && s->field_of[1] != 0)
		return true; // cannot be told
	return digits && strchr("|_+.", text[digits]);
}

// The rest of people's text with newlines in the last column: the record is complete without it.
// With a separator in it, it may as well be what is left of a record, which must be reported.
static bool is_tail(const struct sacct *s)
{
	const struct sacct_column *last = s->column_of[s->n_fields - 1];

	return last && last->is_free && !begins_record(s) && !strchr(strbuf_text(&s->text), '|');
}

// 1: s->text is a record's text from line *ret_line; 0: the end.
static int next_text(struct sacct *s, int *ret_line, bad_fn *bad, void *context, struct error *err)
{
	for (;;) {
		struct error why = {0};
		int more = next_line(s, err);

		if (more <= 0)
			return more;
		*ret_line = s->line;
		// A dump may be several dumps one after the other.
		if (str_eq(strbuf_text(&s->text), strbuf_text(&s->header)))
			continue;
		if (count_fields(strbuf_text(&s->text)) >= s->n_fields)
			return 1;
		if (is_tail(s))
			continue;
		more = join_lines(s, err);
		if (more)
			return more;
		error_at(&why, EINVAL, s->file, *ret_line,
			"fewer fields than the %zu columns named", s->n_fields);
		bad(context, &why);
	}
}

// The step "extern" spans the whole job on all its nodes: where the job's own record has no energy,
// that step's is the job's. Other steps cover parts of it, and overlap.
static void fold_step(struct sacct *s, const struct sacct_record *step)
{
	if (s->has_job && s->job.energy_j < 0 && str_eq(step->step, "extern") &&
		(s->field_of[0] < 0 ? step->job.key.raw_id == s->job.key.raw_id
				    : str_eq(step->job.id, s->job.id)))
		s->job.energy_j = step->job.energy_j;
}

// Keeps the record's job back until its steps have been read.
static void hold_job(struct sacct *s, const struct sacct_record *r)
{
	s->has_job = accounting_is_asked(&s->request, &r->job);
	if (!s->has_job)
		return;
	arena_reset(&s->job_memory);
	job_copy(&s->job_memory, &r->job, &s->job);
}

static int sacct_next(void *state, struct arena *a, struct job *ret, bad_fn *bad, void *context,
	struct error *err)
{
	struct sacct *s = state;

	for (;;) {
		struct sacct_record r = {0};
		struct error why = {0};
		bool is_done;
		int line;
		int more = next_text(s, &line, bad, context, err);

		TRY(more);
		if (more && parse_record(s, &r, &why) < 0) {
			error_prefix(&why, "%s:%d", s->file, line);
			bad(context, &why);
			continue;
		}
		if (more && r.is_step) {
			fold_step(s, &r);
			continue;
		}
		is_done = s->has_job;
		if (is_done)
			job_copy(a, &s->job, ret);
		s->has_job = false;
		if (more)
			hold_job(s, &r);
		if (is_done || !more)
			return is_done;
	}
}

const struct accounting_source sacct_source = {
	.name = "sacct",
	.open = sacct_open,
	.next = sacct_next,
	.close = sacct_close,
};
