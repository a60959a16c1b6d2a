// SPDX-License-Identifier: Apache-2.0
// Job boundaries: records that prolog and epilog had written on a host (docs/boundaries.md). A task
// gets the moments of its samples for edges in place of accounting's whole seconds, so that nothing
// of it has to be estimated; and the name of its control groups.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "summarizer/archive/archive.h"
#include "summarizer/reduce/task.h"

struct boundary {
	uint64_t raw_id;
	int64_t asked_ns;  // when the hook ran
	int64_t sample_ns; // 0: there was none
	bool is_end;
	char sluid[TASK_SLUID_SIZE]; // "": not known
};

struct boundaries { // of a host; all zero is none
	struct boundary *items;
	size_t n, room;
};

// Whether an archive holds boundaries. If so its records do not come at regular times.
bool boundary_archive(const struct archive *x);
// Adds those of an archive, which is rewound afterwards.
void boundaries_read(struct boundaries *b, struct archive *x);
void boundaries_sort(struct boundaries *b); // before they are applied
// A number that was used again tells the runs apart by their times in accounting.
void boundaries_apply(const struct boundaries *b, struct task *t);
void boundaries_release(struct boundaries *b);

// How far a boundary may lie from accounting's time, which is of another clock. Killing the last
// processes of a job takes up to 30 s before its epilog runs.
#define BOUNDARY_BEFORE_S 5
#define BOUNDARY_AFTER_S  35
