// SPDX-License-Identifier: Apache-2.0
// What a site says in /etc/jobsight/pmu.conf, a line each; # begins a comment.
//	event NAME PMU TERMS       counts an event more, as the instance NAME of pmu.event.count
//	event NAME libpfm EVENT    the same, in libpfm4's words
//	role ROLE PMU TERMS [MULTIPLY [DIVIDE]]  counts a role so, instead of what the tables say; lines
//	                           of the same role are added up
//	jobs on|off                whether jobs' control groups are counted; on unless said
//	descriptors NUMBER         most events open at a time; 16384 unless said
//	linger SECONDS             how long the counts of a job that has ended are shown; 60 unless said
//	lock PATH                  a file that, while it is there, keeps the agent off the counters
//	likwid PATH                the same, while its owner is neither root nor the agent
#pragma once

#include <stdbool.h>

#include "pmdas/pmu/table.h"

#define PMU_SITE_EVENTS 32
#define PMU_SITE_ROLES  32

struct pmu_site_event {
	unsigned line;
	char name[32];
	char pmu[48];
	char terms[160];
	enum pmu_role role;
	unsigned multiply, divide;
};

struct pmu_site {
	struct pmu_site_event events[PMU_SITE_EVENTS];
	unsigned n_events;
	struct pmu_site_event roles[PMU_SITE_ROLES];
	unsigned n_roles;
	bool jobs;
	unsigned descriptors;
	unsigned linger;
	char lock[160]; // without the leading slash
	char likwid[160];
	unsigned wrong;   // lines that were left out
	char reason[200]; // of the first of them, with its line
};

// The lines of a file; those that are wrong are left out.
void pmu_site_parse(const char *text, struct pmu_site *ret);

void pmu_site_complain(struct pmu_site *site, unsigned line, const char *what);
