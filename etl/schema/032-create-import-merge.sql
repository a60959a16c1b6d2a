-- SPDX-License-Identifier: Apache-2.0
-- What brings the warehouse in line with the importer's temporary tables (accounting/stages.def):
-- merge_import_<category>(cluster, rules) gives rows added, changed, removed. What only the warehouse
-- can find out to be wrong goes into pg_temp.import_problem. Only differences are written: an
-- import that brings nothing new writes nothing.

-- When something holds from: for ever, where this kind of thing was never imported; else from now.
CREATE FUNCTION warehouse.import_since(is_first boolean) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
	SELECT CASE WHEN is_first THEN '-infinity' ELSE now() END
$$;
COMMENT ON FUNCTION warehouse.import_since(boolean) IS
	'From when on something new holds: for ever at the first import, else now.';

CREATE FUNCTION warehouse.import_cluster(cluster text) RETURNS smallint
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO warehouse.cluster (name) SELECT cluster
		WHERE NOT EXISTS (SELECT FROM warehouse.cluster c WHERE c.name = cluster)
		ON CONFLICT DO NOTHING;
	RETURN (SELECT c.cluster_id FROM warehouse.cluster c WHERE c.name = cluster);
END
$$;
COMMENT ON FUNCTION warehouse.import_cluster(text) IS 'Key of a cluster, which gets one.';

CREATE FUNCTION warehouse.merge_import_project(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	removed := 0;
	INSERT INTO warehouse.domain AS d (name, description)
		SELECT domain, max(domain_name) FROM pg_temp.import_project WHERE domain IS NOT NULL
		GROUP BY domain ORDER BY domain
		ON CONFLICT (name) DO UPDATE SET description = excluded.description
			WHERE excluded.description IS NOT NULL
				AND d.description IS DISTINCT FROM excluded.description;
	INSERT INTO warehouse.project (name, description)
		SELECT DISTINCT ON (s.code) s.code, s.description FROM pg_temp.import_project s
		WHERE NOT EXISTS (SELECT FROM warehouse.project p WHERE p.name = s.code)
		ORDER BY s.code, s.ordinal ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	UPDATE warehouse.project p SET description = s.description FROM pg_temp.import_project s
		WHERE p.name = s.code AND s.description IS NOT NULL
			AND p.description IS DISTINCT FROM s.description;
	GET DIAGNOSTICS changed = ROW_COUNT;
	SELECT count(*) FILTER (WHERE done AND NOT is_first) INTO n FROM (
		SELECT f.is_first, warehouse.put_history('project', p.project_id,
			warehouse.import_since(f.is_first), jsonb_build_object('domain_id', d.domain_id)) AS done
		FROM pg_temp.import_project s
		JOIN warehouse.project p ON p.name = s.code JOIN warehouse.domain d ON d.name = s.domain
		CROSS JOIN LATERAL (SELECT NOT EXISTS (SELECT FROM warehouse.project_history h
			WHERE h.project_id = p.project_id) AS is_first) f) h;
	changed := changed + n;
END
$$;

CREATE FUNCTION warehouse.merge_import_business(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
BEGIN
	removed := 0;
	INSERT INTO warehouse.business (name, description)
		SELECT DISTINCT ON (s.code) s.code, s.description FROM pg_temp.import_business s
		WHERE NOT EXISTS (SELECT FROM warehouse.business b WHERE b.name = s.code)
		ORDER BY s.code, s.ordinal ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	UPDATE warehouse.business b SET description = s.description FROM pg_temp.import_business s
		WHERE b.name = s.code AND s.description IS NOT NULL
			AND b.description IS DISTINCT FROM s.description;
	GET DIAGNOSTICS changed = ROW_COUNT;
END
$$;

CREATE FUNCTION warehouse.merge_import_architecture(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
	is_first boolean;
	n bigint;
BEGIN
	is_first := NOT EXISTS (SELECT FROM warehouse.node_history h JOIN warehouse.node USING (node_id)
		WHERE cluster_id = the_id);
	INSERT INTO warehouse.node_type (name)
		SELECT DISTINCT s.type FROM pg_temp.import_node s WHERE s.type IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.node_type t WHERE t.name = s.type)
		ORDER BY 1 ON CONFLICT DO NOTHING;
	INSERT INTO warehouse.node (cluster_id, name)
		SELECT the_id, s.name FROM pg_temp.import_node s
		WHERE NOT EXISTS (SELECT FROM warehouse.node d WHERE d.cluster_id = the_id AND d.name = s.name)
		ORDER BY s.ordinal ON CONFLICT DO NOTHING;
	SELECT count(*) FILTER (WHERE done AND NOT was), count(*) FILTER (WHERE done AND was)
		INTO added, changed FROM (
		SELECT EXISTS (SELECT FROM warehouse.node_history h WHERE h.node_id = d.node_id
				AND upper_inf(h.valid)) AS was,
			warehouse.put_history('node', d.node_id, warehouse.import_since(is_first),
				jsonb_build_object('node_type_id', t.node_type_id, 'cores', s.cores,
					'sockets', s.sockets, 'gpus', coalesce(s.gpus, 0), 'gpu_model', s.gpu_model,
					'memory_bytes', s.memory_bytes, 'flops', s.flops)) AS done
		FROM pg_temp.import_node s
		JOIN warehouse.node d ON d.cluster_id = the_id AND d.name = s.name
		LEFT JOIN warehouse.node_type t ON t.name = s.type) h;
	-- Nodes that were taken away count no longer.
	UPDATE warehouse.node_history h SET valid = tstzrange(lower(h.valid), now())
		FROM warehouse.node d
		WHERE d.node_id = h.node_id AND d.cluster_id = the_id AND upper_inf(h.valid)
			AND NOT EXISTS (SELECT FROM pg_temp.import_node s WHERE s.name = d.name);
	GET DIAGNOSTICS removed = ROW_COUNT;

	INSERT INTO warehouse.partition (cluster_id, name)
		SELECT the_id, s.name FROM pg_temp.import_partition s
		WHERE NOT EXISTS (SELECT FROM warehouse.partition p
			WHERE p.cluster_id = the_id AND p.name = s.name)
		ORDER BY s.ordinal ON CONFLICT DO NOTHING;
	CREATE TEMPORARY TABLE member ON COMMIT DROP AS
		SELECT DISTINCT p.partition_id, d.node_id FROM pg_temp.import_partition s
		CROSS JOIN unnest(s.nodes) u (name)
		JOIN warehouse.partition p ON p.cluster_id = the_id AND p.name = s.name
		JOIN warehouse.node d ON d.cluster_id = the_id AND d.name = u.name
		WHERE EXISTS (SELECT FROM pg_temp.import_node k WHERE k.name = u.name);
	INSERT INTO pg_temp.import_problem
		SELECT 'E_A0002', count(*), min(s.name || ' names ' || u.name)
		FROM pg_temp.import_partition s CROSS JOIN unnest(s.nodes) u (name)
		WHERE NOT EXISTS (SELECT FROM pg_temp.import_node k WHERE k.name = u.name)
		HAVING count(*) > 0;
	UPDATE warehouse.partition_node m SET valid = tstzrange(lower(m.valid), now())
		FROM warehouse.partition p
		WHERE p.partition_id = m.partition_id AND p.cluster_id = the_id AND upper_inf(m.valid)
			AND NOT EXISTS (SELECT FROM pg_temp.member s
				WHERE s.partition_id = m.partition_id AND s.node_id = m.node_id);
	GET DIAGNOSTICS n = ROW_COUNT;
	removed := removed + n;
	INSERT INTO warehouse.partition_node (partition_id, node_id, valid)
		SELECT s.partition_id, s.node_id, tstzrange(warehouse.import_since(is_first), NULL)
		FROM pg_temp.member s WHERE NOT EXISTS (SELECT FROM warehouse.partition_node m
			WHERE m.partition_id = s.partition_id AND m.node_id = s.node_id AND upper_inf(m.valid));
	GET DIAGNOSTICS n = ROW_COUNT;
	added := added + n;
	PERFORM warehouse.put_history('partition', p.partition_id,
			warehouse.import_since(NOT EXISTS (SELECT FROM warehouse.partition_history h
				WHERE h.partition_id = p.partition_id)),
			jsonb_build_object('nodes', count(s.name), 'cores', coalesce(sum(s.cores), 0),
				'gpus', coalesce(sum(s.gpus), 0), 'limit_s', q.limit_s))
		FROM pg_temp.import_partition q
		JOIN warehouse.partition p ON p.cluster_id = the_id AND p.name = q.name
		LEFT JOIN pg_temp.member m ON m.partition_id = p.partition_id
		LEFT JOIN warehouse.node d ON d.node_id = m.node_id
		LEFT JOIN pg_temp.import_node s ON s.name = d.name
		GROUP BY p.partition_id, q.limit_s;
	DROP TABLE pg_temp.member;
END
$$;

CREATE FUNCTION warehouse.merge_import_user(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
	today date := (now() AT TIME ZONE 'UTC')::date;
	is_first boolean;
	n bigint;
BEGIN
	is_first := NOT EXISTS (SELECT FROM warehouse.login WHERE cluster_id = the_id);
	INSERT INTO warehouse.organization (name)
		SELECT DISTINCT s.department FROM pg_temp.import_user s WHERE s.department IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.organization o WHERE o.name = s.department)
		ORDER BY 1 ON CONFLICT DO NOTHING;
	INSERT INTO warehouse.person (name) SELECT s.login FROM pg_temp.import_user s
		WHERE NOT EXISTS (SELECT FROM warehouse.person p WHERE p.name = s.login)
		ORDER BY s.ordinal ON CONFLICT DO NOTHING;
	UPDATE warehouse.person p SET first_name = coalesce(s.first_name, p.first_name),
			last_name = coalesce(s.last_name, p.last_name),
			full_name = coalesce(s.full_name, p.full_name)
		FROM pg_temp.import_user s WHERE p.name = s.login
			AND (p.first_name, p.last_name, p.full_name) IS DISTINCT FROM
				(coalesce(s.first_name, p.first_name), coalesce(s.last_name, p.last_name),
				coalesce(s.full_name, p.full_name));
	GET DIAGNOSTICS changed = ROW_COUNT;
	PERFORM warehouse.put_history('person', p.person_id,
			warehouse.import_since(NOT EXISTS (SELECT FROM warehouse.person_history h
				WHERE h.person_id = p.person_id)),
			jsonb_build_object('organization_id', o.organization_id))
		FROM pg_temp.import_user s JOIN warehouse.person p ON p.name = s.login
		JOIN warehouse.organization o ON o.name = s.department;
	UPDATE warehouse.login l SET uid = s.uid, gid = s.gid, deleted = NULL
		FROM pg_temp.import_user s JOIN warehouse.person p ON p.name = s.login
		WHERE l.cluster_id = the_id AND l.person_id = p.person_id
			AND (l.uid, l.gid, l.deleted) IS DISTINCT FROM (s.uid, s.gid, NULL::date);
	GET DIAGNOSTICS n = ROW_COUNT;
	changed := changed + n;
	INSERT INTO warehouse.login (cluster_id, person_id, uid, gid, created)
		SELECT the_id, p.person_id, s.uid, s.gid,
			coalesce((s.created AT TIME ZONE 'UTC')::date, CASE WHEN NOT is_first THEN today END)
		FROM pg_temp.import_user s JOIN warehouse.person p ON p.name = s.login
		WHERE NOT EXISTS (SELECT FROM warehouse.login l
			WHERE l.cluster_id = the_id AND l.person_id = p.person_id)
		ORDER BY s.ordinal ON CONFLICT DO NOTHING;
	GET DIAGNOSTICS added = ROW_COUNT;
	UPDATE warehouse.login l SET deleted = today FROM warehouse.person p
		WHERE l.cluster_id = the_id AND p.person_id = l.person_id AND l.deleted IS NULL
			AND NOT EXISTS (SELECT FROM pg_temp.import_user s WHERE s.login = p.name);
	GET DIAGNOSTICS removed = ROW_COUNT;
END
$$;

CREATE FUNCTION warehouse.merge_import_association(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
	is_first boolean;
	n bigint;
BEGIN
	is_first := NOT EXISTS (SELECT FROM warehouse.association WHERE cluster_id = the_id);
	INSERT INTO warehouse.account AS a (name, description)
		SELECT name, max(description) FROM (
			SELECT name, description FROM pg_temp.import_account
			UNION ALL SELECT account, NULL FROM pg_temp.import_association
			UNION ALL SELECT parent, NULL FROM pg_temp.import_association WHERE parent IS NOT NULL) s
		GROUP BY name ORDER BY name
		ON CONFLICT (name) DO UPDATE SET description = excluded.description
			WHERE excluded.description IS NOT NULL
				AND a.description IS DISTINCT FROM excluded.description;
	INSERT INTO warehouse.organization (name)
		SELECT DISTINCT s.organization FROM pg_temp.import_account s WHERE s.organization IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.organization o WHERE o.name = s.organization)
		ORDER BY 1 ON CONFLICT DO NOTHING;
	PERFORM warehouse.put_history('account', a.account_id,
			warehouse.import_since(NOT EXISTS (SELECT FROM warehouse.account_history h
				WHERE h.account_id = a.account_id)),
			jsonb_build_object('organization_id', o.organization_id))
		FROM pg_temp.import_account s JOIN warehouse.account a ON a.name = s.name
		JOIN warehouse.organization o ON o.name = s.organization;
	INSERT INTO warehouse.qos (name) SELECT s.name FROM pg_temp.import_qos s
		WHERE NOT EXISTS (SELECT FROM warehouse.qos q WHERE q.name = s.name)
		ORDER BY s.ordinal ON CONFLICT DO NOTHING;
	PERFORM warehouse.put_history('qos', q.qos_id,
			warehouse.import_since(NOT EXISTS (SELECT FROM warehouse.qos_history h
				WHERE h.qos_id = q.qos_id)),
			jsonb_build_object('priority', s.priority, 'usage_factor', s.usage_factor::real,
				'limit_s', s.limit_s))
		FROM pg_temp.import_qos s JOIN warehouse.qos q ON q.name = s.name;
	INSERT INTO warehouse.person (name) SELECT DISTINCT s.login FROM pg_temp.import_association s
		WHERE s.login IS NOT NULL
			AND NOT EXISTS (SELECT FROM warehouse.person p WHERE p.name = s.login)
		ORDER BY 1 ON CONFLICT DO NOTHING;

	CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
		SELECT s.source_id, a.account_id, u.account_id AS parent_id, p.person_id,
			coalesce(s.partition, '') AS partition, s.shares, coalesce(s.limits, '{}')::jsonb AS limits,
			coalesce(s.is_default, false) AS is_default
		FROM pg_temp.import_association s
		JOIN warehouse.account a ON a.name = s.account
		LEFT JOIN warehouse.account u ON u.name = s.parent
		LEFT JOIN warehouse.person p ON p.name = s.login;
	WITH closed AS (
		UPDATE warehouse.association x SET valid = tstzrange(lower(x.valid), now())
		WHERE x.cluster_id = the_id AND upper_inf(x.valid) AND NOT EXISTS (
			SELECT FROM pg_temp.wanted w WHERE w.source_id = x.source_id
				AND (w.account_id, w.parent_id, w.person_id, w.partition, w.shares, w.limits,
					w.is_default) IS NOT DISTINCT FROM (x.account_id, x.parent_id, x.person_id,
					x.partition, x.shares, x.limits, x.is_default))
		RETURNING x.source_id)
	SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM pg_temp.wanted w WHERE w.source_id = c.source_id)),
			count(*) FILTER (WHERE NOT EXISTS (SELECT FROM pg_temp.wanted w
				WHERE w.source_id = c.source_id))
		INTO changed, removed FROM closed c;
	INSERT INTO warehouse.association (cluster_id, source_id, account_id, parent_id, person_id, partition,
			shares, limits, is_default, valid)
		SELECT the_id, w.*, tstzrange(warehouse.import_since(is_first), NULL) FROM pg_temp.wanted w
		WHERE NOT EXISTS (SELECT FROM warehouse.association x WHERE x.cluster_id = the_id
			AND x.source_id = w.source_id AND upper_inf(x.valid))
		ORDER BY w.source_id;
	GET DIAGNOSTICS n = ROW_COUNT;
	added := n - changed;
	DROP TABLE pg_temp.wanted;
END
$$;

-- Events as accounting tells them; node_event is what they come to.
CREATE TABLE warehouse.node_event_source (
	node_id integer NOT NULL REFERENCES warehouse.node,
	start_t timestamptz NOT NULL,
	end_t timestamptz,
	kind text,
	state text,
	reason text,
	reason_uid bigint,
	cores integer,
	PRIMARY KEY (node_id, start_t)
);
COMMENT ON TABLE warehouse.node_event_source IS
	'Events of nodes as accounting tells them, one by one; node_event has them put together.';
COMMENT ON COLUMN warehouse.node_event_source.node_id IS 'Node.';
COMMENT ON COLUMN warehouse.node_event_source.start_t IS 'Begin.';
COMMENT ON COLUMN warehouse.node_event_source.end_t IS 'End; NULL: it goes on.';
COMMENT ON COLUMN warehouse.node_event_source.kind IS 'As in node_event; NULL: no outage, the node saves power.';
COMMENT ON COLUMN warehouse.node_event_source.state IS 'State of the node, as in the workload manager.';
COMMENT ON COLUMN warehouse.node_event_source.reason IS 'Reason that was given.';
COMMENT ON COLUMN warehouse.node_event_source.reason_uid IS 'Number of the user who gave it.';
COMMENT ON COLUMN warehouse.node_event_source.cores IS 'Cores of the node then.';
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.node_event_source TO jobsight_loader;
GRANT SELECT ON warehouse.node_event_source TO jobsight_portal, jobsight_analyst;

-- Events of one node and kind that touch or overlap are one; the first one's words are kept.
CREATE FUNCTION warehouse.merge_import_event(the_cluster text, rules jsonb,
	OUT added bigint, OUT changed bigint, OUT removed bigint)
LANGUAGE plpgsql AS $$
DECLARE
	the_id smallint := warehouse.import_cluster(the_cluster);
BEGIN
	INSERT INTO pg_temp.import_problem
		SELECT 'E_E0001', count(*), min(s.node) FROM pg_temp.import_event s
		WHERE NOT EXISTS (SELECT FROM warehouse.node d WHERE d.cluster_id = the_id AND d.name = s.node)
		HAVING count(*) > 0;
	CREATE TEMPORARY TABLE touched ON COMMIT DROP AS
	WITH put AS (
		INSERT INTO warehouse.node_event_source AS e
			(node_id, start_t, end_t, kind, state, reason, reason_uid, cores)
		SELECT DISTINCT ON (d.node_id, s.start_t) d.node_id, s.start_t, s.end_t, s.kind, s.state,
			s.reason, s.reason_uid, s.cores
		FROM pg_temp.import_event s
		JOIN warehouse.node d ON d.cluster_id = the_id AND d.name = s.node
		ORDER BY d.node_id, s.start_t, s.ordinal DESC
		ON CONFLICT (node_id, start_t) DO UPDATE SET (end_t, kind, state, reason, reason_uid, cores)
			= (excluded.end_t, excluded.kind, excluded.state, excluded.reason,
				excluded.reason_uid, excluded.cores)
			WHERE (e.end_t, e.kind, e.state, e.reason, e.reason_uid, e.cores) IS DISTINCT FROM
				(excluded.end_t, excluded.kind, excluded.state, excluded.reason,
				excluded.reason_uid, excluded.cores)
		RETURNING node_id)
	SELECT DISTINCT node_id FROM put;
	CREATE TEMPORARY TABLE wanted ON COMMIT DROP AS
		SELECT r.node_id, r.kind, r.during, w.state, w.reason
		FROM (SELECT e.node_id, e.kind, unnest(range_agg(tstzrange(e.start_t, e.end_t))) AS during
			FROM warehouse.node_event_source e JOIN pg_temp.touched t USING (node_id)
			WHERE e.kind IS NOT NULL AND e.end_t IS DISTINCT FROM e.start_t
			GROUP BY e.node_id, e.kind) r
		CROSS JOIN LATERAL (SELECT e.state, first_value(e.reason) OVER (ORDER BY e.reason IS NULL, e.start_t)
				AS reason FROM warehouse.node_event_source e
			WHERE e.node_id = r.node_id AND e.kind = r.kind AND r.during @> e.start_t
			ORDER BY e.start_t LIMIT 1) w;
	DELETE FROM warehouse.node_event e USING pg_temp.touched t
		WHERE e.node_id = t.node_id AND NOT EXISTS (SELECT FROM pg_temp.wanted w
			WHERE w.node_id = e.node_id AND w.kind = e.kind AND w.during = e.during
				AND (w.state, w.reason) IS NOT DISTINCT FROM (e.state, e.reason));
	GET DIAGNOSTICS changed = ROW_COUNT;
	INSERT INTO warehouse.node_event (node_id, kind, during, state, reason)
		SELECT w.* FROM pg_temp.wanted w WHERE NOT EXISTS (SELECT FROM warehouse.node_event e
			WHERE e.node_id = w.node_id AND e.kind = w.kind AND e.during = w.during)
		ORDER BY w.node_id, w.during;
	GET DIAGNOSTICS added = ROW_COUNT;
	added := greatest(added - changed, 0);
	removed := 0;
	DROP TABLE pg_temp.touched, pg_temp.wanted;
END
$$;

-- How much of the time a node could be used. Times of different kinds may overlap: what is down is
-- not counted as drained as well, what is planned neither.
CREATE FUNCTION warehouse.node_availability(since timestamptz, until timestamptz)
	RETURNS TABLE (cluster text, node text, cores integer, total_s double precision,
		down_s double precision, planned_s double precision, drained_s double precision)
LANGUAGE sql STABLE AS $$
	WITH span AS (
		SELECT h.node_id, h.cores, h.valid * tstzrange(since, until) AS during
		FROM warehouse.node_history h WHERE h.valid && tstzrange(since, until)),
	out AS (
		SELECT s.node_id, s.cores, s.during,
			range_agg(e.during * s.during) FILTER (WHERE e.kind = 'planned') AS planned,
			range_agg(e.during * s.during) FILTER (WHERE e.kind = 'down') AS down,
			range_agg(e.during * s.during) FILTER (WHERE e.kind = 'drained') AS drained
		FROM span s LEFT JOIN warehouse.node_event e ON e.node_id = s.node_id AND e.during && s.during
		GROUP BY s.node_id, s.cores, s.during),
	apart AS (
		SELECT node_id, cores, during, coalesce(planned, '{}') AS planned,
			coalesce(down, '{}') - coalesce(planned, '{}') AS down,
			coalesce(drained, '{}') - coalesce(down, '{}') - coalesce(planned, '{}') AS drained
		FROM out)
	SELECT c.name, d.name, a.cores, extract(epoch FROM upper(a.during) - lower(a.during))::float8,
		(SELECT coalesce(sum(extract(epoch FROM upper(u) - lower(u))), 0)::float8 FROM unnest(a.down) u),
		(SELECT coalesce(sum(extract(epoch FROM upper(u) - lower(u))), 0)::float8 FROM unnest(a.planned) u),
		(SELECT coalesce(sum(extract(epoch FROM upper(u) - lower(u))), 0)::float8 FROM unnest(a.drained) u)
	FROM apart a JOIN warehouse.node d ON d.node_id = a.node_id
	JOIN warehouse.cluster c ON c.cluster_id = d.cluster_id
	ORDER BY c.name, d.name, lower(a.during)
$$;
COMMENT ON FUNCTION warehouse.node_availability(timestamptz, timestamptz) IS
	'Of a period, for each node (and each size it had): seconds in all, down, planned out of service, drained.';

DO $$
DECLARE
	category text;
BEGIN
	FOREACH category IN ARRAY ARRAY['project', 'business', 'architecture', 'user', 'association', 'event'] LOOP
		EXECUTE format('COMMENT ON FUNCTION warehouse.merge_import_%s(text, jsonb) IS %L', category,
			'Brings the warehouse in line with the importer''s tables: ' || category || '.');
		EXECUTE format('REVOKE ALL ON FUNCTION warehouse.merge_import_%s(text, jsonb) FROM PUBLIC', category);
		EXECUTE format('GRANT EXECUTE ON FUNCTION warehouse.merge_import_%s(text, jsonb) TO jobsight_loader',
			category);
	END LOOP;
END
$$;
REVOKE ALL ON FUNCTION warehouse.import_since(boolean), warehouse.import_cluster(text),
	warehouse.node_availability(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.import_since(boolean), warehouse.import_cluster(text) TO jobsight_loader;
GRANT EXECUTE ON FUNCTION warehouse.node_availability(timestamptz, timestamptz)
	TO jobsight_loader, jobsight_portal, jobsight_analyst;
