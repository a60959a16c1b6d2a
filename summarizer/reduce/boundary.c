// SPDX-License-Identifier: Apache-2.0
// Finding boundaries in archives and the run that each belongs to.
#include "summarizer/reduce/boundary.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"

enum part { PART_JOB, PART_EVENT, PART_ASKED, PART_SAMPLED, PART_SLUID, PARTS };

static const char *const names[PARTS] = {
	[PART_JOB] = "jobsight.boundary.job",
	[PART_EVENT] = "jobsight.boundary.event",
	[PART_ASKED] = "jobsight.boundary.asked",
	[PART_SAMPLED] = "jobsight.boundary.sampled",
	[PART_SLUID] = "jobsight.boundary.sluid",
};

bool boundary_archive(const struct archive *x)
{
	return archive_find(x, names[PART_JOB]) != NULL;
}

struct parts { // of one record
	const struct archive_metric *metrics[PARTS];
	struct archive_record record;
	struct archive_set sets[PARTS];
	bool has[PARTS];
};

// The value of an instance; NULL data: it has none. The parts of a boundary mostly share a place.
static int32_t place_of(const struct parts *p, enum part k, int32_t like, int32_t id)
{
	const struct archive_set *s = &p->sets[k];
	if (!p->has[k])
		return -1;
	if (like < s->n && archive_value_instance(s, like) == id)
		return like;
	for (int32_t i = 0; i < s->n; i++)
		if (archive_value_instance(s, i) == id)
			return i;
	return -1;
}

static bool text_of(const struct parts *p, enum part k, int32_t i, char *buf, size_t size)
{
	buf[0] = '\0';
	if (i < 0 || !p->sets[k].is_block)
		return false;
	struct bytes b = archive_value_block(&p->record, &p->sets[k], i, ARCHIVE_TYPE_STRING);
	while (b.len && b.data[b.len - 1] == '\0')
		b.len--;
	if (b.data == NULL || b.len == 0 || b.len >= size || memchr(b.data, '\0', b.len))
		return false;
	memcpy(buf, b.data, b.len);
	buf[b.len] = '\0';
	return true;
}

static bool number_of(const struct parts *p, enum part k, int32_t i, uint64_t *ret)
{
	return i >= 0 && archive_value_bits(&p->record, &p->sets[k], i, p->metrics[k]->type, ret);
}

static bool read_one(const struct parts *p, int32_t i, struct boundary *ret)
{
	char job[24];
	char event[24];
	uint64_t asked = 0;
	uint64_t sampled = 1;
	int32_t id = archive_value_instance(&p->sets[PART_JOB], i);
	*ret = (struct boundary){.asked_ns = p->record.time_ns};
	if (!text_of(p, PART_JOB, i, job, sizeof(job)) || parse_u64(job, &ret->raw_id) < 0 ||
		!text_of(p, PART_EVENT, place_of(p, PART_EVENT, i, id), event, sizeof(event)))
		return false;
	ret->is_end = str_eq(event, "end");
	if (number_of(p, PART_ASKED, place_of(p, PART_ASKED, i, id), &asked) &&
		asked < INT64_MAX / 1000000)
		ret->asked_ns = (int64_t)asked * 1000000;
	(void)number_of(p, PART_SAMPLED, place_of(p, PART_SAMPLED, i, id), &sampled);
	ret->sample_ns = sampled ? p->record.time_ns : 0;
	(void)text_of(
		p, PART_SLUID, place_of(p, PART_SLUID, i, id), ret->sluid, sizeof(ret->sluid));
	return ret->is_end || str_eq(event, "begin");
}

static void read_record(struct boundaries *b, struct parts *p)
{
	struct archive_record rest = p->record;
	struct archive_set set;
	memset(p->has, 0, sizeof(p->has));
	while (archive_set_next(&rest, &set) > 0)
		for (int k = 0; k < PARTS; k++)
			if (p->metrics[k] && p->metrics[k]->pmid == set.pmid && set.n > 0) {
				p->sets[k] = set;
				p->has[k] = true;
			}
	for (int32_t i = 0; p->has[PART_JOB] && i < p->sets[PART_JOB].n; i++) {
		if (b->n == b->room) {
			b->room = b->room ? 2 * b->room : 64;
			b->items = memory_resize(b->items, b->room, sizeof(*b->items));
		}
		b->n += read_one(p, i, &b->items[b->n]);
	}
}

void boundaries_read(struct boundaries *b, struct archive *x)
{
	struct parts p = {0};
	for (int k = 0; k < PARTS; k++)
		p.metrics[k] = archive_find(x, names[k]);
	archive_rewind(x);
	while (archive_next(x, &p.record) > 0)
		read_record(b, &p);
	archive_rewind(x);
}

static int by_job(const void *a, const void *b)
{
	const struct boundary *x = a;
	const struct boundary *y = b;
	if (x->raw_id != y->raw_id)
		return x->raw_id < y->raw_id ? -1 : 1;
	if (x->asked_ns != y->asked_ns)
		return x->asked_ns < y->asked_ns ? -1 : 1;
	return x->is_end - y->is_end;
}

void boundaries_sort(struct boundaries *b)
{
	if (b->n)
		qsort(b->items, b->n, sizeof(*b->items), by_job);
}

static bool is_near(int64_t at, int64_t accounted)
{
	return at >= accounted - BOUNDARY_BEFORE_S * NS_PER_S &&
	       at <= accounted + BOUNDARY_AFTER_S * NS_PER_S;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

// The boundary of the run's begin; NULL: none.
static const struct boundary *begin_of(const struct boundary *from, size_t n, const struct task *t)
{
	const struct boundary *best = NULL;
	for (size_t i = 0; i < n; i++) {
		const struct boundary *x = &from[i];
		if (!x->is_end && is_near(x->asked_ns, t->begin_ns) &&
			(best == NULL || distance(x->asked_ns, t->begin_ns) <
						 distance(best->asked_ns, t->begin_ns)))
			best = x;
	}
	return best;
}

// That of its end: the last before the number is used again.
static const struct boundary *end_of(
	const struct boundary *from, size_t n, const struct task *t, const struct boundary *begin)
{
	const struct boundary *last = NULL;
	int64_t since = begin ? begin->asked_ns : t->begin_ns;
	for (size_t i = 0; i < n; i++) {
		const struct boundary *x = &from[i];
		if (x->asked_ns < since || x == begin)
			continue;
		if (!x->is_end && (begin || !is_near(x->asked_ns, t->begin_ns)))
			break;
		if (x->is_end && is_near(x->asked_ns, t->end_ns))
			last = x;
	}
	return last;
}

void boundaries_apply(const struct boundaries *b, struct task *t)
{
	size_t first = 0;
	for (size_t step = b->n; step > 0; step /= 2)
		while (first + step <= b->n &&
			b->items[first + step - 1].raw_id < t->job->key.raw_id)
			first += step;
	size_t n = 0;
	while (first + n < b->n && b->items[first + n].raw_id == t->job->key.raw_id)
		n++;
	const struct boundary *begin = begin_of(b->items + first, n, t);
	const struct boundary *end = end_of(b->items + first, n, t, begin);
	const struct boundary *named = begin && begin->sluid[0] ? begin : end;
	if (named)
		memcpy(t->sluid, named->sluid, sizeof(t->sluid));
	int64_t from = begin && begin->sample_ns ? begin->sample_ns : t->begin_ns;
	int64_t to = end && end->sample_ns ? end->sample_ns : t->end_ns;
	if (from >= to)
		return;
	t->has_begin = begin && begin->sample_ns;
	t->has_end = end && end->sample_ns;
	t->begin_ns = from;
	t->end_ns = to;
}

void boundaries_release(struct boundaries *b)
{
	free(b->items);
	*b = (struct boundaries){0};
}
