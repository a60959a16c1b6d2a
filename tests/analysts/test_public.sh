#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_public.sh SOURCE BUILD: what everybody sees of random sites tells of no fewer than five people,
# nor do differences of it (attack.py); and who logs in as themselves or as the public sees what they may,
# also when they try for more. And everything says what it is.
set -eu
top=$1 build=$2
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$top/tests/support/lib.sh"
skip_unless_has python3 psql
started=$("$top/tests/servers/postgres" start "$work/pg")
eval "$started"
at_exit "'$top/tests/servers/postgres' wipe '$work/pg'"
unset PGSERVICE PGOPTIONS PGPASSFILE || :
: >"$work/settings.yaml"
"$build/etl/jobsight-load" --quiet --config "$work/settings.yaml" --warehouse "$PG_URL" --migrate --catalogue "$top/conf/catalogue"
attack=$top/tests/analysts/attack.py
python3 "$attack" make | psql -XAtq -v ON_ERROR_STOP=1 "$PG_URL" >/dev/null
psql -Xq "$PG_URL" <<-SQL
	CREATE ROLE p03 LOGIN IN ROLE jobsight_person;
	CREATE ROLE p04 LOGIN NOINHERIT IN ROLE jobsight_person;
	CREATE ROLE dashboard LOGIN IN ROLE jobsight_public;
	INSERT INTO warehouse.person_right (person, kind, account) VALUES ('p09', 'staff', '');
SQL
as() { psql -XAtq "host=$PGHOST user=$1 dbname=$PGDATABASE" -c "$2" 2>&1; }
gives() { # WANTED ROLE SQL
	got=$(as "$2" "$3")
	[ "$got" = "$1" ] && return 0
	echo "is $got, not $1"
	return 1
}
refuses() { as "$1" "$2" | grep -q "$3"; }

no_differences() {
	for question in 'total_cpu_hours none resource queue qos nodecount jobsize gpucount jobwalltime exit_status' \
		'total_gpu_hours none queue gpucount'; do
		statistic=${question%% *}
		for dimension in ${question#* }; do
			echo "SELECT '$statistic', '$dimension', * FROM warehouse.public_statistic('Jobs', '$statistic', '$dimension', '2022-01-01', '2023-12-31');"
		done
	done | psql -XAtq -v ON_ERROR_STOP=1 "host=$PGHOST user=dashboard dbname=$PGDATABASE" >"$work/answers" &&
		python3 "$attack" try "$work/answers"
}
groups_of() { # PEOPLE SHARE
	psql -XAtq "$PG_URL" -c "UPDATE warehouse.site SET public_group = $1, public_share = $2"
	forgotten=$(psql -XAtq "$PG_URL" -c 'SELECT count(*) FROM warehouse.public_cell')
	psql -XAtq "$PG_URL" -c 'SELECT warehouse.publish()' >"$work/published"
	[ "$forgotten" = 0 ]
}
# The attack is one: with groups of two its differences are found.
attack_works() {
	groups_of 2 1
	for dimension in resource queue qos jobsize jobwalltime nodecount; do
		echo "SELECT 'total_cpu_hours', '$dimension', * FROM warehouse.public_statistic('Jobs', 'total_cpu_hours', '$dimension', '2022-01-01', '2022-06-30');"
	done | psql -XAtq "$PG_URL" >"$work/weak"
	groups_of 5 0.8
	! python3 "$attack" try "$work/weak" >"$work/found" && grep -q 'less what is in it' "$work/found"
}
sums_are_whole() { # where groups are shown, they are everything
	awk -F'|' '$1 == "total_cpu_hours" { s[$2, $3] += $5 } END { for (k in s) { split(k, p, SUBSEP); if (p[1] != "none") {
		t = s["none", p[2]]; n++; if (s[k] - t > 1e-6 * t || t - s[k] > 1e-6 * t) bad = bad " " k } }
		print n, bad; exit bad != "" || n < 50 }' "$work/answers"
}
# All together, what everybody sees is what staff see: whichever the statistic, in all months that are shown.
is_what_staff_see() {
	psql -XAtq -v ON_ERROR_STOP=1 "$PG_URL" -c "SELECT s.realm, s.id, p.period, p.value, x.value FROM (SELECT * FROM warehouse.statistic s
			WHERE s.is_public OFFSET 0) s
		CROSS JOIN LATERAL warehouse.public_statistic(s.realm, s.id, 'none', '2022-01-01', '2023-12-31') p
		LEFT JOIN LATERAL warehouse.statistic(s.realm, s.id, 'none', 'month', '2022-01-01', '2023-12-31') x ON x.period = p.period" >"$work/both"
	awk -F'|' '{ n[$1]++; d = $4 - $5; if (d < 0) d = -d; if (($4 == "") != ($5 == "") || d > 1e-9 * ($5 < 0 ? -$5 : $5)) { print; bad = 1 } }
		END { for (r in n) print "# " n[r], r; exit bad || n["Jobs"] < 200 }' "$work/both"
}
nobody_has_it_all() {
	psql -XAtq "$PG_URL" -c "SELECT count(*) FROM warehouse.public_statistic('Jobs', 'total_cpu_hours', 'none', '2022-01-01', '2022-01-31')" >"$work/before"
	groups_of 5 0.1
	psql -XAtq "$PG_URL" -c "SELECT count(*) FROM warehouse.public_statistic('Jobs', 'total_cpu_hours', 'none', '2022-01-01', '2022-01-31')" >"$work/after"
	groups_of 5 0.8
	[ "$(cat "$work/before") $(cat "$work/after")" = '1 0' ]
}
mine="SELECT string_agg(DISTINCT username, ' ') FROM warehouse.jobs"
query() { # ROLE ARGUMENT...
	role=$1
	shift
	"$build/query/jobsight-query" --warehouse "host=$PGHOST user=$role dbname=$PGDATABASE" --since 2022 --until 2023 "$@" 2>&1
}
query_is_own() { [ "$(query p03 --statistic job_count --by person --unit total --format csv | cut -d, -f3 | tr '\n' ' ')" = 'person p03 ' ]; }
query_tries() { [ "$(query p03 --person p09 --statistic job_count --by person --unit total --format csv | cut -d, -f3 | tr '\n' ' ')" = 'person p03 ' ]; }
query_public() { query dashboard --public --statistic total_cpu_hours --by queue --format csv | grep -q '^2022-0.-01,,' &&
	query dashboard --statistic total_cpu_hours --by queue | grep -q 'permission denied'; }

# Partitions, and what was made for a moment, have those of their parent.
without_comment() {
	psql -XAtq "$PG_URL" <<-'SQL'
		WITH s AS (SELECT oid FROM pg_namespace WHERE nspname IN ('warehouse', 'compat')),
		c AS (SELECT c.* FROM pg_class c JOIN s ON s.oid = c.relnamespace
			WHERE NOT c.relispartition AND c.relkind IN ('r', 'p', 'v', 'm', 'c', 'f'))
		SELECT 'schema ' || n.nspname FROM s JOIN pg_namespace n USING (oid) WHERE obj_description(n.oid, 'pg_namespace') IS NULL
		UNION ALL SELECT 'relation ' || c.oid::regclass FROM c WHERE c.relkind <> 'c' AND obj_description(c.oid, 'pg_class') IS NULL
		UNION ALL SELECT 'column ' || c.oid::regclass || '.' || a.attname FROM c JOIN pg_attribute a ON a.attrelid = c.oid
			WHERE a.attnum > 0 AND NOT a.attisdropped AND col_description(c.oid, a.attnum) IS NULL
		UNION ALL SELECT 'function ' || p.oid::regprocedure FROM pg_proc p JOIN s ON s.oid = p.pronamespace
			WHERE p.prorettype <> 'trigger'::regtype AND obj_description(p.oid, 'pg_proc') IS NULL
		UNION ALL SELECT 'type ' || t.oid::regtype FROM pg_type t JOIN s ON s.oid = t.typnamespace
			JOIN pg_class k ON k.oid = t.typrelid AND k.relkind = 'c' WHERE obj_description(t.oid, 'pg_type') IS NULL;
	SQL
}
commented() {
	without_comment >"$work/bare"
	cat "$work/bare"
	[ ! -s "$work/bare" ]
}
# Label, unit, formula and help, in every row; none told twice in a realm.
rows_are_whole() {
	psql -XAtq "$PG_URL" -c "SELECT realm, id FROM warehouse.statistic WHERE '' IN (trim(label), trim(unit), trim(formula), trim(help))
			OR help !~ '[.?!)]$' UNION ALL SELECT realm, id FROM warehouse.dimension WHERE '' IN (trim(label), trim(value), trim(help))
		UNION ALL SELECT realm, label FROM warehouse.statistic WHERE id NOT LIKE 'metric%' GROUP BY 1, 2 HAVING count(*) > 1
		UNION ALL SELECT realm, label FROM warehouse.dimension GROUP BY 1, 2 HAVING count(*) > 1" >"$work/bare"
	cat "$work/bare"
	[ ! -s "$work/bare" ]
}

ok 'no differences tell of a few' no_differences
ok 'the attack finds what there is to find' attack_works
ok 'groups that are shown are everything' sums_are_whole
ok 'all together it is what staff see' is_what_staff_see
ok 'nobody has nearly all of a figure' nobody_has_it_all
ok 'a month that goes on is not told' gives 0 dashboard "SELECT count(*) FROM warehouse.public_statistic('Jobs', 'job_count', 'none',
	date_trunc('month', now())::date, (date_trunc('month', now()) + interval '1 month')::date - 1)"
ok 'groups are not for callers' refuses dashboard 'SELECT * FROM warehouse.public_cell' 'permission denied'
ok 'standard errors are not public' refuses dashboard "SELECT * FROM warehouse.public_statistic('Jobs', 'sem_avg_cpu_hours', 'none', '2022-01-01', '2022-12-31')" 'not public'
ok 'the public has no jobs' refuses dashboard "SELECT * FROM warehouse.jobs" 'permission denied'
ok 'the public has no other figures' refuses dashboard "SELECT * FROM warehouse.statistic('Jobs', 'job_count', 'none', 'month', '2022-01-01', '2022-12-31')" 'permission denied'
for helper in 'publish_next()' "publish_realm('Jobs', '2022-01-01', '2022-12-31')" "public_leaks('queue', 'resource')" 'is_group(1, 1, 1, 1, 1)'; do
	ok "not for callers: $helper" refuses dashboard "SELECT warehouse.$helper" 'permission denied'
done
ok 'own login, own jobs' gives p03 p03 "$mine"
ok 'the setting is nothing to them' gives p03 p03 "SET jobsight.person = 'p09'; $mine"
ok 'nor the portal'"'"'s role' gives p03 p03 "SET ROLE jobsight_portal; SET jobsight.person = 'p09'; $mine"
ok 'nor without inheritance' gives p04 p04 "SET ROLE jobsight_portal; SET jobsight.person = 'p09'; $mine"
ok 'nor another login' refuses p03 "SET SESSION AUTHORIZATION p04" 'permission denied'
ok 'figures of their own alone' gives p03 p03 "SET jobsight.person = 'p09'; SELECT string_agg(DISTINCT dimension_value, ' ') FROM warehouse.statistic('Jobs', 'job_count', 'username', 'month', '2022-01-01', '2023-12-31')"
ok 'jobsight query: own' query_is_own
ok 'jobsight query: --person of another' query_tries
ok 'jobsight query: public' query_public
ok 'everything of the schemas has its comment' commented
ok 'every statistic and dimension has label, unit, formula and help' rows_are_whole
done_testing
