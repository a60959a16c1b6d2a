#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# archive_oracle.sh ORACLE MKARCHIVE SOURCE_DIR IMPORT: our reader against libpcp, value by value, over
# archives of both versions: made by hand (marks, renamed instances, deltas, several volumes),
# imported, by a real pmlogger of this machine with several volumes and processes that come and go,
# several joined by pmlogextract; and all of them compressed in every way. Then each archive of the golden cases, and
# SEEDS (8) random ones.
set -u
oracle=$1 mkarchive=$2 here=$3 import=$4
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

# Each file of an archive by a command, to another folder; what libpcp has read there is BASE.
squeezed() # BASE WHAT SUFFIX COMMAND...
{
	base=$1 what=$2 suffix=$3
	shift 3
	dir=$work/squeezed
	rm -rf "$dir"
	mkdir "$dir"
	for file in "$base".*; do
		name=$(basename "$file")
		case $name in
		*.$what) "$@" < "$file" > "$dir/$name$suffix" || fail "$*" ;;
		*) cp "$file" "$dir/" ;;
		esac
	done
	"$oracle" "$dir/$(basename "$base")=$base" || fail "$base, $what$suffix by $*"
}
two_frames()
{
	cat > "$work/whole"
	head -c 1000 "$work/whole" | "$@"
	tail -c +1001 "$work/whole" | "$@"
}
all_ways() # BASE
{
	squeezed "$1" '*' .xz xz -c
	squeezed "$1" '*' .zst zstd -q -c
	squeezed "$1" '*' .gz gzip -c
	squeezed "$1" meta .zst zstd -q -19 -c
	squeezed "$1" 0 .xz xz --block-size=4096 -c
	squeezed "$1" '[0-9]*' .zst two_frames zstd -q -c
	squeezed "$1" '[0-9]*' .xz two_frames xz -c
	squeezed "$1" '[0-9]*' .gz two_frames gzip -c
}

for version in 2 3; do
	"$import" "$work/imported$version" "$version" 40 || fail "import"
	"$oracle" "$work/imported$version" || fail "imported, version $version"
	all_ways "$work/imported$version"
done
for version in 2 3; do
	(echo "version $version"; cat "$here/golden/everything.txt") > "$work/$version.txt"
	"$mkarchive" "$work/$version.txt" "$work/hand$version" || fail "mkarchive"
	"$oracle" "$work/hand$version" || fail "made by hand, version $version"
done
sh "$here/make_archive.sh" "$mkarchive" "$here/golden/everything.txt" "$here/volumes.txt" \
	"$work/delta" || fail "mkarchive"
"$oracle" "$work/delta" || fail "deltas and volumes"
all_ways "$work/delta"

made= # all read by one process
for text in "$here"/golden/archives/*.txt; do
	name=$(basename "$text" .txt)
	case $name in
	empty) continue ;;     # which libpcp does not open
	clockback) continue ;; # libpcp leaves out what is older than what it has read
	esac
	for version in 2 3; do
		(echo "version $version"; grep -v '^version ' "$text") > "$work/text"
		"$mkarchive" "$work/text" "$work/golden-$name$version" || fail "mkarchive $name"
		made="$made $work/golden-$name$version"
	done
done
for seed in $(seq "${SEEDS:-8}"); do
	for version in 2 3; do
		awk -v version=$version -v seed="$seed" -f "$here/random.awk" > "$work/text" || fail "random.awk"
		"$mkarchive" "$work/text" "$work/random$version-$seed" || fail "mkarchive, seed $seed"
		made="$made $work/random$version-$seed"
	done
done
# shellcheck disable=SC2086 # words
"$oracle" $made || fail "golden cases, random archives"
all_ways "$work/random3-1"

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
	all_ways "$work/real$version"
	# Two parts of it, joined again: a mark between them.
	for part in "-T +1sec" "-S +2sec"; do
		# shellcheck disable=SC2086
		pmlogextract -z $part "$work/real$version" "$work/part$version${part%% *}" ||
			fail "pmlogextract $part"
	done
	pmlogextract "$work/part$version-T" "$work/part$version-S" "$work/joined$version" ||
		fail "pmlogextract of both"
	"$oracle" "$work/joined$version" > "$work/out" || fail "joined, version $version"
	cat "$work/out"
	if grep -q ', 0 marks' "$work/out"; then fail "no mark between joined archives"; fi
done
