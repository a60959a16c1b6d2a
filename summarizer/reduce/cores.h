// SPDX-License-Identifier: Apache-2.0
// Which cores of a node are a job's: a set of CPU numbers, and the ways to learn it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"

#define CORES_MAX 8192

struct core_set {
	uint64_t bits[CORES_MAX / 64];
	unsigned n; // 0: not known
};

bool core_set_has(const struct core_set *s, unsigned core);
// Adds "0-3,8,10-11". false: it makes no sense, and s is as it was.
bool core_set_parse(struct core_set *s, struct bytes text);
// "0,1,2": every core, at most size - 1 bytes.
void core_set_list(const struct core_set *s, char *buf, size_t size);

// The next job that a cgroup path or a process's list of cgroups names (".../job_<id>"), from *at on:
// false when there is none.
bool cgroup_next_job(const char **at, const char *end, uint64_t *ret_raw_id);
// Whether such a text names this part of a path ("s5K1KKYAYG5D00", by which Slurm 26.05 calls them).
bool cgroup_names(const char *text, size_t len, const char *part);
// Whether a cgroup is a job's own and none below it: ends with its number, or with its SLUID.
bool cgroup_job(const char *name, uint64_t *ret_raw_id);
bool cgroup_is_sluid(const char *name, const char *sluid); // "": not known
// Whether it is this job's: ends with its number, or with its SLUID ("": not known). As our PMDAs
// name instances, 101 and 101:gpu0, 101.0 is a step and none.
bool cgroup_is_job_itself(const char *name, uint64_t raw_id, const char *sluid);
// The number of a core by its instance name ("cpu12"), else its place.
unsigned core_number(const char *name, size_t place);
