#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# archive_oracle.sh ORACLE MKARCHIVE SOURCE_DIR: our reader against libpcp, value by value, over
# archives of both versions: made by hand (marks, renamed instances, deltas, several volumes), and
# by a real pmlogger of this machine with several volumes and processes that come and go.
set -u
oracle=$1 mkarchive=$2 here=$3
pcp=$here/../servers/pcp
work=$(mktemp -d "${TMPDIR:-/tmp}/jobsight-oracle.XXXXXX") || exit 99
nodes=
cleanup()
{
	for node in $nodes; do
		bash "$pcp" stop "$work/$node" >/dev/null 2>&1
	done
	rm -rf "$work"
}
trap cleanup EXIT
fail()
{
	echo "FAILED: $*" >&2
	exit 1
}

for version in 2 3; do
	(echo "version $version"; cat "$here/golden/everything.txt") > "$work/$version.txt"
	"$mkarchive" "$work/$version.txt" "$work/hand$version" || fail "mkarchive"
	"$oracle" "$work/hand$version" || fail "made by hand, version $version"
done
sh "$here/make_archive.sh" "$mkarchive" "$here/golden/everything.txt" "$here/volumes.txt" \
	"$work/delta" || fail "mkarchive"
"$oracle" "$work/delta" || fail "deltas and volumes"

command -v pmlogger >/dev/null 2>&1 || { echo "no pmlogger here"; exit 77; }
for version in 2 3; do
	nodes="$nodes node$version"
	cat > "$work/pmlogger.config" <<-END
	log mandatory on 200 msec { kernel.percpu.cpu kernel.all mem.util disk.dev network.interface }
	log mandatory on 500 msec { proc.psinfo.utime proc.psinfo.cmd proc.psinfo.cgroups hinv }
	END
	bash "$pcp" start "$work/node$version" > "$work/env" || fail "pmcd does not start"
	(
		# shellcheck disable=SC1091
		. "$work/env"
		# Processes come and go meanwhile.
		(for _ in 1 2 3 4 5 6 7 8; do sleep 0.2 & sleep 0.3; done; wait) &
		pmlogger -V "$version" -v 10 -c "$work/pmlogger.config" -T 4sec -l "$work/log" \
			"$work/real$version" >/dev/null 2>&1
		wait
	)
	[ -s "$work/real$version.meta" ] || { cat "$work/log"; fail "pmlogger wrote nothing"; }
	"$oracle" "$work/real$version" || fail "pmlogger, version $version"
	[ -e "$work/real$version.1" ] || { ls "$work"; fail "only one volume was written"; }
	# While it grows, the last record may not be whole: what was before is read.
	size=$(stat -c %s "$work/real$version.0")
	mkdir "$work/cut$version"
	cp "$work/real$version.meta" "$work/real$version.index" "$work/cut$version/"
	head -c $((size - 7)) "$work/real$version.0" > "$work/cut$version/real$version.0"
	"$oracle" "$work/cut$version/real$version" || fail "cut off, version $version"
done
