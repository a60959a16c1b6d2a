#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test-public.sh JOBSIGHT-LOAD STORE-TOOL: what everybody may see is made once a month, and anew when what it follows
# from changes: jobs, definitions, what a group is, who is of which gateway; also while it is being made by somebody
# else. That it tells of no few is tests/analysts/test_public.sh.
. "$(dirname "$0")/setup.sh"
top=$here/../..
run 0 --migrate --catalogue "$top/conf/catalogue"
"$here/forty/load.sh" "$PG_URL"
sql "UPDATE warehouse.site SET public_group = 2, public_share = 1; SELECT warehouse.publish()" >/dev/null

told() { # REALM STATISTIC DIMENSION: a line for each group
	sql "SELECT period, dimension_value, round(value::numeric, 3), people
		FROM warehouse.public_statistic('$1', '$2', '$3', '2024-01-01', '2024-12-31')" 2>&1 |
		sed 's/^ERROR: .*\(is not public\).*/\1/; /^CONTEXT:/,$d'
}
of_march() {
	sql "SELECT round(value::numeric, 3) FROM warehouse.public_statistic('Jobs', 'total_cpu_hours', 'none', '2024-03-01', '2024-03-31')"
}
of_staff() {
	sql "SELECT round(value::numeric, 3) FROM warehouse.statistic('Jobs', 'total_cpu_hours', 'none', 'month', '2024-03-01', '2024-03-31')"
}
equal 'everybody and staff' "$(of_march)" "$(of_staff)"
# Groups that are one value are what staff see, whether sums or jobs tell.
equal 'everybody and staff, by value' "$(sql "SELECT d.id, count(*) > 0, max(abs(p.value - s.value)) <= 1e-9 FROM (VALUES ('queue'), ('exit_status'), ('nodecount')) d (id)
	CROSS JOIN LATERAL warehouse.public_statistic('SUPREMM', 'avg_percent_cpu_user', d.id, '2024-01-01', '2024-12-31') p
	CROSS JOIN LATERAL warehouse.statistic('SUPREMM', 'avg_percent_cpu_user', d.id, 'month', p.period, (p.period + interval '1 month')::date - 1) s
	WHERE s.dimension_value = p.dimension_value GROUP BY 1 ORDER BY 1")" 'exit_status|t|t
nodecount|t|t
queue|t|t'
equal 'months that are made' "$(sql 'SELECT warehouse.publish()')" 0

# While one session makes months, another changes jobs of them: the month is made again.
while_it_is_made() { # SQL
	psql -XAtq "$PG_URL" -c "BEGIN; SELECT warehouse.publish_next(); SELECT pg_advisory_xact_lock(1); SELECT pg_sleep(2); COMMIT" >/dev/null 2>&1 &
	until [ "$(sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 1 AND granted")" = 1 ] || ! kill -0 $! 2>/dev/null; do
		sleep 0.05
	done
	sql "$1" >/dev/null
	wait $!
}
sql "DELETE FROM warehouse.public_month WHERE period = '2024-03-01'"
while_it_is_made "UPDATE warehouse.job SET cores = cores + 100 WHERE end_t BETWEEN '2024-03-08' AND '2024-03-11';
	DO \$\$ BEGIN WHILE (warehouse.refresh_next()).unit IS NOT NULL LOOP END LOOP; END \$\$"
equal 'changed meanwhile' "$(sql "SELECT $(of_march) < $(of_staff)")" t
equal 'made again' "$(sql 'SELECT warehouse.publish()') $(of_march)" "1 $(of_staff)"
# And what a group is: nothing of the old rule is left, whoever makes it.
sql 'DELETE FROM warehouse.public_month'
while_it_is_made 'UPDATE warehouse.site SET public_group = 1000'
equal 'other groups' "$(sql 'SELECT count(*) FROM warehouse.public_cell')" 0
sql 'SELECT warehouse.publish()' >/dev/null
equal 'groups of a thousand' "$(sql 'SELECT count(*) FROM warehouse.public_cell')" 0
sql 'UPDATE warehouse.site SET public_group = 2; SELECT warehouse.publish()' >/dev/null

# A site's own dimensions: by a macro, by what was measured (which tells no groups apart), and names as long as names can be.
sql "SELECT warehouse.put_realm('{\"realm\": \"Jobs\", \"define\": {\"big\": \"u.nodes > 1\"}, \"dimensions\": [
	{\"id\": \"large\", \"label\": \"Large\", \"help\": \"Whether it had many nodes.\", \"value\": \"CASE WHEN {big} THEN 1 ELSE 0 END\"},
	{\"id\": \"why\", \"label\": \"Why\", \"help\": \"Reason.\", \"value\": \"u.reason\"}]}');
	SELECT warehouse.align_statistics()" >/dev/null
equal 'nothing by other definitions' "$(sql 'SELECT count(*) FROM warehouse.public_cell')" 0
sql 'SELECT warehouse.publish()' >/dev/null
equal 'by a dimension of the site' "$(told Jobs total_cpu_hours large | cut -d'|' -f2 | sort -u | tr '\n' ' ')" '0 1 others '
equal 'by what was measured' "$(told Jobs total_cpu_hours why)" 'is not public'
equal 'what is offered' "$(sql "SELECT id, is_public FROM warehouse.dimension WHERE realm = 'Jobs' AND id IN ('large', 'why') ORDER BY 1")" 'large|t
why|f'
sql "UPDATE warehouse.metric SET label = label || ', said otherwise' WHERE column_name = 'cpu_user'; SELECT warehouse.align_statistics()" >/dev/null
equal 'another label makes nothing anew' "$(sql 'SELECT warehouse.publish()')" 0

# Groups follow from more than jobs.
equal 'no gateway' "$(told Gateways total_cpu_hours none)" ''
sql "INSERT INTO warehouse.gateway SELECT person_id, 'Hub', 'H' FROM warehouse.person; SELECT warehouse.publish()" >/dev/null
equal 'a gateway' "$(told Gateways total_cpu_hours none | cut -d'|' -f1,3)" "$(told Jobs total_cpu_hours none | cut -d'|' -f1,3)"

# Of months that may have lost a job nothing is told that follows from jobs; sums stay.
told SUPREMM avg_percent_cpu_user exit_status >"$dir/by-state"
told SUPREMM avg_percent_cpu_user none >"$dir/together"
equal 'by state' "$(grep -c '^2024-02' "$dir/by-state") $(grep -c '^2024-03' "$dir/by-state")" '1 1'
sql "SELECT warehouse.drop_months('2024-02-01', true); UPDATE warehouse.statistic SET formula = '(' || formula || ')' WHERE id = 'total_cpu_hours';
	SELECT warehouse.follow_definitions(); SELECT warehouse.publish()" >/dev/null
told SUPREMM avg_percent_cpu_user exit_status >"$dir/by-state-then"
told SUPREMM avg_percent_cpu_user none >"$dir/together-then"
grep -v '^2024-0[12]' "$dir/by-state" >"$dir/wanted"
same 'by state, where no job is gone' "$dir/by-state-then" "$dir/wanted"
same 'and all together' "$dir/together-then" "$dir/together"

sql "DELETE FROM warehouse.job; DELETE FROM warehouse.usage_period; DELETE FROM warehouse.dirty; SELECT warehouse.publish()" >/dev/null
equal 'months without jobs' "$(sql 'SELECT count(*) FROM warehouse.public_cell')" 0
finish
