#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every table, view and function of both schemas by every role: which rows each sees of the jobs of
# forty/, through COPY: all, none, a number, or DENIED (open: there are no rows to hide); who may call
# which function. matrix.txt holds what is right: a
# relation or a function without a row there fails, and so does a row without its relation.
# And what everybody may ask: it tells of groups alone.
. "$(dirname "$0")/setup.sh"
top=$here/../..
run 0 --migrate --catalogue "$top/conf/catalogue"
"$here/forty/load.sh" "$PG_URL"
psql -XAtq -v ON_ERROR_STOP=1 -1 -f "$here/forty/site.sql" "$PG_URL" >"$dir/said" 2>&1 || equal "site.sql: $(cat "$dir/said")" 1 0
sql "CREATE ROLE site_loader LOGIN IN ROLE jobsight_loader; CREATE ROLE site_portal LOGIN IN ROLE jobsight_portal;
	CREATE ROLE site_analyst LOGIN IN ROLE jobsight_analyst; CREATE ROLE somebody LOGIN;
	INSERT INTO warehouse.person_right (person, kind, account) VALUES ('paula', 'pi', 'phys'), ('sue', 'support', ''), ('stan', 'staff', '')"
sql "INSERT INTO warehouse.dirty (day, cluster_id) VALUES ('2024-03-01', 1); INSERT INTO warehouse.public_mark VALUES ('2024-03-01')" # refresh() left none
relations=$(sql "SELECT c.oid::regclass FROM pg_class c WHERE relnamespace IN ('warehouse'::regnamespace, 'compat'::regnamespace)
	AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition AND relname NOT IN ('migration', 'day', 'period') ORDER BY 1::text")

# seen ROLE PERSON: a line for each relation, from one session.
seen() {
	{
		echo '\set VERBOSITY terse'
		echo "SET jobsight.person = '$2';"
		for relation in $relations; do
			printf '\\echo %s\n' "$relation"
			what='*' # of job_quality, which has a row for each metric: jobs
			[ "$relation" != warehouse.job_quality ] || what='DISTINCT job_id'
			echo "COPY (SELECT count($what) FROM $relation) TO STDOUT;"
		done
	} | PGOPTIONS='-c jit=off' psql -XAtq "host=$PGHOST user=$1 dbname=$PGDATABASE" 2>&1 |
		sed 's/^ERROR: *permission denied.*/DENIED/; s/^psql:.*permission denied.*/DENIED/'
}
seen postgres '' | awk 'NR % 2 { name = $0; next } { print name, $0 }' >"$dir/owner"
: >"$dir/matrix"
while read -r role person; do
	[ "$person" = - ] && person=
	seen "$role" "$person" | awk -v who="$role ${person:--}" -v owner="$dir/owner" '
		BEGIN { while ((getline line < owner) > 0) { split(line, f, " "); all[f[1]] = f[2] } }
		NR % 2 { name = $0; next }
		{ print name, who, $0 == "DENIED" ? $0 : all[name] == 0 ? "open" : $0 == all[name] ? "all" : $0 == 0 ? "none" : $0 }' >>"$dir/matrix"
done <<'ROLES'
somebody stan
site_portal -
site_portal ada
site_portal paula
site_portal sue
site_portal stan
site_analyst -
site_loader -
ROLES
sql "SELECT p.oid::regprocedure || ' ' || r.rolname || ' call ' || has_function_privilege(r.oid, p.oid, 'EXECUTE')
	FROM pg_proc p CROSS JOIN pg_roles r WHERE pronamespace IN ('warehouse'::regnamespace, 'compat'::regnamespace)
	AND prokind = 'f' AND r.rolname IN ('somebody', 'site_portal', 'site_analyst', 'site_loader')
	AND has_function_privilege(r.oid, p.oid, 'EXECUTE')" >>"$dir/matrix"
LC_ALL=C sort "$dir/matrix" >"$dir/sorted"
if [ -n "${MATRIX_OUT:-}" ]; then
	{ echo '# SPDX-License-Identifier: Apache-2.0' && cat "$dir/sorted"; } >"$MATRIX_OUT"
fi
tail -n +2 "$here/matrix.txt" >"$dir/wanted"
same 'who sees what' "$dir/sorted" "$dir/wanted"

# What holds whatever the numbers are.
equal 'relations without rows, where nothing can be told apart' "$(grep ' open$' "$dir/sorted")" ''
equal 'what nobody of no role may read' "$(awk '$2 == "somebody" && $4 != "DENIED"' "$dir/sorted")" ''
equal 'what nobody of no role may call' "$(grep ' somebody call ' "$dir/sorted")" ''
for relation in job job_metric job_node job_span usage_day performance_day efficiency_day usage_period performance_period histogram_period jobs \
	job_performance job_quality job_nodes job_day job_slice job_detail job_step filesystem_quota cloud_instance login association; do
	equal "$relation without a person" "$(awk -v r="warehouse.$relation" '$1 == r && $2 == "site_portal" && $3 == "-" { print $4 == "open" ? "none" : $4 }' "$dir/sorted")" none
done
equal 'own jobs' "$(awk '$1 == "warehouse.job" && $2 == "site_portal" { print $3, $4 }' "$dir/sorted" | tr '\n' ' ')" \
	"- none ada $(grep -c '^[0-9]*,ada,' "$here/forty/jobs.csv") paula $(grep -c '^[0-9]*,[a-z]*,phys,' "$here/forty/jobs.csv") stan all sue all "

# Everybody's figures: of groups, never of one; sums of groups are the whole.
as_public() {
	psql -XAtq "host=$PGHOST user=site_portal dbname=$PGDATABASE" -c "$1" 2>&1
}
sql "UPDATE warehouse.site SET public_group = 3; SELECT warehouse.publish()" >/dev/null
equal 'groups of three' "$(as_public "SELECT period, dimension_value, round(value::numeric, 2), people
	FROM warehouse.public_statistic('Jobs', 'total_cpu_hours', 'queue', '2024-02-01', '2024-03-31')")" \
	'2024-03-01|others|10242.00|6
2024-03-01|gpu|136.00|3
2024-03-01|shared|8.25|3' # in February one person had nearly all
equal 'GPU hours of two people' "$(as_public "SELECT count(*) FROM warehouse.public_statistic('Jobs', 'total_gpu_hours', 'none', '2024-03-01', '2024-03-31') WHERE people < 3")" 0
sql "UPDATE warehouse.site SET public_group = 4; SELECT warehouse.publish()" >/dev/null
equal 'GPU hours of three people are none of four' "$(as_public "SELECT count(*) FROM warehouse.public_statistic('Jobs', 'total_gpu_hours', 'none', '2024-03-01', '2024-03-31')")" 0
for question in "'Jobs', 'total_cpu_hours', 'person'" "'Jobs', 'total_cpu_hours', 'account'" "'Jobs', 'max_processors', 'none'" \
	"'Jobs', 'median_wait_hours', 'none'" "'Jobs', 'total_cpu_hours', 'day'" "'SUPREMM', 'wall_time', 'cpuuser'" "'Jobs', 'active_person_count', 'none'"; do
	as_public "SELECT * FROM warehouse.public_statistic($question, '2024-03-01', '2024-03-31')" | grep -q 'is not public' ||
		equal "public: $question" told 'not public'
done
as_public "SELECT * FROM warehouse.public_statistic('Jobs', 'total_cpu_hours', 'none', '2024-03-01', '2024-03-30')" | grep -q 'whole months' ||
	equal 'public: part of a month' told 'not public'
equal 'a portal without a person, through statistic()' "$(as_public "SELECT coalesce(sum(value), 0) FROM warehouse.statistic('Jobs', 'total_cpu_hours', 'none', 'month', '2024-01-01', '2024-12-31')")" 0
equal 'a person, through statistic()' "$(as_public "SET jobsight.person = 'fay'; SELECT sum(value) FROM warehouse.statistic('Jobs', 'total_cpu_hours', 'person', 'month', '2024-01-01', '2024-12-31')")" \
	"$(sql "SELECT sum(value) FROM warehouse.total('Jobs', 'total_cpu_hours', 'none', '2024-01-01', '2024-12-31', '{\"person\": \"fay\"}')")"

# Through the functions: own rows for a person, of every realm and by whatever names people; none without one.
people_of() {
	psql -XAtq "host=$PGHOST user=site_portal dbname=$PGDATABASE" -c "SET jobsight.person = '$1'" -c "SELECT string_agg(DISTINCT v, ' ')
		FROM (VALUES $2) q (realm, statistic, dimension) CROSS JOIN LATERAL ($3) a (v)" 2>&1
}
own="('Jobs', 'total_cpu_hours', 'person'), ('Jobs', 'total_cpu_hours', 'username'), ('SUPREMM', 'wall_time', 'person'), ('SUPREMM', 'avg_percent_cpu_user', 'username'),
	('JobEfficiency', 'core_time', 'person'), ('Energy', 'node_energy_kwh', 'person'), ('Storage', 'avg_logical_usage', 'username'), ('Cloud', 'cloud_wall_time', 'username')"
for how in "SELECT dimension_value FROM warehouse.statistic(q.realm, q.statistic, q.dimension, 'month', '2024-01-01', '2024-12-31')" \
	"SELECT dimension_value FROM warehouse.statistic(q.realm, q.statistic, q.dimension, 'day', '2024-03-05', '2024-03-10')" \
	"SELECT dimension_value FROM warehouse.total(q.realm, q.statistic, q.dimension, '2024-03-01', '2024-03-31')"; do
	equal "ada: $how" "$(people_of ada "$own" "$how")" ada
	equal "nobody: $how" "$(people_of '' "$own" "$how")" ''
	equal "support: $how" "$(people_of sue "$own" "$how" | grep -c 'ada.*bob')" 1
done
# One's own figures are those of one's jobs and of one's accounts', each once: by reason they are read from sums, by
# reason and state at once from the jobs, along indexes, those of the person and those of the accounts by themselves.
by_reason="'JobEfficiency', 'core_time', 'reason'"
for who in ada paula; do
	for which in '{}' '{"exit_status": "COMPLETED"}'; do
		equal "$who's core hours by reason $which" "$(people_of $who "($by_reason)" "SELECT round(sum(value)::numeric, 6)::text
				FROM warehouse.statistic(q.realm, q.statistic, q.dimension, 'month', '2024-01-01', '2024-12-31', '$which')")" \
			"$(sql "SELECT round(sum(core_s) / 3600.0, 6) FROM warehouse.job_slice s JOIN warehouse.person p USING (person_id)
				JOIN warehouse.account a USING (account_id) JOIN warehouse.state t USING (state_id)
				WHERE day BETWEEN '2024-01-01' AND '2024-12-31' AND (p.name = '$who' OR '$who' = 'paula' AND a.name = 'phys')
				AND ('$which' = '{}' OR t.name = 'COMPLETED')")"
	done
done
asked_of() {
	for who in ada paula; do
		as_public "SET jobsight.person = '$who'; SELECT q.cube || '/' || q.source, q.own
			FROM warehouse.own_question($by_reason, 'month', false, '$1') q" | sed 's/FROM warehouse.job_slice/+/g' | tr -dc 'a-z/+ \n' |
			awk '{ print $1, gsub(/\+/, "") }'
	done | tr '\n' ' '
}
equal 'read from sums' "$(asked_of '{}')" 'efficiency/day 0 efficiency/day 0 '
equal 'parts of own jobs' "$(asked_of '{"exit_status": "COMPLETED"}')" 'performance/jobs 1 performance/jobs 2 '
peers="('Jobs', 'total_cpu_hours', 'username'), ('SUPREMM', 'wall_time', 'username')"
how="SELECT dimension_value FROM compat.statistic(q.realm, q.statistic, q.dimension, 'month', '2024-01-01', '2024-12-31')"
equal 'ada, as Open XDMoD has it' "$(people_of ada "$peers" "$how" | grep -c 'bob\|cyd\|eve')" 0

# A metric for staff only is told neither by its sums nor by the peer's column: of one's own jobs, or to support.
sql "UPDATE warehouse.metric SET audience = 'staff' WHERE column_name = 'max_power'; SELECT warehouse.create_views(), compat.create_facts()" >/dev/null
for who in ada sue stan; do
	as_public "SET jobsight.person = '$who'; SELECT value FROM warehouse.total('Energy', 'max_node_power_w', 'none', '2024-03-06', '2024-03-06')" |
		grep -o '^[0-9]*$\|for staff only' >"$dir/told"
	as_public "SET jobsight.person = '$who'; SELECT count(max_power), count(*) > 0 FROM compat.job_performance_facts" >>"$dir/told"
	if [ "$who" = stan ]; then printf '500\n1|t\n'; else printf 'for staff only\n0|t\n'; fi >"$dir/wanted"
	same "a metric for staff: $who" "$dir/told" "$dir/wanted"
done
# Nor by what a site says of jobs by it.
sql "UPDATE warehouse.metric SET audience = 'staff' WHERE column_name IN ('catastrophe', 'cpu_idle', 'cpu_user', 'gpu_usage', 'cpu_iowait');
	SELECT warehouse.create_views(), warehouse.create_slices()" >/dev/null
for who in ada sue stan; do
	for statistic in core_time job_count; do
		as_public "SET jobsight.person = '$who'; SELECT count(DISTINCT dimension_value) FROM warehouse.total('JobEfficiency', '$statistic', 'reason', '2024-01-01', '2024-12-31')
			WHERE dimension_value NOT IN ('not measured', 'not known')"
	done | tr '\n' ' ' >"$dir/told-$who"
done
equal 'reasons by metrics for staff' "$(cat "$dir"/told-*)" '0 0 7 7 0 0 '
finish
