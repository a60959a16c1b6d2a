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
COMMENT ON TABLE warehouse.public_month IS 'Months of which public_cell says what everybody may see.';
COMMENT ON COLUMN warehouse.public_month.period IS 'First day of the month.';
COMMENT ON COLUMN warehouse.public_month.made_at IS 'When it was made.';
-- As of dirty: marks are taken away before anything is read, so whoever changes something meanwhile marks again.
CREATE TABLE warehouse.public_mark (
	period date
);
COMMENT ON TABLE warehouse.public_mark IS 'Months that are to be made anew for everybody.';
COMMENT ON COLUMN warehouse.public_mark.period IS 'First day of the month; NULL: all.';
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

-- What everybody may ask for. Only sums are told, no squares of them, and nothing that asks for the time or what was
-- up. Groups are of accounting, whatever the figure: what was measured tells none apart.
CREATE FUNCTION warehouse.is_public(s warehouse.statistic, r warehouse.realm) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT s.is_public AND r.relation IS NULL AND s.over = 'measures' AND warehouse.expand(s.formula, r.macros) !~ '(@|_sq\M)'
$$;
COMMENT ON FUNCTION warehouse.is_public(warehouse.statistic, warehouse.realm) IS 'Whether everybody may ask for a statistic.';
CREATE FUNCTION warehouse.is_public(d warehouse.dimension, r warehouse.realm) RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT d.is_public AND d.over = 'rows' AND d.id NOT IN ('day', 'quarter', 'year') AND NOT EXISTS (
		SELECT FROM warehouse.usage_dimension x WHERE x.is_measured
			AND warehouse.expand(d.value, r.macros) ~ ('\mu\.' || x.column_name || '\M'))
$$;
COMMENT ON FUNCTION warehouse.is_public(warehouse.dimension, warehouse.realm) IS 'Whether everybody may ask by a dimension.';

-- Rows that call themselves public and cannot be do not: so programs offer what is not refused.
CREATE FUNCTION warehouse.align_public() RETURNS void
LANGUAGE sql AS $$
	UPDATE warehouse.statistic s SET is_public = false FROM warehouse.realm r
		WHERE r.realm = s.realm AND s.is_public AND NOT warehouse.is_public(s, r);
	UPDATE warehouse.dimension d SET is_public = false FROM warehouse.realm r
		WHERE r.realm = d.realm AND d.is_public AND NOT warehouse.is_public(d, r);
$$;
COMMENT ON FUNCTION warehouse.align_public() IS 'Makes the rows of statistics and dimensions say whether everybody may ask for them.';

-- Work and jobs of people by month and by the values v_... of dimensions, in the temporary table public_work: what
-- groups are made of.
CREATE FUNCTION warehouse.fill_public_work(questions warehouse.question[], begin date, "end" date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	q warehouse.question := questions[1];
	items text;
	names text;
BEGIN
	SELECT string_agg(format('(%s)::text AS %I', (x.dimension).value, 'v_' || (x.dimension).id), ', '),
			string_agg(quote_ident('v_' || (x.dimension).id), ', ')
		INTO items, names FROM unnest(questions) x;
	q.cube := 'usage';
	q.source := 'day';
	IF to_regclass('pg_temp.public_work') IS NOT NULL THEN
		DROP TABLE pg_temp.public_work;
	END IF;
	EXECUTE format('CREATE TEMPORARY TABLE public_work ON COMMIT DROP AS SELECT d.month AS period, '
		'%s, u.person_id, sum(u.core_s)::float8 AS work, '
		'sum(u.started_jobs + u.ended_jobs + CASE WHEN u.day = d.month THEN u.begin_jobs ELSE 0 END)::float8 AS jobs '
		'%s GROUP BY period, %s, u.person_id', items, warehouse.question_rows(q), names) USING begin, "end";
	ANALYZE pg_temp.public_work;
END
$$;
COMMENT ON FUNCTION warehouse.fill_public_work(warehouse.question[], date, date) IS 'Puts who did how much in a month into the temporary table public_work.';

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

-- What the measures of a cube are, numbered, because names may be as long as names can be: of jobs, of days, and of what
-- either gives for people.
CREATE FUNCTION warehouse.public_measures(q warehouse.question, measures text[])
	RETURNS TABLE (n bigint, name text, of_rows text, fold text)
LANGUAGE sql STABLE AS $$
	SELECT row_number() OVER (ORDER BY x.position), x.name, CASE
		WHEN (q).source = 'jobs' THEN replace(x.aggregate, 's.running_begin', 's.running_begin AND s.day = d.month')
		WHEN x.fold = 'begin' THEN format('coalesce(sum(u.%I) FILTER (WHERE u.day = d.month), 0)', x.name)
		ELSE format('%s(u.%I)', x.fold, x.name) END, replace(x.fold, 'begin', 'sum')
	FROM warehouse.usage_column x WHERE x.cube = (q).cube AND x.name = ANY (measures)
$$;
COMMENT ON FUNCTION warehouse.public_measures(warehouse.question, text[]) IS 'How measures are made of rows, and how those of parts are put together.';

-- The measures of people by all dimensions that jobs alone know, in the temporary table public_slice: jobs are read once.
CREATE FUNCTION warehouse.fill_public_slice(questions warehouse.question[], measures text[], begin date, "end" date) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	items text;
	names text;
	sums text;
BEGIN
	SELECT string_agg(format('(%s)::text AS %I', regexp_replace((x.dimension).value, '\mu\.', 's.', 'g'), 'v_' || (x.dimension).id), ', '),
			string_agg(quote_ident('v_' || (x.dimension).id), ', ')
		INTO items, names FROM unnest(questions) x;
	SELECT string_agg(format('%s AS m%s', m.of_rows, m.n), ', ' ORDER BY m.n)
		INTO sums FROM warehouse.public_measures(questions[1], measures) m;
	IF to_regclass('pg_temp.public_slice') IS NOT NULL THEN
		DROP TABLE pg_temp.public_slice;
	END IF;
	EXECUTE format('CREATE TEMPORARY TABLE public_slice ON COMMIT DROP AS '
		'SELECT d.month AS period, s.person_id, %s, %s %s GROUP BY period, s.person_id, %s',
		items, sums, warehouse.question_rows(questions[1]), names) USING begin, "end";
END
$$;
COMMENT ON FUNCTION warehouse.fill_public_slice(warehouse.question[], text[], date, date) IS
	'Puts what jobs say of people in a month into the temporary table public_slice.';

-- The groups of a dimension with these measures, of the months of public_work but those that are closed ($3). f: of each
-- person and value, p: of each person in a group. Of months whose jobs are gone, in part at least, what jobs would
-- answer is not told: groups are of all who had jobs then.
CREATE FUNCTION warehouse.put_public_cells(q warehouse.question, measures text[], begin date, "end" date, closed date[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	value text := format('u.%I', 'v_' || ((q).dimension).id);
	people text; -- f, SQL
	m record;
BEGIN
	SELECT string_agg(format('%s(u.m%s) AS m%2$s', x.fold, x.n), ', ' ORDER BY x.n) AS of_slices,
			string_agg(format('%s AS m%s', x.of_rows, x.n), ', ' ORDER BY x.n) AS of_days,
			string_agg(format('%s(p.m%s) AS m%2$s', x.fold, x.n), ', ' ORDER BY x.n) AS folds,
			string_agg(format('count(*) FILTER (WHERE p.m%s <> 0) AS n%1$s', x.n), ', ' ORDER BY x.n) AS parts,
			string_agg(format('(%L, v.m%s::float8)', x.name, x.n), ', ') AS sums,
			string_agg(format('(%L, v.n%s)', x.name, x.n), ', ') AS people
		INTO m FROM warehouse.public_measures(q, measures) x;
	IF (q).source = 'jobs' THEN
		closed := closed || ARRAY(SELECT x::date FROM warehouse.site t
			CROSS JOIN generate_series(begin, least("end", t.facts_from - 1), interval '1 month') x WHERE t.facts_from IS NOT NULL);
		people := format('SELECT u.period, %s AS value, u.person_id, %s FROM pg_temp.public_slice u GROUP BY 1, 2, 3', value, m.of_slices);
	ELSE
		people := format('SELECT d.month AS period, (%s)::text AS value, u.person_id, %s %s GROUP BY 1, 2, 3',
			((q).dimension).value, m.of_days, warehouse.question_rows(q));
	END IF;
	EXECUTE format('INSERT INTO warehouse.public_cell (realm, dimension, cube, period, is_others, value, sums, people) '
		'WITH RECURSIVE r AS MATERIALIZED (SELECT u.period, %s AS value, u.person_id, sum(u.work) AS work, sum(u.jobs) AS jobs '
		'FROM pg_temp.public_work u GROUP BY 1, 2, 3), %s, f AS (%s), '
		'p AS (SELECT p.period, k.cell, min(p.value) AS value, p.person_id, %s FROM f p JOIN r_cell k ON k.period = p.period '
		'AND k.value IS NOT DISTINCT FROM p.value WHERE p.period <> ALL ($3) GROUP BY 1, 2, 4), '
		'v AS (SELECT p.period, p.cell, min(p.value) AS value, %4$s, %s FROM p GROUP BY 1, 2) '
		'SELECT %L, %L, %L, v.period, v.cell IS NULL, CASE WHEN v.cell IS NOT NULL THEN v.value END, '
		'(SELECT jsonb_object_agg(x.k, x.n) FROM (VALUES %s) x (k, n)), (SELECT jsonb_object_agg(x.k, x.n) FROM (VALUES %s) x (k, n)) FROM v',
		value, warehouse.public_cells('r'), people, m.folds, m.parts, ((q).realm).realm, ((q).dimension).id, (q).cube, m.sums, m.people)
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
	questions warehouse.question[]; -- one for each dimension
	measures jsonb := '{}';     -- what all questions are made of, by cube
	q warehouse.question;
	cube warehouse.question;
	s warehouse.statistic;
	other warehouse.question;
	closings jsonb := '{}';     -- months that are closed, by dimension
	of_slices warehouse.question[];
	names text[];
	of_jobs text; -- which jobs the realm is of
	leaks date[];
	closed date[];
BEGIN
	FOR s IN SELECT x.* FROM warehouse.statistic x JOIN warehouse.realm r USING (realm)
			WHERE realm = the_realm AND warehouse.is_public(x, r) LOOP
		q := warehouse.find_question(the_realm, s.id, 'none', 'month', false, '{}', false);
		IF NOT measures ? q.cube THEN
			cubes := cubes || q;
		END IF;
		measures := measures || jsonb_build_object(q.cube, coalesce(measures -> q.cube, '[]')
			|| coalesce((SELECT jsonb_agg(m.name) FROM warehouse.measures_of((q.statistic).formula, q.cube) m), '[]'));
	END LOOP;
	IF cubes IS NULL THEN
		RETURN;
	END IF;
	questions := ARRAY(SELECT warehouse.find_question(the_realm, ((cubes[1]).statistic).id, d.id, 'month', false, '{}', false)
		FROM warehouse.dimension d JOIN warehouse.realm r USING (realm)
		WHERE realm = the_realm AND warehouse.is_public(d, r) ORDER BY d.position, d.id);
	PERFORM warehouse.fill_public_work(questions, begin, "end");
	IF NOT EXISTS (SELECT FROM pg_temp.public_work) THEN
		RETURN;
	END IF;
	FOR place IN 1 .. cardinality(questions) LOOP
		q := questions[place];
		of_jobs := concat_ws(' ', (q.realm).filter, (q.realm).macros);
		closed := '{}';
		FOREACH other IN ARRAY questions[:place - 1] LOOP
			CONTINUE WHEN (q.dimension).id IN ('none', 'month') OR (other.dimension).id IN ('none', 'month');
			-- Realms of the same jobs have the same groups.
			SELECT l.months INTO leaks FROM pg_temp.public_leak l
				WHERE (l.jobs, l.one, l.other) = (of_jobs, (q.dimension).value, (other.dimension).value);
			IF NOT FOUND THEN
				leaks := warehouse.public_leaks((q.dimension).id, (other.dimension).id);
				INSERT INTO pg_temp.public_leak VALUES (of_jobs, (q.dimension).value, (other.dimension).value, leaks);
			END IF;
			closed := closed || leaks;
		END LOOP;
		closings := closings || jsonb_build_object((q.dimension).id, closed);
	END LOOP;
	FOREACH cube IN ARRAY cubes LOOP
		names := ARRAY(SELECT jsonb_array_elements_text(measures -> cube.cube));
		questions := ARRAY(SELECT warehouse.find_question(the_realm, (cube.statistic).id, (x.dimension).id, 'month', false, '{}', false)
			FROM unnest(questions) x);
		of_slices := ARRAY(SELECT x FROM unnest(questions) x WHERE x.source = 'jobs');
		IF cardinality(of_slices) > 0 THEN
			PERFORM warehouse.fill_public_slice(of_slices, names, begin, "end");
		END IF;
		FOREACH q IN ARRAY questions LOOP
			PERFORM warehouse.put_public_cells(q, names, begin, "end",
				ARRAY(SELECT jsonb_array_elements_text(closings -> (q.dimension).id))::date[]);
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.publish_realm(text, date, date) IS 'Makes what everybody may see of a realm in some months.';

CREATE FUNCTION warehouse.forget_public() RETURNS void
LANGUAGE sql AS $$
	DELETE FROM warehouse.public_cell;
	DELETE FROM warehouse.public_month;
$$;
COMMENT ON FUNCTION warehouse.forget_public() IS 'Takes away what everybody may see, until it is made anew.';

-- What is made of other statistics, dimensions or measures than there are now is wrong: it goes at once, and is marked.
ALTER TABLE warehouse.site ADD public_definitions text;
COMMENT ON COLUMN warehouse.site.public_definitions IS 'What public_cell was made by: a hash of what figures and groups follow from.';
CREATE FUNCTION warehouse.follow_definitions() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	definitions text := (SELECT md5(string_agg(x.t, '' ORDER BY x.t)) FROM (
		SELECT (s.realm, s.id, s.formula, s.over, s.is_public)::text AS t FROM warehouse.statistic s
		UNION ALL SELECT (d.realm, d.id, d.position, d.value, d.over, d.is_public)::text FROM warehouse.dimension d
		UNION ALL SELECT (r.realm, r.filter, r.macros, r.relation)::text FROM warehouse.realm r
		UNION ALL SELECT (u.cube, u.name, u.aggregate, u.fold)::text FROM warehouse.usage_column u) x);
BEGIN
	IF definitions IS DISTINCT FROM (SELECT public_definitions FROM warehouse.site) THEN
		PERFORM warehouse.forget_public();
		UPDATE warehouse.site SET public_definitions = definitions;
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.follow_definitions() IS 'Takes away what everybody may see when statistics, dimensions or measures are others.';

-- The newest months that are over and not made yet: so many at once that a transaction is not too long. NULL: all are made.
CREATE FUNCTION warehouse.publish_next() RETURNS bigint
LANGUAGE plpgsql SET jit = off SET work_mem = '128MB' AS $$
DECLARE
	marks date[];
	first date;
	last date;
	realm text;
BEGIN
	PERFORM pg_advisory_xact_lock(x'6a6f6274'::int); -- as in forget_groups
	PERFORM warehouse.follow_definitions();
	WITH taken AS (DELETE FROM warehouse.public_mark RETURNING period) SELECT array_agg(DISTINCT period) INTO marks FROM taken;
	DELETE FROM warehouse.public_month WHERE period = ANY (marks) OR array_position(marks, NULL) IS NOT NULL;
	-- Months that have no jobs any more.
	DELETE FROM warehouse.public_cell c WHERE NOT EXISTS (SELECT FROM warehouse.usage_period u
		WHERE u.unit = 'month' AND u.dimension_id = 0 AND u.period = c.period);
	SELECT min(m.period), (max(m.period) + interval '1 month')::date - 1 INTO first, last FROM (
		SELECT m.period, sum(m.jobs) OVER w AS jobs, row_number() OVER w AS place, max(m.period) OVER () AS newest
		FROM (SELECT u.period, sum(u.submitted_jobs + u.begin_jobs) AS jobs FROM warehouse.usage_period u
			WHERE u.unit = 'month' AND u.dimension_id = 0
				AND u.period < (SELECT date_trunc('month', now() AT TIME ZONE t.timezone)::date FROM warehouse.site t)
				AND NOT EXISTS (SELECT FROM warehouse.public_month p WHERE p.period = u.period) GROUP BY 1) m
		WINDOW w AS (ORDER BY m.period DESC)) m
		WHERE m.place = 1 OR m.place <= 24 AND m.jobs < 200000
			AND NOT EXISTS (SELECT FROM warehouse.public_month p WHERE p.period BETWEEN m.period AND m.newest);
	IF first IS NULL OR (SELECT public_group FROM warehouse.site) IS NULL THEN
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

-- What larger groups forbid is gone at once, and not shown until it is made anew: before the change whoever makes
-- months is waited for, after it what they made is taken away, too.
CREATE FUNCTION warehouse.forget_groups() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	IF TG_WHEN = 'BEFORE' THEN
		PERFORM pg_advisory_xact_lock(x'6a6f6274'::int);
	ELSE
		PERFORM warehouse.forget_public();
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.forget_groups() IS 'Takes away what everybody may see when what a group is changes.';
CREATE TRIGGER forget_groups_wait BEFORE UPDATE OF public_group, public_share, timezone ON warehouse.site
	FOR EACH STATEMENT EXECUTE FUNCTION warehouse.forget_groups();
CREATE TRIGGER forget_groups AFTER UPDATE OF public_group, public_share, timezone ON warehouse.site
	FOR EACH STATEMENT EXECUTE FUNCTION warehouse.forget_groups();

-- What groups follow from besides the days that are made of jobs.
CREATE FUNCTION warehouse.mark_public() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO warehouse.public_mark VALUES (NULL);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.mark_public() IS 'Marks all months to be made anew for everybody.';
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['gateway', 'cluster_history', 'science'] LOOP
		EXECUTE format('CREATE TRIGGER mark_public AFTER INSERT OR UPDATE OR DELETE ON warehouse.%I '
			'FOR EACH STATEMENT EXECUTE FUNCTION warehouse.mark_public()', name);
	END LOOP;
END
$$;

-- The question, when everybody may ask it of these days.
CREATE FUNCTION warehouse.public_question(realm text, statistic text, dimension text, begin date, "end" date)
	RETURNS warehouse.question
LANGUAGE plpgsql STABLE AS $$
DECLARE
	q warehouse.question := warehouse.find_question(realm, statistic, dimension, 'month', false, '{}', false);
	s warehouse.statistic := (q).statistic;
	d warehouse.dimension := (q).dimension;
BEGIN
	IF NOT warehouse.is_public(s, (q).realm) OR NOT warehouse.is_public(d, (q).realm) THEN
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
DO $$
DECLARE
	f record;
BEGIN
	FOR f IN SELECT p.oid::regprocedure AS name, p.proname FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'warehouse'::regnamespace
			AND p.proname IN ('is_group', 'public_cells', 'public_rest', 'public_leaks', 'is_public', 'align_public', 'forget_public', 'fill_public_work', 'put_public_cells',
				'public_measures', 'fill_public_slice', 'publish_realm', 'follow_definitions', 'publish_next', 'publish', 'forget_groups', 'mark_public', 'public_question') LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.name);
		IF f.proname NOT IN ('align_public', 'forget_groups', 'mark_public', 'public_question') THEN
			EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO jobsight_loader', f.name);
		END IF;
	END LOOP;
END
$$;
GRANT SELECT, INSERT, DELETE ON warehouse.public_month, warehouse.public_cell, warehouse.public_mark TO jobsight_loader;
GRANT UPDATE (public_definitions) ON warehouse.site TO jobsight_loader;
GRANT SELECT ON warehouse.public_month, warehouse.public_cell, warehouse.public_mark TO jobsight_analyst;
