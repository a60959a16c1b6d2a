// SPDX-License-Identifier: Apache-2.0
// The processes of a host as its last record has them: control group, user, and the job that the
// group names. Most are as they were in the record before; texts are looked into when they change.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "summarizer/reduce/binding.h"

struct process { // of a row of the instance domain
	char *groups;
	size_t n_groups;
	char *user; // NULL: not known
	size_t n_user;
	uint64_t job;  // the first of the groups; 0: none
	bool has_more; // groups may name another
};

struct process_now { // of the record
	uint32_t row;
	int32_t place; // in the set of groups
	bool is_new;   // the row is to say something else
	struct bytes groups, user;
};

struct process_table { // of one instance domain
	const struct domain *domain;
	struct process *rows;
	size_t n;
	struct process_now *now;
	size_t n_now, room;
};

struct process_tables { // of a host; all zero: none yet
	struct process_table **items;
	size_t n;
};

// What the record has; rows are as they were before. NULL: no groups.
struct process_table *process_look(
	struct process_tables *x, const struct binding_record *b, const struct archive_record *r);
// Takes it over.
void process_accept(struct process_table *t);
void process_tables_release(struct process_tables *x);
