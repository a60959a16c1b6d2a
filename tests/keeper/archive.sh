#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Old archives: packed, thinned, moved away and brought back; what must be refused; and SIGKILL at random
# instants, after each of which every byte ever recorded must still be somewhere.
#
# usage: archive.sh BUILD-DIRECTORY [KILLS]
set -eu
build=$(cd "$1" && pwd)
kills=${2:-16}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
skip_unless_has zstd xz pmlogcheck pmdumplog
unset PCP_HOST PCP_ARCHIVE
archive=$build/keeper/jobsight-archive
tree=$work/tree away=$work/away
now=2026-03-20T00:00:00Z

# made HOST DAY BASE MINUTES: an archive of two volumes and the boundaries beside it
made() {
	local folder=$tree/$1/2026/03/$2 m
	mkdir -p "$folder"
	{
		printf 'version %s\nhost %s\nstart 2026-03-%sT00:00:00Z\n' "${5:-3}" "$1" "$2"
		printf 'metric t.count 60.1.1 u64 60.1 counter\nmetric t.rare 60.1.2 u64 - counter\nindom 60.1 0=a, 1=b\n'
		for ((m = 0; m < $4; m++)); do
			if ((m == $4 / 2)); then echo volume; fi
			printf 'at %d\nt.count 0=%d 1=%d\n' $((m * 30)) $((m * 7)) $((m * m))
			if ((m % 20 == 0)); then printf 'at %d.5\nt.rare %d\n' $((m * 30)) "$m"; fi
			if ((m == 101)); then printf 'mark %d.7\n' $((m * 30)); fi
		done
	} >"$work/text"
	"$build/tests/support/mkarchive" "$work/text" "$folder/$3"
	{
		printf 'version 3\nhost %s\nstart 2026-03-%sT00:00:00Z\nmetric jobsight.boundary.job 340.0.0 string 340.1 instant\n' "$1" "$2"
		printf 'indom 340.1 0=0\nat 5\njobsight.boundary.job 0=7\nat 6\njobsight.boundary.job 0=8\n'
	} >"$work/text"
	"$build/tests/support/mkarchive" "$work/text" "$folder/boundaries-202603$2"
}
# What was last written long ago, as the clock of --at sees it.
age() { find "$tree" -type f -exec touch -d 2026-03-03 {} +; }
fresh() {
	chmod -R u+w "$tree" "$away" 2>/dev/null || :
	rm -rf "$tree" "$away" "$work/state"
	mkdir -p "$tree" "$away"
	local host
	for host in cn01 cn02.example.org; do
		made "$host" 01 20260301.00.00 200
		made "$host" 02 20260302.00.00 200
	done
	made cn01 19 20260319.00.00 60
	age
	touch -d 2026-03-19T23:59:00Z "$tree"/cn01/2026/03/19/*
	rm -rf "$work/original"
	cp -a "$tree" "$work/original"
}
head='JobID|JobIDRaw|Cluster|User|Submit|Start|End|NNodes|NCPUS|NodeList|State'
printf '%s\n' "$head" '7|7|demo|ann|2026-03-01T09:00:00|2026-03-02T00:10:00|2026-03-02T01:00:00|2|2|cn01,cn02|COMPLETED' \
	'8|8|demo|ann|2026-03-01T09:00:00|Unknown|2026-03-02T01:00:00|0|0|None assigned|CANCELLED' >"$work/sacct.txt"
configure() { # lines of the group archive
	printf 'store: {url: "sqlite:%s/none.sqlite"}\narchive:\n  state: %s/state\n' "$work" "$work" >"$work/settings.yaml"
	printf '  %s\n' "$@" >>"$work/settings.yaml"
	printf 'clusters:\n  - {name: demo, archives: %s, accounting: "sacct:%s/sacct.txt"}\n' "$tree" "$work" >>"$work/settings.yaml"
}
run() { "$archive" --config "$work/settings.yaml" --at "$now" "$@"; }
ends() { # CODE ARGUMENT...
	local rc=0 wanted=$1
	shift
	run "$@" >"$work/said" 2>&1 || rc=$?
	[ "$rc" = "$wanted" ] || {
		echo "ended with $rc"
		cat "$work/said"
		return 1
	}
}
sums() { (cd "$1" && find . -type f -printf '%p\n' | sort | xargs -r sha256sum); }
unpacked() { # FILE: what it holds
	case $1 in
	*.zst) zstd -dcq "$1" ;;
	*.xz) xz -dc "$1" ;;
	*) cat "$1" ;;
	esac
}
# every_byte_is_somewhere: each original file, plain or packed, is whole in the tree or away
every_byte_is_somewhere() {
	local f name found candidate
	while read -r f; do
		name=${f#"$work/original/"} found=
		for candidate in "$tree/$name" "$tree/$name.zst" "$away/$name" "$away/$name.zst"; do
			[ -f "$candidate" ] || continue
			if unpacked "$candidate" 2>/dev/null | cmp -s - "$f"; then found=yes; fi
		done
		[ -n "$found" ] || {
			echo "lost: $name"
			return 1
		}
	done < <(find "$work/original" -type f)
}
count() { find "$1" -type f -name "$2" | wc -l; }

fresh
configure 'pack: zstd' 'pack_age: 2d' 'age: 0'
before=$(sums "$tree")
ok 'a dry run' ends 0 --dry-run
ok '... changes nothing' [ "$(sums "$tree")" = "$before" ]
ok '... says what it would do' grep -q 'would pack cn01/2026/03/01/20260301.00.00.0' "$work/said"
ok 'pack' ends 0
ok '... volumes and metadata, the index stays as it is' [ "$(count "$tree" '*.zst')" = 20 ]
ok '... nothing of yesterday' [ "$(count "$tree/cn01/2026/03/19" '*.zst')" = 0 ]
ok '... and all is still there' every_byte_is_somewhere
packed=$(sums "$tree")
ok 'again' ends 0
ok '... nothing is left to do' [ "$(sums "$tree")" = "$packed" ]
doctor() { "$build/keeper/jobsight-doctor" --config "$work/settings.yaml" --at 2026-03-02T00:30:00Z --json >"$work/json" || :; }
doctor
ok 'the doctor reads packed ones' grep -q '"sample": "2026-03-02T01:39:30' "$work/json"
cp "$work/original/cn01/2026/03/01/20260301.00.00.1" "$tree/cn01/2026/03/01/"
echo more >>"$tree/cn01/2026/03/01/20260301.00.00.1"
age
ok 'a plain and a packed volume that differ' ends 3
ok '... are both kept' [ -f "$tree/cn01/2026/03/01/20260301.00.00.1" ]
ok '... and the packed one is as it was' every_byte_is_somewhere
rm "$tree/cn01/2026/03/01/20260301.00.00.1"

# moved into a directory, and back
configure 'pack: zstd' 'age: 10d' "long_term: $away"
echo notes >"$tree/cn01/2026/03/01/README"
ok 'move' ends 0
ok '... but for yesterday and what is no archive' [ "$(count "$tree" '*')" = 8 ]
ok '... and all is somewhere' every_byte_is_somewhere
ok '... with a manifest for each day' [ "$(count "$away" MANIFEST)" = 4 ]
ok '... whose checksums are right' sh -c "cd '$away/cn01/2026/03/02' && sed 's/ /  /' MANIFEST | sha256sum -c --quiet"
ok '... empty folders went' [ ! -d "$tree/cn01/2026/03/02" ]
ok '... folders with something else did not' [ -f "$tree/cn01/2026/03/01/README" ]
vault=$(sums "$away")
ok 'again' ends 0
ok '... changes nothing' [ "$(sums "$away")" = "$vault" ]
ok 'bring back, dry' ends 0 restore --job 7 --dry-run
ok '... brings nothing' [ ! -d "$tree/cn01/2026/03/02" ]
ok 'bring back' ends 0 restore --job 7
ok '... both hosts, one under its long name, all their days' [ "$(count "$tree" '*.zst')" = 20 ]
ok 'a sweep lets them be' ends 0
ok '... all of them' [ "$(count "$tree" '*.zst')" = 20 ]
now=2026-03-28T00:00:00Z
ok 'once their time is over' ends 0
ok '... they go' [ "$(count "$tree/cn02.example.org" '*')" = 0 ]
ok '... and are away as before' [ "$(sums "$away" | grep -v 2026/03/19)" = "$(echo "$vault" | grep -v 2026/03/19)" ]
now=2026-03-20T00:00:00Z
ok 'a job that never ran' ends 1 restore --job 8
ok 'a job that nobody knows' ends 1 restore --job 9
ok 'without a job' ends 2 restore
# the manifests here are lost: those beside the archives are enough
rm -rf "$work/state"
mkdir -p "$tree/cn01"
ok 'without our own state' ends 0 restore --job 7
ok '... the host that is called as accounting calls it' [ "$(count "$tree/cn01/2026/03/01" '*.zst') $(count "$tree/cn01/2026/03/02" '*.zst')" = '5 5' ]

# what must not be
fresh
mkdir "$work/elsewhere"
cp -a "$tree/cn01/2026" "$work/elsewhere/"
outside=$(sums "$work/elsewhere")
ln -s "$work/elsewhere" "$tree/link"
ln -s "$work/elsewhere/2026/03/01/20260301.00.00.0" "$tree/cn01/2026/03/01/linked.0"
mkdir -p "$away/cn01/2026/03/01"
echo other >"$away/cn01/2026/03/01/20260301.00.00.index"
configure 'pack: zstd' 'age: 10d' "long_term: $away"
ok 'another file of that name is away' ends 3
ok '... is named' grep -q 'another file of that name' "$work/said"
ok '... nothing of that day went' [ "$(count "$tree/cn01/2026/03/01" '*')" = 7 ]
ok '... the other days did' [ ! -d "$tree/cn01/2026/03/02" ]
ok '... it is not overwritten' grep -qx other "$away/cn01/2026/03/01/20260301.00.00.index"
ok 'no link leads out of the tree' [ "$(sums "$work/elsewhere")" = "$outside" ]
ok '... and all is somewhere' every_byte_is_somewhere
rm "$tree/link" "$tree/cn01/2026/03/01/linked.0"
rm -rf "$away/cn01/2026/03/01"
ln -s "$work/elsewhere" "$away/cn01/2026/03/01"
ok 'nor does one out of the long-term directory' ends 3
ok '... nothing was written there' [ "$(sums "$work/elsewhere")" = "$outside" ]
printf '%064d ../../escape\n%064d .hidden\n' 0 0 >"$work/state/manifests/cn01/2026/03/02/MANIFEST"
ok 'a manifest cannot lead anywhere' ends 0 restore --job 7
ok '... either' [ ! -e "$tree/cn01/2026/escape" ]
configure "long_term: $tree/inside"
mkdir "$tree/inside"
ok 'a long-term place inside the tree' ends 2
configure "long_term: $work"
ok '... or around it' ends 2
configure 'pack: rot13'
ok 'a way of packing that is none' ends 2
configure 'put: "cp {file} /x"'
ok 'put without get' ends 2
configure 'put: "cp '\''{file}"' 'get: "true"'
ok 'a quote that is not closed' ends 2
ok 'a verb that is none' ends 2 remove
mkdir -p "$work/state"
configure 'age: 0'
(flock 9 && ends 75) 9>"$work/state/archive.lock" && ok 'one at a time' true || ok 'one at a time' false

# by commands of the site, without a shell
fresh
store="$work/a place; with \$(words)"
mkdir "$store"
cat >"$work/put" <<'P'
#!/bin/sh
mkdir -p "$1/$(dirname "$3")" && cp -p "$2" "$1/$3"
P
cat >"$work/get" <<'P'
#!/bin/sh
cp -p "$1/$2" "$3"
P
cat >"$work/rot" <<'P'
#!/bin/sh
cp "$1/$2" "$3" && case $2 in *.meta*) printf x | dd of="$3" bs=1 seek=40 conv=notrunc status=none ;; esac
P
chmod +x "$work/put" "$work/get" "$work/rot"
put="put: '\"$work/put\" \"$store\" {file} {path}'"
configure 'pack: xz' 'age: 10d' "$put" "get: '$work/rot \"$store\" {path} {file}'"
ok 'what comes back is not what went' ends 3
ok '... nothing is removed' [ "$(count "$tree" '*.meta*')" = 10 ]
configure 'pack: xz' 'age: 10d' "$put" "get: 'false'"
ok 'nothing comes back' ends 3
ok '... nothing is removed' [ "$(count "$tree" '*.meta*')" = 10 ]
configure 'pack: xz' 'age: 10d' "$put" "get: '$work/get \"$store\" {path} {file}'"
ok 'commands' ends 0
ok '... took all' [ "$(count "$tree" '*.meta*')" = 2 ]
ok '... as they were' sh -c "xz -dc '$store/cn01/2026/03/01/20260301.00.00.0.xz' | cmp - '$work/original/cn01/2026/03/01/20260301.00.00.0'"
ok 'bring back by command' ends 0 restore --job 7
ok '... libpcp reads them' pmdumplog -z "$tree/cn01/2026/03/02/20260302.00.00"

# thinned
thinned() { # VERSION
	fresh
	made cn01 01 20260301.00.00 200 "$1"
	age
	configure 'pack: xz' 'thin: 5m' 'age: 0'
	ok "thin version $1" ends 0
	local base=$tree/cn01/2026/03/01/20260301.00.00
	ok '... PCP finds nothing wrong' sh -c "pmlogcheck '$base' >'$work/said' 2>&1 && [ ! -s '$work/said' ] || { cat '$work/said'; exit 1; }"
	records() { pmdumplog -z "$1" t.count | grep -c 't.count'; }
	before=$(records "$work/original/cn01/2026/03/01/20260301.00.00")
	ok '... one in ten, and what stands beside marks, volumes and ends' [ "$(records "$base")" -lt $((before / 5)) ]
	last() { pmdumplog -z "$1" t.count | tail -n 2; }
	ok '... the last record is the last' [ "$(last "$base")" = "$(last "$work/original/cn01/2026/03/01/20260301.00.00")" ]
	rare() { pmdumplog -z "$1" t.rare | grep -c 't.rare'; }
	ok '... what was rare already stays' [ "$(rare "$base")" = "$(rare "$work/original/cn01/2026/03/01/20260301.00.00")" ]
	ok '... the mark stays' sh -c "pmdumplog -z '$base' | grep -q '<mark>'"
	ok '... begins and ends of jobs stay' sh -c "xz -dc '$tree/cn01/2026/03/01/boundaries-20260301.0.xz' |
		cmp - '$work/original/cn01/2026/03/01/boundaries-20260301.0'"
	packed=$(sums "$tree")
	ok '... again: nothing' ends 0
	ok '... to do' [ "$(sums "$tree")" = "$packed" ]
}
thinned 2
thinned 3
rm "$tree/cn01/2026/03/01/20260301.00.00.index"
age
ok 'an index that a kill left out is made again' ends 0
same() { diff <(echo "$packed") <(sums "$tree"); }
ok '... the same' same

# SIGKILL
fresh
configure 'pack: zstd' 'age: 10d' "long_term: $away"
began=$(date +%s%N)
run >/dev/null 2>&1
took_ms=$((($(date +%s%N) - began) / 1000000 + 1))
fresh
cut=0 lost=
for _ in $(seq "$kills"); do
	[ "$(count "$tree" '*')" -gt 7 ] || { [ "$cut" -ge $((kills / 2)) ] && break || fresh; }
	setsid "$archive" --config "$work/settings.yaml" --at "$now" >"$work/killed.log" 2>&1 &
	pid=$!
	sleep "$(awk -v ms="$took_ms" -v r="$RANDOM" 'BEGIN { printf "%.3f", ms * r / 32768 / 2000 }')"
	if kill -KILL -- "-$pid" 2>/dev/null; then cut=$((cut + 1)); fi
	wait "$pid" 2>/dev/null || :
	every_byte_is_somewhere >"$work/lost" || lost=yes
	[ -z "$lost" ] || break
done
ok "$cut runs were killed, and nothing was lost" sh -c "cat '$work/lost'; [ -z '$lost' ] && [ $cut -gt 0 ]"
ok 'the run after them does the rest' ends 0
ok '... all of it' [ "$(count "$tree" '*')" = 7 ]
ok '... and leaves nothing behind' [ "$(find "$tree" "$away" "$work/state" -name '.jobsight-new*' | wc -l)" = 0 ]
ok '... every byte is away' every_byte_is_somewhere
done_testing
