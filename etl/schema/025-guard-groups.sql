-- SPDX-License-Identifier: Apache-2.0
-- What everybody may ask. Months are the finest there is, quarters are not asked for, and there are no filters: of
-- figures that overlap, differences would tell of the few who are in one and not in the other. Least, greatest and
-- percentiles are single jobs' and closed.
--
-- A group of a month is shown when it is of enough people (site.public_group) of whom none has nearly
-- all of its work or jobs (site.public_share). Other groups are put together as "others", with the next
-- larger ones until that is such a group, too. Which these are follows from who ran jobs in the
-- month, not from the statistic, so that figures of different statistics are of the same groups.
-- Three things then close a dimension for a month:
--   no others can be made that are large enough;
--   in one of the groups somebody has a part in the figure, but too few have;
--   with the groups of a dimension that comes before it, a group too small could be told: a group
--   less all those of the other dimension that are within it (queues within a cluster, say).
-- A month is shown when it is over: of two answers about a month that goes on the difference is a day's.

ALTER TABLE warehouse.site ADD public_share real NOT NULL DEFAULT 0.8 CHECK (public_share > 0 AND public_share <= 1);
COMMENT ON COLUMN warehouse.site.public_share IS
	'Greatest share of the core time or the jobs of a figure that everybody may see which one person may have.';

CREATE FUNCTION warehouse.is_group(people bigint, top_work double precision, work double precision,
	top_jobs double precision, jobs double precision) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT people >= s.public_group AND coalesce(top_work, 0) <= s.public_share * coalesce(work, 0) + 1e-9
		AND coalesce(top_jobs, 0) <= s.public_share * coalesce(jobs, 0) + 1e-9 FROM warehouse.site s
$$;
COMMENT ON FUNCTION warehouse.is_group(bigint, double precision, double precision, double precision, double precision) IS
	'Whether a figure of so many people, the first of whom has so much of it, is one of a group.';

-- SQL of common table expressions, for WITH RECURSIVE: of rows NAME (period, value, person_id, work, jobs)
-- the groups NAME_cell (period, value, cell), cell NULL: others. Months that cannot be shown have none.
CREATE FUNCTION warehouse.public_cells(name text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT replace($q$
@_group AS (SELECT period, value, count(*) AS people, warehouse.is_group(count(*), max(work), sum(work), max(jobs), sum(jobs)) AS is_large
	FROM @ GROUP BY 1, 2),
@_order AS (SELECT g.*, row_number() OVER (PARTITION BY period ORDER BY is_large, people, value NULLS FIRST) AS place,
	count(*) OVER (PARTITION BY period) AS n_all, count(*) FILTER (WHERE NOT is_large) OVER (PARTITION BY period) AS n_small
	FROM @_group g),
@_try (period, n, n_all, is_large) AS (
	SELECT DISTINCT period, n_small - 1, n_all, n_small = 0 FROM @_order
	UNION ALL SELECT t.period, t.n + 1, t.n_all, y.is_large FROM @_try t CROSS JOIN LATERAL (
		SELECT warehouse.is_group(count(*), max(x.work), sum(x.work), max(x.jobs), sum(x.jobs)) AS is_large
		FROM (SELECT sum(r.work) AS work, sum(r.jobs) AS jobs FROM @_order o JOIN @ r ON r.period = o.period
			AND r.value IS NOT DISTINCT FROM o.value WHERE o.period = t.period AND o.place <= t.n + 1 GROUP BY r.person_id) x) y
	WHERE NOT t.is_large AND t.n < t.n_all),
@_cell AS (SELECT o.period, o.value, CASE WHEN o.place > t.n THEN coalesce('=' || o.value, 'null') END AS cell
	FROM @_order o JOIN @_try t ON t.period = o.period AND t.is_large)$q$, '@', name)
$$;
COMMENT ON FUNCTION warehouse.public_cells(text) IS 'The groups that everybody may see, SQL.';

-- Work and jobs of people by month and by the values of dimensions: what groups are made of.
CREATE FUNCTION warehouse.public_people(q warehouse.question, dimension_values text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	-- Whatever the figure: groups of accounting and of what was measured are the same.
	q.cube := 'usage';
	q.source := 'day';
	RETURN format('SELECT date_trunc(''month'', u.day::timestamp)::date AS period, %s, u.person_id, sum(u.core_s)::float8 AS work, '
		'sum(u.started_jobs + u.ended_jobs + CASE WHEN u.day = date_trunc(''month'', u.day::timestamp)::date THEN u.begin_jobs ELSE 0 END)::float8 AS jobs ',
		dimension_values) || warehouse.question_rows(q);
END
$$;
COMMENT ON FUNCTION warehouse.public_people(warehouse.question, text) IS 'Who did how much in a month, SQL.';

-- The months in which the groups of two dimensions tell of a group that is too small: for each group of
-- the one, what is left of the groups of the other that it lies in when all groups within these are
-- taken off.
CREATE FUNCTION warehouse.public_leaks(q warehouse.question, other warehouse.dimension, begin date, "end" date) RETURNS date[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
	leaks date[];
BEGIN
	EXECUTE format('WITH RECURSIVE r AS MATERIALIZED (%s GROUP BY 1, 2, 3, 4), '
		'a AS MATERIALIZED (SELECT period, a AS value, person_id, sum(work) AS work, sum(jobs) AS jobs FROM r GROUP BY 1, 2, 3), %s, '
		'b AS MATERIALIZED (SELECT period, b AS value, person_id, sum(work) AS work, sum(jobs) AS jobs FROM r GROUP BY 1, 2, 3), %s, '
		'c AS MATERIALIZED (SELECT r.period, coalesce(x.cell, ''others'') AS a, coalesce(y.cell, ''others'') AS b, r.person_id, '
		'sum(r.work) AS work, sum(r.jobs) AS jobs FROM r JOIN a_cell x ON x.period = r.period AND x.value IS NOT DISTINCT FROM r.a '
		'JOIN b_cell y ON y.period = r.period AND y.value IS NOT DISTINCT FROM r.b GROUP BY 1, 2, 3, 4), '
		'l AS (%s UNION ALL %s) SELECT array_agg(DISTINCT period) FROM l',
		warehouse.public_people(q, format('(%s)::text AS a, (%s)::text AS b', ((q).dimension).value, other.value)),
		warehouse.public_cells('a'), warehouse.public_cells('b'),
		warehouse.public_rest('a', 'b'), warehouse.public_rest('b', 'a')) INTO leaks USING begin, "end";
	RETURN coalesce(leaks, '{}');
END
$$;
COMMENT ON FUNCTION warehouse.public_leaks(warehouse.question, warehouse.dimension, date, date) IS
	'The months in which the groups of two dimensions tell of one that is too small.';

CREATE FUNCTION warehouse.public_rest(whole text, part text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT replace(replace($q$
SELECT s.period FROM (SELECT o.period, o.within, c.person_id, sum(c.work) AS work, sum(c.jobs) AS jobs
	FROM (SELECT DISTINCT period, array_agg(DISTINCT @whole) AS within FROM c GROUP BY period, @part) o
	JOIN c ON c.period = o.period AND c.@whole = ANY (o.within)
	JOIN (SELECT period, @part, array_agg(DISTINCT @whole) AS within FROM c GROUP BY 1, 2) i ON i.period = c.period AND i.@part = c.@part
	WHERE NOT i.within <@ o.within GROUP BY 1, 2, 3) s
GROUP BY s.period, s.within HAVING NOT warehouse.is_group(count(*), max(s.work), sum(s.work), max(s.jobs), sum(s.jobs))$q$,
		'@whole', whole), '@part', part)
$$;
COMMENT ON FUNCTION warehouse.public_rest(text, text) IS 'Of public_leaks: the months of what is left that is too small, SQL.';

-- The question, when everybody may ask it of these days.
CREATE FUNCTION warehouse.public_question(realm text, statistic text, dimension text, begin date, "end" date)
	RETURNS warehouse.question
LANGUAGE plpgsql STABLE AS $$
DECLARE
	q warehouse.question := warehouse.find_question(realm, statistic, dimension, 'month', false, '{}', false);
	s warehouse.statistic := (q).statistic;
	d warehouse.dimension := (q).dimension;
BEGIN
	IF NOT s.is_public OR NOT d.is_public OR s.over <> 'measures' OR (q).source NOT IN ('day', 'jobs')
			OR d.over <> 'rows' OR d.id IN ('day', 'quarter', 'year') OR position('@' IN s.formula) > 0 OR s.formula ~ '_sq\M' THEN
		RAISE EXCEPTION '% by % is not public', s.id, d.id USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF NOT warehouse.is_aligned('month', begin, "end") THEN
		RAISE EXCEPTION 'the public asks for whole months' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF "end" - begin > 3660 THEN
		RAISE EXCEPTION 'the public asks for ten years at most' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN q;
END
$$;
COMMENT ON FUNCTION warehouse.public_question(text, text, text, date, date) IS 'Looks up what everybody may ask; refuses the rest.';

CREATE FUNCTION warehouse.public_statistic(realm text, statistic text, dimension text, begin date, "end" date)
	RETURNS TABLE (period date, dimension_value text, value double precision, people bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
	q warehouse.question := warehouse.public_question(realm, statistic, dimension, begin, "end");
	s warehouse.statistic := (q).statistic;
	d warehouse.dimension := (q).dimension;
	-- The last day of the last month that is over.
	over date := (SELECT date_trunc('month', now() AT TIME ZONE site.timezone)::date - 1 FROM warehouse.site);
	a text := CASE (q).source WHEN 'jobs' THEN 's' ELSE 'u' END; -- what rows are called
	month text := format('date_trunc(''month'', %s.day::timestamp)::date', a);
	other warehouse.dimension;
	closed date[] := '{}';
	sums text;    -- of each person
	folds text;   -- of a group
	people text;  -- who has a part in the figure: of each sum it is made of, those who have one that is not 0
	few text;     -- whether too few have
BEGIN
	"end" := least("end", over);
	IF begin > "end" OR EXISTS (SELECT FROM unnest(s.metrics) n WHERE n NOT IN (SELECT column_name FROM warehouse.metric
			WHERE column_name IS NOT NULL AND audience <> 'staff')) THEN
		RETURN;
	END IF;
	FOR other IN SELECT x.* FROM warehouse.dimension x WHERE x.realm = d.realm AND x.is_public AND x.over = 'rows'
			AND x.metrics = '{}' AND (x.position, x.id) < (d.position, d.id)
			AND x.id NOT IN ('none', 'day', 'month', 'quarter', 'year') AND d.id NOT IN ('none', 'month') LOOP
		closed := closed || warehouse.public_leaks(q, other, begin, "end");
	END LOOP;
	SELECT coalesce(string_agg(format(', %s AS %I', CASE
		WHEN a = 's' THEN replace(m.aggregate, 's.running_begin', format('s.running_begin AND s.day = %s', month))
		WHEN m.fold = 'begin' THEN format('coalesce(sum(u.%I) FILTER (WHERE u.day = %s), 0)', m.name, month)
		ELSE format('%s(u.%I)', m.fold, m.name) END, m.name), ''), ''),
			coalesce(string_agg(format(', %s(p.%I) AS %I', replace(m.fold, 'begin', 'sum'), m.name, m.name), ''), ''),
			format('coalesce(least(%s), 0)', string_agg(format('nullif(count(*) FILTER (WHERE p.%I <> 0), 0)', m.name), ', ')),
			string_agg(format('count(*) FILTER (WHERE p.%I <> 0) BETWEEN 1 AND (SELECT public_group - 1 FROM warehouse.site)', m.name), ' OR ')
		INTO sums, folds, people, few FROM warehouse.measures_of(s.formula, (q).cube) m;
	RETURN QUERY EXECUTE format('WITH RECURSIVE r AS MATERIALIZED (%s GROUP BY 1, 2, 3), %s, '
		'f AS (SELECT %s AS period, (%s)::text AS value, %s.person_id%s %s GROUP BY 1, 2, 3), '
		'p AS (SELECT f.period, k.cell, min(f.value) AS value, f.person_id%s FROM f JOIN r_cell k ON k.period = f.period '
		'AND k.value IS NOT DISTINCT FROM f.value WHERE f.period <> ALL ($3) GROUP BY 1, 2, 4), '
		'v AS (SELECT p.period, p.cell, min(p.value) AS value, %s AS people, %s AS is_few%s FROM p GROUP BY 1, 2), '
		'w AS (SELECT v.*, bool_or(v.is_few) OVER (PARTITION BY v.period) AS is_closed FROM v) '
		'SELECT v.period, CASE WHEN v.cell IS NULL THEN ''others'' ELSE coalesce(%s, v.value, ''not known'') END, (%s)::float8, v.people '
		'FROM w v WHERE NOT v.is_closed AND v.people > 0 ORDER BY 1, 3 DESC NULLS LAST, 2',
		warehouse.public_people(q, format('(%s)::text AS value', d.value)), warehouse.public_cells('r'),
		month, CASE a WHEN 's' THEN regexp_replace(d.value, '\mu\.', 's.', 'g') ELSE d.value END, a, sums,
		warehouse.question_rows(q), replace(folds, 'p.', 'f.'),
		people, few, folds, coalesce(d.label_of, 'NULL'), s.formula)
		USING begin, "end", closed;
END
$$;
COMMENT ON FUNCTION warehouse.public_statistic(text, text, text, date, date) IS
	'A statistic by a dimension and month that everybody may see: of groups of people, smaller ones put together as others; months that are over.';

REVOKE ALL ON FUNCTION warehouse.public_statistic(text, text, text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.public_statistic(text, text, text, date, date)
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
REVOKE ALL ON FUNCTION warehouse.is_group(bigint, double precision, double precision, double precision, double precision),
	warehouse.public_cells(text), warehouse.public_people(warehouse.question, text), warehouse.public_rest(text, text),
	warehouse.public_leaks(warehouse.question, warehouse.dimension, date, date),
	warehouse.public_question(text, text, text, date, date) FROM PUBLIC;
