-- SPDX-License-Identifier: Apache-2.0
-- Lists of jobs, the newest or the oldest first. A list reads an index of each month, from the one
-- end of time to the other, and stops when it has its rows; so it costs the same whether a warehouse
-- holds a thousand jobs or a hundred millions. The views cannot do that: a union of joins has no order.
-- Names are looked up first, because an index holds numbers. Who may not see all jobs has but a few
-- indexes to read: that of their own jobs and those of the accounts that they lead.

-- What most jobs end in is no filter that needs an index: it is the first state, so that others have one.
INSERT INTO warehouse.state (name) VALUES ('COMPLETED');
CREATE INDEX job_state_end ON warehouse.job (state_id, end_t) WHERE state_id <> 1;
CREATE INDEX job_partition_end ON warehouse.job (partition_id, end_t);
CREATE INDEX job_cluster_end ON warehouse.job (cluster_id, end_t);
CREATE INDEX job_application_end ON warehouse.job (application_id, end_t) WHERE application_id IS NOT NULL;
-- As of states: of qualities of service, the one that Slurm gives where nothing is said.
INSERT INTO warehouse.qos (name) VALUES ('normal');
CREATE INDEX job_qos_end ON warehouse.job (qos_id, end_t) WHERE qos_id <> 1;

-- Names of jobs, and by whom and in which month each was used: a part of a name is looked for among the
-- names, which are few beside the jobs, and those that have it are read along the index of people. Texts
-- are told apart by a hash, because an index takes no long ones. There may be too much, never too little: who
-- puts the same at the same time puts it twice and waits for nobody, and what a job was once called stays.
CREATE TABLE warehouse.job_name (
	name_hash bigint NOT NULL,
	name text NOT NULL
);
CREATE INDEX job_name_hash ON warehouse.job_name (name_hash);
COMMENT ON TABLE warehouse.job_name IS 'Names that jobs have or had.';
COMMENT ON COLUMN warehouse.job_name.name_hash IS 'hashtextextended(name, 0).';
COMMENT ON COLUMN warehouse.job_name.name IS 'Name in small letters.';
CREATE TABLE warehouse.job_name_use (
	name_hash bigint NOT NULL,
	month timestamptz NOT NULL,
	person_id integer NOT NULL
);
CREATE INDEX job_name_use_key ON warehouse.job_name_use (name_hash, month, person_id);
COMMENT ON TABLE warehouse.job_name_use IS 'Who has used a name in which month.';
COMMENT ON COLUMN warehouse.job_name_use.name_hash IS 'As in job_name.';
COMMENT ON COLUMN warehouse.job_name_use.month IS 'Begin of the UTC month in which the job ended; infinity: it ran.';
COMMENT ON COLUMN warehouse.job_name_use.person_id IS 'Who submitted it; -1: not known.';
-- Of many names, those with a part are found by its threes of letters, where the server can do that.
DO $$
BEGIN
	CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
	CREATE INDEX job_name_part ON warehouse.job_name USING gin (name public.gin_trgm_ops);
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'parts of names of jobs are found by reading all names: %', SQLERRM;
END
$$;
GRANT SELECT ON warehouse.job_name, warehouse.job_name_use TO jobsight_loader, jobsight_analyst;
GRANT INSERT, UPDATE, DELETE ON warehouse.job_name, warehouse.job_name_use TO jobsight_loader;

-- The SQL that puts the names of jobs, which are the rows of a table.
CREATE FUNCTION warehouse.names_statement(jobs text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT format('WITH used AS MATERIALIZED (SELECT DISTINCT hashtextextended(lower(j.name), 0) AS name_hash, '
		'lower(j.name) AS name, date_trunc(''month'', j.end_t, ''UTC'') AS month, coalesce(j.person_id, -1) AS person_id '
		'FROM %s j WHERE j.name IS NOT NULL), named AS (INSERT INTO warehouse.job_name '
		'SELECT DISTINCT u.name_hash, u.name FROM used u WHERE NOT EXISTS (SELECT FROM warehouse.job_name n '
		'WHERE n.name_hash = u.name_hash AND n.name = u.name)) INSERT INTO warehouse.job_name_use '
		'SELECT u.name_hash, u.month, u.person_id FROM used u WHERE NOT EXISTS (SELECT FROM warehouse.job_name_use x '
		'WHERE (x.name_hash, x.month, x.person_id) = (u.name_hash, u.month, u.person_id))', jobs)
$$;
COMMENT ON FUNCTION warehouse.names_statement(text) IS 'The SQL that puts the names of jobs into job_name and job_name_use.';

-- Each is looked up by itself: statistics of these tables may be older than most of their rows.
CREATE FUNCTION warehouse.follow_names() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
	EXECUTE warehouse.names_statement('new_rows');
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.follow_names() IS 'Keeps job_name and job_name_use.';
CREATE TRIGGER follow_names_insert AFTER INSERT ON warehouse.job REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION warehouse.follow_names();
CREATE TRIGGER follow_names_update AFTER UPDATE ON warehouse.job REFERENCING NEW TABLE AS new_rows
	FOR EACH STATEMENT EXECUTE FUNCTION warehouse.follow_names();

-- Whether who asks may see the jobs of all, and so the figures of all: analysts and the loader may, and whom
-- person_right lets.
CREATE FUNCTION warehouse.asker_sees_all() RETURNS boolean
LANGUAGE sql STABLE AS $$
	SELECT pg_has_role(current_user, 'jobsight_analyst', 'USAGE') OR pg_has_role(current_user, 'jobsight_loader', 'USAGE')
		OR warehouse.viewer_sees_all()
$$;
COMMENT ON FUNCTION warehouse.asker_sees_all() IS 'Whether who asks may see all rows.';

-- Who used names with this part, and when; NULL: so many that the newest jobs are as quickly looked through. Names
-- of others are for those alone who see all jobs.
CREATE FUNCTION warehouse.find_names(part text, OUT people integer[], OUT months timestamptz[])
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
	at_most CONSTANT bigint := 500;
	n bigint;
BEGIN
	IF NOT (warehouse.viewer_sees_all() OR pg_has_role(session_user, 'jobsight_analyst', 'USAGE')
			OR pg_has_role(session_user, 'jobsight_loader', 'USAGE')) THEN
		RETURN;
	END IF;
	EXECUTE 'SELECT coalesce(array_agg(u.person_id), ''{}''), coalesce(array_agg(u.month), ''{}''), coalesce(sum(u.uses), 0) '
		'FROM (SELECT l.person_id, l.month, count(*) AS uses FROM (SELECT u.person_id, u.month FROM warehouse.job_name n '
		'JOIN warehouse.job_name_use u ON u.name_hash = n.name_hash WHERE n.name LIKE $1 LIMIT $2) l GROUP BY 1, 2) u'
		INTO people, months, n
		USING '%' || regexp_replace(lower(part), '([\\%_])', '\\\1', 'g') || '%', at_most + 1;
	IF n > at_most OR -1 = ANY (people) THEN
		people := NULL;
		months := NULL;
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.find_names(text) IS
	'Who used names of jobs with this part, and in which months; NULL: many, or who asks may not know.';

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

-- What a text asks for, of the jobs j of a source. What begins like a number of a job is one; all else is part
-- of a name, and shorter numbers are either.
CREATE FUNCTION warehouse.text_parts(part text, sees_all boolean) RETURNS TABLE (source text, condition text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	jobs CONSTANT text := 'warehouse.job j';
	by_number CONSTANT text := format('starts_with(j.local_id, %L)', part);
	by_name CONSTANT text := format('strpos(lower(j.name), lower(%L)) > 0', part);
	people integer[]; -- NULL: not looked for, or too many
	months timestamptz[];
BEGIN
	IF part ~ '^[0-9]{5}' THEN
		RETURN QUERY VALUES (jobs, by_number);
		RETURN;
	END IF;
	IF sees_all THEN
		SELECT f.people, f.months INTO people, months FROM warehouse.find_names(part) f;
	END IF;
	IF people IS NULL THEN
		RETURN QUERY VALUES (jobs, format('(%s OR %s)', by_number, by_name));
		RETURN;
	END IF;
	IF part ~ '^[0-9]' THEN
		RETURN QUERY VALUES (jobs, by_number);
	END IF;
	IF people <> '{}' THEN -- each person's month by itself (OFFSET 0 keeps it so)
		RETURN QUERY SELECT format('unnest(%L::integer[], %L::timestamptz[], %L::timestamptz[]) u (person_id, first_t, last_t) '
			'CROSS JOIN LATERAL (SELECT x.* FROM warehouse.job x WHERE x.person_id = u.person_id AND x.end_t BETWEEN u.first_t AND u.last_t '
			'AND u.first_t <= $2 AND u.last_t >= $1 AND x.end_t BETWEEN $1 AND $2 '
			'OFFSET 0) j', people, months, (SELECT array_agg(((m AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC'
				- interval '1 microsecond' ORDER BY n) FROM unnest(months) WITH ORDINALITY q (m, n))), by_name;
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.text_parts(text, boolean) IS 'What a text in a list of jobs asks for: of which jobs, on which condition.';

-- The parts that a list is put together of: where jobs j come from and a condition each, with an index to read it
-- by. A partition of one name may be on many clusters. A name that is not there has no number, and no part.
CREATE FUNCTION warehouse.list_parts(which jsonb) RETURNS TABLE (source text, condition text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	sees_all boolean := warehouse.asker_sees_all();
	parts text[] := '{true}';
	f record;
	numbers integer[];
BEGIN
	IF NOT sees_all THEN
		parts := format('{j.person_id = %s}', coalesce(warehouse.viewer_person(), -1))::text[]
			|| (SELECT array_agg('j.account_id = ' || a) FROM unnest(warehouse.viewer_accounts()) a);
	END IF;
	FOR f IN SELECT x.dimension, which ->> x.name AS value FROM warehouse.job_filter x
			WHERE which ->> x.name IS NOT NULL ORDER BY x.position LOOP
		EXECUTE format('SELECT array_agg(d.%I) FROM warehouse.%I d WHERE d.name = $1', f.dimension || '_id', f.dimension)
			INTO numbers USING f.value;
		parts := (SELECT array_agg(format('%s AND j.%I = %s', p, f.dimension || '_id', x)) FROM unnest(parts) p, unnest(numbers) x);
	END LOOP;
	IF which ->> 'text' IS NULL THEN
		RETURN QUERY SELECT 'warehouse.job j', unnest(parts);
	ELSIF parts IS NOT NULL THEN
		RETURN QUERY SELECT t.source, p || ' AND ' || t.condition
			FROM unnest(parts) p CROSS JOIN warehouse.text_parts(which ->> 'text', sees_all) t;
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.list_parts(jsonb) IS 'Sources and conditions of the parts of a list of jobs, each read along an index; of jobs that who asks may see.';

-- The times that a list is read by, one after the other: few months first, so that where these have enough no others
-- are planned for, which takes longer than to read.
CREATE FUNCTION warehouse.list_windows(which jsonb, is_newer boolean, mark_end timestamptz, mark_id bigint)
	RETURNS TABLE (first_t timestamptz, last_t timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	mark timestamptz := CASE WHEN mark_id IS NOT NULL THEN coalesce(mark_end, 'infinity') END;
	since timestamptz := greatest(to_timestamp((which ->> 'since')::bigint), CASE WHEN is_newer THEN mark END, '-infinity');
	until timestamptz := least(to_timestamp((which ->> 'until')::bigint), CASE WHEN NOT is_newer THEN mark END, 'infinity');
	months timestamptz[] := ARRAY(SELECT m.t FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
		CROSS JOIN LATERAL (SELECT to_date(substring(c.relname FROM '_(\d{4}_\d{2})$'), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC') m (t)
		WHERE i.inhparent = 'warehouse.job'::regclass AND m.t + interval '31 days' > since AND m.t <= least(until, now()) ORDER BY 1);
	n integer := cardinality(months);
	bounds timestamptz[] := '{-infinity}' || ARRAY(SELECT months[CASE WHEN is_newer THEN 1 + k ELSE n + 1 - k END]
		FROM unnest('{3,15}'::integer[]) k WHERE k < n ORDER BY 1);
BEGIN
	RETURN QUERY SELECT b, coalesce(lead(b) OVER (ORDER BY i) - interval '1 microsecond', 'infinity')
		FROM unnest(bounds) WITH ORDINALITY x (b, i) ORDER BY CASE WHEN is_newer THEN i ELSE -i END;
END
$$;
COMMENT ON FUNCTION warehouse.list_windows(jsonb, boolean, timestamptz, bigint) IS
	'The times that a list of jobs is read by, in the order of the list.';

-- The SQL of a list: job_id and end_t in order, of jobs that ended from $1 to $2. A job that two parts have is listed once.
CREATE FUNCTION warehouse.list_sql(which jsonb, is_newer boolean, mark_end timestamptz, mark_id bigint, n bigint)
	RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	ordering text := CASE WHEN is_newer THEN 'end_t, job_id' ELSE 'end_t DESC, job_id DESC' END;
	times text := ' AND j.end_t BETWEEN $1 AND $2';
	parts text;
BEGIN
	IF EXISTS (SELECT FROM jsonb_object_keys(which) k WHERE k NOT IN (SELECT name FROM warehouse.job_filter)
			AND k NOT IN ('text', 'since', 'until')) THEN
		RAISE EXCEPTION 'jobs have no filter among %', which USING ERRCODE = 'undefined_object',
			HINT = 'Filters: text, since, until, ' || (SELECT string_agg(name, ', ' ORDER BY position) FROM warehouse.job_filter);
	END IF;
	IF which ->> 'since' IS NOT NULL THEN
		times := times || format(' AND j.end_t >= %L::timestamptz', to_timestamp((which ->> 'since')::bigint));
	END IF;
	IF which ->> 'until' IS NOT NULL THEN
		times := times || format(' AND j.end_t < %L::timestamptz', to_timestamp((which ->> 'until')::bigint));
	END IF;
	IF mark_id IS NOT NULL THEN -- the first condition is for partitions and indexes, the second for ties
		times := times || format(' AND j.end_t %s= %2$L::timestamptz AND (j.end_t, j.job_id) %1$s (%2$L::timestamptz, %3$L::bigint)',
			CASE WHEN is_newer THEN '>' ELSE '<' END, coalesce(mark_end, 'infinity'), mark_id);
	END IF;
	SELECT string_agg(format('(SELECT j.end_t, j.job_id FROM %s WHERE %s%s ORDER BY %s LIMIT %s)',
			p.source, p.condition, times, 'j.' || replace(ordering, ', ', ', j.'), n), ' UNION ')
		INTO parts FROM warehouse.list_parts(which) p;
	RETURN format('SELECT k.end_t, k.job_id FROM (%s) k ORDER BY %s LIMIT %s', coalesce(parts,
		'SELECT NULL::timestamptz AS end_t, NULL::bigint AS job_id WHERE false'), ordering, n);
END
$$;
COMMENT ON FUNCTION warehouse.list_sql(jsonb, boolean, timestamptz, bigint, bigint) IS 'The SQL of a list of jobs that ended from $1 to $2.';

-- Planned for what it is: an index is read in its order, and never all of a month.
CREATE FUNCTION warehouse.find_jobs(which jsonb, n bigint DEFAULT 50, is_newer boolean DEFAULT false,
	mark_end timestamptz DEFAULT NULL, mark_id bigint DEFAULT NULL)
	RETURNS TABLE (place bigint, job_id bigint, end_time timestamptz)
LANGUAGE plpgsql STABLE SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off
	SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
	list text := warehouse.list_sql(which, is_newer, mark_end, mark_id, n);
	had bigint := 0;
	got bigint;
	w record;
BEGIN
	FOR w IN SELECT x.first_t, x.last_t FROM warehouse.list_windows(which, is_newer, mark_end, mark_id) x LOOP
		RETURN QUERY EXECUTE 'SELECT $3 + row_number() OVER (), l.job_id, nullif(l.end_t, ''infinity'') FROM (' || list
			|| ') l LIMIT $4' USING w.first_t, w.last_t, had, n - had;
		GET DIAGNOSTICS got = ROW_COUNT;
		had := had + got;
		EXIT WHEN had >= n;
	END LOOP;
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
	list text := 'SELECT count(*) FROM (' || warehouse.list_sql(which, false, NULL, NULL, n) || ') l';
	counted bigint := 0;
	more bigint;
	w record;
BEGIN
	FOR w IN SELECT x.first_t, x.last_t FROM warehouse.list_windows(which, false, NULL, NULL) x LOOP
		EXECUTE list INTO more USING w.first_t, w.last_t;
		counted := least(counted + more, n);
		EXIT WHEN counted = n;
	END LOOP;
	RETURN counted;
END
$$;
COMMENT ON FUNCTION warehouse.count_jobs(jsonb, bigint) IS 'How many jobs a list has; counting stops at n.';

DO $$
DECLARE
	f text;
BEGIN
	FOREACH f IN ARRAY ARRAY['asker_sees_all()', 'find_names(text)', 'text_parts(text, boolean)', 'list_parts(jsonb)', 'list_windows(jsonb, boolean, timestamptz, bigint)', 'list_sql(jsonb, boolean, timestamptz, bigint, bigint)',
			'find_jobs(jsonb, bigint, boolean, timestamptz, bigint)', 'list_jobs(jsonb, boolean, bigint, bigint, bigint)',
			'count_jobs(jsonb, bigint)'] LOOP
		EXECUTE format('REVOKE ALL ON FUNCTION warehouse.%s FROM PUBLIC', f);
		EXECUTE format('GRANT EXECUTE ON FUNCTION warehouse.%s TO jobsight_loader, jobsight_portal, jobsight_analyst', f);
	END LOOP;
END
$$;
REVOKE ALL ON FUNCTION warehouse.names_statement(text), warehouse.follow_names() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.names_statement(text) TO jobsight_loader;
GRANT SELECT ON warehouse.job_filter TO jobsight_loader, jobsight_portal, jobsight_analyst;
