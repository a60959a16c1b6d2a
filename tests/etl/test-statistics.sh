#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every statistic and dimension on the 45 jobs of forty/, exact and as Open XDMoD has them, against
# figures that were worked out without SQL; and what must hold between figures whatever they are.
. "$(dirname "$0")/setup.sh"
top=$here/../..
run 0 --migrate --catalogue "$top/conf/catalogue"
"$here/forty/load.sh" "$PG_URL"
PGOPTIONS='-c jit=off'
export PGOPTIONS
python3 "$here/forty/oracle.py" questions | "$here/forty/ask.sh" "$PG_URL" >"$dir/answers"
if ! python3 "$here/forty/oracle.py" compare "$dir/answers" >"$dir/compared"; then
	cat "$dir/compared"
	failures=$((failures + 1))
fi

# No row of the realms of jobs was left out of these questions.
python3 "$here/forty/oracle.py" questions | awk -F'|' '$1 == "exact" { print "s", $2, $3; print "d", $2, $4 }' | sort -u >"$dir/asked"
for what in statistic dimension; do
	sql "SELECT '$(echo $what | cut -c1)', realm, id FROM warehouse.$what
		WHERE realm IN ('Jobs', 'SUPREMM') AND id NOT LIKE 'metric\\_%'
			AND (realm, '$what') NOT IN (('SUPREMM', 'dimension'))
			AND id NOT IN ('day', 'month', 'quarter', 'year')" | tr '|' ' '
done | sort -u >"$dir/rows"
equal 'rows that no question is about' "$(comm -13 "$dir/asked" "$dir/rows")" ''
equal "the peer's statistics" "$(sql "SELECT realm, count(*) FROM compat.statistic_row GROUP BY 1 ORDER BY 1")" 'Jobs|31
SUPREMM|51'
equal "the peer's statistics are ours" "$(sql "SELECT realm, id FROM compat.statistic_row EXCEPT
	SELECT realm, id FROM warehouse.statistic")" ''
equal "the peer's dimensions are ours" "$(sql "SELECT realm, id FROM compat.dimension EXCEPT
	SELECT realm, id FROM warehouse.dimension")" ''

# Worked out by hand: see forty/README.md.
while IFS='|' read -r what question wanted; do
	[ -n "$question" ] || continue
	equal "$what" "$(sql "SET timezone = 'Europe/Berlin'; SELECT round(value::numeric, 6) FROM $question")" "$wanted"
done <"$here/forty/by-hand.txt"

# Sums over any dimension are the total; days, months and quarters add up to the year.
equal 'sums over a dimension' "$(sql "
	SELECT d.realm, d.id, s.id FROM warehouse.dimension d
	JOIN (VALUES ('Jobs', 'total_cpu_hours'), ('Jobs', 'running_job_count'), ('SUPREMM', 'cpu_time_user'),
		('JobEfficiency', 'wasted_core_hours'), ('Energy', 'node_energy_kwh')) s (realm, id) ON s.realm = d.realm
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.total(d.realm, s.id, d.id, '2024-02-01', '2024-03-31')) a
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.total(d.realm, s.id, 'none', '2024-02-01', '2024-03-31')) b
	WHERE abs(a.v - b.v) > 1e-6 * b.v OR a.v IS NULL")" ''
equal 'sums over time' "$(sql "
	SELECT s.realm, s.id, u.unit FROM (VALUES ('Jobs', 'total_cpu_hours'), ('Jobs', 'job_count'), ('Jobs', 'submitted_job_count'),
		('SUPREMM', 'cpu_time_user'), ('Energy', 'node_energy_kwh')) s (realm, id)
	CROSS JOIN (VALUES ('day'), ('month'), ('quarter')) u (unit)
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.statistic(s.realm, s.id, 'none', u.unit, '2024-01-01', '2024-12-31')) a
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.statistic(s.realm, s.id, 'none', 'year', '2024-01-01', '2024-12-31')) b
	WHERE abs(a.v - b.v) > 1e-9 * b.v OR a.v IS NULL")" ''

# Filters, days that are no whole month, and rows that only jobs know, by other ways than the cube.
equal 'a filter' "$(sql "SELECT round(sum(value)::numeric, 6) FROM warehouse.total('Jobs', 'total_cpu_hours', 'none', '2024-03-06', '2024-03-07', '{\"person\": \"ada\", \"queue\": \"gpu\"}')")" 64.000000
equal 'days that are no whole month' "$(sql "SELECT period, round(value::numeric, 6) FROM warehouse.statistic('Jobs', 'total_cpu_hours', 'none', 'month', '2024-02-28', '2024-03-01')")" \
	"$(sql "SELECT date_trunc('month', period)::date, round(sum(value)::numeric, 6) FROM warehouse.statistic('Jobs', 'total_cpu_hours', 'none', 'day', '2024-02-28', '2024-03-01') GROUP BY 1 ORDER BY 1")"
for question in "'Jobs', 'no', 'none', 'day'" "'No', 'job_count', 'none', 'day'" "'Jobs', 'job_count', 'no', 'day'" "'Jobs', 'job_count', 'none', 'week'"; do
	code=0
	sql "SELECT * FROM warehouse.statistic($question, '2024-01-01', '2024-01-31')" >"$dir/said" 2>&1 || code=$?
	equal "refused: $question" "$code" 1
done

# Any days are read as the largest periods that they are made of; days themselves say the same.
equal 'periods of odd days' "$(sql "SELECT string_agg(c.unit || ' ' || c.first || ' ' || c.last, ', ' ORDER BY c.first)
	FROM warehouse.cover('year', '2022-11-29', '2024-04-02') c")" \
	'day 2022-11-29 2022-11-30, month 2022-12-01 2022-12-31, year 2023-01-01 2023-12-31, quarter 2024-01-01 2024-03-31, day 2024-04-01 2024-04-02'
equal 'a single day' "$(sql "SELECT c.unit, c.first, c.last FROM warehouse.cover('year', '2024-02-29', '2024-02-29') c")" 'day|2024-02-29|2024-02-29'
for period in "'2023-12-31', '2024-03-07'" "'2024-01-01', '2024-12-31'" "'2024-02-29', '2024-04-01'"; do
	equal "parts of $period" "$(sql "SELECT s.id, a.value_id, a.value, b.value FROM unnest('{total_cpu_hours,running_job_count,job_count}'::text[]) s (id)
		CROSS JOIN LATERAL warehouse.total('Jobs', s.id, 'queue', $period) a
		LEFT JOIN LATERAL warehouse.total('Jobs', s.id, 'none', $period, jsonb_build_object('queue', a.value_id)) b ON true
		WHERE a.value_id IS NOT NULL AND abs(a.value - coalesce(b.value, 0)) > 1e-9 * a.value")" ''
done

# Leaders are those that have most, and their rows those of all.
question="'Jobs', 'total_cpu_hours', 'person', 'month', '2024-01-15', '2024-12-31'"
equal 'all are leaders' "$(sql "SELECT * FROM warehouse.statistic($question) EXCEPT SELECT * FROM warehouse.leaders($question, '{}', 1000)")" ''
equal 'the first two' "$(sql "SELECT DISTINCT value_id FROM warehouse.leaders($question, '{}', 2) ORDER BY 1")" \
	"$(sql "SELECT value_id FROM (SELECT value_id, value FROM warehouse.total('Jobs', 'total_cpu_hours', 'person', '2024-01-15', '2024-12-31')
		ORDER BY value DESC LIMIT 2) x ORDER BY 1")"

# What is used of a cluster is a share of what that cluster could give, whichever way it is asked.
sql "INSERT INTO warehouse.cluster (cluster_id, name) VALUES (99, 'idle');
	INSERT INTO warehouse.capacity_day SELECT day, 99, NULL, 1e6, 1e9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM warehouse.day
	WHERE day BETWEEN '2024-01-01' AND '2024-12-31'"
for period in "'2024-03-01', '2024-03-31'" "'2024-03-02', '2024-03-17'"; do
	equal "utilization, $period" "$(sql "SELECT a.value_id, b.value, c.value FROM warehouse.total('Jobs', 'utilization', 'resource', $period) a
		LEFT JOIN LATERAL warehouse.total('Jobs', 'utilization', 'none', $period, jsonb_build_object('resource', a.dimension_value)) b ON true
		LEFT JOIN LATERAL warehouse.total('Jobs', 'utilization', 'none', $period) c ON true
		WHERE (b.value IS DISTINCT FROM a.value) OR c.value >= a.value")" ''
done
sql 'DELETE FROM warehouse.capacity_day WHERE cluster_id = 99; DELETE FROM warehouse.cluster WHERE cluster_id = 99'

# The manual's table is that of the rows.
if ! sql "SELECT warehouse.document_statistics()" >"$dir/statistics.md" || ! cmp -s "$dir/statistics.md" "$top/docs/statistics.md"; then
	echo 'FAILED: docs/statistics.md is out of date: see its first lines'
	diff "$dir/statistics.md" "$top/docs/statistics.md" | head
	failures=$((failures + 1))
fi

# The other realms, and what follows from who belongs where: figures by hand.
psql -XAtq -v ON_ERROR_STOP=1 -1 -f "$here/forty/site.sql" "$PG_URL" >"$dir/said" 2>&1 || equal "site.sql: $(cat "$dir/said")" 1 0
grep -v '^#' "$here/forty/realms.txt" >"$dir/wanted"
"$here/forty/ask-realms.sh" "$PG_URL" >"$dir/realms"
same 'figures of all realms' "$dir/realms" "$dir/wanted"

# As the peer has it, what no job of jobs.csv has.
while IFS='|' read -r what question wanted; do
	case $what in '' | '#'*) continue ;; esac
	equal "$what" "$(sql "SET timezone = 'Europe/Berlin'; SELECT string_agg(dimension_value || '=' || trim_scale(round(value::numeric, 6)), ' '
		ORDER BY period, dimension_value COLLATE \"C\") FROM $question")" "$wanted"
done <"$here/forty/peer.txt"

# Every row of every realm has a figure that was worked out. Gateways has the statistics and dimensions of
# Jobs; what is by a metric of the catalogue alone (metric_...) is one formula for all.
python3 "$here/forty/oracle.py" questions | grep '^exact' | cut -d'|' -f2-4 >"$dir/asked"
cut -d'|' -f1-3 "$dir/wanted" >>"$dir/asked"
sql "SELECT realm || '|' || id FROM warehouse.statistic WHERE id NOT LIKE 'metric\\_%' AND realm <> 'Gateways'" | LC_ALL=C sort >"$dir/rows"
cut -d'|' -f1,2 "$dir/asked" | LC_ALL=C sort -u >"$dir/figures"
equal 'statistics without a figure' "$(LC_ALL=C comm -13 "$dir/figures" "$dir/rows")" ''
sql "SELECT realm || '|' || id FROM warehouse.dimension WHERE id NOT IN ('day', 'month', 'quarter', 'year')
	AND (realm NOT IN ('JobEfficiency', 'Energy', 'Gateways', 'SUPREMM') OR id NOT IN (SELECT id FROM warehouse.dimension WHERE realm = 'Jobs'))" |
	LC_ALL=C sort >"$dir/rows"
cut -d'|' -f1,3 "$dir/asked" | LC_ALL=C sort -u >"$dir/figures"
equal 'dimensions without a figure' "$(LC_ALL=C comm -13 "$dir/figures" "$dir/rows")" ''

# There, too, sums over any dimension are the total, and days add up to months.
adds_up="(VALUES ('Jobs', 'total_cpu_hours'), ('JobEfficiency', 'core_time'), ('Energy', 'gpu_energy_kwh'), ('Gateways', 'total_cpu_hours'),
	('ResourceSpecifications', 'total_cpu_core_hours'), ('ResourceSpecifications', 'used_core_hours'), ('Availability', 'down_node_hours'),
	('Availability', 'probe_count'), ('Storage', 'avg_logical_usage'), ('Cloud', 'cloud_wall_time'), ('Cloud', 'cloud_core_time')) s (realm, id)"
equal 'sums over a dimension, all realms' "$(sql "
	SELECT d.realm, d.id, s.id FROM warehouse.dimension d JOIN $adds_up ON s.realm = d.realm
	CROSS JOIN LATERAL (SELECT CASE d.realm WHEN 'Gateways' THEN date '2024-03-13' ELSE '2024-03-06' END AS d) day
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.total(d.realm, s.id, d.id, day.d, day.d)) a
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.total(d.realm, s.id, 'none', day.d, day.d)) b
	WHERE abs(a.v - b.v) > 1e-9 * b.v OR a.v IS NULL")" ''
equal 'sums over days, all realms' "$(sql "
	SELECT s.realm, s.id FROM $adds_up
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.statistic(s.realm, s.id, 'none', 'day', '2024-03-01', '2024-04-30')) a
	CROSS JOIN LATERAL (SELECT sum(value) AS v FROM warehouse.statistic(s.realm, s.id, 'none', 'month', '2024-03-01', '2024-04-30')) b
	WHERE s.realm <> 'Storage' AND (abs(a.v - b.v) > 1e-9 * b.v OR a.v IS NULL)")" '' # a mean over days does not add up

# Efficiency and energy are read from sums by whatever dimension they are kept by, and say what jobs say.
equal 'not from sums' "$(sql "SELECT s.realm, s.id, d.id FROM warehouse.statistic s JOIN warehouse.dimension d USING (realm)
	WHERE s.realm IN ('JobEfficiency', 'Energy') AND d.cube IS NOT NULL
		AND (warehouse.find_question(s.realm, s.id, d.id, 'month', true, '{}', true)).source <> 'period'")" ''
by_reason="SELECT dimension_value, round(value::numeric, 6) FROM warehouse.total('JobEfficiency', 'core_time', 'reason', '2024-01-01', '2024-12-31')
	WHERE value > 0 ORDER BY 1"
of_jobs="SELECT coalesce(c.labels[s.reason], 'not known'), round(sum(s.core_s) / 3600.0, 6) FROM warehouse.job_slice s
	JOIN warehouse.slice_column c ON c.name = 'reason' WHERE s.day BETWEEN '2024-01-01' AND '2024-12-31' GROUP BY 1 HAVING sum(s.core_s) > 0 ORDER BY 1"
equal 'core hours by reason' "$(sql "$by_reason")" "$(sql "$of_jobs")"
of_sums=$(sql "SELECT string_agg(format('SELECT %L WHERE (SELECT round(sum(u.%1\$I)::numeric, 6) FROM warehouse.efficiency_day u)
	IS DISTINCT FROM (SELECT round(sum(u.%1\$I)::numeric, 6) FROM warehouse.performance_day u)', name), ' UNION ALL ')
	FROM warehouse.usage_column WHERE cube = 'efficiency'")
equal 'sums by category and reason that are not the whole' "$(sql "$of_sums")" ''
equal 'sums by category and reason' "$(sql "SELECT count(*) FROM warehouse.usage_column WHERE cube = 'efficiency'")" 18
equal 'more than one reason' "$(sql "$by_reason" | awk 'END { print (NR > 2) }')" 1

# Whatever of efficiency and energy is asked for, by whatever and of whatever: sums say what jobs say, also where
# counts are divided.
cat >"$dir/both.sql" <<'SQL'
CREATE FUNCTION pg_temp.of_jobs(q warehouse.question) RETURNS warehouse.question LANGUAGE plpgsql AS $$
BEGIN
	q.source := 'jobs';
	q.cube := 'performance';
	RETURN q;
END $$;
CREATE FUNCTION pg_temp.ask(q warehouse.question) RETURNS TABLE (period date, id text, value float8, coverage float8, jobs float8,
	jobs_coverage float8) LANGUAGE sql AS $$
	SELECT coalesce(a.period, j.period), coalesce(a.value_id, j.value_id), a.value, a.coverage, j.value, j.coverage
	FROM warehouse.answer(q, '2024-01-01', '2024-12-31') a
	FULL JOIN warehouse.answer(pg_temp.of_jobs(q), '2024-01-01', '2024-12-31') j
		ON j.period = a.period AND coalesce(j.value_id, '') = coalesce(a.value_id, '')
$$;
CREATE TEMPORARY TABLE compared AS
SELECT s.realm, s.id AS statistic, d.id AS dimension, w.which, (q.q).source, (q.q).cube, a.* FROM warehouse.statistic s
JOIN warehouse.dimension d ON d.realm = s.realm AND d.id IN ('none', 'queue', 'category', 'reason', 'exit_status')
CROSS JOIN (VALUES (jsonb '{}'), ('{"exit_status": "COMPLETED"}'), ('{"reason": "3"}'), ('{"category": "1"}')) w (which)
CROSS JOIN LATERAL (SELECT warehouse.find_question(s.realm, s.id, d.id, 'month', false, w.which, true) AS q OFFSET 0) q
CROSS JOIN LATERAL pg_temp.ask(q.q) a
WHERE s.realm = 'JobEfficiency' AND s.over = 'measures';
SELECT * FROM compared WHERE NOT (coalesce(value, 0) - coalesce(jobs, 0) BETWEEN -1e-6 AND 1e-6
	AND coalesce(coverage, 0) - coalesce(jobs_coverage, 0) BETWEEN -1e-9 AND 1e-9);
\echo :ROW_COUNT differ
SELECT source, cube, count(*) > 20 FROM compared GROUP BY 1, 2 ORDER BY 1, 2;
SQL
equal 'sums and jobs' "$(psql -XAtq -v ON_ERROR_STOP=1 -f "$dir/both.sql" "$PG_URL" 2>&1)" '0 differ
day|efficiency|t
day|usage|t
jobs|performance|t
period|performance|t
period|usage|t'

# One's own figures are those that staff see of this person, and are found along indexes by person.
as_ada() {
	psql -XAtq "$PG_URL" -c 'SET ROLE jobsight_portal' -c "SET jobsight.person = 'ada'" -c 'SET enable_seqscan = off' -c "$1"
}
own="t.value_id, round(t.value::numeric, 6) FROM unnest(ARRAY['core_time', 'wasted_core_hours', 'bad_job_ratio', 'failed_core_hours', 'wasted_limit_hours']) s (id)
	CROSS JOIN unnest(ARRAY['none', 'queue', 'reason', 'exit_status']) d (id)
	CROSS JOIN LATERAL warehouse.total('JobEfficiency', s.id, d.id, '2024-01-01', '2024-12-31'"
equal "one's own" "$(as_ada "SELECT s.id, d.id, $own) t ORDER BY 1, 2, 3")" "$(sql "SELECT s.id, d.id, $own, '{\"username\": \"ada\"}') t ORDER BY 1, 2, 3")"
for question in "'JobEfficiency', 'wasted_core_hours', 'person'" "'JobEfficiency', 'core_time', 'reason'" "'Jobs', 'total_cpu_hours', 'jobsize'"; do
	as_ada "SELECT replace(replace(warehouse.question_sql(warehouse.own_question($question, 'month', false, '{}')),
		'\$1', 'date ''2024-01-01'''), '\$2', 'date ''2024-12-31''')" >"$dir/question.sql"
	as_ada "EXPLAIN $(cat "$dir/question.sql")" >"$dir/plan"
	equal "$question: rows of everybody read" "$(awk '/ on (job|usage_day|performance_day|efficiency_day)_(2|running)/ { n++; what = $0; getline; if (!/person_id = /) print what }
		END { if (!n) print "nothing" }' "$dir/plan")" ''
done

# A site's own reasons: what is kept by the former ones is made anew, once.
mkdir -p "$dir/site/catalogue" "$dir/site/statistics"
cat >"$dir/site/statistics/own.yaml" <<'OWN'
realm: JobEfficiency
define:
  reason: "CASE WHEN s.gpus > 4 THEN 'large, it''s said' ELSE 'none' END"
OWN
printf 'warehouse:\n  timezone: Europe/Berlin\n' >"$dir/settings.yaml" # as load.sh has it
sql 'DELETE FROM warehouse.dirty'
run 0 --migrate --catalogue "$top/conf/catalogue"
equal 'marked, where nothing changed' "$(sql 'SELECT count(*) FROM warehouse.dirty')" 0
run 0 --migrate --catalogue "$top/conf/catalogue" --catalogue "$dir/site/catalogue"
equal 'days that are not marked' "$(sql "SELECT DISTINCT period FROM warehouse.performance_period WHERE unit = 'day'
	AND period NOT IN (SELECT day FROM warehouse.dirty WHERE unit = 'day')")" ''
sql "DELETE FROM warehouse.dirty WHERE day <> '2024-03-06'; SELECT warehouse.refresh()" >/dev/null
a_day() {
	echo "$1" | sed "s/'2024-01-01'/'2024-03-06'/; s/'2024-12-31'/'2024-03-06'/"
}
equal "the site's own reasons" "$(sql "$(a_day "$by_reason")")" "$(sql "$(a_day "$of_jobs")")"
equal 'one of these' "$(sql "$(a_day "$by_reason")" | cut -d'|' -f1)" "large, it's said
none"
run 0 --migrate --catalogue "$top/conf/catalogue"
equal 'the former ones again' "$(sql "SELECT value NOT LIKE '%s.gpus > 4%' AND 'large, it''s said' = ANY (labels) FROM warehouse.slice_column WHERE name = 'reason'")" t

# Each column of the peer's facts, of documents in its summarizer's form: value and error of three jobs, by hand.
sql "SELECT setval(pg_get_serial_sequence('warehouse.node', 'node_id'), 100), setval(pg_get_serial_sequence('warehouse.document_store', 'store_id'), 100)" >/dev/null
echo "applications: {shipped: $top/conf/applications.yaml}" >>"$dir/settings.yaml"
run 0 --catalogue "$top/conf/catalogue" --from-json "$here/forty/facts.jsonl" --cluster facts --no-refresh
sql "SELECT v.key, string_agg(concat_ws(' ', coalesce(v.value, '-'), e.value), '|' ORDER BY f.local_job_id)
	FROM compat.job_performance_facts f CROSS JOIN LATERAL jsonb_each_text(to_jsonb(f)) v
	JOIN LATERAL jsonb_each_text(to_jsonb(f)) e ON e.key = v.key || '_error'
	JOIN compat.fact_column c ON c.name = v.key
	WHERE f.resource_name = 'facts' AND v.key NOT IN ('_id', 'tg_job_id') AND v.key !~ '^(resource|account|systemaccount|person|application|exit_status|datasource|principalinvestigator_person)_id$'
	GROUP BY v.key, c.position ORDER BY c.position" >"$dir/facts"
grep -v '^#' "$here/forty/facts.txt" >"$dir/wanted"
cut -d'|' -f1 "$dir/facts" | sort >"$dir/columns"
same "columns of the peer's facts" "$dir/facts" "$dir/wanted"
equal 'the PIs of these' "$(sql "SELECT string_agg(coalesce(p.name, 'nobody'), ' ' ORDER BY f.local_job_id) FROM compat.job_performance_facts f
	LEFT JOIN warehouse.person p ON p.person_id = f.principalinvestigator_person_id WHERE f.resource_name = 'facts'")" 'lee nobody bob'
equal 'columns of facts without a figure' "$(sql "SELECT name FROM compat.fact_column WHERE name NOT IN ('_id', 'tg_job_id')
	AND name !~ '^(resource|account|systemaccount|person|application|exit_status|datasource|principalinvestigator_person)_id$'" | sort | comm -23 - "$dir/columns")" ''
finish
