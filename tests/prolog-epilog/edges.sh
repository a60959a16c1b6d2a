#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# edges.sh SUMMARIZE GOLDEN MKARCHIVE PUT_BOUNDARIES SOURCE: jobs shorter than the interval of the
# periodic archive get what their boundary samples say, to the last unit; without these, a share of
# the whole interval.
set -u
summarize=$1 golden=$2 mkarchive=$3 put=$4 source=$5
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
export JOBSIGHT_CATALOGUE_SHIPPED="$source/tests/summarizer/golden/catalogue"
export JOBSIGHT_CATALOGUE_PATH="$work/none" JOBSIGHT_SUMMARIZER_LOCK="$work/lock"
day=edges/2026/01/01
mkdir -p "$work/with/$day" "$work/without/$day"
echo "{}" > "$work/empty.yaml"

# 600 counts before the first job, 4000 in it, 250 in the second, which is requeued under its id.
cat > "$work/text" <<-EOT
	version 2
	host edges
	start 2026-01-01T00:00:00Z
	metric t.count 60.1.3 u64 - counter
	at 0
	t.count 0
	at 30
	t.count 300
	at 60
	t.count 5000
	at 90
	t.count 5150
EOT
"$mkarchive" "$work/text" "$work/with/$day/logger" || exit 1
"$mkarchive" "$work/text" "$work/without/$day/logger" || exit 1
# Written by three runs of the sampler, each continuing the archive.
"$put" "$work/with/$day/boundaries-20260101" 33 600 37 4600 || exit 1
"$put" "$work/with/$day/boundaries-20260101" 41 4700 42 4900 || exit 1
"$put" "$work/with/$day/boundaries-20260101" 50 4950 52 5000 || exit 1

{
	printf "%s|%s\n" "Cluster|JobIDRaw|JobID|User|Group|Account|Partition|JobName|State|ExitCode" \
		"Submit|Eligible|Start|End|NNodes|AllocCPUS|NodeList"
	job() # ID SUBMIT START END
	{
		echo "golden|$1|$1|ann|g|chem|batch|short|COMPLETED|0:0|2026-01-01T00:00:$2|2026-01-01T00:00:$2|2026-01-01T00:00:$3|2026-01-01T00:00:$4|1|4|edges"
	}
	job 1 00 33 37
	job 2 01 41 42
	job 2 45 50 52
} > "$work/jobs"

cat > "$work/exact" <<-EOT
	1/0 golden.count.total 4000
	1/0 jobsight.coverage.golden.count.time 1
	1/0 jobsight.gaps 0
	1/0 jobsight.resets 0
	2/1 golden.count.total 200
	2/45 golden.count.total 50
EOT
sed 's/total 4000/total 626.6666666666666/; s/total 200/total 156.66666666666666/; s/total 50$/total 313.3333333333333/' \
	"$work/exact" > "$work/guess"

run() # TREE
{
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$work/jobs" --archives "$work/$1" \
		--cluster golden --store "sqlite:$work/$1.sqlite" --workers 1
}

ok "jobs are summarized" run with
ok "exact edges from boundary samples" "$golden" "sqlite:$work/with.sqlite" "$work/exact"
ok "without boundaries" run without
ok "then a share of the interval" "$golden" "sqlite:$work/without.sqlite" "$work/guess"
done_testing
