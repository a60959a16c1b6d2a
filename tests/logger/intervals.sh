#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# intervals.sh LOGGER SOURCE: a catalogue whose metrics ask for different intervals, and a predicate of hot processes,
# through jobsight-logger, PCP's scripts, a real pmlogger and pmcd: every group of the archive comes at its own
# interval, and the processes in it are those of the predicate.
set -u
logger=$1 source=$2
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
pcp=$source/tests/servers/pcp
bin=$(sed -n 's/^PCP_BINADM_DIR=//p' /etc/pcp.conf)
system=$(sed -n 's/^PCP_PMDAS_DIR=//p' /etc/pcp.conf)
here=$work/pcp/n1
mkdir -p "$here/pmdas/proc" "$here/log/pmlogger" "$work"/{etc/control.d,units,catalogue}
ln -s "$system"/proc/* "$here/pmdas/proc"
printf '$version=1.1\n' >"$work/etc/control"
# shellcheck disable=SC2155
export PCP_PMLOGGERCONTROL_PATH=$work/etc/control PCP_USER=$(id -un) PCP_GROUP=$(id -gn)
stanza() { # NAME EVERY PCP
	cat <<-EOT
		- metric: $1
		  label: $1
		  help: Of a test.
		  unit: count
		  every: $2
		  from: {pcp: {x: $3}}
		  value: sum(x)
		  keep: [{over: node, document: $1, statistics: all}]
	EOT
}
{
	stanza load.all 1s kernel.all.load
	stanza memory.free 3s mem.util.free
	stanza hot.user 2s hotproc.psinfo.utime
	stanza swap.size once mem.physmem
} >"$work/catalogue/four.yaml"
set_up() {
	PCP_PMDAS_DIR=$here/pmdas "$logger" -C "$work/catalogue" --archives "$work/tree" --systemd "$work/units" \
		--hotproc 'fname == "jobsleep"' "$@"
}
ok "all is written" set_up
ok "the predicate is where the agent looks for it" grep -qx 'fname == "jobsleep"' "$here/pmdas/proc/hotproc.conf"

cp "$(command -v sleep)" "$work/jobsleep"
start jobsleep "$work/jobsleep" 1000
start other sleep 1000
"$pcp" start "$work/pcp" --node n1 --agents "linux proc" >"$work/env" || exit 1
at_exit "$pcp stop $work/pcp >/dev/null 2>&1"
# shellcheck disable=SC1091
. "$work/env"
pmcd=$PCP_HOST
pmstore hotproc.control.refresh 1 >/dev/null || exit 1
hot() { pminfo -f hotproc.psinfo.cmd | grep -q 'jobsleep'; }
ok "the agent finds the hot process" wait_for 30 hot
unset PCP_HOST
ok "pmlogger takes the configuration" set_up --check --pmcd "$pmcd"
groups_written() {
	grep -oE 'on (once|[0-9]+ sec)' "$work/etc/jobsight.config" | tr '\n' ' ' | grep -qx 'on 1 sec on 2 sec on 3 sec on 30 sec on once '
}
ok "a group for each interval, the shortest first" groups_written

stop_logger() {
	local at
	for at in "$here"/tmp/pmlogger/[0-9]*; do
		[ ! -e "$at" ] || kill "${at##*/}" 2>/dev/null
	done
}
at_exit stop_logger
run_check() {
	"$bin/pmlogger_check" -l "$work/check.log" || { cat "$work/check.log"; return 1; }
}
ok "PCP's script begins the logger" run_check
base() { find "$work/tree" -name '*.meta' | sed 's/\.meta$//' | head -n 1; }
times() { # METRIC: seconds of the day of its samples
	TZ=UTC pmdumplog -z "$(base)" "$1" 2>/dev/null |
		awk -v name="($1)" -F '[ :]' '/^[0-9][0-9]:/ { t = $1 * 3600 + $2 * 60 + $3 } index($0, name) && t { print t; t = 0 }'
}
count() { times "$1" | wc -l; }
enough() { [ "$(count mem.util.free)" -ge 5 ]; }
ok "samples come" wait_for 90 enough
stop_logger
every() { # SECONDS METRIC: half of the distances or more are that
	local got
	got=$(times "$2" | awk 'NR > 1 { print $1 - before } { before = $1 }' | sort -n | awk '{ d[NR] = $1 } END { print d[int((NR + 1) / 2)] }')
	echo "$2: $got"
	awk -v got="$got" -v want="$1" 'BEGIN { exit !(got > want - 0.3 && got < want + 0.3) }'
}
ok "each second" every 1 kernel.all.load
ok "each two seconds" every 2 hotproc.psinfo.utime
ok "each three seconds" every 3 mem.util.free
ok "once" [ "$(count mem.physmem)" -eq 1 ]
ok "what cores are learned from, at 30 s" [ "$(count hotproc.psinfo.cpusallowed)" -le 3 ]
hot_alone() { # instances of the metric: ours, and no other
	pmdumplog "$(base)" hotproc.psinfo.utime | sed -n 's/.* or "[0-9]* \([^ "]*\).*/\1/p' | sort -u >"$work/hot"
	cat "$work/hot"
	[ "$(cat "$work/hot")" = "$work/jobsleep" ]
}
ok "the hot process is in it, and no other" hot_alone
done_testing
