// SPDX-License-Identifier: Apache-2.0
// A thread that works a slot ahead: order, bounds, and stopping early.
#include "common/ahead.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

enum { MANY = 1000 };

struct counting {
	unsigned slots[AHEAD_SLOTS];
	unsigned filled, last;
	bool was_stopped;
};

static bool count(void *context, struct ahead *a, unsigned n)
{
	struct counting *c = context;

	c->slots[n] = ++c->filled;
	c->was_stopped = ahead_is_stopping(a);
	return c->filled < c->last;
}

Test(ahead, gives_what_was_filled_in_its_order)
{
	struct counting c = {.last = MANY};
	struct ahead *a = NULL;
	struct error err = {0};

	cr_assert(eq(int, ahead_start(count, &c, &a, &err), 0), "%s", err.text);
	for (unsigned i = 1; i <= MANY; i++)
		cr_assert(eq(uint, c.slots[ahead_next(a)], i));
	ahead_stop(a);
	cr_expect(eq(uint, c.filled, MANY));
	cr_expect(not(c.was_stopped));
}

Test(ahead, never_fills_what_is_in_use)
{
	struct counting c = {.last = MANY};
	struct ahead *a = NULL;
	struct error err = {0};

	cr_assert(eq(int, ahead_start(count, &c, &a, &err), 0), "%s", err.text);
	(void)ahead_next(a);
	ahead_stop(a);
	cr_expect(le(uint, c.filled, AHEAD_SLOTS));
	cr_expect(eq(uint, c.slots[0], 1));
	ahead_stop(NULL);
}
