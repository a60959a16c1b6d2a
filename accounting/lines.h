// SPDX-License-Identifier: Apache-2.0
// CSV files that agents append to: their lines one by one, those that make no sense reported, those
// of long before the last import skipped.
#pragma once

#include "accounting/connector.h"
#include "common/csv.h"

struct lines {
	struct problems *problems;
	enum code code; // of a line that makes no sense
	const struct timezone_rules *zone;
	struct arena arena;
	struct csv csv;
	int64_t after_s;  // lines before are in the warehouse
	int64_t newest_s; // of those given
};

int lines_open(const struct import_request *r, bool by_ssh, enum code code, void **ret_state,
	struct error *err) MUST_USE;
// Gives lines to take until it makes a record of one: 1; 0 at the end.
int lines_record(struct lines *l,
	bool (*take)(void *context, const struct csv_row *row, struct record *ret), void *context,
	struct record *ret);
void lines_wrong(struct lines *l, const struct csv_row *row, const char *what);
// Takes the line's time; false: it is none, which is reported, or was imported before.
bool lines_time(struct lines *l, const struct csv_row *row, const char *text, int64_t *ret_s);
const char *lines_place(void *state, struct arena *a);
void lines_close(void *state);
