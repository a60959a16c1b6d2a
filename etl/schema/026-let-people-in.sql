-- SPDX-License-Identifier: Apache-2.0
-- Two roles for database logins that are not staff. A member of jobsight_person is the person of the same
-- name, whatever jobsight.person is set to: it sees what the portal would show that person, by SQL. A
-- member of jobsight_public sees what everybody may: groups of people, months that are over.
DO $$
BEGIN
	-- Where the owner did not make the roles, the administrator grants this one, too.
	IF NOT pg_has_role('jobsight_person', 'jobsight_portal', 'MEMBER') THEN
		BEGIN
			GRANT jobsight_portal TO jobsight_person;
		EXCEPTION WHEN insufficient_privilege THEN
			RAISE WARNING 'people with logins of their own need: GRANT jobsight_portal TO jobsight_person';
		END;
	END IF;
END
$$;

-- Who logged in decides, which no SET changes. The owner and superusers, who are members of everything,
-- may ask for anybody.
CREATE FUNCTION warehouse.is_own_login() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT pg_has_role(session_user, 'jobsight_person', 'MEMBER') AND NOT pg_has_role(session_user, n.nspowner, 'MEMBER')
	FROM pg_catalog.pg_namespace n WHERE n.nspname = 'warehouse'
$$;
COMMENT ON FUNCTION warehouse.is_own_login() IS 'Whether who logged in is a person with a login of their own.';

CREATE OR REPLACE FUNCTION warehouse.viewer() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN warehouse.is_own_login() THEN session_user::text
		ELSE nullif(current_setting('jobsight.person', true), '') END
$$;
COMMENT ON FUNCTION warehouse.viewer() IS
	'Login name of the person that is asked for; NULL: nobody. A person with a login of their own asks for themselves.';

REVOKE ALL ON FUNCTION warehouse.is_own_login() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION warehouse.is_own_login() TO jobsight_loader, jobsight_portal, jobsight_analyst;

GRANT USAGE ON SCHEMA warehouse TO jobsight_public;
GRANT SELECT ON warehouse.realm, warehouse.statistic, warehouse.dimension TO jobsight_public;
GRANT EXECUTE ON FUNCTION warehouse.public_statistic(text, text, text, date, date) TO jobsight_public;
