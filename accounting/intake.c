// SPDX-License-Identifier: Apache-2.0
// Reading goes on while the server merges what was read before: the two need a processor each. A
// batch ends between records that others follow: those go with them.
#include "accounting/intake.h"

static void add(struct intake *i, struct intake_batch *b, const struct record *r)
{
	struct error why = {0};
	bool is_mended = false;

	if (r->follows && i->is_skipped)
		return;
	if (batch_add(&b->batch, r, &is_mended, &why) < 0) {
		i->is_skipped = !r->follows;
		problem_record(&i->problems,
			i->category->stages[0] == STAGE_job ? E_J0009 : E_X0001,
			r->key ? r->key : "", "%s%s%s", r->key ? r->key : "", r->key ? ": " : "",
			why.text);
		return;
	}
	if (!r->follows)
		i->is_skipped = false;
	if (is_mended)
		problem(&i->problems, E_X0002, "%s: text that is not UTF-8",
			r->key ? r->key : i->category->name);
}

// 1: the batch is full; 0: the source has no more.
static int read_batch(struct intake *i, struct intake_batch *b, struct ahead *a, struct error *err)
{
	int rc;

	if (i->is_held)
		add(i, b, &i->record);
	i->is_held = false;
	while ((rc = i->connector->next(i->state, &i->record, err)) > 0) {
		i->is_held = !i->record.follows && b->batch.n >= i->limit && !i->category->is_whole;
		if (i->is_held || ahead_is_stopping(a))
			return 1;
		add(i, b, &i->record);
	}
	return rc;
}

static bool fill(void *context, struct ahead *a, unsigned n)
{
	struct intake *i = context;
	struct intake_batch *b = &i->batches[n];

	batch_clear(&b->batch);
	arena_reset(&b->arena);
	b->place = NULL;
	b->rc = read_batch(i, b, a, &b->err);
	b->is_last = b->rc == 0;
	problems_move(&i->problems, &b->problems);
	if (b->rc >= 0 && i->connector->place)
		b->place = i->connector->place(i->state, &b->arena);
	return b->rc > 0;
}

int intake_start(struct intake *i, struct error *err)
{
	if (!i->limit)
		i->limit = 1;
	return ahead_start(fill, i, &i->ahead, err);
}

int intake_next(struct intake *i, struct intake_batch **ret, struct error *err)
{
	struct intake_batch *b = &i->batches[ahead_next(i->ahead)];

	*ret = b;
	return b->rc < 0 ? error_set(err, -b->rc, "%s", b->err.text) : 0;
}

void intake_release(struct intake *i)
{
	ahead_stop(i->ahead);
	if (i->state)
		i->connector->close(i->state);
	for (size_t n = 0; n < AHEAD_SLOTS; n++) {
		batch_release(&i->batches[n].batch);
		problems_release(&i->batches[n].problems);
		arena_release(&i->batches[n].arena);
	}
	problems_release(&i->problems);
}
