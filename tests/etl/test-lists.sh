#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lists of jobs, page by page: every job once and in order, whatever the filter and whoever asks, forwards
# and backwards, with many jobs that end at the same instant and some that run. And how they are read: of
# no month all jobs, whatever is asked for, so that a list costs the same in a large warehouse.
. "$(dirname "$0")/setup.sh"
PGOPTIONS='-c jit=off'
export PGOPTIONS
run 0 --migrate --catalogue "$here/catalogue"
sql "CREATE ROLE site_portal LOGIN IN ROLE jobsight_portal;
	INSERT INTO warehouse.cluster (cluster_id, name) VALUES (1, 'alpha'), (2, 'beta');
	INSERT INTO warehouse.person (person_id, name) SELECT n, 'user' || n FROM generate_series(0, 9) n;
	INSERT INTO warehouse.account (account_id, name) SELECT n, 'account' || n FROM generate_series(0, 4) n;
	INSERT INTO warehouse.partition (partition_id, cluster_id, name) VALUES (1, 1, 'batch'), (2, 2, 'batch'), (3, 1, 'gpu');
	INSERT INTO warehouse.state (state_id, name) VALUES (2, 'FAILED'), (3, 'TIMEOUT');
	INSERT INTO warehouse.person_right VALUES ('boss', 'support', ''), ('user7', 'pi', 'account3'), ('user7', 'pi', 'account2');
	SELECT warehouse.create_month(m) FROM generate_series(timestamptz '2024-01-01', '2026-02-01', '1 month') m;
	CREATE TABLE public.made AS SELECT n AS id, CASE WHEN n % 40 = 0 THEN 'infinity'
			ELSE timestamptz '2024-01-01' + n * n % 151 * interval '5 days' END AS end_t FROM generate_series(1, 400) n;
	INSERT INTO warehouse.job_key (job_id, cluster_id, raw_id, submit_t, end_t)
		SELECT id, 1 + id % 2, 100000 + id, '2023-12-01', end_t FROM public.made;
	INSERT INTO warehouse.job (job_id, end_t, submit_t, start_t, raw_id, person_id, account_id, nodes, cores, gpus,
			cluster_id, partition_id, state_id, local_id, name)
		SELECT id, end_t, '2023-12-01', '2023-12-01', 100000 + id, (10 * (id * 7 % 97 / 97.0) ^ 2)::integer % 10, id % 5, 1, 1, 0,
			1 + id % 2, CASE WHEN id % 2 = 1 THEN 2 WHEN id % 6 = 0 THEN 3 ELSE 1 END, CASE WHEN id % 300 = 7 THEN 3 ELSE 1 + id % 2 END,
			(100000 + id)::text, 'Run' || id % 50 FROM public.made;
	INSERT INTO warehouse.job_metric (job_id, end_t, person_id, account_id)
		SELECT job_id, end_t, person_id, account_id FROM warehouse.job WHERE job_id % 3 > 0;
	UPDATE warehouse.job SET name = 'Re%named_' || job_id WHERE job_id IN (39, 40, 41);
	INSERT INTO warehouse.qos (name) VALUES ('urgent');
	UPDATE warehouse.job SET qos_id = CASE WHEN job_id % 100 = 3 THEN 2 ELSE 1 END;
	-- Names may be said to be used more than they are: of run9 by so many that it is looked for among all jobs.
	INSERT INTO warehouse.job_name_use SELECT hashtextextended('run9', 0), '2024-03-01 00:00+00', 100 + n FROM generate_series(1, 600) n;
	ANALYZE" >/dev/null

# All pages of a list, one after the other: what walks from mark to mark as the portal does.
sql "CREATE FUNCTION public.walk(which jsonb, is_newer boolean, n bigint) RETURNS bigint[] LANGUAGE plpgsql AS \$\$
	DECLARE
		ids bigint[] := '{}';
		page jsonb[];
		mark jsonb;
	BEGIN
		LOOP
			SELECT array_agg(l.job ORDER BY l.place) INTO page FROM warehouse.list_jobs(which, is_newer, (mark ->> 'end')::bigint,
				(mark ->> 'job_id')::bigint, n) WITH ORDINALITY l (job, place);
			EXIT WHEN page IS NULL;
			ids := ids || ARRAY(SELECT (x ->> 'job_id')::bigint FROM unnest(page) x);
			mark := page[array_upper(page, 1)];
		END LOOP;
		RETURN ids;
	END \$\$;
	GRANT EXECUTE ON FUNCTION public.walk TO jobsight_portal"
# Few months first: the newest 3, the 12 before, the rest; and the other way round, from where a list goes on.
windows() {
	sql "SET timezone = 'UTC'; SELECT string_agg(left(first_t::text, 7) || ' ' || left(last_t::text, 7), ', ')
		FROM warehouse.list_windows('{}', $1)"
}
sql "SELECT warehouse.create_month(now() + interval '1 year')" >/dev/null # what is to come counts for nothing
equal 'windows of a list' "$(windows 'false, NULL, NULL'); $(windows "false, '2025-08-05', 1"); $(windows "false, '2024-02-05', 1"); $(
	windows "true, '2023-01-05', 1"); $(windows 'true, NULL, 1')" \
	'2025-12 infinit, 2024-12 2025-11, -infini 2024-11; 2025-06 infinit, 2024-06 2025-05, -infini 2024-05; -infini infinit; '\
'-infini 2024-03, 2024-04 2025-03, 2025-04 infinit; -infini infinit'
list_sql() {
	as_person "$1" "SELECT replace(replace(warehouse.list_sql($2, false, NULL, NULL, 51), '\$1', '''-infinity'''), '\$2', '''infinity''')"
}
as_person() {
	sql "SET ROLE jobsight_portal; SET jobsight.person = '$1'; $2"
}
while IFS='|' read -r person filter condition; do
	what="$person, $filter"
	wanted=$(as_person "$person" "SELECT array_agg(job_id ORDER BY end_time DESC NULLS FIRST, job_id DESC) FROM warehouse.jobs WHERE $condition")
	equal "$what: pages of 53" "$(as_person "$person" "SELECT walk('$filter', false, 53)")" "${wanted:-{\}}"
	wanted=$(as_person "$person" "SELECT array_agg(job_id ORDER BY end_time NULLS LAST, job_id) FROM warehouse.jobs WHERE $condition")
	equal "$what: the oldest first" "$(as_person "$person" "SELECT walk('$filter', true, 59)")" "${wanted:-{\}}"
	equal "$what: counted" "$(as_person "$person" "SELECT warehouse.count_jobs('$filter', 1000)")" \
		"$(as_person "$person" "SELECT least(count(*), 1000) FROM warehouse.jobs WHERE $condition")"
	list_sql "$person" "'$filter'" >"$dir/list.sql"
	as_person "$person" "SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN $(cat "$dir/list.sql")" >"$dir/plan"
	equal "$what: whole months read" "$(grep -E 'Seq Scan on job|Bitmap|Hash Join|Merge Join' "$dir/plan" || :)" ''
done <<'LISTS'
boss|{}|true
boss|{"user": "user0"}|username = 'user0'
boss|{"user": "user9"}|username = 'user9'
boss|{"user": "nobody"}|false
boss|{"account": "account3"}|account = 'account3'
boss|{"partition": "batch"}|partition = 'batch'
boss|{"partition": "batch", "cluster": "beta"}|partition = 'batch' AND cluster = 'beta'
boss|{"cluster": "alpha"}|cluster = 'alpha'
boss|{"state": "TIMEOUT"}|state = 'TIMEOUT'
boss|{"user": "user0", "state": "TIMEOUT"}|username = 'user0' AND state = 'TIMEOUT'
boss|{"text": "run7"}|job_name ILIKE '%run7%'
boss|{"text": "run9"}|job_name ILIKE '%run9%'
boss|{"text": "re%NAMED_"}|job_name LIKE 'Re\%named\_%'
boss|{"text": "e%ed"}|false
boss|{"text": "run39", "user": "user1"}|job_name = 'Run39' AND username = 'user1'
boss|{"text": "4"}|local_id LIKE '4%' OR job_name LIKE '%4%'
boss|{"qos": "urgent"}|qos = 'urgent'
boss|{"text": "1001"}|local_id LIKE '1001%'
boss|{"text": "100123"}|local_id = '100123'
boss|{"since": 1707000000, "until": 1711000000}|end_time >= to_timestamp(1707000000) AND end_time < to_timestamp(1711000000)
boss|{"since": 1711000000}|end_time >= to_timestamp(1711000000) OR end_time IS NULL
user0|{}|true
user0|{"text": "run7"}|job_name ILIKE '%run7%'
user9|{}|true
user7|{}|true
user7|{"user": "user0"}|username = 'user0'
user7|{"account": "account3"}|account = 'account3'
user7|{"account": "account4"}|account = 'account4'
nobody|{}|true
|{}|true
LISTS
# Of what there is much of, the indexes of months are read one after the other, and ties alone are sorted.
for filter in '{}' '{"user": "user0"}' '{"account": "account3"}' '{"cluster": "alpha"}' '{"state": "FAILED"}'; do
	list_sql boss "'$filter'" >"$dir/list.sql"
	as_person boss "SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN $(cat "$dir/list.sql")" >"$dir/plan"
	equal "$filter: ties are sorted" "$(grep -c 'Incremental Sort' "$dir/plan"; grep -E '> +Sort ' "$dir/plan" || :)" 1
done
# A part of a name that no job has is not looked for among jobs; of one that few have, the jobs of these few.
list_of() {
	list_sql "$1" "jsonb_build_object('text', '$2')"
}
equal 'a name that no job has' "$(list_of boss 'no job has it' | grep -c 'warehouse.job')" 0
equal 'a name that many have' "$(list_of boss run9 | grep -c unnest)" 0
equal 'one who may not see all looks through their own' "$(list_of user0 'no job has it' | grep -c unnest)" 0
list_of boss run7 >"$dir/list.sql"
as_person boss "SET enable_seqscan = off; SET enable_bitmapscan = off; EXPLAIN $(cat "$dir/list.sql")" >"$dir/plan"
equal 'a name that few have: jobs of their people' "$(grep -cE 'Seq Scan on job|Hash Join|Merge Join' "$dir/plan" || :; grep -c ' Nested Loop ' "$dir/plan"
	grep -q 'Index Cond: ((person_id = u.person_id) AND (end_t >= u.first_t)' "$dir/plan" && echo by person)" '0
1
by person'
equal 'names by their threes of letters' "$(sql "SET enable_seqscan = off; EXPLAIN SELECT FROM warehouse.job_name n WHERE n.name LIKE '%run7%'" |
	grep -c 'Bitmap Index Scan on job_name_part')" 1
as_portal() {
	psql -XAtq "host=$PGHOST user=site_portal dbname=$PGDATABASE" -c "SET jobsight.person = '$1'" \
		-c "SELECT (warehouse.find_names('run7')).people IS NULL"
}
equal 'names of others are not told' "$(as_portal user0) $(as_portal '')" 't t'
equal 'but to who sees all' "$(as_portal boss)" f
equal 'a principal investigator sees others' "$(as_person user7 "SELECT count(DISTINCT job ->> 'username') > 5 FROM warehouse.list_jobs('{}', false, NULL, NULL, 200) job")" t
equal 'values are there' "$(as_person boss "SELECT job ? 'cpu_user', job ->> 'end', job ->> 'end_time' FROM warehouse.list_jobs('{\"text\": \"100031\"}', false, NULL, NULL, 1) job")" \
	"$(as_person boss "SELECT true, extract(epoch FROM end_time)::bigint, to_jsonb(end_time) ->> 0 FROM warehouse.jobs WHERE raw_id = 100031")"
code=0
as_person boss "SELECT warehouse.list_jobs('{\"colour\": \"red\"}', false, NULL, NULL, 5)" >"$dir/said" 2>&1 || code=$?
equal 'a filter that does not exist' "$code" 1
equal 'text is no SQL' "$(as_person boss "SELECT warehouse.count_jobs(jsonb_build_object('text', '%s'' OR true --', 'user', '%1\$s'), 10)")" 0
sql "DELETE FROM warehouse.dirty; SELECT warehouse.drop_months('2024-02-15', true)" >/dev/null
equal 'names go with their months' "$(sql "SELECT min(month) >= '2024-02-01 00:00+00', count(*) > 0 FROM warehouse.job_name_use") $(sql \
	'SELECT count(*) FROM warehouse.job_name n WHERE NOT EXISTS (SELECT FROM warehouse.job_name_use u WHERE u.name_hash = n.name_hash)')" 't|t 0'
finish
