-- SPDX-License-Identifier: Apache-2.0
-- Lists of jobs, the newest or the oldest first. A list reads an index of each month, from the one
-- end of time to the other, and stops when it has its rows; so it costs the same whether a warehouse
-- holds a thousand jobs or a hundred millions. The views cannot do that: a union of joins has no order.
-- Names are looked up first, because an index holds numbers. Who may not see all jobs has but a few
-- indexes to read: that of their own jobs and those of the accounts that they lead.

CREATE INDEX job_state_end ON warehouse.job (state_id, end_t);
CREATE INDEX job_partition_end ON warehouse.job (partition_id, end_t);
CREATE INDEX job_cluster_end ON warehouse.job (cluster_id, end_t);
CREATE INDEX job_application_end ON warehouse.job (application_id, end_t) WHERE application_id IS NOT NULL;
-- Numbers are typed from their begin on.
DROP INDEX warehouse.job_local_id;
CREATE INDEX job_local_id ON warehouse.job (local_id text_pattern_ops);

-- What lists can be of.
CREATE TABLE warehouse.job_filter (
	name text PRIMARY KEY,
	position integer NOT NULL UNIQUE,
	dimension text NOT NULL,
	help text NOT NULL
);
COMMENT ON TABLE warehouse.job_filter IS 'What lists of jobs can be of; beside these by text, since and until.';
COMMENT ON COLUMN warehouse.job_filter.name IS 'Key of the filter.';
COMMENT ON COLUMN warehouse.job_filter.position IS 'Order.';
COMMENT ON COLUMN warehouse.job_filter.dimension IS 'Table of names; with _id the column of job.';
COMMENT ON COLUMN warehouse.job_filter.help IS 'What it is.';
INSERT INTO warehouse.job_filter VALUES
	('cluster', 1, 'cluster', 'Cluster it ran on.'),
	('user', 2, 'person', 'Login name of who submitted it.'),
	('account', 3, 'account', 'Account it was charged to.'),
	('partition', 4, 'partition', 'Partition it ran in, of any cluster.'),
	('qos', 5, 'qos', 'Quality of service.'),
	('application', 6, 'application', 'Application recognised in its processes.'),
	('state', 7, 'state', 'State it ended in.');

-- The parts that a list is put together of: a condition each, SQL over j, and an index to read it by.
-- A partition of one name may be on many clusters. A name that is not there has no number, and no part.
CREATE FUNCTION warehouse.list_parts(which jsonb) RETURNS SETOF text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	parts text[] := '{true}';
	f record;
	numbers integer[];
BEGIN
	IF NOT (pg_has_role(current_user, 'jobsight_analyst', 'USAGE') OR pg_has_role(current_user, 'jobsight_loader', 'USAGE')
			OR warehouse.viewer_sees_all()) THEN
		parts := format('{j.person_id = %s}', coalesce(warehouse.viewer_person(), -1))::text[]
			|| (SELECT array_agg('j.account_id = ' || a) FROM unnest(warehouse.viewer_accounts()) a);
	END IF;
	FOR f IN SELECT x.dimension, which ->> x.name AS value FROM warehouse.job_filter x
			WHERE which ->> x.name IS NOT NULL ORDER BY x.position LOOP
		EXECUTE format('SELECT array_agg(d.%I) FROM warehouse.%I d WHERE d.name = $1', f.dimension || '_id', f.dimension)
			INTO numbers USING f.value;
		parts := (SELECT array_agg(format('%s AND j.%I = %s', p, f.dimension || '_id', x)) FROM unnest(parts) p, unnest(numbers) x);
	END LOOP;
	-- What begins like a number of a job is one; all else is part of a name.
	IF which ->> 'text' ~ '^[0-9]{5}' THEN
		parts := (SELECT array_agg(format('%s AND starts_with(j.local_id, %L)', p, which ->> 'text')) FROM unnest(parts) p);
	ELSIF which ->> 'text' IS NOT NULL THEN
		parts := (SELECT array_agg(format('%s AND (starts_with(j.local_id, %L) OR strpos(lower(j.name), lower(%2$L)) > 0)',
			p, which ->> 'text')) FROM unnest(parts) p);
	END IF;
	RETURN QUERY SELECT unnest(parts);
END
$$;
COMMENT ON FUNCTION warehouse.list_parts(jsonb) IS 'Conditions of the parts of a list of jobs, each read along an index; of jobs that who asks may see.';

-- The SQL of a list: job_id and end_t in order. A job that two parts have is listed once.
CREATE FUNCTION warehouse.list_sql(which jsonb, is_newer boolean, mark_end timestamptz, mark_id bigint, n bigint)
	RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	ordering text := CASE WHEN is_newer THEN 'end_t, job_id' ELSE 'end_t DESC, job_id DESC' END;
	times text := '';
	parts text;
BEGIN
	IF EXISTS (SELECT FROM jsonb_object_keys(which) k WHERE k NOT IN (SELECT name FROM warehouse.job_filter)
			AND k NOT IN ('text', 'since', 'until')) THEN
		RAISE EXCEPTION 'jobs have no filter among %', which USING ERRCODE = 'undefined_object',
			HINT = 'Filters: text, since, until, ' || (SELECT string_agg(name, ', ' ORDER BY position) FROM warehouse.job_filter);
	END IF;
	IF which ->> 'since' IS NOT NULL THEN
		times := format(' AND j.end_t >= %L::timestamptz', to_timestamp((which ->> 'since')::bigint));
	END IF;
	IF which ->> 'until' IS NOT NULL THEN
		times := times || format(' AND j.end_t < %L::timestamptz', to_timestamp((which ->> 'until')::bigint));
	END IF;
	IF mark_id IS NOT NULL THEN -- the first condition is for partitions and indexes, the second for ties
		times := times || format(' AND j.end_t %s= %2$L::timestamptz AND (j.end_t, j.job_id) %1$s (%2$L::timestamptz, %3$L::bigint)',
			CASE WHEN is_newer THEN '>' ELSE '<' END, coalesce(mark_end, 'infinity'), mark_id);
	END IF;
	SELECT string_agg(format('(SELECT j.end_t, j.job_id FROM warehouse.job j WHERE %s%s ORDER BY %s LIMIT %s)',
			p, times, 'j.' || replace(ordering, ', ', ', j.'), n), ' UNION ')
		INTO parts FROM warehouse.list_parts(which) p;
	RETURN format('SELECT k.end_t, k.job_id FROM (%s) k ORDER BY %s LIMIT %s', coalesce(parts,
		'SELECT NULL::timestamptz AS end_t, NULL::bigint AS job_id WHERE false'), ordering, n);
END
$$;
COMMENT ON FUNCTION warehouse.list_sql(jsonb, boolean, timestamptz, bigint, bigint) IS 'The SQL of a list of jobs.';

-- Planned for what it is: an index is read in its order, and never all of a month.
CREATE FUNCTION warehouse.find_jobs(which jsonb, n bigint DEFAULT 50, is_newer boolean DEFAULT false,
	mark_end timestamptz DEFAULT NULL, mark_id bigint DEFAULT NULL)
	RETURNS TABLE (place bigint, job_id bigint, end_time timestamptz)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
	SET max_parallel_workers_per_gather = 0 AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT row_number() OVER (), l.job_id, nullif(l.end_t, ''infinity'') FROM ('
		|| warehouse.list_sql(which, is_newer, mark_end, mark_id, n) || ') l';
END
$$;
COMMENT ON FUNCTION warehouse.find_jobs(jsonb, bigint, boolean, timestamptz, bigint) IS
	'The n newest jobs of these filters, {"user": "alice"}, or with is_newer the oldest; from a job on, which is its end (NULL: it runs) and job_id. Join it with jobs or job_performance.';

-- What the portal shows: a row of job_performance each, and its times as Unix seconds besides.
CREATE FUNCTION warehouse.list_jobs(which jsonb, is_newer boolean, mark_end bigint, mark_id bigint, n bigint)
	RETURNS SETOF jsonb
LANGUAGE plpgsql STABLE SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off
	SET join_collapse_limit = 1 SET jit = off AS $$
DECLARE
	-- Each job by itself (OFFSET 0 keeps it so): a union of joins is else made whole, and then searched.
	row_of CONSTANT text := 'SELECT k.n, r.job FROM unnest($1, $2, $3) k (n, job_id, end_time) CROSS JOIN LATERAL ('
		'SELECT to_jsonb(p) - ''{quality,coverage}''::text[] || jsonb_build_object('
		'''submit'', extract(epoch FROM p.submit_time)::bigint, ''eligible'', extract(epoch FROM p.eligible_time)::bigint, '
		'''start'', extract(epoch FROM p.start_time)::bigint, ''end'', extract(epoch FROM p.end_time)::bigint) AS job '
		'FROM warehouse.job_performance p WHERE p.job_id = k.job_id AND %s OFFSET 0) r';
	places bigint[];
	ids bigint[];
	ends timestamptz[];
	parts text;
BEGIN
	SELECT array_agg(f.place), array_agg(f.job_id), array_agg(f.end_time) INTO places, ids, ends
		FROM warehouse.find_jobs(which, n, is_newer, to_timestamp(mark_end), mark_id) f;
	-- The months are named, so that no others are planned for.
	SELECT string_agg(x.part, ' UNION ALL ') INTO parts FROM (
		SELECT format(row_of, format('p.end_time = k.end_time AND p.end_time BETWEEN %L AND %L', min(t), max(t)))
			FROM unnest(ends) t HAVING min(t) IS NOT NULL
		UNION ALL SELECT format(row_of, 'p.end_time IS NULL AND k.end_time IS NULL')
			FROM unnest(ends) t HAVING bool_or(t IS NULL)) x (part);
	IF parts IS NOT NULL THEN
		RETURN QUERY EXECUTE format('SELECT x.job FROM (%s) x ORDER BY x.n', parts) USING places, ids, ends;
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.list_jobs(jsonb, boolean, bigint, bigint, bigint) IS
	'A page of a list of jobs, as find_jobs finds them; times are Unix seconds.';

-- How many there are, as far as it is worth counting.
CREATE FUNCTION warehouse.count_jobs(which jsonb, n bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
	SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
	counted bigint;
BEGIN
	EXECUTE 'SELECT count(*) FROM (' || warehouse.list_sql(which, false, NULL, NULL, n) || ') l' INTO counted;
	RETURN counted;
END
$$;
COMMENT ON FUNCTION warehouse.count_jobs(jsonb, bigint) IS 'How many jobs a list has; counting stops at n.';

DO $$
DECLARE
	f text;
BEGIN
	FOREACH f IN ARRAY ARRAY['list_parts(jsonb)', 'list_sql(jsonb, boolean, timestamptz, bigint, bigint)',
			'find_jobs(jsonb, bigint, boolean, timestamptz, bigint)', 'list_jobs(jsonb, boolean, bigint, bigint, bigint)',
			'count_jobs(jsonb, bigint)'] LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION warehouse.%s FROM PUBLIC', f);
		EXECUTE format('GRANT EXECUTE ON FUNCTION warehouse.%s TO jobsight_loader, jobsight_portal, jobsight_analyst', f);
	END LOOP;
END
$$;
GRANT SELECT ON warehouse.job_filter TO jobsight_loader, jobsight_portal, jobsight_analyst;
