#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The doctor: each fault made on purpose, and named; what is well is not complained about.
#
# usage: doctor.sh DOCTOR MKARCHIVE
set -eu
doctor=$1 mkarchive=$2
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
skip_unless_has jq

tree=$work/tree
now=2026-03-02T12:00:00Z

# archive FOLDER BASE [HOST [LAST]]: records at 0, 30 and LAST seconds after 00:00
archive() {
	mkdir -p "$tree/$1"
	cat >"$work/text" <<-T
		version 3
		host ${3:-${1%%/*}}
		start $(echo "${1#*/}" | tr / -)T00:00:00Z
		metric a.b 60.0.1 u64 - counter
		at 0
		a.b 1
		at 30
		a.b 2
		at ${4:-43190}
		a.b 3
	T
	"$mkarchive" "$work/text" "$tree/$1/$2"
}
sample() { archive "$1/2026/03/02" 20260302.00.00 "${2:-$1}" "${3:-43190}"; }
boundary() { archive "$1/2026/03/02" boundaries-20260302 "$1" "${2:-43100}"; }

for host in cn01 cn02 late silent foreign future torn headless garbage; do
	sample $host
	boundary $host
done
boundary ctl
sample late late 42000
sample silent silent 30000
sample foreign cn99
sample future future 44000
# a record that is being written; the index knows nothing of the last whole one
sample torn torn 43195
printf '\000\000\001\000xx' >>"$tree/torn/2026/03/02/20260302.00.00.0"
rm "$tree/headless/2026/03/02/20260302.00.00.meta"
head -c 500 /dev/urandom >"$tree/garbage/2026/03/02/20260302.00.00.0"
# packed: its index says where it ends
sample packed
boundary packed
xz "$tree/packed/2026/03/02/20260302.00.00.0"
# long ago, and nobody misses it
archive gone/2025/01/01 20250101.00.00
# yesterday's archive still grows, today's has just its begin
archive two/2026/03/01 20260301.00.00 two 129590
archive two/2026/03/02 20260302.00.00 two 31
mkdir -p "$tree/two/lost+found" "$tree/notes"

head='JobID|JobIDRaw|Cluster|User|Submit|Start|End|NNodes|NCPUS|NodeList|State'
cat >"$work/sacct.txt" <<-T
	$head
	7|7|demo|ann|2026-03-02T09:00:00|2026-03-02T10:00:00|2026-03-02T11:00:00|2|2|cn[01-02]|COMPLETED
	8|8|demo|ann|2026-03-02T09:00:00|2026-03-02T10:00:00|Unknown|1|1|absent|RUNNING
T
mkdir "$work/relay"
printf '%s cn01\n%s cn02\n' "$(date -d 2026-03-02T11:59:00Z +%s)" "$(date -d 2026-03-02T09:00:00Z +%s)" \
	>"$work/relay/receive.hosts"
cat >"$work/settings.yaml" <<-C
	relay: {state: $work/relay}
	doctor: {hosts: "cn[01-02]", spool: $work/spool, free_percent: 0}
	clusters:
	  - {name: demo, archives: $tree, accounting: "sacct:$work/sacct.txt"}
C
examine() { "$doctor" --config "$work/settings.yaml" --at $now "$@"; }
examine --json >"$work/json" || :

state() { jq -r ".hosts[] | select(.host == \"$1\") | .state" "$work/json"; }
codes() { jq -r ".hosts[] | select(.host == \"$1\") | [.findings[].code] | join(\",\")" "$work/json"; }
is() { # is HOST CODES
	[ "$(codes "$1")" = "$2" ] || {
		echo "$1: $(codes "$1")"
		return 1
	}
}
when() { jq -r ".hosts[] | select(.host == \"$1\") | .$2" "$work/json" | cut -c1-19; }
service() { jq -r ".services[] | select(.service == \"$1\") | [.findings[].code] | join(\",\")" "$work/json"; }

ok 'a host that delivers is well' is cn01 ''
ok 'a late host' is late late
ok 'a silent host' is silent silent
ok 'an archive of another host' is foreign foreign
ok 'a clock ahead' is future clock
ok 'a record that is being written is no damage' is torn ''
ok 'the last whole record before it counts' [ "$(when torn sample)" = 2026-03-02T11:59:55 ]
ok 'volumes without metadata' is headless no-archives,damaged
ok 'no PCP archive at all' is garbage no-archives,damaged
ok 'a packed volume ends where its index says' is packed ''
ok 'an expected host that never sent anything' is absent no-archives
ok 'yesterday'\''s archive may end later than today'\''s' is two ''
ok 'a host that was taken away is left out' [ -z "$(state gone)" ]
ok 'a folder that is no host is left out' [ -z "$(state notes)" ]
ok 'a controller that has boundaries alone' is ctl ''
ok 'a relay that fell silent' is cn02 relay-silent
ok 'nothing else is wrong' [ "$(service hooks)$(service 'relay sender')$(service 'archive trees')" = '' ]

# what runs on this machine
printf 'jobsight-boundary 1 event end job 7 \033[31m Connection refused\n' >"$work/spool"
mkdir "$work/spool.pending"
touch -d "$now" "$work/spool.pending/0001"
touch -d "$now" "$work/spool.pending/guard"
printf 'updated %s\nconnected 1\nblocked 1\nbacklog_bytes 5000000\nlast_confirmed 0\nfiles_given_up 2\n' \
	"$(date -d $now +%s)" >"$work/relay/send.status"
printf 'updated %s\nconnected 0\nlast_message 0\nrejected 3\n' "$(date -d $now +%s)" >"$work/relay/receive.status"
# the end of job 7 on cn02 is not on record; a begin of just now need not be yet
boundary cn02 36010
sed -i "s/10:00:00|Unknown/11:58:00|Unknown/; s/|absent|/|cn01|/" "$work/sacct.txt"
examine --json >"$work/json" || :
ok 'a job without its end sample' is cn02 no-boundary,relay-silent
ok 'a begin of two minutes ago is not missed' is cn01 ''
ok 'what hooks spooled' [ "$(service hooks)" = spooled ]
touch -d "$now - 5 minutes" "$work/spool.pending/0002" "$work/spool.pending/0003"
examine --json >"$work/json" || :
ok 'what nobody takes' [ "$(service hooks)" = waiting,spooled ]
ok '... of which one of just now is none' grep -q '"2 boundaries wait in ' "$work/json"
ok 'a broker that is full, and archives that the sender gave up' [ "$(service 'relay sender')" = sender-blocked,given-up ]
ok 'a receiver without broker, and rejected messages' [ "$(service 'relay receiver')" = receiver-cut,rejected ]
examine >"$work/table" || :
plain() { ! grep -q "$(printf '\033')" "$work/table"; }
ok 'control characters of a spooled line do not reach the terminal' plain
ok 'every fault comes with what to do' [ "$(jq '[.. | objects | select(.code) | select(.advice == null)] | length' "$work/json")" = 0 ]
printf 'updated 5\nconnected 1\n' >"$work/relay/receive.status"
printf 'updated 5\nconnected 1\n' >"$work/relay/send.status"
examine --json >"$work/json" || :
ok 'relays that stand still' [ "$(service 'relay sender')$(service 'relay receiver')" = sender-stoppedreceiver-stopped ]

# as a monitor sees it
ends() { # ends CODE COMMAND...
	wanted=$1
	shift
	rc=0
	"$@" >"$work/out" 2>&1 || rc=$?
	[ "$rc" -eq "$wanted" ] || {
		echo "ended with $rc"
		cat "$work/out"
		return 1
	}
}
one_line() {
	[ "$(wc -l <"$work/out")" -eq 1 ] &&
		grep -qE '^JOBSIGHT (OK|WARNING|CRITICAL) - [^|]+\|hosts=[0-9]+ ok=[0-9]+ warning=[0-9]+;0 critical=[0-9]+;;0 oldest_sample=[0-9]+s;900;3600 spooled=[0-9]+;0$' "$work/out"
}
ok 'CRITICAL is 2' ends 2 examine --nagios
ok '... in one line with figures' one_line
rm -rf "$work/relay" "$work/spool" "$work/spool.pending" "$tree/ctl" "$tree/silent" "$tree/headless" "$tree/garbage"
ok 'WARNING is 1' ends 1 examine --nagios
ok '... in one line with figures' one_line
rm -rf "$tree/late" "$tree/foreign" "$tree/future"
boundary cn02
ok 'OK is 0' ends 0 examine --nagios
ok '... in one line with figures' one_line
ok 'UNKNOWN is 3: a wrong option' ends 3 examine --nagios --nonsense
ok 'UNKNOWN is 3: no settings' ends 3 "$doctor" --nagios --config "$work/none.yaml"
ok 'without --nagios: 0, all is well' ends 0 examine
mv "$tree" "$tree.away"
ok 'a tree that is not there is critical' ends 2 examine --nagios
ok 'without --nagios: 3, something is wrong' ends 3 examine
mv "$tree.away" "$tree"
find "$tree" -name 'boundaries-*' -exec rm {} +
ok 'no boundaries anywhere: one warning, not one for each host' ends 1 examine --nagios
ok '... that names the hooks' grep -q 'no host has job boundaries' "$work/out"
done_testing
