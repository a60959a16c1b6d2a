-- SPDX-License-Identifier: Apache-2.0
-- The merge: rows come by COPY into the temporary table stage, and merge_stage() brings dimensions
-- and facts in line with them, all set by set and in the transaction that also moves the cursor of
-- the document store. Names are resolved once; jobs that are new are put without a look at what is
-- there; of the others the facts are looked up one by one by their key, and only those that differ
-- are written.

-- The temporary tables of a session. stage takes one row a document, names not yet resolved, and of
-- the metrics only the columns of the catalogue that is loaded with.
-- Indexes that rows of jobs that are known are had by come only where there are such: see index_stage.
-- Nor is the stage analyzed: how large it is the planner sees, and names are joined by hash either way.
CREATE FUNCTION warehouse.create_stage(metric_columns text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	metrics text;
BEGIN
	SELECT coalesce(string_agg(format(', %I %s', m.column_name, m.column_type), '' ORDER BY u.n), '')
		INTO metrics
		FROM unnest(metric_columns) WITH ORDINALITY u (name, n)
		JOIN warehouse.metric m ON m.column_name = u.name;
	EXECUTE 'CREATE TEMPORARY TABLE stage ('
		'ordinal integer, cluster text, raw_id bigint, submit_t timestamptz, '
		'end_t timestamptz, measured_t timestamptz, eligible_t timestamptz, start_t timestamptz, '
		'array_job bigint, requested_memory_bytes bigint, accounting_energy_j bigint, '
		'limit_s integer, suspended_s integer, array_task integer, nodes integer, cores integer, '
		'gpus integer, requested_cores integer, exit_code integer, exit_signal integer, '
		'gaps integer, resets integer, is_shared boolean, local_id text, name text, '
		'document_id text, document_state text, username text, account text, partition text, '
		'qos text, application text, state text, source text, hosts text[], quality bytea, '
		'coverage bytea' || metrics || ') ON COMMIT DELETE ROWS';
	CREATE TEMPORARY TABLE stage_key (
		ordinal integer, job_id bigint, end_t timestamptz, former_t timestamptz,
		is_new boolean, has_new_name boolean, cluster_id smallint, person_id integer, account_id integer,
		partition_id smallint, qos_id smallint, application_id integer, state_id smallint,
		source_id smallint
	) ON COMMIT DELETE ROWS;
	CREATE TEMPORARY TABLE stage_node (
		ordinal integer, node_id integer, node_index integer
	) ON COMMIT DELETE ROWS;
	-- Jobs that are known and of which something was written.
	CREATE TEMPORARY TABLE stage_touched (job_id bigint) ON COMMIT DELETE ROWS;
	-- What is merged: every column of the facts by its own name.
	EXECUTE 'CREATE TEMPORARY VIEW stage_row AS SELECT k.job_id, k.cluster_id, k.person_id, '
		'k.account_id, k.partition_id, k.qos_id, k.application_id, k.state_id, k.source_id, s.* '
		'FROM pg_temp.stage s JOIN pg_temp.stage_key k USING (ordinal)';
END
$$;
COMMENT ON FUNCTION warehouse.create_stage(text[]) IS 'Makes the temporary tables that a load goes through.';

CREATE FUNCTION warehouse.merge_dimensions() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	dim record;
BEGIN
	FOR dim IN SELECT * FROM (VALUES
		('cluster', 'cluster'), ('person', 'username'), ('account', 'account'), ('qos', 'qos'),
		('application', 'application'), ('state', 'state'), ('source', 'source')
	) v (dimension, stage_column) LOOP
		EXECUTE format('INSERT INTO warehouse.%1$I (name) SELECT s.%2$I FROM pg_temp.stage s '
			'WHERE s.%2$I IS NOT NULL '
			'AND NOT EXISTS (SELECT FROM warehouse.%1$I d WHERE d.name = s.%2$I) '
			'GROUP BY s.%2$I ORDER BY min(s.ordinal) ON CONFLICT DO NOTHING',
			dim.dimension, dim.stage_column);
	END LOOP;
	INSERT INTO warehouse.partition (cluster_id, name)
		SELECT c.cluster_id, s.partition
		FROM pg_temp.stage s JOIN warehouse.cluster c ON c.name = s.cluster
		WHERE s.partition IS NOT NULL AND NOT EXISTS (SELECT FROM warehouse.partition d
			WHERE d.cluster_id = c.cluster_id AND d.name = s.partition)
		GROUP BY c.cluster_id, s.partition ORDER BY min(s.ordinal) ON CONFLICT DO NOTHING;
END
$$;
COMMENT ON FUNCTION warehouse.merge_dimensions() IS 'Puts names of the stage that are new into the dimensions.';

-- The keys of the stage. A number is drawn for each job that is not known. Each job is looked up by
-- itself (OFFSET 0 keeps it so): a plan that was made while job_key was small would read all of it,
-- batch after batch, as it grows.
CREATE FUNCTION warehouse.resolve_keys() RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO pg_temp.stage_key
		SELECT s.ordinal, coalesce(k.job_id, nextval('warehouse.job_key_job_id_seq')),
			s.end_t, k.end_t, k.job_id IS NULL,
			c.cluster_id IS NULL OR (p.person_id IS NULL AND s.username IS NOT NULL)
				OR (a.account_id IS NULL AND s.account IS NOT NULL)
				OR (q.partition_id IS NULL AND s.partition IS NOT NULL)
				OR (o.qos_id IS NULL AND s.qos IS NOT NULL)
				OR (x.application_id IS NULL AND s.application IS NOT NULL)
				OR (t.state_id IS NULL AND s.state IS NOT NULL)
				OR (r.source_id IS NULL AND s.source IS NOT NULL),
			c.cluster_id, p.person_id, a.account_id,
			q.partition_id, o.qos_id, x.application_id, t.state_id, r.source_id
		FROM pg_temp.stage s
		LEFT JOIN warehouse.cluster c ON c.name = s.cluster
		LEFT JOIN LATERAL (SELECT k.job_id, k.end_t FROM warehouse.job_key k
			WHERE k.cluster_id = c.cluster_id AND k.raw_id = s.raw_id AND k.submit_t = s.submit_t
			OFFSET 0) k ON true
		LEFT JOIN warehouse.person p ON p.name = s.username
		LEFT JOIN warehouse.account a ON a.name = s.account
		LEFT JOIN warehouse.partition q ON q.cluster_id = c.cluster_id AND q.name = s.partition
		LEFT JOIN warehouse.qos o ON o.name = s.qos
		LEFT JOIN warehouse.application x ON x.name = s.application
		LEFT JOIN warehouse.state t ON t.name = s.state
		LEFT JOIN warehouse.source r ON r.name = s.source;
END
$$;
COMMENT ON FUNCTION warehouse.resolve_keys() IS 'Fills stage_key: the keys of jobs and names in the stage, as far as they are known.';

-- Rows of known jobs are had by number; of a batch of new jobs these indexes would cost and not pay. That
-- they are unique tells the planner, which has no statistics of the stage, to begin with the numbers.
CREATE FUNCTION warehouse.index_stage() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	t text;
BEGIN
	IF EXISTS (SELECT FROM pg_temp.stage_key WHERE NOT is_new) THEN
		FOR t IN SELECT relname FROM pg_catalog.pg_class WHERE relnamespace = pg_my_temp_schema()
				AND relkind = 'r' AND relname IN ('stage', 'stage_key', 'stage_accounting', 'import_job') LOOP
			EXECUTE format('CREATE UNIQUE INDEX IF NOT EXISTS %I ON pg_temp.%I (ordinal)', t || '_ordinal', t);
		END LOOP;
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.index_stage() IS 'Indexes of the stage, where it holds jobs that are known.';

-- Jobs whose end changed move here, in all facts, with their key.
CREATE FUNCTION warehouse.merge_keys() RETURNS void
LANGUAGE plpgsql SET enable_mergejoin = off AS $$
BEGIN
	PERFORM warehouse.create_month(month) FROM (
		SELECT DISTINCT date_trunc('month', day, 'UTC') AS month FROM (
			SELECT DISTINCT date_bin('1 day', end_t, 'epoch') AS day FROM pg_temp.stage
			WHERE end_t < 'infinity') d) m;
	PERFORM warehouse.resolve_keys();
	IF EXISTS (SELECT FROM pg_temp.stage_key k WHERE k.has_new_name) THEN
		PERFORM warehouse.merge_dimensions();
		DELETE FROM pg_temp.stage_key;
		PERFORM warehouse.resolve_keys();
	END IF;
	PERFORM warehouse.index_stage();
	INSERT INTO warehouse.job_key (job_id, cluster_id, raw_id, submit_t, end_t)
		SELECT k.job_id, k.cluster_id, s.raw_id, s.submit_t, s.end_t
		FROM pg_temp.stage_key k JOIN pg_temp.stage s USING (ordinal)
		WHERE k.is_new;
	WITH moved AS (
		UPDATE warehouse.job_key k SET end_t = s.end_t FROM pg_temp.stage_key s
		WHERE k.job_id = s.job_id AND s.end_t <> s.former_t
		RETURNING k.job_id)
	INSERT INTO pg_temp.stage_touched SELECT job_id FROM moved;
END
$$;
COMMENT ON FUNCTION warehouse.merge_keys() IS 'Resolves the keys of the stage; new jobs get theirs.';

-- Of known jobs: rows of a fact that differ are updated, those that are missing are put. Nested
-- loops alone: of a set the planner would read all months, not knowing that each row is in one.
CREATE FUNCTION warehouse.merge_known(fact text, names text, ours text, theirs text) RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	changed integer[];
	missing integer[];
BEGIN
	EXECUTE format('SELECT array_agg(s.ordinal) FILTER (WHERE f.differs), '
		'array_agg(s.ordinal) FILTER (WHERE f.differs IS NULL) '
		'FROM pg_temp.stage_key k JOIN pg_temp.stage_row s ON s.ordinal = k.ordinal '
		'LEFT JOIN LATERAL (SELECT (%s) IS DISTINCT FROM (%s) AS differs FROM warehouse.%I f '
		'WHERE f.job_id = s.job_id AND f.end_t = s.end_t OFFSET 0) f ON true '
		'WHERE NOT k.is_new', ours, theirs, fact) INTO changed, missing;
	PERFORM warehouse.refuse_closed(array_agg(k.end_t)) FROM pg_temp.stage_key k WHERE k.ordinal = ANY (changed);
	EXECUTE format('UPDATE warehouse.%I f SET (%s) = ROW(%s) '
		'FROM unnest($1) u (ordinal) JOIN pg_temp.stage_row s ON s.ordinal = u.ordinal '
		'WHERE f.job_id = s.job_id AND f.end_t = s.end_t AND f.end_t >= %L', fact, names, theirs,
		warehouse.open_since()) USING changed;
	EXECUTE format('INSERT INTO warehouse.%I (job_id, end_t, %s) SELECT s.job_id, s.end_t, %s '
		'FROM unnest($1) u (ordinal) JOIN pg_temp.stage_row s ON s.ordinal = u.ordinal',
		fact, names, theirs) USING missing;
	INSERT INTO pg_temp.stage_touched
		SELECT k.job_id FROM unnest(changed || missing) u (ordinal)
		JOIN pg_temp.stage_key k ON k.ordinal = u.ordinal;
END
$$;
COMMENT ON FUNCTION warehouse.merge_known(text, text, text, text) IS
	'Brings a fact of the jobs that were known before in line with the stage.';

-- Rows of jobs that are new: nothing is looked up (see the triggers of 011), and wide rows are not sorted.
CREATE FUNCTION warehouse.merge_new(fact text, names text, query text) RETURNS void
LANGUAGE plpgsql SET jobsight.merging = 'new' SET enable_mergejoin = off AS $$
BEGIN
	EXECUTE format('INSERT INTO warehouse.%I (job_id, end_t, %s) %s', fact, names, query);
END
$$;
COMMENT ON FUNCTION warehouse.merge_new(text, text, text) IS 'Puts rows of jobs that were not known before into a fact.';

CREATE FUNCTION warehouse.merge_fact(fact text, columns text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	has_known boolean := EXISTS (SELECT FROM pg_temp.stage_key k WHERE NOT k.is_new);
	names text;
	ours text;
	theirs text;
BEGIN
	SELECT string_agg(quote_ident(c), ', ' ORDER BY n), string_agg('f.' || quote_ident(c), ', ' ORDER BY n),
			string_agg('s.' || quote_ident(c), ', ' ORDER BY n)
		INTO names, ours, theirs FROM unnest(columns) WITH ORDINALITY u (c, n);
	PERFORM warehouse.merge_new(fact, names, format('SELECT s.job_id, s.end_t, %s FROM pg_temp.stage_row s%s',
		theirs, CASE WHEN has_known THEN
			' WHERE s.ordinal IN (SELECT ordinal FROM pg_temp.stage_key k WHERE k.is_new)' ELSE '' END));
	IF has_known THEN
		PERFORM warehouse.merge_known(fact, names, ours, theirs);
	END IF;
END
$$;
COMMENT ON FUNCTION warehouse.merge_fact(text, text[]) IS 'Brings columns of job or job_metric in line with the stage.';

-- Jobs that are known and whose nodes, or whose owner, differ: the rows go and come again.
CREATE FUNCTION warehouse.leave_nodes() RETURNS void
LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
	changed integer[];
BEGIN
	SELECT array_agg(k.ordinal) INTO changed
		FROM pg_temp.stage_key k
		CROSS JOIN LATERAL (SELECT array_agg((n.node_id, n.node_index, k.person_id, k.account_id)::text
				ORDER BY n.node_id) AS nodes
			FROM pg_temp.stage_node n WHERE n.ordinal = k.ordinal) s
		CROSS JOIN LATERAL (SELECT array_agg((n.node_id, n.node_index, n.person_id, n.account_id)::text
				ORDER BY n.node_id) AS nodes
			FROM warehouse.job_node n WHERE n.job_id = k.job_id AND n.end_t = k.end_t) f
		WHERE NOT k.is_new AND s.nodes IS DISTINCT FROM f.nodes;
	PERFORM warehouse.refuse_closed(array_agg(k.end_t)) FROM pg_temp.stage_key k WHERE k.ordinal = ANY (changed);
	EXECUTE format('DELETE FROM warehouse.job_node f USING unnest($1) u (ordinal), pg_temp.stage_key k '
		'WHERE k.ordinal = u.ordinal AND f.job_id = k.job_id AND f.end_t = k.end_t AND f.end_t >= %L',
		warehouse.open_since()) USING changed;
	INSERT INTO pg_temp.stage_touched SELECT k.job_id
		FROM unnest(changed) u (ordinal) JOIN pg_temp.stage_key k ON k.ordinal = u.ordinal;
	-- What is the same already must not come again.
	DELETE FROM pg_temp.stage_node n USING pg_temp.stage_key k
		WHERE k.ordinal = n.ordinal AND NOT k.is_new AND n.ordinal <> ALL (coalesce(changed, '{}'));
END
$$;
COMMENT ON FUNCTION warehouse.leave_nodes() IS 'Takes away the nodes of known jobs that have others now.';

CREATE FUNCTION warehouse.merge_nodes() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	resolve CONSTANT text := 'INSERT INTO pg_temp.stage_node '
		'SELECT DISTINCT ON (k.ordinal, n.node_id) k.ordinal, n.node_id, (h.place - 1)::integer '
		'FROM pg_temp.stage s JOIN pg_temp.stage_key k USING (ordinal) '
		'CROSS JOIN unnest(s.hosts) WITH ORDINALITY h (name, place) '
		'LEFT JOIN warehouse.node n ON n.cluster_id = k.cluster_id AND n.name = h.name '
		'ORDER BY k.ordinal, n.node_id, h.place';
BEGIN
	EXECUTE resolve;
	IF EXISTS (SELECT FROM pg_temp.stage_node WHERE node_id IS NULL) THEN
		INSERT INTO warehouse.node (cluster_id, name)
			SELECT k.cluster_id, h.name
			FROM pg_temp.stage s JOIN pg_temp.stage_key k USING (ordinal) CROSS JOIN unnest(s.hosts) h (name)
			WHERE NOT EXISTS (SELECT FROM warehouse.node d
				WHERE d.cluster_id = k.cluster_id AND d.name = h.name)
			GROUP BY k.cluster_id, h.name ORDER BY min(s.ordinal), h.name ON CONFLICT DO NOTHING;
		DELETE FROM pg_temp.stage_node;
		EXECUTE resolve;
	END IF;
	IF EXISTS (SELECT FROM pg_temp.stage_key WHERE NOT is_new) THEN
		CREATE INDEX IF NOT EXISTS stage_node_ordinal ON pg_temp.stage_node (ordinal);
		PERFORM warehouse.leave_nodes();
	END IF;
	-- Of known jobs, too: their keys are there, in the same transaction.
	PERFORM warehouse.merge_new('job_node', 'node_id, node_index, person_id, account_id',
		'SELECT k.job_id, k.end_t, n.node_id, n.node_index, k.person_id, k.account_id '
		'FROM pg_temp.stage_node n JOIN pg_temp.stage_key k USING (ordinal)');
END
$$;
COMMENT ON FUNCTION warehouse.merge_nodes() IS 'Brings job_node in line with the stage.';

CREATE FUNCTION warehouse.merge_stage(metric_columns text[],
	OUT added bigint, OUT changed bigint, OUT unchanged bigint)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM warehouse.merge_keys();
	PERFORM warehouse.merge_fact('job', ARRAY['submit_t', 'measured_t', 'eligible_t', 'start_t', 'raw_id',
		'array_job', 'requested_memory_bytes', 'accounting_energy_j', 'limit_s', 'suspended_s',
		'array_task', 'person_id', 'account_id', 'application_id', 'nodes', 'cores', 'gpus',
		'requested_cores', 'exit_code', 'exit_signal', 'gaps', 'resets', 'cluster_id',
		'partition_id', 'qos_id', 'state_id', 'source_id', 'is_shared', 'local_id', 'name',
		'document_id', 'document_state']);
	PERFORM warehouse.merge_fact('job_metric',
		ARRAY['person_id', 'account_id', 'quality', 'coverage'] || metric_columns);
	PERFORM warehouse.merge_nodes();
	DELETE FROM warehouse.load_error e USING pg_temp.stage s
		WHERE e.cluster = s.cluster AND e.raw_id = s.raw_id
			AND e.submit_s = extract(epoch FROM s.submit_t);
	added := (SELECT count(*) FROM pg_temp.stage_key WHERE is_new);
	changed := (SELECT count(DISTINCT job_id) FROM pg_temp.stage_touched);
	SELECT count(*) - added - changed INTO unchanged FROM pg_temp.stage;
END
$$;
COMMENT ON FUNCTION warehouse.merge_stage(text[]) IS
	'Brings the warehouse in line with the stage; says how many jobs were new, changed, the same.';

REVOKE ALL ON FUNCTION warehouse.create_stage(text[]), warehouse.merge_dimensions(),
	warehouse.merge_keys(), warehouse.merge_fact(text, text[]), warehouse.merge_nodes(),
	warehouse.merge_stage(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.create_stage(text[]), warehouse.merge_dimensions(),
	warehouse.merge_keys(), warehouse.merge_fact(text, text[]), warehouse.merge_nodes(),
	warehouse.merge_stage(text[]) TO jobsight_loader;
REVOKE ALL ON FUNCTION warehouse.resolve_keys(), warehouse.index_stage(), warehouse.merge_new(text, text, text), warehouse.merge_known(text, text, text, text),
	warehouse.leave_nodes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.resolve_keys(), warehouse.index_stage(), warehouse.merge_new(text, text, text), warehouse.merge_known(text, text, text, text),
	warehouse.leave_nodes() TO jobsight_loader;
GRANT USAGE ON SEQUENCE warehouse.job_key_job_id_seq TO jobsight_loader;
