#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# states.sh SUMMARIZE GOLDEN DOCUMENT MKARCHIVE SOURCE_DIR: a job's states from new to done: running,
# skipped and incomplete while archives are to come, taken up by itself when they come, again for each
# reason; and the golden cases in 1, 2 and 7 shards, the same bytes as of one run.
set -u
summarize=$1 golden=$2 document=$3 mkarchive=$4 here=$5/golden root=$5/../..
catalogue=$here/catalogue
# shellcheck source=tests/summarizer/lib.sh
. "$root/tests/summarizer/lib.sh"
export TZ=UTC SLURM_TIME_FORMAT=%s
mkdir "$work/archives"

# ---- one job of two nodes, ended an hour ago ----

end=$(($(date +%s) - 3600)) begin=$(($(date +%s) - 7200))
archive() { # HOST UNTIL
	{
		printf 'version 2\nhost %s\nstart %s\nmetric t.count 60.1.3 u64 - counter\n' "$1" \
			"$(date -d "@$((begin - 60))" +%FT%TZ)"
		for ((t = 0; t <= $2 - begin + 60; t += 30)); do printf 'at %d\nt.count %d\n' $t $t; done
	} >"$work/text"
	rm -f "$work/archives/$1".*
	"$mkarchive" "$work/text" "$work/archives/$1" || fail "archive of $1"
}
accounting() { # STATE END
	printf '%s\n' 'Cluster|JobIDRaw|User|State|Submit|Start|End|NNodes|AllocCPUS|NodeList' \
		"c|7|ann|$1|$begin|$begin|$2|2|8|a,b" >"$work/jobs"
}
run() {
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$work/jobs" --cluster c \
		--archives "$work/archives" --store "sqlite:$work/store.sqlite" "$@" 2>"$work/err"
}
state_is() { # STATE NODES
	"$document" --store "sqlite:$work/store.sqlite" 7 >"$work/document" 2>>"$work/err" ||
		fail "no document"
	grep -q "\"state\": *\"$1\"" "$work/document" || fail "state is not $1: $(cat "$work/document")"
	[ -z "${2-}" ] || grep -q "\"nodes\": *$2" "$work/document" || fail "$1, but not of $2 nodes"
}
due() { # N
	grep -q "^summarized now  *$1\$" "$work/err" || fail "not $1 jobs were due"
}

accounting RUNNING Unknown
archive a $((begin + 600))
run || fail "a running job, not asked for"
due 0
run --running || fail "a running job"
due 1
state_is running 1
run --running || fail "a running job again"
due 1

accounting COMPLETED $end
rm "$work"/archives/*
run || fail "it ended, without archives"
due 1
state_is skipped 0
archive a $((begin + 600))
run || fail "some archives"
due 1
state_is incomplete 1
archive a $((end + 60))
run || fail "one node whole"
state_is incomplete 1
archive b $((end + 60))
JOBSIGHT_SUMMARIZER_LATE=10s run || fail "late archives, too late"
due 0
grep -q '^given up (archives never came)  *1$' "$work/err" || fail "not given up"
run || fail "late archives"
due 1
state_is 'done' 2
run || fail "all is done"
due 0
for why in incomplete skipped failed version catalogue; do
	run --again $why || fail "--again $why"
	due 0
done
run --again all || fail "--again all"
due 1
run --again never
[ $? -eq 2 ] || fail "--again never"

# another catalogue: said, and done again when asked for
sed 's/help: Share of core time/help: Share of the time of cores/' "$here/catalogue/golden.yaml" \
	>"$work/golden.yaml"
mkdir "$work/other" && mv "$work/golden.yaml" "$work/other"
JOBSIGHT_CATALOGUE_SHIPPED=$work/other run || fail "another catalogue"
due 0
grep -q 'of another catalogue or version  *1$' "$work/err" || fail "another catalogue is not told"
JOBSIGHT_CATALOGUE_SHIPPED=$work/other run --again failed,catalogue || fail "--again catalogue"
due 1

# ---- shards ----

for text in "$here"/archives/*.txt; do
	name=$(basename "$text" .txt)
	mkdir -p "$work/tree/$name/2026/01/01"
	"$mkarchive" "$text" "$work/tree/$name/2026/01/01/$name" || fail "mkarchive $name"
done
all() { # STORE [OPTION...]
	store=$1
	shift
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$here/jobs.sacct" --cluster golden \
		--archives "$work/tree" --store "sqlite:$store" "$@" 2>"$work/err"
}
sums() { "$golden" "sqlite:$1" 2>/dev/null | sort; }
all "$work/one.sqlite" || fail "one run"
sums "$work/one.sqlite" >"$work/one.sums"
[ -s "$work/one.sums" ] || fail "no documents"
for n in 1 2 7; do
	dir=$work/shards store=$work/$n.sqlite
	all "$store" --partials "$dir" || fail "choosing jobs"
	for k in $(seq "$n" -1 1); do # in any order, and again when one was killed
		if [ "$k" -eq "$n" ]; then
			all "$store" --partials "$dir" --merge
			[ $? -eq 75 ] || fail "merged although no shard was there"
			(exec 2>/dev/null; timeout -s KILL 0.0$((RANDOM % 9)) "$summarize" --config "$work/empty.yaml" --cluster golden \
				--archives "$work/tree" --partials "$dir" --shard "$k/$n") 2>/dev/null
		fi
		all "$store" --partials "$dir" --shard "$k/$n" --workers 2 || fail "shard $k/$n"
	done
	all "$store" --partials "$dir" --merge --workers 3 || fail "merge of $n"
	[ ! -e "$dir/jobs" ] || fail "the folder of $n shards was not cleared"
	sums "$store" | cmp - "$work/one.sums" || fail "$n shards make other documents"
	rm -rf "$dir"
done

# what does not belong together is refused
dir=$work/shards
all "$work/x.sqlite" --partials "$dir" || fail "choosing jobs"
all "$work/x.sqlite" --partials "$dir" --shard 1/1 || fail "shard 1/1"
cp "$dir/1-of-1" "$work/good"
refused() { # WORDS
	all "$work/x.sqlite" --partials "$dir" --merge && fail "merged: $1"
	grep -q "$1" "$work/err" || fail "not told: $1"
	cp "$work/good" "$dir/1-of-1"
}
head -c 100 "$work/good" >"$dir/1-of-1"
refused 'too short'
head -c 1000 "$work/good" >"$dir/1-of-1"
refused 'not written by a shard'
printf 'X' | dd of="$dir/1-of-1" bs=1 seek=30 conv=notrunc status=none
refused 'another list of jobs'
cp "$work/good" "$dir/1-of-2"
refused 'shards of'
rm "$dir/1-of-2"
JOBSIGHT_CATALOGUE_SHIPPED=$work/other refused 'another catalogue'
for bad in 0/2 3/2 x/2 1/ 1; do
	all "$work/x.sqlite" --partials "$dir" --shard "$bad"
	[ $? -eq 2 ] || fail "--shard $bad was taken"
done
all "$work/x.sqlite" --partials "$dir" --merge || fail "merge after all"
sums "$work/x.sqlite" | cmp - "$work/one.sums" || fail "the merge after all"
echo "states and shards as expected"
