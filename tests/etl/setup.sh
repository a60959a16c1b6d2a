# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# What the loader's tests share: a folder, a server and a store of their own, and words for checks.
# Sourced with the paths of jobsight-load and store-tool as $1 and $2.
set -eu
# A program that was killed leaves its counters in shared memory, and libmongoc complains to the next of its number.
export MONGOC_DISABLE_SHM=1
here=$(cd "$(dirname "$0")" && pwd)
load_program=$1
store_tool=$2
dir=$(mktemp -d "${TMPDIR:-/tmp}/jobsight-etl.XXXXXX")
postgres=$here/../servers/postgres
trap '"$postgres" stop "$dir/pg" immediate; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
started=$("$postgres" start "$dir/pg")
eval "$started"
export PGDATABASE
unset PGSERVICE PGOPTIONS PGPASSFILE || :
JOBSIGHT_STORE_URL=sqlite:$dir/store.sqlite
export JOBSIGHT_STORE_URL
store=$JOBSIGHT_STORE_URL
: >"$dir/settings.yaml"
failures=0

# run WANTED-CODE ARGUMENT...: jobsight-load, with what it says in $dir/said.
run() {
	wanted=$1
	shift
	code=0
	"$load_program" --config "$dir/settings.yaml" --warehouse "$PG_URL" "$@" >"$dir/said" 2>&1 || code=$?
	[ "$code" -eq "$wanted" ] && return 0
	echo "FAILED: jobsight-load $*: exit code $code, not $wanted:"
	cat "$dir/said"
	failures=$((failures + 1))
}

sql() {
	psql -XAtq -v ON_ERROR_STOP=1 "$PG_URL" -c "$1"
}

# equal WHAT GOT WANTED
equal() {
	[ "$2" = "$3" ] && return 0
	printf 'FAILED: %s\n  is     %s\n  not    %s\n' "$1" "$2" "$3"
	failures=$((failures + 1))
}

# same WHAT FILE FILE
same() {
	cmp -s "$2" "$3" && return 0
	echo "FAILED: $1:"
	diff "$2" "$3" | head -n 40
	failures=$((failures + 1))
}

# says WHAT: the last run said it.
says() {
	grep -q -e "$1" "$dir/said" && return 0
	echo "FAILED: jobsight-load does not say '$1' but:"
	cat "$dir/said"
	failures=$((failures + 1))
}

dump() {
	"$here/dump-warehouse" "$PG_URL"
}

# Names for jobs that tests put by themselves.
people() {
	sql "INSERT INTO warehouse.cluster (cluster_id, name) VALUES (1, 'c');
		INSERT INTO warehouse.person (person_id, name) VALUES (1, 'alice'), (2, 'pi');
		INSERT INTO warehouse.account (account_id, name) VALUES (1, 'phys')"
}

# job RAW SUBMIT START END CORES [CPU-USER [MEASURED [PERSON]]]: a job put into the facts; START and END may be
# NULL and infinity.
job() {
	sql "SELECT warehouse.create_month(t) FROM (VALUES ($4::timestamptz)) v (t);
		INSERT INTO warehouse.job_key (job_id, cluster_id, raw_id, submit_t, end_t) VALUES ($1, 1, $1, $2, $4);
		INSERT INTO warehouse.job (job_id, end_t, submit_t, start_t, measured_t, raw_id, nodes, cores, gpus,
			cluster_id, local_id, person_id, account_id) VALUES ($1, $4, $2, $3, ${7:-NULL}, $1, 1, $5, 0, 1, $1, ${8:-1}, 1);
		INSERT INTO warehouse.job_metric (job_id, end_t, person_id, account_id, cpu_user)
			VALUES ($1, $4, ${8:-1}, 1, ${6:-NULL})" >/dev/null
}

finish() {
	[ "$failures" -eq 0 ] && exit 0
	echo "$failures checks failed"
	exit 1
}
