# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# For tests with a warehouse, after lib.sh, with jobsight-load as $load and tests/servers/postgres as $postgres:
#
#   start_postgres             a server of the test's own: PG_URL, PGHOST, PGUSER
#   migrate URL [CATALOGUE]    makes the warehouse; the catalogue of the project, or tests/etl/catalogue
#   sql SQL                    asks PG_URL
#   is SQL WANTED              what it says
#   equals GOT WANTED
#   ignores CODE ARGUMENT...   $import raises the code again where it is ignored, counts it, and says nothing of it
unset JOBSIGHT_CONFIG
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

start_postgres() {
	local started rc=0
	started=$("$postgres" start "$work/pg") || rc=$?
	[ $rc -eq 0 ] || exit $rc
	# shellcheck disable=SC2016 # at the end
	at_exit '"$postgres" stop "$work/pg" immediate'
	eval "$started"
}

migrate() {
	: >"$work/none.yaml"
	"$load" --config "$work/none.yaml" --warehouse "$1" --migrate \
		--catalogue "${2:-$tests/../conf/catalogue}" >"$work/load.log" 2>&1 && return
	cat "$work/load.log" >&2
	exit 99
}

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$PG_URL" -c "$1"; }

equals() {
	[ "$1" = "$2" ] && return
	printf 'is\n%s\nnot\n%s\n' "$1" "$2"
	return 1
}

is() {
	local got
	got=$(sql "$1") || return 1
	equals "$got" "$2"
}

ignores() {
	local code=$1
	shift
	JOBSIGHT_IMPORT_IGNORE=$code "$import" --again "$@" >"$work/said" 2>&1 || [ $? -eq 3 ] || {
		cat "$work/said"
		return 1
	}
	is "SELECT count(*) > 0 AND bool_and(is_ignored) FROM warehouse.import_quality WHERE code = '$code'
		AND run_id = (SELECT max(run_id) FROM warehouse.import_run)" t && ! grep "$code" "$work/said"
}
