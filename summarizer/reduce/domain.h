// SPDX-License-Identifier: Apache-2.0
// Instances of a host. A domain gives each name that an instance ever had a row, for as long as
// the host is swept; an id map says which row an id means in one archive at one time. An id that
// comes back with another name thus is another row, and no counter is followed across.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/map.h"
#include "summarizer/archive/archive.h"

#define NO_ROW UINT32_MAX

struct domain {
	uint32_t number; // as in the archives; ARCHIVE_NO_INDOM: one row without a name
	const char **names;
	size_t n, room;  // rows
	struct map rows; // name to row number + 1
};

void domain_init(struct domain *d, uint32_t number);
void domain_release(struct domain *d);
size_t domain_row(struct domain *d, struct arena *a, const char *name); // added when new
uint32_t domain_find(const struct domain *d, const char *name);         // NO_ROW: none

struct id_slot {
	int32_t id;
	uint32_t row; // NO_ROW: the id is gone
	bool is_used;
};

struct id_map { // of one domain in one archive
	struct domain *domain;
	uint32_t number;
	unsigned version; // rises with each change
	struct id_slot *slots;
	size_t n_slots, n_used;
};

void id_map_release(struct id_map *m);
// Takes over what the archive says from a time on; instances with damaged names are left out.
void id_map_apply(struct id_map *m, const struct archive_indom *d, struct arena *a);
uint32_t id_map_row(const struct id_map *m, int32_t id);
