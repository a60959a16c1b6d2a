-- SPDX-License-Identifier: Apache-2.0
-- What everybody may ask. A figure is of at least site.public_group people; smaller groups of a month
-- are put together as "others", with the smallest group that is large enough when they are still too
-- few, and a month with fewer people has no figure. Months are the finest there is, quarters are
-- not asked for, and there are no filters: of figures that overlap, differences would tell of
-- the few who are in one and not in the other. Least, greatest and percentiles are single jobs' and closed.

CREATE FUNCTION warehouse.public_statistic(realm text, statistic text, dimension text, begin date, "end" date)
	RETURNS TABLE (period date, dimension_value text, value double precision, people bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
	q warehouse.question := warehouse.find_question(realm, statistic, dimension, 'month', false, '{}', false);
	s warehouse.statistic := (q).statistic;
	d warehouse.dimension := (q).dimension;
	a text := CASE (q).source WHEN 'jobs' THEN 's' ELSE 'u' END;
	month text := format('date_trunc(''month'', %s.day::timestamp)::date', a);
	parts text; -- of each person
	sums text;
	-- Who has a part in the figure: of each sum it is made of, those who have one that is not 0.
	people text;
BEGIN
	IF NOT s.is_public OR NOT d.is_public OR s.over <> 'measures' OR (q).source NOT IN ('day', 'jobs')
			OR d.over <> 'rows' OR d.id IN ('day', 'quarter', 'year') OR position('@' IN s.formula) > 0 THEN
		RAISE EXCEPTION '% by % is not public', s.id, d.id USING ERRCODE = 'insufficient_privilege';
	END IF;
	IF NOT warehouse.is_aligned('month', begin, "end") THEN
		RAISE EXCEPTION 'the public asks for whole months' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF EXISTS (SELECT FROM unnest(s.metrics) n WHERE n NOT IN (SELECT column_name FROM warehouse.metric
			WHERE column_name IS NOT NULL AND audience <> 'staff')) THEN
		RETURN;
	END IF;
	SELECT coalesce(string_agg(format(', %s AS %I', CASE
			WHEN a = 's' THEN replace(m.aggregate, 's.running_begin', format('s.running_begin AND s.day = %s', month))
			WHEN m.fold = 'begin' THEN format('coalesce(sum(u.%I) FILTER (WHERE u.day = %s), 0)', m.name, month)
			ELSE format('%s(u.%I)', m.fold, m.name) END, m.name), ''), ''),
		coalesce(string_agg(format(', %s(r.%I) AS %2$I', CASE m.fold WHEN 'begin' THEN 'sum' ELSE m.fold END, m.name), ''), ''),
		format('coalesce(least(%s), 0)', string_agg(format(
			'nullif(count(DISTINCT r.person_id) FILTER (WHERE r.%I <> 0), 0)', m.name), ', '))
		INTO parts, sums, people FROM warehouse.measures_of(s.formula, (q).cube) m;
	RETURN QUERY EXECUTE format('WITH r AS MATERIALIZED (SELECT %8$s AS period, '
		'(%1$s)::text AS value, %9$s.person_id%7$s %2$s GROUP BY 1, 2, 3), '
		'g AS (SELECT period, value, %6$s AS people FROM r GROUP BY 1, 2), '
		'k AS (SELECT g.*, people >= site.public_group AS is_large, '
		'row_number() OVER (PARTITION BY period, people >= site.public_group ORDER BY people, value) AS place, '
		'bool_or(people < site.public_group) OVER (PARTITION BY period) AS has_small FROM g CROSS JOIN warehouse.site), '
		'few AS (SELECT r.period, %6$s AS people FROM r JOIN k ON k.period = r.period '
		'AND k.value IS NOT DISTINCT FROM r.value WHERE NOT k.is_large GROUP BY 1), '
		'm AS (SELECT k.period, k.value, NOT k.is_large OR (k.place = 1 AND k.has_small AND few.people < site.public_group) AS is_other '
		'FROM k LEFT JOIN few ON few.period = k.period CROSS JOIN warehouse.site), '
		'v AS (SELECT r.period, m.is_other, CASE WHEN NOT m.is_other THEN r.value END AS value, '
		'%6$s AS people%3$s FROM r JOIN m ON m.period = r.period AND m.value IS NOT DISTINCT FROM r.value '
		'GROUP BY 1, 2, 3) '
		'SELECT v.period, CASE WHEN v.is_other THEN ''others'' ELSE coalesce(%4$s, v.value, ''not known'') END, (%5$s)::float8, v.people '
		'FROM v CROSS JOIN warehouse.site WHERE v.people >= site.public_group ORDER BY 1, 3 DESC NULLS LAST, 2',
		CASE a WHEN 's' THEN regexp_replace(d.value, '\mu\.', 's.', 'g') ELSE d.value END, warehouse.question_rows(q), sums,
		coalesce(d.label_of, 'NULL'), s.formula, people, parts, month, a) USING begin, "end";
END
$$;
COMMENT ON FUNCTION warehouse.public_statistic(text, text, text, date, date) IS
	'A statistic by a dimension and month that everybody may see: of at least site.public_group people, smaller groups put together as others.';
REVOKE ALL ON FUNCTION warehouse.public_statistic(text, text, text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.public_statistic(text, text, text, date, date)
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
