// SPDX-License-Identifier: Apache-2.0
// Which application a job ran, by rules over its command lines and its batch script
// (conf/applications.yaml says how a rule looks).
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/arena.h"
#include "common/document/document.h"
#include "common/error.h"

struct pattern_list { // of shell patterns; upper and lower case are the same
	const char **items;
	size_t n;
};

struct application {
	const char *name;
	struct pattern_list path, executable, argument, script;
	long priority; // rules of a higher one first, then in the order of the file
};

struct applications { // all zero: no rules
	struct application *rules;
	size_t n;
	struct pattern_list ignored;      // commands that say nothing
	struct pattern_list interpreters; // what they run says more
	struct pattern_list launchers;    // mpirun, srun: as above
};

// The rules of a file before those of the files read earlier; a missing file is an empty one.
int applications_load(
	struct applications *x, const char *path, struct arena *a, struct error *err) MUST_USE;
// Puts `application` into a job's document: name, from (path, executable, argument, script) and
// executable. Nothing is put when nothing is known about what ran.
void applications_identify(
	const struct applications *x, const char *script, struct doc *root, struct arena *a);
