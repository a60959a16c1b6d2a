#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test-fdw.sh JOBSIGHT-LOAD STORE-TOOL: one warehouse on three servers. Months are sent to two others; facts,
# figures and rights stay what they were, and months on other servers go like any other.
. "$(dirname "$0")/setup.sh"
trap 'for s in pg pg-b pg-c; do "$postgres" stop "$dir/$s" immediate; done; rm -rf "$dir"' EXIT
run 0 --migrate --catalogue "$here/catalogue"
home=$PG_URL
home_host=$PGHOST

people
job 1 "'2024-01-31 23:00'" "'2024-01-31 23:30'" "'2024-02-01 00:30'" 2 0.5
job 2 "'2024-02-10 10:00'" "'2024-02-10 10:00'" "'2024-02-11 10:00'" 4 0.75 NULL 2
job 3 "'2024-02-28 12:00'" "'2024-02-28 12:10'" "'2024-03-01 00:10'" 1
job 4 "'2024-03-05 12:00'" "'2024-03-05 12:00'" "'2024-03-05 13:00'" 8 0
job 5 "'2024-04-05 12:00'" "'2024-04-05 12:00'" "'2024-04-05 13:00'" 8 1
sql 'SELECT warehouse.refresh()' >/dev/null
facts() {
	psql -XAtq "${1:-$home}" -c "SELECT j.job_id, j.end_t, j.wall_s, j.cores, m.cpu_user FROM warehouse.job j
		LEFT JOIN warehouse.job_metric m ON m.job_id = j.job_id AND m.end_t = j.end_t ORDER BY 1"
}
# Of three servers sums come in another order: without their last digits.
figures() {
	PGOPTIONS='-c extra_float_digits=-3'
	export PGOPTIONS
	sql "SELECT * FROM warehouse.usage_period ORDER BY 1, 2, 3, 4, 5"
	sql "SELECT * FROM warehouse.performance_period ORDER BY 1, 2, 3, 4, 5"
	unset PGOPTIONS
}
seen_by() {
	psql -XAtq "host=$PGHOST user=reader dbname=$PGDATABASE" -c "SET jobsight.person = '$1'; SELECT string_agg(job_id::text, ' ' ORDER BY job_id) FROM warehouse.job"
}
sql 'CREATE ROLE reader LOGIN IN ROLE jobsight_portal'
facts >"$dir/facts"
figures >"$dir/figures"

# Another server: the same schema, and the month made. What PG_URL says is that of the last started.
for s in b c; do
	started=$("$postgres" start "$dir/pg-$s")
	eval "$started"
	run 0 --migrate --catalogue "$here/catalogue"
	sql "SELECT warehouse.create_month('2024-02-15'), warehouse.create_month('2024-03-15')" >/dev/null
	eval "url_$s='$PG_URL'"
	psql -XAtq "$home" -c "CREATE EXTENSION IF NOT EXISTS postgres_fdw;
		CREATE SERVER $s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$PGHOST', dbname '$PGDATABASE');
		CREATE USER MAPPING FOR PUBLIC SERVER $s OPTIONS (user '$PGUSER', password_required 'false')" 2>/dev/null
done
PG_URL=$home
PGHOST=$home_host
equal 'February is sent' "$(sql "SELECT warehouse.send_month('2024-02-01', 'b')")" 4
equal 'March is sent' "$(sql "SELECT warehouse.send_month('2024-03-01', 'c')")" 4
equal 'sent again: nothing' "$(sql "SELECT warehouse.send_month('2024-03-01', 'c')")" 0
# shellcheck disable=SC2154
equal 'what the others hold' "$(facts "$url_b" | cut -d'|' -f1 | tr '\n' ' '; facts "$url_c" | cut -d'|' -f1 | tr '\n' ' ')" '1 2 3 4 '
facts >"$dir/facts-sent"
same 'the facts' "$dir/facts-sent" "$dir/facts"
sql 'SELECT warehouse.mark_all(), warehouse.refresh()' >/dev/null
figures >"$dir/figures-sent"
same 'figures made of three servers' "$dir/figures-sent" "$dir/figures"
equal 'a person sees their own' "$(seen_by pi)" 2
equal 'nobody sees nothing' "$(seen_by '')" ''

# What is there is closed; what is here goes on.
for change in "UPDATE warehouse.job_key SET end_t = '2024-02-12' WHERE job_id = 2" 'DELETE FROM warehouse.job_key WHERE job_id = 4'; do
	code=0
	sql "$change" >"$dir/said" 2>&1 || code=$?
	equal "refused: $change" "$code" 1
	says 'and closed'
done
sql "UPDATE warehouse.job_key SET end_t = '2024-04-05 14:00' WHERE job_id = 5" >/dev/null
equal 'a job that is here changes' "$(facts | grep '^5|' | cut -d'|' -f3)" 7200
"$store_tool" generate "$store" "$here/catalogue" 100 20 0
run 0 --catalogue "$here/catalogue"
"$store_tool" generate "$store" "$here/catalogue" 100 20 1
run 0 --catalogue "$here/catalogue"
equal 'the loader goes on, with changes' "$(sql 'SELECT sum(added), sum(changed) > 0, sum(rejected) FROM warehouse.load_log')" '20|t|0'
sql "DELETE FROM warehouse.job_key WHERE job_id > 5" >/dev/null
job 6 "'2024-05-05 12:00'" "'2024-05-05 12:00'" "'2024-05-05 13:00'" 8 1
equal 'months still come' "$(sql "SELECT count(*) FROM warehouse.job")" 6
sql 'SELECT warehouse.refresh()' >/dev/null
equal 'and go' "$(sql "SELECT warehouse.drop_months('2024-03-01', true) > 0")" t
equal 'what is left' "$(sql "SELECT string_agg(job_id::text, ' ' ORDER BY job_id) FROM warehouse.job")" '3 4 5 6'
finish
