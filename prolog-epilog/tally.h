// SPDX-License-Identifier: Apache-2.0
// What became of boundaries since the sampler began, for the PMDA `jobsight`: a small text file beside
// the socket, "NAME VALUE" a line, replaced whole. It is written every few seconds, so that its age
// says whether the sampler lives. Besides, the spool of hooks that did not reach it.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "prolog-epilog/boundary.h"

struct tally { // counted by two threads
	_Atomic uint64_t recorded[BOUNDARY_EVENTS];
	_Atomic uint64_t unsampled; // of them without a sample
	_Atomic uint64_t refused;   // datagrams
	_Atomic uint64_t lost;
	_Atomic uint64_t waiting;
	_Atomic bool is_connected; // to pmcd
};

// Into the folder of the socket.
int tally_write(struct tally *t, const char *socket, struct error *err) MUST_USE;

// A spool that is large, or whose last line is a day old, is put aside as PATH.1; that is removed
// after a month.
void spool_rotate(const char *path, int64_t now_s);
