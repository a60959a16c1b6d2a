#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# notes.sh HOOK SOURCE: what the hook leaves of a job while it is on the node.
set -u
hook=$1 source=$2
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
JOBSIGHT_SOCKET=$work/s JOBSIGHT_SPOOL=$work/spool JOBSIGHT_SAMPLER=/bin/true JOBSIGHT_JOBS=$work/jobs
export JOBSIGHT_SOCKET JOBSIGHT_SPOOL JOBSIGHT_SAMPLER JOBSIGHT_JOBS

fail() {
	echo "FAILED: $*" >&2
	exit 1
}
say() { # JOB CONTEXT [NAME=VALUE...]
	job=$1 context=$2
	shift 2
	env SLURM_JOB_ID="$job" SLURM_SCRIPT_CONTEXT="$context" "$@" "$hook" || fail "the hook ended with $?"
}
holds() { # JOB TEXT
	[ "$(cat "$JOBSIGHT_JOBS/$1")" = "$2" ] || fail "of job $1: $(cat "$JOBSIGHT_JOBS/$1")"
}

say 101 prolog_slurmd SLURM_JOB_ACCOUNT=physics SLURM_JOB_GPUS=0,3
holds 101 "account physics
gpus 0,3"
say 102 prolog_slurmd SLURM_JOB_ACCOUNT=chem-1.x
holds 102 "account chem-1.x
gpus none"
# a task's hooks run as the user and change nothing
say 101 prolog_task SLURM_JOB_ACCOUNT=other
holds 101 "account physics
gpus 0,3"
# requeued with other GPUs
say 101 prolog_slurmd SLURM_JOB_ACCOUNT=physics SLURM_JOB_GPUS=1
holds 101 "account physics
gpus 1"
say 101 epilog_slurmd
[ ! -e "$JOBSIGHT_JOBS/101" ] || fail "the file of a job that has ended is still there"
say 101 epilog_slurmd # once more

# Values that are no words, a folder that is none, what a killed hook left.
say 103 prolog_slurmd SLURM_JOB_ACCOUNT="a
gpus 7" SLURM_JOB_GPUS="$(head -c 200 /dev/zero | tr '\0' 1)"
holds 103 "gpus none"
say ../../evil prolog_slurmd SLURM_JOB_ACCOUNT=x
[ ! -e "$work/evil" ] || fail "a job's number has led out of the folder"
echo half > "$JOBSIGHT_JOBS/.104"
say 104 prolog_slurmd
holds 104 "gpus none"
echo precious > "$work/precious"
ln -s "$work/precious" "$JOBSIGHT_JOBS/.105"
say 105 prolog_slurmd SLURM_JOB_ACCOUNT=x
[ "$(cat "$work/precious")" = precious ] || fail "a link was followed"
holds 105 "account x
gpus none"
[ "$(find "$JOBSIGHT_JOBS" -mindepth 1 | sort | tr '\n' ' ')" = \
	"$JOBSIGHT_JOBS/102 $JOBSIGHT_JOBS/103 $JOBSIGHT_JOBS/104 $JOBSIGHT_JOBS/105 " ] || fail "$(ls -a "$JOBSIGHT_JOBS")"
export JOBSIGHT_JOBS=/dev/null/none
say 106 prolog_slurmd SLURM_JOB_ACCOUNT=x
echo "notes come and go"
