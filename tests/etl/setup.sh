# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2034
# What the loader's tests share: a folder, a server and a store of their own, and words for checks.
# Sourced with the paths of jobsight-load and store-tool as $1 and $2.
set -eu
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

finish() {
	[ "$failures" -eq 0 ] && exit 0
	echo "$failures checks failed"
	exit 1
}
