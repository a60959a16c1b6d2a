#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# sluid.sh SUMMARIZE GOLDEN MKARCHIVE SOURCE: control groups with the names of Slurm 26.05 (the SLUID of
# the run, no number): jobs get their own cores by what the boundary records say, without these
# they get none.
set -u
summarize=$1 golden=$2 mkarchive=$3 source=$4
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
export JOBSIGHT_CATALOGUE_SHIPPED="$source/tests/summarizer/golden/catalogue"
export JOBSIGHT_CATALOGUE_PATH="$work/nothing" JOBSIGHT_SUMMARIZER_LOCK="$work/lock"
day=shared/2026/01/01
mkdir -p "$work/with/$day" "$work/without/$day"
echo "{}" > "$work/empty.yaml"

# Job 21 under version 2, 22 under version 1 (a site that renames there too); 20 is another's.
sed 's|/slurm/uid_1000/job_21|/system.slice/slurmstepd.scope/sEKNKTV3WPV521|
	s|/slurm/uid_1001/job_22|/slurm/uid_1001/sEKNKTV3WPV522|g' \
	"$source/tests/summarizer/golden/archives/shared.txt" > "$work/text"
cat > "$work/boundaries" <<-EOT
	version 2
	host shared
	start 2026-01-01T00:00:00Z
	metric jobsight.boundary.job 340.0.0 string 340.1 instant
	metric jobsight.boundary.event 340.0.1 string 340.1 instant
	metric jobsight.boundary.sluid 340.0.6 string 340.1 instant
	indom 340.1 0=0, 1=1, 2=2
	at 0
	jobsight.boundary.job 0=20 1=21 2=22
	jobsight.boundary.event 0=begin 1=begin 2=begin
	jobsight.boundary.sluid 0=sEKNKTV3WPV520 1=sEKNKTV3WPV521 2=sEKNKTV3WPV522
EOT
for tree in with without; do
	"$mkarchive" "$work/text" "$work/$tree/$day/logger" || exit 1
done
"$mkarchive" "$work/boundaries" "$work/with/$day/boundaries-20260101" || exit 1
grep -E '^(Cluster|golden[|]2[12][|])' "$source/tests/summarizer/golden/jobs.sacct" > "$work/jobs"

cat > "$work/own" <<-EOT
	21/0 cpu.jobcpus.user.avg 1
	22/0 cpu.jobcpus.user.avg 0.2
EOT
cat > "$work/none" <<-EOT
	21/0 cpu.jobcpus.user.error 5
	22/0 cpu.jobcpus.user.error 5
EOT

run() { # TREE
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$work/jobs" \
		--archives "$work/$1" --cluster golden --store "sqlite:$work/$1.sqlite" --workers 1
}

ok "jobs are summarized" run with
ok "cores by the SLUID" "$golden" "sqlite:$work/with.sqlite" "$work/own"
ok "without boundaries" run without
ok "cores are unknown" "$golden" "sqlite:$work/without.sqlite" "$work/none"
done_testing
