# SPDX-License-Identifier: Apache-2.0
# For the shell tests of PMDAs: . lib.sh BUILT_DIR sets $built and a private folder $tmp that is cleared
# away at the end, and gives machine, collector, expect.
# shellcheck shell=bash
set -euo pipefail

# shellcheck disable=SC2034 # used by who includes this
built=$(readlink -f "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/jobsight-pmda.XXXXXX")
unset PCP_HOST PCP_ARCHIVE JOBSIGHT_PMDA_ROOT JOBSIGHT_PMDA_INTERVAL
export PCP_DERIVED_CONFIG=/dev/null TZ=UTC
# On a busy machine a fetch may lose a device that is slow, not hung; tests of hung ones take this back.
export JOBSIGHT_PMDA_WAIT=2sec

command -v pmdumplog > /dev/null || { echo "no PCP here"; exit 77; }

clean_up()
{
	local rc=$?
	"$here/../servers/pcp" stop "$tmp/pcp" > /dev/null || rc=1
	type own_clean_up > /dev/null 2>&1 && own_clean_up
	rm -rf "$tmp"
	exit "$rc"
}
trap clean_up EXIT

fail()
{
	echo "FAILED: $*" >&2
	exit 1
}

# has PATTERN: is it in the input? Reads all of it: grep -q would cut its writer off, and pipefail call
# that a failure.
has()
{
	grep "$@" | cat > /dev/null
}

# machine NAME: makes $tmp/NAME.
machine()
{
	"$here/fake-machine" "$1" "$tmp/$1"
}

# collector NODE ROOT [ARG ...]: a pmcd with the PMDA on that machine; sets PCP_HOST and the like.
collector()
{
	local node=$1 root=$2
	shift 2
	"$here/../servers/pcp" start "$tmp/pcp" --node "$node" --agents '' \
		--env "JOBSIGHT_PMDA_ROOT=$root" "$@" > "$tmp/env"
	# shellcheck disable=SC1091
	. "$tmp/env"
}

# What a test can compare: all values but those that depend on how long it has run.
values()
{
	pminfo -f msr | sed '/^msr.control.polls/,/^$/d; /^msr.control.late/,/^$/d
		/^msr.meter.energy/,/^$/d'
}

# value METRIC INSTANCE: one value, empty when there is none.
value()
{
	pminfo -f "$1" | sed -n "s/.*\[[0-9]* or \"$2\"\] value //p"
}

# set_register ROOT CPU ADDRESS VALUE, whole at any instant.
set_register()
{
	echo "$4" > "$1/dev/cpu/$2/new"
	mv "$1/dev/cpu/$2/new" "$1/dev/cpu/$2/msr.d/$3"
}

# polls N: waits until the PMDA has read all registers N times more.
polls()
{
	local start now tries
	start=$(pmprobe -v msr.control.polls | cut -d' ' -f3)
	for ((tries = 0; tries < 1200; tries++)); do
		now=$(pmprobe -v msr.control.polls | cut -d' ' -f3)
		[ "$now" -lt $((start + $1)) ] || return 0
		sleep 0.05
	done
	fail "the PMDA does not poll"
}

# expect GOLDEN: compares standard input with golden/GOLDEN; UPDATE_GOLDEN=1 writes it, to be reviewed.
expect()
{
	cat > "$tmp/got"
	[ -z "${UPDATE_GOLDEN:-}" ] || cp "$tmp/got" "$here/golden/$1"
	diff -u "$here/golden/$1" "$tmp/got" || fail "$1 differs"
}

# expect_from GOLDEN COMMAND ...: the same of what a command prints, soon: on a busy machine a fetch may lose a
# device once; what must come is the whole answer.
expect_from()
{
	local golden=$1 tries
	shift
	for ((tries = 0; tries < 100; tries++)); do
		"$@" > "$tmp/printed"
		! cmp -s "$tmp/printed" "$here/golden/$golden" || break
		[ -z "${UPDATE_GOLDEN:-}" ] || break
	done
	expect "$golden" < "$tmp/printed"
}

# by_dbpmda HOW: the answers to $tmp/requests, straight from the agent, without what differs between releases of PCP.
by_dbpmda()
{
	{
		echo "open $1"
		cat "$tmp/requests"
		echo quit
	} | dbpmda -n "$built/root" -ie -f > "$tmp/raw" 2>&1 || { cat "$tmp/raw" >&2; fail "dbpmda: $1"; }
	sed -e '/^dbpmda> open/d' -e '/^Start pmda/d' -e 's/^\(__\)\?pmResult.*numpmid/pmResult numpmid/' \
		-e 's/^Error.*: /Error: /' -e 's/^Info: .*label.*/Info: no labels/' -e '/^$/d' "$tmp/raw"
}
