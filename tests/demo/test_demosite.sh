#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The demo site: the same seed gives the same bytes, PCP's own tools find nothing wrong with the
# archives, metrics are described as the real agents describe them, and the documents that the
# summarizer makes of it say what the truth file says.
#
# usage: test_demosite.sh BUILD-DIRECTORY
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
skip_unless_has pminfo pmlogcheck jq
servers=$here/../servers
demosite=$build/tests/demo/demosite
# An end and a seed with which a node dies within the one day that has archives.
make() { "$demosite" --end 2026-03-01 --days 6 --archive-days 1 "$@" >"$work/made"; }

same_bytes() { diff -rq "$work/a" "$work/b"; }
other_bytes() { ! cmp -s "$work/a/sacct.txt" "$work/c/sacct.txt"; }

small_enough() { # 7 days of these are the demo site
	[ "$(du -sm "$work/a/archives" | cut -f1)" -lt 80 ]
}

archives() { find "$work/a/archives" -name '*.meta' | sed 's/\.meta$//' | sort; }

no_complaint() { # a torn archive, the one that another follows on its day, may have its say
	archives >"$work/list"
	while read -r base; do
		day=${base%/*}
		[ "$(find "$day" -name '*.meta' | wc -l)" -eq 1 ] || continue
		# What counts for a job begins anew when the job is requeued.
		if ! pmlogcheck "$base" >"$work/said" 2>&1 ||
			sed '/jobs\.cpu\..* wrap$/,+2d' "$work/said" | grep . >"$work/complaint"; then
			echo "$base:"
			cat "$work/complaint"
			return 1
		fi
	done <"$work/list"
}

has_torn() { [ "$(archives | wc -l)" -eq 17 ]; } # 16 nodes, one of them twice

label_is_node() {
	archives | while read -r base; do
		host=$(pmdumplog -l "$base" | sed -n 's/^Performance metrics from host //p')
		[ "$host" = "$(echo "${base#"$work/a/archives/"}" | cut -d/ -f1)" ] || exit 1
	done
}

offline() { (unset PCP_HOST && pminfo "$@"); } # pminfo of an archive allows no host beside it

as_real_agents() {
	eval "$("$servers/pcp" start "$work/pcp")" || return 1
	at_exit "'$servers/pcp' stop '$work/pcp' >/dev/null 2>&1"
	base=$work/a/archives/cn01/2026/02/28/20260228.00.00
	pminfo | sort >"$work/real"
	offline -a "$base" | sort | comm -12 - "$work/real" >"$work/both"
	[ "$(wc -l <"$work/both")" -gt 50 ] || return 1
	# shellcheck disable=SC2046
	pminfo -dm $(cat "$work/both") >"$work/real.txt"
	# shellcheck disable=SC2046
	offline -a "$base" -dm $(cat "$work/both") >"$work/ours.txt"
	diff "$work/real.txt" "$work/ours.txt"
}

sacct_is_whole() { # every line has the fields of the heading; every kind of end is there
	awk -F'|' 'NR == 1 { n = NF } NF != n { print; bad = 1 } END { exit bad }' "$work/a/sacct.txt" &&
		for state in COMPLETED FAILED CANCELLED TIMEOUT NODE_FAIL OUT_OF_MEMORY REQUEUED RUNNING; do
			cut -d'|' -f12 "$work/a/sacct.txt" | grep -q "^$state" || { echo "no $state"; return 1; }
		done
}

summarize() {
	mkdir "$work/empty"
	cat >"$work/jobsight.yaml" <<-YAML
		clusters:
		  - {name: demo, archives: $work/a/archives, accounting: "sacct:$work/a/sacct.txt"}
		catalogue: {shipped: $here/../../conf/catalogue, path: $work/empty}
		store: {url: "sqlite:$work/documents.sqlite"}
		summarizer: {settle: 0s, lock: $work/lock}
	YAML
	rc=0
	"$build/summarizer/jobsight-summarize" --config "$work/jobsight.yaml" --since 2026-02-28 \
		--workers 2 || rc=$?
	[ "$rc" -eq 0 ] || [ "$rc" -eq 3 ]
}

# say_truth OWN CONDITION: what jq says of the documents of jobs that had their nodes to themselves (own) or not
# (shared), whole in the archives, ten minutes or longer.
say_truth() {
	compared=0
	awk -F'\t' -v nodes="$1" '$5 == "whole" && $6 == nodes && $9 - $8 >= 600' "$work/a/truth.tsv" >"$work/jobs"
	while IFS='	' read -r job _ submit kind _ _ _ _ _ _ user joules _ _ kb _ _ peak _; do
		"$build/common/store/jobsight-document" --store "sqlite:$work/documents.sqlite" --no-series \
			"$job" </dev/null | jq -es --argjson submit "$submit" --argjson user "$user" \
			--argjson joules "$joules" --argjson kb "$kb" --argjson peak "$peak" "
			def near(x): (. - x) as \$d | (if \$d < 0 then -\$d else \$d end) <= 0.02 * x;
			any(.[] | select(.acct.submit == \$submit); $2)" >"$work/verdict" || {
			echo "job $job ($kind): the document does not say user $user, $joules J, $kb kB, peak $peak"
			return 1
		}
		compared=$((compared + 1))
	done <"$work/jobs"
	[ "$compared" -ge 10 ] || { echo "only $compared jobs to compare"; return 1; }
}
# shellcheck disable=SC2016 # jq's
{
	of_nodes='(.cpu.jobcpus.user.avg | near($user)) and (.energy.cpu.total | near($joules))
		and (.block.nvme0n1.write_bytes | .avg * .cnt | near($kb))'
	of_group='(.job.cpu.efficiency.avg * (1 - .job.cpu.system.avg) | near($user))
		and (.job.memory.peak | .max // .avg | near($peak))'
}

make --seed 2 --workers 1 "$work/a"
make --seed 2 --workers 3 "$work/b"
make --seed 3 --archive-days 0 "$work/c"
ok "the same seed gives the same bytes, by one worker or three" same_bytes
rm -rf "$work/b"
ok "another seed gives another record" other_bytes
ok "a day of archives is small" small_enough
ok "pmlogcheck has nothing to say" no_complaint
ok "a node failure tears an archive" has_torn
ok "archives carry the names of their nodes" label_is_node
ok "metrics are described as the real agents describe them" as_real_agents
ok "the accounting is whole" sacct_is_whole
ok "the summarizer takes it" summarize
ok "documents say what the truth says" say_truth own "$of_nodes"
ok "of jobs that shared their nodes, by their control groups" say_truth shared "$of_group"
done_testing
