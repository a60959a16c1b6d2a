// SPDX-License-Identifier: Apache-2.0
// The job that a process belongs to, from its control group. Understood are Slurm's forms:
//	/slurm/uid_U/job_J/step_S/...                 version 1; /slurm_NODE with several slurmd
//	/system.slice/slurmstepd.scope/job_J/step_S   version 2; NODE_slurmstepd.scope likewise
//	/system.slice/slurmstepd.scope/SLUID/step_S   version 2 since 26.05, unless CgroupJobIdPaths=yes
// Users may name control groups below their own as they like: only what stands where Slurm alone can
// make it counts.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct frame_job {
	char id[24];    // number, or the SLUID while is_sluid
	char step[24];  // "0", "batch", "extern", "interactive"; "" = none
	char path[256]; // of the job's control group, as in /proc/PID/cgroup; "" when it is longer
	bool is_sluid;
};

// From one path of a control group. 0, or -ENOENT: no job's.
int frame_job_of_path(const char *path, struct frame_job *ret);

// From the text of /proc/PID/cgroup: the first line that names a job.
int frame_job_parse(const char *text, struct frame_job *ret);

// Of a process. 0, -ENOENT (in no job), or a negative errno value (no such process).
int frame_job_of(int root, unsigned pid, struct frame_job *ret);

// Replaces a SLUID by the job's number, which the job's slurmstepd has in its command line. 0, or
// -ENOENT: none of them is found, the SLUID stays. Does nothing for a number.
int frame_job_resolve(int root, struct frame_job *job);

// "slurmstepd: [JOB.STEP]" -> JOB. 0 or -EINVAL.
int frame_job_of_title(const char *title, char *ret, size_t size);
