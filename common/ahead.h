// SPDX-License-Identifier: Apache-2.0
// Two slots go round: while the caller uses one, a thread of its own fills the other.
#pragma once

#include <stdbool.h>

#include "common/error.h"

enum { AHEAD_SLOTS = 2 };

struct ahead;

// Fills slot n, which is below AHEAD_SLOTS; false: it is the last.
typedef bool ahead_fill(void *context, struct ahead *a, unsigned n);

// What fill uses belongs to the thread until it is stopped.
int ahead_start(ahead_fill *fill, void *context, struct ahead **ret, struct error *err) MUST_USE;
// Waits for the next slot and gives its number; the one before it is free to be filled again. Not
// to be called after the last.
unsigned ahead_next(struct ahead *a);
bool ahead_is_stopping(struct ahead *a); // for fill: nobody wants the slot any more
void ahead_stop(struct ahead *a);        // after the slot at hand is filled; NULL allowed
