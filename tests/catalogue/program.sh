#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# program.sh PROGRAM SOURCE: jobsight-catalogue from outside: verbs, exit codes, the configuration
# that pmlogger takes, the reference page that is up to date.
set -u
program=$1
source=$2
shipped=$source/conf/catalogue
here=$source/tests/catalogue
failed=0
work=$(mktemp -d "${TMPDIR:-/tmp}/jobsight-catalogue.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

fail() {
	echo "FAILED: $*" >&2
	failed=1
}

# expect CODE WHAT COMMAND...: runs it, output in $work/out and $work/err.
expect() {
	wanted=$1
	what=$2
	shift 2
	"$@" >"$work/out" 2>"$work/err"
	code=$?
	[ "$code" -eq "$wanted" ] && return
	fail "$what: exit $code, not $wanted"
	cat "$work/out" "$work/err" >&2
}

says() { # says FILE TEXT
	grep -qF -- "$2" "$work/$1" || fail "no '$2' in: $(cat "$work/$1")"
}

expect 0 'check of the shipped' "$program" --catalogue "$shipped" check
says out ' metrics, 0 wrong stanzas'

mkdir "$work/bad"
cp "$here/wrong/over-unknown.yaml" "$here/wrong/key-unknown.yaml" "$work/bad/"
expect 2 'check of wrong stanzas' "$program" --catalogue "$work/bad" check
says err "$work/bad/key-unknown.yaml:10: stanza: unknown key 'audiense'; did you mean 'audience'?"
says err "$work/bad/over-unknown.yaml:9: over: 'job cores' is none of"
says out '2 wrong stanzas'
expect 3 'list with wrong stanzas' "$program" -C "$shipped" -C "$work/bad" list
says out 'cpu.user '
says err 'audiense'

expect 0 'settings name the directories' env "JOBSIGHT_CATALOGUE_SHIPPED=$shipped" \
	"JOBSIGHT_CATALOGUE_PATH=$work/none" "$program" list
says out 'energy.cpu '
expect 2 'no shipped directory' "$program" -C "$work/none" check
says err 'No such file or directory'

expect 0 show "$program" -C "$shipped" show cpu.user
for text in 'kernel.percpu.cpu.user' 'cpu.jobcpus.user' 'user / sum(*)' 'cpuuser in CPU %' \
	'cpu_user in ratio, real' 'weighted by core seconds' 'CPU, area, place 1'; do
	says out "$text"
done
expect 1 'show of nothing' "$program" -C "$shipped" show cpu.usr
says err "there is no metric 'cpu.usr'; did you mean 'cpu.user'?"
expect 2 'show without a name' "$program" -C "$shipped" show
expect 2 'a wrong verb' "$program" -C "$shipped" chek
says err "did you mean 'check'?"
expect 2 'no verb' "$program"
expect 0 help "$program" --help
says out 'pmlogger'

expect 0 docs "$program" -C "$shipped" docs
cmp "$work/out" "$source/docs/metrics.md" >&2 || fail \
	"docs/metrics.md is out of date: jobsight-catalogue -C conf/catalogue docs >docs/metrics.md"

expect 0 pmlogger "$program" -C "$shipped" pmlogger
cp "$work/out" "$work/pmlogger.conf"
says out 'log mandatory on 30 sec {'
says out '	kernel.percpu.cpu.user'
[ "$(grep -c '	kernel.percpu.cpu.user$' "$work/out")" -eq 1 ] || fail 'a metric is logged twice'
grep -q node_cpu "$work/out" && fail 'a Prometheus series is logged'

printf '%s\n' '- {metric: b.fast, label: F, help: H., unit: B, from: {pcp: {x: hinv.physmem}}, value: x, every: 10s}' \
	'- {metric: b.slow, label: S, help: H., unit: B, from: {pcp: {x: hinv.physmem, y: b.y}}, value: x, every: 5m}' \
	'- {metric: b.once, label: O, help: H., unit: B, from: {pcp: {x: hinv.physmem, z: b.z}}, value: x, every: once}' \
	>"$work/groups.yaml"
mkdir "$work/groups"
mv "$work/groups.yaml" "$work/groups/"
expect 0 'groups by interval' "$program" -C "$work/groups" pmlogger
sed -e '/^#/d' -e '/access/,$d' "$work/out" | tr -d '\n\t' >"$work/groups.txt"
binding=accelerator.jobsaccelerator.pcicgroup.cpuset.cpushotproc.id.uid_nmhotproc.psinfo.cgroups
binding=${binding}hotproc.psinfo.cpusallowedjobs.gpu.listkernel.percpu.cpu.intr
[ "$(cat "$work/groups.txt")" = "log mandatory on 10 sec {hinv.physmem}log mandatory on 30 sec {${binding}}log mandatory on 300 sec {b.y}log mandatory on once {b.zhinv.ncpu}" ] ||
	fail "groups: $(cat "$work/groups.txt")"

# The examples of the manual that are whole stanzas.
mkdir "$work/manual"
awk '/^```/ { if (inside) { inside = 0 } else if ($0 == "```yaml") { inside = 1; n++ } ; next }
	inside { print > (out "/" n ".txt") }' out="$work/manual" "$source/docs/catalogue.md"
for example in "$work/manual"/*.txt; do
	grep -q '^  label:' "$example" || continue
	mv "$example" "${example%.txt}.yaml"
done
sed -i 's/^- metric: cpu.user_variation$/&\n  replace: yes/' "$work/manual"/*.yaml # it is shipped
expect 0 'examples of the manual' "$program" -C "$shipped" -C "$work/manual" check
[ "$(find "$work/manual" -name '*.yaml' | wc -l)" -eq 3 ] || fail 'the manual has other examples now'

# pmlogger itself judges the configuration: with a local context of the Linux agent, no pmcd.
agent=/var/lib/pcp/pmdas/linux/pmda_linux.so
if command -v pmlogger >/dev/null && [ -e "$agent" ]; then
	# shellcheck disable=SC1091
	PCP_BINADM_DIR=$(. /etc/pcp.conf && echo "$PCP_BINADM_DIR")
	mkdir -p "$work/tmp/pmlogger" "$work/run"
	PCP_TMP_DIR=$work/tmp PCP_RUN_DIR=$work/run
	export PCP_TMP_DIR PCP_RUN_DIR
	(cd /var/lib/pcp/pmns && "$PCP_BINADM_DIR/pmnsmerge" -f root_linux "$work/root") || fail pmnsmerge
	(cd "$work" && LSAN_OPTIONS=detect_leaks=0 timeout 60 pmlogger -C -o -K clear \
		-K "add,60,$agent,linux_init" -n "$work/root" -c "$work/pmlogger.conf" >log 2>&1) ||
		fail "pmlogger refuses: $(cat "$work/log")"
	grep -q 'Config parsed' "$work/log" || fail "pmlogger: $(cat "$work/log")"
	grep -q 'Error' "$work/log" && fail "pmlogger: $(cat "$work/log")"
	for name in kernel.percpu.cpu.user kernel.all.load mem.numa.util.used mem.physmem \
		hinv.physmem disk.dev.read_bytes network.interface.in.bytes; do
		grep -q "\"$name\"" "$work/log" && fail "the Linux agent has no $name"
	done
fi
exit "$failed"
