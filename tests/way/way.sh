#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The way of a number: a known amount of energy is written into a fake hardware register, or of CPU time
# into the fake control group of a job, while the job "runs"; the real pmcd, PMDA, pmlogger, summarizer, loader,
# PostgreSQL and portal carry it; and a real browser must show exactly that amount on the job's page.
#
# usage: way.sh shipped|site|group BUILD-DIRECTORY
#
# shipped reads the shipped stanza energy.cpu; site reads a metric that exists nowhere but in
# tests/way/site/energy.yaml, one file, which is all that a site writes to have a metric of its own; group
# reads job.cpu, of a job that has a part of a node which others use, too.
set -eu
kind=$1
build=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
servers=$top/tests/servers
modules=$("$top/tests/support/page-modules")

work=$(mktemp -d "${TMPDIR:-/tmp}/js-way.XXXXXX")
chmod 0755 "$work"
portal=
cleanup() {
	rc=$?
	if [ -n "$portal" ]; then kill "$portal" 2>/dev/null || :; wait "$portal" 2>/dev/null || :; fi
	"$servers/pcp" stop "$work/pcp" >/dev/null 2>&1 || :
	"$servers/postgres" stop "$work/pg" >/dev/null 2>&1 || :
	if [ "$rc" -ne 0 ]; then
		echo "--- what the programs said:" >&2
		tail -n 20 "$work"/*.log >&2 2>/dev/null || :
	fi
	if [ -z "${JOBSIGHT_KEEP:-}" ]; then rm -rf "$work"; else echo "kept: $work"; fi
	exit "$rc"
}
trap cleanup EXIT
trap 'exit 129' HUP INT TERM

run() { # the name of the step's log, then the command
	log=$work/$1.log
	shift
	"$@" >"$log" 2>&1 || { echo "way: '$*' ended with $?" >&2; exit 1; }
}

node=way1
machine=$work/machine
catalogue=(--catalogue "$top/conf/catalogue")
agent=msr metric=energy.cpu series=cpupower unit=J cpus=$(nproc)

energy() { # whole at any instant
	echo "$1" >"$machine/dev/cpu/0/new"
	mv "$machine/dev/cpu/0/new" "$machine/dev/cpu/0/msr.d/0x611"
}

# one 2^-14 J unit machine (Skylake-SP: package in units of the unit register), and 10 million units of
# energy, over one wrap: the register begins near the end of its 32 bits
prepare() {
	"$top/tests/pmdas/fake-machine" skylake-sp "$machine"
	energy "$((0xfffffc00))"
}
job_begins() { :; }
job_works() { energy "$(((0xfffffc00 + 10000000) & 0xffffffff))"; }
job_ends() { :; }
amount=$(awk 'BEGIN { printf "%.6f", 10000000 / 16384 }')

case $kind in
site)
	catalogue+=(--catalogue "$here/site")
	metric=site.joules series=site_watts
	;;
group) # nothing of it is lost before the first sample, nor after the last
	agent=jobs metric=job.cpu series=job_cpu unit=s cpus=1 amount=7.654321
	scope=$machine/sys/fs/cgroup/system.slice/slurmstepd.scope
	prepare() {
		"$top/tests/pmdas/fake-jobs" v2 "$machine"
		mv "$scope/job_101" "$work/group"
		echo 'usage_usec 1230000' >"$work/group/cpu.stat"
	}
	job_begins() { mv "$work/group" "$scope/job_4711"; }
	job_works() { echo 'usage_usec 7654321' >"$scope/job_4711/cpu.stat"; }
	job_ends() { mv "$scope/job_4711" "$work/group"; }
	;;
esac
prepare

run pmlogger-config "$build/common/catalogue/jobsight-catalogue" pmlogger "${catalogue[@]}"
sed 's/^log mandatory on .* {/log mandatory on 1 sec {/' "$work/pmlogger-config.log" >"$work/pmlogger.config"
run pcp-start "$servers/pcp" start "$work/pcp" --node "$node" --pmda "$build/pmdas/$agent" \
	--env "JOBSIGHT_PMDA_ROOT=$machine" --env JOBSIGHT_PMDA_INTERVAL=200msec --pmlogger "$work/pmlogger.config" --archive "$work/archives"

# the job: idle before and after
sleep 3
start=$(date +%s)
job_begins
sleep 2
job_works
sleep 2
end=$(date +%s)
job_ends
sleep 3
"$servers/pcp" stop "$work/pcp" >"$work/pcp-stop.log" 2>&1

{
	echo "JobID|JobIDRaw|Cluster|User|Group|UID|GID|Account|Partition|JobName|State|Submit|Eligible|Start|End|NNodes|NCPUS|ReqCPUS|NodeList|ExitCode|Timelimit"
	echo "4711|4711|way|ada|users|1000|100|physics|batch|way|COMPLETED|$((start - 5))|$((start - 5))|$start|$end|1|$cpus|$cpus|$node|0:0|00:10:00"
} >"$work/sacct.txt"

eval "$("$servers/postgres" start "$work/pg")"
store=sqlite:$work/documents.sqlite
# everything below reads the same small configuration, as a site's cron would
cat >"$work/jobsight.yaml" <<C
catalogue: {shipped: $top/conf/catalogue, path: $([ "$kind" = site ] && echo "$here/site" || echo "$work/none")}
store: {url: "$store"}
warehouse: {url: "$PG_URL"}
summarizer: {settle: 0s, lock: $work/lock}
portal: {listen: "127.0.0.1:0", warehouse: "$PG_URL options='-c role=jobsight_portal'", auth: fixed, auth_user: ada, web: $top/portal/web}
clusters:
  - {name: way, archives: $work/archives, accounting: "sacct:$work/sacct.txt"}
C
run summarize "$build/summarizer/jobsight-summarize" --config "$work/jobsight.yaml" --workers 2
run migrate "$build/etl/jobsight-load" --config "$work/jobsight.yaml" --migrate
run load "$build/etl/jobsight-load" --config "$work/jobsight.yaml"

: >"$work/portal.log" # is read before the portal may have begun
"$build/portal/jobsight-portal" --config "$work/jobsight.yaml" >>"$work/portal.log" 2>&1 &
portal=$!
url=
for _ in $(seq 100); do
	url=$(sed -n 's/^listening on //p' "$work/portal.log")
	[ -z "$url" ] || break
	kill -0 "$portal" || exit 1
	sleep 0.1
done

# a module finds packages beside itself only
mkdir "$work/browser"
cp "$here/page.mjs" "$work/browser/"
ln -s "$modules" "$work/browser/node_modules"
shown=$(env -u ASAN_OPTIONS -u UBSAN_OPTIONS -u LSAN_OPTIONS HOME="$work/browser" timeout 120 \
	node "$work/browser/page.mjs" "${url%/}/jobs/way/4711" "$metric" "$series" 2>"$work/browser.log") || {
	echo "way: the page shows no $metric with a chart of $series" >&2
	exit 1
}
# the PMDA counts whole microjoules and microseconds: nothing else may be lost on the way
awk -v shown="$shown" -v amount="$amount" 'BEGIN { d = shown - amount; exit !(d < 2e-6 && d > -2e-6) }' || {
	echo "way: $amount $unit were used, the page shows $shown" >&2
	exit 1
}
echo "$amount $unit were used, $shown $unit are on the page"
