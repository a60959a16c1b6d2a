# SPDX-License-Identifier: Apache-2.0
# More for the shell tests of the PMDA `jobs`, after lib.sh and lib-units.sh: rounds, start.
# shellcheck shell=bash
# shellcheck disable=SC2154 # built and tmp are of lib.sh

# rounds N: waits until the PMDA has looked N times more.
rounds()
{
	local start tries
	start=$(of jobs.control.polls)
	for ((tries = 0; tries < 1200; tries++)); do
		[ "$(of jobs.control.polls)" -lt $((start + $1)) ] || return 0
		sleep 0.05
	done
	fail "the PMDA does not poll"
}

start()
{
	collector "$1" "$tmp/$2" "$3" "$built" --env JOBSIGHT_PMDA_INTERVAL=0.1
	rounds 4
}
