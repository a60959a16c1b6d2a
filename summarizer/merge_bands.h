// SPDX-License-Identifier: Apache-2.0
// What all hosts of a job did, where its series have room for some of them only: at each point the
// least and most of all, and the values below which a share of the hosts lies.
#pragma once

#include <stddef.h>

#include "common/arena.h"
#include "common/document/document.h"

enum { BANDS = 7 };

struct bands {
	double *rows[BANDS]; // one value a point; NAN: no host has it
	size_t n_hosts;
};

struct bands *bands_make(size_t n_hosts, size_t n_points, struct arena *a);
// The hosts' averages at a point in ascending order, and the least and most that any had.
void bands_take(struct bands *b, size_t point, const double *sorted, size_t n, double lowest,
	double highest);
// The name of a band in the document.
const char *bands_name(size_t i);
