#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Why a job has no data: a fault made at each link of the chain, with the real summarizer, loader,
# PostgreSQL and portal, and the cause that jobsight-why names for it.
#
# usage: why.sh BUILD-DIRECTORY
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
skip_unless_has jq psql
why=$build/keeper/jobsight-why
servers=$here/../servers
eval "$("$servers/postgres" start "$work/pg")"
at_exit "'$servers/postgres' wipe '$work/pg' >/dev/null 2>&1"

tree=$work/tree
# archive HOST FIRST LAST [SKIP-FROM SKIP-UNTIL [BYTES-UNTIL]]: a record each minute, counted in minutes
# of the day; the second metric only until a minute
archive() {
	local m folder=$tree/$1/2026/03/01
	mkdir -p "$folder"
	{
		printf 'version 3\nhost %s\nstart 2026-03-01T00:00:00Z\n' "$1"
		printf 'metric t.load 60.1.1 double - instant\nmetric t.bytes 61.1.1 u64 - instant\n'
		for ((m = $2; m <= $3; m++)); do
			if ((m > ${4:-9999} && m < ${5:-0})); then continue; fi
			printf 'at %d\nt.load 2\n' $((m * 60))
			if ((m <= ${6:-9999})); then printf 't.bytes %d\n' "$m"; fi
		done
	} >"$work/text"
	"$build/tests/support/mkarchive" "$work/text" "$folder/20260301.00.00"
}
archive whole 0 1439
archive late 660 1439
archive early 0 640
archive gap 0 1439 620 650
archive agent 0 1439 9999 0 630
archive damaged 0 1439
# in the middle of the job: the record's second length is spoilt
dd if=/dev/zero of="$tree/damaged/2026/03/01/20260301.00.00.0" bs=1 count=64 conv=notrunc status=none \
	seek=$(($(stat -c %s "$tree/damaged/2026/03/01/20260301.00.00.0") * 640 / 1440))

head='JobID|JobIDRaw|Cluster|User|Account|Submit|Start|End|NNodes|NCPUS|NodeList|State'
{
	echo "$head"
	# id, nodes, list; all from 10:00 to 11:00
	while read -r id n list; do
		echo "$id|${id%_*}|alpha|ann|phys|2026-03-01T09:00:00|2026-03-01T10:00:00|2026-03-01T11:00:00|$n|$n|$list|COMPLETED"
	done <<-JOBS
		100 1 whole
		101 2 whole,absent
		102 1 absent
		103 1 late
		104 1 early
		105 1 gap
		106 1 agent
		107 1 damaged
		108 1 comes
		110 1 whole
		111 1 whole
		113 1 goes
		115_3 1 whole
		114 0 None assigned
	JOBS
	t=2026-03-01T09:00:00
	echo "120|120|alpha|ann|phys|$t|Unknown|Unknown|1|1|None assigned|PENDING"
	echo "121|121|alpha|ann|phys|$t|Unknown|2026-03-01T10:00:00|1|1|None assigned|CANCELLED by 7"
	echo "122|122|alpha|ann|phys|$t|2026-03-01T10:00:00|Unknown|1|1|whole|RUNNING"
	echo "123|123|alpha|ann|phys|$t|2026-03-01T10:00:00|2026-03-02T11:58:00|1|1|whole|COMPLETED"
	echo "130|130|alpha|ann|phys|2026-03-01T08:00:00|2026-03-01T08:30:00|2026-03-01T09:00:00|1|1|whole|REQUEUED"
	echo "130|130|alpha|ann|phys|$t|2026-03-01T10:00:00|2026-03-01T11:00:00|1|1|whole|COMPLETED"
} >"$work/sacct.txt"
port=$(free_port)
cat >"$work/settings.yaml" <<-C
	catalogue: {shipped: $here/catalogue, path: $work/none}
	store: {url: "sqlite:$work/documents.sqlite"}
	warehouse: {url: "$PG_URL"}
	portal: {listen: "127.0.0.1:$port", warehouse: "$PG_URL", auth: fixed, auth_user: ann, web: $here/../../portal/web}
	summarizer: {lock: $work/lock, workers: 1}
	clusters:
	  - {name: alpha, archives: $tree, accounting: "sacct:$work/sacct.txt"}
C
settings=(--config "$work/settings.yaml")
now=2026-03-02T12:00:00Z
codes() { # JOB [ARGUMENT...]: LINK:CODE of each reason of the newest run, and the state
	local id=$1
	shift
	"$why" "${settings[@]}" --at "$now" --json "$@" "$id" >"$work/json" || :
	jq -r '.runs[0] | [.links[] | .link as $l | .reasons[] | $l + ":" + .code] + [.state] | join(" ")' "$work/json"
}
is() { # JOB WANTED...
	local id=$1 got
	shift
	got=$(codes "$id" | sed 's/document:no-boundaries //')
	[ "$got" = "$*" ] || {
		echo "job $id: $got"
		return 1
	}
}
ends() { # CODE JOB
	local rc=0
	"$why" "${settings[@]}" --at "$now" "$2" >"$work/table" 2>&1 || rc=$?
	[ "$rc" = "$1" ] || {
		echo "job $2 ended with $rc"
		cat "$work/table"
		return 1
	}
}
says() { grep -qF -- "$1" "$work/table"; }

summarize() { "$build/summarizer/jobsight-summarize" "${settings[@]}" --quiet "$@"; }
load() { "$build/etl/jobsight-load" "${settings[@]}" --quiet "$@"; }

# nothing but accounting and archives yet
ok 'no document, no schema, no portal' is 100 document:no-document page:portal-away none
ok 'it breaks at the document' [ "$(jq -r '.runs[0].breaks_at' "$work/json")" = document ]
load --migrate
mkdir -p "$tree/goes"
archive goes 0 1439
for id in 100 101 102 103 104 105 106 107 108 113 114 115_3 121 130; do
	summarize --job $id >"$work/summarize.log" 2>&1 || [ $? -eq 3 ]
done
ok 'a document that was not loaded' is 100 warehouse:not-loaded page:portal-away none
ok '... by a loader that has never run' ends 1 100
ok '... says so' says 'the loader has never run'
load >"$work/load.log" 2>&1
ok 'the portal is away' is 100 page:portal-away unknown
ok '... ends with 75' ends 75 100
start portal "$build/portal/jobsight-portal" "${settings[@]}"
wait_for 60 curl -sf "http://127.0.0.1:$port/health"

ok 'all is there' is 100 whole
ok '... ends with 0' ends 0 100
ok '... where the page is' says '/jobs/alpha/100, for ann, PIs of phys'
ok '... that its edges were not sampled' says 'the job'\''s begin or end was not sampled'
ok 'a task of an array' is 115_3 whole
ok '... by its own number' is 115 whole
ok 'one node is missing' is 101 archives:missing-node document:incomplete partial
ok '... ends with 3' ends 3 101
ok '... and is named' says 'nodes without archives of that time: absent'
ok '... until when it is tried' says 'until 2026-03-06T11:00:00Z'
ok 'no archives of any node' is 102 archives:no-archives document:skipped warehouse:unmeasured none
ends 1 102
ok '... what to do, to be copied' says 'jobsight archive restore --job 102'
ok '... with its code' says 'code 15'
ok 'pmlogger was started late' is 103 archives:begins-late partial
ends 3 103
ok '... how late' says 'by up to 60m'
ok 'the archive ends early' is 104 archives:ends-early document:incomplete partial
ok 'a gap' is 105 archives:gap partial
ends 3 105
ok '... how long and where' says 'gap, up to 30m, from 2026-03-01T10:20:00Z on'
ok 'an agent stopped' is 106 document:low-coverage partial
ends 3 106
ok '... which metric' says 'test.written 50 %'
ok 'a damaged volume: what it lacks may still come' is 107 archives:ends-early archives:damaged document:incomplete partial
now=2026-03-20T12:00:00Z
ok 'incomplete for ever' is 104 archives:ends-early document:incomplete-final partial
now=2026-03-02T12:00:00Z
archive comes 0 1439
ok 'archives came after the document' is 108 document:came-later warehouse:unmeasured partial
rm -rf "$tree/goes"
ok 'archives that were moved afterwards are no loss' is 113 archives:moved whole
ok 'accounting names no node' is 114 accounting:no-nodes document:skipped warehouse:unmeasured none
ok 'waits in the queue' is 120 accounting:pending wait
ok '... ends with 75' ends 75 120
ok 'never started' is 121 accounting:never-started warehouse:unmeasured none
ok 'is running' is 122 accounting:running wait
ok 'has just ended' is 123 accounting:unsettled wait
ends 75 123
ok '... from when on' says 'from 2026-03-02T12:08:00Z on'
ok 'nobody knows it' is 999 accounting:not-found none
ok '... ends with 1' ends 1 999
ok 'every run of a requeued job' [ "$("$why" "${settings[@]}" --at "$now" --json 130 | jq '.runs | length')" = 2 ]
ok '... the newest first' is 130 whole

# put aside by the loader: a number of nodes that no column holds; and what only the store says
tool=$build/tests/etl/store-tool
document() { # ID STATE CODE NODES
	printf '{"key":{"cluster":"alpha","raw_id":%s,"submit":1772355600,"end":1772362800},"document":{"_id":"%s-1772362800",
"acct":{"id":"%s","job_uniq_id":%s,"local_job_id":%s,"local_job_array_index":-1,"local_job_id_raw":%s,"start_time":1772359200,
"end_time":1772362800,"submit":1772355600,"partition":"b","account":"phys","user":"ann","jobname":"j","qos":"n","nodes":%s,
"ncpus":1,"gpus":0,"exit_code":"0:0","exit_status":"COMPLETED","reqcpus":1,"host_list":["whole"]},
"jobsight":{"schema":1,"cluster":"alpha","raw_id":%s,"submit":1772355600,"state":"%s","code":%s,"nodes":1,"exclusive":true,"gaps":0,"resets":0}}}' \
		"$1" "$1" "$1" "$1" "$1" "$1" "$4" "$1" "$2" "$3" | tr -d '\n' >"$work/line"
	"$tool" put "sqlite:$work/documents.sqlite" "$work/line"
}
document 110 'done' 0 -5
load >"$work/load.log" 2>&1 || [ $? -eq 3 ]
ok 'put aside by the loader' is 110 warehouse:quarantined none
ends 1 110
ok '... for which field' says 'acct.nodes'
document 111 failed 2 1
load >"$work/load.log" 2>&1
ok 'the summarizer failed, with its code' is 111 document:failed warehouse:unmeasured none
ends 1 111
ok '... in words' says 'code 2: the job was too short'
document 140 'done' 0 1
load >"$work/load.log" 2>&1
ok 'the accounting has forgotten it' is 140 accounting:purged warehouse:unmeasured whole
document 140 incomplete 0 1
ok 'the warehouse has an earlier document' is 140 accounting:purged document:incomplete warehouse:unmeasured warehouse:loaded-before partial
sed -i 's/^100|\(.*\)T11:00:00/100|\1T11:01:00/' "$work/sacct.txt"
ok 'the accounting was put right since' is 100 document:old-document partial

# no word of its accounting at all, and a document that is none
sed '/accounting: "sacct/s/, accounting: "[^"]*"//' "$work/settings.yaml" >"$work/without.yaml"
settings=(--config "$work/without.yaml")
ok 'a cluster without accounting' is 130 accounting:no-source unknown
settings=(--config "$work/settings.yaml")
cp "$work/documents.sqlite" "$work/documents.kept"
sqlite3 "$work/documents.sqlite" "UPDATE job SET summary = x'0c0000000274000500000000' WHERE raw_id = 130"
ok 'a document that cannot be read' is 130 document:document-unfit none
ends 1 130
mv "$work/documents.kept" "$work/documents.sqlite"
ok '... and could be before' is 130 whole

# servers and settings that are wrong
mv "$work/sacct.txt" "$work/sacct.away"
ok 'accounting that cannot be read' is 100 accounting:source-broken unknown
mv "$work/sacct.away" "$work/sacct.txt"
"$servers/postgres" stop "$work/pg" immediate
ok 'a warehouse that is away' is 105 archives:gap warehouse:warehouse-away page:portal-ill unknown
mv "$tree" "$tree.away"
ok 'a tree that is not mounted' is 101 archives:no-tree document:incomplete warehouse:warehouse-away page:portal-ill unknown
mv "$tree.away" "$tree"
echo garbage >"$work/documents.sqlite"
ok 'a store that cannot be read' is 100 document:store-away page:portal-ill unknown
ok 'a wrong option' ends 2 --nonsense
ok 'no job' ends 2 ''
done_testing
