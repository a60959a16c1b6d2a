// SPDX-License-Identifier: Apache-2.0
// Learns a job's GPUs on a node from text metrics: those that it has processes on, and those that it was
// given, idle or not, which are named by their PCI addresses.
#pragma once

#include "summarizer/reduce/binding.h"

struct devices {           // of a host; all zero at first
	struct map by_pci; // address to name; "" where several have it, parts of one
	struct arena arena;
};

void devices_release(struct devices *d);

// Tells the tasks what the record says; learned() is called for each device that a task did not have
// yet.
void devices_learn(struct devices *d, const struct binding_record *b,
	const struct archive_record *r, struct task *const *tasks, size_t n_tasks,
	void (*learned)(void *context, struct task *t), void *context);
