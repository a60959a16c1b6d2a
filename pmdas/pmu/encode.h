// SPDX-License-Identifier: Apache-2.0
// From the text of an event, "event=0xc7,umask=0x01", to the words that perf_event_open(2) takes, by the
// PMU's own files below /sys/bus/event_source/devices/NAME: format/FIELD says where a field's bits are,
// events/NAME holds the text of a named event.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PMU_WORDS  3 // config, config1, config2
#define PMU_PIECES 8 // of a field that is spread over a word

struct pmu_encoding {
	uint32_t type;
	uint64_t config[PMU_WORDS];
};

struct pmu_field { // where the bits of a field are, lowest first
	unsigned word;
	unsigned n;
	struct {
		unsigned char low, high;
	} pieces[PMU_PIECES];
};

// The text of a file below format/, "config:0-7,32-35". 0 or -EINVAL.
int pmu_parse_field(const char *text, struct pmu_field *ret);

// Puts a value into its field; -ERANGE when it has more bits than the field.
int pmu_set_field(const struct pmu_field *field, uint64_t value, struct pmu_encoding *e);

// Reads the file NAME of a folder, "format" or "events". 0 or a negative errno value.
typedef int pmu_lookup(
	const void *context, const char *folder, const char *name, char *ret, size_t size);

// Encodes all but the type. Adds `step` to the term `event`. 0; -ENOENT: the PMU has no such field or
// event; -ERANGE: a value has too many bits; -EINVAL: no such text.
int pmu_encode(const char *terms, uint64_t step, pmu_lookup *lookup, const void *context,
	struct pmu_encoding *ret);
