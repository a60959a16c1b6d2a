// SPDX-License-Identifier: Apache-2.0
// Command lines by table: the same rows parse the arguments, print --help and make the manual
// page. Every program has --help, --version, --config FILE and --verbose/--quiet from here.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

enum exit_code { // the same for every program
	EXIT_DONE = 0,
	EXIT_FAILED = 1,     // nothing or not all was done; stderr says why
	EXIT_USAGE = 2,      // the command line or the configuration is wrong
	EXIT_DEFECTS = 3,    // all was done that could be; some input was bad and was named
	EXIT_TRY_LATER = 75, // another run holds the lock, or a server is away
};

// How a program ends whose work ended with rc. An error (<0) is told: -EBUSY and -EHOSTDOWN are
// EXIT_TRY_LATER, -EINVAL is EXIT_USAGE, all others are EXIT_FAILED. Else rc is the exit code.
int exit_code_of(int rc, const struct error *err);

enum option_type {
	OPTION_FLAG,     // bool
	OPTION_TEXT,     // const char *
	OPTION_COUNT,    // uint64_t
	OPTION_TIME,     // int64_t seconds, UTC; parse_time
	OPTION_DURATION, // int64_t seconds; parse_duration
	OPTION_LIST,     // struct option_list: may be given again, or as a,b
};

struct option_list {
	const char **items;
	size_t n;
};

struct option {
	const char *name; // "store"; given as --store VALUE or --store=VALUE
	char letter;      // 0: none
	enum option_type type;
	size_t offset;        // of the target in the program's argument struct
	const char *argument; // "FILE"; NULL for flags
	const char *help;     // one sentence
};

struct program {
	const char *name;     // "jobsight-summarize"
	const char *purpose;  // one line
	const char *synopsis; // after the name: "[options] --store URL"; may have several lines
	const char *details;  // paragraphs after the options: examples, exit codes; may be NULL
	const struct option *options;
	size_t n_options;
	size_t max_operands; // operands beyond are a usage error
};

struct common_arguments {
	const char *config; // --config; NULL: the default path if it exists
	struct option_list operands;
};

// Fills args (offsets from the table) and common. Returns -1 when the program should go on, else
// the exit code it should end with: --help and --version print to stdout and give 0; a wrong
// command line prints one line to stderr and gives EXIT_USAGE. Opens the log.
int options_parse(const struct program *p, int argc, char **argv, void *args,
	struct common_arguments *common);
