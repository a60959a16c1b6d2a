#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A loader killed at 50 random instants, a server whose processes are killed, a server that
# crashes: afterwards the warehouse holds what one undisturbed run makes.
. "$(dirname "$0")/setup.sh"
jobs=${JOBSIGHT_KILL_JOBS:-600}
batch=25

"$store_tool" put "$store" "$here/documents.jsonl"
"$store_tool" put "$store" "$here/unfit.jsonl"
"$store_tool" generate "$store" "$here/catalogue" 1000 "$jobs" 0

# in_database NAME COMMAND ...
in_database() {
	PGDATABASE=$1
	PG_URL="host=$PGHOST user=$PGUSER dbname=$1"
	shift
	"$@"
	PGDATABASE=jobsight
	PG_URL="host=$PGHOST user=$PGUSER dbname=jobsight"
}

createdb clean
createdb killed
in_database clean run 0 --migrate --catalogue "$here/catalogue"
in_database killed "$load_program" --config "$dir/settings.yaml" --migrate --catalogue "$here/catalogue" \
	--warehouse "host=$PGHOST user=$PGUSER dbname=killed"

# What everybody may see is made by the loader, too.
for database in clean killed; do
	in_database $database sql "UPDATE warehouse.site SET public_group = 2, public_share = 1;
		SELECT warehouse.put_realm('{\"realm\": \"Jobs\", \"position\": 1, \"label\": \"Jobs\", \"help\": \"Jobs.\", \"dimensions\": [
			{\"id\": \"none\", \"label\": \"All\", \"help\": \"All.\", \"value\": \"0\", \"cube\": \"none\"},
			{\"id\": \"nodecount\", \"label\": \"Nodes\", \"help\": \"Nodes.\", \"value\": \"u.nodes\", \"cube\": \"nodes\"}],
			\"statistics\": [{\"id\": \"total_cpu_hours\", \"label\": \"Core hours\", \"unit\": \"h\", \"formula\": \"core_s / 3600.0\", \"help\": \"Hours.\"}]}');
		SELECT warehouse.align_statistics()" >/dev/null
done

# Rows and figures. Floating sums may differ in their last bits, by the order of rows; keys are not
# the same in two warehouses, so of the dimensions those are taken that are numbers.
# shellcheck disable=SC2317
dump_all() {
	dump
	sql "SELECT unit, count(*) FROM warehouse.dirty GROUP BY 1"
	sql "SELECT c.name, unit, period, d.name, u.value, submitted_jobs, started_jobs, ended_jobs, begin_jobs, core_s, wait_s,
		ended_core_s, round(limit_s) FROM warehouse.usage_period u JOIN warehouse.usage_dimension d USING (dimension_id)
		JOIN warehouse.cluster c USING (cluster_id)
		WHERE d.name IN ('none', 'cores', 'wall_class', 'wait_class') ORDER BY 1, 2, 3, 4, 5"
	sql "SELECT c.name, unit, period, ended_jobs, core_s, round(cpu_user_w), round(cpu_user_xw)
		FROM warehouse.performance_period u JOIN warehouse.cluster c USING (cluster_id)
		WHERE dimension_id = 0 ORDER BY 1, 2, 3"
	sql "SELECT c.name, day, sum(ended_jobs), sum(core_s) FROM warehouse.efficiency_day JOIN warehouse.cluster c USING (cluster_id)
		GROUP BY 1, 2 ORDER BY 1, 2"
	sql "SELECT count(*) FROM warehouse.public_mark UNION ALL SELECT count(*) FROM warehouse.public_month"
	sql "SELECT realm, dimension, cube, period, is_others, value, sums ->> 'core_s', people ->> 'core_s' FROM warehouse.public_cell
		ORDER BY 1, 2, 3, 4, 5, 6"
	sql "SELECT unit, period, d.name, bucket, sum(ended_jobs), sum(weight_s) FROM warehouse.histogram_period
		JOIN warehouse.distribution d USING (distribution_id) GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
}

compare() {
	in_database clean dump_all >"$dir/clean"
	in_database killed dump_all >"$dir/killed"
	same "$1" "$dir/clean" "$dir/killed"
	cursor="SELECT cursor FROM warehouse.document_store"
	equal "$1: seen by everybody" "$(grep -c '^Jobs|nodecount|usage|' "$dir/clean" | awk '{ print ($1 > 0) }')" 1
	equal "$1: place in the store" "$(in_database killed sql "$cursor")" "$(in_database clean sql "$cursor")"
}

in_database clean run 3 --catalogue "$here/catalogue"
in_database killed "$here/kill-load" "$store" 30 "$load_program" --config "$dir/settings.yaml" \
	--catalogue "$here/catalogue" --batch "$batch"
compare 'loader killed while jobs are new'
equal 'jobs' "$(in_database killed sql 'SELECT count(*) FROM warehouse.jobs')" $((jobs + 18))

# The same again while jobs end, move to other partitions and change.
"$store_tool" generate "$store" "$here/catalogue" 1000 "$jobs" 1
in_database clean run 0 --catalogue "$here/catalogue"
in_database killed "$here/kill-load" "$store" 20 "$load_program" --config "$dir/settings.yaml" \
	--catalogue "$here/catalogue" --batch "$batch"
compare 'loader killed while jobs change'

# The server's process is ended under the loader, and the server crashes.
disturb_backend() {
	psql -XAtqc "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'jobsight-load'" "$PG_URL" >"$dir/ended"
}
disturb_server() {
	"$postgres" stop "$dir/pg" immediate
	"$postgres" start "$dir/pg" >"$dir/ended"
}
createdb ended
loader_of_ended() {
	"$load_program" --config "$dir/settings.yaml" --catalogue "$here/catalogue" \
		--warehouse "host=$PGHOST user=$PGUSER dbname=ended" "$@" >"$dir/said" 2>&1
}
loader_of_ended --migrate
disturbed=0
round=0
again=
while [ "$round" -lt 15 ]; do
	round=$((round + 1))
	# shellcheck disable=SC2086
	loader_of_ended --batch $batch $again &
	loader=$!
	sleep "$(awk -v n="$round$$" 'BEGIN { srand(n); printf "%.3f", 0.1 + 0.5 * rand() }')"
	if [ $((round % 5)) -eq 0 ]; then disturb_server; else disturb_backend; fi
	code=0
	wait "$loader" || code=$?
	case $code in
	75) disturbed=$((disturbed + 1)) ;;
	0 | 3) again=--again ;;
	*) equal "a loader whose server went away ($(cat "$dir/said"))" "$code" 75 ;;
	esac
done
[ "$disturbed" -gt 0 ] || equal 'loaders that lost their server' 0 'some'
code=0
loader_of_ended || code=$?
[ "$code" -eq 0 ] || equal 'the last run' "$code" 3
# This one never saw the jobs run, so compare with one that did not either.
createdb late
in_database late run 0 --migrate --catalogue "$here/catalogue"
in_database late run 3 --catalogue "$here/catalogue"
in_database late dump_all >"$dir/clean"
in_database ended dump_all >"$dir/killed"
same 'server killed' "$dir/clean" "$dir/killed"

# Migrations killed at any instant.
createdb half
for delay in 0.02 0.05 0.08 0.1 0.12 0.15 0.2 0.25 0.3; do
	"$load_program" --config "$dir/settings.yaml" --migrate --catalogue "$here/catalogue" \
		--warehouse "host=$PGHOST user=$PGUSER dbname=half" >"$dir/said" 2>&1 &
	loader=$!
	sleep $delay
	kill -9 $loader 2>/dev/null || :
	wait $loader 2>/dev/null || :
	until [ "$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = 'half'")" = 0 ]; do sleep 0.05; done
done
in_database half run 0 --migrate --catalogue "$here/catalogue"
in_database half dump | sed '/^cluster$/,$d' >"$dir/killed"
in_database late dump | sed '/^cluster$/,$d' >"$dir/clean"
same 'migration killed' "$dir/clean" "$dir/killed"
finish
