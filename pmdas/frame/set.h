// SPDX-License-Identifier: Apache-2.0
// A set of instances being made for frame_indom_set(), where instances come and go by their names.
#pragma once

#include "pmdas/frame/frame.h"

struct frame_set { // all zero = empty
	struct frame_instance *v;
	unsigned n;
	unsigned room;
};

// The instance of that name, new with a number of its own if there is none yet. NULL: no memory.
// Valid until the next is added.
struct frame_instance *frame_set_add(struct frame_set *s, const char *name, void *record);
void frame_set_free(struct frame_set *s);

// Adds "name":"value" to an instance's labels, if it fits and is not empty; what JSON would not take is left
// out of the value.
void frame_label(struct frame_instance *i, const char *name, const char *value);
