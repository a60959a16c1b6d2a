// SPDX-License-Identifier: Apache-2.0
// A lane is one archive while its host is swept: where it has which track, and its next record.
// The sweep is what the lanes of a host share: tracks, sources and the jobs that are fed.
#pragma once

#include "summarizer/analyses/run.h"
#include "summarizer/archive/archive.h"
#include "summarizer/reduce/devices.h"
#include "summarizer/reduce/process.h"
#include "summarizer/reduce/steps.h"

struct sweep {
	const struct plan *plan;
	struct arena arena;
	struct domain **domains;
	size_t n_domains;
	struct domain single; // the row of metrics without instances
	struct track *tracks; // one for each of the plan
	struct quiet {        // of a track: no job is touched by samples of this time
		int64_t from_ns, until_ns;
		unsigned turn, kinds;
	} * quiet;
	struct stepper *steppers; // one for each source of the plan; of unwanted ones all zero
	size_t *live;             // those that have items
	size_t n_live;
	bool *is_wanted; // of the tracks
	struct analysis_run analyses;
	struct process_tables processes;
	struct devices devices;
	struct use { // which steppers a track is an input of
		size_t stepper, input;
	} * *uses;
	size_t *n_uses;
	size_t *touched; // tracks that the record has
	size_t n_touched;
	struct epoch epoch; // its run rises where nothing may be followed across
	bool is_broken;     // and has risen since the last record
	int64_t last_ns;    // time of the last record
	struct task_list tasks;
};

// is_wanted: of the plan's sources, those that some job takes its values from.
void sweep_open(struct sweep *w, const struct plan *p, const bool *is_wanted);
void sweep_close(struct sweep *w);
// Feeds its tasks what was kept back for them.
void sweep_settle(struct sweep *w);
void sweep_break(struct sweep *w); // a mark, or the next archives

struct lane_slot { // a metric of the archive that is wanted
	uint32_t pmid;
	bool is_text;
	enum binding_kind kind; // of text
	size_t place;           // of the track in the plan
	struct track_slot track;
	size_t next; // slot of the same metric + 1; 0: none
};

struct lane {
	struct archive *archive;
	int64_t start_ns, end_ns;
	int64_t last_ns; // of the last record that could be read
	struct lane_slot *slots;
	size_t n_slots, slot_room;
	uint32_t *table; // hash of metric ids: slot + 1
	size_t table_size;
	struct id_map **ids;
	size_t n_ids;
	size_t next_indom;
	struct archive_record record;
	bool has_record;
	int64_t skip_ns, skip_until_ns; // what lies between is not needed
	bool has_skipped;               // before this record
};

// Reads the first record. from_ns: from then on records are needed; those before may be left out but for
// the first ones.
void lane_begin(struct lane *l, struct sweep *w, int64_t from_ns);
void lane_next(struct lane *l);
void lane_take(struct lane *l, struct sweep *w); // feeds its record to the jobs
void lane_end(struct lane *l);                   // the archive stays open
