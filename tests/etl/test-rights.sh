#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who sees and does what: every role and kind of person, every table and view of job facts, own and
# other rows, read through COPY; then what none of them may do.
. "$(dirname "$0")/setup.sh"
"$store_tool" put "$store" "$here/documents.jsonl"
run 0 --migrate --catalogue "$here/catalogue"

# Loading works for a role that owns nothing: partitions included.
sql "CREATE ROLE site_loader LOGIN IN ROLE jobsight_loader;
	CREATE ROLE site_portal LOGIN IN ROLE jobsight_portal;
	CREATE ROLE site_analyst LOGIN IN ROLE jobsight_analyst;
	CREATE ROLE somebody LOGIN"
code=0
"$load_program" --config "$dir/settings.yaml" --catalogue "$here/catalogue" \
	--warehouse "host=$PGHOST user=site_loader dbname=$PGDATABASE" >"$dir/said" 2>&1 || code=$?
equal "loading as a member of jobsight_loader ($(cat "$dir/said"))" "$code" 0
equal 'loaded' "$(sql "SELECT count(*) FROM warehouse.jobs")" 14
code=0
"$load_program" --config "$dir/settings.yaml" --catalogue "$here/catalogue" --migrate \
	--warehouse "host=$PGHOST user=site_loader dbname=$PGDATABASE" >"$dir/said" 2>&1 || code=$?
equal 'migrating as one who owns nothing' "$code" 1

sql "INSERT INTO warehouse.person_right (person, kind, account) VALUES
	('bob', 'user', ''), ('paula', 'pi', 'phys'), ('carol', 'pi', 'bio'), ('sue', 'support', ''),
	('stan', 'staff', ''), ('nobody', 'pi', 'no such account')"

# as ROLE PERSON SQL: what it prints, or DENIED.
as() {
	psql -XAtq -v ON_ERROR_STOP=1 "host=$PGHOST user=$1 dbname=$PGDATABASE" \
		-c "BEGIN; SET LOCAL jobsight.person = '$2'; $3; COMMIT" 2>"$dir/said" && return 0
	if grep -q 'permission denied\|must be owner' "$dir/said"; then
		echo DENIED
	else
		cat "$dir/said"
	fi
}

# The jobs by number that a person sees; the two runs of 109 and the two 101 are four jobs.
everything='101 101 102 103 104 105 106 107 108 109 109 110 111 112'
sql "SELECT job_id, raw_id FROM warehouse.job_key ORDER BY job_id" >"$dir/keys"

# jobs ROLE PERSON RELATION: numbers of the jobs in it, through COPY.
jobs() {
	as "$1" "$2" "COPY (SELECT DISTINCT job_id FROM warehouse.$3) TO STDOUT" >"$dir/ids"
	if grep -q '[^0-9]' "$dir/ids"; then
		cat "$dir/ids"
		return
	fi
	awk -F'|' 'NR == FNR { raw[$1] = $2; next } { print raw[$1] }' "$dir/keys" "$dir/ids" |
		sort -n | tr '\n' ' ' | sed 's/ $//'
}

# Relations; those of nodes lack job 106, which never had one.
while read -r role person wanted; do
	[ "$wanted" = everything ] && wanted=$everything
	[ "$wanted" = nothing ] && wanted=
	[ "$person" = - ] && person=
	for relation in job job_metric jobs job_performance job_quality job_node job_nodes; do
		want=$wanted
		case $relation in
		job_node | job_nodes) want=$(echo "$wanted" | sed 's/106 //; s/106$//') ;;
		esac
		equal "$relation for $role '$person'" "$(jobs "$role" "$person" $relation)" "$want"
	done
done <<'MATRIX'
site_portal  -       nothing
site_portal  mallory nothing
site_portal  nobody  nothing
site_portal  alice   101 102 104 108
site_portal  bob     103 105 107 112
site_portal  dave    101
site_portal  αλέξης  110
site_portal  paula   101 102 103 104 109 109
site_portal  carol   101 106 109 109 110 111 112
site_portal  sue     everything
site_portal  stan    everything
site_analyst -       everything
site_analyst alice   everything
somebody     alice   DENIED
somebody     stan    DENIED
MATRIX

# Without the setting at all, and with one left by another transaction.
equal 'never set' "$(psql -XAtq "host=$PGHOST user=site_portal dbname=$PGDATABASE" \
	-c 'SELECT count(*) FROM warehouse.jobs')" 0
equal 'left behind' "$(psql -XAtq "host=$PGHOST user=site_portal dbname=$PGDATABASE" \
	-c "BEGIN; SET LOCAL jobsight.person = 'stan'; COMMIT" -c 'SELECT count(*) FROM warehouse.jobs')" 0

# What is for staff only is empty for others, in their own jobs too.
limit="SELECT coalesce(sum(node_limit)::text, 'hidden') FROM warehouse.job_performance"
for who in 'site_portal alice hidden' 'site_portal sue hidden' 'site_portal paula hidden' \
	'site_portal stan 5' 'site_analyst - 5'; do
	# shellcheck disable=SC2086
	set -- $who
	equal "a metric for staff, $1 $2" "$(as "$1" "$2" "$limit")" "$3"
done

# A function of one's own in a condition does not get to see rows of others.
leaked=$(as site_portal alice "CREATE FUNCTION pg_temp.leak(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0001
	AS 'BEGIN RAISE NOTICE ''saw %'', \$1; RETURN true; END';
	SELECT count(*) FROM warehouse.jobs WHERE pg_temp.leak(raw_id)")
equal 'a leaking function counts' "$leaked" 4
equal 'a leaking function sees' "$(sed -n 's/.*saw //p' "$dir/said" | sort -n | tr '\n' ' ')" '101 102 104 108 '

# What the portal asks about a person.
equal 'rights of paula' "$(as site_portal paula 'SELECT * FROM warehouse.viewer_rights()')" 'pi|phys'
equal 'staff' "$(as site_portal stan 'SELECT warehouse.viewer_is_staff()')" t
equal 'support is not staff' "$(as site_portal sue 'SELECT warehouse.viewer_is_staff(), warehouse.viewer_sees_all()')" 'f|t'

# What nobody but the loader may read or do.
for what in \
	'SELECT count(*) FROM warehouse.job_key' \
	'SELECT count(*) FROM warehouse.person_right' \
	'SELECT count(*) FROM warehouse.job_2026_11' \
	'SELECT count(*) FROM warehouse.job_metric_running' \
	"INSERT INTO warehouse.person_right VALUES ('alice', 'staff', '')" \
	"UPDATE warehouse.job SET person_id = 1" \
	'DELETE FROM warehouse.job' \
	'DELETE FROM warehouse.person' \
	"INSERT INTO warehouse.person (name) VALUES ('x')" \
	"UPDATE warehouse.metric SET audience = 'own'" \
	'TRUNCATE warehouse.job' \
	'DROP VIEW warehouse.jobs' \
	'CREATE TABLE warehouse.x (a integer)' \
	"ALTER TABLE warehouse.job DISABLE ROW LEVEL SECURITY" \
	"SELECT warehouse.create_month('2030-01-01')" \
	"SELECT warehouse.create_views()" \
	"SELECT warehouse.align_columns()" \
	"SELECT warehouse.merge_stage('{}')" \
	"SELECT warehouse.create_stage('{}')" \
	"CREATE POLICY all_of_it ON warehouse.job USING (true)"; do
	for role in site_portal site_analyst somebody; do
		equal "$role: $what" "$(as $role stan "$what")" DENIED
	done
done
for what in 'SELECT count(*) FROM warehouse.load_error' 'SELECT count(*) FROM warehouse.load_log' \
	'SELECT count(*) FROM warehouse.document_store' 'SELECT count(*) FROM warehouse.migration'; do
	equal "site_portal: $what" "$(as site_portal stan "$what")" DENIED
	equal "site_analyst: $what" "$(as site_analyst '' "$what" | grep -c '^[0-9]')" 1
done
for what in 'DELETE FROM warehouse.person' 'TRUNCATE warehouse.job' 'DROP TABLE warehouse.job' \
	'ALTER TABLE warehouse.job ADD COLUMN x integer' 'UPDATE warehouse.migration SET number = 7' \
	"SELECT warehouse.align_columns()" 'CREATE TABLE warehouse.x (a integer)'; do
	equal "site_loader: $what" "$(as site_loader '' "$what")" DENIED
done
# No table of the schema was forgotten: whatever tells of people is open by rows, or it is a
# dimension, or closed; and no view shows more than its reader may read.
equal 'tables that tell of people and are open to everybody' "$(sql "SELECT string_agg(relname, ' ' ORDER BY relname)
	FROM pg_class c WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'p')
	AND has_table_privilege('site_portal', oid, 'SELECT') AND NOT relrowsecurity AND EXISTS (
		SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname IN ('person_id', 'account_id', 'job_id'))")" \
	'account account_history gateway person person_history'
equal 'views with rights of their own' "$(sql "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
	WHERE relnamespace = 'warehouse'::regnamespace AND relkind = 'v'
	AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)")" ''
equal 'functions that everybody may call' "$(sql "SELECT string_agg(proname, ' ' ORDER BY proname) FROM pg_proc
	WHERE pronamespace = 'warehouse'::regnamespace AND has_function_privilege('somebody', oid, 'EXECUTE')")" ''
equal 'definer functions without a fixed path' "$(sql "SELECT string_agg(proname, ' ') FROM pg_proc
	WHERE pronamespace = 'warehouse'::regnamespace AND prosecdef AND proconfig IS NULL")" ''
finish
