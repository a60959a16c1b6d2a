-- SPDX-License-Identifier: Apache-2.0
-- Jobs by accounting. A job is one row whatever tells of it: accounting says who, when and where, a
-- document what was measured. What accounting has said of a job stands: a document that was made
-- while the job still ran, and comes later, changes nothing of it (prefer_accounting).

ALTER TABLE warehouse.job ADD accounted_t timestamptz;
COMMENT ON COLUMN warehouse.job.accounted_t IS
	'When accounting last changed the job, where it was imported; NULL: only its document tells of it.';

-- Records that are looked at again in each run: jobs that are open here, and what is in quarantine.
CREATE FUNCTION warehouse.import_open_jobs(the_cluster text) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
	SELECT d.source_index FROM warehouse.job_detail d
		JOIN warehouse.job_key k ON k.job_id = d.job_id
		JOIN warehouse.cluster c ON c.cluster_id = k.cluster_id
		WHERE d.end_t = 'infinity' AND c.name = the_cluster AND d.source_index IS NOT NULL
	UNION SELECT record_key::bigint FROM warehouse.import_quarantine
		WHERE cluster = the_cluster AND category = 'job' AND record_key ~ '^[0-9]{1,18}$'
	ORDER BY 1
$$;
COMMENT ON FUNCTION warehouse.import_open_jobs(text) IS
	'Numbers of the records of accounting that the next import looks at again.';

-- Of the partitions a job was submitted to, the first that holds all of its nodes; while it has none
-- the first.
CREATE FUNCTION warehouse.import_partitions(the_id smallint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	UPDATE pg_temp.import_job j SET partition = coalesce(f.partition, j.partition) FROM (
		SELECT s.ordinal, (SELECT p.name FROM unnest(string_to_array(s.partition, ',')) WITH ORDINALITY
				p (name, place)
			WHERE coalesce(cardinality(s.hosts), 0) = 0 OR NOT EXISTS (
				SELECT FROM unnest(s.hosts) h (name) WHERE NOT EXISTS (
					SELECT FROM warehouse.partition_node m
					JOIN warehouse.partition q ON q.partition_id = m.partition_id
					JOIN warehouse.node d ON d.node_id = m.node_id
					WHERE q.cluster_id = the_id AND q.name = p.name AND d.cluster_id = the_id
						AND d.name = h.name
						AND m.valid @> coalesce(s.start_t, s.submit_t)))
			ORDER BY p.place LIMIT 1) AS partition
		FROM pg_temp.import_job s WHERE s.partition LIKE '%,%') f
		WHERE j.ordinal = f.ordinal;
	INSERT INTO pg_temp.import_problem
		SELECT 'E_J0005', count(*), min(local_id || ': ' || partition)
		FROM pg_temp.import_job WHERE partition LIKE '%,%' HAVING count(*) > 0;
END
$$;

-- What is said of jobs that the warehouse alone can see. Where a kind of thing is not imported at all
-- nothing is missing.
CREATE FUNCTION warehouse.import_job_problems(the_id smallint, rules jsonb) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM warehouse.login WHERE cluster_id = the_id) THEN
		INSERT INTO pg_temp.import_problem
			SELECT 'E_J0001', sum(n), min(username) FROM (
				SELECT username, count(*) AS n FROM pg_temp.import_job GROUP BY username) s
			WHERE NOT EXISTS (SELECT FROM warehouse.login l JOIN warehouse.person p USING (person_id)
				WHERE l.cluster_id = the_id AND p.name = s.username)
			HAVING count(*) > 0;
	END IF;
	INSERT INTO pg_temp.import_problem
		SELECT 'E_J0003', sum(n), min(project) FROM (
			SELECT project, count(*) AS n FROM pg_temp.import_job GROUP BY project) s
		WHERE project IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.project p WHERE lower(p.name) = lower(s.project))
		HAVING count(*) > 0
		UNION ALL SELECT 'E_J0004', sum(n), min(business) FROM (
			SELECT business, count(*) AS n FROM pg_temp.import_job GROUP BY business) s
		WHERE business IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.business b WHERE lower(b.name) = lower(s.business))
		HAVING count(*) > 0
		UNION ALL SELECT v.* FROM (
			SELECT count(*) FILTER (WHERE is_runaway), min(local_id) FILTER (WHERE is_runaway),
				count(*) FILTER (WHERE is_loose), min(local_id) FILTER (WHERE is_loose)
			FROM (SELECT local_id, account IS NULL AS is_loose, end_t IS NULL AND coalesce(start_t, submit_t)
					< now() - make_interval(secs => (rules->>'runaway_s')::bigint) AS is_runaway
				FROM pg_temp.import_job) s) c (runaways, runaway, loose, a_loose)
		CROSS JOIN LATERAL (VALUES ('E_J0007', c.runaways, c.runaway), ('E_J0008', c.loose, c.a_loose)) v (code, n, example)
		WHERE v.n > 0;
	IF EXISTS (SELECT FROM warehouse.node_history h JOIN warehouse.node d USING (node_id)
			WHERE d.cluster_id = the_id) THEN
		INSERT INTO pg_temp.import_problem
			SELECT 'E_J0006', sum(n), min(name) FROM (
				SELECT h.name, count(*) AS n FROM pg_temp.import_job s CROSS JOIN unnest(s.hosts) h (name)
				GROUP BY h.name) s
			WHERE NOT EXISTS (SELECT FROM warehouse.node d JOIN warehouse.node_history h USING (node_id)
				WHERE d.cluster_id = the_id AND d.name = s.name)
			HAVING count(*) > 0;
	END IF;
END
$$;

-- Tables of a session, besides those of a load: see create_stage.
CREATE FUNCTION warehouse.create_import_stage() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM warehouse.create_stage('{}');
	CREATE TEMPORARY TABLE stage_accounting (ordinal bigint, project_id integer, business_id integer,
		accounted_t timestamptz) ON COMMIT DELETE ROWS;
	DROP VIEW pg_temp.stage_row;
	-- What came is merged as it is: no second table, only other names (the_cluster is that of the merge).
	DROP TABLE pg_temp.stage;
	EXECUTE 'CREATE TEMPORARY VIEW stage AS SELECT ordinal, current_setting(''jobsight.the_cluster'') AS cluster, '
		'raw_id, submit_t, coalesce(end_t, ''infinity'') AS end_t, eligible_t, start_t, array_job, '
		'requested_memory_bytes, accounting_energy_j, limit_s, suspended_s, array_task, nodes, cores, '
		'gpus, requested_cores, exit_code, exit_signal, local_id, name, username, account, partition, '
		'qos, NULL::text AS application, state, NULL::text AS source, hosts FROM pg_temp.import_job';
	EXECUTE 'CREATE TEMPORARY VIEW stage_row AS SELECT k.job_id, k.cluster_id, k.person_id, '
		'k.account_id, k.partition_id, k.qos_id, k.application_id, k.state_id, k.source_id, a.project_id, '
		'a.business_id, a.accounted_t, s.* FROM pg_temp.stage s JOIN pg_temp.stage_key k USING (ordinal) '
		'JOIN pg_temp.stage_accounting a USING (ordinal)';
	EXECUTE 'CREATE TEMPORARY VIEW stage_job AS SELECT k.job_id, k.end_t AS the_end, k.is_new, k.person_id, '
		'k.account_id, d.* FROM pg_temp.stage_key k JOIN pg_temp.import_job d USING (ordinal)';
END
$$;

-- Plans are kept from batch to batch; they are made again where a batch is much larger than the one
-- they were made for.
CREATE FUNCTION warehouse.analyze_stage(n bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	planned bigint := coalesce(nullif(current_setting('jobsight.planned_rows', true), ''), '0');
BEGIN
	IF n > 2 * planned THEN
		ANALYZE pg_temp.import_job (ordinal, raw_id, submit_t, end_t, username);
		ANALYZE pg_temp.stage_accounting (ordinal);
		PERFORM set_config('jobsight.planned_rows', n::text, false);
	END IF;
END
$$;

CREATE FUNCTION warehouse.detail_columns() RETURNS text
LANGUAGE sql IMMUTABLE AS $$
	SELECT 'person_id, account_id, source_index, modified_t, uid, gid, group_name, wckey, '
		'reservation, het_job, het_offset, priority, restarts, derived_code, derived_signal, '
		'canceled_by, wait_reason, flags, tres_requested, tres_allocated, allocated_memory_bytes, '
		'constraints, licenses, container, failed_node, comment, admin_comment, system_comment, '
		'extra, work_dir, submit_line, script_hash'
$$;

-- Details and steps in line with the stage; rows that differ are written and no others. Those of jobs
-- whose end came meanwhile have moved with them.
CREATE FUNCTION warehouse.merge_job_details() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	ours CONSTANT text := warehouse.detail_columns();
	theirs CONSTANT text := 's.' || replace(ours, ', ', ', s.');
	n bigint;
BEGIN
	EXECUTE format('INSERT INTO warehouse.job_detail (job_id, end_t, %1$s) '
		'SELECT s.job_id, s.the_end, %2$s FROM pg_temp.stage_job s WHERE s.is_new', ours, theirs);
	IF NOT EXISTS (SELECT FROM pg_temp.stage_key WHERE NOT is_new) THEN
		RETURN 0;
	END IF;
	EXECUTE format('UPDATE warehouse.job_detail d SET (%1$s) = ROW(%2$s) FROM pg_temp.stage_job s '
		'WHERE NOT s.is_new AND d.job_id = s.job_id AND d.end_t = s.the_end '
		'AND ROW(d.%3$s) IS DISTINCT FROM ROW(%2$s)', ours, theirs, replace(ours, ', ', ', d.'));
	GET DIAGNOSTICS n = ROW_COUNT;
	EXECUTE format('INSERT INTO warehouse.job_detail (job_id, end_t, %1$s) '
		'SELECT s.job_id, s.the_end, %2$s FROM pg_temp.stage_job s WHERE NOT s.is_new AND NOT EXISTS '
		'(SELECT FROM warehouse.job_detail d WHERE d.job_id = s.job_id AND d.end_t = s.the_end)',
		ours, theirs);
	RETURN n;
END
$$;

CREATE FUNCTION warehouse.merge_job_steps() RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	ours CONSTANT text := 'name, state, start_t, stop_t, exit_code, exit_signal, nodes, tasks, hosts, '
		'user_s, system_s, energy_j, memory_max_bytes, memory_mean_bytes, read_bytes, written_bytes, '
		'tres_allocated, usage, submit_line';
	theirs CONSTANT text := 'k.person_id, k.account_id, '
		|| replace('s.' || replace(ours, ', ', ', s.'), 's.usage', 's.usage::jsonb');
	source CONSTANT text := 'FROM pg_temp.import_step s JOIN pg_temp.stage_key k '
		'ON k.ordinal = s.ordinal ';
	target CONSTANT text := 'd.job_id = k.job_id AND d.end_t = k.end_t AND d.step_id = s.step_id '
		'AND d.part = s.part';
	n bigint;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_temp.import_step) THEN
		RETURN 0;
	END IF;
	EXECUTE format('UPDATE warehouse.job_step d SET (person_id, account_id, %1$s) = ROW(%2$s) %3$s'
		'WHERE NOT k.is_new AND %4$s AND ROW(d.person_id, d.account_id, d.%5$s) '
		'IS DISTINCT FROM ROW(%2$s)', ours, theirs, source, target, replace(ours, ', ', ', d.'));
	GET DIAGNOSTICS n = ROW_COUNT;
	EXECUTE format('INSERT INTO warehouse.job_step (job_id, end_t, step_id, part, person_id, account_id, %1$s) '
		'SELECT k.job_id, k.end_t, s.step_id, s.part, %2$s %3$s WHERE k.is_new OR NOT EXISTS '
		'(SELECT FROM warehouse.job_step d WHERE %4$s) ON CONFLICT DO NOTHING',
		ours, theirs, source, target);
	RETURN n;
END
$$;

CREATE FUNCTION warehouse.merge_import_job(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
	columns CONSTANT text[] := ARRAY['submit_t', 'eligible_t', 'start_t', 'raw_id', 'array_job',
		'requested_memory_bytes', 'accounting_energy_j', 'limit_s', 'suspended_s', 'array_task',
		'person_id', 'account_id', 'nodes', 'cores', 'gpus', 'requested_cores', 'exit_code',
		'exit_signal', 'cluster_id', 'partition_id', 'qos_id', 'state_id', 'local_id', 'name',
		'project_id', 'business_id', 'accounted_t'];
	has_deleted boolean;
	has_lists boolean;
	n bigint;
	details bigint := 0;
BEGIN
	PERFORM set_config('jobsight.the_cluster', the_cluster, true);
	-- A job that came twice in a batch counts as it came last.
	DELETE FROM pg_temp.import_job a USING pg_temp.import_job b
		WHERE a.raw_id = b.raw_id AND a.submit_t = b.submit_t AND a.ordinal < b.ordinal;
	SELECT bool_or(is_deleted), bool_or(strpos(partition, ',') > 0) INTO has_deleted, has_lists
		FROM pg_temp.import_job;
	removed := 0;
	IF has_deleted THEN -- what accounting takes back is gone, unless it was measured
		DELETE FROM warehouse.job_key k USING pg_temp.import_job s, warehouse.job j
			WHERE s.is_deleted AND k.cluster_id = the_id AND k.raw_id = s.raw_id
				AND k.submit_t = s.submit_t AND j.job_id = k.job_id AND j.end_t = k.end_t
				AND j.document_id IS NULL;
		GET DIAGNOSTICS removed = ROW_COUNT;
		DELETE FROM pg_temp.import_job WHERE is_deleted;
	END IF;
	IF has_lists THEN
		PERFORM warehouse.import_partitions(the_id);
	END IF;
	PERFORM warehouse.import_job_problems(the_id, rules);
	INSERT INTO pg_temp.stage_accounting
		SELECT s.ordinal, p.project_id, b.business_id,
			coalesce(s.modified_t, s.end_t, s.start_t, s.submit_t)
		FROM pg_temp.import_job s
		LEFT JOIN (SELECT DISTINCT ON (lower(name)) lower(name) AS name, project_id
			FROM warehouse.project ORDER BY lower(name), project_id) p ON p.name = lower(s.project)
		LEFT JOIN (SELECT DISTINCT ON (lower(name)) lower(name) AS name, business_id
			FROM warehouse.business ORDER BY lower(name), business_id) b
			ON b.name = lower(s.business);
	GET DIAGNOSTICS n = ROW_COUNT;
	PERFORM warehouse.analyze_stage(n);
	PERFORM warehouse.merge_keys();
	PERFORM warehouse.merge_fact('job', columns);
	PERFORM warehouse.merge_nodes();
	details := warehouse.merge_job_details() + warehouse.merge_job_steps();
	added := (SELECT count(*) FROM pg_temp.stage_key WHERE is_new);
	changed := greatest((SELECT count(DISTINCT job_id) FROM pg_temp.stage_touched), details);
END
$$;

-- Before documents are merged: of jobs that accounting has told of, what it said.
CREATE FUNCTION warehouse.prefer_accounting() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM warehouse.import_run) THEN
		RETURN;
	END IF;
	UPDATE pg_temp.stage s SET (end_t, eligible_t, start_t, array_job, requested_memory_bytes,
			accounting_energy_j, limit_s, suspended_s, array_task, nodes, cores, gpus,
			requested_cores, exit_code, exit_signal, local_id, name, username, account, partition,
			qos, state, hosts)
		= (j.end_t, j.eligible_t, j.start_t, j.array_job, j.requested_memory_bytes,
			coalesce(j.accounting_energy_j, s.accounting_energy_j), j.limit_s, j.suspended_s,
			j.array_task, j.nodes, j.cores, j.gpus, j.requested_cores, j.exit_code, j.exit_signal,
			j.local_id, j.name, p.name, a.name, q.name, o.name, t.name,
			(SELECT array_agg(d.name ORDER BY n.node_index) FROM warehouse.job_node n
				JOIN warehouse.node d USING (node_id)
				WHERE n.job_id = j.job_id AND n.end_t = j.end_t))
		FROM warehouse.job_key k
		JOIN warehouse.cluster c ON c.cluster_id = k.cluster_id
		JOIN warehouse.job j ON j.job_id = k.job_id AND j.end_t = k.end_t
		LEFT JOIN warehouse.person p ON p.person_id = j.person_id
		LEFT JOIN warehouse.account a ON a.account_id = j.account_id
		LEFT JOIN warehouse.partition q ON q.partition_id = j.partition_id
		LEFT JOIN warehouse.qos o ON o.qos_id = j.qos_id
		LEFT JOIN warehouse.state t ON t.state_id = j.state_id
		WHERE c.name = s.cluster AND k.raw_id = s.raw_id AND k.submit_t = s.submit_t
			AND j.accounted_t IS NOT NULL;
END
$$;

ALTER FUNCTION warehouse.merge_stage(text[]) RENAME TO merge_documents;
CREATE FUNCTION warehouse.merge_stage(metric_columns text[],
	OUT added bigint, OUT changed bigint, OUT unchanged bigint)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM warehouse.prefer_accounting();
	SELECT d.added, d.changed, d.unchanged INTO added, changed, unchanged
		FROM warehouse.merge_documents(metric_columns) d;
END
$$;

COMMENT ON FUNCTION warehouse.merge_documents(text[]) IS
	'Brings the warehouse in line with documents in the stage; merge_stage calls it.';
COMMENT ON FUNCTION warehouse.merge_stage(text[]) IS
	'Brings the warehouse in line with documents in the stage, but what accounting said of a job stands.';
COMMENT ON FUNCTION warehouse.prefer_accounting() IS
	'In the stage of documents: what accounting said of jobs it has told of.';
COMMENT ON FUNCTION warehouse.import_partitions(smallint) IS
	'Of the partitions that jobs were submitted to: which they ran in.';
COMMENT ON FUNCTION warehouse.import_job_problems(smallint, jsonb) IS
	'Puts into import_problem what of the jobs in the stage is not known to the warehouse.';
COMMENT ON FUNCTION warehouse.create_import_stage() IS 'Makes the temporary tables that jobs go through.';
COMMENT ON FUNCTION warehouse.analyze_stage(bigint) IS 'Tells the planner of the stage, where its n rows are many more than before.';
COMMENT ON FUNCTION warehouse.detail_columns() IS 'Columns of job_detail that accounting fills.';
COMMENT ON FUNCTION warehouse.merge_job_details() IS 'Brings job_detail in line with the stage; how many rows were changed.';
COMMENT ON FUNCTION warehouse.merge_job_steps() IS 'Brings job_step in line with the stage; how many rows were changed.';
COMMENT ON FUNCTION warehouse.merge_import_job(text, jsonb) IS
	'Brings the warehouse in line with the importer''s tables: job.';
DO $$
DECLARE
	f text;
BEGIN
	FOREACH f IN ARRAY ARRAY['import_open_jobs(text)', 'import_partitions(smallint)',
			'import_job_problems(smallint, jsonb)', 'create_import_stage()', 'analyze_stage(bigint)', 'merge_job_details()',
			'detail_columns()',
			'merge_job_steps()', 'merge_import_job(text, jsonb)', 'prefer_accounting()',
			'merge_stage(text[])', 'merge_documents(text[])'] LOOP
		EXECUTE 'REVOKE ALL ON FUNCTION warehouse.' || f || ' FROM PUBLIC';
		EXECUTE 'GRANT EXECUTE ON FUNCTION warehouse.' || f || ' TO jobsight_loader';
	END LOOP;
END
$$;
