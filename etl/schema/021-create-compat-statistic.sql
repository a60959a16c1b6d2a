-- SPDX-License-Identifier: Apache-2.0
-- What a chart of Open XDMoD shows: statistics and dimensions by its ids, over its aggregates.

CREATE TABLE compat.dimension (
	realm text NOT NULL,
	id text NOT NULL,
	column_name text NOT NULL,
	bucket_kind text,
	science_level integer,
	PRIMARY KEY (realm, id)
);
COMMENT ON TABLE compat.dimension IS 'The peer''s dimensions.';
COMMENT ON COLUMN compat.dimension.realm IS 'SUPREMM or Jobs.';
COMMENT ON COLUMN compat.dimension.id IS 'Its id.';
COMMENT ON COLUMN compat.dimension.column_name IS 'Column of the aggregates.';
COMMENT ON COLUMN compat.dimension.bucket_kind IS 'Kind of the buckets; NULL: the value is a name or a number.';
COMMENT ON COLUMN compat.dimension.science_level IS 'The column is a field of science, and this level of it is the value; 0: the top.';
INSERT INTO compat.dimension (realm, id, column_name, bucket_kind)
	SELECT realm, id, c, k FROM unnest('{SUPREMM,Jobs}'::text[]) realm CROSS JOIN (VALUES
		('person', 'username', NULL), ('username', 'username', NULL),
		('pi', 'principalinvestigator_person_id', NULL), ('institution', 'person_organization_id', NULL),
		('pi_institution', 'piperson_organization_id', NULL), ('provider', 'organization_id', NULL),
		('fieldofscience', 'fos_id', NULL), ('parentscience', 'fos_id', NULL), ('nsfdirectorate', 'fos_id', NULL),
		('resource', 'resource_name', NULL), ('queue', 'queue_id', NULL),
		('jobsize', 'processorbucket_id', 'cores')) v (id, c, k)
	UNION ALL VALUES
		('SUPREMM', 'application', 'application', NULL), ('SUPREMM', 'exit_status', 'exit_status', NULL),
		('SUPREMM', 'datasource', 'datasource', NULL), ('SUPREMM', 'granted_pe', 'granted_pe', NULL),
		('SUPREMM', 'nodecount', 'nodecount_id', NULL), ('SUPREMM', 'shared', 'shared', NULL),
		('SUPREMM', 'gpucount', 'gpu_bucket_id', 'gpus'), ('SUPREMM', 'jobwalltime', 'jobtime_id', 'wall'),
		('SUPREMM', 'cpuuser', 'cpu_user_bucketid', 'percentage'),
		('SUPREMM', 'max_mem', 'max_mem_bucketid', 'percentage'),
		('SUPREMM', 'wall_time_accuracy_bucketid', 'wall_time_accuracy_bucketid', 'percentage'),
		('SUPREMM', 'gpu_usage_bucketid', 'gpu_usage_bucketid', 'percentage'),
		('SUPREMM', 'gpu0_nv_utilization_bucketid', 'gpu0_nv_utilization_bucketid', 'percentage'),
		('SUPREMM', 'cpi', 'cpibucket_id', 'cpi'), ('SUPREMM', 'cpucv', 'cpu_user_cv_id', 'cv'),
		('SUPREMM', 'catastrophe_bucket_id', 'catastrophe_bucket_id', 'catastrophe'),
		('SUPREMM', 'homogeneity_bucket_id', 'catastrophe_bucket_id', 'catastrophe'),
		('SUPREMM', 'ibrxbyterate_bucket_id', 'ibrxbyterate_bucket_id', 'rate'),
		('SUPREMM', 'netdrv_gpfs_rx_bucket_id', 'netdrv_gpfs_rx_bucket_id', 'volume'),
		('SUPREMM', 'netdrv_isilon_rx_bucket_id', 'netdrv_isilon_rx_bucket_id', 'volume'),
		('SUPREMM', 'netdrv_panasas_rx_bucket_id', 'netdrv_panasas_rx_bucket_id', 'volume'),
		('Jobs', 'nodecount', 'node_count', NULL), ('Jobs', 'gpucount', 'gpubucket_id', 'gpus'),
		('Jobs', 'jobwalltime', 'job_time_bucket_id', 'wall'), ('Jobs', 'jobwaittime', 'job_wait_time_bucket_id', 'wait'),
		('Jobs', 'qos', 'qos_id', NULL), ('Jobs', 'resource_type', 'resourcetype_id', NULL);
UPDATE compat.dimension SET science_level = CASE id WHEN 'parentscience' THEN 1 ELSE 0 END
	WHERE id IN ('parentscience', 'nsfdirectorate');

-- Formulas over rows r of the aggregates. @jobs is each job once: those running in the first period
-- and those that started later; in a time series, those running in its period. @allocated is the
-- core seconds of the resources that ran a job.
CREATE TABLE compat.statistic_row (
	realm text NOT NULL,
	id text NOT NULL,
	label text NOT NULL,
	unit text NOT NULL,
	formula text NOT NULL,
	not_null text,
	PRIMARY KEY (realm, id)
);
COMMENT ON TABLE compat.statistic_row IS 'The peer''s statistics.';
COMMENT ON COLUMN compat.statistic_row.realm IS 'SUPREMM or Jobs.';
COMMENT ON COLUMN compat.statistic_row.id IS 'Its id.';
COMMENT ON COLUMN compat.statistic_row.label IS 'What it is called.';
COMMENT ON COLUMN compat.statistic_row.unit IS 'Its unit.';
COMMENT ON COLUMN compat.statistic_row.formula IS 'SQL over rows r of the aggregates.';
COMMENT ON COLUMN compat.statistic_row.not_null IS 'Rows in which this column is NULL are left out.';
INSERT INTO compat.statistic_row (realm, id, label, unit, formula) VALUES
	('SUPREMM', 'job_count', 'Number of Jobs Ended', 'jobs', 'sum(r.job_count)'),
	('SUPREMM', 'started_job_count', 'Number of Jobs Started', 'jobs', 'sum(r.started_job_count)'),
	('SUPREMM', 'submitted_job_count', 'Number of Jobs Submitted', 'jobs', 'sum(r.submitted_job_count)'),
	('SUPREMM', 'running_job_count', 'Number of Jobs Running', 'jobs', 'sum(r.running_job_count)'),
	('SUPREMM', 'short_job_count', 'Number of Short Jobs Ended', 'jobs', 'sum(CASE WHEN r.jobtime_id IN (0, 1) THEN r.job_count ELSE 0 END)'),
	('SUPREMM', 'wall_time', 'CPU Hours: Total', 'CPU hours', 'sum(r.wall_time * r.cores) / 3600'),
	('SUPREMM', 'wall_time_per_job', 'Wall Hours: Per Job', 'hours', 'coalesce(sum(r.wall_time) / nullif(sum(@jobs), 0), 0) / 3600'),
	('SUPREMM', 'requested_wall_time', 'Wall Hours: Requested: Total', 'hours', 'sum(r.requested_wall_time) / 3600'),
	('SUPREMM', 'requested_wall_time_per_job', 'Wall Hours: Requested: Per Job', 'hours', 'coalesce(sum(r.requested_wall_time) / nullif(sum(@jobs), 0), 0) / 3600'),
	('SUPREMM', 'wall_time_accuracy', 'Wall Time Accuracy', '%', 'coalesce(CASE WHEN sum(r.requested_wall_time) > 0 THEN least(sum(r.wall_time) / sum(r.requested_wall_time), 1) * 100 END, 0)'),
	('SUPREMM', 'wait_time', 'Wait Hours: Total', 'hours', 'sum(r.wait_time) / 3600'),
	('SUPREMM', 'wait_time_per_job', 'Wait Hours: Per Job', 'hours', 'coalesce(sum(r.wait_time) / nullif(sum(r.started_job_count), 0), 0) / 3600'),
	('SUPREMM', 'gpu_time', 'GPU Hours: Total', 'GPU hours', 'sum(r.gpu_time) / 3600');
INSERT INTO compat.statistic_row (realm, id, label, unit, formula, not_null)
	SELECT 'SUPREMM', 'cpu_time_' || lower(x), 'CPU Hours: ' || x || ': Total', 'CPU hours',
		format('sum(r.cpu_time_%s) / 3600', lower(x)), 'cpu_time_' || lower(x)
		FROM unnest('{Idle,System,User}'::text[]) x
	UNION ALL SELECT 'SUPREMM', 'avg_percent_cpu_' || lower(x), 'Avg CPU %: ' || x || ': weighted by core-hour', 'CPU %',
		format('sum(100.0 * r.cpu_time_%s / nullif(r.cpu_time, 0) * r.cpu_usage_weight) / nullif(sum(r.cpu_usage_weight), 0)', lower(x)),
		'cpu_time_' || lower(x)
		FROM unnest('{Idle,System,User}'::text[]) x
	UNION ALL SELECT 'SUPREMM', id, label, unit, format('%s * sum(r.%s / nullif(r.wall_time, 0)%s * r.%s) / nullif(sum(r.%4$s), 0)',
		scale, measure, per, weight), measure FROM (VALUES
		('avg_cpuusercv_per_core', 'Avg: CPU User CV: weighted by core-hour', 'CV', 1, 'cpu_user_cv_weighted_core_seconds', ' / r.cores', 'cpu_usage_weight'),
		('avg_cpuuserimb_per_core', 'Avg: CPU User Imbalance: weighted by core-hour', '%', 1, 'cpu_user_imbalance_weighted_core_seconds', ' / r.cores', 'cpu_usage_weight'),
		('avg_flops_per_core', 'Avg: FLOPS: Per Core weighted by core-hour', 'ops/s', 1, 'flop', '', 'flop_weight'),
		('avg_cpiref_per_core', 'Avg: CPI: Per Core weighted by core-hour', 'CPI', 1, 'cpiref_weighted_by_coreseconds', ' / r.cores', 'cpiref_weight'),
		('avg_cpldref_per_core', 'Avg: CPLD: Per Core weighted by core-hour', 'CPLD', 1, 'cpldref_weighted_by_coreseconds', ' / r.cores', 'cpldref_weight'),
		('avg_mem_bw_per_core', 'Avg: Memory Bandwidth: Per Core weighted by core-hour', 'bytes/s', 1, 'mem_transferred', ' / r.cores', 'mem_transferred_weight'),
		('avg_memory_per_core', 'Avg: Memory: Per Core weighted by core-hour', 'bytes', 1, 'mem_used_weighted_by_duration', ' / r.cores', 'mem_usage_weight'),
		('avg_total_memory_per_core', 'Avg: Total Memory: Per Core weighted by core-hour', 'bytes', 1, 'mem_used_including_os_caches_weighted_by_duration', ' / r.cores', 'mem_usage_weight'),
		('avg_max_memory_per_core', 'Avg: Max Memory: weighted by core-hour', '%', 100, 'max_mem_weighted_by_core_seconds', ' / r.cores', 'max_memory_weight'),
		('avg_homogeneity', 'Avg: Homogeneity: weighted by node-hour', '%', 1, 'homogeneity_weighted_by_node_hour', ' / r.nodecount_id', 'homogeneity_weight')
		) v (id, label, unit, scale, measure, per, weight)
	UNION ALL SELECT 'SUPREMM', 'avg_' || x, 'Avg: ' || x || ': Per Node weighted by node-hour',
		CASE WHEN x LIKE '%ios' THEN 'ops/s' ELSE 'bytes/s' END,
		format('sum(r.%1$s / nullif(r.wall_time, 0) / r.nodecount_id * r.%1$s_weight) / nullif(sum(r.%1$s_weight), 0)', x), x
		FROM unnest('{ib_rx_bytes,block_sda_rd_ios,block_sda_rd_bytes,block_sda_wr_ios,block_sda_wr_bytes,
			net_eth0_rx,net_eth0_tx,net_ib0_rx,net_ib0_tx,netdir_home_write,netdir_projects_write,netdir_util_write,
			netdrv_gpfs_rx,netdrv_gpfs_tx,netdrv_isilon_rx,netdrv_isilon_tx,netdrv_panasas_rx,netdrv_panasas_tx}'::text[]) x
	UNION ALL VALUES
		('SUPREMM', 'gpu_time_active', 'GPU Hours Active: Total', 'GPU hours', 'sum(r.gpu_time_active) / 3600', 'gpu_time_active'),
		('SUPREMM', 'avg_percent_gpu_active', 'Avg GPU active: weighted by gpu-hour', 'GPU %', 'sum(100.0 * r.gpu_time_active / nullif(r.gpu_time, 0) * r.gpu_usage_weight) / nullif(sum(r.gpu_usage_weight), 0)', 'gpu_time_active'),
		('SUPREMM', 'gpu0_nv_utilization', 'GPU0 Hours: Total', 'GPU hours', 'sum(r.gpu0_nv_utilization) / 3600', 'gpu0_nv_utilization'),
		('SUPREMM', 'avg_percent_gpu0_nv_utilization', 'Avg GPU0 usage: weighted by node-hour', 'GPU %', 'sum(100.0 * r.gpu0_nv_utilization / nullif(r.node_time, 0) * r.gpu0_nv_utilization_weight) / nullif(sum(r.gpu0_nv_utilization_weight), 0)', 'gpu0_nv_utilization');
INSERT INTO compat.statistic_row (realm, id, label, unit, formula)
	SELECT 'Jobs', v.* FROM (VALUES
		('job_count', 'Number of Jobs Ended', 'jobs', 'sum(r.ended_job_count)'),
		('started_job_count', 'Number of Jobs Started', 'jobs', 'sum(r.started_job_count)'),
		('submitted_job_count', 'Number of Jobs Submitted', 'jobs', 'sum(r.submitted_job_count)'),
		('running_job_count', 'Number of Jobs Running', 'jobs', 'sum(@jobs)'),
		('total_cpu_hours', 'CPU Hours: Total', 'CPU hours', 'sum(r.cpu_time) / 3600'),
		('total_gpu_hours', 'GPU Hours: Total', 'GPU hours', 'sum(r.gpu_time) / 3600'),
		('total_node_hours', 'Node Hours: Total', 'node hours', 'sum(r.node_time) / 3600'),
		('total_wallduration_hours', 'Wall Hours: Total', 'hours', 'sum(r.wallduration) / 3600'),
		('total_waitduration_hours', 'Wait Hours: Total', 'hours', 'coalesce(sum(r.waitduration), 0) / 3600.0'),
		('avg_cpu_hours', 'CPU Hours: Per Job', 'CPU hours', 'coalesce(sum(r.cpu_time) / nullif(sum(@jobs), 0), 0) / 3600'),
		('avg_gpu_hours', 'GPU Hours: Per Job', 'GPU hours', 'coalesce(sum(r.gpu_time) / nullif(sum(@jobs), 0), 0) / 3600'),
		('avg_node_hours', 'Node Hours: Per Job', 'node hours', 'coalesce(sum(r.node_time) / nullif(sum(@jobs), 0), 0) / 3600'),
		('avg_wallduration_hours', 'Wall Hours: Per Job', 'hours', 'coalesce(sum(r.wallduration) / nullif(sum(@jobs), 0), 0) / 3600'),
		('avg_waitduration_hours', 'Wait Hours: Per Job', 'hours', 'coalesce(sum(r.waitduration)::double precision / nullif(sum(r.started_job_count), 0), 0) / 3600'),
		('avg_processors', 'Job Size: Per Job', 'cores', 'coalesce(sum(r.processor_count * @jobs)::double precision / nullif(sum(@jobs), 0), 0)'),
		('avg_gpus', 'GPU Count: Per Job', 'GPUs', 'coalesce(sum(r.gpu_count * @jobs)::double precision / nullif(sum(@jobs), 0), 0)'),
		('avg_job_size_weighted_by_cpu_hours', 'Job Size: Weighted By CPU Hours', 'cores', 'coalesce(sum(r.processor_count * r.cpu_time) / nullif(sum(r.cpu_time), 0), 0)'),
		('avg_job_size_weighted_by_gpu_hours', 'Job Size: Weighted By GPU Hours', 'GPUs', 'coalesce(sum(r.processor_count * r.gpu_time) / nullif(sum(r.gpu_time), 0), 0)'),
		('min_processors', 'Job Size: Min', 'cores', 'coalesce(min(nullif(r.processor_count, 0)), 0)'),
		('max_processors', 'Job Size: Max', 'cores', 'coalesce(max(nullif(r.processor_count, 0)), 0)'),
		('expansion_factor', 'User Expansion Factor', '1', 'coalesce(sum(r.sum_weighted_expansion_factor) / nullif(sum(r.sum_job_weights), 0), 0)'),
		('utilization', 'CPU Utilization', '%', 'coalesce(100 * sum(r.cpu_time) / nullif(@allocated, 0), 0)'),
		('active_person_count', 'Number of Users: Active', 'users', 'count(DISTINCT r.person_id)'),
		('active_pi_count', 'Number of PIs: Active', 'PIs', 'count(DISTINCT r.principalinvestigator_person_id)'),
		('active_resource_count', 'Number of Resources: Active', 'resources', 'count(DISTINCT r.resource_id)')
		) v (id, label, unit, formula)
	UNION ALL SELECT 'Jobs', id, 'Std Dev: ' || label, unit, format('sqrt(greatest(coalesce((sum(%1$s) / nullif(sum(@ended), 0)'
		' - (sum(%2$s) / nullif(sum(@ended), 0)) ^ 2) / nullif(sum(@ended), 0), 0), 0)) / %3$s', square, x, scale) FROM (VALUES
		('sem_avg_cpu_hours', 'CPU Hours: Per Job', 'CPU hours', 'r.cpu_time ^ 2', 'r.cpu_time', 3600),
		('sem_avg_node_hours', 'Node Hours: Per Job', 'node hours', 'r.node_time ^ 2', 'r.node_time', 3600),
		('sem_avg_wallduration_hours', 'Wall Hours: Per Job', 'hours', 'r.wallduration ^ 2', 'r.wallduration', 3600),
		('sem_avg_processors', 'Job Size: Per Job', 'cores', 'r.processor_count::double precision ^ 2 * @ended', 'r.processor_count::double precision * @ended', 1),
		('sem_avg_gpus', 'GPU Count: Per Job', 'GPUs', 'r.gpu_count::double precision ^ 2 * @ended', 'r.gpu_count::double precision * @ended', 1)
		) v (id, label, unit, square, x, scale)
	UNION ALL VALUES ('Jobs', 'sem_avg_waitduration_hours', 'Std Dev: Wait Hours: Per Job', 'hours',
		'sqrt(greatest(coalesce((sum(coalesce(r.waitduration, 0)::double precision ^ 2) / nullif(sum(r.started_job_count), 0)'
		' - (sum(coalesce(r.waitduration, 0))::double precision / nullif(sum(r.started_job_count), 0)) ^ 2) / nullif(sum(r.started_job_count), 0), 0), 0)) / 3600');

CREATE FUNCTION compat.realm_id(realm text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE lower(realm) WHEN 'job performance' THEN 'SUPREMM' WHEN 'supremm' THEN 'SUPREMM'
		WHEN 'jobs' THEN 'Jobs' WHEN 'gateways' THEN 'Gateways' ELSE realm END
$$;
COMMENT ON FUNCTION compat.realm_id(text) IS 'The peer''s id of a realm, which may be called as it is shown.';

-- The SQL of a chart. All that goes into it are ids that were found in the tables above.
CREATE FUNCTION compat.statistic_sql(realm text, statistic text, dimension text, unit text, is_total boolean)
	RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	is_gateways boolean := compat.realm_id(realm) = 'Gateways'; -- jobs of community accounts
	the_realm text := CASE WHEN is_gateways THEN 'Jobs' ELSE compat.realm_id(realm) END;
	s compat.statistic_row;
	value text;
	ended text;
	is_jobs boolean := the_realm = 'Jobs';
BEGIN
	SELECT * INTO s FROM compat.statistic_row r WHERE r.realm = the_realm AND r.id = statistic;
	IF s IS NULL THEN
		RAISE EXCEPTION 'realm % has no statistic %', realm, statistic
			USING HINT = 'SELECT id FROM compat.statistic_row WHERE realm = ' || quote_literal(the_realm);
	END IF;
	SELECT CASE WHEN statistic_sql.dimension IN ('day', 'month', 'quarter', 'year') THEN
			format('date_trunc(%L, r.period::timestamp)::date', statistic_sql.dimension)
		WHEN statistic_sql.dimension = 'none' THEN '-9999'
		WHEN is_gateways AND statistic_sql.dimension = 'gateway' THEN '(SELECT g.name FROM warehouse.gateway g WHERE g.person_id = r.person_id)'
		ELSE (SELECT CASE WHEN d.science_level IS NULL THEN 'r.' || quote_ident(d.column_name)
				ELSE format('coalesce(warehouse.science_at(r.%I, %s), -1)', d.column_name, d.science_level) END FROM compat.dimension d
			WHERE d.realm = the_realm AND d.id = statistic_sql.dimension) END INTO value;
	IF value IS NULL THEN
		RAISE EXCEPTION 'realm % has no dimension %', realm, dimension
			USING HINT = 'SELECT id FROM compat.dimension WHERE realm = ' || quote_literal(the_realm);
	END IF;
	IF unit NOT IN ('day', 'month', 'quarter', 'year') OR unit IS NULL THEN
		RAISE EXCEPTION 'unit is day, month, quarter or year, not %', unit;
	END IF;
	ended := CASE WHEN is_total THEN 'r.ended_job_count' ELSE 'r.running_job_count' END;
	RETURN format('SELECT %s::date, (%s)::text, (%s)::double precision FROM compat.%I r '
		'WHERE r.period BETWEEN date_trunc(%L, $1::timestamp)::date AND $2 %s GROUP BY 1, 2 ORDER BY 1, 2',
		CASE WHEN is_total THEN 'date_trunc(' || quote_literal(unit) || ', $1::timestamp)' ELSE 'r.period' END, value,
		replace(replace(replace(s.formula, '@ended', ended), '@jobs', CASE WHEN is_total THEN format(
			'(CASE WHEN r.period = date_trunc(%L, $1::timestamp)::date THEN r.running_job_count ELSE r.started_job_count END)', unit)
			ELSE 'r.running_job_count' END), '@allocated', format('compat.allocated_core_seconds(%L, array_agg(DISTINCT r.resource_id), %s)',
			unit, CASE WHEN is_total THEN format('date_trunc(%L, $1::timestamp)::date, $2', unit) ELSE 'min(r.period), max(r.period)' END)),
		CASE WHEN is_jobs THEN 'jobfact_by_' ELSE 'supremmfact_by_' END || unit, unit,
		CASE WHEN s.not_null IS NOT NULL THEN format('AND r.%I IS NOT NULL', s.not_null) ELSE '' END
			|| CASE WHEN is_gateways THEN ' AND r.person_id IN (SELECT g.person_id FROM warehouse.gateway g)' ELSE '' END);
END
$$;
COMMENT ON FUNCTION compat.statistic_sql(text, text, text, text, boolean) IS 'The SQL of a chart of the peer.';

-- Core seconds of clusters in the periods that hold these days, whether their nodes were up or not.
CREATE FUNCTION compat.allocated_core_seconds(unit text, clusters smallint[], first_period date, last_period date)
	RETURNS double precision
LANGUAGE sql STABLE AS $$
	SELECT sum(h.cores * extract(epoch FROM least(upper(h.valid), p.end_t) - greatest(lower(h.valid), p.begin_t)))
	FROM (SELECT min(d.begin_t) AS begin_t, max(d.end_t) AS end_t FROM warehouse.day d
		WHERE date_trunc(allocated_core_seconds.unit, d.day::timestamp)::date BETWEEN first_period
			AND date_trunc(allocated_core_seconds.unit, last_period::timestamp)::date) p
	JOIN warehouse.node_history h ON h.valid && tstzrange(p.begin_t, p.end_t)
	JOIN warehouse.node n ON n.node_id = h.node_id
	WHERE n.cluster_id = ANY (clusters)
$$;
COMMENT ON FUNCTION compat.allocated_core_seconds(text, smallint[], date, date) IS
	'Core seconds of clusters, outages not taken off.';

-- begin and end are days, both inside; periods are taken whole, as the peer does.
CREATE FUNCTION compat.statistic(realm text, statistic text, dimension text, unit text, begin date, "end" date)
	RETURNS TABLE (period date, dimension_value text, value double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY EXECUTE compat.statistic_sql(realm, statistic, dimension, unit, false) USING begin, "end";
END
$$;
COMMENT ON FUNCTION compat.statistic(text, text, text, text, date, date) IS
	'A time series as the peer shows it: realm, statistic, dimension (none, person, resource ...), unit (day, month, quarter, year), first and last day.';
CREATE FUNCTION compat.total(realm text, statistic text, dimension text, unit text, begin date, "end" date)
	RETURNS TABLE (period date, dimension_value text, value double precision)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY EXECUTE compat.statistic_sql(realm, statistic, dimension, unit, true) USING begin, "end";
END
$$;
COMMENT ON FUNCTION compat.total(text, text, text, text, date, date) IS
	'What the peer shows without a time axis, made of its aggregates by unit.';

CREATE VIEW compat.dimension_value AS
	SELECT d.realm, d.id AS dimension, b.id::text AS dimension_value, b.label
	FROM compat.dimension d JOIN compat.bucket b ON b.kind = d.bucket_kind;
COMMENT ON VIEW compat.dimension_value IS 'What the numbers of buckets stand for.';
COMMENT ON COLUMN compat.dimension_value.realm IS 'SUPREMM or Jobs.';
COMMENT ON COLUMN compat.dimension_value.dimension IS 'Dimension.';
COMMENT ON COLUMN compat.dimension_value.dimension_value IS 'As statistic() returns it.';
COMMENT ON COLUMN compat.dimension_value.label IS 'What people read.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA compat FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compat.error_mask(integer, integer), compat.bucket_of(text, double precision),
	compat.closed_bucket_of(text, double precision), compat.realm_id(text),
	compat.statistic_sql(text, text, text, text, boolean),
	compat.allocated_core_seconds(text, smallint[], date, date),
	compat.statistic(text, text, text, text, date, date), compat.total(text, text, text, text, date, date)
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
GRANT SELECT ON compat.period, compat.bucket, compat.dimension, compat.statistic_row, compat.fact_column,
	compat.aggregate_column, compat.dimension_value TO jobsight_loader, jobsight_portal, jobsight_analyst;
SELECT compat.create_facts();
