#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Old archives by the commands of a site, as docs/operations.md says them: rsync over ssh to a private sshd,
# and an object store's command (tests/keeper/objects). What is away is verified before anything is
# removed; a job's archives come back as they were.
#
# usage: vaults.sh BUILD-DIRECTORY
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
skip_unless_has rsync ssh zstd python3
tree=$work/tree

made() { # HOST DAY
	local folder=$tree/$1/2026/03/$2 m
	mkdir -p "$folder"
	{
		printf 'version 2\nhost %s\nstart 2026-03-%sT00:00:00Z\nmetric t.count 60.1.1 u64 - counter\n' "$1" "$2"
		for ((m = 0; m < 300; m++)); do printf 'at %d\nt.count %d\n' $((m * 30)) $((m * m)); done
	} >"$work/text"
	"$build/tests/support/mkarchive" "$work/text" "$folder/202603$2.00.00"
	touch -d 2026-03-03 "$folder"/*
}
fresh() {
	rm -rf "$tree" "$work/state"
	for host in cn01 cn02; do
		made $host 01
		made $host 02
	done
	rm -rf "$work/original"
	cp -a "$tree" "$work/original"
}
printf '%s\n' 'JobID|JobIDRaw|Cluster|User|Submit|Start|End|NNodes|NCPUS|NodeList|State' \
	'7|7|demo|ann|2026-03-01T09:00:00|2026-03-02T00:10:00|2026-03-02T01:00:00|1|1|cn01|COMPLETED' >"$work/sacct.txt"
configure() { # PUT GET
	cat >"$work/settings.yaml" <<-C
		store: {url: "sqlite:$work/none.sqlite"}
		archive: {state: $work/state, pack: zstd, age: 10d, put: '$1', get: '$2'}
		clusters:
		  - {name: demo, archives: $tree, accounting: "sacct:$work/sacct.txt"}
	C
}
ends() { # CODE ARGUMENT...
	local rc=0 wanted=$1
	shift
	"$build/keeper/jobsight-archive" --config "$work/settings.yaml" --at 2026-03-20T00:00:00Z "$@" \
		>"$work/said" 2>&1 || rc=$?
	[ "$rc" = "$wanted" ] || {
		echo "ended with $rc"
		cat "$work/said"
		return 1
	}
}
files() { find "$tree" -type f | wc -l; }
same() { # FILE: of cn01, packed or not, as it was
	local name=cn01/2026/03/02/20260302.00.00.$1
	if [ -f "$tree/$name" ]; then
		cmp "$tree/$name" "$work/original/$name"
	else
		zstd -dcq "$tree/$name.zst" | cmp - "$work/original/$name"
	fi
}
goes_and_comes() { # WHERE
	ok "$1: all goes there" ends 0
	ok '... and nothing is left here' [ "$(files)" = 0 ]
	ok '... again: nothing to do' ends 0
	ok '... the archives of a job come back' ends 0 restore --job 7
	ok '... the days of its node alone' [ "$(find "$tree" -type f ! -path '*/cn01/*' | wc -l)" = 0 ]
	for file in 0 index meta; do ok "... $file as it was" same $file; done
	ok '... the next sweep lets them be' ends 0
	ok '... all of them' [ "$(files)" = 6 ]
}

# rsync over ssh
eval "$("$here/../servers/sshd" start "$work/sshd")"
at_exit "'$here/../servers/sshd' stop '$work/sshd'"
far=$work/far
mkdir "$far"
# one connection for all: a site would do the same in its ssh_config
shell="ssh -p $SSHD_PORT -i $SSHD_KEY -o UserKnownHostsFile=$SSHD_KNOWN_HOSTS -o BatchMode=yes"
shell="$shell -o ControlMaster=auto -o ControlPath=$work/c -o ControlPersist=60"
hang_up() { $shell -O exit "${SSHD_LOGIN%:*}" >/dev/null 2>&1 || :; }
at_exit hang_up
there=${SSHD_LOGIN%:*}:$far
fresh
configure "rsync -a --mkpath -e \"$shell\" {file} $there/{path}" "rsync -a -e \"$shell\" $there/{path} {file}"
goes_and_comes 'rsync over ssh'
ok '... lies there as files' [ "$(find "$far/cn02" -name '*.zst' | wc -l)" = 4 ]
ok '... whose checksums are right' sh -c "cd '$far/cn01/2026/03/02' && sed 's/ /  /' MANIFEST | sha256sum -c --quiet"
fresh
printf x | dd of="$far/cn02/2026/03/01/20260301.00.00.meta.zst" bs=1 seek=30 conv=notrunc status=none
ok 'a file there that has rotted since' ends 3
ok '... is named' grep -q 'cn02/2026/03/01/20260301.00.00.meta' "$work/said"
ok '... and what is here stays' [ "$(find "$tree/cn02/2026/03/01" -type f | wc -l)" = 3 ]
hang_up
"$here/../servers/sshd" stop "$work/sshd"
fresh
ok 'a server that is away' ends 3
ok '... nothing is removed' [ "$(files)" = 12 ]

# an object store
fresh
store=$work/store
mkdir "$store"
cp_=$(printf 'python3 %s %s cp' "$here/objects" "$store")
configure "$cp_ {file} s3://jobsight/{path}" "$cp_ s3://jobsight/{path} {file}"
touch "$store/rot"
ok 'an object store that loses bytes' ends 3
ok '... what did not come back whole stays here' [ "$(files)" -gt 0 ]
rm "$store/rot"
goes_and_comes 'an object store'
ok '... by flat keys' grep -qx 's3://jobsight/cn01/2026/03/02/20260302.00.00.0.zst' "$store/keys"
rm -rf "$tree/cn01"
rm -f "$store"/objects/*
ok 'an object that is gone' ends 1 restore --job 7
ok '... is an error that names it' grep -q 'cn01/2026/03/0' "$work/said"
done_testing
