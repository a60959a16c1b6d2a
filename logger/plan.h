// SPDX-License-Identifier: Apache-2.0
// What is asked of pmlogger on this machine, and the files of PCP that say so.
#pragma once

#include <stdbool.h>

#include "common/arena.h"
#include "common/catalogue/catalogue.h"
#include "common/error.h"
#include "common/hostlist.h"
#include "common/str.h"

struct pcp_conf {            // of pcp.conf, or the environment, which goes before it
	const char *control; // PCP_PMLOGGERCONTROL_PATH
	const char *pmdas;   // PCP_PMDAS_DIR
	const char *version; // PCP_VERSION
};

struct logger_plan {
	struct pcp_conf pcp;
	const char *archives; // root of the archive tree
	const char *work; // pmlogger writes below it, PCP's nightly run moves it to the tree; NULL
	const char *connect;  // how the pmcd of host %h is reached
	const char *volume;   // of archives: size after which the next one begins
	const char *compress; // auto, xz, zstd, never
	const char *hotproc;  // predicate
	const char *systemd;  // folder of the administrator's units
	struct hostlist farm; // n 0: this node's own primary logger
};

#define LOGGER_FILES 4
struct logger_file {
	const char *path;
	struct strbuf text;
};

int pcp_conf_load(struct arena *a, struct pcp_conf *ret, struct error *err) MUST_USE;

// Everything that goes into a file that PCP's scripts let a shell read is checked.
int logger_plan_check(const struct logger_plan *p, struct error *err) MUST_USE;

// Returns how many files there are; the first is the configuration that pmlogger itself reads.
size_t logger_files(const struct logger_plan *p, const struct catalogue *c, struct arena *a,
	struct logger_file ret[LOGGER_FILES]);

// Other control files that have a primary logger too: "PATH:LINE" of the first one, NULL: none.
const char *logger_rival(const struct logger_plan *p, struct arena *a);
