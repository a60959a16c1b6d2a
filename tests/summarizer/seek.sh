#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# seek.sh SUMMARIZE GOLDEN MKARCHIVE SOURCE_DIR: of a day in one archive, a job that is asked for alone
# reads its own hours: it gets the document it gets among others, of values that were logged once at the
# start, too, and what lies broken in hours that it does not need is not met.
set -u
summarize=$1 golden=$2 mkarchive=$3 root=$4/../..
catalogue=$4/golden/catalogue
# shellcheck source=tests/summarizer/lib.sh
. "$root/tests/summarizer/lib.sh"
export TZ=UTC SLURM_TIME_FORMAT=%s
mkdir "$work/archives"
start=1767225600 # 2026-01-01
{
	printf 'version 3\nhost day\nstart 2026-01-01T00:00:00Z\n'
	echo 'metric t.count 60.1.3 u64 - counter'
	echo 'metric t.once 60.1.4 u32 - discrete'
	printf 'at 0\nt.once 7\n'
	for ((t = 10; t <= 86390; t += 30)); do
		[ $((t % 3600)) -ne 10 ] || [ $t -eq 10 ] || echo volume
		printf 'at %d\nt.count %d\n' $t $((t * t % 997 + 1000 * t))
	done
} >"$work/text"
"$mkarchive" "$work/text" "$work/archives/day" || fail "mkarchive"
{
	echo 'Cluster|JobIDRaw|User|State|Submit|Start|End|NNodes|AllocCPUS|NodeList'
	for job in 1:900:1800 2:36000:43200 3:43001:43505 4:78000:82000 5:82001:86000; do
		IFS=: read -r id begin end <<<"$job"
		echo "c|$id|ann|COMPLETED|$start|$((start + begin))|$((start + end))|1|4|day"
	done
} >"$work/jobs"
run() { # STORE [OPTION...]
	store=$1
	shift
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$work/jobs" --cluster c \
		--archives "$work/archives" --store "sqlite:$store" "$@" 2>"$work/err"
}
sums() { "$golden" "sqlite:$1" 2>/dev/null | sort; }
run "$work/all.sqlite" || fail "all jobs"
sums "$work/all.sqlite" >"$work/all.sums"
[ "$(wc -l <"$work/all.sums")" -eq 5 ] || fail "five documents"
for job in 1 2 3 4 5; do
	run "$work/alone.sqlite" --job $job || fail "job $job alone"
done
sums "$work/alone.sqlite" | cmp - "$work/all.sums" || fail "alone, jobs get other documents"

# Hour 5 is broken: a run over all hours says so, job 5 does not read it.
size=$(stat -c %s "$work/archives/day.5")
head -c $((size - 1000)) /dev/zero | dd of="$work/archives/day.5" bs=1 seek=900 conv=notrunc status=none
run "$work/broken.sqlite" && fail "all jobs, of a broken archive"
grep -q 'day\.5' "$work/err" || fail "the broken volume is not named"
for job in 4 5; do
	run "$work/apart.sqlite" --job $job || fail "job $job, of hours that are whole"
done
sums "$work/apart.sqlite" >"$work/apart.sums"
[ "$(wc -l <"$work/apart.sums")" -eq 2 ] || fail "two documents"
grep -Fxv -f "$work/all.sums" "$work/apart.sums" && fail "hours that are whole, other documents"
echo "jobs alone as among others"
