#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# boundaries.sh HOOK SAMPLER SOURCE: hook and sampler with a real pmcd; then with one that is
# down, hangs and comes back; without a sampler; many boundaries at once; hostile datagrams.
set -u
hook=$1 sampler=$2 source=$3
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
skip_unless_has pmdumplog pmlogcheck perl flock
# shellcheck disable=SC2034 # sockets have short paths
JOBSIGHT_SOCKET=$work/s JOBSIGHT_SPOOL=$work/spool JOBSIGHT_SAMPLER=$work/once
export JOBSIGHT_SOCKET JOBSIGHT_SPOOL JOBSIGHT_SAMPLER TZ=UTC
pcp=$source/tests/servers/pcp
at_exit "$pcp stop $work/pcp >/dev/null 2>&1"
"$pcp" start "$work/pcp" --node n1 > "$work/env" || exit 1
# shellcheck disable=SC1091
. "$work/env"
pmcd=$PCP_HOST
unset PCP_HOST

run_sampler() { # NAME [OPTION...]
	name=$1
	shift
	start "$name" "$sampler" --catalogue "$source/conf/catalogue" --archives "$work/tree" \
		--socket "$JOBSIGHT_SOCKET" --spool "$JOBSIGHT_SPOOL" --pmcd "$pmcd" --host n1 "$@"
	wait_for 20 test -S "$JOBSIGHT_SOCKET"
}

printf '#!/bin/sh\necho run >> "%s"\nexec "%s" --catalogue "%s" --archives "%s" --pmcd "%s" --host n1 "$@"\n' \
	"$work/runs" "$sampler" "$source/conf/catalogue" "$work/tree" "$pmcd" > "$JOBSIGHT_SAMPLER"
chmod +x "$JOBSIGHT_SAMPLER"

# As root the sampler works beside a pmlogger that is another user: what it makes is the tree's owner's.
mkdir "$work/tree"
chmod 2775 "$work/tree"
[ "$(id -u)" -ne 0 ] || chown nobody:nogroup "$work/tree"
owner=$(stat -c '%U %G %a' "$work/tree")
of_owner() {
	find "$work/tree" -type d -exec stat -c '%U %G %a' {} + | sort -u | grep -qx "$owner" &&
		[ "$(find "$work/tree" -type d -exec stat -c '%U %G %a' {} + | sort -u | wc -l)" -eq 1 ]
}

say() { # JOB CONTEXT [NAME=VALUE...]
	say_job=$1 say_context=$2
	shift 2
	env SLURM_JOB_ID="$say_job" SLURM_JOB_UID="$(id -u)" SLURM_SCRIPT_CONTEXT="$say_context" "$@" "$hook"
}

archive() { # KIND: the one archive of this kind (a day may end meanwhile)
	find "$work/tree" -name "$1-[0-9]*.meta" | sort | tail -n 1 | sed 's/\.meta$//'
}

# The jobs with this event, one a line.
jobs() { # KIND EVENT
	PCP_DERIVED_CONFIG=/dev/null pmdumplog "$(archive "$1")" jobsight.boundary.job jobsight.boundary.event \
		2>/dev/null | perl -e 'my ($want, %job, %event) = ($ARGV[0]); my $kind;
		sub flush_record { print map("$job{$_}\n", grep { $event{$_} eq $want } sort { $a <=> $b } keys %job); %job = %event = () }
		while (<STDIN>) {
			flush_record() if /^\d\d:/;
			$kind = $1 if /boundary\.(job|event)/;
			next unless /inst \[(\d+) or .*value "(.*)"/;
			$kind eq "job" ? ($job{$1} = $2) : ($event{$1} = $2);
		}
		flush_record()' "$2"
}

has() { # KIND EVENT JOB
	jobs "$1" "$2" | grep -qx "$3"
}

sampled() { # JOB VALUE: whether its record has a sample
	pmdumplog "$(archive boundaries)" jobsight.boundary.job jobsight.boundary.sampled 2>/dev/null |
		perl -00 -ne 'BEGIN { ($job, $want) = splice @ARGV, 0, 2 } next unless /inst \[(\d+) or [^\n]*value "$job"/; my $i = $1;
			/sampled\)(.*?)(340|\z)/s; my $part = $1; $found ||= $part =~ /inst \[$i or [^\n]*value $want\b/;
			END { exit !$found }' "$1" "$2"
}

metadata_sets() {
	[ "$(find "$work/tree" -name '*.meta' | wc -l)" -eq 1 ]
}

run_sampler first
ok "people are told what it is" sh -c '"$1" --help | grep -q "^usage: jobsight-hook"' - "$hook"
ok "and which" sh -c '"$1" --version | grep -q "^jobsight-hook [0-9]"' - "$hook"
ok "begin" say 100 prolog_slurmd
ok "end" say 100 epilog_slurmd
ok "begin is recorded" wait_for 20 has boundaries begin 100
ok "end is recorded" wait_for 20 has boundaries end 100
ok "with a sample" sampled 100 1
ok "with the catalogue's metrics" sh -c 'pmdumplog "$1" kernel.percpu.cpu.user | grep -q "cpu0"' - "$(archive boundaries)"
sluid() { # JOB SLUID: as it was recorded
	"$source/tests/prolog-epilog/boundary-list" "$work/tree" | grep " begin $1 .* $2\$"
}
ok "the name of its cgroups, since Slurm 26.05" say 105 prolog_slurmd SLURM_JOB_SLUID=sEKNKTV3WPV500
ok "a name of another form" say 106 prolog_slurmd SLURM_JOB_SLUID=../x
ok "it is recorded" wait_for 20 sluid 105 sEKNKTV3WPV500
ok "the other is left out" wait_for 20 sluid 106 -
ok "a hook that is none of a job says nothing" say 101 resume
ok "nor does one without a job" env SLURM_SCRIPT_CONTEXT=prolog_slurmd "$hook"
ok "a requeued job says how often" say 102 prolog_slurmd SLURM_JOB_RESTART_COUNT=2
ok "the hook prints nothing" sh -c '[ -z "$("$@" 2>&1)" ]' - env SLURM_JOB_ID=103 SLURM_SCRIPT_CONTEXT=prolog_task "$hook"

if [ "$(id -u)" -eq 0 ]; then
	ok "folders belong to whom the tree belongs to" of_owner
fi

# 64 at once
at_once() { # FIRST LAST: begins of these jobs
	pids=
	for i in $(seq "$1" "$2"); do
		say "$i" prolog_slurmd &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || return 1
	done
}
runs() {
	grep -c . "$work/runs" 2>/dev/null || echo 0
}
everywhere() { # EVENT: jobs; what found no room in the socket a one-shot may have taken
	{ jobs boundaries "$1"; jobs boundaries-once "$1"; } 2>/dev/null
}
each_once() { # FIRST LAST: begins of these jobs
	[ "$(everywhere begin | awk -v a="$1" -v b="$2" '$1 >= a && $1 <= b' | sort | uniq -c |
		awk -v n=$(($2 - $1 + 1)) '$1 != 1 { bad = 1 } END { print bad ? "bad" : NR == n ? "all" : NR }')" = all ]
}
ok "64 boundaries at once" at_once 200 263
ok "all 64 are recorded, once" wait_for 20 each_once 200 263

# What is no boundary changes nothing.
perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; my $to = sockaddr_un($ARGV[0]);
	for ("", "x", "jobsight-boundary 1\n", "jobsight-boundary 1\nevent begin\njob ../../x\nrestarts 0\nuid 0\nasked 1\n", "y" x 5000) {
		send(S, $_, 0, $to) // die "$!" }' "$JOBSIGHT_SOCKET"
ok "hostile datagrams are named" wait_for 20 sh -c '[ "$(grep -c "is no boundary" "$1")" -eq 5 ]' - "$work/first.log"
ok "and change nothing" say 104 prolog_slurmd
ok "the next is recorded" wait_for 20 has boundaries begin 104

# Continued after a stop: one set of metadata; then after a kill in the middle of a record.
stop first
run_sampler second
ok "after a restart" say 110 prolog_slurmd
ok "the archive goes on" wait_for 20 has boundaries begin 110
ok "with one set of metadata" metadata_sets
kill -9 "$(cat "$work/second.pid")"
stop second
printf 'torn' >> "$(archive boundaries).0"
rm -f "$JOBSIGHT_SOCKET"
run_sampler third
ok "after a crash" say 111 prolog_slurmd
ok "the archive goes on after the last whole record" wait_for 20 has boundaries begin 111
ok "pmlogcheck finds nothing wrong" sh -c '! pmlogcheck "$1" 2>&1 | grep .' - "$(archive boundaries)"

# A pmcd that hangs, is down, and comes back
pid=$(sed -n 's/ .*pmcd of n1$//p' "$work/pcp/n1/pids")
kill -STOP "$pid"
ok "pmcd hangs: the hook returns" say 120 prolog_slurmd
ok "and the boundary is recorded" wait_for 20 has boundaries begin 120
ok "as one without a sample" sampled 120 0
kill -CONT "$pid"
"$pcp" stop "$work/pcp"
ok "pmcd is down: the hook returns" say 121 prolog_slurmd
ok "and the boundary is recorded too" wait_for 20 has boundaries begin 121
"$pcp" start "$work/pcp" --node n1 > "$work/env" || exit 1
again() {
	say "$1" prolog_slurmd && wait_for 20 has boundaries begin "$1" && sampled "$1" 1
}
next=130
until again "$next"; do # the sampler does not ask a pmcd that hung at once again
	next=$((next + 1))
	[ "$next" -lt 150 ] || break
	sleep 0.5
done
ok "pmcd is back: with a sample" sampled "$next" 1

none_pending() { # and no one-shot is about to end, that would take what comes next
	[ -z "$(find "$JOBSIGHT_SPOOL.pending" -name '[0-9]*')" ] && flock -n "$JOBSIGHT_SPOOL.pending/guard" true
}

# Hooks never wait: what finds no room in the socket of a sampler that hangs is left beside the spool, and
# one one-shot takes all of it.
kill -STOP "$(cat "$work/third.pid")"
rm -rf "$JOBSIGHT_SPOOL.pending" # many hooks at once make it
ok "the sampler hangs: hooks return" at_once 301 340
ok "none had nowhere to leave it" sh -c '! grep "job 3[0-9][0-9] " "$1"' - "$JOBSIGHT_SPOOL"
overflow() { # the socket's room is the machine's: the rest
	[ "$(jobs boundaries-once begin | grep -c '^3[0-9][0-9]$')" -gt 0 ] || [ "$(cat /proc/sys/net/unix/max_dgram_qlen)" -ge 40 ]
}
ok "a one-shot takes what did not fit" wait_for 60 overflow
ok "nothing waits then" wait_for 60 none_pending
touch -d '-1 minute' "$work/sampler.state"
before=$(runs)
ok "it gives no sign of life for long: hooks return" say 341 prolog_slurmd
ok "and go to a one-shot at once" wait_for 60 has boundaries-once begin 341
ok "which one run of it did" [ "$(runs)" -gt "$before" ]
kill -CONT "$(cat "$work/third.pid")"
ok "it goes on: each is there, once" wait_for 60 each_once 301 341
stop third

# No sampler
rm -f "$work/runs" "$JOBSIGHT_SPOOL"
ok "no sampler: hooks return" at_once 401 464
ok "each is there, once" wait_for 60 each_once 401 464
ok "with few one-shots for all" [ "$(runs)" -le 8 ]
ok "and a sample" sh -c 'pmdumplog "$1" kernel.percpu.cpu.user | grep -q "cpu0"' - "$(archive boundaries-once)"
say 465 epilog_slurmd
ok "one more" wait_for 60 has boundaries-once end 465
ok "what went wrong is in the spool" grep -q "job 401" "$JOBSIGHT_SPOOL"
ok "nothing waits any more" wait_for 60 none_pending

# The one-shot cannot be run: the next sampler takes what waits, without a sample when that is long ago.
ok "no one-shot: the hook returns" say 470 prolog_slurmd JOBSIGHT_SAMPLER=/nonexistent
ok "and says so" wait_for 20 grep -q 'one-shot sampler cannot be run' "$JOBSIGHT_SPOOL"
waiting=$(find "$JOBSIGHT_SPOOL.pending" -name '[0-9]*')
sed "s/^job .*/job 471/; s/^asked .*/asked $(($(date +%s) - 60))000000000/" "$waiting" > "$JOBSIGHT_SPOOL.pending/0999"
printf 'jobsight-boundary 1\nevent begin\njob ../x' > "$JOBSIGHT_SPOOL.pending/0998"
ln -s /etc/passwd "$JOBSIGHT_SPOOL.pending/0997"
touch -d '-1 minute' "$JOBSIGHT_SPOOL.pending/0998"
run_sampler fourth
ok "a sampler takes it" wait_for 60 has boundaries begin 470
ok "and the one of a minute ago" wait_for 20 has boundaries begin 471
ok "... without a sample" sampled 471 0
ok "what is no boundary is removed" wait_for 20 none_pending
stop fourth
ok "nowhere to go: the hook ends well" say 163 prolog_slurmd JOBSIGHT_SAMPLER=/nonexistent JOBSIGHT_SPOOL=/nonexistent/x
done_testing
