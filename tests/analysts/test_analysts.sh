#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_analysts.sh SOURCE BUILD: what analysts have, on the demo site. jobsight query as each role; the
# questions of docs/analysts.md give the answers printed there; every panel of conf/grafana's dashboard
# is answered to the role that reads it.
set -eu
top=$1 build=$2
here=$top/tests/analysts
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$top/tests/support/lib.sh"
skip_unless_has jq python3 psql
# shellcheck source=SCRIPTDIR/demo-warehouse disable=SC2154
. "$here/demo-warehouse"
demo_warehouse
psql -Xq "$PG_URL" <<-SQL
	CREATE ROLE ann LOGIN IN ROLE jobsight_analyst;
	CREATE ROLE site_portal LOGIN IN ROLE jobsight_portal;
	CREATE ROLE mallory LOGIN;
	CREATE ROLE visitor LOGIN IN ROLE jobsight_public;
SQL

# as ROLE ARGUMENT...: jobsight query, its words in $work/said, what it printed in $work/answer.
as() {
	role=$1
	shift
	rc=0
	"$build/query/jobsight-query" --warehouse "host=$PGHOST user=$role dbname=$PGDATABASE" "$@" \
		>"$work/answer" 2>"$work/said" || rc=$?
	return $rc
}
fails() { # CODE TEXT ROLE ARGUMENT...
	wanted=$1 text=$2
	shift 2
	rc=0
	as "$@" || rc=$?
	[ $rc -eq "$wanted" ] && grep -qF -- "$text" "$work/said" && [ ! -s "$work/answer" ] && return 0
	echo "code $rc: $(cat "$work/said" "$work/answer")"
	return 1
}
number() { psql -XAtq "$PG_URL" -c "$1"; }
near() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a - b < 1e-6 * b && b - a < 1e-6 * b && b > 0) }'; }
days='--since 2026-01 --until 2026-02'

total_is_right() {
	# shellcheck disable=SC2086
	as ann --statistic total_cpu_hours --unit total $days --format json || return 1
	near "$(jq '.rows[0].value' "$work/answer")" "$(number "SELECT sum(core_hours) FROM warehouse.jobs WHERE end_time IS NOT NULL")"
}
sums_agree() { # by people and by months, the same
	for by in person queue none; do
		for unit in day month quarter year; do
			# shellcheck disable=SC2086
			as ann --statistic total_cpu_hours --by $by --unit $unit $days --format csv || return 1
			awk -F, 'NR > 1 { s += $(NF - 1) } END { printf "%.3f\n", s }' "$work/answer"
		done
	done | sort -u >"$work/sums"
	[ "$(wc -l <"$work/sums")" -eq 1 ]
}
labels_are_names() {
	# shellcheck disable=SC2086
	as ann --statistic 'Core hours' --by User --top 2 --unit total $days &&
		grep -q '^2026-01-01  abara  *[0-9.]*$' "$work/answer" &&
		grep -qF '(38 more left out by --top)' "$work/answer"
}
filters_hold() {
	# shellcheck disable=SC2086
	as ann --statistic job_count --by none --where person=achen --where queue=gpu --unit total $days --format json &&
		[ "$(jq '.rows[0].value | floor' "$work/answer")" = "$(number "SELECT count(*) FROM warehouse.jobs WHERE username = 'achen' AND partition = 'gpu' AND start_time IS NOT NULL AND end_time IS NOT NULL")" ] &&
		[ "$(jq -c .where "$work/answer")" = '{"person":"achen","queue":"gpu"}' ]
}
hostile_words() {
	for word in "x' OR 1=1 --" '"; DROP TABLE warehouse.job; --' '%s%n' "\\" '$1'; do
		as ann --statistic job_count --where "person=$word" --unit total --since 2026-01 --until 2026-02 --format csv || return 1
		[ "$(wc -l <"$work/answer")" -eq 1 ] || return 1
		fails 2 'there is no' ann --statistic "$word" || return 1
		fails 2 'there is no' ann --realm "$word" --statistic job_count || return 1
	done
	[ "$(number 'SELECT count(*) FROM warehouse.job')" -gt 5000 ]
}
sql_runs() {
	# shellcheck disable=SC2086
	as ann --statistic avg_waitduration_hours --by queue --sql $days || return 1
	{ echo 'PREPARE q (date, date) AS'; cat "$work/answer"; echo "; EXECUTE q ('2026-01-01', '2026-02-28')"; } >"$work/q.sql"
	psql -XAtq -v ON_ERROR_STOP=1 "host=$PGHOST user=ann dbname=$PGDATABASE" -f "$work/q.sql" | cut -d'|' -f1,3,4 | sort >"$work/by-sql"
	# shellcheck disable=SC2086
	as ann --statistic avg_waitduration_hours --by queue --format csv $days || return 1
	sed 1d "$work/answer" | cut -d, -f1,3,4 | tr , '|' | sort | diff - "$work/by-sql"
}
lists() {
	as ann --list && grep -q '^SUPREMM  *Job performance' "$work/answer" &&
		as ann --list --realm Energy --format json && [ "$(jq '.statistic | length' "$work/answer")" -ge 10 ] &&
		as ann --list --realm Jobs --format csv && grep -q '^dimension,queue,Partition,' "$work/answer"
}
own_rows_alone() { # the portal's role sees nothing without a person, and then that person's
	# shellcheck disable=SC2086
	as site_portal --statistic total_cpu_hours --unit total --format csv $days && [ "$(wc -l <"$work/answer")" -le 2 ] &&
		! grep -q '[1-9][0-9]*\.' "$work/answer" &&
		as site_portal --person achen --statistic job_count --by person --unit total --format csv $days &&
		[ "$(sed 1d "$work/answer" | cut -d, -f3)" = achen ]
}
ok 'a total is that of the jobs' total_is_right
ok 'sums over people, partitions, days and years agree' sums_agree
ok 'names are found as they are shown, and --top says what it left out' labels_are_names
ok 'filters hold, both at once' filters_hold
ok 'hostile words are words' hostile_words
ok 'the SQL that is printed gives the same' sql_runs
ok 'lists say what there is' lists
ok 'row-level security holds' own_rows_alone
ok 'somebody without a role is told so' fails 1 'permission denied' mallory --list
ok 'a slip of the finger' fails 2 'did you mean total_cpu_hours' ann --statistic total_cpu_hour
ok 'what is not public' fails 2 'is not for everybody' ann --public --statistic job_count --by person
ok 'no unit' fails 2 'day, month, quarter, year or total' ann --statistic job_count --unit week
ok 'no format' fails 2 'table, csv or json' ann --statistic job_count --format parquet
ok 'a password on the command line' fails 2 'holds a password' ann --statistic job_count --warehouse 'dbname=x password=y'
ok 'a server that is away' fails 75 'connection' ann --statistic job_count --warehouse "host=$work"
ok 'jobsight knows the verb' sh -c "PATH='$build/query:$build/common':\$PATH '$build/common/jobsight' query --help | grep -q 'jobsight query -s total_cpu_hours'"
ok 'the questions of docs/analysts.md have the answers printed there' \
	python3 "$here/questions.py" check "host=$PGHOST user=ann dbname=$PGDATABASE" "$top/docs/analysts.md"
ok 'every panel of the dashboard is answered' python3 "$here/dashboard.py" "$top/conf/grafana" \
	"host=$PGHOST user=ann dbname=$PGDATABASE" "host=$PGHOST user=visitor dbname=$PGDATABASE"
done_testing
