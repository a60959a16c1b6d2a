#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# source.sh DUMP IMPORT LOAD SUMMARIZE POSTGRES: what a dump of sacct says of jobs of every kind, imported into a real
# warehouse, comes out of it again as accounting: field by field, in pages, by a role that may only read,
# and the summarizer makes the same documents of it.
# shellcheck disable=SC2154 # work, PG_URL
set -u
dump=$1 import=$2 load=$3 summarize=$4 postgres=$5
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has psql sqlite3
# shellcheck source=SCRIPTDIR/warehouse.sh
. "$(dirname "$0")/warehouse.sh"
start_postgres
migrate "$PG_URL"

# ---- jobs: plain, GPUs, tasks of an array, parts of a heterogeneous job, requeued, killed, never
# started, running, with odd names; and more than a page, many of which end at once ----
{
	echo 'Cluster|JobIDRaw|JobID|User|Group|Account|Partition|QOS|WCKey|Reservation|UID|GID|State|ExitCode|Submit|Eligible|Start|End|Suspended|TimelimitRaw|NNodes|AllocCPUS|ReqCPUS|AllocTRES|ReqMem|ConsumedEnergyRaw|NodeList|WorkDir|JobName|SubmitLine'
	echo 'alpha|1|1|ann|phys|chem|batch|normal|p1:b1||1001|100|COMPLETED|0:0|1767225600|1767225601|1767225610|1767229210|00:00:30|60|2|8|8|billing=8,cpu=8,mem=16G,node=2|16G|123456|cn[3,1]|/home/ann|one|sbatch -N2 one.sh'
	echo 'alpha|2|2|bob|phys|chem|gpu|high|*p1||1002|100|FAILED|3:0|1767225600|1767225600|1767225700|1767225800|00:00:00|1440|1|4|4|cpu=4,gres/gpu:a100=2,gres/gpu=2,mem=8G,node=1|8G||gn1|/home/bob|"two" \ {3}|'
	echo 'alpha|3|10_1|ann|phys|chem|batch|normal|||1001|100|COMPLETED|0:0|1767225600|1767225600|1767225700|1767225800|00:00:00|60|1|1|1|cpu=1|1G||cn1||array|'
	echo 'alpha|4|10_7|ann|phys|chem|batch|normal|||1001|100|TIMEOUT|0:15|1767225600|1767225600|1767225700|1767229300|00:00:00|60|1|1|1|cpu=1|1G||cn2||array|'
	echo 'alpha|20|20+0|ann|phys|chem|batch|normal|||1001|100|COMPLETED|0:0|1767225600|1767225600|1767225700|1767225800|00:00:00|60|1|1|1|cpu=1|1G||cn1||het|'
	echo 'alpha|21|20+1|ann|phys|chem|gpu|normal|||1001|100|COMPLETED|0:0|1767225600|1767225600|1767225700|1767225800|00:00:00|60|1|1|1|cpu=1,gres/gpu=1|1G||gn1||het|'
	echo 'alpha|30|30|cem|bio|bio|batch|normal||res|1003|200|NODE_FAIL|1:0|1767225600|1767225600|1767225700|1767225900|00:00:00|60|1|1|1|cpu=1|1G||cn4||again|'
	echo 'alpha|30|30|cem|bio|bio|batch|normal||res|1003|200|COMPLETED|0:0|1767225900|1767225900|1767226000|1767226100|00:00:00|60|1|1|1|cpu=1|1G||cn5||again|'
	echo 'alpha|31|31|cem|bio|bio|batch|normal|||1003|200|CANCELLED|0:0|1767225600|1767225600||1767225700|00:00:00|60|1|0|1|||||/|never|'
	echo 'alpha|32|32|cem|bio|bio|batch|normal|||1003|200|RUNNING|0:0|1767225600|1767225600|1767225700|||UNLIMITED|1|1|1|cpu=1|1G||cn6||still|'
	i=1000
	while [ $i -lt 6100 ]; do
		echo "alpha|$i|$i|dora|bio|bio|batch|normal|||1004|200|COMPLETED|0:0|1767312000|1767312000|1767312000|$((1767312000 + i / 3000))|00:00:00|60|1|1|1|cpu=1|1G||cn$((i % 7))||many|"
		i=$((i + 1))
	done
} >"$work/dump"
cat >"$work/conf.yaml" <<-CONF
	clusters: [{name: alpha, accounting: "sacct:$work/dump"}]
	warehouse: {url: "$PG_URL"}
CONF
imported() { # CONF
	local code=0
	"$import" --config "$1" --category job >"$work/said" 2>&1 || code=$?
	[ $code -eq 0 ] || [ $code -eq 3 ] || { cat "$work/said"; return 1; }
}
ok "jobs are imported" imported "$work/conf.yaml"

sql "CREATE ROLE reader LOGIN IN ROLE jobsight_analyst; CREATE ROLE stranger LOGIN IN ROLE jobsight_portal" >/dev/null
# shellcheck disable=SC2153 # of the server
as_reader="warehouse:host=$PGHOST dbname=$PGDATABASE user=reader"
jobs() { # FILE SOURCE [OPTION...]
	local to=$1 from=$2
	shift 2
	"$dump" "$from" alpha UTC "$@" >"$to" || return 1
	sort -o "$to" "$to"
}
same() { # [OPTION...]
	jobs "$work/by-sacct" "sacct:$work/dump" "$@" && jobs "$work/by-warehouse" "$as_reader" "$@" &&
		diff "$work/by-sacct" "$work/by-warehouse"
}
ok "the same jobs by a role that may only read" same
ok "all of them" equals "$(wc -l <"$work/by-warehouse")" 5110
ok "since: the same" same since=1767312001
ok "until: the same" same until=1767312000
ok "both: the same" same since=1767225800 until=1767225900
ok "of a single one, the same" same id=30
ok "of an array, the same" same id=10
ok "its two tasks" equals "$(wc -l <"$work/by-warehouse")" 2
ok "of a task, the same" same id=10_7
ok "of a heterogeneous job, the same" same id=20
ok "its two parts" equals "$(wc -l <"$work/by-warehouse")" 2
ok "of a number that is none, the same" same 'id="x\,{' id=2
jobs "$work/by-warehouse" "$as_reader"
ok "by the settings' server" jobs "$work/by-settings" warehouse "url=$PG_URL"
ok "the same" diff "$work/by-warehouse" "$work/by-settings"

refused() { # WORDS SOURCE CLUSTER
	"$dump" "$2" "$3" >"$work/out.txt" 2>"$work/err" && return 1
	grep -q "$1" "$work/err" || { cat "$work/err"; return 1; }
}
ok "another cluster" refused "no cluster 'beta'" "$as_reader" beta
ok "who does not see all" refused jobsight_analyst "warehouse:host=$PGHOST dbname=$PGDATABASE user=stranger" alpha
ok "a password in the open" refused password "$as_reader password=x" alpha
ok "nobody there" refused warehouse "warehouse:host=$work dbname=x" alpha

# ---- the summarizer: the golden jobs ----
golden=$tests/summarizer/golden
cat >"$work/golden.yaml" <<-CONF
	clusters: [{name: golden, accounting: "sacct:$golden/jobs.sacct"}]
	warehouse: {url: "$PG_URL"}
	catalogue: {shipped: "$golden/catalogue", path: "$work/none"}
	summarizer: {lock: "$work/lock"}
CONF
ok "the golden jobs are imported" imported "$work/golden.yaml"
mkdir "$work/archives"
documents() { # NAME SOURCE
	local code=0
	"$summarize" --config "$work/golden.yaml" --accounting "$2" --archives "$work/archives" \
		--store "sqlite:$work/$1.sqlite" >"$work/said" 2>&1 || code=$?
	[ $code -eq 0 ] || [ $code -eq 3 ] || { cat "$work/said"; return 1; }
	sqlite3 "$work/$1.sqlite" ".dump job" ".dump series" | sort >"$work/$1.documents"
}
ok "documents by sacct" documents sacct "sacct:$golden/jobs.sacct"
ok "documents by the warehouse" documents warehouse warehouse
ok "as many as jobs" test "$(grep -c 'INSERT INTO' "$work/warehouse.documents")" -gt 20
ok "byte for byte the same" cmp "$work/sacct.documents" "$work/warehouse.documents"
done_testing
