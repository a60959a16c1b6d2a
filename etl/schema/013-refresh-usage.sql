-- SPDX-License-Identifier: Apache-2.0
-- Making figures anew, where dirty says so: refresh_next() makes the newest period that is marked
-- and takes its marks away, all in one transaction. A day is made of the facts; all else of days.
-- Marks are taken away before the facts are read: who changes a fact meanwhile marks again.

ALTER TABLE warehouse.site ADD facts_from date;
COMMENT ON COLUMN warehouse.site.facts_from IS
	'Days before it have lost facts to retention: their figures stay as they are. NULL: none has.';

CREATE FUNCTION warehouse.create_usage_year(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	first date := date_trunc('year', day)::date;
	cube text;
BEGIN
	FOREACH cube IN ARRAY ARRAY['usage_day', 'performance_day', 'efficiency_day'] LOOP
		CONTINUE WHEN to_regclass(format('warehouse.%I', cube || to_char(first, '_YYYY'))) IS NOT NULL;
		EXECUTE format('CREATE TABLE warehouse.%I (LIKE warehouse.%I)', cube || to_char(first, '_YYYY'), cube);
		EXECUTE format('ALTER TABLE warehouse.%I ATTACH PARTITION warehouse.%I FOR VALUES FROM (%L) TO (%L)',
			cube, cube || to_char(first, '_YYYY'), first, first + interval '1 year');
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.create_usage_year(date) IS
	'Makes the partitions of usage_day, performance_day and efficiency_day of the year that holds this day, where absent.';

-- The slices of a day in the temporary table slice: job_day with classes, seconds and the metrics
-- that figures are kept of; of accounting's half of a day those alone that it makes histograms of. The
-- planner is kept from joining by sets: it would read whole months.
-- Products are double precision, exact up to 2^53: sums of bigint are numeric, and slow.
CREATE FUNCTION warehouse.fill_slice(the_day date, the_cluster smallint, half text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	d warehouse.day;
	metrics text;
	told text;
BEGIN
	SELECT * INTO STRICT d FROM warehouse.day WHERE day = the_day;
	SELECT coalesce(string_agg(format(', (%s)::smallint AS %I', c.value, c.name), '' ORDER BY c.name), '')
		INTO told FROM warehouse.slice_column c WHERE half IS DISTINCT FROM 'usage';
	SELECT coalesce(string_agg(format(', m.%1$I::float8 AS %1$I', m.column_name), ''
			ORDER BY m.metric_id), '') INTO metrics FROM warehouse.metric m
		LEFT JOIN warehouse.usage_metric u ON u.column_name = m.column_name
		LEFT JOIN warehouse.distribution x ON x.name = u.column_name AND x.is_metric
		WHERE m.column_name IS NOT NULL AND (told ~ ('\ms\.' || m.column_name || '\M')
			OR CASE half WHEN 'usage' THEN NOT warehouse.is_helpers(x.distribution_id) ELSE u.column_name IS NOT NULL END);
	IF to_regclass('pg_temp.slice') IS NOT NULL THEN
		DROP TABLE pg_temp.slice;
	END IF;
	EXECUTE format('CREATE TEMPORARY TABLE slice ON COMMIT DROP AS SELECT s.*%s FROM (SELECT d.*, '
		'd.wall_s::float8 * d.cores AS core_s, d.wall_s::float8 * d.nodes AS node_s, '
		'd.wall_s::float8 * d.gpus AS gpu_s, '
		'(width_bucket(d.whole_s, %L::float8[]) - 1)::smallint AS wall_class, '
		'(width_bucket(d.wait_s, %L::float8[]) - 1)::smallint AS wait_class%s '
		'FROM (SELECT * FROM warehouse.job_day_single '
		'WHERE day = %L AND cluster_id = %L AND end_t >= %L AND end_t < %L '
		'UNION ALL SELECT * FROM warehouse.job_day_span WHERE day = %5$L AND cluster_id = %6$L) d '
		|| CASE WHEN metrics <> '' THEN 'LEFT JOIN warehouse.job_metric m ON m.job_id = d.job_id AND m.end_t = d.end_t' ELSE '' END || ') s',
		told, warehouse.bounds('wall'), warehouse.bounds('wait'), metrics,
		the_day, the_cluster, d.begin_t, d.end_t);
END
$$;
COMMENT ON FUNCTION warehouse.fill_slice(date, smallint, text) IS
	'Puts what falls into a day into the temporary table slice; half: what one half of the day needs, usage or performance.';

-- The dimensions of a cube that are columns: those that say who ran what (who), the others, or both.
CREATE FUNCTION warehouse.cube_keys(cube text, who boolean) RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT string_agg(quote_ident(column_name), ', ' ORDER BY dimension_id) FROM warehouse.usage_dimension
	WHERE column_name IS NOT NULL AND (who IS NULL OR is_who = who)
		AND CASE cube WHEN 'efficiency' THEN is_judged ELSE cube = 'performance' OR NOT is_measured END
$$;
COMMENT ON FUNCTION warehouse.cube_keys(text, boolean) IS 'Columns that rows of a cube are told apart by: who and what, or how large and how long, or NULL: all.';

-- Rows put together in a single pass by who and what (is_who), and by all other dimensions, in the temporary
-- table part. By one dimension after the other these are put together faster than rows by all of them.
CREATE FUNCTION warehouse.fill_part(cube text, relation text, sums text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	who text := warehouse.cube_keys(cube, true);
	others text := warehouse.cube_keys(cube, false);
BEGIN
	IF to_regclass('pg_temp.part') IS NOT NULL THEN
		DROP TABLE pg_temp.part;
	END IF;
	EXECUTE format('CREATE TEMPORARY TABLE part ON COMMIT DROP AS SELECT GROUPING(%s) = 0 AS is_who, %s, %s, %s '
		'FROM %s GROUP BY GROUPING SETS ((%2$s), (%3$s))', split_part(who, ', ', 1), who, others, sums, relation);
END
$$;
COMMENT ON FUNCTION warehouse.fill_part(text, text, text) IS
	'Puts rows together by who and what, and by all other dimensions, in the temporary table part.';

CREATE FUNCTION warehouse.refresh_cube(cube text, the_day date, the_cluster smallint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	keys text := warehouse.cube_keys(cube, CASE cube WHEN 'performance' THEN true END);
	names text;
	sums text;
BEGIN
	SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.position),
			string_agg(format('%s AS %I', c.aggregate, c.name), ', ' ORDER BY c.position)
		INTO names, sums FROM warehouse.usage_column c WHERE c.cube = refresh_cube.cube;
	EXECUTE format('DELETE FROM warehouse.%I WHERE day = %L AND cluster_id = %L',
		cube || '_day', the_day, the_cluster);
	IF cube = 'performance' THEN
		PERFORM warehouse.fill_part(cube, 'pg_temp.slice s', sums);
	END IF;
	EXECUTE format('INSERT INTO warehouse.%I (day, cluster_id, %s, %s) SELECT %L, %L, %2$s, ', cube || '_day', keys,
		names, the_day, the_cluster) || CASE cube WHEN 'performance' THEN names || ' FROM pg_temp.part WHERE is_who'
			ELSE format('%s FROM pg_temp.slice s GROUP BY %s', sums, keys) END;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_cube(text, date, smallint) IS 'Makes a day of usage_day, performance_day or efficiency_day of the slices.';

-- SQL that puts rows u together, as the columns' folds say. first: what tells the rows of the first
-- part of a period. The rows have to come with `items` for their columns: sums of bigint are slow.
CREATE FUNCTION warehouse.fold_columns(cube text, first text, OUT names text, OUT items text, OUT folds text,
	OUT named text)
LANGUAGE sql STABLE AS $$
	SELECT string_agg(quote_ident(c.name), ', ' ORDER BY c.position),
		string_agg(format(CASE c.type WHEN 'bigint' THEN 'u.%1$I::float8 AS %1$I' ELSE 'u.%I' END, c.name), ', '
			ORDER BY c.position),
		string_agg(c.fold, ', ' ORDER BY c.position),
		string_agg(format('%s AS %I', c.fold, c.name), ', ' ORDER BY c.position)
	FROM (SELECT u.name, u.position, u.type, format(CASE u.fold
			WHEN 'begin' THEN 'coalesce(sum(u.%I) FILTER (WHERE %s), 0)' ELSE u.fold || '(u.%I)' END, u.name, first) AS fold
		FROM warehouse.usage_column u WHERE u.cube = fold_columns.cube) c
$$;
COMMENT ON FUNCTION warehouse.fold_columns(text, text) IS 'Columns of usage or performance, and how rows are put together, with and without their names.';

-- Which of n columns the row of a grouping set is of: SQL. GROUPING has a bit for each that it is
-- not of, the first the highest, and takes 31 columns at most.
CREATE FUNCTION warehouse.grouping_case(columns text[], meanings smallint[]) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT format('CASE GROUPING(%s) %s END', array_to_string(columns, ', '), string_agg(format('WHEN %s THEN %s',
			(1::bigint << cardinality(columns)) - 1 - (1::bigint << (cardinality(columns) - n::integer)), m), ' ' ORDER BY n))
	FROM unnest(meanings) WITH ORDINALITY u (m, n)
$$;
COMMENT ON FUNCTION warehouse.grouping_case(text[], smallint[]) IS
	'SQL that says which column the row of a grouping set is of, by these numbers.';

-- Rows of a cube, each in a single pass over the rows of a relation: by each of some dimensions.
CREATE FUNCTION warehouse.fold_dimensions(cube text, relation text, who boolean, the_day date, the_cluster smallint)
	RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	ids smallint[];
	columns text[];
	items text;
	fold record := warehouse.fold_columns(cube, 'true');
BEGIN
	SELECT array_agg(dimension_id ORDER BY dimension_id), array_agg('d' || dimension_id ORDER BY dimension_id),
			string_agg(format('(%s)::integer AS d%s', value, dimension_id), ', ' ORDER BY dimension_id)
		INTO ids, columns, items FROM warehouse.usage_dimension
		WHERE of_dimension IS NULL AND is_who = who AND (cube = 'performance' OR NOT is_measured);
	EXECUTE format('INSERT INTO warehouse.%I (unit, period, cluster_id, dimension_id, value, %s) '
		'SELECT ''day'', %L, %L, %s, coalesce(%s), %s FROM (SELECT %s, %s FROM %s '
		'LEFT JOIN warehouse.account_history ah ON ah.account_id = %s AND ah.valid @> %L::timestamptz '
		'LEFT JOIN warehouse.project_history rh ON rh.project_id = coalesce(%s, ah.project_id) '
		'AND rh.valid @> %12$L::timestamptz OFFSET 0) u GROUP BY GROUPING SETS ((%14$s))',
		cube || '_period', fold.names, the_day, the_cluster, warehouse.grouping_case(columns, ids),
		array_to_string(columns, ', '), fold.folds, fold.items, items, relation,
		CASE WHEN who THEN 'u.account_id' ELSE 'NULL' END, (SELECT begin_t FROM warehouse.day WHERE day = the_day),
		CASE WHEN who THEN 'u.project_id' ELSE 'NULL::integer' END, array_to_string(columns, '), ('));
END
$$;
COMMENT ON FUNCTION warehouse.fold_dimensions(text, text, boolean, date, smallint) IS
	'Puts rows of performance_day or part together by one dimension after the other.';

-- With has_facts the slices are there, and so everything is made; without only what follows from
-- the cube by all dimensions.
CREATE FUNCTION warehouse.refresh_dimensions(cube text, the_day date, the_cluster smallint, has_facts boolean)
	RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	derived text;
	fold record := warehouse.fold_columns(cube, 'true');
	is_all boolean := has_facts OR cube = 'usage';
	rows_there text := format('(SELECT * FROM warehouse.%I WHERE day = %L AND cluster_id = %L) u', cube || '_day', the_day,
		the_cluster);
BEGIN
	EXECUTE format('DELETE FROM warehouse.%I WHERE unit = ''day'' AND period = %L AND cluster_id = %L '
		'AND dimension_id IN (SELECT dimension_id FROM warehouse.usage_dimension WHERE is_who OR %L)',
		cube || '_period', the_day, the_cluster, is_all);
	IF cube = 'usage' THEN
		PERFORM warehouse.fill_part(cube, format('(SELECT %s, %s FROM %s) u', warehouse.cube_keys(cube, NULL), fold.items,
			rows_there), fold.named);
	END IF;
	IF is_all THEN
		PERFORM warehouse.fold_dimensions(cube, '(SELECT * FROM pg_temp.part WHERE is_who) u', true, the_day, the_cluster);
		PERFORM warehouse.fold_dimensions(cube, '(SELECT * FROM pg_temp.part WHERE NOT is_who) u', false, the_day, the_cluster);
		DROP TABLE pg_temp.part;
	ELSE
		PERFORM warehouse.fold_dimensions(cube, rows_there, true, the_day, the_cluster);
	END IF;
	SELECT string_agg(format('(%s, %s, (%s)::integer)', dimension_id, of_dimension, of_value), ', ' ORDER BY dimension_id)
		INTO derived FROM warehouse.usage_dimension WHERE of_dimension IS NOT NULL AND (is_who OR is_all);
	EXECUTE format('INSERT INTO warehouse.%I (unit, period, cluster_id, dimension_id, value, %s) '
		'SELECT ''day'', %L, %L, v.dimension_id, v.value, %s '
		'FROM (SELECT unit, period, cluster_id, dimension_id, value, %s FROM warehouse.%1$I u) u '
		'JOIN warehouse.day d ON d.day = u.period '
		'LEFT JOIN warehouse.account_history ah ON u.dimension_id = '
		'(SELECT dimension_id FROM warehouse.usage_dimension WHERE name = ''account'') '
		'AND ah.account_id = u.value AND ah.valid @> d.begin_t '
		'LEFT JOIN warehouse.person_history ih ON ih.person_id = ah.pi_id AND ih.valid @> d.begin_t '
		'LEFT JOIN warehouse.person_history ph ON u.dimension_id = '
		'(SELECT dimension_id FROM warehouse.usage_dimension WHERE name = ''person'') '
		'AND ph.person_id = u.value AND ph.valid @> d.begin_t '
		'LEFT JOIN warehouse.project_history rh ON u.dimension_id = '
		'(SELECT dimension_id FROM warehouse.usage_dimension WHERE name = ''project'') '
		'AND rh.project_id = u.value AND rh.valid @> d.begin_t '
		'JOIN LATERAL (VALUES %7$s) v (dimension_id, of_dimension, value) ON v.of_dimension = u.dimension_id '
		'WHERE u.unit = ''day'' AND u.period = %3$L AND u.cluster_id = %4$L GROUP BY v.dimension_id, v.value',
		cube || '_period', fold.names, the_day, the_cluster, fold.folds, fold.items, derived);
END
$$;
COMMENT ON FUNCTION warehouse.refresh_dimensions(text, date, smallint, boolean) IS
	'Makes a day of usage_period or performance_period of its rows by all dimensions, and of the slices.';

-- Of what two sessions make of a day, histograms of metrics take most: so many of them are the helper's
-- that both take about the same time.
CREATE FUNCTION warehouse.is_helpers(distribution_id smallint) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT distribution_id % 5 > 1
$$;
COMMENT ON FUNCTION warehouse.is_helpers(smallint) IS
	'Whether a distribution of a metric is worked out by the second of two sessions that make a day.';

-- A statement makes up to 31 distributions of the same weight in one pass over the slices.
CREATE FUNCTION warehouse.refresh_histograms(the_day date, the_cluster smallint, of_metrics boolean,
	of_helper boolean DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	c record;
BEGIN
	DELETE FROM warehouse.histogram_period h USING warehouse.distribution d
		WHERE h.unit = 'day' AND h.period = the_day AND h.cluster_id = the_cluster
			AND d.distribution_id = h.distribution_id AND d.is_metric = of_metrics
			AND (of_helper IS NULL OR warehouse.is_helpers(d.distribution_id) = of_helper);
	FOR c IN
		SELECT weight, array_agg(distribution_id ORDER BY distribution_id) AS ids,
			array_agg('b' || distribution_id ORDER BY distribution_id) AS columns,
			string_agg(format('warehouse.bucket_of(%L, %s) AS b%s', scale, value, distribution_id), ', '
				ORDER BY distribution_id) AS items
		FROM (SELECT d.*, row_number() OVER (PARTITION BY d.weight ORDER BY d.distribution_id) AS place
			FROM warehouse.distribution d WHERE d.is_metric = of_metrics
				AND (of_helper IS NULL OR warehouse.is_helpers(d.distribution_id) = of_helper) AND (NOT d.is_metric
				OR EXISTS (SELECT FROM warehouse.usage_metric m WHERE m.column_name = d.name))) d
		GROUP BY weight, (place - 1) / 31
	LOOP
		EXECUTE format('INSERT INTO warehouse.histogram_period '
			'SELECT ''day'', %L, %L, %s, coalesce(%s), count(*) FILTER (WHERE ended), sum(weight_s) '
			'FROM (SELECT s.ended, %s AS weight_s, %s FROM pg_temp.slice s '
			'WHERE s.start_t IS NOT NULL OFFSET 0) s GROUP BY GROUPING SETS ((%s))',
			the_day, the_cluster, warehouse.grouping_case(c.columns, c.ids), array_to_string(c.columns, ', '),
			c.weight, c.items, array_to_string(c.columns, '), ('));
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_histograms(date, smallint, boolean, boolean) IS
	'Makes the histograms of a day of the slices: of metrics, or of accounting; of_helper: those of one of two sessions.';

CREATE FUNCTION warehouse.range_seconds(r tstzmultirange) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT coalesce(sum(extract(epoch FROM upper(x) - lower(x))), 0)::bigint FROM unnest(r) x
$$;
COMMENT ON FUNCTION warehouse.range_seconds(tstzmultirange) IS 'Seconds in a set of times.';

CREATE FUNCTION warehouse.refresh_capacity(the_day date, the_cluster smallint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	today tstzrange;
BEGIN
	SELECT tstzrange(begin_t, end_t) INTO STRICT today FROM warehouse.day WHERE day = the_day;
	DELETE FROM warehouse.capacity_day WHERE day = the_day AND cluster_id = the_cluster;
	WITH event AS (
		SELECT e.node_id,
			coalesce(range_agg(e.during) FILTER (WHERE e.kind = 'down'), '{}') AS down,
			coalesce(range_agg(e.during) FILTER (WHERE e.kind = 'planned'), '{}') AS planned,
			coalesce(range_agg(e.during) FILTER (WHERE e.kind = 'drained'), '{}') AS drained
		FROM warehouse.node_event e WHERE e.during && today GROUP BY e.node_id
	), part AS (
		SELECT h.node_type_id, h.cores, h.gpus, warehouse.range_seconds(x.there) AS there,
			coalesce(warehouse.range_seconds(x.there * e.down), 0) AS down,
			coalesce(warehouse.range_seconds(x.there * (e.planned - e.down)), 0) AS planned,
			coalesce(warehouse.range_seconds(x.there * (e.drained - e.down - e.planned)), 0) AS drained
		FROM warehouse.node_history h
		JOIN warehouse.node n ON n.node_id = h.node_id
		CROSS JOIN LATERAL (SELECT tstzmultirange(h.valid * today)) x (there)
		LEFT JOIN event e ON e.node_id = h.node_id
		WHERE n.cluster_id = the_cluster AND h.valid && today)
	INSERT INTO warehouse.capacity_day
		SELECT the_day, the_cluster, node_type_id, sum(there), sum(there * cores), sum(there * gpus),
			sum(down), sum(down * cores), sum(down * gpus),
			sum(planned), sum(planned * cores), sum(planned * gpus),
			sum(drained), sum(drained * cores), sum(drained * gpus)
		FROM part GROUP BY node_type_id;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_capacity(date, smallint) IS 'Makes a day of capacity_day.';

-- A day is made in two halves, of accounting and of what was measured, by one session or by two: the
-- other then only works out its rows, in the snapshot of the first, which puts them.
CREATE FUNCTION warehouse.refresh_half(the_cube text, the_day date, the_cluster smallint) RETURNS void
LANGUAGE plpgsql SET jit = off SET work_mem = '128MB' AS $$
DECLARE
	is_shared boolean := to_regclass('pg_temp.slice') IS NULL; -- the other half is another session's
BEGIN
	PERFORM warehouse.create_usage_year(the_day);
	IF is_shared THEN
		PERFORM warehouse.fill_slice(the_day, the_cluster, the_cube);
	END IF;
	PERFORM warehouse.refresh_cube(the_cube, the_day, the_cluster);
	IF the_cube = 'usage' THEN
		PERFORM warehouse.refresh_histograms(the_day, the_cluster, false);
	ELSE
		PERFORM warehouse.refresh_cube('efficiency', the_day, the_cluster);
	END IF;
	IF is_shared OR the_cube = 'performance' THEN
		PERFORM warehouse.refresh_histograms(the_day, the_cluster, true,
			CASE WHEN is_shared THEN the_cube = 'performance' END);
	END IF;
	PERFORM warehouse.refresh_dimensions(the_cube, the_day, the_cluster, true);
END
$$;
COMMENT ON FUNCTION warehouse.refresh_half(text, date, smallint) IS
	'Makes the figures of a day that are of accounting, or those of what was measured; histograms of these are shared.';

CREATE FUNCTION warehouse.refresh_day(the_day date, the_cluster smallint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM warehouse.fill_slice(the_day, the_cluster);
	PERFORM warehouse.refresh_half('usage', the_day, the_cluster);
	PERFORM warehouse.refresh_half('performance', the_day, the_cluster);
	DROP TABLE pg_temp.slice;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_day(date, smallint) IS 'Makes the figures of a day of the facts.';

-- What another session worked out of a day, in temporary tables like those it belongs into.
CREATE FUNCTION warehouse.create_parts() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['performance_day', 'efficiency_day', 'performance_period', 'histogram_period'] LOOP
		EXECUTE format('CREATE TEMPORARY TABLE %I (LIKE warehouse.%I) ON COMMIT DELETE ROWS', 'part_' || name, name);
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.create_parts() IS 'Makes the temporary tables that put_parts puts rows of.';

CREATE FUNCTION warehouse.put_parts(the_day date, the_cluster smallint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM warehouse.performance_day WHERE day = the_day AND cluster_id = the_cluster;
	DELETE FROM warehouse.efficiency_day WHERE day = the_day AND cluster_id = the_cluster;
	DELETE FROM warehouse.performance_period WHERE unit = 'day' AND period = the_day AND cluster_id = the_cluster;
	DELETE FROM warehouse.histogram_period h USING warehouse.distribution d
		WHERE h.unit = 'day' AND h.period = the_day AND h.cluster_id = the_cluster
			AND d.distribution_id = h.distribution_id AND d.is_metric AND warehouse.is_helpers(d.distribution_id);
	INSERT INTO warehouse.performance_day SELECT * FROM pg_temp.part_performance_day;
	INSERT INTO warehouse.efficiency_day SELECT * FROM pg_temp.part_efficiency_day;
	INSERT INTO warehouse.performance_period SELECT * FROM pg_temp.part_performance_period;
	INSERT INTO warehouse.histogram_period SELECT * FROM pg_temp.part_histogram_period;
END
$$;
COMMENT ON FUNCTION warehouse.put_parts(date, smallint) IS 'Puts the figures of what was measured in a day that another session worked out.';

-- A month of its days, a quarter of its months, a year of its quarters.
CREATE FUNCTION warehouse.refresh_period(the_unit text, the_period date, the_cluster smallint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	part text := CASE the_unit WHEN 'month' THEN 'day' WHEN 'quarter' THEN 'month' ELSE 'quarter' END;
	until date := the_period + CASE the_unit WHEN 'month' THEN interval '1 month'
		WHEN 'quarter' THEN interval '3 months' ELSE interval '1 year' END;
	cube text;
	fold record;
BEGIN
	FOREACH cube IN ARRAY ARRAY['usage', 'performance'] LOOP
		fold := warehouse.fold_columns(cube, format('u.period = %L', the_period));
		EXECUTE format('DELETE FROM warehouse.%I WHERE unit = %L AND period = %L AND cluster_id = %L',
			cube || '_period', the_unit, the_period, the_cluster);
		EXECUTE format('INSERT INTO warehouse.%I (unit, period, cluster_id, dimension_id, value, %s) '
			'SELECT %3$L, %4$L, %5$L, u.dimension_id, u.value, %6$s '
			'FROM (SELECT unit, period, cluster_id, dimension_id, value, %9$s FROM warehouse.%1$I u) u '
			'WHERE u.unit = %7$L AND u.period >= %4$L AND u.period < %8$L AND u.cluster_id = %5$L '
			'GROUP BY u.dimension_id, u.value',
			cube || '_period', fold.names, the_unit, the_period, the_cluster, fold.folds, part, until,
			fold.items);
	END LOOP;
	DELETE FROM warehouse.histogram_period
		WHERE unit = the_unit AND period = the_period AND cluster_id = the_cluster;
	INSERT INTO warehouse.histogram_period
		SELECT the_unit, the_period, the_cluster, distribution_id, bucket,
			sum(ended_jobs::float8), sum(weight_s)
		FROM warehouse.histogram_period
		WHERE unit = part AND period >= the_period AND period < until AND cluster_id = the_cluster
		GROUP BY distribution_id, bucket;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_period(text, date, smallint) IS 'Makes a month, quarter or year of its parts.';

-- One period. Marks lead upwards: a day marks its month, that its quarter, that its year.
CREATE FUNCTION warehouse.refresh_one(the_unit text, the_day date, the_cluster smallint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	is_frozen boolean := coalesce(the_day < (SELECT facts_from FROM warehouse.site), false);
	above text := CASE the_unit WHEN 'month' THEN 'quarter' WHEN 'quarter' THEN 'year'
		WHEN 'day' THEN 'month' WHEN 'dimensions' THEN 'month' END;
BEGIN
	IF the_unit IN ('day', 'dimensions') THEN
		IF the_unit = 'day' AND NOT is_frozen THEN
			PERFORM warehouse.refresh_day(the_day, the_cluster);
		ELSE
			PERFORM warehouse.refresh_dimensions('usage', the_day, the_cluster, false);
			PERFORM warehouse.refresh_dimensions('performance', the_day, the_cluster, false);
		END IF;
	ELSIF the_unit = 'capacity' THEN
		PERFORM warehouse.refresh_capacity(the_day, the_cluster);
	ELSE
		PERFORM warehouse.refresh_period(the_unit, the_day, the_cluster);
	END IF;
	IF the_unit = 'month' THEN
		INSERT INTO warehouse.public_mark VALUES (the_day);
	END IF;
	IF above IS NOT NULL THEN
		INSERT INTO warehouse.dirty (day, cluster_id, unit)
			VALUES (date_trunc(above, the_day)::date, the_cluster, above);
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_one(text, date, smallint) IS 'Makes one period anew and marks the one above it.';

-- The newest marked period; days first, then what is made of them. Its marks are gone with what the
-- transaction does about it. is_whole: it is a day to be made of the facts, which two can do.
CREATE FUNCTION warehouse.refresh_take(OUT unit text, OUT day date, OUT cluster_id smallint, OUT is_whole boolean)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT u.unit, d.day, d.cluster_id INTO unit, day, cluster_id
		FROM unnest(ARRAY['day', 'dimensions', 'capacity', 'month', 'quarter', 'year'])
			WITH ORDINALITY u (unit, place)
		CROSS JOIN LATERAL (SELECT x.day, x.cluster_id FROM warehouse.dirty x WHERE x.unit = u.unit
			ORDER BY x.day DESC LIMIT 1) d
		ORDER BY u.place LIMIT 1;
	IF NOT FOUND THEN
		RETURN;
	END IF;
	-- One at a time makes a period: who waited makes it again, and sees what the other made.
	PERFORM pg_advisory_xact_lock(x'6a6f6273'::int, day - date '2000-01-01');
	DELETE FROM warehouse.dirty x WHERE x.unit = refresh_take.unit AND x.day = refresh_take.day
		AND x.cluster_id = refresh_take.cluster_id;
	-- The first day of a year makes tables, which the other session would wait for.
	is_whole := unit = 'day' AND NOT coalesce(day < (SELECT facts_from FROM warehouse.site), false)
		AND to_regclass('warehouse.usage_day_' || to_char(day, 'YYYY')) IS NOT NULL
		AND to_regclass('warehouse.performance_day_' || to_char(day, 'YYYY')) IS NOT NULL
		AND to_regclass('warehouse.efficiency_day_' || to_char(day, 'YYYY')) IS NOT NULL;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_take() IS 'Takes the marks of the newest marked period away and says which it is; NULL: none is marked.';

-- Grouping by many sets at once needs memory, or it sorts; to compile statements of hundreds of
-- expressions takes longer than they do.
CREATE FUNCTION warehouse.refresh_next(OUT unit text, OUT day date, OUT cluster_id smallint)
LANGUAGE plpgsql SET jit = off SET work_mem = '128MB' AS $$
BEGIN
	SELECT t.unit, t.day, t.cluster_id INTO unit, day, cluster_id FROM warehouse.refresh_take() t;
	IF unit IS NOT NULL THEN
		PERFORM warehouse.refresh_one(unit, day, cluster_id);
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.refresh_next() IS
	'Makes the newest marked period anew and takes its marks away; days first, then what is made of them. NULL: none is marked.';

-- Everything, for whoever does not mind one long transaction.
CREATE FUNCTION warehouse.refresh() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n bigint := 0;
BEGIN
	WHILE (warehouse.refresh_next()).unit IS NOT NULL LOOP
		n := n + 1;
	END LOOP;
	PERFORM warehouse.publish();
	RETURN n;
END
$$;
COMMENT ON FUNCTION warehouse.refresh() IS 'Makes all marked periods anew; says how many they were.';

-- Nodes may be said to have been there for ever; a cluster begins with the first that is known of it.
CREATE FUNCTION warehouse.first_known(the_cluster smallint) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT least((SELECT min(j.end_t) FROM warehouse.job j WHERE j.cluster_id = the_cluster),
		(SELECT min(lower(e.during)) FROM warehouse.node_event e JOIN warehouse.node n ON n.node_id = e.node_id
			WHERE n.cluster_id = the_cluster AND lower(e.during) > '-infinity'),
		(SELECT min(lower(h.valid)) FROM warehouse.node_history h JOIN warehouse.node n ON n.node_id = h.node_id
			WHERE n.cluster_id = the_cluster AND lower(h.valid) > '-infinity'), now())
$$;
COMMENT ON FUNCTION warehouse.first_known(smallint) IS 'When the first job of a cluster ended or something else of it is known.';

-- Marks that follow from dimensions. Days of capacity come by themselves as time goes on, and as older
-- jobs do.
CREATE FUNCTION warehouse.mark_capacity() RETURNS void
LANGUAGE sql AS $$
	INSERT INTO warehouse.dirty (day, cluster_id, unit)
		SELECT d.day, n.cluster_id, 'capacity'
		FROM (SELECT n.cluster_id, min(lower(h.valid)) AS since FROM warehouse.node_history h
			JOIN warehouse.node n ON n.node_id = h.node_id GROUP BY n.cluster_id) n
		CROSS JOIN LATERAL (SELECT min(c.day) AS first, max(c.day) AS last FROM warehouse.capacity_day c
			WHERE c.cluster_id = n.cluster_id) c
		JOIN warehouse.day d ON d.begin_t <= now()
			AND d.day >= warehouse.day_of(greatest(n.since, warehouse.first_known(n.cluster_id)))
			AND (c.last IS NULL OR d.day >= c.last OR d.day < c.first)
$$;
COMMENT ON FUNCTION warehouse.mark_capacity() IS 'Marks the days up to today whose capacity is not known yet.';

CREATE FUNCTION warehouse.follow_history() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	source text;
BEGIN
	FOREACH source IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY['new_rows']
			WHEN 'DELETE' THEN ARRAY['old_rows'] ELSE ARRAY['old_rows', 'new_rows'] END LOOP
		EXECUTE format('INSERT INTO warehouse.dirty (day, cluster_id, unit) '
			'SELECT DISTINCT u.day, u.cluster_id, ''dimensions'' FROM %s h '
			'JOIN warehouse.usage_day u ON %s '
			'JOIN warehouse.day d ON d.day = u.day AND h.valid @> d.begin_t', source,
			CASE TG_TABLE_NAME
			WHEN 'account_history' THEN 'u.account_id = h.account_id'
			WHEN 'person_history' THEN 'u.person_id = h.person_id OR u.account_id IN '
				'(SELECT a.account_id FROM warehouse.account_history a WHERE a.pi_id = h.person_id)'
			ELSE 'u.project_id = h.project_id OR u.account_id IN '
				'(SELECT a.account_id FROM warehouse.account_history a WHERE a.project_id = h.project_id)'
			END);
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.follow_history() IS 'Marks the days on which a changed account, person or project had jobs.';

CREATE FUNCTION warehouse.follow_nodes() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	source text;
BEGIN
	FOREACH source IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY['new_rows']
			WHEN 'DELETE' THEN ARRAY['old_rows'] ELSE ARRAY['old_rows', 'new_rows'] END LOOP
		EXECUTE format('INSERT INTO warehouse.dirty (day, cluster_id, unit) '
			'SELECT DISTINCT d.day, n.cluster_id, ''capacity'' '
			'FROM (SELECT DISTINCT node_id, %s AS valid FROM %s) h '
			'JOIN warehouse.node n ON n.node_id = h.node_id '
			'JOIN (SELECT c.cluster_id, warehouse.first_known(c.cluster_id) AS t FROM warehouse.cluster c OFFSET 0) f '
			'ON f.cluster_id = n.cluster_id '
			'JOIN warehouse.day d ON d.begin_t < least(upper(h.valid), now()) AND d.end_t > greatest(lower(h.valid), f.t)',
			CASE TG_TABLE_NAME WHEN 'node_event' THEN 'during' ELSE 'valid' END, source);
	END LOOP;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.follow_nodes() IS 'Marks the days whose capacity changes with nodes and their events.';

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('account_history', 'follow_history'), ('person_history', 'follow_history'),
		('project_history', 'follow_history'), ('node_history', 'follow_nodes'),
		('node_event', 'follow_nodes')
	) v ("table", function) CROSS JOIN (VALUES
		('INSERT', 'NEW TABLE AS new_rows'),
		('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
		('DELETE', 'OLD TABLE AS old_rows')) o (operation, rows)
	LOOP
		EXECUTE format('CREATE TRIGGER %I AFTER %s ON warehouse.%I REFERENCING %s '
			'FOR EACH STATEMENT EXECUTE FUNCTION warehouse.%I()',
			t.function || '_' || lower(t.operation), t.operation, t."table", t.rows, t.function);
	END LOOP;
END
$$;

-- Marks all there is: after a change of buckets or measures.
CREATE FUNCTION warehouse.mark_all() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE warehouse.days_statement('mark', 'warehouse.job');
	INSERT INTO warehouse.dirty (day, cluster_id)
		SELECT DISTINCT period, cluster_id FROM warehouse.usage_period
		WHERE unit = 'day' AND dimension_id = 0;
	INSERT INTO warehouse.dirty (day, cluster_id, unit)
		SELECT DISTINCT day, cluster_id, 'capacity' FROM warehouse.capacity_day;
END
$$;
COMMENT ON FUNCTION warehouse.mark_all() IS 'Marks every day for which there are facts or figures.';

CREATE FUNCTION warehouse.set_timezone(zone text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
	IF zone = (SELECT timezone FROM warehouse.site) THEN
		RETURN false;
	END IF;
	PERFORM now() AT TIME ZONE zone; -- refuses what is no time zone
	UPDATE warehouse.site SET timezone = zone;
	PERFORM warehouse.fill_calendar();
	DELETE FROM warehouse.job_span;
	EXECUTE warehouse.days_statement('enter', 'warehouse.job');
	PERFORM warehouse.mark_all();
	RETURN true;
END
$$;
COMMENT ON FUNCTION warehouse.set_timezone(text) IS
	'Changes the time zone whose days all figures are by; all figures are then to be made anew.';

-- New metrics bring columns to the figures, too.
ALTER FUNCTION warehouse.align_columns() RENAME TO align_facts;
COMMENT ON FUNCTION warehouse.align_facts() IS
	'Adds the columns of new metrics to job_metric, comments them, makes the views; returns how many were added.';
CREATE FUNCTION warehouse.align_columns() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	added integer;
BEGIN
	added := warehouse.align_facts();
	PERFORM warehouse.align_usage();
	RETURN added;
END
$$;
COMMENT ON FUNCTION warehouse.align_columns() IS
	'Brings all columns that follow from the catalogue in line with it; returns how many metrics were added.';

DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT oid::regprocedure AS name, proname FROM pg_catalog.pg_proc
		WHERE pronamespace = 'warehouse'::regnamespace AND proname IN ('create_usage_year', 'fill_slice',
			'cube_keys', 'fill_part', 'refresh_cube', 'fold_columns', 'grouping_case', 'fold_dimensions', 'refresh_dimensions', 'is_helpers', 'refresh_histograms', 'range_seconds',
			'refresh_capacity', 'refresh_half', 'refresh_day', 'create_parts', 'put_parts', 'refresh_take', 'refresh_period', 'refresh_one', 'refresh_next', 'refresh',
			'first_known', 'mark_capacity', 'follow_history', 'follow_nodes', 'mark_all', 'set_timezone', 'align_columns')
	LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.name);
		IF f.proname NOT IN ('align_columns', 'set_timezone', 'mark_all') THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO jobsight_loader', f.name);
		END IF;
	END LOOP;
END
$$;
