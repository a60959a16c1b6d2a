-- SPDX-License-Identifier: Apache-2.0
-- Who sees which rows. The portal connects as a member of jobsight_portal and says for whom it
-- asks, in each transaction: SET LOCAL jobsight.person = 'alice'. Without it no row is seen.
-- jobsight_analyst sees all rows; make only staff a member of it. Whoever writes SQL of their own
-- could set jobsight.person at will, so jobsight_portal is for the portal alone.

CREATE TABLE warehouse.person_right (
	person text NOT NULL CHECK (person <> ''),
	kind text NOT NULL CHECK (kind IN ('user', 'pi', 'support', 'staff')),
	account text NOT NULL DEFAULT '',
	PRIMARY KEY (person, kind, account),
	CHECK ((kind = 'pi') = (account <> ''))
);
COMMENT ON TABLE warehouse.person_right IS
	'What a person may see beyond their own jobs. Nobody needs a row to see those.';
COMMENT ON COLUMN warehouse.person_right.person IS 'Login name.';
COMMENT ON COLUMN warehouse.person_right.kind IS
	'pi: jobs of account; support: all jobs; staff: all jobs and what is for staff only; user: nothing more.';
COMMENT ON COLUMN warehouse.person_right.account IS 'Account that a pi sees; empty otherwise.';
GRANT SELECT, INSERT, UPDATE, DELETE ON warehouse.person_right TO jobsight_loader;

-- The functions run as the owner, so that the portal need not read person_right.
CREATE FUNCTION warehouse.viewer() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT nullif(current_setting('jobsight.person', true), '')
$$;
COMMENT ON FUNCTION warehouse.viewer() IS 'Login name of the person that is asked for; NULL: nobody.';

CREATE FUNCTION warehouse.viewer_person() RETURNS integer
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT person_id FROM warehouse.person WHERE name = warehouse.viewer()
$$;
COMMENT ON FUNCTION warehouse.viewer_person() IS 'person_id of the person that is asked for.';

CREATE FUNCTION warehouse.viewer_accounts() RETURNS integer[]
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT coalesce(array_agg(a.account_id), '{}')
	FROM warehouse.person_right r JOIN warehouse.account a ON a.name = r.account
	WHERE r.person = warehouse.viewer() AND r.kind = 'pi'
$$;
COMMENT ON FUNCTION warehouse.viewer_accounts() IS 'Accounts whose jobs this person sees as principal investigator.';

CREATE FUNCTION warehouse.viewer_sees_all() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM warehouse.person_right
		WHERE person = warehouse.viewer() AND kind IN ('support', 'staff'))
$$;
COMMENT ON FUNCTION warehouse.viewer_sees_all() IS 'Whether this person is support or staff.';

CREATE FUNCTION warehouse.viewer_is_staff() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT EXISTS (SELECT FROM warehouse.person_right
		WHERE person = warehouse.viewer() AND kind = 'staff')
$$;
COMMENT ON FUNCTION warehouse.viewer_is_staff() IS 'Whether this person is staff.';

CREATE FUNCTION warehouse.viewer_rights() RETURNS TABLE (kind text, account text)
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT r.kind, r.account FROM warehouse.person_right r
	WHERE r.person = warehouse.viewer() ORDER BY r.kind, r.account
$$;
COMMENT ON FUNCTION warehouse.viewer_rights() IS 'Rights of the person that is asked for.';

REVOKE ALL ON FUNCTION warehouse.viewer(), warehouse.viewer_person(), warehouse.viewer_accounts(),
	warehouse.viewer_sees_all(), warehouse.viewer_is_staff(), warehouse.viewer_rights() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.viewer(), warehouse.viewer_person(), warehouse.viewer_accounts(),
	warehouse.viewer_sees_all(), warehouse.viewer_is_staff(), warehouse.viewer_rights()
	TO jobsight_loader, jobsight_portal, jobsight_analyst;

-- The subselects make each function run once a query, not once a row.
DO $$
DECLARE
	fact text;
BEGIN
	FOREACH fact IN ARRAY ARRAY['job', 'job_metric', 'job_node'] LOOP
		EXECUTE format('ALTER TABLE warehouse.%I ENABLE ROW LEVEL SECURITY', fact);
		EXECUTE format('CREATE POLICY viewer ON warehouse.%I FOR SELECT TO jobsight_portal USING ('
			'person_id = (SELECT warehouse.viewer_person())'
			' OR account_id = ANY ((SELECT warehouse.viewer_accounts())::integer[])'
			' OR (SELECT warehouse.viewer_sees_all()))', fact);
		EXECUTE format('CREATE POLICY analyst ON warehouse.%I FOR SELECT TO jobsight_analyst USING (true)', fact);
		EXECUTE format('CREATE POLICY loader ON warehouse.%I TO jobsight_loader '
			'USING (true) WITH CHECK (true)', fact);
	END LOOP;
END
$$;
