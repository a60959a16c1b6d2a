// SPDX-License-Identifier: Apache-2.0
// Finding the period of something that goes on and off.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/document/document.h"

struct period {          // in points
	double length;   // of one period
	double shift;    // where its busy part begins
	double on;       // length of that
	double contrast; // (on - off) / (on + off) of the mean rates; 1: nothing happens in between
};

// The period of n equally spaced rates; false: there is none. Takes n² steps; n is at most 512.
bool period_find(const double *rates, size_t n, struct period *ret);
