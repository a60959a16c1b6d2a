# SPDX-License-Identifier: Apache-2.0
# More for the shell tests of the PMDA `pmu`, after lib.sh.
# shellcheck shell=bash

# kernel ROOT WHICH: the state of the fake kernel, perf.0 (as it began) or another; all counters at once.
kernel()
{
	ln -s "$2" "$1/perf.new"
	mv -T "$1/perf.new" "$1/perf"
	# What goes back between two states must be read.
	# shellcheck disable=SC2154 # lib.sh sets tmp
	[ -z "${PCP_HOST:-}" ] || pminfo -f pmu > "$tmp/seen" 2>&1 || true
}

# settled METRIC INSTANCE VALUE: waits until it is so, '' = no value. Without an instance: a value of the
# node.
settled()
{
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		[ "$(value_of "$1" "$2")" != "$3" ] || return 0
		sleep 0.05
	done
	fail "$1 of $2 does not become '$3': $(pminfo -f "$1")"
}

value_of()
{
	if [ -n "$2" ]; then
		value "$1" "$2"
	else
		pminfo -f "$1" | sed -n 's/^ *value //p'
	fi
}

# counting: waits until the agent has opened its events.
counting()
{
	settled pmu.instructions cpu0 0
	polls_of_pmu 1
}

polls_of_pmu()
{
	local start now tries
	start=$(pmprobe -v pmu.control.polls | cut -d' ' -f3)
	for ((tries = 0; tries < 1200; tries++)); do
		now=$(pmprobe -v pmu.control.polls | cut -d' ' -f3)
		[ "$now" -lt $((start + $1)) ] || return 0
		sleep 0.05
	done
	fail "the PMDA does not poll"
}

# What a test can compare: all values but those that depend on how long it has run or on the system.
pmu_values()
{
	pminfo -f pmu | sed '/^pmu.control.polls/,/^$/d; /^pmu.control.descriptors.limit/,/^$/d'
}
