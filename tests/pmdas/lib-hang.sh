# SPDX-License-Identifier: Apache-2.0
# For the shell tests of devices that hang, after lib.sh: $fetchtime is the program, a file is let go when
# FILE.hang is removed.
# shellcheck shell=bash

unset JOBSIGHT_PMDA_WAIT # the time that users get

wait_for_any()
{
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		[ -z "$(value "$1" "$2")" ] || return 0
		sleep 0.05
	done
	fail "$1 of $2 does not come back"
}

# longest NAME: milliseconds until pmcd answered one fetch
longest()
{
	# shellcheck disable=SC2154 # set by the test
	"$fetchtime" 1 "$1" | sed 's/.*longest \([0-9]*\).*/\1/'
}

# limit METRIC INSTANCE FILE: pmcd does not wait longer than 100 ms for a device that has just begun to hang. What
# a busy machine adds is no fault: the quickest of ten tells.
limit()
{
	local i ms least=1000000
	for ((i = 0; i < 10; i++)); do
		wait_for_any "$1" "$2"
		touch "$3.hang"
		ms=$(longest "$1")
		[ "$ms" -ge "$least" ] || least=$ms
		[ -e "$3.hang" ] || fail "the file was let go"
		rm "$3.hang"
		[ "$least" -ge 100 ] || [ "$i" -lt 2 ] || break
	done
	echo "pmcd when $2 begins to hang: $least ms"
	[ "$least" -lt 100 ] || fail "pmcd waits $least ms for $2"
}
