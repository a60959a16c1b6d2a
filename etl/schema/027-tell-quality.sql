-- SPDX-License-Identifier: Apache-2.0
-- What staff look at to see whether figures can be trusted.

CREATE FUNCTION warehouse.metric_coverage(begin date, "end" date)
	RETURNS TABLE (name text, label text, help text, weight text, amount double precision, measured double precision)
LANGUAGE sql STABLE AS $$
	WITH p AS MATERIALIZED (
		SELECT to_jsonb(x) AS x FROM warehouse.performance_period x
		WHERE x.unit = 'day' AND x.period BETWEEN begin AND "end"
			AND x.dimension_id = (SELECT u.dimension_id FROM warehouse.usage_dimension u WHERE u.name = 'none'))
	SELECT m.name, m.label, m.help, w.weight, coalesce(sum((p.x ->> (m.column_name || '_w'))::float8), 0),
		sum((p.x ->> (m.column_name || '_w'))::float8) / nullif(sum((p.x ->> w.whole)::float8), 0)
	FROM warehouse.metric m
	CROSS JOIN LATERAL (SELECT coalesce(m.weight, m.also_per, 'wall seconds') AS weight,
		CASE coalesce(m.weight, m.also_per) WHEN 'core seconds' THEN 'core_s' WHEN 'node seconds' THEN 'node_s'
			WHEN 'gpu seconds' THEN 'gpu_s' WHEN 'job' THEN 'ended_jobs' ELSE 'wall_s' END AS whole) w
	LEFT JOIN p ON true
	WHERE m.is_current AND m.column_name IS NOT NULL AND m.aggregate IS NOT NULL AND m.name NOT LIKE 'compat.%'
	GROUP BY m.metric_id, m.name, m.label, m.help, m.position, w.weight ORDER BY m.position
$$;
COMMENT ON FUNCTION warehouse.metric_coverage(date, date) IS
	'How much of the jobs of these days was measured: for each metric how much of its weight (core seconds, GPU seconds ...) has a value, and which share that is.';

CREATE FUNCTION warehouse.load_problems(begin date, "end" date)
	RETURNS TABLE (field text, reason text, n bigint, example text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT e.field, e.reason, count(*), min(e.cluster || ' ' || e.raw_id) FROM warehouse.load_error e
	WHERE warehouse.viewer_is_staff() AND to_timestamp(e.submit_s) >= begin - 1 AND to_timestamp(e.submit_s) < "end" + 2
	GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 50
$$;
COMMENT ON FUNCTION warehouse.load_problems(date, date) IS
	'For staff: why documents of jobs that were submitted in these days could not be loaded; those that can be by now are gone.';

REVOKE ALL ON FUNCTION warehouse.metric_coverage(date, date), warehouse.load_problems(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.metric_coverage(date, date) TO jobsight_loader, jobsight_portal, jobsight_analyst;
GRANT EXECUTE ON FUNCTION warehouse.load_problems(date, date) TO jobsight_portal;
