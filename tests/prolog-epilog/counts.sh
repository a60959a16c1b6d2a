#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# counts.sh HOOK SAMPLER PMDA SOURCE: what became of boundaries, as pmcd tells it: counts of the running
# sampler, what was refused or had no sample, the spool, and that the sampler is dead; and the turn
# of the spool.
set -u
hook=$1 sampler=$2 pmda=$3 source=$4
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
skip_unless_has pminfo perl
node=$work/node
mkdir -p "$node/run/jobsight"
JOBSIGHT_SOCKET=$node/run/jobsight/sampler.sock JOBSIGHT_SPOOL=$node/run/jobsight/boundaries
JOBSIGHT_SAMPLER=/bin/true
export JOBSIGHT_SOCKET JOBSIGHT_SPOOL JOBSIGHT_SAMPLER TZ=UTC
pcp=$source/tests/servers/pcp
at_exit "$pcp stop $work/pcp >/dev/null 2>&1"
"$pcp" start "$work/pcp" --node n1 --pmda "$pmda" --env "JOBSIGHT_PMDA_ROOT=$node" \
	--env JOBSIGHT_PMDA_INTERVAL=500msec > "$work/env" || exit 1
# shellcheck disable=SC1091
. "$work/env"

say() { # JOB CONTEXT
	env SLURM_JOB_ID="$1" SLURM_JOB_UID=0 SLURM_SCRIPT_CONTEXT="$2" "$hook"
}
is() { # METRIC VALUE [EVENT]
	if [ $# -eq 3 ]; then
		pminfo -f "jobsight.boundary.$1" | grep -q "or \"$3\"\\] value $2\$"
	else
		pminfo -f "jobsight.boundary.$1" | grep -q "^    value $2\$"
	fi
}
run_sampler() { # PMCD OPTION...
	pmcd=$1
	shift
	start sampler "$sampler" --catalogue "$source/conf/catalogue" --archives "$work/tree" \
		--socket "$JOBSIGHT_SOCKET" --spool "$JOBSIGHT_SPOOL" --pmcd "$pmcd" --host n1 "$@"
	wait_for 20 test -S "$JOBSIGHT_SOCKET"
}
is_old() {
	[ "$(pminfo -f jobsight.boundary.age | sed -n 's/^ *value //p')" -gt "$1" ]
}
has_no() { # METRIC
	! pminfo -f "jobsight.boundary.$1" | grep -q '^    value'
}

ok "without a sampler there are no counts" has_no lost
ok "and an empty spool" is spooled 0
run_sampler "$PCP_HOST"
ok "with one there are" wait_for 20 is recorded 0 begin
ok "it has pmcd" wait_for 20 is connected 1
say 1 prolog_slurmd
say 2 prolog_slurmd
say 1 epilog_slurmd
perl -MSocket -e 'socket(S, AF_UNIX, SOCK_DGRAM, 0) or die;
	send(S, "x", 0, sockaddr_un($ARGV[0])) // die "$!"' "$JOBSIGHT_SOCKET"
ok "two begins" wait_for 20 is recorded 2 begin
ok "an end" wait_for 20 is recorded 1 end
ok "one refused" wait_for 20 is refused 1
ok "none lost" is lost 0
ok "none waits" is waiting 0
ok "none without a sample" is unsampled 0
stop sampler

# What the sampler cannot do, it counts.
run_sampler unix:/nonexistent
say 3 prolog_slurmd
ok "no pmcd: without a sample" wait_for 20 is unsampled 1
ok "it says so" is connected 0
stop sampler
rm -rf "$work/tree"
: > "$work/tree"
run_sampler unix:/nonexistent
say 4 prolog_slurmd
ok "no archive: lost" wait_for 20 is lost 1
stop sampler
# The tree is another user's, who may put a link where a host or a day will be.
rm "$work/tree"
mkdir -p "$work/tree" "$work/elsewhere"
ln -s "$work/elsewhere" "$work/tree/n1"
run_sampler unix:/nonexistent
say 4 prolog_slurmd
ok "a link in the tree: lost" wait_for 20 is lost 1
rm "$work/tree/n1"
mkdir "$work/tree/n1"
ln -s "$work/elsewhere" "$work/tree/n1/$(date -u +%Y)"
say 6 prolog_slurmd
ok "... deeper, too" wait_for 20 is lost 2
ok "... and nothing is where it leads" [ -z "$(ls "$work/elsewhere")" ]
rm "$work/tree/n1/"*
say 6 epilog_slurmd
ok "without it: recorded" wait_for 20 is recorded 1 end
stop sampler

# Where everybody may send tasks, nobody can fill disk and queue with them.
more_than() { [ "$(pminfo -f "jobsight.boundary.$1" | sed -n 's/^ *value //p')" -gt "$2" ]; }
if [ "$(id -u)" -eq 0 ] && command -v setpriv > /dev/null; then
	rm -rf "$work/tree"
	run_sampler unix:/nonexistent --tasks
	ok "a user sends 4,000 tasks" setpriv --reuid=65534 --regid=65534 --clear-groups perl -MSocket -e \
		'socket(S, AF_UNIX, SOCK_DGRAM, 0) or die; my $to = sockaddr_un($ARGV[0]);
		for (1 .. 4000) {
			send(S, "jobsight-boundary 1\nevent task-begin\njob $_\nrestarts 0\nuid 65534\nasked 1\n", 0, $to) // die "$!"
		}' "$JOBSIGHT_SOCKET"
	ok "most are refused" wait_for 20 more_than refused 2000
	ok "said once" [ "$(grep -c 'too many tasks' "$work/sampler.log")" -eq 1 ]
	say 7 prolog_slurmd
	ok "a job's begin is recorded" wait_for 20 is recorded 1 begin
	ok "none was lost" is lost 0
	stop sampler
fi
say 5 prolog_slurmd
say 5 epilog_slurmd
ok "no sampler: two in the spool" wait_for 20 is spooled 2
ok "everybody may read it" [ "$(stat -c %a "$JOBSIGHT_SPOOL")" = 644 ]
touch -d '-2 minutes' "$node/run/jobsight/sampler.state"
ok "its last sign of life was long ago" wait_for 20 is_old 119000000

# The turn of the spool
rm -f "$work/tree"
run_sampler unix:/nonexistent
ok "a fresh spool stays as it was" [ "$(wc -l < "$JOBSIGHT_SPOOL")" -eq 2 ]
again() { # it looks when it begins
	stop sampler
	run_sampler unix:/nonexistent
}
touch -d '-25 hours' "$JOBSIGHT_SPOOL"
again
ok "one of yesterday is put aside" wait_for 20 test -f "$JOBSIGHT_SPOOL.1"
ok "the spool is empty again" wait_for 20 is spooled 0
head -c 140000 /dev/zero > "$JOBSIGHT_SPOOL"
again
ok "so is a large one" wait_for 20 sh -c '[ "$(stat -c %s "$1")" -eq 140000 ]' - "$JOBSIGHT_SPOOL.1"
touch -d '-31 days' "$JOBSIGHT_SPOOL.1"
again
ok "after a month it is removed" wait_for 20 test ! -e "$JOBSIGHT_SPOOL.1"
done_testing
