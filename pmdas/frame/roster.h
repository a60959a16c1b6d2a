// SPDX-License-Identifier: Apache-2.0
// Things that come and go (ports, mounts, targets, counters of these): the members of a PMDA's instance
// domains. One worker looks which are there, by the clock and without the lock; what it found
// becomes instances and work when the frame asks for a refresh. A unit that is gone keeps its id
// and memory, and is found again by its name: counters of a cable that was pulled carry on.
#pragma once

#include "pmdas/frame/frame.h"

struct frame_member { // the first member of a PMDA's own
	struct frame_member *next;
	unsigned indom;
	struct frame_instance instance; // name, labels and record; the id is given later
	struct frame_work work;         // sample NULL: another unit fills its record
	bool found;                     // by the worker's last look
	bool present;                   // under the lock
	bool adopted;                   // has an id and its work
};

struct frame_roster;
typedef void frame_roster_scan(struct frame_roster *r); // calls see() and add() for all there is

struct frame_roster {
	void *state; // of the PMDA
	frame_roster_scan *scan;
	unsigned n_indoms;
	unsigned count;               // of units
	struct frame_member *scanned; // of the worker that is inside
	struct frame_member *units;   // under the lock
	struct frame_member *guests;  // the same, of those that the scan does not look for
	bool changed;
};

// For the scan. see() gives the unit of that name, if there is one, and notes that it is there. add()
// takes a new one, false if there are so many that something must be wrong with the machine.
struct frame_member *frame_roster_see(struct frame_roster *r, unsigned indom, const char *name);
bool frame_roster_add(struct frame_roster *r, struct frame_member *u);

// Looks for the first time, and gives the crew the work of looking again.
int frame_roster_start(struct frame_roster *r, struct frame *f);

// Makes instances and work of what was found since; for frame_pmda.refresh.
void frame_roster_refresh(struct frame_roster *r, struct frame *f);

// Under the lock, for what another worker found: a new member, and whether it is there.
void frame_roster_attach(struct frame_roster *r, struct frame_member *u);
void frame_roster_show(struct frame_roster *r, struct frame_member *u, bool present);

void frame_roster_free(struct frame_roster *r, void (*release)(struct frame_member *u));
