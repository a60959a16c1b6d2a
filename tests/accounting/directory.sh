#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# directory.sh IMPORT CHECK LOAD POSTGRES SLAPD SLURM: 200 users of a real LDAP server, whole and broken entries, into
# a real warehouse, and what a check says of that server; then those of a real Slurm besides.
# shellcheck disable=SC2154 # work, PG_URL, LDAP_*, SLURM_*
set -u
import=$1 check=$2 load=$3 postgres=$4 slapd=$5 slurm=$6
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has psql slapd slapadd openssl
# shellcheck source=SCRIPTDIR/warehouse.sh
. "$(dirname "$0")/warehouse.sh"

# Users u001 to u190 are whole; u191 has no first name; u192 is in no department; u193 has a primary group that
# is not there, and no department; u194 to u200 are written in capitals. "ghost" has no entry.
{
	printf 'dn: dc=example,dc=org\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n\n'
	for unit in people groups; do
		printf 'dn: ou=%s,dc=example,dc=org\nobjectClass: organizationalUnit\nou: %s\n\n' $unit $unit
	done
	for i in $(seq 1 200); do
		login=$(printf u%03d "$i")
		[ "$i" -lt 194 ] || login=${login^^}
		gid=$((5000 + i % 2))
		[ "$i" -ne 193 ] || gid=9999
		printf 'dn: uid=%s,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\n' "$login"
		printf 'uid: %s\ncn: User %d\nsn: Family%d\nuidNumber: %d\ngidNumber: %d\nhomeDirectory: /home/%s\n' \
			"$login" "$i" "$i" $((1000 + i)) "$gid" "$login"
		[ "$i" -eq 191 ] || printf 'givenName: First%d\n' "$i"
		printf 'createTimestamp: 20260102030405Z\n\n'
	done
	group() { # CN GID
		printf 'dn: cn=%s,ou=groups,dc=example,dc=org\nobjectClass: posixGroup\ncn: %s\ngidNumber: %d\n' "$1" "$1" "$2"
	}
	group users 4000
	for i in $(seq 1 200); do printf 'memberUid: u%03d\n' "$i"; done
	printf 'memberUid: ghost\n\n'
	group empty 4001
	echo
	group staff 5000
	echo
	group crew 5001
	echo
	group dpt-phys-astro 6000
	for i in $(seq 1 100); do printf 'memberUid: U%03d\n' "$i"; done
	echo
	group dpt-bio 6001
	for i in $(seq 90 191) $(seq 194 200); do printf 'memberUid: u%03d\n' "$i"; done
	echo
	# groupOfNames is what has members by name; a posixGroup may not in this schema.
	printf 'dn: cn=guests,ou=groups,dc=example,dc=org\nobjectClass: groupOfNames\nobjectClass: extensibleObject\n'
	printf 'objectClass: posixGroup\ncn: guests\ngidNumber: 4002\n'
	printf 'member: uid=U200,ou=people,dc=example,dc=org\nmember: uid=nobody,ou=people,dc=example,dc=org\n\n'
} | sed '/^objectClass: extensibleObject$/d; /^dn: cn=guests/,/^$/{/^objectClass: posixGroup$/d;s/^gidNumber.*/description: guests/}' >"$work/all.ldif"

started=$("$slapd" start "$work/slapd" "$work/all.ldif") || exit $?
at_exit "'$slapd' stop '$work/slapd'"
eval "$started"
start_postgres
migrate "$PG_URL"

(umask 077 && echo "$LDAP_PASSWORD" >"$work/password")
echo 'bio Biology' >"$work/aliases"
# settings USERS [LINE OF ldap ...]
settings() {
	local users=$1
	shift
	{
		echo "warehouse: {url: \"$PG_URL\"}"
		echo "import: {ignore: '${IGNORE:-}', strict: '${STRICT:-}'}"
		echo "ldap:"
		printf '  %s\n' "url: $LDAP_URL" "dn: '$LDAP_DN'" "password_file: ${PASSWORD:-$work/password}" \
			"ca_file: ${CA:-$LDAP_CA}" "people: 'ou=people,$LDAP_BASE'" \
			"groups_base: '${GROUPS_BASE:-ou=groups,$LDAP_BASE}'" \
			"groups_filter: '(|(objectClass=posixGroup)(objectClass=groupOfNames))'" "$@"
		echo "clusters:"
		echo "- {name: alpha, users: '$users', accounting: '${ACCOUNTING:-}'}"
	} >"$work/settings.yaml"
}
run() { # CODE [ARGUMENT ...]
	local rc=0 wanted=$1
	shift
	"$import" --config "$work/settings.yaml" --category user "$@" >"$work/said" 2>&1 || rc=$?
	cat "$work/said"
	[ $rc -eq "$wanted" ]
}
# checks CODE WORDS: what jobsight-check says of the settings
checks() {
	local rc=0
	"$check" --config "$work/settings.yaml" --category user >"$work/said" 2>&1 || rc=$?
	[ $rc -eq "$1" ] && said "$2" || { cat "$work/said"; return 1; }
}
met() {
	local got
	got=$(sql "SELECT code, n FROM warehouse.import_quality WHERE run_id = (SELECT max(run_id) FROM
		warehouse.import_run) ORDER BY 1" | tr '\n' ' ')
	[ "$got" = "$1" ] || { echo "$got"; return 1; }
}
said() { grep -q -- "$1" "$work/said"; }
departments=("departments: 'dpt-*'" "department_regexp: 'cn=dpt-([a-z]+)-?([a-z]*),'")

settings ldap 'groups: users,empty' "${departments[@]}" "aliases: $work/aliases"
ok 'a check of the directory' checks 0 '^well  *alpha: user'
ok '... changes nothing' is 'SELECT count(*) FROM warehouse.login' 0
ok 'users are imported' run 3
ok 'and what is broken is counted' met 'E_U0001|1 E_U0002|1 E_U0003|2 E_U0006|1 '
ok 'all with entries, in small letters' is "SELECT count(*), min(p.name), max(p.name) FROM warehouse.login l
	JOIN warehouse.person p USING (person_id)" '200|u001|u200'
ok 'with names, numbers and the first department' is "SELECT p.name, p.first_name, p.last_name, l.uid, l.gid, l.created, o.name
	FROM warehouse.login l JOIN warehouse.person p USING (person_id)
	LEFT JOIN warehouse.person_history h ON h.person_id = p.person_id AND upper_inf(h.valid)
	LEFT JOIN warehouse.organization o USING (organization_id)
	WHERE p.name IN ('u001', 'u095', 'u150', 'u191', 'u192', 'u193', 'u200') ORDER BY 1" \
	'u001|First1|Family1|1001|5001|2026-01-02|phys-astro
u095|First95|Family95|1095|5001|2026-01-02|phys-astro
u150|First150|Family150|1150|5000|2026-01-02|Biology
u191||Family191|1191|5001|2026-01-02|Biology
u192|First192|Family192|1192|5000|2026-01-02|staff-unknown
u193|First193|Family193|1193|9999|2026-01-02|
u200|First200|Family200|1200|5000|2026-01-02|Biology'
ok 'again' run 3
ok 'nothing changes' is 'SELECT added, changed, removed FROM warehouse.import_step ORDER BY step_id DESC LIMIT 1' '0|0|0'
IGNORE=E_U0001,E_U0002,E_U0003,E_U0006 settings ldap 'groups: users' "${departments[@]}"
ok 'codes may be ignored' run 0
settings ldap 'groups: users' "${departments[@]}"
for code in E_U0001 E_U0002 E_U0003 E_U0006; do
	ok "$code is ignored alone" ignores $code --config "$work/settings.yaml"
done
for code in E_U0001 E_U0002 E_U0003 E_U0006; do
	STRICT=$code settings ldap 'groups: users' "${departments[@]}"
	ok "$code may be too much" run 1
	ok '... and says so' said "$code, and import.strict"
done
settings ldap 'group: users' "${departments[@]}"
ok 'the old word is taken' run 3
ok 'and named' met 'E_U0001|1 E_U0002|1 E_U0003|2 E_U0005|1 E_U0006|1 '
ok 'E_U0005 is ignored' ignores E_U0005 --config "$work/settings.yaml" --category user
STRICT='' settings ldap:guests
ok 'members by name' run 3
ok 'one has an entry' is "SELECT count(*) FROM warehouse.login WHERE deleted IS NULL" 1
ok 'the other is counted' met 'E_U0001|1 E_U0003|1 '
settings ldap:guests,users
ok 'who comes back has an account again' run 3
ok '... as before' is "SELECT count(*) FROM warehouse.login WHERE deleted IS NULL" 200

# ---- what keeps us from reading ----
settings ldap:nowhere
ok 'a group that is not there' run 1
ok '... is named' said '0 groups are called nowhere'
settings ldap
ok 'no group' run 1
ok '... is told' said 'ldap.groups is not set'
(umask 077 && echo wrong >"$work/wrong")
PASSWORD=$work/wrong settings ldap:users
ok 'a wrong password' run 1
ok '... is told, not shown' said 'Invalid credentials'
ok '... by a check, too' checks 1 'Invalid credentials'
ok '... as failed' said '^FAILED  *alpha: user'
CA=/etc/ssl/certs/ca-certificates.crt settings ldap:users
ok 'a server that nobody vouches for' run 75
ok '... is not asked' said 'bind'
ok '... by a check either' checks 1 'bind'
GROUPS_BASE=ou=none,dc=example,dc=org settings ldap:users
ok 'a base that is not there' run 1
ok '... is named' said 'ou=none,dc=example,dc=org: No such object'
ok '... by a check, too' checks 1 'ou=none,dc=example,dc=org: No such object'
url=$LDAP_URL
LDAP_URL=ldaps://127.0.0.1:1 settings ldap:users
ok 'a server that is away' run 75
ok '... is told by a check' checks 1 "Can't contact LDAP server"
LDAP_URL=$url settings ldap:users
ok 'and one that is there again is well' checks 0 '^well  *alpha: user'
settings ldap:users "department_regexp: '('" "departments: '*'"
ok 'an expression that is none' run 1
ok '... is named' said 'ldap.department_regexp'
echo 'lonely' >"$work/bad-aliases"
settings ldap:users "aliases: $work/bad-aliases"
ok 'an alias of nothing' run 1
ok '... is named with its line' said 'bad-aliases:1: not NAME ALIAS'
ok 'and nobody lost an account by any of it' is "SELECT count(*) FROM warehouse.login WHERE deleted IS NULL" 200

# ---- with Slurm's users ----
if started=$("$slurm" start "$work/lab" --nodes 1 --cpus 1 --cluster alpha 2>"$work/slurm.log"); then
	at_exit "'$slurm' stop '$work/lab' >/dev/null 2>&1"
	eval "$started"
	for user in u001 u150 stranger; do
		sacctmgr -i add user "$user" account=root cluster=alpha >/dev/null
	done
	export JOBSIGHT_SLURMDB_PASSWORD=$SLURM_DB_PASSWORD
	ACCOUNTING="slurmdb:socket=$SLURM_DB_SOCKET database=$SLURM_DB_NAME user=$SLURM_DB_USER"
	settings ldap-slurm:guests
	ok 'users of Slurm besides' run 3
	there() { met 'E_U0001|1 E_U0003|3 E_U0004|2 ' || met 'E_U0001|1 E_U0003|3 E_U0004|1 '; }
	ok 'those without entry are counted' there
	ok 'the others are there' is "SELECT string_agg(p.name, ' ' ORDER BY p.name) FROM warehouse.login l
		JOIN warehouse.person p USING (person_id) WHERE deleted IS NULL" 'u001 u150 u200'
	ok 'E_U0004 is ignored' ignores E_U0004 --config "$work/settings.yaml" --category user
	IGNORE=E_U0001,E_U0003,E_U0004 settings ldap-slurm:guests
	ok 'and may be ignored' run 0
fi
done_testing
