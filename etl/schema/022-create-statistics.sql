-- SPDX-License-Identifier: Apache-2.0
-- Statistics by dimensions: every figure that is shown of the warehouse, each by a row that says what
-- it is called, in which unit, by which formula, and of how much of the time it is. The rows come
-- from conf/statistics/*.yaml, and from the catalogue for metrics that no row names.
--
-- A formula is SQL over the rows of its realm:
--   over measures   sums of usage_day or performance_day, by their names: core_s / 3600.0
--   over rows       aggregates of rows u of the realm's relation: count(DISTINCT u.person_id)
--   over jobs       aggregates of slices s, a row for each job and day (job_slice)
-- The first kind is answered by usage_period where the whole realm may be seen; the others, and all
-- questions of people who may not see all, by rows that row-level security picks.
-- Time is that of the site; begin and end are days, both inside; whatever the unit, a job counts once.

CREATE TABLE warehouse.realm (
	realm text PRIMARY KEY,
	position integer NOT NULL,
	label text NOT NULL,
	help text NOT NULL,
	relation text,
	filter text,
	dimensions_of text,
	statistics_of text,
	macros jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE warehouse.realm IS 'Areas that statistics are of.';
COMMENT ON COLUMN warehouse.realm.realm IS 'Id.';
COMMENT ON COLUMN warehouse.realm.position IS 'Order.';
COMMENT ON COLUMN warehouse.realm.label IS 'What people read.';
COMMENT ON COLUMN warehouse.realm.help IS 'What it is of.';
COMMENT ON COLUMN warehouse.realm.relation IS 'SQL of its rows, with a column day; NULL: jobs.';
COMMENT ON COLUMN warehouse.realm.filter IS 'Condition on its rows, which are called @.';
COMMENT ON COLUMN warehouse.realm.dimensions_of IS 'Realm whose dimensions it has, too.';
COMMENT ON COLUMN warehouse.realm.statistics_of IS 'Realm whose statistics it has, too.';
COMMENT ON COLUMN warehouse.realm.macros IS 'Expressions that formulas may use as {name}.';

CREATE TABLE warehouse.statistic (
	realm text NOT NULL REFERENCES warehouse.realm ON DELETE CASCADE,
	id text NOT NULL CHECK (id ~ '^[a-z][a-z0-9_]*$'),
	position integer NOT NULL,
	label text NOT NULL,
	unit text NOT NULL,
	formula text NOT NULL,
	over text NOT NULL CHECK (over IN ('measures', 'rows', 'jobs')),
	weight text,
	coverage text,
	metrics text[] NOT NULL DEFAULT '{}',
	help text NOT NULL,
	is_public boolean NOT NULL,
	is_additive boolean,
	PRIMARY KEY (realm, id)
);
COMMENT ON TABLE warehouse.statistic IS 'Figures: one row each.';
COMMENT ON COLUMN warehouse.statistic.realm IS 'Realm.';
COMMENT ON COLUMN warehouse.statistic.id IS 'Id; Open XDMoD''s where it has the figure.';
COMMENT ON COLUMN warehouse.statistic.position IS 'Order.';
COMMENT ON COLUMN warehouse.statistic.label IS 'What people read.';
COMMENT ON COLUMN warehouse.statistic.unit IS 'Unit.';
COMMENT ON COLUMN warehouse.statistic.formula IS 'SQL.';
COMMENT ON COLUMN warehouse.statistic.over IS 'What the formula is over: measures, rows or jobs.';
COMMENT ON COLUMN warehouse.statistic.weight IS 'What a mean is weighted by.';
COMMENT ON COLUMN warehouse.statistic.coverage IS 'SQL of the share of that weight which the figure is of; NULL: all.';
COMMENT ON COLUMN warehouse.statistic.metrics IS 'Columns of job_metric it needs; without one of them it has no value.';
COMMENT ON COLUMN warehouse.statistic.help IS 'What it tells, in a sentence.';
COMMENT ON COLUMN warehouse.statistic.is_public IS 'Whether everybody may ask for it, of groups of people.';
COMMENT ON COLUMN warehouse.statistic.is_additive IS
	'Whether its values may be added up; where its row does not say so, its formula does: none that divides or picks.';

CREATE TABLE warehouse.dimension (
	realm text NOT NULL REFERENCES warehouse.realm ON DELETE CASCADE,
	id text NOT NULL CHECK (id ~ '^[a-z][a-z0-9_]*$'),
	position integer NOT NULL,
	label text NOT NULL,
	help text NOT NULL,
	value text NOT NULL,
	label_of text,
	over text NOT NULL CHECK (over IN ('rows', 'jobs')),
	cube text,
	metrics text[] NOT NULL DEFAULT '{}',
	is_public boolean NOT NULL,
	PRIMARY KEY (realm, id)
);
COMMENT ON TABLE warehouse.dimension IS 'What figures can be had by: one row each.';
COMMENT ON COLUMN warehouse.dimension.realm IS 'Realm.';
COMMENT ON COLUMN warehouse.dimension.id IS 'Id; Open XDMoD''s where it has the dimension.';
COMMENT ON COLUMN warehouse.dimension.position IS 'Order.';
COMMENT ON COLUMN warehouse.dimension.label IS 'What people read.';
COMMENT ON COLUMN warehouse.dimension.help IS 'What it sorts by.';
COMMENT ON COLUMN warehouse.dimension.value IS 'SQL of the value over a row u, or a slice s.';
COMMENT ON COLUMN warehouse.dimension.label_of IS 'SQL of what people read for the value v.value (text); NULL: the value.';
COMMENT ON COLUMN warehouse.dimension.over IS 'Whether rows know it, or jobs only.';
COMMENT ON COLUMN warehouse.dimension.cube IS 'Its name in usage_dimension; NULL: not kept ready.';
COMMENT ON COLUMN warehouse.dimension.metrics IS 'Columns of job_metric it needs.';
COMMENT ON COLUMN warehouse.dimension.is_public IS 'Whether everybody may ask by it.';

-- Community accounts of gateways: portals that submit jobs for people who have no login.
CREATE TABLE warehouse.gateway (
	person_id integer PRIMARY KEY REFERENCES warehouse.person,
	name text NOT NULL CHECK (name <> ''),
	acronym text NOT NULL CHECK (acronym <> '')
);
COMMENT ON TABLE warehouse.gateway IS 'Logins under which gateways submit jobs. The site fills it.';
COMMENT ON COLUMN warehouse.gateway.person_id IS 'The login.';
COMMENT ON COLUMN warehouse.gateway.name IS 'Gateway.';
COMMENT ON COLUMN warehouse.gateway.acronym IS 'Short.';

ALTER TABLE warehouse.site ADD public_group integer DEFAULT 5 CHECK (public_group >= 2);
COMMENT ON COLUMN warehouse.site.public_group IS 'Least number of people in a figure that everybody may see; NULL: nothing is shown to everybody.';

-- Buckets of metrics. As compat's, but that 0 is in the first and what was not measured in none.
CREATE FUNCTION warehouse.class_of(of_kind text, x double precision) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT min(b.id) FROM compat.bucket b WHERE b.kind = of_kind AND b.label <> 'NA'
		AND x <= b.high + 1e-7 * abs(b.high)
$$;
COMMENT ON FUNCTION warehouse.class_of(text, double precision) IS
	'The bucket of a measured value: (10, 20] ..., the first with all that is below; NULL: not measured.';
CREATE FUNCTION warehouse.class_label(of_kind text, of_class integer) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT label FROM compat.bucket WHERE kind = of_kind AND id = of_class
$$;
COMMENT ON FUNCTION warehouse.class_label(text, integer) IS 'What people read for a bucket.';
CREATE FUNCTION warehouse.science_at(the_science integer, depth integer) RETURNS integer
LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
	WITH RECURSIVE up (science_id, parent_id, place) AS (
		SELECT s.science_id, s.parent_id, 0 FROM warehouse.science s WHERE s.science_id = the_science
		UNION ALL SELECT s.science_id, s.parent_id, up.place + 1
			FROM up JOIN warehouse.science s ON s.science_id = up.parent_id WHERE up.place < 32)
	SELECT science_id FROM up ORDER BY place DESC OFFSET least(depth, (SELECT max(place) FROM up)) LIMIT 1
$$;
COMMENT ON FUNCTION warehouse.science_at(integer, integer) IS
	'The field of science that a field belongs to: 0 the top of the tree, 1 below it; the field itself where the tree is less deep.';

-- One row for each job and day, with seconds, classes and what was measured: what formulas over
-- jobs are over. Made anew when the catalogue changes; new columns come last.
CREATE FUNCTION warehouse.create_slices() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	metrics text;
	told text;
	definition text;
	c record;
BEGIN
	SELECT string_agg(format(', (%s)::smallint AS %I', x.value, x.name), '' ORDER BY x.name) INTO told FROM warehouse.slice_column x;
	SELECT coalesce(string_agg(format(CASE audience
			WHEN 'staff' THEN ', CASE WHEN (SELECT warehouse.viewer_is_staff()'
				' OR pg_has_role(''jobsight_analyst'', ''USAGE'')) THEN m.%1$I END AS %1$I'
			ELSE ', m.%1$I' END, column_name), '' ORDER BY metric_id), '')
		INTO metrics FROM warehouse.metric WHERE column_name IS NOT NULL;
	definition := format('VIEW warehouse.job_slice WITH (security_invoker = true) AS '
		'SELECT s.*%s FROM (SELECT d.*, d.wall_s * d.cores::bigint AS core_s, d.wall_s * d.nodes::bigint AS node_s, '
		'd.wall_s * d.gpus::bigint AS gpu_s, '
		'(width_bucket(d.whole_s, %L::float8[]) - 1)::smallint AS wall_class, '
		'(width_bucket(d.wait_s, %L::float8[]) - 1)::smallint AS wait_class%s FROM warehouse.job_day d '
		'LEFT JOIN warehouse.job_metric m ON m.job_id = d.job_id AND m.end_t = d.end_t) s',
		told, warehouse.bounds('wall'), warehouse.bounds('wait'), metrics);
	BEGIN
		EXECUTE 'CREATE OR REPLACE ' || definition;
	EXCEPTION WHEN invalid_table_definition THEN
		DROP VIEW warehouse.job_slice;
		EXECUTE 'CREATE ' || definition;
	END;
	COMMENT ON VIEW warehouse.job_slice IS
		'One row for each job and day: its part of the day, and what was measured of the whole job.';
	FOR c IN
		SELECT a.attname AS name, col_description(a.attrelid, a.attnum) AS help
			FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'warehouse.job_day'::regclass AND a.attnum > 0
		UNION ALL VALUES ('core_s', 'Cores times the seconds of the day.'), ('node_s', 'Nodes times the seconds of the day.'),
			('gpu_s', 'GPUs times the seconds of the day.'), ('wall_class', 'Bucket of dimension wall.'),
			('wait_class', 'Bucket of dimension wait.')
		UNION ALL SELECT column_name, warehouse.metric_comment(m) FROM warehouse.metric m
			WHERE column_name IS NOT NULL
		UNION ALL SELECT x.name, x.help FROM warehouse.slice_column x
	LOOP
		EXECUTE format('COMMENT ON COLUMN warehouse.job_slice.%I IS %L', c.name, c.help);
	END LOOP;
	GRANT SELECT ON warehouse.job_slice TO jobsight_loader, jobsight_portal, jobsight_analyst;
END
$$;
COMMENT ON FUNCTION warehouse.create_slices() IS 'Makes the view job_slice.';

-- Puts the rows of a file of conf/statistics: all of a realm that it names for the first time, or
-- more rows of one that is there. Scalars of YAML are texts.
CREATE FUNCTION warehouse.put_realm(file jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	the_realm text := file ->> 'realm';
	defaults jsonb := coalesce(file -> 'defaults', '{}');
	wrong text;
BEGIN
	SELECT string_agg(DISTINCT key, ', ') INTO wrong FROM (
		SELECT key FROM jsonb_object_keys(file) key WHERE key NOT IN
			('realm', 'position', 'label', 'help', 'relation', 'filter', 'define', 'defaults', 'dimensions_of',
				'statistics_of', 'dimensions', 'statistics')
		UNION ALL SELECT key FROM jsonb_array_elements(coalesce(file -> 'statistics', '[]')) x, jsonb_object_keys(x) key
			WHERE key NOT IN ('id', 'label', 'unit', 'formula', 'over', 'weight', 'coverage', 'metrics', 'help', 'public',
				'additive')
		UNION ALL SELECT key FROM jsonb_array_elements(coalesce(file -> 'dimensions', '[]')) x, jsonb_object_keys(x) key
			WHERE key NOT IN ('id', 'label', 'help', 'value', 'label_of', 'over', 'cube', 'metrics', 'public')) k;
	IF wrong IS NOT NULL OR the_realm IS NULL THEN
		RAISE EXCEPTION '%', coalesce('unknown: ' || wrong, 'it names no realm');
	END IF;
	INSERT INTO warehouse.realm AS r (realm, position, label, help, relation, filter, dimensions_of, statistics_of, macros)
		VALUES (the_realm, coalesce((file ->> 'position')::integer, 100), coalesce(file ->> 'label', the_realm),
			coalesce(file ->> 'help', ''), file ->> 'relation', file ->> 'filter',
			file ->> 'dimensions_of', file ->> 'statistics_of', coalesce(file -> 'define', '{}'))
		ON CONFLICT (realm) DO UPDATE SET macros = r.macros || EXCLUDED.macros;
	INSERT INTO warehouse.dimension AS d (realm, id, position, label, help, value, label_of, over, cube, metrics, is_public)
		SELECT the_realm, x ->> 'id', n, x ->> 'label', x ->> 'help',
			coalesce(x ->> 'value', (SELECT u.value FROM warehouse.usage_dimension u WHERE u.name = x ->> 'cube')), x ->> 'label_of',
			coalesce(x ->> 'over', defaults ->> 'dimensions', 'rows'), x ->> 'cube',
			ARRAY(SELECT jsonb_array_elements_text(x -> 'metrics')), coalesce(x ->> 'public', defaults ->> 'public', 'yes')::boolean
		FROM jsonb_array_elements(coalesce(file -> 'dimensions', '[]')) WITH ORDINALITY e (x, n)
		ON CONFLICT (realm, id) DO UPDATE SET (label, help, value, label_of, over, cube, metrics, is_public)
			= (EXCLUDED.label, EXCLUDED.help, EXCLUDED.value, EXCLUDED.label_of, EXCLUDED.over, EXCLUDED.cube,
				EXCLUDED.metrics, EXCLUDED.is_public);
	INSERT INTO warehouse.statistic AS s (realm, id, position, label, unit, formula, over, weight, coverage, metrics, help, is_public,
			is_additive)
		SELECT the_realm, x ->> 'id', n, x ->> 'label', x ->> 'unit', x ->> 'formula',
			coalesce(x ->> 'over', defaults ->> 'statistics', 'measures'), x ->> 'weight', x ->> 'coverage',
			ARRAY(SELECT jsonb_array_elements_text(x -> 'metrics')), x ->> 'help',
			coalesce((coalesce(x ->> 'public', defaults ->> 'public'))::boolean,
				coalesce(x ->> 'over', defaults ->> 'statistics', 'measures') = 'measures'),
			(x ->> 'additive')::boolean
		FROM jsonb_array_elements(coalesce(file -> 'statistics', '[]')) WITH ORDINALITY e (x, n)
		ON CONFLICT (realm, id) DO UPDATE SET (label, unit, formula, over, weight, coverage, metrics, help, is_public,
				is_additive)
			= (EXCLUDED.label, EXCLUDED.unit, EXCLUDED.formula, EXCLUDED.over, EXCLUDED.weight, EXCLUDED.coverage,
				EXCLUDED.metrics, EXCLUDED.help, EXCLUDED.is_public, EXCLUDED.is_additive);
END
$$;
COMMENT ON FUNCTION warehouse.put_realm(jsonb) IS 'Puts the rows of one file of conf/statistics.';

-- Takes the expressions that slice_column is made of from the realms. Where one is another now, what was
-- made of it is marked to be made anew. Texts that an expression gives are those that are written in it.
-- Without a metric that the dimension of its name needs, it cannot be told.
CREATE FUNCTION warehouse.align_slices() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE warehouse.slice_column c SET labels = c.labels || ARRAY(
			SELECT x.label FROM (SELECT replace(l.label[1], '''''', '''') AS label, min(l.n) AS n
				FROM regexp_matches(r.macros ->> c.name, '''((?:[^'']|'''')*)''', 'g') WITH ORDINALITY l (label, n) GROUP BY 1) x
			WHERE x.label <> ALL (c.labels) ORDER BY x.n)
		FROM warehouse.realm r WHERE r.realm = c.realm AND r.macros ? c.name AND c.labels IS NOT NULL;
	UPDATE warehouse.slice_column c SET value = n.value
		FROM (SELECT x.name, CASE WHEN r.macros ? x.name AND NOT EXISTS (SELECT FROM warehouse.dimension d, unnest(d.metrics) m
				WHERE d.realm = x.realm AND d.id = x.name AND m NOT IN (SELECT column_name FROM warehouse.metric
					WHERE column_name IS NOT NULL))
			THEN CASE WHEN x.labels IS NULL THEN r.macros ->> x.name
				ELSE format('array_position(%L::text[], (%s))', x.labels, r.macros ->> x.name) END
			ELSE 'NULL' END AS value
			FROM warehouse.slice_column x LEFT JOIN warehouse.realm r ON r.realm = x.realm) n
		WHERE n.name = c.name AND n.value <> c.value;
	IF FOUND THEN
		INSERT INTO warehouse.dirty (day, cluster_id)
			SELECT DISTINCT period, cluster_id FROM warehouse.performance_period WHERE unit = 'day' AND dimension_id = 0;
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.align_slices() IS
	'Brings slice_column in line with the realms, and marks all days when that changes what jobs are told apart by.';

-- A statistic of its own for each metric that no row is about, so that a new stanza has one.
CREATE FUNCTION warehouse.put_metric_statistics() RETURNS void
LANGUAGE sql AS $$
	INSERT INTO warehouse.statistic (realm, id, position, label, unit, formula, over, weight, coverage, metrics, help, is_public)
	SELECT 'SUPREMM', v.id, 1000 + 10 * m.metric_id + v.place, v.label, v.unit, v.formula, 'measures', v.weight,
		v.coverage, ARRAY[m.column_name], m.help, m.audience <> 'staff' AND m.aggregate IN ('mean', 'sum')
	FROM warehouse.metric m
	CROSS JOIN LATERAL (SELECT CASE coalesce(m.weight, m.also_per) WHEN 'core seconds' THEN 'core_s'
		WHEN 'node seconds' THEN 'node_s' WHEN 'gpu seconds' THEN 'gpu_s' WHEN 'job' THEN 'ended_jobs'
		ELSE 'wall_s' END AS whole) w
	CROSS JOIN LATERAL (VALUES
		('mean', 1, 'metric_' || m.column_name, m.label, m.unit, format('%1$s_xw / nullif(%1$s_w, 0)', m.column_name),
			m.weight, format('%s_w / nullif(%s, 0)', m.column_name, w.whole)),
		('sum', 1, 'metric_' || m.column_name, m.label || ': total', m.unit, m.column_name || '_x',
			m.also_per, format('%s_w / nullif(%s, 0)', m.column_name, w.whole)),
		('sum', 2, 'metric_' || m.column_name || '_rate', m.label || ': per second of ' || split_part(m.also_per, ' ', 1), m.unit || '/s',
			format('%1$s_x / nullif(%1$s_w, 0)', m.column_name), m.also_per, format('%s_w / nullif(%s, 0)', m.column_name, w.whole)),
		('max', 1, 'metric_' || m.column_name, m.label, m.unit, m.column_name || '_max', NULL,
			format('%s_w / nullif(wall_s, 0)', m.column_name)),
		('min', 1, 'metric_' || m.column_name, m.label, m.unit, m.column_name || '_min', NULL,
			format('%s_w / nullif(wall_s, 0)', m.column_name))
	) v (kind, place, id, label, unit, formula, weight, coverage)
	WHERE m.column_name IS NOT NULL AND m.name NOT LIKE 'compat.%' AND v.kind = m.aggregate
		AND (v.place = 1 OR m.also_per IS NOT NULL)
		AND EXISTS (SELECT FROM warehouse.realm WHERE realm = 'SUPREMM')
		AND NOT EXISTS (SELECT FROM warehouse.statistic s WHERE s.realm = 'SUPREMM' AND s.id = v.id)
$$;
COMMENT ON FUNCTION warehouse.put_metric_statistics() IS 'Puts a statistic for each metric that has none.';
