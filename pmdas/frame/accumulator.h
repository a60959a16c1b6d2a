// SPDX-License-Identifier: Apache-2.0
// Makes a true 64-bit counter of a hardware counter of any width that is read often enough.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct accumulator {    // all zero = nothing read yet
	uint64_t total; // begins with the first value read, never decreases
	uint64_t last;
	int64_t at_ns;
	bool started;
	uint64_t
		resets; // decreases that no wrap can explain; what was counted across them is left out
	uint64_t late; // reads so late that the counter may have wrapped more than once
};

// Folds in a value read at now_ns. width: bits of the counter; rate: the most it can count a second.
void accumulator_fold(
	struct accumulator *a, uint64_t raw, unsigned width, uint64_t rate, int64_t now_ns);
