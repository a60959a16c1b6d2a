-- SPDX-License-Identifier: Apache-2.0
-- Asking for statistics. A question is put together from the rows of statistic and dimension alone:
-- what the asker writes is looked up in these, or is a parameter.

CREATE TYPE warehouse.question AS (
	realm warehouse.realm,
	statistic warehouse.statistic,
	dimension warehouse.dimension,
	unit text,
	is_total boolean,
	source text,
	cube text,
	filters text,
	clusters text,
	among text[],
	own text
);
COMMENT ON TYPE warehouse.question IS 'A question, its words looked up.';
COMMENT ON COLUMN warehouse.question.realm IS 'Realm.';
COMMENT ON COLUMN warehouse.question.statistic IS 'Statistic.';
COMMENT ON COLUMN warehouse.question.dimension IS 'Dimension.';
COMMENT ON COLUMN warehouse.question.unit IS 'day, month, quarter or year.';
COMMENT ON COLUMN warehouse.question.is_total IS 'One figure for the whole time.';
COMMENT ON COLUMN warehouse.question.source IS 'period: the cube by one dimension; day: the cube by all; jobs; relation.';
COMMENT ON COLUMN warehouse.question.cube IS 'usage, performance or efficiency.';
COMMENT ON COLUMN warehouse.question.filters IS 'Conditions, SQL.';
COMMENT ON COLUMN warehouse.question.clusters IS 'Those of them that are of clusters, of rows c of capacity.';
COMMENT ON COLUMN warehouse.question.own IS 'Of jobs: SQL of the slices of who asks, each part along an index; NULL: all.';
COMMENT ON COLUMN warehouse.question.among IS 'Values of the dimension that are asked for, NULL among them being not known; NULL: all.';

-- Words of an SQL text that are measures of a cube.
CREATE FUNCTION warehouse.measures_of(formula text, of_cube text)
	RETURNS TABLE (name text, fold text, aggregate text)
LANGUAGE sql STABLE AS $$
	SELECT c.name, c.fold, c.aggregate FROM warehouse.usage_column c
	WHERE c.cube = of_cube AND c.name IN (SELECT (regexp_matches(formula, '[a-z_][a-z0-9_]*', 'g'))[1])
$$;
COMMENT ON FUNCTION warehouse.measures_of(text, text) IS 'The measures that a formula names.';

-- The define: of a realm, put in where {name} stands.
CREATE FUNCTION warehouse.expand(formula text, macros jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
	m record;
BEGIN
	FOR m IN SELECT key, value FROM jsonb_each_text(macros) LOOP
		formula := replace(formula, '{' || m.key || '}', '(' || m.value || ')');
	END LOOP;
	RETURN formula;
END
$$;
COMMENT ON FUNCTION warehouse.expand(text, jsonb) IS 'SQL with the expressions of a realm''s define: in it.';

CREATE FUNCTION warehouse.find_question(realm text, statistic text, dimension text, unit text, is_total boolean,
	which jsonb, sees_all boolean) RETURNS warehouse.question
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	q warehouse.question;
	r warehouse.realm;
	s warehouse.statistic;
	d warehouse.dimension;
	f record;
	needs_jobs boolean;
	is_measured boolean; -- by what was measured
	condition text;
	is_by_cluster boolean := true; -- and by nothing else
	sums text; -- what names measures
	named text; -- all columns that are named
BEGIN
	SELECT * INTO r FROM warehouse.realm x WHERE lower(find_question.realm) IN (lower(x.realm), lower(x.label));
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no realm %', find_question.realm
			USING ERRCODE = 'undefined_object', HINT = 'Realms: ' || coalesce((SELECT string_agg(x.realm, ', ' ORDER BY x.position) FROM warehouse.realm x), 'none');
	END IF;
	SELECT * INTO s FROM warehouse.statistic x WHERE x.realm = r.realm AND x.id = find_question.statistic;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'realm % has no statistic %', r.realm, find_question.statistic USING ERRCODE = 'undefined_object',
			HINT = 'Statistics: ' || coalesce((SELECT string_agg(x.id, ', ' ORDER BY x.position) FROM warehouse.statistic x WHERE x.realm = r.realm), 'none');
	END IF;
	SELECT * INTO d FROM warehouse.dimension x WHERE x.realm = r.realm AND x.id = find_question.dimension;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'realm % has no dimension %', r.realm, find_question.dimension USING ERRCODE = 'undefined_object',
			HINT = 'Dimensions: ' || coalesce((SELECT string_agg(x.id, ', ' ORDER BY x.position) FROM warehouse.dimension x WHERE x.realm = r.realm), 'none');
	END IF;
	IF find_question.unit IS NULL OR find_question.unit NOT IN ('day', 'month', 'quarter', 'year') THEN
		RAISE EXCEPTION 'unit is day, month, quarter or year, not %', find_question.unit USING ERRCODE = 'invalid_parameter_value';
	END IF;
	needs_jobs := s.over = 'jobs' OR d.over = 'jobs';
	q.filters := '';
	q.clusters := '';
	FOR f IN SELECT k.key, k.value, x.value AS sql, x.over, x.id FROM jsonb_each_text(which) k
			LEFT JOIN warehouse.dimension x ON x.realm = r.realm AND x.id = k.key LOOP
		IF f.id IS NULL THEN
			RAISE EXCEPTION 'realm % has no dimension %', r.realm, f.key USING ERRCODE = 'undefined_object';
		END IF;
		needs_jobs := needs_jobs OR f.over = 'jobs';
		condition := format(' AND %L IN (SELECT unnest(ARRAY[v.value, %s]) FROM (SELECT (%s)::text) v (value))',
			f.value, coalesce((SELECT '(' || x.label_of || ')' FROM warehouse.dimension x WHERE x.realm = r.realm AND x.id = f.id), 'NULL'), f.sql);
		q.filters := q.filters || condition;
		IF f.sql !~ 'u\.cluster_id' OR replace(f.sql, 'u.cluster_id', '') ~ '\mu\.' THEN
			is_by_cluster := false;
		ELSE
			q.clusters := q.clusters || replace(condition, 'u.cluster_id', 'c.cluster_id');
		END IF;
	END LOOP;
	s.formula := warehouse.expand(s.formula, r.macros);
	s.coverage := warehouse.expand(s.coverage, r.macros);
	d.value := warehouse.expand(d.value, r.macros);
	q.filters := warehouse.expand(q.filters, r.macros);
	sums := concat_ws(' ', s.formula, s.coverage);
	is_measured := EXISTS (SELECT FROM warehouse.usage_dimension x WHERE x.is_measured AND concat_ws(' ', d.value, q.filters) ~ ('\mu\.' || x.column_name || '\M'));
	q.cube := CASE WHEN s.metrics = '{}' AND NOT EXISTS (
			SELECT name FROM warehouse.measures_of(sums, 'performance')
			EXCEPT SELECT name FROM warehouse.usage_column WHERE cube = 'usage')
		AND (NOT is_measured OR EXISTS (SELECT name FROM warehouse.measures_of(sums, 'usage')
			EXCEPT SELECT name FROM warehouse.usage_column WHERE cube = 'performance')) THEN 'usage' ELSE 'performance' END;
	q.source := CASE WHEN r.relation IS NOT NULL THEN 'relation' WHEN needs_jobs OR is_measured AND q.cube = 'usage' THEN 'jobs'
		WHEN s.over = 'measures' AND sees_all AND is_by_cluster AND r.filter IS NULL AND d.cube IS NOT NULL THEN 'period' ELSE 'day' END;
	-- What performance_day has not, efficiency_day may have, and jobs have.
	named := concat_ws(' ', d.value, q.filters, r.filter, s.formula);
	IF q.source = 'day' AND q.cube = 'performance' AND EXISTS (SELECT FROM warehouse.usage_dimension x WHERE x.column_name IS NOT NULL
			AND NOT x.is_who AND named ~ ('[u@]\.' || x.column_name || '\M')) THEN
		IF EXISTS (SELECT FROM warehouse.usage_dimension x WHERE x.column_name IS NOT NULL
				AND NOT x.is_judged AND named ~ ('[u@]\.' || x.column_name || '\M'))
				OR EXISTS (SELECT name FROM warehouse.measures_of(sums, 'performance')
					EXCEPT SELECT name FROM warehouse.usage_column WHERE cube = 'efficiency') THEN
			q.source := 'jobs';
		ELSE
			q.cube := 'efficiency';
		END IF;
	END IF;
	q.realm := r;
	q.statistic := s;
	q.dimension := d;
	q.unit := find_question.unit;
	q.is_total := find_question.is_total;
	RETURN q;
END
$$;
COMMENT ON FUNCTION warehouse.find_question(text, text, text, text, boolean, jsonb, boolean) IS
	'Looks up the words of a question and says where its answer is.';

-- The largest periods that a time is put together of, none larger than a unit: few rows to read.
CREATE FUNCTION warehouse.cover(largest text, begin date, "end" date)
	RETURNS TABLE (unit text, first date, last date)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 3 AS $$
DECLARE
	units CONSTANT text[] := '{year,quarter,month,day}';
	covered daterange := 'empty';
	inner_first date;
	inner_until date;
BEGIN
	FOREACH unit IN ARRAY units[array_position(units, largest):] LOOP
		inner_first := date_trunc(unit, begin::timestamp);
		IF inner_first < begin THEN
			inner_first := inner_first + CASE unit WHEN 'quarter' THEN interval '3 months' ELSE ('1 ' || unit)::interval END;
		END IF;
		inner_until := date_trunc(unit, "end"::timestamp + interval '1 day');
		CONTINUE WHEN inner_first >= inner_until;
		FOR first, last IN SELECT lower(r), upper(r) - 1
				FROM unnest(daterange(inner_first, inner_until)::datemultirange - datemultirange(covered)) r LOOP
			RETURN NEXT;
		END LOOP;
		covered := daterange(inner_first, inner_until);
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.cover(text, date, date) IS
	'The fewest whole periods that days from begin to end are made of: unit, first day of the first and last day of the last of them.';

-- The rows that a question is over: SQL from FROM on. $1 and $2 are the first and the last day.
CREATE FUNCTION warehouse.question_rows(q warehouse.question) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	a text := CASE WHEN (q).source = 'jobs' THEN 's' ELSE 'u' END;
BEGIN
	IF (q).source = 'relation' THEN
		RETURN format('FROM (%s) u WHERE u.day BETWEEN $1 AND $2%s', ((q).realm).relation, (q).filters);
	END IF;
	IF (q).source = 'period' THEN
		RETURN format('FROM warehouse.cover(%L, $1, $2) c JOIN warehouse.%I u ON u.unit = c.unit '
			'AND u.period BETWEEN c.first AND c.last WHERE u.dimension_id = '
			'(SELECT x.dimension_id FROM warehouse.usage_dimension x WHERE x.name = %L)%s',
			CASE WHEN (q).is_total THEN 'year' ELSE (q).unit END, (q).cube || '_period', ((q).dimension).cube, (q).filters);
	END IF;
	RETURN format('FROM %s %s LEFT JOIN warehouse.day d ON d.day = %2$s.day '
		'LEFT JOIN warehouse.account_history ah ON ah.account_id = %2$s.account_id AND ah.valid @> d.begin_t '
		'LEFT JOIN warehouse.person_history ih ON ih.person_id = ah.pi_id AND ih.valid @> d.begin_t '
		'LEFT JOIN warehouse.person_history ph ON ph.person_id = %2$s.person_id AND ph.valid @> d.begin_t '
		'LEFT JOIN warehouse.project_history rh ON rh.project_id = coalesce(%2$s.project_id, ah.project_id) '
		'AND rh.valid @> d.begin_t WHERE %2$s.day BETWEEN $1 AND $2%3$s%4$s',
		CASE WHEN (q).source = 'jobs' THEN coalesce((q).own, 'warehouse.job_slice') ELSE format('warehouse.%I', (q).cube || '_day') END, a,
		CASE WHEN a = 's' THEN regexp_replace((q).filters, '\mu\.', 's.', 'g') ELSE (q).filters END,
		coalesce(' AND ' || replace(((q).realm).filter, '@.', a || '.'), ''));
END
$$;
COMMENT ON FUNCTION warehouse.question_rows(warehouse.question) IS 'The rows that a question is over, SQL.';

-- The SQL of a question: period, value, then the measures; the formula is over these.
CREATE FUNCTION warehouse.question_sql(q warehouse.question) RETURNS text
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	s warehouse.statistic := (q).statistic;
	d warehouse.dimension := (q).dimension;
	a text := CASE WHEN (q).source = 'jobs' THEN 's' ELSE 'u' END;
	day text := a || CASE WHEN (q).source = 'period' THEN '.period' ELSE '.day' END;
	period text := CASE WHEN (q).is_total THEN '$1' ELSE format('date_trunc(%L, %s::timestamp)::date', (q).unit, day) END;
	first text := CASE WHEN (q).is_total THEN day || ' = $1' ELSE format('%s = greatest(%s, $1)', day, period) END;
	value text := d.value;
	sums text := '';
	formula text := s.formula;
	coverage text := coalesce(s.coverage, 'NULL');
	rows_there text;
	until text := CASE WHEN (q).is_total THEN '$2' ELSE format(
		'least($2, (date_trunc(%1$L, @day::timestamp) + interval %2$L - interval ''1 day'')::date)', (q).unit,
		CASE (q).unit WHEN 'quarter' THEN '3 months' ELSE '1 ' || (q).unit END) END;
	-- What the nodes of the clusters that are asked for could have given.
	up text := '(SELECT sum(c.\1_s - c.down_\1_s - c.planned_\1_s) FROM warehouse.capacity_day c WHERE c.day BETWEEN v.period AND '
		|| replace(until, '@day', 'v.period') || coalesce((q).clusters, '')
		|| CASE WHEN d.value ~ 'u\.cluster_id' AND replace(d.value, 'u.cluster_id', '') !~ '\mu\.' THEN
			' AND (' || replace(d.value, 'u.cluster_id', 'c.cluster_id') || ')::text IS NOT DISTINCT FROM v.value' ELSE '' END || ')';
	seconds text := '(SELECT sum(extract(epoch FROM y.end_t - y.begin_t)) FROM warehouse.day y WHERE y.day BETWEEN '
		|| CASE WHEN (q).is_total THEN '$1' ELSE format('greatest($1, date_trunc(%L, min(u.day)::timestamp)::date)', (q).unit) END
		|| ' AND ' || replace(until, '@day', 'min(u.day)') || ')';
BEGIN
	IF EXISTS (SELECT FROM unnest(s.metrics || d.metrics) n WHERE n NOT IN (SELECT column_name
			FROM warehouse.metric WHERE column_name IS NOT NULL)) THEN
		RETURN 'SELECT NULL::date, NULL::text, NULL::text, NULL::float8, NULL::float8 WHERE $1 > $2 AND false';
	END IF;
	IF (q).source = 'period' THEN
		value := replace(value, (SELECT x.value FROM warehouse.usage_dimension x WHERE x.name = d.cube), 'u.value');
	ELSIF a = 's' THEN
		value := regexp_replace(value, '\mu\.', 's.', 'g');
	END IF;
	IF s.over = 'measures' THEN
		SELECT coalesce(string_agg(format(', %s AS %I', CASE
			-- Counts are whole numbers there, and would be divided as such.
			WHEN a = 's' THEN format('(%s)::float8', replace(m.aggregate, 's.running_begin', format('s.running_begin AND %s', first)))
			WHEN m.fold = 'begin' THEN format('coalesce(sum(u.%I) FILTER (WHERE %s), 0)', m.name, first)
			ELSE format('%s(u.%I)', m.fold, m.name) END, m.name), ''), '')
		INTO sums FROM warehouse.measures_of(formula || ' ' || coverage, (q).cube) m;
	ELSE
		sums := format(', (%s)::float8 AS the_value, (%s)::float8 AS the_coverage',
			replace(replace(CASE WHEN a = 's' THEN regexp_replace(formula, '\mu\.', 's.', 'g') ELSE formula END, '@first', first), '@seconds', seconds),
			CASE WHEN a = 's' THEN regexp_replace(coverage, '\mu\.', 's.', 'g') ELSE coverage END);
		formula := 'v.the_value';
		coverage := 'v.the_coverage';
	END IF;
	formula := regexp_replace(formula, '@up_(core|node|gpu)_s', up, 'g');
	rows_there := warehouse.question_rows(q);
	IF (q).among IS NOT NULL THEN
		rows_there := rows_there || CASE WHEN value = 'u.value' THEN format(' AND (u.value = ANY (%L::integer[])%s)',
			array_remove((q).among, NULL), CASE WHEN array_position((q).among, NULL) IS NULL THEN '' ELSE ' OR u.value IS NULL' END)
			ELSE format(' AND coalesce((%s)::text, '''') = ANY (%L)', value, array_replace((q).among, NULL, '')) END;
	END IF;
	RETURN format('SELECT v.period, v.value, coalesce(%s, v.value, ''not known''), (%s)::float8, (%s)::float8 '
		'FROM (SELECT %s AS period, (%s)::text AS value%s %s GROUP BY 1, 2) v WHERE %s ORDER BY 1, 4 DESC NULLS LAST, 2',
		coalesce(d.label_of, 'NULL'), formula, coverage, period, value, sums, rows_there,
		CASE WHEN s.over = 'measures' THEN 'true' ELSE 'v.the_value IS NOT NULL' END);
END
$$;
COMMENT ON FUNCTION warehouse.question_sql(warehouse.question) IS 'The SQL of a question.';

-- Whether the days asked for are whole periods of the unit.
CREATE FUNCTION warehouse.is_aligned(unit text, begin date, "end" date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT date_trunc(unit, begin::timestamp) = begin AND date_trunc(unit, "end"::timestamp + interval '1 day') = "end" + 1
$$;
COMMENT ON FUNCTION warehouse.is_aligned(text, date, date) IS 'Whether days from begin to end are whole periods.';

-- The question of who asks. Who may not see all asks for their own besides what row-level security says:
-- its condition has a part that no index serves, so it would read the rows of everybody. Of slices, those of the
-- person and those of each account are asked for by themselves: of both at once the planner tries each job with each day.
CREATE FUNCTION warehouse.own_question(realm text, statistic text, dimension text, unit text, is_total boolean, which jsonb)
	RETURNS warehouse.question
LANGUAGE plpgsql STABLE AS $$
DECLARE
	sees_all boolean := warehouse.asker_sees_all();
	q warehouse.question := warehouse.find_question(realm, statistic, dimension, unit, is_total, which, sees_all);
	accounts integer[] := warehouse.viewer_accounts();
	s warehouse.statistic := q.statistic;
	is_blind boolean := NOT (warehouse.viewer_is_staff() OR pg_has_role(current_user, 'jobsight_analyst', 'USAGE')
		OR pg_has_role(current_user, 'jobsight_loader', 'USAGE'));
BEGIN
	-- Metrics for staff only are not told by their sums either.
	IF is_blind AND EXISTS (SELECT FROM warehouse.metric m WHERE m.audience = 'staff' AND (m.column_name = ANY (s.metrics)
				OR concat_ws(' ', s.formula, s.coverage) ~ ('\m' || m.column_name || '(_x|_w|_xw|_xxw|_max|_min)?\M'))) THEN
		RAISE EXCEPTION 'statistic % is for staff only', s.id USING ERRCODE = 'insufficient_privilege';
	END IF;
	-- Nor by what a site says of jobs by them: category and reason, of the metrics that are for everybody, jobs alone tell.
	IF is_blind AND q.source <> 'relation' AND EXISTS (SELECT FROM warehouse.slice_column c JOIN warehouse.metric m ON m.audience = 'staff'
			AND c.value ~ ('\ms\.' || m.column_name || '\M')
			WHERE concat_ws(' ', (q.dimension).value, q.filters, (SELECT string_agg(x.aggregate, ' ')
				FROM warehouse.measures_of(concat_ws(' ', s.formula, s.coverage), q.cube) x)) ~ ('\m[us]\.' || c.name || '\M')) THEN
		q.source := 'jobs';
		q.cube := 'performance';
	END IF;
	IF NOT sees_all AND q.source = 'jobs' THEN
		q.own := format('(SELECT * FROM warehouse.job_slice WHERE person_id = %1$s' || CASE WHEN accounts <> '{}' THEN
			' UNION ALL SELECT * FROM warehouse.job_slice WHERE account_id = ANY (%2$L::integer[]) AND person_id IS DISTINCT FROM %1$s'
			ELSE '' END || ')', coalesce(warehouse.viewer_person(), -1), accounts);
	ELSIF NOT sees_all AND q.source <> 'relation' THEN
		q.filters := format(' AND (u.person_id = %s%s)', coalesce(warehouse.viewer_person(), -1),
			CASE WHEN accounts <> '{}' THEN format(' OR u.account_id = ANY (%L::integer[])', accounts) ELSE '' END) || q.filters;
	END IF;
	RETURN q;
END
$$;
COMMENT ON FUNCTION warehouse.own_question(text, text, text, text, boolean, jsonb) IS
	'Looks up the words of a question for who asks: what they may not see is left out along indexes.';

-- Of one's own jobs what was measured is had by their numbers, wherever they are: the planner would rather read
-- that of everybody.
CREATE FUNCTION warehouse.answer_own(q warehouse.question, begin date, "end" date)
	RETURNS TABLE (period date, value_id text, dimension_value text, value double precision, coverage double precision)
LANGUAGE plpgsql STABLE SET random_page_cost = 1.1 SET jit = off AS $$
BEGIN
	RETURN QUERY EXECUTE warehouse.question_sql(q) USING begin, "end";
END
$$;
COMMENT ON FUNCTION warehouse.answer_own(warehouse.question, date, date) IS 'Answers a question of one''s own jobs.';

CREATE FUNCTION warehouse.answer(q warehouse.question, begin date, "end" date)
	RETURNS TABLE (period date, value_id text, dimension_value text, value double precision, coverage double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF (q).own IS NOT NULL THEN
		RETURN QUERY SELECT * FROM warehouse.answer_own(q, begin, "end");
	ELSE
		RETURN QUERY EXECUTE warehouse.question_sql(q) USING begin, "end";
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.answer(warehouse.question, date, date) IS 'Answers a question.';

CREATE FUNCTION warehouse.statistic(realm text, statistic text, dimension text, unit text, begin date, "end" date,
	which jsonb DEFAULT '{}')
	RETURNS TABLE (period date, value_id text, dimension_value text, value double precision, coverage double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT * FROM warehouse.answer(warehouse.own_question(realm, statistic, dimension, unit, false, which), begin, "end");
END
$$;
COMMENT ON FUNCTION warehouse.statistic(text, text, text, text, date, date, jsonb) IS
	'A statistic by a dimension over time: realm, statistic, dimension (none, person ...), unit (day, month, quarter, year), first and last day, filters {"resource": "alpha"}. Of rows that who asks may see.';
CREATE FUNCTION warehouse.total(realm text, statistic text, dimension text, begin date, "end" date,
	which jsonb DEFAULT '{}')
	RETURNS TABLE (period date, value_id text, dimension_value text, value double precision, coverage double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT * FROM warehouse.answer(warehouse.own_question(realm, statistic, dimension, 'day', true, which), begin, "end");
END
$$;
COMMENT ON FUNCTION warehouse.total(text, text, text, date, date, jsonb) IS
	'A statistic by a dimension for the whole time from the first to the last day.';

-- What a chart shows: the values of a dimension that have most in the whole time, over time. Of many
-- thousand people that is a small part of what there is.
CREATE FUNCTION warehouse.leaders(realm text, statistic text, dimension text, unit text, begin date, "end" date,
	which jsonb, n bigint)
	RETURNS TABLE (period date, value_id text, dimension_value text, value double precision, coverage double precision)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	q warehouse.question := warehouse.own_question(realm, statistic, dimension, unit, false, which);
BEGIN
	SELECT array_agg(t.value_id ORDER BY t.value DESC NULLS LAST, t.value_id) INTO q.among
		FROM (SELECT * FROM warehouse.total(realm, statistic, dimension, begin, "end", which) x
			ORDER BY x.value DESC NULLS LAST, x.value_id LIMIT n) t;
	IF q.among IS NOT NULL THEN
		RETURN QUERY SELECT * FROM warehouse.answer(q, begin, "end");
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.leaders(text, text, text, text, date, date, jsonb, bigint) IS
	'statistic() of the n values of the dimension that have most in the whole time.';

-- Whether every question can be answered: what goes wrong with those that cannot.
CREATE FUNCTION warehouse.check_statistics() RETURNS TABLE (realm text, statistic text, dimension text, problem text)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	q record;
BEGIN
	FOR q IN SELECT s.realm, s.id AS statistic, d.id AS dimension FROM warehouse.statistic s
			JOIN warehouse.dimension d ON d.realm = s.realm
			WHERE d.id = 'none' OR s.id = (SELECT x.id FROM warehouse.statistic x WHERE x.realm = s.realm ORDER BY x.position LIMIT 1)
			ORDER BY 1, s.position, d.position LOOP
		BEGIN
			EXECUTE 'EXPLAIN ' || replace(replace(warehouse.question_sql(warehouse.find_question(q.realm, q.statistic,
				q.dimension, 'month', false, '{}', true)), '$1', 'date ''2020-01-01'''), '$2', 'date ''2020-01-31''');
		EXCEPTION WHEN OTHERS THEN
			realm := q.realm;
			statistic := q.statistic;
			dimension := q.dimension;
			problem := SQLERRM;
			RETURN NEXT;
		END;
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.check_statistics() IS 'The statistics and dimensions whose SQL the server refuses, and why.';

CREATE FUNCTION warehouse.one_line(sql text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT replace(regexp_replace(trim(sql, E' \n'), '\s+', ' ', 'g'), '|', '\|')
$$;
COMMENT ON FUNCTION warehouse.one_line(text) IS 'SQL for a cell of a table.';

-- docs/statistics.md.
CREATE FUNCTION warehouse.document_statistics() RETURNS text
LANGUAGE sql STABLE AS $$
	SELECT '<!-- SPDX-License-Identifier: Apache-2.0 -->' || E'\n# Statistics and dimensions\n\n'
		|| E'Made of `conf/statistics/*.yaml` by `psql -XAtc ''SELECT warehouse.document_statistics()''`; do not edit.\n'
		|| E'Ids are those of Open XDMoD where it has the figure; schema `compat` has its own arithmetic.\n'
		|| E'How formulas are read is said in [warehouse.md](warehouse.md#statistics).\n'
		|| string_agg(realm.text, '' ORDER BY realm.position)
	FROM (SELECT r.position, E'\n## ' || r.label || ' (`' || r.realm || E'`)\n\n' || r.help || E'\n\n'
		|| coalesce(E'Dimensions of `' || r.dimensions_of || E'`, and:\n\n', '')
		|| E'| dimension | shown as | what it is | SQL |\n| --- | --- | --- | --- |\n'
		|| coalesce((SELECT string_agg(format(E'| `%s` | %s | %s | `%s` |\n', d.id, d.label, d.help, warehouse.one_line(d.value)),
			'' ORDER BY d.position, d.id) FROM warehouse.dimension d WHERE d.realm = r.realm AND d.position > 0), '')
		|| coalesce(E'\nStatistics of `' || r.statistics_of || E'`.\n', E'\n| statistic | shown as | unit | weight | what it is | SQL | coverage |\n'
		|| E'| --- | --- | --- | --- | --- | --- | --- |\n'
		|| (SELECT string_agg(format(E'| `%s` | %s | %s | %s | %s | `%s` | %s |\n', s.id, s.label, s.unit, coalesce(s.weight, ''), s.help,
			warehouse.one_line(s.formula), coalesce('`' || warehouse.one_line(s.coverage) || '`', '')), '' ORDER BY s.position, s.id)
			FROM warehouse.statistic s WHERE s.realm = r.realm AND s.id NOT LIKE 'metric\_%'))
		|| CASE WHEN r.macros <> '{}' THEN E'\n' || (SELECT string_agg(format(E'`{%s}`: `%s`\n\n', key, warehouse.one_line(value)), '')
			FROM jsonb_each_text(r.macros)) ELSE '' END AS text
		FROM warehouse.realm r) realm
$$;
COMMENT ON FUNCTION warehouse.document_statistics() IS 'The manual''s table of statistics and dimensions, Markdown.';

-- After the rows and the catalogue were put.
CREATE FUNCTION warehouse.align_statistics() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	bad record;
BEGIN
	INSERT INTO warehouse.dimension
		SELECT r.realm, d.id, d.position - 1000, d.label, d.help, warehouse.expand(d.value, o.macros), d.label_of, d.over, d.cube,
			d.metrics, d.is_public
		FROM warehouse.realm r JOIN warehouse.realm o ON o.realm = r.dimensions_of
		JOIN warehouse.dimension d ON d.realm = o.realm ON CONFLICT DO NOTHING;
	INSERT INTO warehouse.statistic
		SELECT r.realm, s.id, s.position - 1000, s.label, s.unit, warehouse.expand(s.formula, o.macros), s.over, s.weight,
			warehouse.expand(s.coverage, o.macros), s.metrics, s.help, s.is_public, s.is_additive
		FROM warehouse.realm r JOIN warehouse.realm o ON o.realm = r.statistics_of
		JOIN warehouse.statistic s ON s.realm = o.realm ON CONFLICT DO NOTHING;
	PERFORM warehouse.align_slices();
	PERFORM warehouse.create_slices();
	PERFORM warehouse.put_metric_statistics();
	PERFORM warehouse.align_public();
	PERFORM warehouse.follow_definitions();
	UPDATE warehouse.statistic SET is_additive = unit <> '%' AND formula !~
			'(nullif|percentile|DISTINCT|avg\(|sqrt|min_|max_|_min|_max|@)'
		WHERE is_additive IS NULL;
	FOR bad IN SELECT * FROM warehouse.check_statistics() LOOP
		RAISE EXCEPTION 'realm %, statistic % by %: %', bad.realm, bad.statistic, bad.dimension, bad.problem;
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.align_statistics() IS 'Makes what statistics are made of; refuses rows whose SQL is wrong.';

REVOKE ALL ON FUNCTION warehouse.class_of(text, double precision), warehouse.class_label(text, integer),
	warehouse.science_at(integer, integer), warehouse.align_slices(), warehouse.create_slices(), warehouse.put_realm(jsonb),
	warehouse.put_metric_statistics(), warehouse.measures_of(text, text), warehouse.expand(text, jsonb),
	warehouse.find_question(text, text, text, text, boolean, jsonb, boolean),
	warehouse.question_rows(warehouse.question), warehouse.question_sql(warehouse.question),
	warehouse.is_aligned(text, date, date),
	warehouse.own_question(text, text, text, text, boolean, jsonb),
	warehouse.answer_own(warehouse.question, date, date), warehouse.answer(warehouse.question, date, date),
	warehouse.statistic(text, text, text, text, date, date, jsonb),
	warehouse.total(text, text, text, date, date, jsonb), warehouse.cover(text, date, date),
	warehouse.leaders(text, text, text, text, date, date, jsonb, bigint), warehouse.check_statistics(),
	warehouse.align_statistics(), warehouse.one_line(text), warehouse.document_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.class_of(text, double precision), warehouse.class_label(text, integer),
	warehouse.science_at(integer, integer), warehouse.measures_of(text, text), warehouse.expand(text, jsonb),
	warehouse.find_question(text, text, text, text, boolean, jsonb, boolean),
	warehouse.question_rows(warehouse.question), warehouse.question_sql(warehouse.question),
	warehouse.is_aligned(text, date, date),
	warehouse.own_question(text, text, text, text, boolean, jsonb),
	warehouse.answer_own(warehouse.question, date, date), warehouse.answer(warehouse.question, date, date),
	warehouse.statistic(text, text, text, text, date, date, jsonb),
	warehouse.total(text, text, text, date, date, jsonb), warehouse.cover(text, date, date),
	warehouse.leaders(text, text, text, text, date, date, jsonb, bigint)
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
GRANT SELECT ON warehouse.realm, warehouse.statistic, warehouse.dimension, warehouse.gateway
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
GRANT INSERT, UPDATE, DELETE ON warehouse.gateway TO jobsight_loader;
