-- SPDX-License-Identifier: Apache-2.0
-- The figures as Open XDMoD shows them, so that a site that moves can compare. Names, units, buckets
-- and arithmetic are the peer's: the second that it counts at both ends of a job, submissions that
-- count only where the job also ran, means that divide by the time of all jobs of a row, a 0 that
-- is "NA". Use schema warehouse for figures that are right. Only jobs that ended are in here.
--   job_performance_facts         the peer's modw_supremm.job and its twin of errors
--   supremmfact_by_<unit>         its aggregates of the realm Job Performance
--   jobfact_by_<unit>             of the realm Jobs (a row a job: all its measures add up)
--   statistic()                   what a chart shows
-- Whatever these are made of is a row of a table here.

CREATE SCHEMA compat;
COMMENT ON SCHEMA compat IS 'The figures as Open XDMoD shows them, its biases included.';
GRANT USAGE ON SCHEMA compat TO jobsight_loader, jobsight_portal, jobsight_analyst;

-- Metrics called compat.* are read here only: the views of schema warehouse leave them out.
CREATE OR REPLACE FUNCTION warehouse.create_views() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	metrics text;
	c record;
BEGIN
	SELECT coalesce(string_agg(format(CASE audience
			WHEN 'staff' THEN ', CASE WHEN (SELECT warehouse.viewer_is_staff()'
				' OR pg_has_role(''jobsight_analyst'', ''USAGE'')) THEN m.%1$I END AS %1$I'
			ELSE ', m.%1$I' END, column_name), '' ORDER BY metric_id), '')
		INTO metrics FROM warehouse.metric WHERE column_name IS NOT NULL
			AND name NOT LIKE 'compat.%';
	PERFORM warehouse.create_view('jobs', '', '');
	PERFORM warehouse.create_view('job_performance', ', m.quality, m.coverage' || metrics,
		' LEFT JOIN warehouse.job_metric m ON m.job_id = j.job_id AND m.end_t = j.end_t');
	COMMENT ON VIEW warehouse.jobs IS 'One row a job: who, when, where, how large.';
	COMMENT ON VIEW warehouse.job_performance IS 'jobs, and what was measured: a column for each metric.';
	FOR c IN
		SELECT v.relname AS view, j.name, j.help FROM warehouse.job_columns() j
			CROSS JOIN (VALUES ('jobs'), ('job_performance')) v (relname)
		UNION ALL VALUES
			('job_performance', 'quality', 'Why a value is NULL: read the view job_quality.'),
			('job_performance', 'coverage', 'How much was measured: read the view job_quality.')
		UNION ALL SELECT 'job_performance', column_name, warehouse.metric_comment(m)
			FROM warehouse.metric m WHERE column_name IS NOT NULL AND name NOT LIKE 'compat.%'
	LOOP
		EXECUTE format('COMMENT ON COLUMN warehouse.%I.%I IS %L', c.view, c.name, c.help);
	END LOOP;
END
$$;

-- Columns of job_performance_facts. `value` is over the job j, its metrics m, its dimensions and
-- their history; `metric` is the column of job_metric whose reason is the error, where there is
-- one; `needs` are columns of job_metric without which the value is NULL; `there` says whether there
-- is one, where a value stands for none; `missing` is the error where there is none for no other reason;
-- `error` is the SQL of the error where it follows otherwise from @reason.
CREATE TABLE compat.fact_column (
	position integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	value text NOT NULL,
	needs text[] NOT NULL DEFAULT '{}',
	there text,
	missing integer NOT NULL DEFAULT 8,
	error text,
	help text NOT NULL
);
COMMENT ON TABLE compat.fact_column IS 'The columns of job_performance_facts.';
COMMENT ON COLUMN compat.fact_column.position IS 'Order.';
COMMENT ON COLUMN compat.fact_column.name IS 'Name, the peer''s.';
COMMENT ON COLUMN compat.fact_column.value IS 'SQL of the value.';
COMMENT ON COLUMN compat.fact_column.needs IS 'Columns of job_metric that it is made of; the first says why there is no value.';
COMMENT ON COLUMN compat.fact_column.there IS 'SQL of whether there is a value; NULL: where it is not NULL.';
COMMENT ON COLUMN compat.fact_column.missing IS 'Error where there is no value and no reason.';
COMMENT ON COLUMN compat.fact_column.error IS 'SQL of the error of a reason; NULL: error_mask() of the reason.';
COMMENT ON COLUMN compat.fact_column.help IS 'What it is.';
INSERT INTO compat.fact_column (name, value, missing, help) VALUES
	('_id', 'j.job_id', 8, 'Key of the job; the same as in schema warehouse.'),
	('tg_job_id', 'j.job_id', 8, 'Key of the job in accounting: here there is but one.'),
	('resource_id', 'j.cluster_id', 8, 'Key of the cluster in this warehouse.'),
	('resource_name', 'c.name', 8, 'Name of the cluster.'),
	('organization_id', '1', 8, 'Always 1, as with the peer.'),
	('local_job_id', 'j.raw_id', 8, 'Number of the job in the workload manager.'),
	('name', 'coalesce(j.name, ''NA'')', 8, 'Name of the job.'),
	('jobname_id', 'md5(coalesce(j.name, ''NA''))', 8, 'Hash of the name.'),
	('account', 'coalesce(a.name, ''NA'')', 8, 'Account.'),
	('account_id', 'coalesce(j.account_id, -1)', 8, 'Key of the account in this warehouse.'),
	('username', 'p.name', 8, 'Login name.'),
	('systemaccount_id', 'coalesce(j.person_id, -1)', 8, 'Key of the login in this warehouse.'),
	('person_id', 'coalesce(j.person_id, -1)', 8, 'Key of the person in this warehouse.'),
	('person_organization_id', 'coalesce(ph.organization_id, -1)', 8, 'Institution of the person.'),
	('principalinvestigator_person_id', 'coalesce(ah.pi_id, -1)', 8, 'Principal investigator of the account.'),
	('piperson_organization_id', 'coalesce(ih.organization_id, -1)', 8, 'Institution of the principal investigator.'),
	('fos_id', 'coalesce(ah.science_id, -1)', 8, 'Field of science of the account.'),
	('cwd_id', '''NA''::text', 2, 'Working directory: never known.'),
	('executable_id', '-1', 8, 'Executable: never known here, the warehouse keeps applications.'),
	('application', 'coalesce(x.name, ''NA'')', 8, 'Application.'),
	('application_id', 'coalesce(j.application_id, -1)', 8, 'Key of the application in this warehouse.'),
	('exit_status', 'coalesce(s.name, ''NA'')', 8, 'State it ended in.'),
	('exit_status_id', 'coalesce(j.state_id, -1)', 8, 'Key of that state in this warehouse.'),
	('datasource', 'coalesce(o.name, ''pcp'')', 8, 'What it was measured by.'),
	('datasource_id', 'coalesce(j.source_id, -1)', 8, 'Key of that in this warehouse.'),
	('granted_pe', 'j.cores', 8, 'Cores.'),
	('queue_id', 'coalesce(q.name, ''NA'')', 8, 'Partition.'),
	('requested_nodes', 'j.nodes', 8, 'Nodes.'),
	('nodes', 'j.nodes', 8, 'Nodes.'),
	('nodecount_id', 'j.nodes', 8, 'Nodes.'),
	('shared', 'coalesce(j.is_shared, false)::integer', 8, '1: other jobs ran on its nodes at the same time.'),
	('cores', 'j.cores', 8, 'Cores.'),
	('submit_time_ts', 'extract(epoch FROM j.submit_t)::bigint', 8, 'Submission, Unix seconds.'),
	('eligible_time_ts', 'extract(epoch FROM j.eligible_t)::bigint', 8, 'When it could have started, Unix seconds.'),
	('start_time_ts', 'extract(epoch FROM j.start_t)::bigint', 8, 'Start, Unix seconds.'),
	('end_time_ts', 'extract(epoch FROM j.end_t)::bigint', 8, 'End, Unix seconds.'),
	('wall_time', 'j.wall_s', 8, 'Seconds it ran.'),
	('wait_time', 'j.wait_s', 8, 'Seconds it waited.'),
	('cpu_time', 'least(j.wall_s::bigint * j.cores, 2147483647)', 8, 'Core seconds; the column ends at 2147483647.'),
	('node_time', 'least(j.wall_s::bigint * j.nodes, 2147483647)', 8, 'Node seconds; the column ends at 2147483647.'),
	('requested_wall_time', 'j.limit_s', 2, 'Seconds asked for.'),
	('gpus', 'j.gpus', 8, 'GPUs.'),
	('gpu_time', 'least(j.wall_s::bigint * j.gpus, 2147483647)', 8, 'GPU seconds; the column ends at 2147483647.');
-- What stands for no value has the error of none.
UPDATE compat.fact_column f SET there = v.there FROM (VALUES ('name', 'j.name IS NOT NULL'), ('account', 'a.name IS NOT NULL'),
	('application', 'x.name IS NOT NULL'), ('exit_status', 's.name IS NOT NULL'), ('queue_id', 'q.name IS NOT NULL'),
	('cwd_id', 'false'), ('executable_id', 'false')) v (name, there) WHERE v.name = f.name;
INSERT INTO compat.fact_column (name, value, needs, missing, help) VALUES
	('cores_avail', 'CASE WHEN j.document_state = ''incomplete'' THEN 0 ELSE coalesce(m.compat_cores_avail, 0) END', '{compat_cores_avail}', 1, 'Cores of its nodes; 0: not known.'),
	('cpu_idle', 'm.cpu_idle', '{cpu_idle}', 8, 'Share of core time, idle.'),
	('cpu_system', 'm.cpu_system', '{cpu_system}', 8, 'Share of core time, kernel.'),
	('cpu_user', 'm.cpu_user', '{cpu_user}', 8, 'Share of core time, user code.'),
	('node_cpu_idle', 'm.node_cpu_idle', '{node_cpu_idle}', 8, 'Share of the time of all cores of its nodes, idle.'),
	('cpu_user_cv', 'coalesce(m.cpu_user_cv, CASE WHEN m.cpu_user IS NOT NULL THEN 0 END)', '{cpu_user_cv,cpu_user}', 2, 'Coefficient of variation of cpu_user over the cores.'),
	('cpu_user_imbalance', 'CASE WHEN j.cores <= 1 THEN 0 * (m.compat_cpu_user_max - m.compat_cpu_user_min) WHEN m.compat_cpu_user_max <> 0 '
		'THEN 100 * (m.compat_cpu_user_max - m.compat_cpu_user_min) / m.compat_cpu_user_max END',
		'{compat_cpu_user_max,compat_cpu_user_min}', 8, 'How far the least busy core is behind the busiest, per cent.'),
	('flops', 'm.flops', '{flops}', 8, 'Operations a core, whole job.'),
	('flops_cov', 'coalesce(m.compat_flops_cov, CASE WHEN m.flops IS NOT NULL THEN 0 END)', '{flops,compat_flops_cov}', 8, 'Coefficient of variation of flops.'),
	('cpiref', 'm.cpiref', '{cpiref}', 8, 'Clock ticks an instruction.'),
	('cpiref_cov', 'coalesce(m.compat_cpiref_cov, CASE WHEN m.cpiref IS NOT NULL THEN 0 END)', '{cpiref,compat_cpiref_cov}', 8, 'Coefficient of variation of cpiref.'),
	('cpldref', 'm.cpldref', '{cpldref}', 8, 'Clock ticks a load of L1.'),
	('cpldref_cov', 'coalesce(m.compat_cpldref_cov, CASE WHEN m.cpldref IS NOT NULL THEN 0 END)', '{cpldref,compat_cpldref_cov}', 8, 'Coefficient of variation of cpldref.'),
	('catastrophe', 'm.catastrophe', '{catastrophe}', 2, 'Drop of activity: near 0 where work ended long before the job.'),
	('mem_transferred', 'm.compat_mem_transferred', '{compat_mem_transferred}', 8, 'Bytes moved between memory and processors.'),
	('mem_transferred_cov', 'coalesce(m.compat_mem_transferred_cov, CASE WHEN m.compat_mem_transferred IS NOT NULL THEN 0 END)', '{compat_mem_transferred,compat_mem_transferred_cov}', 8, 'Coefficient of variation of mem_transferred.'),
	('memory_used', 'm.memory_used', '{memory_used}', 8, 'Memory without caches, bytes a core.'),
	('memory_used_cov', 'coalesce(m.compat_memory_used_cov, CASE WHEN m.memory_used IS NOT NULL THEN 0 END)', '{memory_used,compat_memory_used_cov}', 8, 'Coefficient of variation of memory_used.'),
	('mem_used_including_os_caches', 'm.mem_used_including_os_caches', '{mem_used_including_os_caches}', 8, 'Memory, bytes a core.'),
	('mem_used_including_os_caches_cov', 'coalesce(m.compat_mem_used_including_os_caches_cov, CASE WHEN m.mem_used_including_os_caches IS NOT NULL THEN 0 END)', '{mem_used_including_os_caches,compat_mem_used_including_os_caches_cov}', 8, 'Coefficient of variation of it.'),
	('max_memory', 'm.max_memory', '{max_memory}', 8, 'Memory as a share of the limit, worst node.'),
	('energy', 'm.compat_energy', '{compat_energy}', 8, 'Joules a node.'),
	('max_power', 'm.max_power', '{max_power}', 8, 'Greatest power of a node, watts.'),
	('ib_rx_bytes', 'nullif(m.compat_ib_rx_bytes, 0)', '{compat_ib_rx_bytes}', 8, 'Received by InfiniBand, bytes a node; a 0 is missing.'),
	('gpu_usage', 'coalesce(m.compat_gpu_usage, m.gpu_usage)', '{gpu_usage,compat_gpu_usage}', 8, 'Share of the time in which its GPUs were active.'),
	('gpu_energy', 'coalesce(m.compat_gpu_energy, m.gpu_energy / nullif(j.nodes, 0))', '{gpu_energy,compat_gpu_energy}', 2, 'Joules of the GPUs of a node.'),
	('gpu_max_power', 'm.gpu_max_power', '{gpu_max_power}', 2, 'Greatest power of a GPU, watts.');
-- A variation that the document leaves out is 0 where it has the average.
INSERT INTO compat.fact_column (name, value, needs, missing, help)
	SELECT name, CASE WHEN name LIKE '%\_cov' THEN format('coalesce(m.compat_%s, CASE WHEN m.compat_%s IS NOT NULL THEN 0 END)',
			name, replace(name, '_cov', '')) ELSE 'm.compat_' || name END,
		CASE WHEN name LIKE '%\_cov' THEN ARRAY['compat_' || replace(name, '_cov', ''), 'compat_' || name] ELSE ARRAY['compat_' || name] END,
		CASE WHEN name LIKE '%\_cov' THEN 8 ELSE missing END, help FROM (
		SELECT format('block_sda_%s_%s', d, k), 2, format('First disk of a node: %s, %s.', CASE d WHEN 'rd' THEN 'read' ELSE 'written' END, k)
			FROM unnest('{wr,rd}'::text[]) d, unnest('{ios,bytes,bytes_cov}'::text[]) k
		UNION ALL SELECT format('netdrv_gpfs_%s%s', d, k), 2, format('GPFS, a node: %s%s.', CASE d WHEN 'rx' THEN 'read' ELSE 'written' END, replace(k, '_', ', '))
			FROM unnest('{rx,tx}'::text[]) d, unnest('{"",_cov,_msgs}'::text[]) k
		UNION ALL SELECT format('net_%s_%s%s', e, d, k), 8, format('%s of a node: %s%s.', e, CASE d WHEN 'rx' THEN 'received' ELSE 'sent' END, replace(k, '_', ', '))
			FROM unnest('{eth0,ib0}'::text[]) e, unnest('{rx,tx}'::text[]) d, unnest('{"",_cov,_packets}'::text[]) k
			WHERE (e, k) <> ('ib0', '_cov')
		UNION ALL VALUES ('gpu0_nv_mem_used', 8, 'Memory used of GPU 0 of a node, bytes.'),
			('gpu0_nv_utilization', 8, 'Share of the time in which GPU 0 of a node was active.')
	) v (name, missing, help)
	UNION ALL SELECT format('netdir_%s_%s', d, w),
		format('m.compat_netdir_%1$s_%2$s_normal + m.compat_netdir_%1$s_%2$s_server + m.compat_netdir_%1$s_%2$s_direct', d, w),
		ARRAY(SELECT format('compat_netdir_%s_%s_%s', d, w, k) FROM unnest('{normal,server,direct}'::text[]) k),
		2, format('NFS mount %s, a node: %s, bytes.', d, w)
		FROM unnest('{home,projects,util}'::text[]) d, unnest('{read,write}'::text[]) w
	UNION ALL SELECT format('netdrv_%s_%s%s', f, d, k), 'NULL::double precision', '{}'::text[], 2,
		'Never has a value.'
		FROM unnest('{isilon,panasas}'::text[]) f, unnest('{rx,tx}'::text[]) d, unnest('{"",_cov,_msgs}'::text[]) k;

-- What the peer looks up by itself, device by device, does not carry the errors of the document.
UPDATE compat.fact_column SET error = CASE
	WHEN name ~ '^(block_sda|netdrv_gpfs|net_eth0)' THEN format('CASE compat.error_mask(@reason, 0) WHEN 0 THEN %s ELSE 8 END', missing)
	WHEN name ~ '^netdir' THEN format('CASE WHEN coalesce(m.%s, m.%s, m.%s) IS NULL THEN 2 ELSE 8 END', needs[1], needs[2], needs[3])
	WHEN name IN ('gpu_energy', 'gpu_max_power') THEN 'CASE compat.error_mask(@reason, 0) WHEN 0 THEN 2 ELSE 1 END'
	WHEN name = 'gpu_usage' THEN '8' WHEN name = 'cpu_user_cv' THEN '2' WHEN name = 'cores_avail' THEN '1'
	-- A number divided by 0 is no number that fits.
	WHEN name = 'cpu_user_imbalance' THEN 'CASE WHEN m.compat_cpu_user_max = 0 AND m.compat_cpu_user_min IS NOT NULL THEN 1024 '
		'ELSE compat.error_mask(@reason, 8) END'
	WHEN name = 'catastrophe' THEN 'CASE @reason WHEN 1 THEN 16384 WHEN 2 THEN 8192 WHEN 6 THEN 2048 WHEN 101 THEN 16 '
		'ELSE CASE compat.error_mask(@reason, 0) WHEN 0 THEN 2 ELSE 8 END END'
	END;
UPDATE compat.fact_column SET there = 'm.compat_cores_avail IS NOT NULL AND j.document_state IS DISTINCT FROM ''incomplete'''
	WHERE name = 'cores_avail';

-- The error of the peer for a reason of ours. The numbers below 100 are the document's, which the
-- peer stores as they are; but those that say why the whole job was skipped it does not look at.
CREATE FUNCTION compat.error_mask(reason integer, missing integer) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN reason IN (8, 9, 10, 11, 12, 13, 15, 17, 18, 20) THEN missing
		WHEN reason BETWEEN 1 AND 99 THEN reason WHEN reason = 104 THEN 4 WHEN reason = 101 THEN 1024
		WHEN reason = 102 THEN 32 ELSE missing END
$$;
COMMENT ON FUNCTION compat.error_mask(integer, integer) IS 'The peer''s error bits for a reason of ours.';

-- Makes job_performance_facts of the columns that job_metric has now.
CREATE FUNCTION compat.create_facts() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	fields text;
	c record;
BEGIN
	SELECT string_agg(format('%1$s AS %2$I, CASE WHEN %3$s THEN 0 ELSE %4$s END AS %5$I',
			CASE WHEN NOT known THEN 'NULL::double precision' WHEN needs = '{}' THEN value
				WHEN is_for_staff THEN format('(CASE WHEN (SELECT warehouse.viewer_is_staff() OR pg_has_role(''jobsight_analyst'', '
					'''USAGE'')) THEN %s END)::double precision', value)
				ELSE format('(%s)::double precision', value) END, name,
			CASE WHEN NOT known OR value LIKE 'NULL%' THEN 'false'
				ELSE coalesce(there, format('(%s) IS NOT NULL', value)) END,
			CASE WHEN metric_id IS NULL OR NOT known THEN missing::text
				ELSE replace(coalesce(error, format('compat.error_mask(@reason, %s)', missing)), '@reason',
					format('warehouse.byte_at(m.quality, %s, 103)', metric_id)) END, name || '_error'),
		', ' ORDER BY position) INTO fields
	FROM (SELECT f.*, t.metric_id, NOT EXISTS (SELECT FROM unnest(f.needs) n
			WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attname = n
				AND a.attrelid = 'warehouse.job_metric'::regclass AND NOT a.attisdropped)) AS known,
			EXISTS (SELECT FROM warehouse.metric n WHERE n.column_name = ANY (f.needs) AND n.audience = 'staff') AS is_for_staff
		FROM compat.fact_column f LEFT JOIN warehouse.metric t ON t.column_name = f.needs[1]) f;
	EXECUTE 'CREATE OR REPLACE VIEW compat.job_performance_facts WITH (security_invoker = true) AS SELECT '
		|| fields || ', j.end_t FROM warehouse.job j '
		'JOIN warehouse.job_metric m ON m.job_id = j.job_id AND m.end_t = j.end_t '
		'LEFT JOIN warehouse.cluster c ON c.cluster_id = j.cluster_id '
		'LEFT JOIN warehouse.person p ON p.person_id = j.person_id '
		'LEFT JOIN warehouse.account a ON a.account_id = j.account_id '
		'LEFT JOIN warehouse.partition q ON q.partition_id = j.partition_id '
		'LEFT JOIN warehouse.application x ON x.application_id = j.application_id '
		'LEFT JOIN warehouse.state s ON s.state_id = j.state_id '
		'LEFT JOIN warehouse.source o ON o.source_id = j.source_id '
		'LEFT JOIN warehouse.person_history ph ON ph.person_id = j.person_id AND ph.valid @> j.end_t '
		'LEFT JOIN warehouse.account_history ah ON ah.account_id = j.account_id AND ah.valid @> j.end_t '
		'LEFT JOIN warehouse.person_history ih ON ih.person_id = ah.pi_id AND ih.valid @> j.end_t '
		'WHERE j.end_t < ''infinity'' AND j.start_t IS NOT NULL AND j.document_id IS NOT NULL';
	COMMENT ON VIEW compat.job_performance_facts IS
		'One row for each job that ended and has a document: the peer''s columns and units, each with its error.';
	COMMENT ON COLUMN compat.job_performance_facts.end_t IS 'End; conditions on it read but the months that are asked for.';
	FOR c IN SELECT name, help FROM compat.fact_column
		UNION ALL SELECT name || '_error', 'Error bits of ' || name || '; 0: it has a value.' FROM compat.fact_column
	LOOP
		EXECUTE format('COMMENT ON COLUMN compat.job_performance_facts.%I IS %L', c.name, c.help);
	END LOOP;
	GRANT SELECT ON compat.job_performance_facts TO jobsight_loader, jobsight_portal, jobsight_analyst;
	PERFORM compat.create_aggregates();
	UPDATE warehouse.metric SET is_current = false WHERE name LIKE 'compat.%' AND is_current;
END
$$;
COMMENT ON FUNCTION compat.create_facts() IS 'Makes the views of the facts and of the aggregates.';

-- A column whose type is to change cannot be changed while a view reads it.
CREATE FUNCTION compat.release_facts() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	the_unit text;
BEGIN
	IF NOT EXISTS (SELECT FROM warehouse.metric m JOIN pg_catalog.pg_attribute a
			ON a.attrelid = 'warehouse.job_metric'::regclass AND a.attname = m.column_name
			WHERE m.column_type <> format_type(a.atttypid, NULL)) THEN
		RETURN;
	END IF;
	FOREACH the_unit IN ARRAY ARRAY['day', 'month', 'quarter', 'year'] LOOP
		EXECUTE format('DROP VIEW compat.%I', 'supremmfact_by_' || the_unit);
	END LOOP;
	DROP VIEW compat.job_performance_facts;
	DROP VIEW IF EXISTS warehouse.job_slice;
END
$$;
COMMENT ON FUNCTION compat.release_facts() IS
	'Drops the views that read metrics where a column is to change its type; create_facts and create_slices make them anew.';

-- Periods: ts bounds are both inside, as the peer has them.
CREATE VIEW compat.period AS
	SELECT 'day' AS unit, day AS period, extract(epoch FROM begin_t)::bigint AS first_ts,
		extract(epoch FROM end_t)::bigint - 1 AS last_ts, begin_t FROM warehouse.day
	UNION ALL SELECT 'month', month, extract(epoch FROM min(begin_t))::bigint,
		extract(epoch FROM max(end_t))::bigint - 1, min(begin_t) FROM warehouse.day GROUP BY month
	UNION ALL SELECT 'quarter', quarter, extract(epoch FROM min(begin_t))::bigint,
		extract(epoch FROM max(end_t))::bigint - 1, min(begin_t) FROM warehouse.day GROUP BY quarter
	UNION ALL SELECT 'year', year, extract(epoch FROM min(begin_t))::bigint,
		extract(epoch FROM max(end_t))::bigint - 1, min(begin_t) FROM warehouse.day GROUP BY year;
COMMENT ON VIEW compat.period IS 'Days, months, quarters and years of the site.';
COMMENT ON COLUMN compat.period.unit IS 'day, month, quarter or year.';
COMMENT ON COLUMN compat.period.period IS 'Its first day.';
COMMENT ON COLUMN compat.period.first_ts IS 'Its first second.';
COMMENT ON COLUMN compat.period.last_ts IS 'Its last second.';
COMMENT ON COLUMN compat.period.begin_t IS 'Its first instant.';

-- Buckets. A value is in the bucket whose lower bound it is above and whose upper bound it is not
-- (closed: which it reaches, and below whose upper bound it is). Columns are `real`: bounds forgive
-- its rounding.
CREATE TABLE compat.bucket (
	kind text NOT NULL,
	id integer NOT NULL,
	low double precision NOT NULL,
	high double precision NOT NULL,
	label text NOT NULL,
	PRIMARY KEY (kind, id)
);
COMMENT ON TABLE compat.bucket IS 'The buckets of the peer.';
COMMENT ON COLUMN compat.bucket.kind IS 'What they are of.';
COMMENT ON COLUMN compat.bucket.id IS 'Number, the peer''s.';
COMMENT ON COLUMN compat.bucket.low IS 'Lower bound.';
COMMENT ON COLUMN compat.bucket.high IS 'Upper bound.';
COMMENT ON COLUMN compat.bucket.label IS 'What people read.';
INSERT INTO compat.bucket (kind, id, low, high, label)
	SELECT 'percentage', n, CASE n WHEN 0 THEN -1e9 ELSE 10 * (n - 1) END,
		CASE n WHEN 10 THEN 1e9 ELSE 10 * n END,
		CASE n WHEN 0 THEN 'NA' WHEN 1 THEN '< 10' WHEN 10 THEN '> 90' ELSE 10 * (n - 1) || ' - ' || 10 * n END
		FROM generate_series(0, 10) n
	UNION ALL SELECT 'cpi', n, CASE n WHEN 1 THEN -1e10 WHEN 2 THEN 0 ELSE (n + 1)::numeric / 10 END,
		CASE n WHEN 1 THEN 0 WHEN 11 THEN 1e10 ELSE (n + 2)::numeric / 10 END,
		CASE n WHEN 1 THEN 'NA' WHEN 2 THEN '< 0.4' WHEN 11 THEN '> 1.2'
			ELSE round((n + 1)::numeric / 10, 1) || ' - ' || round((n + 2)::numeric / 10, 1) END
		FROM generate_series(1, 11) n
	UNION ALL SELECT 'cv', n, CASE n WHEN 0 THEN -1e6 WHEN 1 THEN 0 ELSE 0.1 * 2 ^ (n - 2) END,
		CASE n WHEN 0 THEN 0 WHEN 8 THEN 1e7 ELSE 0.1 * 2 ^ (n - 1) END,
		CASE n WHEN 0 THEN 'NA' WHEN 1 THEN '< 0.1' WHEN 8 THEN '> 6.4'
			ELSE round((0.1 * 2 ^ (n - 2))::numeric, 1) || ' - ' || round((0.1 * 2 ^ (n - 1))::numeric, 1) END
		FROM generate_series(0, 8) n
	UNION ALL SELECT 'rate', n, CASE n WHEN 1 THEN -1e99 WHEN 2 THEN 0 ELSE 10 ^ (n - 1) END,
		CASE n WHEN 1 THEN 0 WHEN 11 THEN 1e99 ELSE 10 ^ n END,
		(ARRAY['NA', '< 100', '100 - 1k', '1k - 10k', '10k - 100k', '100k - 1M', '1M - 10M', '10M - 100M',
			'100M - 1G', '1G - 10G', '> 10G'])[n]
		FROM generate_series(1, 11) n
	UNION ALL SELECT 'volume', n, CASE n WHEN 0 THEN -1e18 WHEN 1 THEN 0 ELSE 1048576 * 2 ^ (n - 2) END,
		CASE n WHEN 0 THEN 0 WHEN 22 THEN 1e18 ELSE 1048576 * 2 ^ (n - 1) END,
		CASE n WHEN 0 THEN 'NA' WHEN 1 THEN '< 1 MiB' WHEN 22 THEN '> 1 TiB'
			ELSE 2 ^ (n - 2) || ' - ' || 2 ^ (n - 1) || ' MiB' END
		FROM generate_series(0, 22) n
	UNION ALL SELECT k, n, (ARRAY[0, 1, 30, 1800, 3600, 18000, 36000, 64800])[n + 1],
		(ARRAY[1, 30, 1800, 3600, 18000, 36000, 64800, 1e18])[n + 1],
		(ARRAY['0-1s', '1-30s', '30s-30min', '30-60min', '1-5hr', '5-10hr', '10-18hr', '18+hr'])[n + 1]
		FROM unnest('{wall,wait}'::text[]) k, generate_series(0, 7) n
	UNION ALL SELECT 'cores', n, CASE n WHEN 1 THEN 1 ELSE 2 ^ (n - 2) + 1 END,
		CASE n WHEN 14 THEN 1e18 ELSE 2 ^ (n - 1) + 1 END,
		(ARRAY['1', '2', '3 - 4', '5 - 8', '9 - 16', '17 - 32', '33 - 64', '65 - 128', '129 - 256',
			'257 - 512', '513 - 1024', '1k - 2k', '2k - 4k', '> 4k'])[n]
		FROM generate_series(1, 14) n
	UNION ALL SELECT 'gpus', n, CASE WHEN n < 10 THEN n - 1 ELSE 2 ^ (n - 7) + 1 END,
		CASE WHEN n < 10 THEN n WHEN n = 19 THEN 1e18 ELSE 2 ^ (n - 6) + 1 END,
		(ARRAY['0', '1', '2', '3', '4', '5', '6', '7', '8', '9 - 16', '17 - 32', '33 - 64', '65 - 128',
			'129 - 256', '257 - 512', '513 - 1024', '1k - 2k', '2k - 4k', '> 4k'])[n]
		FROM generate_series(1, 19) n
	UNION ALL VALUES
		('catastrophe', 1, -0.1, 1e-4, '< 0.0001'), ('catastrophe', 2, 1e-4, 1e-3, '0.0001 - 0.001'),
		('catastrophe', 3, 1e-3, 0.01, '0.001 - 0.01'), ('catastrophe', 4, 0.01, 0.1, '0.01 - 0.1'),
		('catastrophe', 5, 0.1, 0.5, '0.1 - 0.5'), ('catastrophe', 6, 0.5, 1, '0.5 - 1.0'),
		('catastrophe', 7, 1, 1.5, '1.0 - 1.5'), ('catastrophe', 8, 1.5, 1e7, '> 1.5'),
		('catastrophe', 9, -1e8, -0.1, 'NA');

CREATE FUNCTION compat.bucket_of(of_kind text, x double precision) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT b.id FROM compat.bucket b WHERE b.kind = of_kind
		AND CASE WHEN of_kind IN ('wall', 'wait', 'cores', 'gpus') THEN x >= b.low AND x < b.high
			ELSE coalesce(x, -1) > b.low + 1e-7 * abs(b.low) AND coalesce(x, -1) <= b.high + 1e-7 * abs(b.high) END
$$;
COMMENT ON FUNCTION compat.bucket_of(text, double precision) IS 'Number of the bucket that the peer puts a value in.';
CREATE FUNCTION compat.closed_bucket_of(of_kind text, x double precision) RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT b.id FROM compat.bucket b WHERE b.kind = of_kind
		AND coalesce(x, -1) >= b.low - 1e-7 * abs(b.low) AND coalesce(x, -1) < b.high - 1e-7 * abs(b.high)
$$;
COMMENT ON FUNCTION compat.closed_bucket_of(text, double precision) IS
	'As bucket_of, for buckets that hold their lower bound.';

-- Keys and measures of the aggregates. f is the fact, t the period, w.share the job's share of it.
CREATE TABLE compat.aggregate_column (
	realm text NOT NULL,
	position integer GENERATED ALWAYS AS IDENTITY,
	name text NOT NULL,
	value text NOT NULL,
	is_key boolean NOT NULL,
	PRIMARY KEY (realm, name)
);
COMMENT ON TABLE compat.aggregate_column IS 'The columns of the aggregates.';
COMMENT ON COLUMN compat.aggregate_column.realm IS 'SUPREMM or Jobs.';
COMMENT ON COLUMN compat.aggregate_column.position IS 'Order.';
COMMENT ON COLUMN compat.aggregate_column.name IS 'Name, the peer''s.';
COMMENT ON COLUMN compat.aggregate_column.value IS 'SQL over facts f, period t and share w.';
COMMENT ON COLUMN compat.aggregate_column.is_key IS 'Whether it tells rows apart.';
INSERT INTO compat.aggregate_column (realm, name, value, is_key)
	SELECT 'SUPREMM', n, 'f.' || n, true FROM unnest('{resource_id,resource_name,organization_id,person_id,username,
		person_organization_id,principalinvestigator_person_id,piperson_organization_id,fos_id,account_id,queue_id,
		application,exit_status,datasource,granted_pe,nodecount_id,cores,gpus,shared}'::text[]) n;
INSERT INTO compat.aggregate_column (realm, name, value, is_key) VALUES
	('SUPREMM', 'jobtime_id', 'compat.bucket_of(''wall'', f.wall_time)', true),
	('SUPREMM', 'wall_time_accuracy_bucketid', 'compat.bucket_of(''percentage'', 100.0 * f.wall_time / nullif(f.requested_wall_time, 0))', true),
	('SUPREMM', 'cpu_user_bucketid', 'compat.bucket_of(''percentage'', 100.0 * f.cpu_user)', true),
	('SUPREMM', 'max_mem_bucketid', 'compat.bucket_of(''percentage'', 100.0 * f.max_memory)', true),
	('SUPREMM', 'gpu_usage_bucketid', 'compat.closed_bucket_of(''percentage'', 100.0 * f.gpu_usage)', true),
	('SUPREMM', 'gpu0_nv_utilization_bucketid', 'compat.bucket_of(''percentage'', 100.0 * f.gpu0_nv_utilization)', true),
	('SUPREMM', 'cpibucket_id', 'compat.bucket_of(''cpi'', f.cpiref)', true),
	('SUPREMM', 'cpu_user_cv_id', 'compat.bucket_of(''cv'', f.cpu_user_cv)', true),
	('SUPREMM', 'catastrophe_bucket_id', 'compat.bucket_of(''catastrophe'', f.catastrophe)', true),
	('SUPREMM', 'ibrxbyterate_bucket_id', 'compat.bucket_of(''rate'', f.ib_rx_bytes / nullif(f.wall_time, 0))', true),
	('SUPREMM', 'netdrv_gpfs_rx_bucket_id', 'compat.bucket_of(''volume'', f.netdrv_gpfs_rx * f.nodes)', true),
	('SUPREMM', 'netdrv_isilon_rx_bucket_id', 'compat.bucket_of(''volume'', f.netdrv_isilon_rx * f.nodes)', true),
	('SUPREMM', 'netdrv_panasas_rx_bucket_id', 'compat.bucket_of(''volume'', f.netdrv_panasas_rx * f.nodes)', true),
	('SUPREMM', 'processorbucket_id', 'compat.bucket_of(''cores'', f.cores)', true),
	('SUPREMM', 'gpu_bucket_id', 'compat.bucket_of(''gpus'', f.gpus)', true),
	('SUPREMM', 'job_count', 'count(*) FILTER (WHERE f.end_time_ts <= t.last_ts)', false),
	('SUPREMM', 'started_job_count', 'count(*) FILTER (WHERE f.start_time_ts >= t.first_ts)', false),
	('SUPREMM', 'submitted_job_count', 'count(*) FILTER (WHERE f.submit_time_ts BETWEEN t.first_ts AND t.last_ts)', false),
	('SUPREMM', 'running_job_count', 'count(*)', false),
	('SUPREMM', 'wall_time', 'coalesce(sum(f.wall_time * w.share), 0)', false),
	('SUPREMM', 'requested_wall_time', 'coalesce(sum(f.requested_wall_time * w.share), 0)', false),
	('SUPREMM', 'wait_time', 'coalesce(sum(f.wait_time) FILTER (WHERE f.start_time_ts >= t.first_ts), 0)', false),
	('SUPREMM', 'cpu_time', 'sum(f.cpu_time * w.share)', false),
	('SUPREMM', 'node_time', 'coalesce(sum(f.node_time * w.share), 0)', false),
	('SUPREMM', 'gpu_time', 'coalesce(sum(f.gpu_time * w.share), 0)', false),
	('SUPREMM', 'gpu_time_active', 'sum(f.gpu_usage * f.gpu_time * w.share)', false),
	('SUPREMM', 'gpu0_nv_utilization', 'sum(f.gpu0_nv_utilization * f.node_time * w.share)', false),
	('SUPREMM', 'homogeneity_weighted_by_node_hour', 'sum(100.0 * coalesce(1.0 - 1.0 / (1.0 + 1000.0 * f.catastrophe), 0.0) * f.nodes * f.wall_time * w.share)', false),
	('SUPREMM', 'flop', 'sum(f.flops * w.share)', false),
	('SUPREMM', 'mem_transferred', 'sum(f.mem_transferred * w.share)', false);
INSERT INTO compat.aggregate_column (realm, name, value, is_key)
	SELECT 'SUPREMM', 'cpu_time_' || x, format('sum(f.cpu_time * f.cpu_%s * w.share)', x), false
		FROM unnest('{idle,system,user}'::text[]) x
	UNION ALL SELECT 'SUPREMM', a, format('sum(f.%s * f.cores * f.wall_time * w.share)', x), false FROM (VALUES
		('cpu_user_cv_weighted_core_seconds', 'cpu_user_cv'),
		('cpu_user_imbalance_weighted_core_seconds', 'cpu_user_imbalance'),
		('cpiref_weighted_by_coreseconds', 'cpiref'), ('cpldref_weighted_by_coreseconds', 'cpldref'),
		('mem_used_weighted_by_duration', 'memory_used'),
		('mem_used_including_os_caches_weighted_by_duration', 'mem_used_including_os_caches'),
		('max_mem_weighted_by_core_seconds', 'max_memory')) v (a, x)
	UNION ALL SELECT 'SUPREMM', a, format('coalesce(sum(f.%s * f.wall_time * w.share) FILTER (WHERE f.%s IS NOT NULL), 0)', u, x), false FROM (VALUES
		('cpu_usage_weight', 'cores', 'cpu_user'), ('flop_weight', 'cores', 'flops'),
		('cpiref_weight', 'cores', 'cpiref'), ('cpldref_weight', 'cores', 'cpldref'),
		('mem_transferred_weight', 'cores', 'mem_transferred'), ('mem_usage_weight', 'cores', 'memory_used'),
		('max_memory_weight', 'cores', 'max_memory'), ('homogeneity_weight', 'nodes', 'catastrophe'),
		('gpu_usage_weight', 'nodes', 'gpu_usage'),
		('gpu0_nv_utilization_weight', 'nodes', 'gpu0_nv_utilization')) v (a, u, x)
	UNION ALL SELECT 'SUPREMM', x || s, format(q, x), false FROM unnest('{ib_rx_bytes,block_sda_wr_ios,block_sda_wr_bytes,
		block_sda_rd_ios,block_sda_rd_bytes,net_eth0_rx,net_eth0_tx,net_ib0_rx,net_ib0_tx,netdir_home_write,
		netdir_projects_write,netdir_util_write,netdrv_gpfs_rx,netdrv_gpfs_tx,netdrv_isilon_rx,netdrv_isilon_tx,
		netdrv_panasas_rx,netdrv_panasas_tx}'::text[]) x CROSS JOIN (VALUES
		('', 'sum(f.%s * f.nodes * w.share)'),
		('_weight', 'coalesce(sum(f.nodes * f.wall_time * w.share) FILTER (WHERE f.%s IS NOT NULL), 0)')) v (s, q);
INSERT INTO compat.aggregate_column (realm, name, value, is_key) VALUES
	('Jobs', 'resource_id', 'f.cluster_id', true), ('Jobs', 'resource_name', 'c.name', true),
	('Jobs', 'organization_id', '1', true), ('Jobs', 'person_id', 'coalesce(f.person_id, -1)', true),
	('Jobs', 'username', 'p.name', true), ('Jobs', 'account_id', 'coalesce(f.account_id, -1)', true),
	('Jobs', 'person_organization_id', 'coalesce(ph.organization_id, -1)', true),
	('Jobs', 'principalinvestigator_person_id', 'coalesce(ah.pi_id, -1)', true),
	('Jobs', 'piperson_organization_id', 'coalesce(ih.organization_id, -1)', true),
	('Jobs', 'fos_id', 'coalesce(ah.science_id, -1)', true), ('Jobs', 'queue_id', 'coalesce(q.name, ''NA'')', true),
	('Jobs', 'qos_id', 'coalesce(o.name, ''NA'')', true), ('Jobs', 'resourcetype_id', 'coalesce(ch.kind, ''NA'')', true),
	('Jobs', 'job_time_bucket_id', 'compat.bucket_of(''wall'', f.wall_s)', true),
	('Jobs', 'job_wait_time_bucket_id', 'compat.bucket_of(''wait'', f.wait_s)', true),
	('Jobs', 'node_count', 'f.nodes', true), ('Jobs', 'processor_count', 'f.cores', true),
	('Jobs', 'processorbucket_id', 'compat.bucket_of(''cores'', f.cores)', true),
	('Jobs', 'gpu_count', 'f.gpus', true), ('Jobs', 'gpubucket_id', 'compat.bucket_of(''gpus'', f.gpus)', true),
	('Jobs', 'submitted_job_count', '(extract(epoch FROM f.submit_t) BETWEEN t.first_ts AND t.last_ts)::integer', false),
	('Jobs', 'ended_job_count', '(w.last <= t.last_ts)::integer', false),
	('Jobs', 'started_job_count', '(w.first >= t.first_ts)::integer', false),
	('Jobs', 'running_job_count', '1', false),
	('Jobs', 'wallduration', 'f.wall_s * w.share', false),
	('Jobs', 'waitduration', 'CASE WHEN w.first >= t.first_ts THEN f.wait_s END', false),
	('Jobs', 'cpu_time', 'f.cores * f.wall_s * w.share', false),
	('Jobs', 'gpu_time', 'f.gpus * f.wall_s * w.share', false),
	('Jobs', 'node_time', 'f.nodes * f.wall_s * w.share', false),
	('Jobs', 'sum_weighted_expansion_factor', '(f.wall_s + f.wait_s)::double precision / nullif(f.wall_s, 0) * f.nodes * f.wall_s * w.share', false),
	('Jobs', 'sum_job_weights', 'f.nodes * f.wall_s * w.share', false);

-- Makes supremmfact_by_<unit> and jobfact_by_<unit>. The end of a fact is compared as it is stored,
-- so that a period reads only the months it needs.
CREATE FUNCTION compat.create_aggregates() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	the_unit text;
	c record;
	fields text;
	keys text;
	jobs text;
BEGIN
	SELECT string_agg(format('%s AS %I', value, name), ', ' ORDER BY position),
			string_agg(value, ', ' ORDER BY position) FILTER (WHERE is_key) INTO fields, keys
		FROM compat.aggregate_column WHERE realm = 'SUPREMM';
	SELECT string_agg(format('%s AS %I', value, name), ', ' ORDER BY position) INTO jobs
		FROM compat.aggregate_column WHERE realm = 'Jobs';
	FOREACH the_unit IN ARRAY ARRAY['day', 'month', 'quarter', 'year'] LOOP
		EXECUTE format('CREATE OR REPLACE VIEW compat.%I WITH (security_invoker = true) AS '
			'SELECT t.period, %s FROM compat.period t JOIN compat.job_performance_facts f '
			'ON t.unit = %L AND f.end_t >= t.begin_t AND f.start_time_ts <= t.last_ts '
			'CROSS JOIN LATERAL (SELECT (least(f.end_time_ts, t.last_ts) - greatest(f.start_time_ts, '
			't.first_ts) + 1)::double precision / (f.end_time_ts - f.start_time_ts + 1)) w (share) '
			'GROUP BY t.period, %s', 'supremmfact_by_' || the_unit, fields, the_unit, keys);
		EXECUTE format('CREATE OR REPLACE VIEW compat.%I WITH (security_invoker = true) AS '
			'SELECT t.period, %s FROM compat.period t JOIN warehouse.job f ON t.unit = %L '
			'AND f.end_t >= t.begin_t AND f.end_t < ''infinity'' AND f.start_t < to_timestamp(t.last_ts + 1) '
			'LEFT JOIN warehouse.cluster c ON c.cluster_id = f.cluster_id '
			'LEFT JOIN warehouse.person p ON p.person_id = f.person_id '
			'LEFT JOIN warehouse.partition q ON q.partition_id = f.partition_id '
			'LEFT JOIN warehouse.qos o ON o.qos_id = f.qos_id '
			'LEFT JOIN warehouse.cluster_history ch ON ch.cluster_id = f.cluster_id AND ch.valid @> f.end_t '
			'LEFT JOIN warehouse.person_history ph ON ph.person_id = f.person_id AND ph.valid @> f.end_t '
			'LEFT JOIN warehouse.account_history ah ON ah.account_id = f.account_id AND ah.valid @> f.end_t '
			'LEFT JOIN warehouse.person_history ih ON ih.person_id = ah.pi_id AND ih.valid @> f.end_t '
			'CROSS JOIN LATERAL (SELECT extract(epoch FROM f.start_t)::bigint AS first, '
			'extract(epoch FROM f.end_t)::bigint AS last) x '
			'CROSS JOIN LATERAL (SELECT x.first, x.last, CASE WHEN x.first >= t.first_ts AND x.last <= t.last_ts '
			'THEN 1 ELSE (least(x.last, t.last_ts + 1) - greatest(x.first, t.first_ts))::double precision '
			'/ (x.last - x.first) END AS share) w', 'jobfact_by_' || the_unit, jobs, the_unit);
		FOR c IN SELECT 'supremmfact_by_' || the_unit AS view, 'SUPREMM' AS realm
			UNION ALL SELECT 'jobfact_by_' || the_unit, 'Jobs'
		LOOP
			EXECUTE format('COMMENT ON VIEW compat.%I IS %L', c.view,
				format('Realm %s by %s, as the peer aggregates it.', c.realm, the_unit));
			EXECUTE format('COMMENT ON COLUMN compat.%I.period IS ''First day of the period.''', c.view);
			EXECUTE (SELECT string_agg(format('COMMENT ON COLUMN compat.%I.%I IS %L', c.view, a.name,
				CASE WHEN a.is_key THEN 'Key: ' ELSE 'Measure: ' END || a.value), ';')
				FROM compat.aggregate_column a WHERE a.realm = c.realm);
			EXECUTE format('GRANT SELECT ON compat.%I TO jobsight_loader, jobsight_portal, jobsight_analyst',
				c.view);
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON FUNCTION compat.create_aggregates() IS 'Makes the views of the aggregates.';
