# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Sourced by ../prometheus.sh: nights in which the clocks of a place change, and one in which its day does.
# A document is the same wherever the summarizer's machine stands, and whether accounting speaks UTC or as the
# clocks there go, byte for byte. One job on both hosts of each night, 500 s each side of the change, and one of
# a single CPU, which crosses it, too.
# shellcheck disable=SC2154 # of the script that sources this
nights='2025-03-30T01:00:00Z 2025-10-26T01:00:00Z 2025-03-09T05:30:00Z 2025-11-02T04:30:00Z 2025-06-01T18:15:00Z'
zones='Europe/Berlin America/St_Johns Asia/Kathmandu'

night_samples() # FORM HOST CHANGE: what samples.awk writes, ten minutes of it before the change
{
	night_epoch=$(($(date -u -d "$3" +%s) - 600))
	awk -v form="$1" -v host="$2" -v start="$night_epoch $(date -u -d "@$night_epoch" +%FT%TZ)" \
		-f "$here/samples.awk"
}
nights_load() # before Prometheus starts
{
	for night in $nights; do
		for host in p1 p2; do
			day=$work/nights/$host/$(date -u -d "$night" +%Y/%m/%d)
			mkdir -p "$day"
			night_samples archive $host "$night" >"$work/night.txt"
			"$mkarchive" "$work/night.txt" "$day/a" || exit 99
		done
		night_samples prometheus p1 "$night" >"$work/night.txt"
		"$server" load "$work/prom" "$work/night.txt" || exit 99
	done
}
night_job() # ZONE CHANGE ID FROM TO REST: seconds from the change
{
	night_change=$(date -u -d "$2" +%s)
	printf 'golden|%s|%s|ann|g|chem|batch|night|COMPLETED|0:0' "$3" "$3"
	for seconds in -550 -550 "$4" "$5"; do
		printf '|%s' "$(TZ=$1 date -d "@$((night_change + seconds))" +%FT%T)"
	done
	echo "|$6"
}
nights_accounting() # ZONE
{
	head -n 1 "$here/jobs.sacct"
	id=10
	for night in $nights; do
		night_job "$1" "$night" $id -500 400 '2|4|p[1-2]'
		night_job "$1" "$night" $((id + 1)) -300 200 '1|1|p1'
		id=$((id + 2))
	done
}
night_run() # STORE ACCOUNTING OPTION...
{
	store=$1 accounting=$2
	shift 2
	"$summarize" --config "$work/night.yaml" --accounting "sacct:$accounting" --cluster golden \
		--store "sqlite:$work/$store.sqlite" -q "$@" &&
		"$golden" "sqlite:$work/$store.sqlite" | sort >"$work/$store.sums"
}
nights_expected() # what README.md has of job 1, of each night
{
	id=10
	for night in $nights; do
		job=$id/$(($(date -u -d "$night" +%s) - 550 - 1767225600))
		printf "$job %s\n" 'cpu.jobcpus.user.avg 0.5416666666666666' 'network.eth0.in.total 26400' \
			'jobsight.resets 1' 'jobsight.gaps 1' 'jobsight.coverage.t.load.time 0.8333333333333334'
		id=$((id + 2))
	done
}
nights_check()
{
	nights_accounting UTC >"$work/nights.sacct"
	nights_expected >"$work/nights.txt"
	for source in archives prometheus; do
		from=$work/nights
		[ $source = archives ] || from=$PROMETHEUS_URL
		TZ=UTC && export TZ
		echo '{}' >"$work/night.yaml"
		ok "nights: $source" night_run "$source-UTC" "$work/nights.sacct" "--$source" "$from"
		ok "nights: $source: values" "$golden" "sqlite:$work/$source-UTC.sqlite" "$work/nights.txt"
		ok "nights: $source: all" test "$(wc -l <"$work/$source-UTC.sums")" -eq 10
		for zone in $zones; do
			TZ=$zone
			echo '{}' >"$work/night.yaml"
			ok "nights: $source in $zone" night_run night "$work/nights.sacct" "--$source" "$from"
			ok "nights: $source in $zone: same" cmp "$work/$source-UTC.sums" "$work/night.sums"
			nights_accounting "$zone" >"$work/local.sacct"
			echo "clusters: [{name: golden, timezone: $zone}]" >"$work/night.yaml"
			ok "nights: $source by the clocks of $zone" \
				night_run local "$work/local.sacct" "--$source" "$from"
			ok "nights: $source by the clocks of $zone: same" \
				cmp "$work/$source-UTC.sums" "$work/local.sums"
			rm -f "$work/night.sqlite" "$work/local.sqlite"
		done
		unset TZ
	done
}
