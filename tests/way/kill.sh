#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Kills the summarizer, a sweep of it in shards, and the loader with SIGKILL, 51 times in all and at
# random instants, then runs summarizer and loader once more: the documents and the warehouse's rows
# must be those of one clean run, byte for byte.
#
# usage: kill.sh sqlite|mongo BUILD-DIRECTORY [SEED [ROUNDS]]; each round (17) is three kills
#
# The summarizer is killed with all its workers, a sweep in shards anywhere between the choice of jobs and the
# merge, which finds what the killed one left. While the loader is killed the store changes, as it does
# when cron jobs overlap.
set -eu
backend=$1
build=$(cd "$2" && pwd)
RANDOM=${3:-$$}
seed=${3:-$$} rounds=${4:-17}
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
servers=$top/tests/servers

work=$(mktemp -d "${TMPDIR:-/tmp}/js-kill.XXXXXX")
chmod 0755 "$work"
cleanup() {
	rc=$?
	"$servers/postgres" stop "$work/pg" >/dev/null 2>&1 || :
	[ "$backend" = sqlite ] || "$servers/mongo-java" stop "$work/mongo" >/dev/null 2>&1 || :
	if [ "$rc" -ne 0 ] && [ "$rc" -ne 77 ]; then
		echo "kill: seed $seed" >&2
		tail -n 20 "$work"/*.log >&2 2>/dev/null || :
	fi
	if [ -z "${JOBSIGHT_KEEP:-}" ]; then rm -rf "$work"; else echo "kept: $work"; fi
	exit "$rc"
}
trap cleanup EXIT
trap 'exit 129' HUP INT TERM

"$build/tests/demo/demosite" --days 2 --archive-days 1 --scale 40 --end 2026-03-02 "$work/site" \
	>"$work/site.log" 2>&1

settings() { # NAME: writes NAME.yaml, with a store and a database of that name
	if [ "$backend" = sqlite ]; then
		url=sqlite:$work/$1.sqlite
	else
		url=${MONGO_URL%/*}/$1
	fi
	psql -XAtqc "CREATE DATABASE $1" "$PG_URL"
	cat >"$work/$1.yaml" <<-C
		catalogue: {shipped: $top/conf/catalogue, path: $work/none}
		store: {url: "$url"}
		warehouse: {url: "host=$PGHOST user=$PGUSER dbname=$1"}
		summarizer: {settle: 0s, lock: $work/$1.lock}
		loader: {batch: 10}
		clusters:
		  - {name: demo, archives: $work/site/archives, accounting: "sacct:$work/site/sacct.txt"}
	C
}
summarize() { "$build/summarizer/jobsight-summarize" --config "$work/$1.yaml" --workers 2 "${@:2}"; }
load() { "$build/etl/jobsight-load" --config "$work/$1.yaml" "${@:2}"; }
document() { "$build/common/store/jobsight-document" --config "$work/$1.yaml" "${@:2}"; }

dump() { # NAME: documents and rows of it, whatever order they came in
	document "$1" --list >"$work/$1.list"
	awk 'NR > 1 { print $2 }' "$work/$1.list" | sort -u | while read -r id; do
		document "$1" "$id"
	done | sort >"$work/$1.documents"
	"$top/tests/etl/dump-warehouse" "host=$PGHOST user=$PGUSER dbname=$1" >"$work/$1.rows"
}

eval "$("$servers/postgres" start "$work/pg")"
if [ "$backend" = mongo ]; then
	started=$("$servers/mongo-java" start "$work/mongo") || exit $?
	eval "$started"
fi

settings clean
settings killed
load clean --migrate >"$work/migrate.log" 2>&1
load killed --migrate >"$work/migrate.log" 2>&1
summarize clean >"$work/clean-summarize.log" 2>&1
load clean >"$work/clean-load.log" 2>&1
# how long a run takes once the servers are warm
began=$(date +%s%N)
summarize clean --again all >"$work/clean-summarize.log" 2>&1
middle=$(date +%s%N)
load clean --again >"$work/clean-load.log" 2>&1
ended=$(date +%s%N)
summarize_ms=$(((middle - began) / 1000000)) load_ms=$(((ended - middle) / 1000000))

cut=0 # runs that the kill met alive
strike() { # WITHIN-MS COMMAND...: runs it and kills all of it somewhere within that time
	within=$1
	shift
	setsid "$@" >>"$work/killed.log" 2>&1 &
	victim=$!
	sleep "$(awk -v ms="$within" -v r="$RANDOM" 'BEGIN { printf "%.3f", ms * r / 32768 / 1000 }')"
	if kill -KILL -- "-$victim" 2>/dev/null; then cut=$((cut + 1)); fi
	wait "$victim" 2>/dev/null || :
}
cat >"$work/shards.sh" <<-'S'
	# SUMMARIZE CONFIG FOLDER [OPTION...]: a shard that is refused is no reason to leave out the others
	summarize=$1 config=$2 folder=$3
	shift 3
	"$summarize" --config "$config" --partials "$folder" "$@"
	"$summarize" --config "$config" --partials "$folder" --shard 2/2 --workers 2
	"$summarize" --config "$config" --partials "$folder" --shard 1/2 --workers 1
	"$summarize" --config "$config" --partials "$folder" --merge --workers 2
S
mkdir "$work/partials"
for round in $(seq "$rounds"); do
	# most rounds do all again, as after a new stanza, so that there is work to be killed in
	again=(--again)
	[ $((round % 5)) -ne 1 ] || again=()
	strike $((summarize_ms + 20)) "$build/summarizer/jobsight-summarize" --config "$work/killed.yaml" \
		--workers 2 "${again[@]}" ${again[0]:+all}
	strike $((2 * summarize_ms + 50)) bash "$work/shards.sh" "$build/summarizer/jobsight-summarize" \
		"$work/killed.yaml" "$work/partials" "${again[@]}" ${again[0]:+all}
	strike $((load_ms + 20)) "$build/etl/jobsight-load" --config "$work/killed.yaml" "${again[@]}"
done

# PostgreSQL may still be ending the connection of the last victim
for _ in $(seq 100); do
	code=0
	summarize killed >"$work/last-summarize.log" 2>&1 || code=$?
	[ "$code" -eq 75 ] || break
	sleep 0.1
done
[ "$code" -eq 0 ] || exit 1
for _ in $(seq 100); do
	code=0
	load killed >"$work/last-load.log" 2>&1 || code=$?
	[ "$code" -eq 75 ] || break
	sleep 0.1
done
[ "$code" -eq 0 ] || exit 1

dump clean
dump killed
jobs=$(wc -l <"$work/clean.documents")
[ "$jobs" -gt 80 ] || { echo "kill: only $jobs documents" >&2; exit 1; }
[ "$cut" -gt "$((rounds / 2))" ] || { echo "kill: only $cut of $((3 * rounds)) runs were alive when killed" >&2; exit 1; }
for what in documents rows; do
	cmp "$work/clean.$what" "$work/killed.$what" || {
		diff "$work/clean.$what" "$work/killed.$what" | cut -c 1-300 | head -n 10 >&2
		exit 1
	}
done
echo "$((3 * rounds)) kills, $cut of them in mid-run: $jobs documents and the warehouse as after one clean run (seed $seed)"
