// SPDX-License-Identifier: Apache-2.0
// The forms of text in which drivers show ports and their counters.
#pragma once

#include <stddef.h>
#include <stdint.h>

// A counter: a decimal number, alone or with the time of its reading behind it, "123@1700000000.5".
int fabric_parse_counter(const char *text, uint64_t *ret);

int fabric_parse_state(const char *text, uint64_t *ret); // "4: ACTIVE"

// Bytes a second of "200 Gb/sec (4X HDR)", "BS_200G", or a number of Mb/s alone.
int fabric_parse_rate(const char *text, uint64_t *ret);

// Copies a word from outside: letters, digits and " ._:()/+-"; what else there is goes.
void fabric_copy_word(char *ret, size_t size, const char *text);

// Moves to the next line of `ethtool -S` (or `-i`); its name and value are cut out of the text. False at
// the end. *ret_value is text, too.
int fabric_next_statistic(char **text, char **ret_name, char **ret_value);
