#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# modify.sh MODIFY LOAD POSTGRES: projects, domains and business codes changed by hand in a real warehouse.
# shellcheck disable=SC2154 # work, PG_URL
set -u
modify=$1 load=$2 postgres=$3
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has psql
# shellcheck source=SCRIPTDIR/warehouse.sh
. "$(dirname "$0")/warehouse.sh"
start_postgres
migrate "$PG_URL"
echo "warehouse: {url: \"$PG_URL\"}" >"$work/settings.yaml"

# does CODE OUTPUT ARGUMENT ...
does() {
	local rc=0 wanted=$1 text=$2
	shift 2
	"$modify" --config "$work/settings.yaml" "$@" >"$work/out" 2>&1 || rc=$?
	cat "$work/out"
	[ $rc -eq "$wanted" ] && [ "$(sed 's/^jobsight-modify: error: //' "$work/out" | tr '\t\n' ' ;')" = "$text" ]
}

ok 'nothing is there' does 0 '' list project
ok 'a domain is made' does 0 'phys Physics;' --add --description Physics domain phys
ok 'another' does 0 'bio -;' --add domain bio
ok 'not twice' does 1 'domain bio is there already;' --add domain bio
ok 'a business code' does 0 'P001 Research;' --add -d Research business P001
ok 'a project, with all' does 0 'astro Stars phys P001;' --add -d Stars -D phys -b P001 project astro
ok 'it was so always' is "SELECT lower(valid), upper_inf(valid) FROM warehouse.project_history" '-infinity|t'
ok 'is shown' does 0 'astro Stars phys P001;' project astro
ok 'called otherwise' does 0 'astro Stars & more phys P001;' -d 'Stars & more' project astro
ok 'in another domain from now on' does 0 'astro Stars & more bio P001;' -D bio project astro
ok 'its past is as it was' is "SELECT d.name FROM warehouse.project_history h JOIN warehouse.domain d USING (domain_id)
	ORDER BY lower(valid)" 'phys
bio'
ok 'a change may be tried' does 0 'astro tried bio P001;' --dry-run -d tried project astro
ok 'and is none' does 0 'astro Stars & more bio P001;' project astro
ok 'a domain that is not there' does 1 'there is no project astro, or no domain chem;' -D chem project astro
ok 'a project that is not there' does 1 'there is no project nova;' -d x project nova
ok 'not even to be shown' does 1 'there is no project nova;' project nova
ok 'signs of SQL are text' does 1 "there is no project a%' OR true --;" "project" "a%' OR true --"
ok 'a half-done change is none' does 1 'there is no project new, or no domain chem;' --add -D chem project new
ok '...' does 1 'there is no project new;' project new
"$modify" --config "$work/settings.yaml" --add project as_ro >/dev/null
ok 'a list by pattern' does 0 'as_ro - - -;' list project 'as_*'
ok 'one in use stays' does 1 'domain phys is in use;' --remove domain phys
ok 'one that nothing needs goes' does 0 '' --remove project as_ro
ok '... once' does 1 'there is no project as_ro;' --remove project as_ro
ok 'only projects have domains' does 2 'only a project has a domain and a business code;' -D bio business P001
ok 'no code is a wrong use' does 2 'say project, domain or business and a code; see --help;' project
ok 'so is another kind' does 2 '"user" is not project, domain or business;' user alice
ok 'and a removal that changes' does 2 '--remove goes with no other change;' --remove -d x project astro
ok 'a server that is away' does 75 "$("$modify" --config "$work/settings.yaml" --warehouse 'host=127.0.0.1 port=1' list project 2>&1 |
	sed 's/^jobsight-modify: error: //' | tr '\n' ';')" --warehouse 'host=127.0.0.1 port=1' list project
done_testing
