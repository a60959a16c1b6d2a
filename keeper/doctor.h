// SPDX-License-Identifier: Apache-2.0
// Inside of jobsight-doctor: hosts are collected (expect.c), looked at (host.c), judged (judge.c), the
// services of this machine too (service.c), and all is printed (print.c).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/map.h"
#include "common/settings.h"
#include "keeper/host.h"

enum severity { SEVERITY_OK, SEVERITY_WARNING, SEVERITY_CRITICAL, SEVERITIES };

enum fault {
	// of hosts
	FAULT_NO_ARCHIVES,
	FAULT_SILENT,
	FAULT_LATE,
	FAULT_NO_BOUNDARY,
	FAULT_RELAY_SILENT,
	FAULT_FOREIGN,
	FAULT_DAMAGED,
	FAULT_CLOCK,
	FAULT_UNREADABLE,
	// of this machine
	FAULT_NO_TREE,
	FAULT_ACCOUNTING,
	FAULT_NO_HOSTS,
	FAULT_NO_HOOKS,
	FAULT_SPOOLED,
	FAULT_WAITING,
	FAULT_SENDER_STOPPED,
	FAULT_SENDER_CUT,
	FAULT_SENDER_BLOCKED,
	FAULT_GIVEN_UP,
	FAULT_RECEIVER_STOPPED,
	FAULT_RECEIVER_CUT,
	FAULT_REJECTED,
	FAULT_DISK,
	FAULTS,
};

struct fault_row {
	const char *code; // in JSON
	enum severity severity;
	const char *words;
	const char *advice; // what to do
};
extern const struct fault_row fault_rows[FAULTS];

struct finding {
	enum fault fault;
	const char *detail;
};

struct findings {
	struct finding *items;
	size_t n, room;
	enum severity severity; // of the worst
};

struct doctor_host {
	const char *name; // of its folder; of a host without one, as it was expected
	const char *cluster;
	bool is_expected; // by the setting or the accounting
	bool is_in_tree;
	int64_t edge_s;       // last begin or end of a job that must be on record; 0: none known
	const char *edge_job; // of which job
	int64_t relay_s;      // last message; 0: none known
	struct host_newest newest;
	struct findings findings;
};

struct doctor_service { // something of this machine
	const char *name;
	const char *text; // what is known of it
	struct findings findings;
};

enum doctor_service_kind {
	SERVICE_TREES,
	SERVICE_HOOKS,
	SERVICE_SENDER,
	SERVICE_RECEIVER,
	SERVICE_KINDS,
};

struct doctor {
	const struct settings *settings;
	int64_t now_s;
	struct arena *arena;
	struct doctor_host *hosts;
	size_t n, room;
	struct map relayed; // host to int64_t: its last message
	struct doctor_service services[SERVICE_KINDS];
	uint64_t spooled;
	int64_t oldest_sample_s; // of the hosts that are looked after; 0: none has any
	bool has_boundaries;     // some host has
	size_t counts[SEVERITIES];
};

struct doctor_ward {         // one archive tree and whom it should hold
	const char *cluster; // NULL: the tree belongs to none
	const char *root;
	const char *accounting, *suffix, *timezone;
	const char *listed; // host list
};

void finding_add(struct doctor *d, struct findings *f, enum fault fault, const char *detail);

// Collects the hosts of a ward and looks at each.
void doctor_visit(struct doctor *d, const struct doctor_ward *w);
void doctor_services(struct doctor *d); // before judging: says when hosts sent last
void doctor_judge(struct doctor *d);

const char *doctor_age(struct arena *a, int64_t seconds); // "12s", "3h10m", "5d"
void doctor_print_table(const struct doctor *d, bool all);
void doctor_print_json(const struct doctor *d);
int doctor_print_nagios(const struct doctor *d); // returns the exit code that monitors expect
