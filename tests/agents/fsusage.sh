#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fsusage.sh FSUSAGE [HANGING]: lines of real file systems, the size of the file, and file systems that are
# not there or do not answer. HANGING serves a file system by FUSE (tests/pmdas/fakehang).
# shellcheck disable=SC2154 # work
set -u
fsusage=$1 hanging=${2:-}
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
unset JOBSIGHT_CONFIG
csv=$work/out/fsusage.csv

# What df says of the same, a moment later: within a hundredth, for somebody else writes too.
like_df() {
	"$fsusage" --print / >"$work/line" && df -B1 --output=used,avail,size / | tail -n 1 >"$work/df" &&
		python3 - "$work/line" "$work/df" <<-'END'
			import csv, sys
			line = next(csv.reader(open(sys.argv[1])))
			used, avail, size = map(int, open(sys.argv[2]).read().split())
			near = lambda a, b: abs(a - b) <= 0.01 * size
			assert len(line) == 8 and line[0] == "/", line
			assert near(int(line[4]), used) and near(int(line[5]), size), (line, used, size)
			assert abs(float(line[2]) - 100 * used / (used + avail)) < 1, line
		END
}
ok 'a line says what df says' like_df

two() { "$fsusage" --csv "$csv" / /proc && [ "$(wc -l <"$csv")" -eq 2 ]; }
ok 'a line for each' two
no_numbers() { tail -n 1 "$csv" | grep -qE '^/proc,[0-9TZ:-]+,,,0,0,,$'; }
ok 'no percent of nothing, and no number of files where there is no limit' no_numbers
grows() { "$fsusage" --csv "$csv" / && [ "$(wc -l <"$csv")" -eq 3 ]; }
ok 'the next run adds its own' grows
setting() { JOBSIGHT_FSUSAGE_FILESYSTEMS='/,/proc' JOBSIGHT_FSUSAGE_CSV=$csv "$fsusage" && [ "$(wc -l <"$csv")" -eq 5 ]; }
ok 'the setting names them too' setting

not_mounted() {
	local rc=0
	mkdir -p "$work/scratch"
	"$fsusage" --csv "$csv" "$work/scratch" / 2>"$work/errors" || rc=$?
	[ $rc -eq 3 ] && grep -q "scratch: nothing is mounted there" "$work/errors" &&
		[ "$(wc -l <"$csv")" -eq 6 ]
}
ok 'a folder where nothing is mounted is not taken for the one above it' not_mounted
nowhere() {
	local rc=0
	"$fsusage" --csv "$csv" "$work/none" 2>"$work/errors" || rc=$?
	[ $rc -eq 3 ] && grep -q 'none: No such file' "$work/errors" && [ "$(wc -l <"$csv")" -eq 6 ]
}
ok 'one that is not there is named' nowhere
none() { ! "$fsusage" --csv "$csv" 2>"$work/errors" && grep -q fsusage.filesystems "$work/errors"; }
ok 'no file system is a wrong use' none

full() {
	for _ in $(seq 40000); do echo '/old,2026-01-01T00:00:00Z,1.00,1.00,1,1,1,1'; done >"$csv"
	JOBSIGHT_FSUSAGE_MAX_MIB=1 "$fsusage" --csv "$csv" / &&
		[ "$(stat -c %s "$csv")" -le 1048576 ] && [ "$(stat -c %s "$csv")" -gt 1000000 ] &&
		[ "$(tail -n 1 "$csv" | cut -c 1-2)" = /, ] && ! grep -qv '^/\(old\)\?,.*,.*,.*,.*,.*,.*,.*$' "$csv"
}
ok 'the oldest lines go, whole, when it is long' full
torn() {
	printf '/old,2026' >"$csv"
	"$fsusage" --csv "$csv" / && [ "$(wc -l <"$csv")" -eq 2 ]
}
ok 'a line that an editor left open is closed' torn
names() {
	"$fsusage" --print '/proc/../' 2>/dev/null | grep -q '^/proc/../,'
}
ok 'the name is the one that was asked for' names
held() {
	local rc=0
	flock "$csv.lock" "$fsusage" --csv "$csv" / 2>/dev/null || rc=$?
	[ $rc -eq 75 ]
}
ok 'two runs do not write at once' held

if [ -n "$hanging" ] && [ -c /dev/fuse ] && [ "$(id -u)" -eq 0 ]; then
	mkdir "$work/fuse" "$work/origin"
	"$hanging" "$work/origin" "$work/fuse" >"$work/fuse.log" 2>&1 &
	fuse=$!
	at_exit "kill -CONT $fuse; kill $fuse; wait $fuse; umount -l '$work/fuse' 2>/dev/null"
	mounted() { mountpoint -q "$work/fuse"; }
	if wait_for 10 mounted; then
		hangs() {
			local rc=0
			kill -STOP "$fuse"
			"$fsusage" --limit 1 --csv "$csv" "$work/fuse" / 2>"$work/errors" || rc=$?
			[ $rc -eq 3 ] && grep -q 'fuse: does not answer' "$work/errors" &&
				[ "$(tail -n 1 "$csv" | cut -c 1-2)" = /, ]
		}
		ok 'one that hangs costs itself alone' hangs
	fi
fi
done_testing
