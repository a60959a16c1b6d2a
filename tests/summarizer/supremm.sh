#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# supremm.sh SUMMARIZE DOCUMENT MKARCHIVE MONGO_READER ROOT: documents of made archives and of a real
# pmlogger's against an oracle that works SUPReMM's fields out by itself, and as Open XDMoD reads
# them, from both stores. TEST_STORE is a MongoDB (tests/store/contract).
# shellcheck disable=SC2154 # work
set -u
summarize=$1 document=$2 mkarchive=$3 reader=$4 root=$5
here=$root/tests/summarizer/supremm
catalogue=$root/conf/catalogue
# shellcheck source=tests/summarizer/lib.sh
. "$root/tests/summarizer/lib.sh"
skip_unless_has python3 pmdumplog pmlogger
echo "clusters: [{name: emmy, resource_id: 7, timezone: UTC}]" >"$work/site.yaml"
mongo=$(echo "$TEST_STORE" | sed 's/@@/supremm/')

run() # ACCOUNTING ARCHIVES STORE OPTION...
{
	accounting=$1 archives=$2 store=$3
	shift 3
	"$summarize" --config "$work/site.yaml" --accounting "sacct:$accounting" --archives "$archives" \
		--store "$store" -q "$@"
}
part() # FILTER FILE: of a document
{
	jq -c "$1" "$2"
}

mkdir "$work/made" "$work/real"
for i in 1 2; do
	python3 "$here/archive.py" "all$i" $i >"$work/all$i.txt" || exit 99
	"$mkarchive" "$work/all$i.txt" "$work/made/all$i" || exit 99
done
ok "made archives" run "$here/jobs.sacct" "$work/made" "sqlite:$work/store.sqlite"
"$document" --store "sqlite:$work/store.sqlite" 5 >"$work/made.json" || exit 99
while read -r word name; do
	[ "$word" = series ] && word=$name
	grep -qF "\`$word\`" "$root/docs/supremm-fields.md" || echo "$word"
done <"$root/tests/catalogue/supremm.txt" >"$work/missing"
ok "docs/supremm-fields.md has them all" test ! -s "$work/missing"
# A64FX has 48 cores, the made nodes have not: its power is not worked out here.
grep -v corepower "$root/tests/catalogue/supremm.txt" >"$work/fields"
ok "as SUPReMM works them out" python3 "$here/oracle.py" "$work/made.json" "$work/fields" \
	"$work/made/all1" "$work/made/all2"
ok "memory traffic of all nodes beside the mean" jq -e \
	'.uncperf.membw | .cnt > 1 and ((.total - .avg * .cnt) | fabs) <= 1e-9 * .total' "$work/made.json"
run "$here/jobs.sacct" "$work/made" "sqlite:$work/workers.sqlite" --workers 7
"$document" --store "sqlite:$work/workers.sqlite" 5 >"$work/workers.json"
ok "7 workers: the same" cmp "$work/made.json" "$work/workers.json"

# As Open XDMoD finds them, of a job and of a task of an array, whose number is its raw id.
"$document" --store "sqlite:$work/store.sqlite" 4_2 >"$work/task.json" || exit 99
for job in made task; do
	part 'del(.timeseries)' "$work/$job.json" >"$work/$job-summary.json"
	part .timeseries "$work/$job.json" >"$work/$job-series.json"
done
for id in summary-1.0.6 timeseries-4; do
	"$document" --store "sqlite:$work/store.sqlite" --schema $id || exit 99
done >"$work/schema.json"
for job in made task; do
	ok "as XDMoD reads them: SQLite, $job" python3 "$here/xdmod.py" "$work/$job-summary.json" \
		"$work/$job-series.json" "$work/schema.json"
done
ok "what people type" test "$(part .jobsight.id "$work/task.json")" = '"4_2"'
ok "made archives, MongoDB" run "$here/jobs.sacct" "$work/made" "$mongo"
for collection in resource_7 timeseries-resource_7; do
	"$reader" "$mongo" $collection >"$work/$collection.json"
done
part 'select(._id | startswith("5-"))' "$work/resource_7.json" >"$work/m-summary.json"
part 'select(._id | startswith("5-"))' "$work/timeseries-resource_7.json" >"$work/m-series.json"
"$reader" "$mongo" schema >"$work/m-schema.json"
ok "as XDMoD reads them: MongoDB" python3 "$here/xdmod.py" "$work/m-summary.json" \
	"$work/m-series.json" "$work/m-schema.json"
python=python3 # or the distribution's, whose package it is
"$python" -c 'import pymongo' 2>/dev/null || python=/usr/bin/python3
if "$python" -c 'import pymongo' 2>/dev/null; then
	for collection in resource_7 timeseries-resource_7 schema; do
		ok "by MongoDB's tools: $collection" "$python" "$here/tools.py" "$mongo" $collection "$work/dump" \
			"$work/exported"
		[ $collection = schema ] || ok "exported: $collection" test \
			"$(jq -S . "$work/exported" | sha256sum)" = "$(jq -S . "$work/$collection.json" | sha256sum)"
	done
else
	echo "# no python3-pymongo: MongoDB's tools were not tried"
fi
jq -S 'del(.jobsight.store)' "$work/m-summary.json" >"$work/m.1"
jq -S . "$work/made-summary.json" >"$work/s.1"
ok "both stores: the same document" cmp "$work/s.1" "$work/m.1"
jq -S 'del(.jobsight)' "$work/m-series.json" >"$work/m.2"
jq -S . "$work/made-series.json" >"$work/s.2"
ok "both stores: the same series" cmp "$work/s.2" "$work/m.2"

# What a real pmlogger of this machine writes.
metrics="kernel.percpu.cpu.user kernel.percpu.cpu.nice kernel.percpu.cpu.sys kernel.percpu.cpu.idle
	kernel.percpu.cpu.wait.total kernel.percpu.cpu.irq.hard kernel.percpu.cpu.irq.soft
	kernel.percpu.cpu.intr kernel.all.load mem.freemem mem.physmem mem.util.cached
	mem.numa.util.used mem.numa.util.filePages mem.numa.util.slab disk.dev.read disk.dev.write
	disk.dev.read_bytes disk.dev.write_bytes network.interface.in.bytes
	network.interface.out.bytes network.interface.in.packets network.interface.out.packets"
echo "log mandatory on 250 msec { $(echo "$metrics" | tr -s '\n\t ' ',') hinv.ncpu }" >"$work/pmlogger.config"
pcp=$root/tests/servers/pcp
bash "$pcp" start "$work/pcp" --node here >"$work/env" || exit 99
# shellcheck disable=SC2016 # at the end
at_exit 'bash "$pcp" stop "$work/pcp"'
begin=$(date -u +%s)
(
	# shellcheck disable=SC1091
	. "$work/env"
	exec pmlogger -c "$work/pmlogger.config" -T 6sec -l "$work/log" "$work/real/here" >"$work/out" 2>&1
) || { cat "$work/out" "$work/log"; exit 99; }
host=$(pmdumplog -l "$work/real/here" | sed -n 's/^Performance metrics from host //p')
cores=$(getconf _NPROCESSORS_ONLN)
{
	head -1 "$here/jobs.sacct"
	stamp() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%S; }
	echo "emmy|8|8|ann|100|g|chem|batch|real|COMPLETED|0:0|$(stamp "$begin")|$(stamp "$begin")|$(stamp $((begin + 1)))|$(stamp $((begin + 5)))|1|$cores|$cores|cpu=$cores|02:00:00|$host"
} >"$work/real.sacct"
JOBSIGHT_SUMMARIZER_SETTLE=0 run "$work/real.sacct" "$work/real" "sqlite:$work/real.sqlite" || exit 99
"$document" --store "sqlite:$work/real.sqlite" 8 >"$work/real.json" || exit 99
grep -E '^(cpu\.(job|node)cpus|memory|nodememory|load1|network|series (cpuuser|memused))' "$work/fields" >"$work/some"
ok "a real pmlogger's archive" python3 "$here/oracle.py" "$work/real.json" "$work/some" "$work/real/here"
done_testing
