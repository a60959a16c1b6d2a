// SPDX-License-Identifier: Apache-2.0
// The files of control groups that hold a few numbers each: files.c has the table of them.
#pragma once

#include "pmdas/jobs/text.h"

enum jobs_kind {
	JOBS_COUNTER, // only grows; what it counted stays when the group is gone
	JOBS_STAYS,   // a limit or peak: stays, too
	JOBS_NOW,     // is no more when the group is gone
};

struct jobs_key {
	const char *name; // in the file, where values have names
	size_t field;     // a struct frame_reading of struct jobs_group
	enum jobs_kind kind;
	unsigned multiply; // 0 = 1
	unsigned divide;   // 0 = 1
};

enum jobs_pace {
	JOBS_OFTEN,  // the file stays open
	JOBS_SELDOM, // read by the clock alone, and not often: what hardly ever changes
};

struct jobs;
struct jobs_unit;

struct jobs_file {
	int version;            // of control groups
	const char *controller; // of version 1
	const char *name;
	uint64_t clusters; // that need it, one bit each
	enum jobs_pace pace;
	bool instead; // read only where the file of the row before is not there
	jobs_parser *parse;
	const struct jobs_key *keys;
	unsigned n_keys;
	// Instead of a parser: takes what is in it. NULL: the file cannot be read.
	void (*take)(struct jobs *j, struct jobs_unit *u, const char *text);
};

#define JOBS_FILES_MAX 50
#define JOBS_KEYS_MAX  12 // of a file

extern const struct jobs_file jobs_files[];
extern const unsigned jobs_n_files;
