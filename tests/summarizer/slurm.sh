#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slurm.sh SUMMARIZE GOLDEN MKARCHIVE SOURCE_DIR: the golden cases by `--slurm 3` on a real Slurm: an array
# of three shards and a job that merges them make the same bytes as one run; when a shard fails, the
# merge says which and stores nothing, and the next run does all.
set -u
summarize=$(realpath "$1") golden=$(realpath "$2") mkarchive=$(realpath "$3") root=$4
here=$root/tests/summarizer/golden
catalogue=$here/catalogue
# shellcheck source=tests/summarizer/lib.sh
. "$root/tests/summarizer/lib.sh"
slurm=$root/tests/servers/slurm
export TZ=UTC
at_exit "$slurm stop $work/lab >/dev/null 2>&1"
"$slurm" start "$work/lab" --nodes 2 --cpus 2 >"$work/env"
code=$?
[ $code -eq 0 ] || exit $code
# shellcheck disable=SC1091
. "$work/env"
fail() {
	echo "FAILED: $*" >&2
	tail -n 5 "$work"/shared/*.log "$work/err" >&2 2>/dev/null
	exit 1
}
mkdir -p "$work/tree" "$work/shared"
for text in "$here"/archives/*.txt; do
	"$mkarchive" "$text" "$work/tree/$(basename "$text" .txt)" || fail "mkarchive $text"
done
all() { # STORE [OPTION...]
	store=$1
	shift
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$here/jobs.sacct" --cluster golden \
		--archives "$work/tree" --store "sqlite:$store" "$@" 2>"$work/err"
}
sums() { "$golden" "sqlite:$1" 2>/dev/null | sort; }
submitted() { # STORE [OPTION...]: waits for the end of the jobs; sets merge
	cd "$work" || exit 99 # paths may be relative
	all "$1" --slurm 3 --partials shared --sbatch=--time=10 "${@:2}" || fail "--slurm 3"
	merge=$(sed -n 's/.*merged by job \([0-9]*\).*/\1/p' "$work/err")
	[ -n "$merge" ] || fail "no merge job was submitted"
	for _ in $(seq 600); do
		[ -n "$(squeue -h -j "$merge" 2>/dev/null)" ] || return 0
		sleep 0.2
	done
	fail "the jobs do not end: $(squeue)"
}

all "$work/one.sqlite" || fail "one run"
sums "$work/one.sqlite" >"$work/one.sums"
submitted slurm.sqlite
sums "$work/slurm.sqlite" | cmp - "$work/one.sums" || fail "jobs of Slurm make other documents"
grep -q '^summarized now  *[1-9]' "$work"/shared/golden.*.merge.log || fail "the merge's log has no table"
[ -z "$(find "$work/shared" -mindepth 1 -type d)" ] || fail "the folder of the sweep is left over"
all "$work/slurm.sqlite" --slurm 3 --partials shared || fail "nothing to do"
grep -q 'no job is due' "$work/err" || fail "what is done was submitted again"

# a node that cannot read the catalogue
rm -f "$work"/shared/*.log
cat >"$work/broken" <<-EOF2
	#!/bin/sh
	[ "\${SLURM_ARRAY_TASK_ID:-1}" != 2 ] || exit 1
	exec "$summarize" "\$@"
EOF2
chmod +x "$work/broken"
mkdir "$work/bin"
cat >"$work/bin/sbatch" <<-EOF2
	#!/bin/sh
	sed "s|'[^']*jobsight-summarize'|'$work/broken'|" | exec $(command -v sbatch) "\$@"
EOF2
chmod +x "$work/bin/sbatch"
PATH=$work/bin:$PATH submitted broken.sqlite
grep -q 'shard 2 of 3 is not there' "$work"/shared/golden.*.merge.log || fail "the missing shard is not told"
[ ! -e "$work/broken.sqlite" ] || [ -z "$(sums "$work/broken.sqlite")" ] || fail "half a sweep was stored"
submitted broken.sqlite
sums "$work/broken.sqlite" | cmp - "$work/one.sums" || fail "the sweep after a broken one"
echo "an array of Slurm makes the documents of one run"
