// SPDX-License-Identifier: Apache-2.0
// Numbers for people: 0.4321 of unit "ratio" is 43.2 %, 3.5e9 "bytes" is 3.26 GiB. The exact value
// goes into the page besides (see number_exact), so nothing is lost by rounding.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct shown { // a value as people read it
	char number[32];
	char unit[48];
};

struct shown unit_show(double value, const char *unit);
bool unit_is_word(const char *unit); // jobs, core hours; not W or flop/s

#define NUMBER_SIZE 40
const char *number_exact(double value, char buf[NUMBER_SIZE]); // shortest that reads back equal

#define SPAN_SIZE 32
const char *span_show(int64_t seconds, char buf[SPAN_SIZE]); // 3:10:22, 2d 04:00:00
const char *count_show(int64_t n, char buf[NUMBER_SIZE]);    // 1 234 567, with thin spaces
