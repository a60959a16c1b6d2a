#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test-days.sh JOBSIGHT-LOAD STORE-TOOL: jobs by day and the figures made of them, against numbers worked
# out by hand: midnight, month, leap day, the hour that clocks repeat, no length, no start, running.
. "$(dirname "$0")/setup.sh"

cat >"$dir/settings.yaml" <<-YAML
	warehouse:
	  timezone: Europe/Paris
YAML
run 0 --migrate --catalogue "$here/catalogue"
says 'days are those of Europe/Paris now'
run 0 --migrate --catalogue "$here/catalogue"
equal 'days of 23 and 25 hours' "$(sql "SELECT string_agg(day || ' ' || extract(epoch FROM end_t - begin_t) / 3600, ', '
	ORDER BY day) FROM warehouse.day WHERE year = '2024-01-01' AND end_t - begin_t <> interval '24 hours'")" \
	'2024-03-31 23.0000000000000000, 2024-10-27 25.0000000000000000'

PGTZ=Europe/Paris
export PGTZ
people
job 1 "'2024-02-28 23:00'" "'2024-02-28 23:30'" "'2024-03-01 00:30'" 2 0.5 # over the leap day
job 2 "'2024-02-29 10:00'" "'2024-02-29 10:00'" "'2024-02-29 10:00'" 4 0.9 # of no length
job 3 "'2024-02-29 12:00'" "'2024-02-29 12:10'" "'2024-03-01 00:00'" 1     # ends as a day begins
job 4 "'2024-10-26 12:00'" "'2024-10-27 00:00'" "'2024-10-28 00:00'" 1 0   # 25 hours, and a true zero
job 5 "'2024-02-28 12:00'" NULL "'2024-02-29 13:00'" 8                     # cancelled as it waited
job 6 "'2024-02-29 20:00'" "'2024-02-29 22:00'" "'infinity'" 1 0.25 "'2024-02-29 23:00'"

refresh() {
	sql 'SELECT warehouse.refresh()' >/dev/null
}
figures() {
	sql "SELECT period, submitted_jobs, started_jobs, ended_jobs, cancelled_jobs, begin_jobs, core_s
		FROM warehouse.usage_period WHERE unit = '$1' AND dimension_id = 0 ORDER BY period"
}
refresh
equal 'figures by day' "$(figures day)" '2024-02-28|2|1|0|0|0|3600
2024-02-29|3|3|1|1|1|219000
2024-03-01|0|0|2|0|1|3600
2024-10-26|1|0|0|0|0|0
2024-10-27|0|1|0|0|0|90000
2024-10-28|0|0|1|0|0|0'
equal 'figures by month' "$(figures month)" '2024-02-01|5|4|1|1|0|222600
2024-03-01|0|0|2|0|1|3600
2024-10-01|1|1|1|0|0|90000'
equal 'figures by year' "$(figures year)" '2024-01-01|6|5|4|1|0|316200'
equal 'a mean, over what has it' "$(sql "SELECT cpu_user_xw, cpu_user_w, core_s FROM warehouse.performance_period
	WHERE unit = 'year' AND dimension_id = 0")" "90900|273600|316200"
equal 'sums over any dimension are the whole' "$(sql "SELECT count(*) FROM (SELECT unit, period, dimension_id, sum(core_s),
	sum(submitted_jobs), sum(ended_jobs) FROM warehouse.usage_period GROUP BY 1, 2, 3) s (unit, period, d, a, b, c)
	JOIN warehouse.usage_period u ON u.unit = s.unit AND u.period = s.period AND u.dimension_id = 0
	WHERE (s.a, s.b, s.c) IS DISTINCT FROM (u.core_s::numeric, u.submitted_jobs::numeric, u.ended_jobs::numeric)")" 0
equal 'zero is a value, nothing is none' "$(sql "SELECT string_agg(coalesce(bucket::text, 'none') || ':' || ended_jobs, ' '
	ORDER BY bucket) FROM warehouse.histogram_period h JOIN warehouse.distribution d USING (distribution_id)
	WHERE d.name = 'cpu_user' AND unit = 'year'")" '0:1 25:0 50:1 90:1 none:1'
equal 'what a percentage is called' "$(sql "SELECT string_agg(warehouse.bucket_of('linear', v::real)::text, ' ' ORDER BY v)
	FROM unnest(ARRAY[0, 0.001, 0.01, 0.1, 0.101, 0.3, 1, 1.5]) v")" '0 1 1 10 11 30 100 150'
equal 'buckets hold what is put into them' "$(sql "SELECT count(*) FROM generate_series(-40, 40) n
	CROSS JOIN LATERAL (SELECT 1.37 ^ n AS v) x CROSS JOIN LATERAL (SELECT warehouse.bucket_of('logarithmic', v) AS b) y
	WHERE NOT (v > warehouse.bucket_lower('logarithmic', b) AND v <= warehouse.bucket_upper('logarithmic', b))")" 0

# A job that shrinks, one that goes, one that ends: only the days they had and have are marked.
sql "INSERT INTO warehouse.job_detail (job_id, end_t) SELECT job_id, end_t FROM warehouse.job WHERE job_id IN (1, 4, 6);
	INSERT INTO warehouse.job_step (job_id, end_t, step_id, part) SELECT job_id, end_t, 0, 0 FROM warehouse.job_detail"
sql "UPDATE warehouse.job_key SET end_t = '2024-02-29 01:00' WHERE job_id = 1" >/dev/null
equal 'its details and steps follow' "$(sql "SELECT tableoid::regclass, end_t FROM warehouse.job_detail WHERE job_id = 1
	UNION ALL SELECT tableoid::regclass, end_t FROM warehouse.job_step WHERE job_id = 1")" \
	'warehouse.job_detail_2024_02|2024-02-29 01:00:00+01
warehouse.job_step_2024_02|2024-02-29 01:00:00+01'
equal 'days of a job that shrank' "$(sql "SELECT string_agg(DISTINCT day::text, ' ') FROM warehouse.dirty")" \
	'2024-02-28 2024-02-29 2024-03-01'
refresh
equal 'what it used then' "$(figures year)" '2024-01-01|6|5|4|1|0|147000'
sql 'DELETE FROM warehouse.job_key WHERE job_id = 4' >/dev/null
equal 'days of a job that goes' "$(sql "SELECT string_agg(DISTINCT day::text, ' ') FROM warehouse.dirty")" \
	'2024-10-26 2024-10-27 2024-10-28'
equal 'and its facts' "$(sql 'SELECT count(*) FROM warehouse.job_metric WHERE job_id = 4')" 0
equal 'and its details and steps' "$(sql "SELECT count(*) FROM warehouse.job_detail WHERE job_id = 4")$(sql "SELECT count(*) FROM warehouse.job_step WHERE job_id = 4")" 00
refresh
equal 'nothing is left of it' "$(figures month | grep -c 2024-10)" 0
sql "UPDATE warehouse.job_key SET end_t = '2024-03-01 01:00' WHERE job_id = 6" >/dev/null
refresh
equal 'a running job that ended' "$(figures day | tail -n 2)" '2024-02-29|3|3|2|1|1|57000
2024-03-01|0|0|2|0|1|3600'
sql "UPDATE warehouse.job_metric SET cpu_user = 0.75 WHERE job_id = 1" >/dev/null
equal 'a value that changed' "$(sql "SELECT string_agg(DISTINCT day::text, ' ') FROM warehouse.dirty")" '2024-02-28 2024-02-29'
refresh

# Made step by step or all at once, the figures are the same.
sql "SELECT * FROM warehouse.usage_period ORDER BY 1, 2, 3, 4, 5" >"$dir/step"
sql 'SELECT warehouse.mark_all(), warehouse.refresh()' >/dev/null
sql "SELECT * FROM warehouse.usage_period ORDER BY 1, 2, 3, 4, 5" >"$dir/whole"
same 'figures made anew' "$dir/step" "$dir/whole"

# Who led the account then.
sql "SELECT warehouse.put_history('account', 1, '2024-03-01 00:00', '{\"pi_id\": 2}'), warehouse.refresh()" >/dev/null
equal 'by principal investigator' "$(sql "SELECT period, u.value, core_s FROM warehouse.usage_period u
	JOIN warehouse.usage_dimension d USING (dimension_id) WHERE d.name = 'pi' AND unit = 'month' ORDER BY 1")" \
	'2024-02-01||60600
2024-03-01|2|3600'
equal 'the same again changes nothing' "$(sql "SELECT warehouse.put_history('account', 1, '2024-03-05', '{\"pi_id\": 2}')")" f

# Capacity: 10 cores from noon, down for two hours of which one is planned besides.
sql "INSERT INTO warehouse.node (node_id, cluster_id, name) VALUES (1, 1, 'n');
	SELECT warehouse.put_history('node', 1, '2024-02-29 12:00', '{\"cores\": 10, \"gpus\": 1}');
	INSERT INTO warehouse.node_event (node_id, kind, during) VALUES
		(1, 'down', '[2024-02-29 13:00, 2024-02-29 15:00)'), (1, 'planned', '[2024-02-29 14:00, 2024-02-29 17:00)')" >/dev/null
sql "DELETE FROM warehouse.dirty WHERE day > '2024-03-02'; SELECT warehouse.refresh()" >/dev/null
equal 'capacity' "$(sql "SELECT day, node_s, core_s, gpu_s, down_core_s, planned_core_s, drained_core_s
	FROM warehouse.capacity_day ORDER BY day LIMIT 2")" '2024-02-29|43200|432000|43200|72000|72000|0
2024-03-01|86400|864000|86400|0|0|0'

# Old months go, their figures stay, whatever is marked later.
before=$(figures day)
equal 'months that go' "$(sql "SELECT warehouse.drop_months('2024-03-15', true) > 0")" t
equal 'and those that stay' "$(sql "SELECT min(month) FROM warehouse.fact_month")" 2024-03-01
equal 'the facts are gone' "$(sql 'SELECT string_agg(job_id::text, $$ $$ ORDER BY job_id) FROM warehouse.job_key')" 6
sql "INSERT INTO warehouse.dirty (day, cluster_id) VALUES ('2024-02-29', 1); SELECT warehouse.refresh()" >/dev/null
equal 'the figures are not' "$(figures day)" "$before"

# The loader does it by itself, as the settings say: first what was measured goes, then the jobs.
cat >>"$dir/settings.yaml" <<-YAML
	  keep_metrics: 13 months
YAML
job 7 "'2024-05-02 10:00'" "'2024-05-02 10:00'" "'2024-05-02 12:00'" 2 0.5
sql "INSERT INTO warehouse.job_detail (job_id, end_t) SELECT job_id, end_t FROM warehouse.job WHERE job_id = 7"
run 0 --migrate --catalogue "$here/catalogue"
"$store_tool" generate "$store" "$here/catalogue" 1 0 0
run 0 --catalogue "$here/catalogue" --no-refresh
equal 'nothing goes before its figures are made' "$(sql "SELECT count(*) FROM warehouse.job_metric WHERE job_id = 7")" 1
run 0 --catalogue "$here/catalogue"
says 'partitions of old months dropped'
equal 'measured long ago: gone; jobs and their details: there' "$(sql "SELECT (SELECT count(*) FROM warehouse.job_metric WHERE job_id = 7),
	(SELECT count(*) FROM warehouse.job WHERE job_id = 7), (SELECT count(*) FROM warehouse.job_detail WHERE job_id = 7)")" '0|1|1'
equal 'months to come' "$(sql "SELECT count(*) FROM warehouse.fact_month WHERE fact = 'job' AND month > now()")" 2
before=$(figures day)
sed -i 's/13 months/13 months\n  keep_jobs: 14 months/' "$dir/settings.yaml"
run 0 --migrate --catalogue "$here/catalogue"
run 0 --catalogue "$here/catalogue"
equal 'jobs of long ago are gone' "$(sql 'SELECT count(*) FROM warehouse.job_key WHERE end_t < $$infinity$$')" 0
equal 'their figures stay' "$(figures day)" "$before"
sed -i 's/14 months/2 days/' "$dir/settings.yaml"
run 1 --migrate --catalogue "$here/catalogue"
says 'keep_jobs'

# Nodes that were there for ever do not make days of which nothing else is known.
sql "INSERT INTO warehouse.cluster (cluster_id, name) VALUES (77, 'late'); INSERT INTO warehouse.node (node_id, cluster_id, name) VALUES (7700, 77, 'x');
	INSERT INTO warehouse.node_history (node_id, valid, cores) VALUES (7700, tstzrange('-infinity', NULL), 4)"
equal 'capacity of a cluster without jobs' "$(sql "SELECT count(DISTINCT day) FROM warehouse.dirty WHERE cluster_id = 77")" 1
refresh
sql "INSERT INTO warehouse.job_key (job_id, cluster_id, raw_id, submit_t, end_t) VALUES (7700, 77, 1, '2024-03-05', '2024-03-05 12:00+00');
	SELECT warehouse.create_month('2024-03-05');
	INSERT INTO warehouse.job (job_id, end_t, submit_t, start_t, raw_id, nodes, cores, gpus, cluster_id, local_id)
	VALUES (7700, '2024-03-05 12:00+00', '2024-03-05', '2024-03-05', 1, 1, 1, 0, 77, '1')" >/dev/null
sql 'SELECT warehouse.mark_capacity()' >/dev/null
refresh
equal 'capacity begins with the first job' "$(sql "SELECT min(day), count(DISTINCT day) = count(*) FROM warehouse.capacity_day WHERE cluster_id = 77")" '2024-03-05|t'

# Two sessions make of a day what one makes.
figures() {
	for table in usage_day performance_day efficiency_day usage_period performance_period histogram_period capacity_day; do
		sql "SELECT '$table', x::text FROM warehouse.$table x ORDER BY 2"
	done
}
sql 'SELECT warehouse.mark_all()' >/dev/null
refresh
figures >"$dir/by-one"
sql 'SELECT warehouse.mark_all()' >/dev/null
"$store_tool" generate "$store" "$here/catalogue" 1 0 0
run 0 --catalogue "$here/catalogue"
if grep 'by one session' "$dir/said"; then
	failures=$((failures + 1))
fi
figures >"$dir/by-two"
same 'figures by two sessions' "$dir/by-two" "$dir/by-one"
equal 'marks left' "$(sql 'SELECT count(*) FROM warehouse.dirty')" 0
finish
