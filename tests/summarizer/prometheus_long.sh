#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# prometheus_long.sh SUMMARIZE GOLDEN SOURCE_DIR [DAYS [NODES [EVERY]]]: a job of DAYS days on NODES nodes from a
# stand-in for Prometheus that has a sample each EVERY seconds of all of them. It is asked in bounded portions,
# of the time that there are jobs alone, and at moments that do not depend on what else is summarized. Memory is
# that of a job of eight hours and 8 MiB, whatever the job's length.
# shellcheck disable=SC2154 # work, asked_...
set -u
summarize=$1 golden=$2 here=$3/prometheus days=${4:-30} nodes=${5:-200} every=${6:-60}
# shellcheck source=tests/support/lib.sh
. "$3/../support/lib.sh"
skip_unless_has python3 curl
export JOBSIGHT_CATALOGUE_SHIPPED="$here/endless" JOBSIGHT_CATALOGUE_PATH="$work/none"
export JOBSIGHT_SUMMARIZER_LOCK="$work/lock" TMPDIR="$work" TZ=UTC
# What was freed is given back, so that the most that was held shows.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
echo '{}' >"$work/empty.yaml"
start endless python3 "$here/endless.py" "$every"
wait_for 60 test -s "$work/endless.log" || exit 99
url=$(cat "$work/endless.log")

# Job 1 ends DAYS days after 2026-01-01; job 2 ran for eight hours half a year before.
epoch=1767225600
end=$((epoch + days * 86400))
before=$((epoch - 180 * 86400))
stamp() { date -u -d "@$1" +%FT%T; }
line() # ID SUBMIT START END NODES NODELIST
{
	echo "golden|$1|$1|ann|chem|batch|long|COMPLETED|0:0|$(stamp "$2")|$(stamp "$3")|$(stamp "$4")|$5|$5|$6"
}
{
	echo 'Cluster|JobIDRaw|JobID|User|Account|Partition|JobName|State|ExitCode|Submit|Start|End|NNodes|AllocCPUS|NodeList'
	line 2 "$before" "$before" $((before + 28800)) "$nodes" "n[1-$nodes]"
	line 1 $epoch $epoch $end "$nodes" "n[1-$nodes]"
} >"$work/jobs.sacct"
cat >"$work/expected.txt" <<END
1/0 work.total $((days * 86400 * nodes))
1/0 work.cnt $nodes
1/0 level.avg 29.5
1/0 jobsight.coverage.t.work.time 1
1/0 jobsight.gaps 0
1/0 jobsight.resets 0
1/0 jobsight.state done
END

# Runs the program, and says how much memory it or any process of it held at most.
cat >"$work/peak.py" <<'END'
import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "w") as f:
    f.write("%d\n" % resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
END
run() # STORE OPTION...
{
	store=$1
	shift
	python3 "$work/peak.py" "$work/$store.peak" "$summarize" --config "$work/empty.yaml" --cluster golden \
		--accounting "sacct:$work/jobs.sacct" --store "sqlite:$work/$store.sqlite" --workers 1 -q \
		--prometheus "$url" "$@"
}
asked() { curl -s "$url/asked"; }

ok "a short job alone" run alone --job 2
eval "$(asked)"
alone=$asked_seconds
ok "$days days on $nodes nodes" run all
ok "values" "$golden" "sqlite:$work/all.sqlite" "$work/expected.txt"
eval "$(asked)"
peak=$(cat "$work/all.peak")
more=$((peak - $(cat "$work/alone.peak")))
echo "# $asked_queries queries, $asked_samples samples; at most $((peak / 1024)) MiB, $((more / 1024)) more than alone"
ok "at most 4 hours at once" test "$asked_longest" -le 14400
ok "at most 16 hosts at once" test "$asked_hosts" -le 16
ok "moments by the clock" test "$asked_aligned" -eq 1
# Four queries for each group of hosts; a job alone has its margins, too.
ok "the time of jobs alone" \
	test "$asked_seconds" -le $((2 * alone + (days * 86400 + 1200) * 4 * ((nodes + 15) / 16)))
"$golden" "sqlite:$work/alone.sqlite" >"$work/alone.sums"
"$golden" "sqlite:$work/all.sqlite" | grep '^golden/2/' >"$work/all.sums"
ok "what else is summarized does not matter" cmp "$work/alone.sums" "$work/all.sums"
ok "memory does not grow with the job" test "$more" -le $((8 * 1024))
ok "nothing is left behind" test -z "$(ls -d "$work"/jobsight-prometheus.* 2>/dev/null)"
done_testing
