-- SPDX-License-Identifier: Apache-2.0
-- Partitions by themselves: months are made ahead of time, and old ones go by being dropped, which
-- takes no longer for a million jobs than for one. The figures of days stay when facts go.

ALTER TABLE warehouse.site
	ADD months_ahead integer NOT NULL DEFAULT 2 CHECK (months_ahead BETWEEN 0 AND 120),
	ADD keep_metrics interval CHECK (keep_metrics > interval '1 month'),
	ADD keep_jobs interval CHECK (keep_jobs > interval '1 month' AND keep_jobs >= keep_metrics);
COMMENT ON COLUMN warehouse.site.months_ahead IS 'Partitions are there for this many months to come.';
COMMENT ON COLUMN warehouse.site.keep_metrics IS
	'Facts of jobs but those of accounting go this long after the month of their end; NULL: never.';
COMMENT ON COLUMN warehouse.site.keep_jobs IS 'All facts of jobs go this long after the month of their end; NULL: never.';

-- The months of a fact: its partitions and their bounds.
CREATE VIEW warehouse.fact_month WITH (security_invoker = true) AS
	SELECT f.name AS fact, c.relname::text AS partition, b.month,
		pg_total_relation_size(c.oid) AS bytes, c.reltuples::bigint AS rows
	FROM warehouse.fact f
	JOIN pg_catalog.pg_inherits i ON i.inhparent = format('warehouse.%I', f.name)::regclass
	JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
	CROSS JOIN LATERAL (SELECT to_date(substring(c.relname FROM '_(\d{4}_\d{2})$'), 'YYYY_MM')) b (month)
	WHERE b.month IS NOT NULL;
COMMENT ON VIEW warehouse.fact_month IS 'The partitions of the facts, a month each.';
COMMENT ON COLUMN warehouse.fact_month.fact IS 'Table.';
COMMENT ON COLUMN warehouse.fact_month.partition IS 'Its partition.';
COMMENT ON COLUMN warehouse.fact_month.month IS 'First day of the month, in UTC.';
COMMENT ON COLUMN warehouse.fact_month.bytes IS 'Disk, with indexes.';
COMMENT ON COLUMN warehouse.fact_month.rows IS 'Rows, as last estimated.';

-- Drops the months before an instant: of all facts, or of those that are not of accounting. A month goes only when all of
-- its jobs ended before. Days that may have lost a job are frozen first.
CREATE FUNCTION warehouse.drop_months(until timestamptz, all_facts boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	last date := date_trunc('month', until AT TIME ZONE 'UTC')::date;
	m record;
	dropped integer := 0;
BEGIN
	IF EXISTS (SELECT FROM warehouse.dirty WHERE unit = 'day' AND day <= last) THEN
		RAISE EXCEPTION 'figures before % are not made yet', last
			USING HINT = 'Run jobsight-load first: they are made of what would go.';
	END IF;
	FOR m IN SELECT p.partition, p.month FROM warehouse.fact_month p JOIN warehouse.fact f ON f.name = p.fact
		WHERE p.month < last AND (all_facts OR NOT f.is_accounting) ORDER BY p.month, p.fact
	LOOP
		UPDATE warehouse.site SET facts_from = greatest(facts_from, (m.month + interval '1 month 1 day')::date);
		EXECUTE format('DROP %s TABLE warehouse.%I', CASE WHEN (SELECT relkind = 'f' FROM pg_catalog.pg_class
			WHERE oid = format('warehouse.%I', m.partition)::regclass) THEN 'FOREIGN' ELSE '' END, m.partition);
		dropped := dropped + 1;
	END LOOP;
	IF all_facts THEN
		PERFORM set_config('jobsight.merging', 'drop', true);
		DELETE FROM warehouse.job_key WHERE end_t < last::timestamp AT TIME ZONE 'UTC';
		PERFORM set_config('jobsight.merging', '', true);
		DELETE FROM warehouse.job_span WHERE end_t < last::timestamp AT TIME ZONE 'UTC';
		DELETE FROM warehouse.job_name_use WHERE month < last::timestamp AT TIME ZONE 'UTC';
		DELETE FROM warehouse.job_name n WHERE NOT EXISTS (SELECT FROM warehouse.job_name_use u WHERE u.name_hash = n.name_hash);
	END IF;
	RETURN dropped;
END
$$;
COMMENT ON FUNCTION warehouse.drop_months(timestamptz, boolean) IS
	'Drops the months of the facts before this one; with false those of accounting stay. Figures stay in any case.';

-- What is due: months to come, and those whose time is over. pg_partman may do it instead: its
-- part_config then has the facts, and we leave them alone.
CREATE FUNCTION warehouse.keep_months() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	s warehouse.site;
	is_partman boolean := false;
	is_due boolean;
	last date;
	dropped integer := 0;
BEGIN
	SELECT * INTO STRICT s FROM warehouse.site;
	IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pg_partman') THEN
		EXECUTE format('SELECT EXISTS (SELECT FROM %s.part_config WHERE parent_table = ''warehouse.job'')',
			(SELECT extnamespace::regnamespace FROM pg_catalog.pg_extension WHERE extname = 'pg_partman'))
			INTO is_partman;
	END IF;
	IF is_partman THEN
		RETURN 0;
	END IF;
	-- Figures that are not made yet are made of what would go: then it goes next time.
	last := date_trunc('month', (now() - least(s.keep_metrics, s.keep_jobs)) AT TIME ZONE 'UTC')::date;
	is_due := NOT EXISTS (SELECT FROM warehouse.dirty WHERE unit = 'day' AND day <= last);
	PERFORM warehouse.create_month(date_trunc('month', now(), 'UTC') + n * interval '1 month')
		FROM generate_series(0, s.months_ahead) n;
	PERFORM warehouse.create_usage_year((now() + n * interval '1 year')::date) FROM generate_series(0, 1) n;
	IF is_due AND s.keep_metrics IS NOT NULL THEN
		dropped := dropped + warehouse.drop_months(now() - s.keep_metrics, false);
	END IF;
	IF is_due AND s.keep_jobs IS NOT NULL THEN
		dropped := dropped + warehouse.drop_months(now() - s.keep_jobs, true);
	END IF;
	RETURN dropped;
END
$$;
COMMENT ON FUNCTION warehouse.keep_months() IS
	'Makes partitions of months to come and drops those whose time is over, as the table site says; how many were dropped.';

-- What the settings say; '' is for ever.
CREATE FUNCTION warehouse.set_keep(metrics text, jobs text) RETURNS void
LANGUAGE sql AS $$
	UPDATE warehouse.site SET keep_metrics = nullif(metrics, '')::interval, keep_jobs = nullif(jobs, '')::interval
		WHERE (keep_metrics, keep_jobs) IS DISTINCT FROM (nullif(metrics, '')::interval, nullif(jobs, '')::interval)
$$;
COMMENT ON FUNCTION warehouse.set_keep(text, text) IS 'Says how long facts are kept: intervals, or empty for ever.';

REVOKE ALL ON FUNCTION warehouse.drop_months(timestamptz, boolean), warehouse.keep_months(),
	warehouse.set_keep(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.keep_months() TO jobsight_loader;
GRANT SELECT ON warehouse.fact_month TO jobsight_loader, jobsight_analyst;
