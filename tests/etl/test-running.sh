#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test-running.sh JOBSIGHT-LOAD STORE-TOOL SUMMARIZE MKARCHIVE: a job that runs now is in the views of the
# warehouse after one round of what the shipped timer has run, grows with the next, and ends; and that
# timer comes often enough for a quarter of an hour.
summarize=$3 mkarchive=$4
# shellcheck source=tests/etl/setup.sh
. "$(dirname "$0")/setup.sh"
top=$here/../..
units=$top/conf/systemd
export TZ=UTC SLURM_TIME_FORMAT=%s
export JOBSIGHT_SUMMARIZER_LOCK=$dir/lock JOBSIGHT_CATALOGUE_SHIPPED=$top/conf/catalogue JOBSIGHT_CATALOGUE_PATH=$dir/stanzas
export JOBSIGHT_APPLICATIONS_SHIPPED=$top/conf/applications.yaml JOBSIGHT_APPLICATIONS_PATH=$dir/none
mkdir "$dir/archives" "$dir/stanzas"
cat >"$dir/stanzas/test.yaml" <<'STANZA'
- metric: test.count
  label: Counted
  help: What was counted.
  unit: things
  from:
    - pcp: {x: t.count}
  value: sum(x)
  document: test.count
  statistics: [all, total]
  warehouse: {column: counted, from: test.count.total, aggregate: sum}
STANZA
run 0 --migrate

# What the unit starts: the options of both programs stand there.
mapfile -t starts < <(sed -n 's/^ExecStart=@bindir@\///p' "$units/jobsight-running.service.in")
equal 'the unit summarizes what runs, then loads' "${starts[*]}" 'jobsight-summarize --running jobsight-load'
round() {
	code=0
	# shellcheck disable=SC2086 # its options
	"$summarize" --config "$dir/settings.yaml" --accounting "sacct:$dir/jobs" --cluster c --archives "$dir/archives" \
		--store "$store" ${starts[0]#jobsight-summarize} >"$dir/said" 2>&1 || code=$?
	equal "jobsight-summarize ($(cat "$dir/said"))" "$code" 0
	# shellcheck disable=SC2086
	run 0 ${starts[1]#jobsight-load}
}

begin=$(($(date +%s) - 4800)) # an end is believed when it is some time ago
archive() { # UNTIL: seconds after the begin
	{
		printf 'version 2\nhost a\nstart %s\nmetric t.count 60.1.3 u64 - counter\n' "$(date -d "@$((begin - 60))" +%FT%TZ)"
		for ((t = 0; t <= $1 + 60; t += 30)); do printf 'at %d\nt.count %d\n' $t $t; done
	} >"$dir/text"
	rm -f "$dir"/archives/a.*
	"$mkarchive" "$dir/text" "$dir/archives/a" || equal archive no yes
}
accounting() { # STATE END
	printf '%s\n' 'Cluster|JobIDRaw|User|Account|State|Submit|Start|End|NNodes|AllocCPUS|NodeList' \
		"c|7|ann|phys|$1|$((begin - 30))|$begin|$2|1|8|a" >"$dir/jobs"
}
seen() {
	sql "SELECT state, end_time IS NULL, username, round(counted) FROM warehouse.job_performance WHERE raw_id = 7"
}
accounting RUNNING Unknown
archive 600
round
equal 'it is there while it runs' "$(seen)" 'RUNNING|t|ann|600'
equal 'its hours count' "$(sql "SELECT sum(value) > 0 FROM warehouse.statistic('Jobs', 'total_cpu_hours', 'person', 'day',
	current_date - 1, current_date + 1)")" t
archive 1200
round
equal 'it grows' "$(seen)" 'RUNNING|t|ann|1200'
accounting COMPLETED $((begin + 1200))
round
equal 'it ends' "$(seen)" 'COMPLETED|f|ann|1200'

# A round begins at most so many seconds after the one before; its two programs have the rest of 15 minutes.
if command -v systemd-analyze >/dev/null; then
	when=$(sed -n 's/^OnCalendar=//p' "$units/jobsight-running.timer")
	mapfile -t at < <(systemd-analyze calendar --iterations=13 "$when" | sed -n 's/^ *\(Next elapse\|Iteration #[0-9]*\|Iter\. #[0-9]*\): //p')
	equal 'the timer elapses' "${#at[@]}" 13
	longest=0
	for ((i = 1; i < ${#at[@]}; i++)); do
		step=$(($(date -d "${at[i]}" +%s) - $(date -d "${at[i - 1]}" +%s)))
		[ "$step" -le "$longest" ] || longest=$step
	done
	equal "$longest s between two rounds leave 5 minutes" "$((longest > 0 && longest <= 600))" 1
fi
finish
