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
--
-- Nobody waits for that: publish_next makes the groups of each month once, with all sums that public statistics are
-- made of and how many people have a part in each. A question reads these (public_cell) and nothing else.

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

CREATE TABLE warehouse.public_month (
	period date PRIMARY KEY,
	made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE warehouse.public_month IS 'Months of which public_cell says what everybody may see; without a row a month is to be made.';
COMMENT ON COLUMN warehouse.public_month.period IS 'First day of the month.';
COMMENT ON COLUMN warehouse.public_month.made_at IS 'When it was made.';
CREATE TABLE warehouse.public_cell (
	realm text NOT NULL,
	dimension text NOT NULL,
	cube text NOT NULL,
	period date NOT NULL,
	is_others boolean NOT NULL,
	value text,
	sums jsonb NOT NULL,
	people jsonb NOT NULL
);
CREATE INDEX public_cell_key ON warehouse.public_cell (realm, dimension, cube, period);
COMMENT ON TABLE warehouse.public_cell IS 'Groups of people large enough to be told of, with the sums of what they did.';
COMMENT ON COLUMN warehouse.public_cell.realm IS 'Realm.';
COMMENT ON COLUMN warehouse.public_cell.dimension IS 'Dimension of the realm.';
COMMENT ON COLUMN warehouse.public_cell.cube IS 'Whose measures the sums are of: usage or performance.';
COMMENT ON COLUMN warehouse.public_cell.period IS 'First day of the month.';
COMMENT ON COLUMN warehouse.public_cell.is_others IS 'Whether it is of several values put together.';
COMMENT ON COLUMN warehouse.public_cell.value IS 'Value of the dimension; NULL: not known, or others.';
COMMENT ON COLUMN warehouse.public_cell.sums IS 'Measures by name.';
COMMENT ON COLUMN warehouse.public_cell.people IS 'How many people have a part in each measure that is not 0.';

CREATE FUNCTION warehouse.is_public(s warehouse.statistic, d warehouse.dimension) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
	SELECT s.is_public AND s.over = 'measures' AND position('@' IN s.formula) = 0 AND s.formula !~ '_sq\M'
		AND d.is_public AND d.over = 'rows' AND d.metrics = '{}' AND d.id NOT IN ('day', 'quarter', 'year')
$$;
COMMENT ON FUNCTION warehouse.is_public(warehouse.statistic, warehouse.dimension) IS 'Whether everybody may ask for it.';

-- Work and jobs of people by month and by the values v_... of all public dimensions of a realm, in the temporary table
-- public_work: what groups are made of. Whatever the figure: groups of accounting and of what was measured are the same.
CREATE FUNCTION warehouse.fill_public_work(q warehouse.question, begin date, "end" date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	items text;
	names text;
BEGIN
	SELECT string_agg(format('(%s)::text AS %I', d.value, 'v_' || d.id), ', '), string_agg(quote_ident('v_' || d.id), ', ')
		INTO items, names FROM warehouse.dimension d
		WHERE d.realm = ((q).realm).realm AND warehouse.is_public((q).statistic, d);
	q.cube := 'usage';
	q.source := 'day';
	IF to_regclass('pg_temp.public_work') IS NOT NULL THEN
		DROP TABLE pg_temp.public_work;
	END IF;
	EXECUTE format('CREATE TEMPORARY TABLE public_work ON COMMIT DROP AS SELECT date_trunc(''month'', u.day::timestamp)::date AS period, '
		'%s, u.person_id, sum(u.core_s)::float8 AS work, '
		'sum(u.started_jobs + u.ended_jobs + CASE WHEN u.day = date_trunc(''month'', u.day::timestamp)::date THEN u.begin_jobs ELSE 0 END)::float8 AS jobs '
		'%s GROUP BY period, %s, u.person_id', items, warehouse.question_rows(q), names) USING begin, "end";
	ANALYZE pg_temp.public_work;
END
$$;
COMMENT ON FUNCTION warehouse.fill_public_work(warehouse.question, date, date) IS 'Puts who did how much in a month into the temporary table public_work.';

-- The months in which the groups of two dimensions tell of a group that is too small: for each group of
-- the one, what is left of the groups of the other that it lies in when all groups within these are
-- taken off.
CREATE FUNCTION warehouse.public_leaks(one text, other text) RETURNS date[]
LANGUAGE plpgsql AS $$
DECLARE
	leaks date[];
BEGIN
	EXECUTE format('WITH RECURSIVE r AS MATERIALIZED (SELECT period, %I AS a, %I AS b, person_id, sum(work) AS work, sum(jobs) AS jobs '
		'FROM pg_temp.public_work GROUP BY 1, 2, 3, 4), '
		'a AS MATERIALIZED (SELECT period, a AS value, person_id, sum(work) AS work, sum(jobs) AS jobs FROM r GROUP BY 1, 2, 3), %s, '
		'b AS MATERIALIZED (SELECT period, b AS value, person_id, sum(work) AS work, sum(jobs) AS jobs FROM r GROUP BY 1, 2, 3), %s, '
		'c AS MATERIALIZED (SELECT r.period, coalesce(x.cell, ''others'') AS a, coalesce(y.cell, ''others'') AS b, r.person_id, '
		'sum(r.work) AS work, sum(r.jobs) AS jobs FROM r JOIN a_cell x ON x.period = r.period AND x.value IS NOT DISTINCT FROM r.a '
		'JOIN b_cell y ON y.period = r.period AND y.value IS NOT DISTINCT FROM r.b GROUP BY 1, 2, 3, 4), '
		'l AS (%s UNION ALL %s) SELECT array_agg(DISTINCT period) FROM l',
		'v_' || one, 'v_' || other, warehouse.public_cells('a'), warehouse.public_cells('b'),
		warehouse.public_rest('a', 'b'), warehouse.public_rest('b', 'a')) INTO leaks;
	RETURN coalesce(leaks, '{}');
END
$$;
COMMENT ON FUNCTION warehouse.public_leaks(text, text) IS
	'The months of public_work in which the groups of two dimensions tell of one that is too small.';

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

-- The groups of a dimension with these measures, of the months of public_work but those that are closed ($3). f: of each
-- person and value, p: of each person in a group.
CREATE FUNCTION warehouse.put_public_cells(q warehouse.question, measures text[], begin date, "end" date, closed date[]) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	a text := CASE (q).source WHEN 'jobs' THEN 's' ELSE 'u' END; -- what rows are called
	month text := format('date_trunc(''month'', %s.day::timestamp)::date', a);
	value text := ((q).dimension).value;
	sums text;  -- of each person
	folds text; -- of a group
	parts text; -- who has a part in them
	names record; -- of both
BEGIN
	SELECT coalesce(string_agg(format(', %s AS %I', CASE
		WHEN a = 's' THEN replace(m.aggregate, 's.running_begin', format('s.running_begin AND s.day = %s', month))
		WHEN m.fold = 'begin' THEN format('coalesce(sum(u.%I) FILTER (WHERE u.day = %s), 0)', m.name, month)
		ELSE format('%s(u.%I)', m.fold, m.name) END, m.name), ''), ''),
			string_agg(format('%s(p.%I) AS %I', replace(m.fold, 'begin', 'sum'), m.name, m.name), ', '),
			string_agg(format('count(*) FILTER (WHERE p.%I <> 0) AS %I', m.name, 'people ' || m.name), ', ')
		INTO sums, folds, parts FROM warehouse.usage_column m WHERE m.cube = (q).cube AND m.name = ANY (measures);
	SELECT string_agg(format('v.%I', m), ', ') AS sums, string_agg(format('v.%I AS %I', 'people ' || m, m), ', ') AS people
		INTO names FROM (SELECT DISTINCT m FROM unnest(measures) m) m;
	EXECUTE format('INSERT INTO warehouse.public_cell (realm, dimension, cube, period, is_others, value, sums, people) '
		'WITH RECURSIVE r AS MATERIALIZED (SELECT period, %I AS value, person_id, sum(work) AS work, sum(jobs) AS jobs '
		'FROM pg_temp.public_work GROUP BY 1, 2, 3), %s, '
		'f AS (SELECT %s AS period, (%s)::text AS value, %s.person_id%s %s GROUP BY 1, 2, 3), '
		'p AS (SELECT f.period, k.cell, min(f.value) AS value, f.person_id, %s FROM f JOIN r_cell k ON k.period = f.period '
		'AND k.value IS NOT DISTINCT FROM f.value WHERE f.period <> ALL ($3) GROUP BY 1, 2, 4), '
		'v AS (SELECT p.period, p.cell, min(p.value) AS value, %s, %s FROM p GROUP BY 1, 2) '
		'SELECT %L, %L, %L, v.period, v.cell IS NULL, CASE WHEN v.cell IS NOT NULL THEN v.value END, '
		'(SELECT to_jsonb(x) FROM (SELECT %s) x), (SELECT to_jsonb(x) FROM (SELECT %s) x) FROM v',
		'v_' || ((q).dimension).id, warehouse.public_cells('r'),
		month, CASE a WHEN 's' THEN regexp_replace(value, '\mu\.', 's.', 'g') ELSE value END, a, sums,
		warehouse.question_rows(q), replace(folds, 'p.', 'f.'), folds, parts,
		((q).realm).realm, ((q).dimension).id, (q).cube, names.sums, names.people)
		USING begin, "end", closed;
END
$$;
COMMENT ON FUNCTION warehouse.put_public_cells(warehouse.question, text[], date, date, date[]) IS
	'Makes the groups of a dimension that everybody may see, with the sums of these measures.';

-- All dimensions and statistics of a realm.
CREATE FUNCTION warehouse.publish_realm(the_realm text, begin date, "end" date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	cubes warehouse.question[]; -- a question for each cube
	measures jsonb := '{}';     -- what all questions are made of, by cube
	q warehouse.question;
	s warehouse.statistic;
	d warehouse.dimension;
	other warehouse.dimension;
	leaks date[];
	closed date[];
BEGIN
	FOR s IN SELECT x.* FROM warehouse.statistic x JOIN warehouse.dimension n ON n.realm = x.realm AND n.id = 'none'
			WHERE x.realm = the_realm AND warehouse.is_public(x, n) LOOP
		q := warehouse.find_question(the_realm, s.id, 'none', 'month', false, '{}', false);
		CONTINUE WHEN q.source NOT IN ('day', 'jobs');
		IF NOT measures ? q.cube THEN
			cubes := cubes || q;
		END IF;
		measures := measures || jsonb_build_object(q.cube, coalesce(measures -> q.cube, '[]')
			|| coalesce((SELECT jsonb_agg(m.name) FROM warehouse.measures_of(s.formula, q.cube) m), '[]'));
	END LOOP;
	IF cubes IS NULL THEN
		RETURN;
	END IF;
	PERFORM warehouse.fill_public_work(cubes[1], begin, "end");
	IF NOT EXISTS (SELECT FROM pg_temp.public_work) THEN
		RETURN;
	END IF;
	FOR d IN SELECT x.* FROM warehouse.dimension x WHERE x.realm = the_realm AND warehouse.is_public((cubes[1]).statistic, x) LOOP
		closed := '{}';
		FOR other IN SELECT x.* FROM warehouse.dimension x WHERE x.realm = the_realm AND warehouse.is_public((cubes[1]).statistic, x)
				AND (x.position, x.id) < (d.position, d.id) AND x.id NOT IN ('none', 'month') AND d.id NOT IN ('none', 'month') LOOP
			-- Realms of the same jobs have the same groups.
			SELECT l.months INTO leaks FROM pg_temp.public_leak l WHERE l.jobs = concat_ws(' ', (q.realm).filter, (q.realm).macros)
				AND (l.one, l.other) = (d.value, other.value);
			IF NOT FOUND THEN
				leaks := warehouse.public_leaks(d.id, other.id);
				INSERT INTO pg_temp.public_leak VALUES (concat_ws(' ', (q.realm).filter, (q.realm).macros), d.value, other.value, leaks);
			END IF;
			closed := closed || leaks;
		END LOOP;
		FOREACH q IN ARRAY cubes LOOP
			PERFORM warehouse.put_public_cells(warehouse.find_question(the_realm, (q.statistic).id, d.id, 'month', false, '{}', false),
				ARRAY(SELECT jsonb_array_elements_text(measures -> q.cube)), begin, "end", closed);
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.publish_realm(text, date, date) IS 'Makes what everybody may see of a realm in some months.';

ALTER TABLE warehouse.site ADD public_definitions text;
COMMENT ON COLUMN warehouse.site.public_definitions IS 'What public_cell was made by: other statistics, dimensions or measures make all anew.';

-- The newest months that are over and not made yet: so many at once that a transaction is not too long. NULL: all are made.
CREATE FUNCTION warehouse.publish_next() RETURNS bigint
LANGUAGE plpgsql SET jit = off SET work_mem = '128MB' AS $$
DECLARE
	definitions text := (SELECT md5(string_agg(x.t, '' ORDER BY x.t)) FROM (SELECT s::text AS t FROM warehouse.statistic s
		UNION ALL SELECT d::text FROM warehouse.dimension d UNION ALL SELECT r::text FROM warehouse.realm r
		UNION ALL SELECT u::text FROM warehouse.usage_column u) x);
	first date;
	last date;
	realm text;
BEGIN
	PERFORM pg_advisory_xact_lock(x'6a6f6274'::int);
	IF definitions IS DISTINCT FROM (SELECT public_definitions FROM warehouse.site) THEN
		DELETE FROM warehouse.public_month;
		UPDATE warehouse.site SET public_definitions = definitions;
	END IF;
	SELECT min(m.period), (max(m.period) + interval '1 month')::date - 1 INTO first, last FROM (
		SELECT m.period, sum(m.jobs) OVER w AS jobs, row_number() OVER w AS place, max(m.period) OVER () AS newest
		FROM (SELECT u.period, sum(u.submitted_jobs + u.begin_jobs) AS jobs FROM warehouse.usage_period u
			WHERE u.unit = 'month' AND u.dimension_id = 0
				AND u.period < (SELECT date_trunc('month', now() AT TIME ZONE t.timezone)::date FROM warehouse.site t)
				AND NOT EXISTS (SELECT FROM warehouse.public_month p WHERE p.period = u.period) GROUP BY 1) m
		WINDOW w AS (ORDER BY m.period DESC)) m
		WHERE m.place = 1 OR m.place <= 24 AND m.jobs < 200000
			AND NOT EXISTS (SELECT FROM warehouse.public_month p WHERE p.period BETWEEN m.period AND m.newest);
	IF first IS NULL THEN
		RETURN NULL;
	END IF;
	DELETE FROM warehouse.public_cell WHERE period BETWEEN first AND last;
	IF to_regclass('pg_temp.public_leak') IS NOT NULL THEN
		DROP TABLE pg_temp.public_leak;
	END IF;
	CREATE TEMPORARY TABLE public_leak (jobs text, one text, other text, months date[]) ON COMMIT DROP;
	FOR realm IN SELECT x.realm FROM warehouse.realm x LOOP
		PERFORM warehouse.publish_realm(realm, first, last);
	END LOOP;
	INSERT INTO warehouse.public_month (period) SELECT m::date FROM generate_series(first, last, interval '1 month') m;
	RETURN (SELECT count(*) FROM warehouse.public_month p WHERE p.period BETWEEN first AND last);
END
$$;
COMMENT ON FUNCTION warehouse.publish_next() IS
	'Makes what everybody may see of the newest months that are over and not made yet; returns how many, NULL: all are made.';

CREATE FUNCTION warehouse.publish() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	n bigint := 0;
	made bigint;
BEGIN
	LOOP
		made := warehouse.publish_next();
		EXIT WHEN made IS NULL;
		n := n + made;
	END LOOP;
	RETURN n;
END
$$;
COMMENT ON FUNCTION warehouse.publish() IS 'Makes what everybody may see of all months that are over; says how many were not made.';

-- What larger groups forbid is not shown until it is made anew.
CREATE FUNCTION warehouse.forget_groups() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM warehouse.public_cell;
	DELETE FROM warehouse.public_month;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.forget_groups() IS 'Takes away what everybody may see when what a group is changes.';
CREATE TRIGGER forget_groups AFTER UPDATE OF public_group, public_share, timezone ON warehouse.site
	FOR EACH STATEMENT EXECUTE FUNCTION warehouse.forget_groups();

-- The question, when everybody may ask it of these days.
CREATE FUNCTION warehouse.public_question(realm text, statistic text, dimension text, begin date, "end" date)
	RETURNS warehouse.question
LANGUAGE plpgsql STABLE AS $$
DECLARE
	q warehouse.question := warehouse.find_question(realm, statistic, dimension, 'month', false, '{}', false);
	s warehouse.statistic := (q).statistic;
	d warehouse.dimension := (q).dimension;
BEGIN
	IF NOT warehouse.is_public(s, d) OR (q).source NOT IN ('day', 'jobs') THEN
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
	sums text;
	people text; -- who has a part in the figure: of each sum it is made of, those who have one that is not 0
	few text;    -- whether too few have
BEGIN
	IF EXISTS (SELECT FROM unnest(s.metrics) n WHERE n NOT IN (SELECT column_name FROM warehouse.metric
			WHERE column_name IS NOT NULL AND audience <> 'staff')) THEN
		RETURN;
	END IF;
	SELECT coalesce(string_agg(format(', (c.sums ->> %L)::float8 AS %I', m.name, m.name), ''), ''),
			string_agg(format('nullif((c.people ->> %L)::bigint, 0)', m.name), ', '),
			string_agg(format('(c.people ->> %L)::bigint BETWEEN 1 AND t.public_group - 1', m.name), ' OR ')
		INTO sums, people, few FROM warehouse.measures_of(s.formula, (q).cube) m;
	RETURN QUERY EXECUTE format('SELECT v.period, CASE WHEN v.is_others THEN ''others'' ELSE coalesce(%s, v.value, ''not known'') END, '
		'(%s)::float8, v.people FROM (SELECT c.period, c.is_others, c.value, coalesce(least(%s), 0) AS people, '
		'bool_or(%s) OVER (PARTITION BY c.period) AS is_closed%s FROM warehouse.public_cell c CROSS JOIN warehouse.site t '
		'WHERE c.realm = $1 AND c.dimension = $2 AND c.cube = $3 AND c.period BETWEEN $4 AND $5) v '
		'WHERE NOT v.is_closed AND v.people > 0 ORDER BY 1, 3 DESC NULLS LAST, 2',
		coalesce(d.label_of, 'NULL'), s.formula, people, few, sums)
		USING s.realm, d.id, (q).cube, begin, "end";
END
$$;
COMMENT ON FUNCTION warehouse.public_statistic(text, text, text, date, date) IS
	'A statistic by a dimension and month that everybody may see: of groups of people, smaller ones put together as others; months that are over.';

REVOKE ALL ON FUNCTION warehouse.public_statistic(text, text, text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.public_statistic(text, text, text, date, date)
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
REVOKE ALL ON FUNCTION warehouse.is_group(bigint, double precision, double precision, double precision, double precision),
	warehouse.public_cells(text), warehouse.public_rest(text, text), warehouse.public_leaks(text, text),
	warehouse.is_public(warehouse.statistic, warehouse.dimension), warehouse.fill_public_work(warehouse.question, date, date),
	warehouse.put_public_cells(warehouse.question, text[], date, date, date[]), warehouse.publish_realm(text, date, date),
	warehouse.publish_next(), warehouse.publish(), warehouse.forget_groups(),
	warehouse.public_question(text, text, text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.is_group(bigint, double precision, double precision, double precision, double precision),
	warehouse.public_cells(text), warehouse.public_rest(text, text), warehouse.public_leaks(text, text),
	warehouse.is_public(warehouse.statistic, warehouse.dimension), warehouse.fill_public_work(warehouse.question, date, date),
	warehouse.put_public_cells(warehouse.question, text[], date, date, date[]), warehouse.publish_realm(text, date, date),
	warehouse.publish_next(), warehouse.publish() TO jobsight_loader;
GRANT SELECT, INSERT, DELETE ON warehouse.public_month, warehouse.public_cell TO jobsight_loader;
GRANT UPDATE (public_definitions) ON warehouse.site TO jobsight_loader;
GRANT SELECT ON warehouse.public_month, warehouse.public_cell TO jobsight_analyst;
