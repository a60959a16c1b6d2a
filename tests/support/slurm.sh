# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# For tests with a real Slurm, after lib.sh, with its program (tests/servers/slurm) as $slurm:
#
#   start_slurm ARGUMENT...  in $lab; stopped at the end. A test ends with 77 where there is none.
#   my SQL                   asks slurmdbd's database
#   batch ARGUMENT...        sbatch
#   common_jobs              an array, a heterogeneous job, ones that fail, and so on; $work/job.sh is a script
lab=$work/lab

start_slurm() {
	local rc=0 started
	started=$("$slurm" start "$lab" "$@" 2>"$work/slurm.log") || rc=$?
	if [ $rc -ne 0 ]; then
		cat "$work/slurm.log" >&2
		[ $rc -eq 77 ] && exit 77
		exit 99
	fi
	# shellcheck disable=SC2016 # at the end
	at_exit '"$slurm" stop "$lab" >/dev/null 2>&1'
	eval "$started"
	export JOBSIGHT_SLURMDB_PASSWORD=$SLURM_DB_PASSWORD
	# shellcheck disable=SC2034 # for tests
	place="socket=$SLURM_DB_SOCKET user=$SLURM_DB_USER database=$SLURM_DB_NAME"
}

my() {
	mariadb --no-defaults -S "$SLURM_DB_SOCKET" -u "$SLURM_DB_USER" -p"$SLURM_DB_PASSWORD" -N \
		"$SLURM_DB_NAME" -e "set sql_mode = ''; $1"
}

batch() { sbatch -Q -D "$work/out" -o "$work/out/%j" "$@" >/dev/null || exit 99; }

common_jobs() {
	mkdir -m 777 "$work/out"
	printf '#!/bin/sh\nsleep 0.2\n' >"$work/job.sh"
	chmod 755 "$work/job.sh"
	batch -N2 -n4 --gres=gpu:1 -J 'two nodes' "$work/job.sh"
	batch --array=1-3%2 -t 5 "$work/job.sh"
	batch -N1 : -N1 "$work/job.sh"
	batch --wrap 'exit 3'
	batch --wrap 'exit 143' # as a shell ends whose command got a SIGTERM
	# shellcheck disable=SC2016 # the job's own
	batch --wrap 'kill -9 $$'
	batch --mem-per-cpu=50 -n3 -t 1-0 "$work/job.sh"
}
