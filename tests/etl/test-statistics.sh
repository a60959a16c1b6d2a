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

# The manual's table is that of the rows.
if ! sql "SELECT warehouse.document_statistics()" >"$dir/statistics.md" || ! cmp -s "$dir/statistics.md" "$top/docs/statistics.md"; then
	echo 'FAILED: docs/statistics.md is out of date: see its first lines'
	diff "$dir/statistics.md" "$top/docs/statistics.md" | head
	failures=$((failures + 1))
fi
finish
