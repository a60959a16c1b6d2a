// SPDX-License-Identifier: Apache-2.0
// Learns a job's GPUs on a node from text metrics: those that it has processes on, and those that it was
// given, idle or not. These are named by their PCI addresses; where nobody could say those, by the node's
// device file (nvidia1, renderD128), by Slurm's index (gpu3, gpu:a100:2(IDX:0,3)) or as they are called here.
#pragma once

#include "summarizer/reduce/binding.h"

struct device {
	const char *name;
	unsigned gpu, part;
	bool is_part;
};

struct devices {                     // of a host; all zero at first
	struct map by_pci;           // address to name; "" where several have it, parts of one
	const struct domain *domain; // all of the node; NULL: not seen yet
	size_t n_rows;               // of it, when the devices were put in order
	struct device *items;
	size_t n;
	struct arena arena;
};

void devices_release(struct devices *d);

// Tells the tasks what the record says; learned() is called for each device that a task did not have
// yet.
void devices_learn(struct devices *d, const struct binding_record *b,
	const struct archive_record *r, struct task *const *tasks, size_t n_tasks,
	void (*learned)(void *context, struct task *t), void *context);
