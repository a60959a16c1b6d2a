#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# golden.sh SUMMARIZE GOLDEN MKARCHIVE SOURCE_DIR: the cases of golden/README.md through the whole
# program; the same documents with 1, 2 and 7 workers, run again, and killed at any moment.
set -u
summarize=$1 golden=$2 mkarchive=$3 here=$4/golden root=$4/../..
catalogue=$here/catalogue
# shellcheck source=tests/summarizer/lib.sh
. "$root/tests/summarizer/lib.sh"

# Half of the archives in a tree by host and day, half in one folder.
for text in "$here"/archives/*.txt; do
	name=$(basename "$text" .txt)
	case $name in
	dst) dir=$work/flat ;; # of another day
	[a-m]*) dir=$work/tree/$name/2026/01/01 ;;
	*) dir=$work/flat ;;
	esac
	mkdir -p "$dir"
	"$mkarchive" "$text" "$dir/$name" || fail "mkarchive $name"
done

run() # STORE [OPTION...]
{
	store=$1
	shift
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$here/jobs.sacct" \
		--archives "$work/tree" --archives "$work/flat" --cluster golden \
		--store "sqlite:$store" "$@"
}

run "$work/1.sqlite" --workers 1 2> "$work/err" || { cat "$work/err"; fail "run: $?"; }
"$golden" "sqlite:$work/1.sqlite" "$here/expected.txt" || fail "values differ"
"$golden" "sqlite:$work/1.sqlite" > "$work/1.sums" || fail "digest"
jobs=$(grep -c '^golden|' "$here/jobs.sacct")
[ "$(wc -l < "$work/1.sums")" -eq "$jobs" ] || fail "$jobs jobs have as many documents"

for workers in 2 7; do
	run "$work/$workers.sqlite" --workers $workers -q || fail "run with $workers workers"
	"$golden" "sqlite:$work/$workers.sqlite" > "$work/$workers.sums"
	cmp "$work/1.sums" "$work/$workers.sums" || fail "$workers workers make other documents"
done

# Alone, a job gets the same document as among others.
while IFS='|' read -r _ raw _; do
	case $raw in [0-9]*) ;; *) continue ;; esac
	run "$work/alone.sqlite" --workers 1 --job "$raw" -q || fail "job $raw alone"
done < "$here/jobs.sacct"
"$golden" "sqlite:$work/alone.sqlite" | sort > "$work/alone.sums"
sort "$work/1.sums" | cmp - "$work/alone.sums" || fail "alone, jobs get other documents"

# The night in which an hour comes twice, by accounting in local time.
echo "clusters: [{name: golden, timezone: Europe/Berlin}]" > "$work/zone.yaml"
"$summarize" --config "$work/zone.yaml" --accounting "sacct:$here/dst.sacct" --archives "$work/flat" \
	--cluster golden --store "sqlite:$work/zone.sqlite" -q || fail "the night of the clock"
"$golden" "sqlite:$work/zone.sqlite" "$here/expected-dst.txt" || fail "the night of the clock: values"

# Saved batch scripts name the application where no process did: of the day, of the day after, in a
# folder; what is no file is none.
mkdir -p "$work/scripts/20260101/ann/2.savescript" "$work/scripts/20260102" "$work/scripts/20260101/bob"
echo "python run_alphafold.py" > "$work/scripts/20260101/ann/1.savescript"
echo "python run_alphafold.py" > "$work/scripts/20260102/3.savescript"
ln -s /etc/passwd "$work/scripts/20260101/bob/4.savescript"
run "$work/scripts.sqlite" --scripts "$work/scripts" --job 1 --job 2 --job 3 --job 4 -q || fail "scripts"
printf '%s\n' '1/0 application.name AlphaFold' '1/0 application.from script' '3/0 application.name AlphaFold' \
	'2/0 application.name absent' '4/0 application.name absent' > "$work/scripts.txt"
"$golden" "sqlite:$work/scripts.sqlite" "$work/scripts.txt" || fail "scripts: values"

# What is done stays; what archives are missing for was given up long ago.
run "$work/1.sqlite" --workers 1 2> "$work/err" || fail "second run"
grep -q '^summarized now  *0$' "$work/err" || { cat "$work/err"; fail "done jobs were done again"; }
run "$work/1.sqlite" --again all --workers 2 -q || fail "--again"
"$golden" "sqlite:$work/1.sqlite" > "$work/again.sums"
cmp "$work/1.sums" "$work/again.sums" || fail "--again makes other documents"

# Of a time only: what began before, or ended after (jobs that never started and what has no end are not asked).
chosen() # NUMBER OPTION...
{
	number=$1
	shift
	run "$work/dry.sqlite" --dry-run "$@" 2> "$work/err" || fail "$*"
	grep -q "^jobs in accounting  *$number\$" "$work/err" || fail "$*: not $number jobs"
}
chosen 1 --since 2026-01-01T00:21:20 --until 2026-01-01T00:01:00
chosen 2 --since 2026-01-01T00:21:19 --until 2026-01-01T00:01:00
chosen 3 --since 2026-01-01T23:59:00
chosen 2 --since 2026-01-01T23:59:00 --until 2026-01-01T23:59:50
chosen 1 --job 90

# A stored document is not replaced by one that knows less.
mkdir "$work/nothing"
"$summarize" --config "$work/empty.yaml" --accounting "sacct:$here/jobs.sacct" --again all -q \
	--archives "$work/nothing" --cluster golden --store "sqlite:$work/1.sqlite" || fail "nothing"
"$golden" "sqlite:$work/1.sqlite" > "$work/kept.sums"
cmp "$work/1.sums" "$work/kept.sums" || fail "documents were lost with the archives"

# A dry run leaves no trace.
run "$work/dry.sqlite" --dry-run -q || fail "dry run"
[ ! -e "$work/dry.sqlite" ] || fail "a dry run made a store"

# Two runs never overlap.
exec 9> "$work/lock"
flock -n 9 || fail "the lock is held"
run "$work/1.sqlite" -q 2> "$work/err"
[ $? -eq 75 ] || fail "a second run did not end with 75"
exec 9>&-

# Killed at any moment and run again: the same documents.
rm -f "$work/killed.sqlite"*
for delay in 0.001 0.005 0.01 0.02 0.03 0.05 0.08 0.1 0.15 0.2; do
	run "$work/killed.sqlite" --again all --workers 2 -q &
	pid=$!
	sleep $delay
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
done
sleep 0.2
tries=0
until run "$work/killed.sqlite" --workers 2 -q 2> "$work/err"; do # workers of the last run may hold the lock
	tries=$((tries + 1))
	[ $tries -lt 50 ] || { cat "$work/err"; fail "no run after kills"; }
	sleep 0.1
done
"$golden" "sqlite:$work/killed.sqlite" | sort > "$work/killed.sums"
sort "$work/1.sums" | cmp - "$work/killed.sums" || fail "kills changed the documents"
echo "all cases as expected"
