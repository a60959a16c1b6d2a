-- SPDX-License-Identifier: Apache-2.0
-- What a site's other sources say of the demo site: its nodes and when they were down, who leads which
-- account, for which science and project, its file systems, and probes. Run before figures are made.
\set ON_ERROR_STOP 1
SET timezone = 'UTC';
BEGIN;
INSERT INTO warehouse.node (cluster_id, name)
	SELECT c.cluster_id, n.name FROM warehouse.cluster c
	CROSS JOIN (SELECT format('cn%s', to_char(i, 'FM00')) AS name FROM generate_series(1, 12) i
		UNION ALL SELECT format('gn%s', to_char(i, 'FM00')) FROM generate_series(1, 4) i) n
	ON CONFLICT DO NOTHING;
INSERT INTO warehouse.node_type (name) VALUES ('cpu'), ('gpu');
INSERT INTO warehouse.node_history (node_id, valid, node_type_id, cores, gpus, memory_bytes)
	SELECT n.node_id, tstzrange('2026-01-01', '2026-03-01'), t.node_type_id, 64, CASE WHEN n.name LIKE 'gn%' THEN 4 ELSE 0 END,
		270049845248
	FROM warehouse.node n JOIN warehouse.node_type t ON t.name = CASE WHEN n.name LIKE 'gn%' THEN 'gpu' ELSE 'cpu' END
	WHERE n.name ~ '^[cg]n[0-9][0-9]$';
-- A node that took a job with it was away for two hours; gn04 had a day of maintenance.
INSERT INTO warehouse.node_event (node_id, kind, during, state, reason)
	SELECT n.node_id, 'down', tstzrange(f.end_time, f.end_time + interval '2 hours'), 'DOWN', 'did not answer'
	FROM (SELECT max(jn.node) AS node, j.end_time FROM warehouse.jobs j JOIN warehouse.job_nodes jn USING (job_id)
		WHERE j.state = 'NODE_FAIL' AND j.end_time IS NOT NULL GROUP BY j.job_id, j.end_time) f
	JOIN warehouse.node n ON n.name = f.node ON CONFLICT DO NOTHING;
INSERT INTO warehouse.node_event (node_id, kind, during, state, reason)
	SELECT node_id, 'planned', tstzrange('2026-02-10 08:00', '2026-02-11 08:00'), 'MAINT', 'cooling'
	FROM warehouse.node WHERE name = 'gn04';

INSERT INTO warehouse.organization (name) VALUES ('Hill University'), ('Lake Institute');
INSERT INTO warehouse.science (name) VALUES ('Natural sciences'), ('Engineering');
INSERT INTO warehouse.science (name, parent_id)
	SELECT f.name, s.science_id FROM (VALUES ('Physics', 'Natural sciences'), ('Chemistry', 'Natural sciences'),
		('Biology', 'Natural sciences'), ('Earth', 'Natural sciences'), ('Materials', 'Engineering'), ('Fluids', 'Engineering'),
		('Computing', 'Engineering')) f (name, parent)
	JOIN warehouse.science s ON s.name = f.parent;
INSERT INTO warehouse.account_history (account_id, valid, pi_id, organization_id, science_id)
	SELECT a.account_id, '(,)', p.person_id, o.organization_id, s.science_id
	FROM (VALUES ('materials', 'sweber', 'Hill University', 'Materials'), ('climate', 'achen', 'Lake Institute', 'Earth'),
		('genomics', 'nsingh', 'Lake Institute', 'Biology'), ('fluids', 'fdubois', 'Hill University', 'Fluids'),
		('astro', 'kpark', 'Hill University', 'Physics'), ('chemistry', 'cgomez', 'Lake Institute', 'Chemistry'),
		('learning', 'akumar', 'Hill University', 'Computing'), ('physics', 'rtanaka', 'Lake Institute', 'Physics'))
		v (account, pi, organization, science)
	JOIN warehouse.account a ON a.name = v.account JOIN warehouse.person p ON p.name = v.pi
	JOIN warehouse.organization o ON o.name = v.organization JOIN warehouse.science s ON s.name = v.science;

INSERT INTO warehouse.filesystem (cluster_id, name)
	SELECT cluster_id, f FROM warehouse.cluster, unnest(ARRAY['/home', '/scratch']) f;
INSERT INTO warehouse.filesystem_usage (filesystem_id, t, used_ratio, inode_ratio, used_bytes, total_bytes)
	SELECT f.filesystem_id, t, u.used / 1e12, 0.2, u.used::bigint, 1000000000000
	FROM warehouse.filesystem f CROSS JOIN generate_series(timestamptz '2026-01-01 06:00', '2026-02-28 06:00', interval '1 day') t
	CROSS JOIN LATERAL (SELECT CASE f.name WHEN '/home' THEN 4e11 ELSE 3e11 END
		+ 5e9 * (t::date - date '2026-01-01') * CASE f.name WHEN '/home' THEN 0.4 ELSE 2 END AS used) u;
-- A probe every four hours; those in which gn04 was away waited long.
INSERT INTO warehouse.probe (cluster_id, front_end, t, result, reason, submit_s, wait_s, run_s)
	SELECT c.cluster_id, 'login1', t, p.result, CASE p.result WHEN 'ok' THEN NULL ELSE 'not taken in time' END, 0.5,
		CASE p.result WHEN 'ok' THEN 20 END, CASE p.result WHEN 'ok' THEN 5 END
	FROM warehouse.cluster c CROSS JOIN generate_series(timestamptz '2026-01-01 02:00', '2026-02-28 22:00', interval '4 hours') t
	CROSS JOIN LATERAL (SELECT CASE WHEN t >= '2026-02-10 08:00' AND t < '2026-02-11 08:00' THEN 'late' ELSE 'ok' END AS result) p;
COMMIT;
