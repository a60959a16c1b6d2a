-- SPDX-License-Identifier: Apache-2.0
-- Jobs by day. A day is one of the site's calendar (23 or 25 hours long when its clocks change) and
-- holds the instants from its begin up to, and without, its end. A job counts on the day it was
-- submitted, on each day it ran in and on the day it ended; what it used is split by time.
-- Most jobs have but one day, which the index on end_t finds; job_span lists the days of the
-- others, so that the view job_day has them all and costs next to nothing.
-- Whatever changes about a job puts its old and its new days into the table dirty.

CREATE TABLE warehouse.site (
	is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
	timezone text NOT NULL
);
COMMENT ON TABLE warehouse.site IS 'One row: what is the same for the whole warehouse.';
COMMENT ON COLUMN warehouse.site.is_only IS 'True: there is one row.';
COMMENT ON COLUMN warehouse.site.timezone IS 'Time zone whose days are the days of all figures; set_timezone changes it.';
INSERT INTO warehouse.site (timezone) VALUES ('UTC');

CREATE TABLE warehouse.day (
	day date PRIMARY KEY,
	begin_t timestamptz NOT NULL UNIQUE,
	end_t timestamptz NOT NULL,
	month date NOT NULL,
	quarter date NOT NULL,
	year date NOT NULL,
	CHECK (begin_t < end_t)
);
COMMENT ON TABLE warehouse.day IS 'The calendar of the site.';
COMMENT ON COLUMN warehouse.day.day IS 'The day.';
COMMENT ON COLUMN warehouse.day.begin_t IS 'Its first instant.';
COMMENT ON COLUMN warehouse.day.end_t IS 'The first instant of the next day.';
COMMENT ON COLUMN warehouse.day.month IS 'First day of its month.';
COMMENT ON COLUMN warehouse.day.quarter IS 'First day of its quarter.';
COMMENT ON COLUMN warehouse.day.year IS 'First day of its year.';

CREATE FUNCTION warehouse.day_of(t timestamptz) RETURNS date
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT (t AT TIME ZONE (SELECT timezone FROM warehouse.site))::date
$$;
COMMENT ON FUNCTION warehouse.day_of(timestamptz) IS 'The day of the site that an instant is in.';

-- Up to when a job is known to have run.
CREATE FUNCTION warehouse.run_end(start_t timestamptz, end_t timestamptz, measured_t timestamptz)
	RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN start_t IS NULL THEN nullif(end_t, 'infinity')
		WHEN end_t < 'infinity' THEN end_t
		ELSE greatest(start_t, measured_t) END
$$;
COMMENT ON FUNCTION warehouse.run_end(timestamptz, timestamptz, timestamptz) IS
	'End of a job, or up to when it was measured while it runs; NULL: it has not begun.';

ALTER TABLE warehouse.job
	ADD measured_t timestamptz,
	ADD project_id integer,
	ADD business_id integer,
	ADD source_id smallint;
COMMENT ON COLUMN warehouse.job.measured_t IS 'Of a job that runs: up to when it is known. Its figures end there.';
COMMENT ON COLUMN warehouse.job.project_id IS 'Project it was done for, where the job says so itself.';
COMMENT ON COLUMN warehouse.job.business_id IS 'Business code it was done for, where the job says so itself.';
COMMENT ON COLUMN warehouse.job.source_id IS 'What it was measured by.';
ALTER TABLE warehouse.job_node
	ADD cores integer CHECK (cores >= 0),
	ADD gpus integer CHECK (gpus >= 0);
COMMENT ON COLUMN warehouse.job_node.cores IS 'Cores of this node that the job had; NULL: not said.';
COMMENT ON COLUMN warehouse.job_node.gpus IS 'GPUs of this node that the job had; NULL: not said.';

CREATE TABLE warehouse.job_span (
	day date NOT NULL,
	job_id bigint NOT NULL,
	end_t timestamptz NOT NULL,
	person_id integer,
	account_id integer,
	cluster_id smallint NOT NULL,
	PRIMARY KEY (day, job_id)
);
CREATE INDEX job_span_job ON warehouse.job_span (job_id);
COMMENT ON TABLE warehouse.job_span IS 'The days of jobs that have more than one, or still run. Read it through the view job_day.';
COMMENT ON COLUMN warehouse.job_span.day IS 'Day on which the job was submitted, ran or ended.';
COMMENT ON COLUMN warehouse.job_span.job_id IS 'Job.';
COMMENT ON COLUMN warehouse.job_span.end_t IS 'As in job; finds its month.';
COMMENT ON COLUMN warehouse.job_span.person_id IS 'As in job; row-level security reads it.';
COMMENT ON COLUMN warehouse.job_span.account_id IS 'As in job; row-level security reads it.';
COMMENT ON COLUMN warehouse.job_span.cluster_id IS 'Cluster.';

CREATE TABLE warehouse.dirty (
	day date NOT NULL,
	cluster_id smallint NOT NULL,
	unit text NOT NULL DEFAULT 'day'
		CHECK (unit IN ('day', 'dimensions', 'capacity', 'month', 'quarter', 'year')),
	marked timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX dirty_unit_day ON warehouse.dirty (unit, day);
COMMENT ON TABLE warehouse.dirty IS
	'Periods whose figures are to be made anew. A mark may be there many times: who waits for nobody loses none.';
COMMENT ON COLUMN warehouse.dirty.day IS 'The day, or the first day of the month, quarter or year.';
COMMENT ON COLUMN warehouse.dirty.cluster_id IS 'Cluster.';
COMMENT ON COLUMN warehouse.dirty.unit IS
	'What is to be made: all of a day, its rows by single dimensions alone, its capacity alone, a month, quarter or year.';
COMMENT ON COLUMN warehouse.dirty.marked IS 'Since when.';

-- One row for each job and day: what of the job falls into the day. Two views make it, because a
-- program that asks for one day can tell the first one its instants as well and then is fast.
CREATE VIEW warehouse.job_day_single WITH (security_invoker = true) AS
	SELECT d.day, j.job_id, j.end_t, j.cluster_id, j.person_id, j.account_id, j.partition_id, j.qos_id,
		j.application_id, j.state_id, j.source_id, j.project_id, j.business_id, j.is_shared,
		j.nodes, j.cores, j.gpus, j.submit_t, j.start_t, j.wait_s, j.limit_s,
		j.requested_memory_bytes, j.accounting_energy_j,
		true AS submitted, j.start_t IS NOT NULL AS started, true AS ended, false AS running_begin,
		j.wall_s, j.wall_s AS whole_s, CASE WHEN j.start_t IS NULL THEN 0 ELSE 1 END::float8 AS share
	FROM warehouse.day d JOIN warehouse.job j ON j.end_t >= d.begin_t AND j.end_t < d.end_t
		AND d.begin_t > j.end_t - interval '49 hours' -- so an index finds the day of a job: none is longer
		AND j.submit_t >= d.begin_t AND j.submit_t < d.end_t
		AND (j.start_t IS NULL OR j.start_t >= d.begin_t);
COMMENT ON VIEW warehouse.job_day_single IS 'job_day of the jobs that have but one day. Read job_day.';

CREATE VIEW warehouse.job_day_span WITH (security_invoker = true) AS
	SELECT d.day, j.job_id, j.end_t, j.cluster_id, j.person_id, j.account_id, j.partition_id, j.qos_id,
		j.application_id, j.state_id, j.source_id, j.project_id, j.business_id, j.is_shared,
		j.nodes, j.cores, j.gpus, j.submit_t, j.start_t, j.wait_s, j.limit_s,
		j.requested_memory_bytes, j.accounting_energy_j,
		j.submit_t >= d.begin_t AND j.submit_t < d.end_t AS submitted,
		coalesce(j.start_t >= d.begin_t AND j.start_t < d.end_t, false) AS started,
		j.end_t >= d.begin_t AND j.end_t < d.end_t AS ended,
		coalesce(j.start_t < d.begin_t AND r.run_end > d.begin_t, false) AS running_begin,
		t.wall_s, w.whole_s,
		CASE WHEN w.whole_s > 0 THEN t.wall_s::float8 / w.whole_s
			WHEN j.start_t >= d.begin_t AND j.start_t < d.end_t THEN 1 ELSE 0 END::float8 AS share
	FROM warehouse.job_span p
	JOIN warehouse.day d ON d.day = p.day
	JOIN warehouse.job j ON j.job_id = p.job_id AND j.end_t = p.end_t
	CROSS JOIN LATERAL (SELECT warehouse.run_end(j.start_t, j.end_t, j.measured_t)) r (run_end)
	CROSS JOIN LATERAL (SELECT CASE WHEN j.start_t IS NOT NULL THEN
		extract(epoch FROM r.run_end - j.start_t)::integer END) w (whole_s)
	CROSS JOIN LATERAL (SELECT CASE WHEN j.start_t IS NOT NULL THEN greatest(extract(epoch FROM
		least(r.run_end, d.end_t) - greatest(j.start_t, d.begin_t)), 0)::integer END) t (wall_s);
COMMENT ON VIEW warehouse.job_day_span IS 'job_day of the jobs that have several days, or still run. Read job_day.';

CREATE VIEW warehouse.job_day WITH (security_invoker = true) AS
	SELECT * FROM warehouse.job_day_single UNION ALL SELECT * FROM warehouse.job_day_span;
COMMENT ON VIEW warehouse.job_day IS
	'One row for each job and day on which it was submitted, ran or ended: its part of the day.';
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN
		SELECT v.name AS view, h.name, h.help FROM (VALUES
			('day', 'Day of the site.'),
			('submitted', 'Whether it was submitted on this day.'),
			('started', 'Whether it started on this day.'),
			('ended', 'Whether it ended on this day, started or not.'),
			('running_begin', 'Whether it was running as the day began.'),
			('wall_s', 'Seconds of the day in which it ran; NULL: it has not begun.'),
			('whole_s', 'Seconds in which it ran in all, or so far; NULL: it has not begun.'),
			('share', 'These seconds as a share of all; a job of no length has it all on the day of its start.')
		) h (name, help) CROSS JOIN (VALUES ('job_day'), ('job_day_single'), ('job_day_span')) v (name)
		UNION ALL
		SELECT v.name, a.attname, col_description(a.attrelid, a.attnum)
		FROM pg_catalog.pg_attribute a
		JOIN pg_catalog.pg_attribute o ON o.attrelid = 'warehouse.job_day'::regclass AND o.attname = a.attname
		CROSS JOIN (VALUES ('job_day'), ('job_day_single'), ('job_day_span')) v (name)
		WHERE a.attrelid = 'warehouse.job'::regclass AND a.attname <> 'wall_s'
	LOOP
		EXECUTE format('COMMENT ON COLUMN warehouse.%I.%I IS %L', c.view, c.name, c.help);
	END LOOP;
END
$$;

-- The facts hang on job_key: moving or deleting a key moves or deletes the facts, and no fact is
-- without its key. Triggers see to it, a statement at a time: the checks that foreign keys make
-- row by row cost more than the rows. Facts are looked up by nested loops alone: of a set the
-- planner would read all partitions, not knowing that each row needs but one.
ALTER TABLE warehouse.job DROP CONSTRAINT job_job_id_end_t_fkey;
ALTER TABLE warehouse.job_metric DROP CONSTRAINT job_metric_job_id_end_t_fkey;
ALTER TABLE warehouse.job_node DROP CONSTRAINT job_node_job_id_end_t_fkey;
ALTER TABLE warehouse.job_key DROP CONSTRAINT job_key_job_id_end_t_key;
ALTER TABLE warehouse.job_key DROP CONSTRAINT job_key_cluster_id_fkey;

-- What hangs on job_key: tables with job_id and end_t, partitioned by the month of end_t. Whoever
-- makes another one puts its name here; partitions, moves and deletions then follow.
CREATE TABLE warehouse.fact (
	name text PRIMARY KEY,
	position integer NOT NULL UNIQUE,
	is_accounting boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE warehouse.fact IS 'Tables with a row or more for each job, partitioned by the month of its end.';
COMMENT ON COLUMN warehouse.fact.name IS 'Table.';
COMMENT ON COLUMN warehouse.fact.position IS 'Order in which rows move: job, whose triggers look for the others, is last.';
COMMENT ON COLUMN warehouse.fact.is_accounting IS 'Whether it is kept as long as jobs are; else it goes with what was measured.';
INSERT INTO warehouse.fact VALUES ('job_metric', 1, false), ('job_node', 2, false), ('job', 1000, true);
GRANT SELECT ON warehouse.fact TO jobsight_loader, jobsight_analyst;

CREATE OR REPLACE FUNCTION warehouse.create_month(month timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	first timestamptz := date_trunc('month', month, 'UTC');
	suffix text := to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
	f record;
BEGIN
	IF month IS NULL OR NOT isfinite(month) THEN
		RETURN;
	END IF;
	FOR f IN SELECT name, name || '_' || suffix AS part FROM warehouse.fact ORDER BY position LOOP
		CONTINUE WHEN to_regclass(format('warehouse.%I', f.part)) IS NOT NULL;
		EXECUTE format('CREATE TABLE warehouse.%1$I (LIKE warehouse.%2$I INCLUDING DEFAULTS '
			'INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE)', f.part, f.name);
		EXECUTE format('ALTER TABLE warehouse.%I ATTACH PARTITION warehouse.%I '
			'FOR VALUES FROM (%L) TO (%L)', f.name, f.part, first,
			(first AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC');
	END LOOP;
END
$$;

CREATE FUNCTION warehouse.check_keys() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM new_rows n WHERE NOT EXISTS (SELECT FROM warehouse.job_key k
			WHERE k.job_id = n.job_id AND k.end_t = n.end_t)) THEN
		RAISE EXCEPTION 'a row of % has no row of job_key with its job_id and end_t', TG_TABLE_NAME
			USING ERRCODE = 'foreign_key_violation', HINT = 'job_key comes first; moving it moves the facts.';
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.check_keys() IS 'Refuses facts whose job_id and end_t are not in job_key.';

-- Months on other servers (016) are closed, and statements that change facts have to say so as they are
-- planned: no foreign partition may be among those that triggers see rows of.
CREATE FUNCTION warehouse.open_since() RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT coalesce(max((to_date(substring(c.relname FROM '_(\d{4}_\d{2})$'), 'YYYY_MM') + interval '1 month') AT TIME ZONE 'UTC'),
		'-infinity')
	FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind = 'f'
	WHERE i.inhparent = 'warehouse.job'::regclass
$$;
COMMENT ON FUNCTION warehouse.open_since() IS 'From when on jobs may have ended to be changed: the end of the last month on another server.';

CREATE FUNCTION warehouse.refuse_closed(ends timestamptz[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF (SELECT min(t) FROM unnest(ends) t) < warehouse.open_since() THEN
		RAISE EXCEPTION 'the job ended in a month that is on another server, and closed'
			USING ERRCODE = 'check_violation', HINT = 'See warehouse.send_month.';
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.refuse_closed(timestamptz[]) IS 'Refuses to change jobs of months on other servers.';

CREATE FUNCTION warehouse.move_facts(ids bigint[], former timestamptz[], later timestamptz[]) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	fact text;
BEGIN
	PERFORM warehouse.refuse_closed(former || later);
	FOR fact IN SELECT name FROM warehouse.fact ORDER BY position LOOP
		IF later IS NULL THEN
			EXECUTE format('DELETE FROM warehouse.%I f USING unnest($1, $2) k (job_id, end_t) '
				'WHERE f.job_id = k.job_id AND f.end_t = k.end_t AND f.end_t >= %L', fact, warehouse.open_since())
				USING ids, former;
		ELSE
			-- A job that is found to have ended before its start gets another start in a moment.
			EXECUTE format('UPDATE warehouse.%I f SET end_t = k.later%s '
				'FROM unnest($1, $2, $3) k (job_id, former, later) '
				'WHERE f.job_id = k.job_id AND f.end_t = k.former AND f.end_t >= %L', fact,
				CASE fact WHEN 'job' THEN ', start_t = least(f.start_t, k.later)' ELSE '' END, warehouse.open_since())
				USING ids, former, later;
		END IF;
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.move_facts(bigint[], timestamptz[], timestamptz[]) IS
	'Gives the facts of jobs another end; deletes them where that is NULL.';

CREATE FUNCTION warehouse.follow_keys() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[];
	former timestamptz[];
	later timestamptz[];
BEGIN
	IF TG_OP = 'DELETE' THEN
		SELECT array_agg(o.job_id), array_agg(o.end_t) INTO ids, former FROM old_rows o;
	ELSE
		SELECT array_agg(o.job_id), array_agg(o.end_t), array_agg(n.end_t) INTO ids, former, later
			FROM old_rows o JOIN new_rows n ON n.job_id = o.job_id AND n.end_t <> o.end_t;
	END IF;
	IF ids IS NOT NULL THEN
		PERFORM warehouse.create_month(month) FROM (
			SELECT DISTINCT date_trunc('month', t, 'UTC') AS month FROM unnest(later) t WHERE isfinite(t)) m;
		PERFORM warehouse.move_facts(ids, former, later);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.follow_keys() IS 'Moves and deletes facts as their keys are moved and deleted.';

-- The statements that follow from the times of jobs, which are the rows of a table: they mark the
-- days of jobs, or take them out of job_span, or put them in, or, of new ones, mark and put.
CREATE FUNCTION warehouse.days_statement(what text, jobs text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT format('WITH times AS (SELECT r.job_id, r.end_t, r.person_id, r.account_id, r.cluster_id, '
		'(r.submit_t AT TIME ZONE s.timezone)::date AS submit_day, '
		'(coalesce(r.start_t, nullif(r.end_t, ''infinity'')) AT TIME ZONE s.timezone)::date AS first_day, '
		'(warehouse.run_end(r.start_t, r.end_t, r.measured_t) AT TIME ZONE s.timezone)::date AS last_day '
		'FROM %s r CROSS JOIN warehouse.site s), periods AS ('
		'SELECT DISTINCT submit_day, first_day, last_day, cluster_id FROM times), spans AS ('
		'SELECT * FROM times '
		'WHERE end_t = ''infinity'' OR submit_day <> last_day OR first_day <> last_day)', jobs)
		|| CASE what
		WHEN 'mark' THEN ' ' || s.mark
		WHEN 'enter' THEN ' ' || s.enter
		WHEN 'mark and enter' THEN format(', marked AS (%s) %s', s.mark, s.enter)
		WHEN 'leave' THEN
			' DELETE FROM warehouse.job_span p USING spans WHERE p.job_id = spans.job_id'
		END
	FROM (VALUES ('INSERT INTO warehouse.dirty (day, cluster_id) '
			'SELECT submit_day, cluster_id FROM periods '
			'UNION SELECT first_day + n, cluster_id '
			'FROM periods CROSS JOIN LATERAL generate_series(0, last_day - first_day) n',
		'INSERT INTO warehouse.job_span '
			'(day, job_id, end_t, person_id, account_id, cluster_id) '
			'SELECT submit_day, job_id, end_t, person_id, account_id, cluster_id FROM spans '
			'WHERE (submit_day BETWEEN first_day AND last_day) IS NOT TRUE '
			'UNION ALL SELECT first_day + n, job_id, end_t, person_id, account_id, cluster_id '
			'FROM spans CROSS JOIN LATERAL generate_series(0, last_day - first_day) n')) s (mark, enter)
$$;
COMMENT ON FUNCTION warehouse.days_statement(text, text) IS
	'The SQL that marks the days of jobs, takes them out of job_span, puts them in, or marks and puts.';

-- Puts the days of changed jobs into dirty, those before and those after, and keeps job_span. Whoever
-- changes jobs allows nested loops alone, but what changed is joined with what was by sets.
CREATE FUNCTION warehouse.follow_jobs() RETURNS trigger
LANGUAGE plpgsql SET enable_hashjoin = on SET enable_mergejoin = on AS $$
DECLARE
	-- Of an update, the rows before or after in which something changed that days follow from.
	moved CONSTANT text := '(SELECT %1$s.* FROM old_rows o JOIN new_rows n ON n.job_id = o.job_id '
		'WHERE (o.submit_t, o.start_t, o.end_t, o.measured_t, o.person_id, o.account_id) '
		'IS DISTINCT FROM (n.submit_t, n.start_t, n.end_t, n.measured_t, n.person_id, n.account_id))';
BEGIN
	IF TG_OP = 'INSERT' THEN
		EXECUTE warehouse.days_statement('mark and enter', 'new_rows');
		RETURN NULL;
	END IF;
	EXECUTE warehouse.days_statement('mark', 'old_rows');
	EXECUTE warehouse.days_statement('leave',
		CASE TG_OP WHEN 'DELETE' THEN 'old_rows' ELSE format(moved, 'o') END);
	IF TG_OP = 'UPDATE' THEN
		EXECUTE warehouse.days_statement('mark', 'new_rows');
		EXECUTE warehouse.days_statement('enter', format(moved, 'n'));
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.follow_jobs() IS 'Marks the old and the new days of changed jobs; keeps job_span.';

-- A measured value that changes changes the figures of the days of its job.
CREATE FUNCTION warehouse.mark_jobs(ids bigint[], ends timestamptz[]) RETURNS void
LANGUAGE sql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
	WITH periods AS (
		SELECT DISTINCT j.cluster_id, (j.start_t AT TIME ZONE s.timezone)::date AS first_day,
			(warehouse.run_end(j.start_t, j.end_t, j.measured_t) AT TIME ZONE s.timezone)::date AS last_day
		FROM unnest(ids, ends) k (job_id, end_t)
		JOIN warehouse.job j ON j.job_id = k.job_id AND j.end_t = k.end_t
		CROSS JOIN warehouse.site s
		WHERE j.start_t IS NOT NULL)
	INSERT INTO warehouse.dirty (day, cluster_id)
		SELECT DISTINCT first_day + n, cluster_id
		FROM periods CROSS JOIN LATERAL generate_series(0, last_day - first_day) n
$$;
COMMENT ON FUNCTION warehouse.mark_jobs(bigint[], timestamptz[]) IS 'Marks the days in which jobs ran.';

CREATE FUNCTION warehouse.follow_metrics() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
	ids bigint[];
	ends timestamptz[];
BEGIN
	EXECUTE format('SELECT array_agg(job_id), array_agg(end_t) FROM %s',
		CASE TG_OP WHEN 'DELETE' THEN 'old_rows' ELSE 'new_rows' END) INTO ids, ends;
	IF ids IS NOT NULL THEN
		PERFORM warehouse.mark_jobs(ids, ends);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION warehouse.follow_metrics() IS 'Marks the days of jobs whose measured values changed.';

-- What the merge puts for jobs that it has just made (merge_new) has its key, and its days are marked
-- by the job itself; where whole months are dropped (drop_months), no facts are left to follow keys.
DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('job_key', 'follow_keys', 'UPDATE DELETE'),
		('job', 'check_keys', 'INSERT UPDATE'),
		('job_metric', 'check_keys', 'INSERT UPDATE'),
		('job_node', 'check_keys', 'INSERT UPDATE'),
		('job', 'follow_jobs', 'INSERT UPDATE DELETE'),
		('job_metric', 'follow_metrics', 'INSERT UPDATE DELETE')
	) v (fact, function, operations) CROSS JOIN LATERAL (VALUES
		('INSERT', 'NEW TABLE AS new_rows'),
		('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
		('DELETE', 'OLD TABLE AS old_rows')) o (operation, rows)
		WHERE o.operation = ANY (string_to_array(v.operations, ' '))
	LOOP
		EXECUTE format('CREATE TRIGGER %I AFTER %s ON warehouse.%I REFERENCING %s '
			'FOR EACH STATEMENT %sEXECUTE FUNCTION warehouse.%I()',
			t.function || '_' || lower(t.operation), t.operation, t.fact, t.rows,
			CASE WHEN t.operation = 'INSERT' AND t.function <> 'follow_jobs' THEN
				'WHEN (current_setting(''jobsight.merging'', true) IS DISTINCT FROM ''new'') '
			WHEN t.function = 'follow_keys' AND t.operation = 'DELETE' THEN
				'WHEN (current_setting(''jobsight.merging'', true) IS DISTINCT FROM ''drop'') ' ELSE '' END,
			t.function);
	END LOOP;
END
$$;

CREATE FUNCTION warehouse.fill_calendar() RETURNS void
LANGUAGE sql AS $$
	DELETE FROM warehouse.day;
	INSERT INTO warehouse.day
		SELECT d, d::timestamp AT TIME ZONE s.timezone, (d + 1)::timestamp AT TIME ZONE s.timezone,
			date_trunc('month', d::timestamp), date_trunc('quarter', d::timestamp),
			date_trunc('year', d::timestamp)
		FROM generate_series(0, date '2101-01-01' - date '1989-12-01') n
			CROSS JOIN LATERAL (SELECT date '1989-12-01' + n) x (d)
			CROSS JOIN warehouse.site s
		WHERE d::timestamp AT TIME ZONE s.timezone < (d + 1)::timestamp AT TIME ZONE s.timezone;
$$;
COMMENT ON FUNCTION warehouse.fill_calendar() IS 'Makes the days of the time zone of the site.';
SELECT warehouse.fill_calendar();

ALTER TABLE warehouse.job_span ENABLE ROW LEVEL SECURITY;
CREATE POLICY viewer ON warehouse.job_span FOR SELECT TO jobsight_portal USING (
	person_id = (SELECT warehouse.viewer_person())
	OR account_id = ANY ((SELECT warehouse.viewer_accounts())::integer[])
	OR (SELECT warehouse.viewer_sees_all()));
CREATE POLICY analyst ON warehouse.job_span FOR SELECT TO jobsight_analyst USING (true);
CREATE POLICY loader ON warehouse.job_span TO jobsight_loader USING (true) WITH CHECK (true);

REVOKE ALL ON FUNCTION warehouse.day_of(timestamptz), warehouse.check_keys(), warehouse.follow_keys(),
	warehouse.follow_jobs(), warehouse.follow_metrics(), warehouse.days_statement(text, text),
	warehouse.fill_calendar(), warehouse.mark_jobs(bigint[], timestamptz[]),
	warehouse.move_facts(bigint[], timestamptz[], timestamptz[]),
	warehouse.open_since(), warehouse.refuse_closed(timestamptz[]),
	warehouse.run_end(timestamptz, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.day_of(timestamptz),
	warehouse.run_end(timestamptz, timestamptz, timestamptz), warehouse.days_statement(text, text),
	warehouse.mark_jobs(bigint[], timestamptz[]),
	warehouse.move_facts(bigint[], timestamptz[], timestamptz[])
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
GRANT EXECUTE ON FUNCTION warehouse.open_since(), warehouse.refuse_closed(timestamptz[]) TO jobsight_loader;
GRANT SELECT ON warehouse.site, warehouse.day, warehouse.job_span, warehouse.job_day,
	warehouse.job_day_single, warehouse.job_day_span TO jobsight_loader, jobsight_portal, jobsight_analyst;
GRANT SELECT ON warehouse.dirty TO jobsight_loader, jobsight_analyst;
GRANT INSERT, UPDATE, DELETE ON warehouse.job_span, warehouse.dirty TO jobsight_loader;
