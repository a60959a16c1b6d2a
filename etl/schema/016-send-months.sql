-- SPDX-License-Identifier: Apache-2.0
-- Months of facts on other servers, by postgres_fdw: a month becomes a foreign table in the place of
-- its partition, so that views, rights and figures go on as before. docs/scale.md says how to set up
-- the servers. A month that is sent is closed, and so are those before it: the loader puts what would
-- change a job of theirs into load_error.

-- A unique index of a partitioned table admits no foreign partition. That a job is there once, says
-- job_key; what is left is an index that finds it.
CREATE FUNCTION warehouse.admit_foreign(fact text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
	c text;
BEGIN
	FOR c IN SELECT conname FROM pg_catalog.pg_constraint
		WHERE conrelid = format('warehouse.%I', fact)::regclass AND contype IN ('p', 'u')
	LOOP
		EXECUTE format('ALTER TABLE warehouse.%I DROP CONSTRAINT %I', fact, c);
		EXECUTE format('CREATE INDEX ON warehouse.%I (job_id, end_t)', fact);
	END LOOP;
END
$$;
COMMENT ON FUNCTION warehouse.admit_foreign(text) IS
	'Replaces the unique index of a fact by a plain one, because months on other servers allow none.';

-- Local and other server commit one after the other: who is killed between finds the month here, and
-- sends it again.
CREATE FUNCTION warehouse.send_month(month date, server name) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
	first timestamptz := date_trunc('month', month::timestamp) AT TIME ZONE 'UTC';
	until timestamptz := (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC';
	names text;
	part text;
	f text;
	n bigint;
	sent bigint := 0;
BEGIN
	FOR f IN SELECT name FROM warehouse.fact ORDER BY position LOOP
		part := f || to_char(month, '_YYYY_MM');
		CONTINUE WHEN NOT EXISTS (SELECT FROM pg_catalog.pg_class
			WHERE oid = to_regclass(format('warehouse.%I', part)) AND relkind = 'r');
		PERFORM warehouse.admit_foreign(f);
		SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO names FROM pg_catalog.pg_attribute
			WHERE attrelid = format('warehouse.%I', f)::regclass AND attnum > 0 AND NOT attisdropped
				AND attgenerated = '';
		EXECUTE format('ALTER TABLE warehouse.%I DETACH PARTITION warehouse.%I', f, part);
		EXECUTE format('ALTER TABLE warehouse.%I RENAME TO %I', part, part || '_sent');
		EXECUTE format('CREATE FOREIGN TABLE warehouse.%I PARTITION OF warehouse.%I FOR VALUES FROM (%L) TO (%L) '
			'SERVER %I OPTIONS (schema_name ''warehouse'', table_name %L, batch_size ''1000'')',
			part, f, first, until, server, part);
		EXECUTE format('DELETE FROM warehouse.%I', part);
		EXECUTE format('INSERT INTO warehouse.%I (%s) SELECT %2$s FROM warehouse.%I', part, names, part || '_sent');
		GET DIAGNOSTICS n = ROW_COUNT;
		EXECUTE format('DROP TABLE warehouse.%I', part || '_sent');
		sent := sent + n;
	END LOOP;
	RETURN sent;
END
$$;
COMMENT ON FUNCTION warehouse.send_month(date, name) IS
	'Moves the facts of a month to another server, where the month was made; how many rows that were.';

REVOKE ALL ON FUNCTION warehouse.admit_foreign(text), warehouse.send_month(date, name) FROM PUBLIC;
