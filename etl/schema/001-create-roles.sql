-- SPDX-License-Identifier: Apache-2.0
-- The group roles. Nobody logs in as one of them: a login role is made a member of it
-- (GRANT jobsight_portal TO portal). Where the migrating role may not create roles, as on managed
-- servers, an administrator creates them beforehand and this file finds them.
DO $$
DECLARE
	wanted text;
BEGIN
	FOREACH wanted IN ARRAY ARRAY['jobsight_loader', 'jobsight_portal', 'jobsight_analyst',
		'jobsight_person', 'jobsight_public'] LOOP
		CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted);
		BEGIN
			EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
		EXCEPTION
			WHEN duplicate_object OR unique_violation THEN
				NULL; -- another database of this server was migrated at the same time
			WHEN insufficient_privilege THEN
				RAISE EXCEPTION 'role % is absent and % may not create roles', wanted, current_user
					USING HINT = format('Ask the administrator for: CREATE ROLE %I NOLOGIN', wanted);
		END;
	END LOOP;
END
$$;

GRANT USAGE ON SCHEMA warehouse TO jobsight_loader, jobsight_portal, jobsight_analyst;

-- Joins of job with job_metric then pair their months instead of reading all of them.
DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I SET enable_partitionwise_join = on', current_database());
EXCEPTION WHEN insufficient_privilege THEN
	RAISE WARNING 'set enable_partitionwise_join = on for database %: queries need it',
		current_database();
END
$$;
