// SPDX-License-Identifier: Apache-2.0
// The frame that all PMDAs stand in. A PMDA is a .def file of rows (name, type, unit, help, and the
// reader and field that give the value), and code that fills records from devices. The frame does
// the rest: PMCD's protocol as daemon and as DSO, instance domains, labels, help, the timed reading
// of devices, and the one fetch callback that all metrics share.
//
// Rules that the frame keeps for everyone: what was not measured has no instance in the answer
// (never zero, never an error for the whole fetch); a device that hangs costs its own values only.
#pragma once

#include <pcp/pmapi.h>
#include <pcp/pmda.h> // needs pmapi.h before it
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmdas/frame/crew.h"

struct frame_metric;

// What a metric shows: a value, or that there is none.
struct frame_reading {
	uint64_t value;
	bool known;
};

// Takes a metric's value out of the record of one instance (or of the PMDA's state, for a metric
// of the node). Returns PMDA_FETCH_STATIC, or PMDA_FETCH_NOVALUES for "not measured".
typedef int frame_reader(const struct frame_metric *m, const void *record, pmAtomValue *ret);

frame_reader frame_read_u64;    // the field is a struct frame_reading
frame_reader frame_read_text;   // the field is a const char *, NULL = not known
frame_reader frame_read_string; // the field is an array of char, "" = not known

struct frame_unit {
	const char *word; // said in the help, and as label where PCP has no such dimension
	bool labelled;
	pmUnits pcp;
};

// One for each row of units.def.
#define UNIT(id, ...) extern const struct frame_unit frame_unit_##id;
#include "pmdas/frame/units.def"

// A bit that no metric needs: what the clock alone has to do, as looking for new devices.
#define FRAME_LOOK (UINT64_C(1) << 63)

// Another: what must be read now and then though nobody asks, by those devices that have such: a
// counter so narrow that it would wrap unseen, power that is integrated, an event that is told once.
#define FRAME_TICK (UINT64_C(1) << 62)

#define FRAME_NODE (-1) // the "instance domain" of metrics with one value for the node

struct frame_metric { // one row of a .def table
	unsigned cluster;
	unsigned item;
	const char *name; // below the PMDA's own
	int type;
	int indom; // index into the PMDA's instance domains, or FRAME_NODE
	int sem;
	const struct frame_unit *unit;
	frame_reader *read;
	size_t field; // offset in the record
	const char *oneline;
	const char *help;
};

struct frame_indom_row {
	const char *name;
	const char *oneline;
	const char *help;
};

struct frame_options {
	const char *root;    // prefix of /sys, /proc and /dev; "" for the machine itself
	int64_t period_ns;   // between two readings of the devices by the frame's own clock
	int64_t patience_ns; // of a fetch with devices that do not answer
};

struct frame;

struct frame_pmda {
	const char *name;
	int domain;
	const struct frame_metric *metrics;
	unsigned n_metrics;
	const struct frame_indom_row *indoms;
	unsigned n_indoms;
	// Finds the devices, adds instances and work. Runs with the privileges the PMDA began with.
	int (*open)(struct frame *f, const struct frame_options *options, void **ret_state);
	void (*close)(void *state);
	// May be NULL. Before each answer about values or instances, under the crew's lock: what came and
	// went since can be put into the instance domains by frame_indom_set(). Must not block.
	void (*refresh)(struct frame *f, void *state);
	// May be NULL: then a metric needs its cluster. Else which bits of frame_work.clusters have to be
	// read for the metric; bits that are no cluster's number may be used for parts of one.
	uint64_t (*need)(const struct frame_metric *m);
	// Bits that the clock reads, 0 = all: what would wrap, or be missed, between two fetches, and
	// FRAME_LOOK. All are read once at the start.
	uint64_t clock;
	// Capabilities that stay when the program gives up root, as in frame_become().
	uint64_t keep;
};

struct frame_instance {
	int id; // stable for the life of the machine's configuration; ascending within the set
	char name[128];
	char labels[400]; // JSON object, "" = none
	void *record;
};

struct frame_indom {
	struct frame_instance *set; // ascending by id
	unsigned n;
	unsigned next; // commonly the one that is asked for next
};

struct frame {
	const struct frame_pmda *pmda;
	void *state;
	struct frame_crew *crew;
	struct frame_indom *indoms;
	pmdaIndom *pmda_indoms;
	pmdaMetric *pmda_metrics;
	struct frame_slot *slots; // ascending by cluster and item
};

// Replaces the instances of an instance domain; the set is copied. Of instances of one name all but one
// get their numbers behind it.
int frame_indom_set(struct frame *f, unsigned indom, const struct frame_instance *set, unsigned n);

// A number for an instance that comes and goes, made of its name, so that it is the same whenever the
// name comes back. Two names of one set may have the same: then it is made for the second by
// frame_instance_id(name, 1), and so on.
int frame_instance_id(const char *name, unsigned attempt);

// The whole life of the daemon, and the body of a DSO's init function.
int frame_main(const struct frame_pmda *pmda, int argc, char **argv);
void frame_dso(const struct frame_pmda *pmda, pmdaInterface *dp);

// The pieces, for tests.
int frame_open(
	const struct frame_pmda *pmda, const struct frame_options *options, struct frame **ret);
void frame_close(struct frame *f);
void frame_attach(struct frame *f, pmdaInterface *dp);
