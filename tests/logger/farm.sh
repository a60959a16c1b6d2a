#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# farm.sh LOGGER SOURCE: a pmlogger farm on a server whose nodes are other hosts (network namespaces), each with its
# own pmcd on PCP's port: PCP's scripts begin a logger for each; a node whose cable is out costs the others nothing
# and is logged again when it is back.
set -u
logger=$1 source=$2
# shellcheck source=tests/support/namespaces.sh
. "$source/tests/support/namespaces.sh"
enter_namespace "$0" "$@"
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
pcp=$source/tests/servers/pcp
bin=$(sed -n 's/^PCP_BINADM_DIR=//p' /etc/pcp.conf)
at_exit "$pcp stop $work/pcp >/dev/null 2>&1"
at_exit stop_loggers
for node in n1 n2; do
	host $node || exit 1
	on $node "$pcp" start "$work/pcp" --node $node --agents linux --port 44321 --env PMCD_LOCAL=0 >"$work/$node.env" || exit 1
done
# Ours, whose logger folder PCP's scripts look into; it has no node's pmcd.
mkdir -p "$work"/{etc/control.d,pmdas/proc,units,tmp/pmlogger,log/pmlogger,run,catalogue}
printf '$version=1.1\n' >"$work/etc/control"
# shellcheck disable=SC2155
export PCP_PMLOGGERCONTROL_PATH=$work/etc/control PCP_USER=$(id -un) PCP_GROUP=$(id -gn) TZ=UTC
export PCP_TMP_DIR=$work/tmp PCP_TMPFILE_DIR=$work/tmp PCP_RUN_DIR=$work/run PCP_LOG_DIR=$work/log
export PCP_ARCHIVE_DIR=$work/log/pmlogger PCP_DERIVED_CONFIG=/dev/null PMCD_REQUEST_TIMEOUT=3
cat >"$work/catalogue/load.yaml" <<'EOT'
- metric: load.one
  label: Load
  help: Processes that want to run.
  unit: count
  every: 1s
  from: {pcp: {load: kernel.all.load}}
  value: sum(load)
  keep: [{over: node, document: load.one, statistics: all}]
EOT
stop_loggers() {
	local at
	for at in "$work"/tmp/pmlogger/[0-9]*; do
		[ ! -e "$at" ] || kill "${at##*/}" 2>/dev/null
	done
}
run_check() {
	"$bin/pmlogger_check" -l "$work/check.log" || { cat "$work/check.log"; return 1; }
}
archives() { find "$work/tree/$1" -name '*.meta*' 2>/dev/null | sed 's/\.meta.*$//'; }
newest() { # NODE: seconds of the last record of any archive
	local base
	for base in $(archives "$1"); do
		TZ=UTC pmdumplog -zl "$base" 2>/dev/null | sed -n 's/^ *ending *//p'
	done | while read -r when; do date -u -d "$when" +%s; done | sort -n | tail -n 1
}
later_than() { [ "$(newest "$1")" -gt "$2" ]; }
label() { pmdumplog -L "$(archives "$1" | head -n 1)" | sed -n 's/.* metrics from host //p'; }

ok "the farm is set up" "$logger" -C "$work/catalogue" --archives "$work/tree" --systemd "$work/units" \
	--farm 'n[1-2]'
ok "the catalogue is taken" grep -q 'on 1 sec' "$work/etc/jobsight.config"
ok "PCP's script begins its loggers" run_check
for node in n1 n2; do
	ok "$node has samples" wait_for 30 later_than $node 0
	ok "... of that host" [ "$(label $node)" = $node ]
done
cut_cable n2
before=$(newest n1)
ok "the cable of n2 is out: n1 goes on" wait_for 60 later_than n1 $((before + 3))
last=$(newest n2)
stays() { sleep 5; [ "$(newest n2)" -le $((last + 1)) ]; }
ok "... n2 does not" stays
mend_cable n2
back=$(date +%s)
again() { run_check && later_than n2 "$back"; }
ok "it is back, PCP's script comes by: n2 is logged again" wait_for 90 again
ok "... and still under its own name" [ "$(label n2)" = n2 ]
one_each() { [ "$(find "$work/tmp/pmlogger" -name '[0-9]*' | wc -l)" -eq 2 ]; }
ok "one logger for each" one_each
done_testing
