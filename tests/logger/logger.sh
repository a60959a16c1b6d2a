#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# logger.sh LOGGER SOURCE: what jobsight-logger writes is run by PCP's own scripts (pmlogger_check,
# pmlogger_daily) with a real pmcd: a node's primary logger straight into the archive tree, loggers of
# a farm, and by a working directory with the nightly merge, compression and move; and no option
# brings anything to the shell that reads control files.
set -u
logger=$1 source=$2
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
pcp=$source/tests/servers/pcp
bin=$(sed -n 's/^PCP_BINADM_DIR=//p' /etc/pcp.conf)
at_exit "$pcp stop $work/pcp >/dev/null 2>&1"
at_exit stop_loggers
"$pcp" start "$work/pcp" --node n1 --agents "linux proc" > "$work/env" || exit 1
# shellcheck disable=SC1091
. "$work/env"
pmcd=$PCP_HOST
unset PCP_HOST
mkdir -p "$work"/{etc/control.d,pmdas/proc,units,work,pcp/n1/log/pmlogger}
printf '$version=1.1\n' > "$work/etc/control"
# shellcheck disable=SC2155
export PCP_PMLOGGERCONTROL_PATH=$work/etc/control PCP_USER=$(id -un) PCP_GROUP=$(id -gn)
today=$(date -u +%Y/%m/%d)
node=$(hostname)

stop_loggers() {
	local at pid
	for at in "$work"/pcp/n1/tmp/pmlogger/[0-9]*; do
		pid=${at##*/}
		[ -e "$at" ] && kill "$pid" 2>/dev/null || continue
		wait_for 10 sh -c '! kill -0 "$1" 2>/dev/null || grep -q "State:.Z" "/proc/$1/status"' - "$pid"
	done
}
plan() { # OPTION...
	PCP_PMDAS_DIR=$work/pmdas "$logger" -C "$source/conf/catalogue" --archives "$work/tree" \
		--systemd "$work/units" --pmcd "$pmcd" "$@"
}
ends_with() { # CODE COMMAND...
	local want=$1 code=0
	shift
	"$@" || code=$?
	[ "$code" -eq "$want" ]
}
archives() { # below FOLDER
	find "$1" -name '*.meta*' 2>/dev/null | sed 's/\.meta.*$//'
}
holds() { # FOLDER METRIC: some archive there has a value
	local base
	for base in $(archives "$1"); do
		! pmdumplog "$base" "$2" 2>/dev/null | grep -q 'value' || return 0
	done
	return 1
}
label() { # FOLDER
	pmdumplog -L "$(archives "$1" | head -n 1)" | sed -n 's/.* metrics from host //p'
}
run_check() {
	"$bin/pmlogger_check" -l "$work/check.log" || { cat "$work/check.log"; return 1; }
}
no_complaints() {
	! find "$work/tree" "$work/work" -name 'pmlogger.log' -exec grep -E '\<511\.|cannot find PMID|Error:' {} +
}

shown() {
	[ "$(plan --dry-run | grep -c '^==> ')" -eq 3 ]
}
ok "a dry run shows all files" shown
ok "and writes none" [ ! -e "$work/etc/jobsight.config" ]
ok "check: pmlogger takes it, files are missing" ends_with 3 plan --check
ok "the files are written" plan
ok "check: all is as wanted" plan --check
again() {
	[ -z "$(plan 2>&1)" ]
}
ok "the second time nothing changes" again
sed -i 's/^\$TZ.*//' "$work/etc/control.d/jobsight"
ok "check: one differs" ends_with 3 plan --check
ok "it is put right" plan
ok "everybody may read them" sh -c '[ "$(stat -c %a "$1")" = 644 ]' - "$work/etc/control.d/jobsight"
ok "the agent's predicate" grep -q 'uid >= 1000' "$work/pmdas/proc/hotproc.conf"
printf 'LOCALHOSTNAME y n /x -c y\n' > "$work/etc/control.d/local"
rival() {
	plan --dry-run 2>&1 | grep -q "control.d/local:1 has a primary logger too"
}
ok "another primary logger is named" rival
rm "$work/etc/control.d/local"

# The node's own logger, straight into the tree
ok "PCP's script begins the logger" run_check
ok "it writes into the tree" wait_for 20 holds "$work/tree/$node/$today" kernel.percpu.cpu.user
ok "with what the catalogue asks once" wait_for 20 holds "$work/tree/$node/$today" hinv.ncpu
ok "and what cores are learned from" grep -q cgroup.cpuset.cpus "$work/etc/jobsight.config"
ok "called after the node" [ "$(label "$work/tree/$node/$today")" = n1 ]
ok "it ends with the day" grep -q 'T@23:59:59' "$work/etc/control.d/jobsight"
ok "and trips over no derived metric" no_complaints
stop_loggers

# A farm
ok "a farm is set up" plan --farm n7 --connect "localhost:$PMCD_PORT"
ok "its logger begins each day anew" grep -q '00:00:05 UTC' "$work/units/pmlogger_check.timer.d/jobsight.conf"
ok "PCP's script begins it" run_check
ok "it writes into the tree" wait_for 20 holds "$work/tree/n7/$today" kernel.percpu.cpu.user
ok "with the name of its node" [ "$(label "$work/tree/n7/$today")" = n7 ]
stop_loggers
many() {
	[ "$(plan --farm 'cn[001-300]' --connect '%h.ib' -n 2>/dev/null | grep -c '^cn[0-9]*\.ib	n	n	"')" -eq 300 ]
}
ok "a farm of 300 nodes" many

# By a working directory
ok "a farm with a working directory" plan --farm n8 --connect "localhost:$PMCD_PORT" \
	--work "$work/work" --compress xz
ok "PCP's nightly run comes after the end of the UTC day" \
	grep -q '00:10:00 UTC' "$work/units/pmlogger_daily.timer.d/jobsight.conf"
ok "PCP's script begins it" run_check
ok "it writes there" wait_for 20 holds "$work/work/n8" kernel.percpu.cpu.user
day=$(date -u -d yesterday +%Y%m%d)
yesterday=$work/tree/n8/$(date -u -d yesterday +%Y/%m/%d)
# Two archives of yesterday, as if the logger had been begun twice; their records are of now, which
# PCP's script does not mind: it goes by names.
for hour in 10.00 12.00; do
	pmlogger -U "$PCP_USER" -h "$pmcd" -H n8 -c "$work/etc/jobsight.config" -s 2 -t 1 \
		-l "$work/$hour.log" "$work/work/n8/$day.$hour" > "$work/$hour.out" 2>&1
done
nightly() {
	"$bin/pmlogger_daily" -E -l "$work/daily.log" || { cat "$work/daily.log"; return 1; }
}
moved() {
	[ "$(archives "$yesterday")" = "$yesterday/$day" ] && [ -f "$yesterday/$day.0.xz" ]
}
ok "the nightly run" nightly
ok "one compressed archive of yesterday is in the tree" moved
ok "and can be read" holds "$yesterday" kernel.percpu.cpu.user
ok "nothing of it stays behind" sh -c '! ls "$1"/$2*' - "$work/work/n8" "$day"
stop_loggers

# Nothing for a shell
hostile() { # OPTION VALUE
	ends_with 2 plan --dry-run "$@" > "$work/hostile" 2>&1 && [ "$(wc -l < "$work/hostile")" -eq 1 ]
}
for value in 'n1;id' '$(id)' '`id`' '../n1' '-h' "n1'"; do
	ok "a farm of $value" hostile --farm "$value"
done
for value in 'tree' '/a b' '/a"b' '/a$b' '/a/../b'; do
	ok "a tree at $value" hostile --archives "$value"
done
ok "an address" hostile --connect '$(id)' --farm n1
ok "a size" hostile --volume '1;id'
ok "a program" hostile --compress 'sh -c id'
ok "a predicate of two lines" hostile --hotproc 'a
b'
ok "work inside the tree" hostile --work "$work/tree/work"
done_testing
