-- SPDX-License-Identifier: Apache-2.0
-- What is measured beside jobs: usage of file systems, quotas, probes, instances of a cloud. All of
-- it comes by time, so that nothing is removed for being absent; only differences are written.

ALTER TABLE warehouse.probe DROP CONSTRAINT probe_result_check;
ALTER TABLE warehouse.probe ADD CONSTRAINT probe_result_check CHECK (result IN
	('ok', 'unreachable', 'refused', 'late', 'hanging', 'failed', 'lost'));
COMMENT ON COLUMN warehouse.probe.result IS
	'ok; unreachable: no way to the front end; refused: not taken; late: did not start in time; hanging: did not end in time; failed: it did not do its work; lost: it left no result.';

CREATE FUNCTION warehouse.import_filesystem(the_id smallint, names text[]) RETURNS void
LANGUAGE sql AS $$
	INSERT INTO warehouse.filesystem (cluster_id, name)
		SELECT DISTINCT the_id, n FROM unnest(names) n
		WHERE n <> '' AND NOT EXISTS (SELECT FROM warehouse.filesystem f
			WHERE f.cluster_id = the_id AND f.name = n)
		ORDER BY n ON CONFLICT DO NOTHING
$$;
COMMENT ON FUNCTION warehouse.import_filesystem(smallint, text[]) IS 'Makes file systems of a cluster known.';

CREATE FUNCTION warehouse.merge_import_usage(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
BEGIN
	removed := 0;
	PERFORM warehouse.import_filesystem(the_id, array_agg(name)) FROM pg_temp.import_usage;
	WITH put AS (
		INSERT INTO warehouse.filesystem_usage AS u
			(filesystem_id, t, used_ratio, inode_ratio, used_bytes, total_bytes)
			SELECT DISTINCT ON (f.filesystem_id, s.t) f.filesystem_id, s.t, s.used_ratio, s.inode_ratio,
				s.used_bytes, s.total_bytes
			FROM pg_temp.import_usage s
			JOIN warehouse.filesystem f ON f.cluster_id = the_id AND f.name = s.name
			ORDER BY f.filesystem_id, s.t, s.ordinal DESC
			ON CONFLICT (filesystem_id, t) DO UPDATE SET used_ratio = excluded.used_ratio,
				inode_ratio = excluded.inode_ratio, used_bytes = excluded.used_bytes,
				total_bytes = excluded.total_bytes
			WHERE (u.used_ratio, u.inode_ratio, u.used_bytes, u.total_bytes) IS DISTINCT FROM
				(excluded.used_ratio, excluded.inode_ratio, excluded.used_bytes, excluded.total_bytes)
			RETURNING xmax = 0 AS is_new)
	SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) INTO added, changed FROM put;
END
$$;

CREATE FUNCTION warehouse.merge_import_quota(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
BEGIN
	removed := 0;
	PERFORM warehouse.import_filesystem(the_id, array_agg(filesystem)) FROM pg_temp.import_quota;
	WITH put AS (
		INSERT INTO warehouse.filesystem_quota AS q (filesystem_id, kind, name, t, person_id, used_bytes,
				soft_bytes, hard_bytes, doubt_bytes, grace, used_files, soft_files, hard_files,
				doubt_files, grace_files)
			SELECT DISTINCT ON (f.filesystem_id, s.kind, s.name, s.t) f.filesystem_id, s.kind, s.name, s.t,
				p.person_id, s.used_bytes, s.soft_bytes, s.hard_bytes, s.doubt_bytes, s.grace,
				s.used_files, s.soft_files, s.hard_files, s.doubt_files, s.grace_files
			FROM pg_temp.import_quota s
			JOIN warehouse.filesystem f ON f.cluster_id = the_id AND f.name = s.filesystem
			LEFT JOIN warehouse.person p ON s.kind = 'user' AND p.name = s.name
			ORDER BY f.filesystem_id, s.kind, s.name, s.t, s.ordinal DESC
			ON CONFLICT (filesystem_id, kind, name, t) DO UPDATE SET person_id = excluded.person_id,
				used_bytes = excluded.used_bytes, soft_bytes = excluded.soft_bytes,
				hard_bytes = excluded.hard_bytes, doubt_bytes = excluded.doubt_bytes,
				grace = excluded.grace, used_files = excluded.used_files,
				soft_files = excluded.soft_files, hard_files = excluded.hard_files,
				doubt_files = excluded.doubt_files, grace_files = excluded.grace_files
			WHERE q.* IS DISTINCT FROM excluded.*
			RETURNING xmax = 0 AS is_new)
	SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) INTO added, changed FROM put;
END
$$;

CREATE FUNCTION warehouse.merge_import_probe(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
BEGIN
	removed := 0;
	WITH put AS (
		INSERT INTO warehouse.probe AS p
			(cluster_id, front_end, t, result, reason, raw_id, wait_s, run_s)
			SELECT DISTINCT ON (s.front_end, s.t) the_id, s.front_end, s.t, s.result, s.reason, s.raw_id,
				s.wait_s, s.run_s
			FROM pg_temp.import_probe s ORDER BY s.front_end, s.t, s.ordinal DESC
			ON CONFLICT (cluster_id, front_end, t) DO UPDATE SET result = excluded.result,
				reason = excluded.reason, raw_id = excluded.raw_id, wait_s = excluded.wait_s,
				run_s = excluded.run_s
			WHERE (p.result, p.reason, p.raw_id, p.wait_s, p.run_s) IS DISTINCT FROM
				(excluded.result, excluded.reason, excluded.raw_id, excluded.wait_s, excluded.run_s)
			RETURNING xmax = 0 AS is_new)
	SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) INTO added, changed FROM put;
END
$$;

CREATE FUNCTION warehouse.merge_import_cloud(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
BEGIN
	removed := 0;
	-- What was only seen began when it was seen first, by this import or by one before.
	UPDATE pg_temp.import_instance s SET start_t = least(s.seen_t, (SELECT lower(i.during)
		FROM warehouse.cloud_instance i WHERE i.cluster_id = the_id AND i.uuid = s.uuid))
		WHERE s.start_t IS NULL;
	INSERT INTO pg_temp.import_problem
		SELECT 'E_C0002', count(*), min(uuid) FROM pg_temp.import_instance WHERE end_t <= start_t
		HAVING count(*) > 0;
	INSERT INTO warehouse.person (name) SELECT DISTINCT s.username FROM pg_temp.import_instance s
		WHERE s.username IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.person p WHERE p.name = s.username)
		ORDER BY 1 ON CONFLICT DO NOTHING;
	INSERT INTO warehouse.account (name) SELECT DISTINCT s.project FROM pg_temp.import_instance s
		WHERE s.project IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.account a WHERE a.name = s.project)
		ORDER BY 1 ON CONFLICT DO NOTHING;
	WITH put AS (
		INSERT INTO warehouse.cloud_instance AS i (cluster_id, uuid, name, person_id, account_id, host, flavor,
				state, cores, gpus, memory_bytes, disk_bytes, cpu_s, during)
			SELECT DISTINCT ON (s.uuid) the_id, s.uuid, s.name, p.person_id, a.account_id, s.host,
				s.flavor, s.state, s.cores, s.gpus, s.memory_bytes, s.disk_bytes, s.cpu_s,
				tstzrange(s.start_t, s.end_t)
			FROM pg_temp.import_instance s
			LEFT JOIN warehouse.person p ON p.name = s.username
			LEFT JOIN warehouse.account a ON a.name = s.project
			WHERE s.end_t IS NULL OR s.end_t > s.start_t
			ORDER BY s.uuid, s.ordinal DESC
			ON CONFLICT (cluster_id, uuid) DO UPDATE SET name = excluded.name,
				person_id = excluded.person_id, account_id = excluded.account_id, host = excluded.host,
				flavor = excluded.flavor, state = excluded.state, cores = excluded.cores,
				gpus = excluded.gpus, memory_bytes = excluded.memory_bytes,
				disk_bytes = excluded.disk_bytes, cpu_s = excluded.cpu_s, during = excluded.during
			WHERE (i.name, i.person_id, i.account_id, i.host, i.flavor, i.state, i.cores, i.gpus,
					i.memory_bytes, i.disk_bytes, i.cpu_s, i.during) IS DISTINCT FROM
				(excluded.name, excluded.person_id, excluded.account_id, excluded.host,
					excluded.flavor, excluded.state, excluded.cores, excluded.gpus,
					excluded.memory_bytes, excluded.disk_bytes, excluded.cpu_s, excluded.during)
			RETURNING xmax = 0 AS is_new)
	SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) INTO added, changed FROM put;
END
$$;

DO $$
DECLARE
	category text;
BEGIN
	FOREACH category IN ARRAY ARRAY['usage', 'quota', 'probe', 'cloud'] LOOP
		EXECUTE format('COMMENT ON FUNCTION warehouse.merge_import_%s(text, jsonb) IS %L', category,
			'Brings the warehouse in line with the importer''s tables: ' || category || '.');
		EXECUTE format('REVOKE ALL ON FUNCTION warehouse.merge_import_%s(text, jsonb) FROM PUBLIC', category);
		EXECUTE format('GRANT EXECUTE ON FUNCTION warehouse.merge_import_%s(text, jsonb) TO jobsight_loader',
			category);
	END LOOP;
END
$$;
REVOKE ALL ON FUNCTION warehouse.import_filesystem(smallint, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.import_filesystem(smallint, text[]) TO jobsight_loader;
