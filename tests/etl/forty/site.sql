-- SPDX-License-Identifier: Apache-2.0
-- What a site has beside the jobs of jobs.csv: who belongs where, machines and their outages, file
-- systems and quotas, a cloud, probes, a gateway. Every table that can tell of people has rows of ada
-- and rows of bob, so that rights can be told apart; realms.txt works the figures out by hand.
SET timezone = 'Europe/Berlin';

INSERT INTO warehouse.person (name) VALUES ('lee');
INSERT INTO warehouse.cluster (name) VALUES ('nimbus');
INSERT INTO warehouse.organization (organization_id, name) VALUES (1, 'Uni'), (2, 'Lab');
INSERT INTO warehouse.science (science_id, name, parent_id) VALUES (1, 'Physics', NULL), (2, 'Solids', 1), (3, 'Crystals', 2);
INSERT INTO warehouse.domain (domain_id, name) VALUES (1, 'nature');
INSERT INTO warehouse.business (business_id, name) VALUES (1, 'research');
INSERT INTO warehouse.project (project_id, name) VALUES (1, 'lattice');
INSERT INTO warehouse.project_history (project_id, valid, domain_id, business_id) VALUES (1, '[,)', 1, 1);
INSERT INTO warehouse.cluster_history (cluster_id, valid, organization_id, kind)
	SELECT cluster_id, '[,)', CASE name WHEN 'alpha' THEN 1 ELSE 2 END, CASE name WHEN 'alpha' THEN 'HPC' ELSE 'Cloud' END FROM warehouse.cluster;
INSERT INTO warehouse.person_history (person_id, valid, organization_id)
	SELECT person_id, '[,)', CASE name WHEN 'ada' THEN 1 ELSE 2 END FROM warehouse.person WHERE name IN ('ada', 'bob');
INSERT INTO warehouse.account_history (account_id, valid, pi_id, organization_id, science_id, project_id)
	SELECT a.account_id, '[,)', p.person_id, v.organization, v.science, v.project
	FROM (VALUES ('phys', 'lee', 1, 3, 1), ('chem', 'bob', 2, 1, NULL)) v (account, pi, organization, science, project)
	JOIN warehouse.account a ON a.name = v.account JOIN warehouse.person p ON p.name = v.pi;
INSERT INTO warehouse.association (cluster_id, source_id, account_id, person_id, is_default, valid)
	SELECT 1, row_number() OVER (), a.account_id, p.person_id, true, '[,)'
	FROM (VALUES ('phys', 'ada'), ('chem', 'bob')) v (account, person)
	JOIN warehouse.account a ON a.name = v.account JOIN warehouse.person p ON p.name = v.person;
INSERT INTO warehouse.login (cluster_id, person_id, uid) SELECT 1, person_id, 1000 + person_id FROM warehouse.person WHERE name IN ('ada', 'bob');
INSERT INTO warehouse.gateway (person_id, name, acronym) SELECT person_id, 'Portal of chemistry', 'PC' FROM warehouse.person WHERE name = 'fay';
INSERT INTO warehouse.qos_history (qos_id, valid, priority) SELECT qos_id, '[,)', 1 FROM warehouse.qos;
INSERT INTO warehouse.application_history (application_id, valid, science_id) SELECT application_id, '[,)', 1 FROM warehouse.application;
INSERT INTO warehouse.partition_history (partition_id, valid, nodes) SELECT partition_id, '[,)', 2 FROM warehouse.partition;

-- Machines of four days: a1 8 cores, a2 16 cores and 4 GPUs; n1 of the cloud, two days, 4 cores.
INSERT INTO warehouse.node_type (node_type_id, name) VALUES (1, 'cpu'), (2, 'gpu');
INSERT INTO warehouse.node (node_id, cluster_id, name) VALUES (1, 1, 'a1'), (2, 1, 'a2'), (3, 2, 'n1');
INSERT INTO warehouse.node_history (node_id, valid, node_type_id, cores, gpus) VALUES
	(1, '[2024-03-04 00:00, 2024-03-08 00:00)', 1, 8, 0), (2, '[2024-03-04 00:00, 2024-03-08 00:00)', 2, 16, 4),
	(3, '[2024-03-05 00:00, 2024-03-07 00:00)', 1, 4, 0);
INSERT INTO warehouse.node_event (node_id, kind, during) VALUES
	(1, 'down', '[2024-03-05 06:00, 2024-03-05 12:00)'), (1, 'planned', '[2024-03-05 10:00, 2024-03-05 14:00)'),
	(2, 'drained', '[2024-03-06 00:00, 2024-03-07 00:00)'), (2, 'down', '[2024-03-06 20:00, 2024-03-07 04:00)');
INSERT INTO warehouse.node_event_source (node_id, start_t) VALUES (1, '2024-03-05 06:00');
INSERT INTO warehouse.partition_node (partition_id, node_id, valid) SELECT partition_id, 1, '[,)' FROM warehouse.partition;

INSERT INTO warehouse.filesystem (filesystem_id, cluster_id, name) VALUES (1, 1, 'home'), (2, 1, 'scratch');
INSERT INTO warehouse.filesystem_usage (filesystem_id, t, used_ratio, inode_ratio, used_bytes, total_bytes) VALUES
	(1, '2024-03-05 06:00', 0.25, 0.5, 250, 1000), (1, '2024-03-05 18:00', 0.75, 0.5, 750, 1000),
	(1, '2024-03-06 12:00', 0.25, NULL, 250, 1000), (2, '2024-03-06 12:00', 0.5, 0.25, NULL, NULL);
INSERT INTO warehouse.filesystem_quota (filesystem_id, kind, name, t, person_id, used_bytes, soft_bytes, hard_bytes, doubt_bytes, used_files)
	SELECT v.filesystem, v.kind, v.name, v.t::timestamptz, p.person_id, v.used, v.soft, v.hard, v.doubt, v.files
	FROM (VALUES (1, 'user', 'ada', '2024-03-05 06:00', 100, 200, 400, NULL, 10), (1, 'user', 'ada', '2024-03-05 18:00', 300, 200, 400, 20, 30),
		(1, 'user', 'bob', '2024-03-05 12:00', 400, NULL, NULL, NULL, 5), (1, 'user', 'ada', '2024-03-06 12:00', 400, 200, 400, 0, 40),
		(1, 'user', 'bob', '2024-03-06 12:00', 600, 800, 1000, NULL, 15), (2, 'group', 'phys', '2024-03-06 12:00', 1000, 4000, 8000, NULL, 100))
		v (filesystem, kind, name, t, used, soft, hard, doubt, files)
	LEFT JOIN warehouse.person p ON p.name = v.name;

INSERT INTO warehouse.cloud_instance (cluster_id, uuid, name, person_id, account_id, host, flavor, state, cores, gpus, memory_bytes, disk_bytes, cpu_s, during)
	SELECT 2, v.uuid, v.uuid, p.person_id, a.account_id, 'h1', v.flavor, v.state, v.cores, 0, v.gib * 1073741824::bigint, v.disk * 1073741824::bigint, v.cpu, v.during::tstzrange
	FROM (VALUES ('v1', 'ada', 'phys', 'small', 'deleted', 2, 4, 10, 14400, '[2024-03-05 22:00, 2024-03-06 02:00)'),
		('v2', 'bob', 'chem', 'large', 'deleted', 4, 8, NULL, NULL, '[2024-03-06 00:00, 2024-03-06 06:00)'),
		('v3', 'ada', 'phys', 'small', 'stopped', NULL, NULL, 20, NULL, '[2024-03-30 12:00, 2024-04-01 12:00)'))
		v (uuid, person, account, flavor, state, cores, gib, disk, cpu, during)
	JOIN warehouse.person p ON p.name = v.person JOIN warehouse.account a ON a.name = v.account;

-- The second is of March 5 here and in UTC, the third of March 6 here alone.
INSERT INTO warehouse.probe (cluster_id, front_end, t, result, wait_s, submit_s) VALUES
	(1, 'login1', '2024-03-05 01:00', 'ok', 10, 1), (1, 'login1', '2024-03-05 23:30', 'late', NULL, 3), (1, 'login2', '2024-03-06 00:30', 'ok', 20, 2);

-- Details, steps and nodes of one job of ada and one of bob.
INSERT INTO warehouse.job_detail (job_id, end_t, person_id, account_id, source_index, work_dir)
	SELECT job_id, end_t, person_id, account_id, job_id, '/home' FROM warehouse.job WHERE job_id IN (1030, 1031);
INSERT INTO warehouse.job_step (job_id, end_t, step_id, person_id, account_id, name)
	SELECT job_id, end_t, 0, person_id, account_id, 'batch' FROM warehouse.job WHERE job_id IN (1030, 1031);
INSERT INTO warehouse.job_node (job_id, end_t, node_id, node_index, person_id, account_id)
	SELECT job_id, end_t, 1, 0, person_id, account_id FROM warehouse.job WHERE job_id IN (1030, 1031);

-- Numbers that no job of jobs.csv has.
UPDATE warehouse.job_metric SET block_sda_rd_bytes = 1440000, block_sda_wr_ios = 28800, block_sda_wr_bytes = 2880000, net_eth0_tx = 4320000,
	compat_net_ib0_rx = 3600000, compat_net_ib0_tx = 720000, compat_netdir_home_write_normal = 7200, compat_netdir_home_write_server = 14400,
	compat_netdir_home_write_direct = 14400, compat_netdir_projects_write_normal = 72000, compat_netdir_projects_write_server = 0,
	compat_netdir_projects_write_direct = 0, compat_netdir_util_write_normal = 144000, compat_netdir_util_write_server = 0,
	compat_block_sda_rd_bytes = 720000, compat_block_sda_wr_ios = 14400, compat_block_sda_wr_bytes = 1440000, compat_net_eth0_tx = 2160000,
	compat_netdir_util_write_direct = 0, compat_netdrv_gpfs_rx = 1440000, compat_netdrv_gpfs_tx = 2160000 WHERE job_id = 1030;
UPDATE warehouse.job_metric SET gpu_energy = 7.2e6, energy_cpu = 3.6e6, energy_dram = 1.8e6, max_power = 500 WHERE job_id = 1026;
UPDATE warehouse.job SET accounting_energy_j = 10800000 WHERE job_id = 1026;

-- What the programs keep about themselves.
INSERT INTO warehouse.document_store (store_id, url) VALUES (1, 'sqlite:x');
INSERT INTO warehouse.load_log (store_id, catalogue, version) VALUES (1, '', '');
INSERT INTO warehouse.load_error (cluster, raw_id, submit_s, field, reason, document) VALUES ('alpha', 1, 0, '', 'x', '');
INSERT INTO warehouse.import_run (run_id, version) VALUES (1, '');
INSERT INTO warehouse.import_step (step_id, run_id, cluster, category, connector) VALUES (1, 1, 'alpha', 'jobs', 'x');
INSERT INTO warehouse.import_code (code, category, trigger, effect, advice) VALUES ('x', 'jobs', '', '', '') ON CONFLICT DO NOTHING;
INSERT INTO warehouse.import_error (step_id, code, n, is_ignored, example) VALUES (1, 'x', 1, false, '');
INSERT INTO warehouse.import_cursor (cluster, category, source, place) VALUES ('alpha', 'jobs', 'x', '');
INSERT INTO warehouse.import_quarantine (cluster, category, record_key, code, reason) VALUES ('alpha', 'jobs', 'x', 'x', 'x');
SELECT warehouse.refresh();
