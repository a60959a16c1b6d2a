-- SPDX-License-Identifier: Apache-2.0
-- Figures made of facts. Only what adds up is kept: sums, sums times weights, counts; means are
-- quotients of two sums over the same jobs, so that any rows may be put together.
--   usage_day                          one row for each day and combination of dimensions
--   performance_day                    the same by the dimensions that say who and what (is_who)
--   efficiency_day                     what efficiency is told by, by whose jobs, category and reason (is_judged)
--   usage_period, performance_period   one row for each day, month, quarter, year, cluster and value
--                                      of one dimension: what a chart by one dimension reads
--   histogram_period                   how many jobs, and how much time, by value of a metric
--   capacity_day                       what the nodes could have given
-- usage is of accounting, performance of what was measured, efficiency of both. What the columns are, is in the tables
-- usage_measure, usage_dimension and metric; the statements are made from these.

CREATE TABLE warehouse.bucket (
	dimension text NOT NULL,
	bucket smallint NOT NULL,
	lower double precision NOT NULL,
	label text NOT NULL,
	PRIMARY KEY (dimension, bucket),
	UNIQUE (dimension, lower)
);
COMMENT ON TABLE warehouse.bucket IS 'Classes of lengths and sizes. A value is in the last bucket whose lower bound it reaches.';
COMMENT ON COLUMN warehouse.bucket.dimension IS 'wall, wait, cores or gpus.';
COMMENT ON COLUMN warehouse.bucket.bucket IS 'Number of the class, from 0 without holes.';
COMMENT ON COLUMN warehouse.bucket.lower IS 'Least value that is in it: seconds, or a number.';
COMMENT ON COLUMN warehouse.bucket.label IS 'What people read.';
INSERT INTO warehouse.bucket
	SELECT dimension, (row_number() OVER (PARTITION BY dimension ORDER BY lower) - 1)::smallint, lower, label
	FROM (
		SELECT dimension, lower, label FROM (VALUES
			(0, '0 s'), (1, '1 to 29 s'), (30, '30 s to 30 min'), (1800, '30 to 60 min'),
			(3600, '1 to 5 h'), (18000, '5 to 10 h'), (36000, '10 to 18 h'), (64800, '18 h and more')
		) v (lower, label) CROSS JOIN (VALUES ('wall'), ('wait')) w (dimension)
		UNION ALL SELECT 'gpus', n, n::text FROM generate_series(0, 8) n
		UNION ALL SELECT 'cores', n, n::text FROM generate_series(1, 2) n
		UNION ALL SELECT 'cores', 2 ^ n + 1, (2 ^ n + 1) || ' to ' || 2 ^ (n + 1) FROM generate_series(1, 11) n
		UNION ALL SELECT 'gpus', 2 ^ n + 1, (2 ^ n + 1) || ' to ' || 2 ^ (n + 1) FROM generate_series(3, 11) n
		UNION ALL VALUES ('cores', 4097, 'more than 4096'), ('gpus', 4097, 'more than 4096'), ('cores', 0, '0')
	) b;

CREATE FUNCTION warehouse.bounds(of_dimension text) RETURNS double precision[]
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT array_agg(lower ORDER BY bucket) FROM warehouse.bucket WHERE dimension = of_dimension
$$;
COMMENT ON FUNCTION warehouse.bounds(text) IS 'Lower bounds of the buckets of a dimension; width_bucket(value, bounds) - 1 is the bucket.';

-- What slices are told apart by that a site can say for itself: the define: of this name of a realm.
-- align_slices fills it in. Texts become numbers: what was once named keeps its number.
CREATE TABLE warehouse.slice_column (
	name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]*$'),
	realm text NOT NULL,
	value text NOT NULL DEFAULT 'NULL',
	labels text[],
	help text NOT NULL
);
COMMENT ON TABLE warehouse.slice_column IS 'What a site says of jobs by expressions of its own: columns of slices.';
COMMENT ON COLUMN warehouse.slice_column.name IS 'Column of slices s, and the define: that it is made of.';
COMMENT ON COLUMN warehouse.slice_column.realm IS 'Realm whose define: that is.';
COMMENT ON COLUMN warehouse.slice_column.value IS 'SQL of the value, a smallint, over a slice s.';
COMMENT ON COLUMN warehouse.slice_column.labels IS 'What people read for 1, 2 ...: the texts that the define: may give. NULL: it gives the number.';
COMMENT ON COLUMN warehouse.slice_column.help IS 'What it is.';
INSERT INTO warehouse.slice_column (name, realm, labels, help) VALUES
	('category', 'JobEfficiency', NULL, 'Whether the job was efficient: 1 yes, 2 no, -1: it cannot be told.'),
	('reason', 'JobEfficiency', '{}', 'What the job was wasteful by: place in the labels of slice_column.');

-- The measures of usage, and those of performance that are not by a metric alone. `aggregate` is over the
-- slices s of a day (see fill_slice); `fold` says how rows are put together: sum, min, max, or begin: that of
-- the first day counts.
CREATE TABLE warehouse.usage_measure (
	name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_]*$'),
	position integer NOT NULL UNIQUE,
	cube text NOT NULL DEFAULT 'usage' CHECK (cube IN ('usage', 'performance')),
	metrics text[] NOT NULL DEFAULT '{}',
	type text NOT NULL CHECK (type IN ('bigint', 'double precision', 'integer')),
	aggregate text NOT NULL,
	fold text NOT NULL CHECK (fold IN ('sum', 'min', 'max', 'begin')),
	help text NOT NULL
);
COMMENT ON TABLE warehouse.usage_measure IS 'The sums that usage_day and usage_period hold, and some of performance_day and performance_period.';
COMMENT ON COLUMN warehouse.usage_measure.name IS 'Column.';
COMMENT ON COLUMN warehouse.usage_measure.position IS 'Order.';
COMMENT ON COLUMN warehouse.usage_measure.cube IS 'usage, or performance.';
COMMENT ON COLUMN warehouse.usage_measure.metrics IS 'Columns of job_metric it needs; without one of them in the catalogue there is no such measure.';
COMMENT ON COLUMN warehouse.usage_measure.type IS 'Type of the column.';
COMMENT ON COLUMN warehouse.usage_measure.aggregate IS 'SQL over the slices s of a day.';
COMMENT ON COLUMN warehouse.usage_measure.fold IS
	'How rows are put together: sum, min, max; begin: of a period that of its first day, of other rows the sum.';
COMMENT ON COLUMN warehouse.usage_measure.help IS 'What it is.';
INSERT INTO warehouse.usage_measure (position, name, type, fold, aggregate, help)
	SELECT row_number() OVER (), v.* FROM (VALUES
	('submitted_jobs', 'bigint', 'sum', 'count(*) FILTER (WHERE s.submitted)', 'Jobs submitted in the period, whether they ran in it or not.'),
	('started_jobs', 'bigint', 'sum', 'count(*) FILTER (WHERE s.started)', 'Jobs that started in the period.'),
	('ended_jobs', 'bigint', 'sum', 'count(*) FILTER (WHERE s.ended AND s.start_t IS NOT NULL)', 'Jobs that ended in the period after they had started.'),
	('cancelled_jobs', 'bigint', 'sum', 'count(*) FILTER (WHERE s.ended AND s.start_t IS NULL)', 'Jobs that ended in the period and never started.'),
	('begin_jobs', 'bigint', 'begin', 'count(*) FILTER (WHERE s.running_begin)', 'Jobs that were running as the period began; with started_jobs: all that ran in it, each once.'),
	('short_jobs', 'bigint', 'sum', 'count(*) FILTER (WHERE s.ended AND s.whole_s < 30)', 'Jobs that ended in the period after less than 30 seconds.'),
	('wall_s', 'bigint', 'sum', 'coalesce(sum(s.wall_s), 0)', 'Seconds in which jobs ran.'),
	('core_s', 'bigint', 'sum', 'coalesce(sum(s.core_s), 0)', 'Cores times seconds.'),
	('node_s', 'bigint', 'sum', 'coalesce(sum(s.node_s), 0)', 'Nodes times seconds.'),
	('gpu_s', 'bigint', 'sum', 'coalesce(sum(s.gpu_s), 0)', 'GPUs times seconds.'),
	('limit_s', 'double precision', 'sum', 'sum(s.limit_s * s.share)', 'Wall time asked for, split as the wall time is.'),
	('limit_wall_s', 'bigint', 'sum', 'sum(s.wall_s) FILTER (WHERE s.limit_s IS NOT NULL)', 'Seconds of the jobs that asked for a time.'),
	('energy_j', 'double precision', 'sum', 'sum(s.accounting_energy_j * s.share)', 'Energy as accounting says it.'),
	('energy_node_s', 'bigint', 'sum', 'sum(s.node_s) FILTER (WHERE s.accounting_energy_j IS NOT NULL)', 'Node seconds of the jobs of which accounting knows the energy.'),
	('requested_memory_byte_s', 'double precision', 'sum', 'sum(s.requested_memory_bytes * s.wall_s::double precision)', 'Memory asked for, times seconds.'),
	('requested_memory_wall_s', 'bigint', 'sum', 'sum(s.wall_s) FILTER (WHERE s.requested_memory_bytes IS NOT NULL)', 'Seconds of the jobs that asked for memory.'),
	('core_core_s', 'double precision', 'sum', 'coalesce(sum(s.cores * s.core_s::double precision), 0)', 'Cores squared times seconds: job size weighted by core time is this by core_s.'),
	('gpu_gpu_s', 'double precision', 'sum', 'coalesce(sum(s.gpus * s.gpu_s::double precision), 0)', 'GPUs squared times seconds: GPUs a job weighted by GPU time is this by gpu_s.'),
	('core_gpu_s', 'double precision', 'sum', 'coalesce(sum(s.cores * s.gpu_s::double precision), 0)', 'Cores times GPUs times seconds.'),
	('node_node_s', 'double precision', 'sum', 'coalesce(sum(s.nodes * s.node_s::double precision), 0)', 'Nodes squared times seconds.'),
	('expansion_node_s', 'double precision', 'sum', 'sum((s.whole_s + s.wait_s)::double precision / s.whole_s * s.node_s) FILTER (WHERE s.whole_s > 0)', 'Expansion factor, (wait + wall) / wall, times node seconds.'),
	('expanded_node_s', 'bigint', 'sum', 'sum(s.node_s) FILTER (WHERE s.whole_s > 0 AND s.wait_s IS NOT NULL)', 'Node seconds of the jobs that have an expansion factor.'),
	('wait_s', 'bigint', 'sum', 'sum(s.wait_s) FILTER (WHERE s.started)', 'Waiting time of the jobs that started in the period.'),
	('wait_sq', 'double precision', 'sum', 'sum(s.wait_s::double precision * s.wait_s) FILTER (WHERE s.started)', 'Their waiting times squared.'),
	('waited_jobs', 'bigint', 'sum', 'count(s.wait_s) FILTER (WHERE s.started)', 'Jobs that started in the period and whose waiting time is known.'),
	('started_cores', 'bigint', 'sum', 'coalesce(sum(s.cores) FILTER (WHERE s.started), 0)', 'Cores of the jobs that started in the period.'),
	('started_cores_sq', 'double precision', 'sum', 'coalesce(sum(s.cores::double precision * s.cores) FILTER (WHERE s.started), 0)', 'Squared.'),
	('started_gpus', 'bigint', 'sum', 'coalesce(sum(s.gpus) FILTER (WHERE s.started), 0)', 'GPUs of the jobs that started in the period.'),
	('started_gpus_sq', 'double precision', 'sum', 'coalesce(sum(s.gpus::double precision * s.gpus) FILTER (WHERE s.started), 0)', 'Squared.'),
	('started_nodes', 'bigint', 'sum', 'coalesce(sum(s.nodes) FILTER (WHERE s.started), 0)', 'Nodes of the jobs that started in the period.'),
	('begin_cores', 'bigint', 'begin', 'coalesce(sum(s.cores) FILTER (WHERE s.running_begin), 0)', 'Cores of the jobs that were running as the period began.'),
	('begin_cores_sq', 'double precision', 'begin', 'coalesce(sum(s.cores::double precision * s.cores) FILTER (WHERE s.running_begin), 0)', 'Squared.'),
	('begin_gpus', 'bigint', 'begin', 'coalesce(sum(s.gpus) FILTER (WHERE s.running_begin), 0)', 'GPUs of the jobs that were running as the period began.'),
	('begin_gpus_sq', 'double precision', 'begin', 'coalesce(sum(s.gpus::double precision * s.gpus) FILTER (WHERE s.running_begin), 0)', 'Squared.'),
	('min_cores', 'integer', 'min', 'min(s.cores) FILTER (WHERE s.cores > 0 AND s.start_t IS NOT NULL)', 'Fewest cores of a job that ran.'),
	('max_cores', 'integer', 'max', 'max(s.cores) FILTER (WHERE s.cores > 0 AND s.start_t IS NOT NULL)', 'Most cores of a job that ran.'),
	('ended_wall_s', 'bigint', 'sum', 'coalesce(sum(s.whole_s) FILTER (WHERE s.ended), 0)', 'Whole wall time of the jobs that ended in the period.'),
	('ended_wall_sq', 'double precision', 'sum', 'coalesce(sum(s.whole_s::double precision * s.whole_s) FILTER (WHERE s.ended), 0)', 'Squared.'),
	('ended_core_s', 'bigint', 'sum', 'coalesce(sum(s.whole_s::double precision * s.cores) FILTER (WHERE s.ended), 0)', 'Whole core seconds of the jobs that ended in the period.'),
	('ended_core_sq', 'double precision', 'sum', 'coalesce(sum(s.whole_s::double precision * s.cores * s.whole_s * s.cores) FILTER (WHERE s.ended), 0)', 'Squared.'),
	('ended_node_s', 'bigint', 'sum', 'coalesce(sum(s.whole_s::double precision * s.nodes) FILTER (WHERE s.ended), 0)', 'Whole node seconds of the jobs that ended in the period.'),
	('ended_node_sq', 'double precision', 'sum', 'coalesce(sum(s.whole_s::double precision * s.nodes * s.whole_s * s.nodes) FILTER (WHERE s.ended), 0)', 'Squared.'),
	('ended_gpu_s', 'bigint', 'sum', 'coalesce(sum(s.whole_s::double precision * s.gpus) FILTER (WHERE s.ended), 0)', 'Whole GPU seconds of the jobs that ended in the period.'),
	('ended_gpu_sq', 'double precision', 'sum', 'coalesce(sum(s.whole_s::double precision * s.gpus * s.whole_s * s.gpus) FILTER (WHERE s.ended), 0)', 'Squared.'),
	('ended_limit_s', 'bigint', 'sum', 'sum(s.limit_s) FILTER (WHERE s.ended AND s.start_t IS NOT NULL)', 'Wall time that the jobs that ended in the period had asked for.')
	) v;
-- Of efficiency and energy. What accounting alone could say is here, too: efficiency is then one cube.
INSERT INTO warehouse.usage_measure (position, cube, type, fold, name, metrics, aggregate, help)
	SELECT 500 + row_number() OVER (), 'performance', 'double precision', 'sum', v.name, v.metrics::text[], v.aggregate, v.help FROM (VALUES
	('bad_jobs', '{}', 'count(*) FILTER (WHERE s.ended AND s.category = 2)', 'Jobs that ended in the period and were inefficient.'),
	('judged_jobs', '{}', 'count(*) FILTER (WHERE s.ended AND s.category > 0)', 'Jobs that ended in the period of which that can be told.'),
	('bad_core_s', '{}', 'coalesce(sum(s.core_s) FILTER (WHERE s.category = 2), 0)', 'Core seconds of inefficient jobs.'),
	('judged_core_s', '{}', 'sum(s.core_s) FILTER (WHERE s.category > 0)', 'Core seconds of the jobs of which that can be told.'),
	('failed_core_s', '{}', 'coalesce(sum(s.core_s) FILTER (WHERE s.state_id IN (SELECT t.state_id FROM warehouse.state t WHERE t.name IN (''FAILED'', ''NODE_FAIL'', ''OUT_OF_MEMORY'', ''TIMEOUT'', ''BOOT_FAIL'', ''DEADLINE''))), 0)', 'Core seconds of jobs that did not come to a good end.'),
	('unused_limit_s', '{}', 'sum(greatest(s.limit_s - s.whole_s, 0)) FILTER (WHERE s.ended AND s.start_t IS NOT NULL AND s.limit_s IS NOT NULL)', 'Wall time that the jobs which ended in the period had asked for beyond what they ran.'),
	('limited_jobs', '{}', 'count(s.limit_s) FILTER (WHERE s.ended AND s.start_t IS NOT NULL)', 'Jobs that ended in the period and had asked for a time.'),
	('unused_memory_byte_s', '{memory_used}', 'sum(greatest(s.requested_memory_bytes - s.memory_used * s.cores, 0) * s.wall_s) FILTER (WHERE s.memory_used IS NOT NULL AND s.requested_memory_bytes IS NOT NULL)', 'Memory that jobs asked for beyond the mean of what they used, times seconds.'),
	('unused_memory_wall_s', '{memory_used}', 'sum(s.wall_s) FILTER (WHERE s.memory_used IS NOT NULL AND s.requested_memory_bytes IS NOT NULL)', 'Seconds of the jobs of which that is known.'),
	('energy_core_s', '{energy}', 'sum(s.core_s) FILTER (WHERE s.energy IS NOT NULL)', 'Core seconds of the jobs whose energy is known.'),
	('idle_energy_j', '{energy,cpu_idle}', 'sum(s.energy * s.share * s.cpu_idle)', 'Energy of nodes times the share of idle core time.'),
	('idle_energy_node_s', '{energy,cpu_idle}', 'sum(s.node_s) FILTER (WHERE s.energy IS NOT NULL AND s.cpu_idle IS NOT NULL)', 'Node seconds of the jobs of which both are known.'),
	('flops_cores', '{flops}', 'sum(s.flops * s.cores * s.share)', 'Floating-point operations a second and core times cores, split as the time is.'),
	('membw_core_s', '{membw}', 'sum(s.core_s) FILTER (WHERE s.membw IS NOT NULL)', 'Core seconds of the jobs whose memory traffic is known.'),
	('homogeneity_node_s', '{catastrophe}', 'sum((1 - 1 / (1 + 1000 * s.catastrophe)) * s.node_s)', 'Homogeneity times node seconds.')
	) v (name, metrics, aggregate, help);

-- The dimensions of usage_day (columns of it: column_name) and of usage_period (all). `value` is
-- over a row u of usage_day and what was then true of its account (ah), person (ph), project (rh)
-- and principal investigator (ih). What follows from another dimension is made of its rows, which
-- are few: of_value is over a row u of usage_period, and ah, ph or rh are those of u.value.
CREATE TABLE warehouse.usage_dimension (
	dimension_id smallint PRIMARY KEY,
	name text NOT NULL UNIQUE,
	column_name text UNIQUE,
	column_type text,
	value text NOT NULL,
	help text NOT NULL,
	is_who boolean NOT NULL DEFAULT true,
	is_measured boolean NOT NULL DEFAULT false,
	is_judged boolean NOT NULL DEFAULT false,
	of_dimension smallint REFERENCES warehouse.usage_dimension,
	of_value text,
	CHECK ((of_dimension IS NULL) = (of_value IS NULL)),
	CHECK ((column_name IS NULL) = (column_type IS NULL))
);
COMMENT ON TABLE warehouse.usage_dimension IS 'What usage and performance are kept by.';
COMMENT ON COLUMN warehouse.usage_dimension.dimension_id IS 'Number in usage_period and performance_period.';
COMMENT ON COLUMN warehouse.usage_dimension.name IS 'Name.';
COMMENT ON COLUMN warehouse.usage_dimension.column_name IS 'Column of usage_day, and with is_who of performance_day; NULL: it follows from others.';
COMMENT ON COLUMN warehouse.usage_dimension.column_type IS 'Its type.';
COMMENT ON COLUMN warehouse.usage_dimension.value IS 'SQL of the value, an integer, over a row u of usage_day.';
COMMENT ON COLUMN warehouse.usage_dimension.is_who IS
	'Whether performance_day has it: what says who ran what. What says how large, how long and how it ended has so many values that there would be a row for each job; such questions are answered by jobs.';
COMMENT ON COLUMN warehouse.usage_dimension.is_measured IS 'Whether it follows from what was measured: performance alone has it.';
COMMENT ON COLUMN warehouse.usage_dimension.is_judged IS 'Whether efficiency_day has it: whose jobs they were, and what they were found to be.';
COMMENT ON COLUMN warehouse.usage_dimension.of_dimension IS 'Dimension that the value follows from; NULL: it does not.';
COMMENT ON COLUMN warehouse.usage_dimension.of_value IS 'SQL of the value over a row u of usage_period of that dimension.';
COMMENT ON COLUMN warehouse.usage_dimension.help IS 'What the value is.';
INSERT INTO warehouse.usage_dimension (dimension_id, name, column_name, column_type, value, help) VALUES
	(0, 'none', NULL, NULL, '0', 'All together: 0.'),
	(1, 'person', 'person_id', 'integer', 'u.person_id', 'person_id of who submitted the job.'),
	(2, 'account', 'account_id', 'integer', 'u.account_id', 'account_id.'),
	(3, 'partition', 'partition_id', 'smallint', 'u.partition_id', 'partition_id.'),
	(4, 'qos', 'qos_id', 'smallint', 'u.qos_id', 'qos_id.'),
	(5, 'application', 'application_id', 'integer', 'u.application_id', 'application_id.'),
	(6, 'state', 'state_id', 'smallint', 'u.state_id', 'state_id.'),
	(7, 'source', 'source_id', 'smallint', 'u.source_id', 'source_id.'),
	(8, 'nodes', 'nodes', 'integer', 'u.nodes', 'Number of nodes.'),
	(9, 'cores', 'cores', 'integer', 'u.cores', 'Number of cores.'),
	(10, 'gpus', 'gpus', 'integer', 'u.gpus', 'Number of GPUs.'),
	(11, 'shared', 'is_shared', 'boolean', 'u.is_shared::integer', '1: other jobs ran on its nodes.'),
	(12, 'wall_class', 'wall_class', 'smallint', 'u.wall_class', 'bucket of dimension wall.'),
	(13, 'wait_class', 'wait_class', 'smallint', 'u.wait_class', 'bucket of dimension wait.'),
	(14, 'core_class', NULL, NULL, 'width_bucket(u.cores, (SELECT warehouse.bounds(''cores''))) - 1', 'bucket of dimension cores.'),
	(15, 'gpu_class', NULL, NULL, 'width_bucket(u.gpus, (SELECT warehouse.bounds(''gpus''))) - 1', 'bucket of dimension gpus.'),
	(16, 'project', 'project_id', 'integer', 'coalesce(u.project_id, ah.project_id)', 'project_id.'),
	(17, 'business', 'business_id', 'integer', 'coalesce(u.business_id, rh.business_id)', 'business_id.'),
	(18, 'domain', NULL, NULL, 'rh.domain_id', 'domain_id of the project.'),
	(19, 'pi', NULL, NULL, 'ah.pi_id', 'person_id of the principal investigator of the account then.'),
	(20, 'science', NULL, NULL, 'ah.science_id', 'science_id of the account then.'),
	(21, 'organization', NULL, NULL, 'ph.organization_id', 'organization_id of the person then.'),
	(22, 'pi_organization', NULL, NULL, 'coalesce(ah.organization_id, ih.organization_id)', 'organization_id of the account then, or of who led it.'),
	-- One pass for the two below.
	(23, 'judgement', NULL, NULL, 'coalesce(u.category, -999) * 1000 + coalesce(u.reason, 0)', 'category and reason.'),
	(24, 'category', 'category', 'smallint', 'u.category', 'category of slice_column.'),
	(25, 'reason', 'reason', 'smallint', 'u.reason', 'reason of slice_column.');

UPDATE warehouse.usage_dimension SET is_judged = true WHERE name IN ('person', 'account', 'project', 'business', 'category', 'reason');
UPDATE warehouse.usage_dimension SET is_who = false, is_measured = true WHERE name IN ('judgement', 'category', 'reason');
UPDATE warehouse.usage_dimension SET is_who = false WHERE name IN
	('state', 'source', 'nodes', 'cores', 'gpus', 'shared', 'wall_class', 'wait_class', 'core_class', 'gpu_class');
UPDATE warehouse.usage_dimension d SET (of_dimension, of_value) = ROW(o.dimension_id, v.of_value)
	FROM (VALUES ('none', 'partition', '0'), ('domain', 'project', 'rh.domain_id'),
		('core_class', 'cores', 'width_bucket(u.value, (SELECT warehouse.bounds(''cores''))) - 1'),
		('gpu_class', 'gpus', 'width_bucket(u.value, (SELECT warehouse.bounds(''gpus''))) - 1'),
		('pi', 'account', 'ah.pi_id'), ('science', 'account', 'ah.science_id'),
		('pi_organization', 'account', 'coalesce(ah.organization_id, ih.organization_id)'),
		('organization', 'person', 'ph.organization_id'),
		('category', 'judgement', 'nullif((u.value + 1000000) / 1000 - 1000, -999)'),
		('reason', 'judgement', 'nullif((u.value + 1000000) % 1000, 0)')
	) v (name, of_name, of_value) JOIN warehouse.usage_dimension o ON o.name = v.of_name
	WHERE d.name = v.name;

-- The metrics that figures are kept of, and the seconds of a slice s that their means are weighted by.
CREATE VIEW warehouse.usage_metric WITH (security_invoker = true) AS
	SELECT m.metric_id, m.column_name, m.label, m.unit, m.aggregate, w.name AS weight_name, w.weight AS weight_sql
	FROM warehouse.metric m
	JOIN (VALUES ('job', 's.ended::integer::float8'), ('wall seconds', 's.wall_s::float8'),
		('node seconds', 's.node_s'), ('core seconds', 's.core_s'), ('gpu seconds', 's.gpu_s')
	) w (name, weight) ON w.name = coalesce(CASE m.aggregate WHEN 'mean' THEN m.weight ELSE m.also_per END,
		'wall seconds')
	WHERE m.column_name IS NOT NULL AND m.aggregate IS NOT NULL AND m.name NOT LIKE 'compat.%';
COMMENT ON VIEW warehouse.usage_metric IS 'The metrics that figures are kept of: not those that only Open XDMoD''s arithmetic needs.';
COMMENT ON COLUMN warehouse.usage_metric.metric_id IS 'As in metric.';
COMMENT ON COLUMN warehouse.usage_metric.column_name IS 'Column of job_metric.';
COMMENT ON COLUMN warehouse.usage_metric.label IS 'What people read.';
COMMENT ON COLUMN warehouse.usage_metric.unit IS 'Unit.';
COMMENT ON COLUMN warehouse.usage_metric.aggregate IS 'How values of jobs are put together.';
COMMENT ON COLUMN warehouse.usage_metric.weight_name IS 'What values are weighted by.';
COMMENT ON COLUMN warehouse.usage_metric.weight_sql IS 'The same, SQL over a slice s.';

-- How a job's value goes into performance, by what the catalogue says of the metric.
--   mean            <c>_xw, <c>_w: sums of value times weight, and of weight
--   sum             <c>_x, <c>_w: sum, split as the time is, and what it is to be divided by
--   max, min        <c>_max or <c>_min, and <c>_w, wall seconds
-- Weights are those of the jobs that have the value and no others, so <c>_w beside the whole
-- (core_s and so on) says how much of the time the mean is of.
-- Efficiency is what conf/statistics/efficiency.yaml names; what a site asks for besides, jobs answer.
CREATE VIEW warehouse.usage_column WITH (security_invoker = true) AS
	WITH measure AS (
	SELECT cube, position, name, type, aggregate, fold, help FROM warehouse.usage_measure u
		WHERE metrics <@ ARRAY(SELECT m.column_name FROM warehouse.usage_metric m)
	UNION ALL
	SELECT 'performance', position, name, type, aggregate, fold, help FROM warehouse.usage_measure
		WHERE name IN ('ended_jobs', 'wall_s', 'node_s', 'core_s', 'gpu_s')
	UNION ALL
	SELECT 'performance', 1000 + 10 * m.metric_id + c.place, m.column_name || c.suffix, 'double precision',
		replace(replace(c.aggregate, '@weight', m.weight_sql), '@value', format('s.%I', m.column_name)),
		c.fold, format(c.help, m.label || ' [' || m.unit || ']', m.weight_name)
	FROM warehouse.usage_metric m
	JOIN (VALUES
		('mean', 1, '_xw', 'sum(@value * @weight)', 'sum', '%s, times %s, summed.'),
		('sum', 1, '_x', 'sum(@value * s.share)', 'sum', '%s, summed.'),
		('max', 1, '_max', 'max(@value)', 'max', 'Greatest %s.'),
		('min', 1, '_min', 'min(@value)', 'min', 'Least %s.'),
		('', 2, '_w', 'sum(@weight) FILTER (WHERE @value IS NOT NULL)', 'sum', 'The %2$s of the jobs that have a value of: %1$s.')
	) c (kind, place, suffix, aggregate, fold, help) ON c.kind IN (m.aggregate, '')
	)
	SELECT * FROM measure
	UNION ALL
	SELECT 'efficiency', position, name, type, aggregate, fold, help FROM measure
		WHERE cube = 'performance' AND name IN ('ended_jobs', 'wall_s', 'node_s', 'core_s', 'gpu_s', 'bad_jobs', 'judged_jobs',
			'bad_core_s', 'judged_core_s', 'failed_core_s', 'unused_limit_s', 'limited_jobs', 'unused_memory_byte_s',
			'unused_memory_wall_s', 'cpu_idle_xw', 'cpu_idle_w', 'gpu_usage_xw', 'gpu_usage_w');
COMMENT ON VIEW warehouse.usage_column IS 'The columns that usage, performance and efficiency have besides their dimensions.';
COMMENT ON COLUMN warehouse.usage_column.cube IS 'usage, performance or efficiency.';
COMMENT ON COLUMN warehouse.usage_column.position IS 'Order.';
COMMENT ON COLUMN warehouse.usage_column.name IS 'Column.';
COMMENT ON COLUMN warehouse.usage_column.type IS 'Its type.';
COMMENT ON COLUMN warehouse.usage_column.aggregate IS 'SQL over the slices s of a day.';
COMMENT ON COLUMN warehouse.usage_column.fold IS 'How rows are put together.';
COMMENT ON COLUMN warehouse.usage_column.help IS 'What it is.';

CREATE TABLE warehouse.usage_day (
	day date NOT NULL,
	cluster_id smallint NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE warehouse.performance_day (
	day date NOT NULL,
	cluster_id smallint NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE warehouse.efficiency_day (
	day date NOT NULL,
	cluster_id smallint NOT NULL
) PARTITION BY RANGE (day);
CREATE TABLE warehouse.usage_period (
	unit text NOT NULL CHECK (unit IN ('day', 'month', 'quarter', 'year')),
	period date NOT NULL,
	cluster_id smallint NOT NULL,
	dimension_id smallint NOT NULL,
	value integer
);
CREATE TABLE warehouse.performance_period (
	unit text NOT NULL CHECK (unit IN ('day', 'month', 'quarter', 'year')),
	period date NOT NULL,
	cluster_id smallint NOT NULL,
	dimension_id smallint NOT NULL,
	value integer
);
COMMENT ON TABLE warehouse.usage_day IS 'Accounting by day and combination of dimensions.';
COMMENT ON TABLE warehouse.performance_day IS 'What was measured, by day and combination of dimensions.';
COMMENT ON TABLE warehouse.efficiency_day IS 'What efficiency is told by, by day, whose jobs, category and reason: one''s own reasons are read from it.';
COMMENT ON TABLE warehouse.usage_period IS 'Accounting by day, month, quarter, year, cluster and one dimension.';
COMMENT ON TABLE warehouse.performance_period IS 'What was measured, by day, month, quarter, year, cluster and one dimension.';

-- Distributions. Values are counted in buckets that need no table: of shares each per cent, of
-- everything else 8 for each doubling, so that a percentile is right within 4.5 %. NULL is not
-- measured and has a bucket of its own, NULL; so has 0.
CREATE TABLE warehouse.distribution (
	distribution_id smallint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	name text NOT NULL UNIQUE,
	value text NOT NULL,
	is_metric boolean NOT NULL DEFAULT false,
	scale text NOT NULL CHECK (scale IN ('linear', 'logarithmic')),
	weight text NOT NULL DEFAULT 's.core_s',
	help text NOT NULL
);
COMMENT ON TABLE warehouse.distribution IS 'What histograms are kept of.';
COMMENT ON COLUMN warehouse.distribution.distribution_id IS 'Number in histogram_period.';
COMMENT ON COLUMN warehouse.distribution.name IS 'Column of job_performance, or limit_share.';
COMMENT ON COLUMN warehouse.distribution.value IS 'SQL of the value over a slice s.';
COMMENT ON COLUMN warehouse.distribution.is_metric IS 'Whether it is a column of job_metric; without that in the catalogue none is kept.';
COMMENT ON COLUMN warehouse.distribution.scale IS 'linear: a bucket for each hundredth; logarithmic: 8 for each doubling.';
COMMENT ON COLUMN warehouse.distribution.weight IS 'SQL of its weight_s over a slice s: what the mean is weighted by, else core seconds.';
COMMENT ON COLUMN warehouse.distribution.help IS 'What it is.';
INSERT INTO warehouse.distribution (name, value, scale, help) VALUES
	('wall_s', 's.whole_s', 'logarithmic', 'Wall time of jobs, seconds.'),
	('wait_s', 's.wait_s', 'logarithmic', 'Waiting time of jobs, seconds.'),
	('limit_s', 's.limit_s', 'logarithmic', 'Wall time asked for, seconds.'),
	('limit_share', 's.whole_s::float8 / nullif(s.limit_s, 0)', 'linear', 'Wall time as a share of what was asked for.'),
	('cores', 's.cores', 'logarithmic', 'Cores of jobs.'),
	('nodes', 's.nodes', 'logarithmic', 'Nodes of jobs.'),
	('gpus', 's.gpus', 'logarithmic', 'GPUs of jobs.');

CREATE TABLE warehouse.histogram_period (
	unit text NOT NULL CHECK (unit IN ('day', 'month', 'quarter', 'year')),
	period date NOT NULL,
	cluster_id smallint NOT NULL,
	distribution_id smallint NOT NULL,
	bucket smallint,
	ended_jobs bigint NOT NULL,
	weight_s double precision
);
CREATE INDEX histogram_period_key ON warehouse.histogram_period (unit, distribution_id, period);
CREATE INDEX histogram_period_period ON warehouse.histogram_period (unit, period, cluster_id);
COMMENT ON TABLE warehouse.histogram_period IS
	'How many jobs ended, and how long jobs ran, by the value of a metric: for percentiles and metric buckets.';
COMMENT ON COLUMN warehouse.histogram_period.unit IS 'day, month, quarter or year.';
COMMENT ON COLUMN warehouse.histogram_period.period IS 'Its first day.';
COMMENT ON COLUMN warehouse.histogram_period.cluster_id IS 'Cluster.';
COMMENT ON COLUMN warehouse.histogram_period.distribution_id IS 'Of what.';
COMMENT ON COLUMN warehouse.histogram_period.bucket IS 'Bucket: see bucket_lower and bucket_upper; NULL: not measured.';
COMMENT ON COLUMN warehouse.histogram_period.ended_jobs IS 'Jobs that ended.';
COMMENT ON COLUMN warehouse.histogram_period.weight_s IS
	'Seconds in which jobs ran, times cores, nodes or GPUs as the mean of the metric is weighted; of accounting, times cores.';

-- Zero is bucket 0. Upper bounds belong to their bucket: (0, 1 %] is linear bucket 1. The small
-- numbers forgive the rounding of `real`, so that 10 % is in the bucket that ends with it.
-- 11.54... is 8 / ln 2.
CREATE FUNCTION warehouse.bucket_of(scale text, x double precision) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN x IS NULL THEN NULL
		WHEN scale = 'linear' THEN
			CASE WHEN x > 0 THEN CASE WHEN x <= 0.01 THEN 1 WHEN x < 320 THEN ceil(x * 100 - 1e-4) ELSE 32000 END
				ELSE greatest(-32000, floor(x * 100 + 1e-4)) END
		WHEN x > 0 THEN ceil(11.541560327111708 * ln(x) + (16384 - 1e-5)::float8)
		WHEN x < 0 THEN floor(-11.541560327111708 * ln(-x) - (16384 - 1e-5)::float8)
		ELSE x END::smallint
$$;
COMMENT ON FUNCTION warehouse.bucket_of(text, double precision) IS 'The bucket that a value is in.';

CREATE FUNCTION warehouse.bucket_upper(scale text, bucket smallint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN bucket = 0 THEN 0
		WHEN scale = 'linear' THEN bucket / 100.0::float8
		WHEN bucket > 0 THEN 2 ^ ((bucket - 16384) / 8.0::float8)
		ELSE -(2 ^ ((-bucket - 16385) / 8.0::float8)) END
$$;
COMMENT ON FUNCTION warehouse.bucket_upper(text, smallint) IS 'Greatest value of a bucket.';

CREATE FUNCTION warehouse.bucket_lower(scale text, bucket smallint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN bucket = 0 THEN 0
		WHEN scale = 'linear' THEN (bucket - 1) / 100.0::float8
		WHEN bucket > 0 THEN 2 ^ ((bucket - 16385) / 8.0::float8)
		ELSE -(2 ^ ((-bucket - 16384) / 8.0::float8)) END
$$;
COMMENT ON FUNCTION warehouse.bucket_lower(text, smallint) IS 'Bound below which a value is not in this bucket any more.';

CREATE TABLE warehouse.capacity_day (
	day date NOT NULL,
	cluster_id smallint NOT NULL,
	node_type_id smallint,
	node_s bigint NOT NULL,
	core_s bigint NOT NULL,
	gpu_s bigint NOT NULL,
	down_node_s bigint NOT NULL,
	down_core_s bigint NOT NULL,
	down_gpu_s bigint NOT NULL,
	planned_node_s bigint NOT NULL,
	planned_core_s bigint NOT NULL,
	planned_gpu_s bigint NOT NULL,
	drained_node_s bigint NOT NULL,
	drained_core_s bigint NOT NULL,
	drained_gpu_s bigint NOT NULL
);
CREATE INDEX capacity_day_day ON warehouse.capacity_day (day, cluster_id);
COMMENT ON TABLE warehouse.capacity_day IS
	'What the nodes of a cluster could have given in a day, by kind of node. What is down is not planned or drained besides, what is planned not drained.';
COMMENT ON COLUMN warehouse.capacity_day.day IS 'Day.';
COMMENT ON COLUMN warehouse.capacity_day.cluster_id IS 'Cluster.';
COMMENT ON COLUMN warehouse.capacity_day.node_type_id IS 'Kind of node; NULL: not said.';
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT k.prefix || t.thing || '_s' AS name, t.things || k.help AS help
		FROM (VALUES ('', ' times the seconds in which they were part of the cluster.'),
			('down_', ' times the seconds in which they were down.'),
			('planned_', ' times the seconds of maintenance and the like, planned.'),
			('drained_', ' times the seconds in which they took no new jobs.')) k (prefix, help)
		CROSS JOIN (VALUES ('node', 'Nodes'), ('core', 'Cores'), ('gpu', 'GPUs')) t (thing, things)
	LOOP
		EXECUTE format('COMMENT ON COLUMN warehouse.capacity_day.%I IS %L', c.name, c.help);
	END LOOP;
END
$$;

-- Gives the five tables the columns that the catalogue and the tables above ask for.
CREATE FUNCTION warehouse.align_usage() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
	c record;
	added integer := 0;
BEGIN
	INSERT INTO warehouse.distribution (name, value, is_metric, scale, weight, help)
		SELECT column_name, format('s.%I', column_name), true,
			CASE unit WHEN 'ratio' THEN 'linear' ELSE 'logarithmic' END, weight_sql, label
		FROM warehouse.usage_metric m WHERE NOT EXISTS (
			SELECT FROM warehouse.distribution d WHERE d.name = m.column_name)
		ORDER BY m.metric_id;
	FOR c IN
		SELECT n.name AS "table", d.column_name AS name, d.column_type AS type, d.help, d.dimension_id AS position
			FROM warehouse.usage_dimension d CROSS JOIN LATERAL (VALUES ('usage_day', NOT d.is_measured),
				('performance_day', d.is_who), ('efficiency_day', d.is_judged)) n (name, has)
			WHERE d.column_name IS NOT NULL AND n.has
		UNION ALL SELECT u.cube || n.suffix, u.name, u.type, u.help, 1000 + u.position
			FROM warehouse.usage_column u CROSS JOIN (VALUES ('_day'), ('_period')) n (suffix)
			WHERE u.cube <> 'efficiency' OR n.suffix = '_day'
		ORDER BY 1, 5
	LOOP
		IF NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attname = c.name
				AND a.attrelid = format('warehouse.%I', c."table")::regclass AND NOT a.attisdropped) THEN
			EXECUTE format('ALTER TABLE warehouse.%I ADD COLUMN %I %s', c."table", c.name, c.type);
			added := added + 1;
		END IF;
		EXECUTE format('COMMENT ON COLUMN warehouse.%I.%I IS %L', c."table", c.name, c.help);
	END LOOP;
	RETURN added;
END
$$;
COMMENT ON FUNCTION warehouse.align_usage() IS
	'Adds the columns of new measures, dimensions and metrics to usage, performance and efficiency.';
SELECT warehouse.align_usage();
DO $$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT * FROM (VALUES ('day', 'Day.'), ('cluster_id', 'Cluster.')) v (name, help)
		CROSS JOIN (VALUES ('usage_day'), ('performance_day'), ('efficiency_day')) t ("table")
		UNION ALL SELECT * FROM (VALUES ('unit', 'day, month, quarter or year.'), ('period', 'Its first day.'),
			('cluster_id', 'Cluster.'), ('dimension_id', 'Which dimension.'),
			('value', 'Value of the dimension; NULL: not known.')) v (name, help)
		CROSS JOIN (VALUES ('usage_period'), ('performance_period')) t ("table")
	LOOP
		EXECUTE format('COMMENT ON COLUMN warehouse.%I.%I IS %L', c."table", c.name, c.help);
	END LOOP;
END
$$;
CREATE INDEX usage_day_day ON warehouse.usage_day (day, cluster_id);
CREATE INDEX usage_day_person ON warehouse.usage_day (person_id, day);
CREATE INDEX usage_day_account ON warehouse.usage_day (account_id, day);
CREATE INDEX performance_day_day ON warehouse.performance_day (day, cluster_id);
CREATE INDEX performance_day_person ON warehouse.performance_day (person_id, day);
CREATE INDEX performance_day_account ON warehouse.performance_day (account_id, day);
CREATE INDEX efficiency_day_day ON warehouse.efficiency_day (day, cluster_id);
CREATE INDEX efficiency_day_person ON warehouse.efficiency_day (person_id, day);
CREATE INDEX efficiency_day_account ON warehouse.efficiency_day (account_id, day);
CREATE INDEX usage_period_key ON warehouse.usage_period (unit, dimension_id, period, cluster_id);
CREATE INDEX usage_period_value ON warehouse.usage_period (unit, dimension_id, value, period);
CREATE INDEX usage_period_period ON warehouse.usage_period (unit, period, cluster_id);
CREATE INDEX performance_period_key ON warehouse.performance_period (unit, dimension_id, period, cluster_id);
CREATE INDEX performance_period_value ON warehouse.performance_period (unit, dimension_id, value, period);
CREATE INDEX performance_period_period ON warehouse.performance_period (unit, period, cluster_id);

-- What a person may see of jobs, they may see of the rows by person and account. Rows of one
-- dimension and histograms are of many people: for those who see all.
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['usage_day', 'performance_day', 'efficiency_day', 'usage_period', 'performance_period',
			'histogram_period'] LOOP
		EXECUTE format('ALTER TABLE warehouse.%I ENABLE ROW LEVEL SECURITY', name);
		EXECUTE format('CREATE POLICY viewer ON warehouse.%I FOR SELECT TO jobsight_portal USING (%s'
			'(SELECT warehouse.viewer_sees_all()))', name, CASE WHEN name LIKE '%\_day' THEN
			'person_id = (SELECT warehouse.viewer_person())'
			' OR account_id = ANY ((SELECT warehouse.viewer_accounts())::integer[]) OR ' ELSE '' END);
		EXECUTE format('CREATE POLICY analyst ON warehouse.%I FOR SELECT TO jobsight_analyst USING (true)', name);
		EXECUTE format('CREATE POLICY loader ON warehouse.%I TO jobsight_loader '
			'USING (true) WITH CHECK (true)', name);
		EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.%I TO jobsight_loader', name);
		EXECUTE format('GRANT SELECT ON warehouse.%I TO jobsight_portal, jobsight_analyst', name);
	END LOOP;
	FOREACH name IN ARRAY ARRAY['bucket', 'usage_measure', 'usage_dimension', 'usage_metric',
			'usage_column', 'slice_column', 'distribution', 'capacity_day'] LOOP
		EXECUTE format('GRANT SELECT ON warehouse.%I TO jobsight_loader, jobsight_portal, jobsight_analyst',
			name);
	END LOOP;
END
$$;
GRANT INSERT, UPDATE, DELETE ON warehouse.capacity_day TO jobsight_loader;
REVOKE ALL ON FUNCTION warehouse.bounds(text), warehouse.align_usage(),
	warehouse.bucket_of(text, double precision), warehouse.bucket_lower(text, smallint),
	warehouse.bucket_upper(text, smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.bounds(text), warehouse.bucket_of(text, double precision),
	warehouse.bucket_lower(text, smallint), warehouse.bucket_upper(text, smallint)
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
