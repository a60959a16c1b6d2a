#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# launcher.sh JOBSTATS LAUNCHER SLURM SSHD: probes of a real Slurm, submitted over a real SSH, with every
# outcome made on purpose.
# shellcheck disable=SC2154 # work, SSHD_*
set -u
jobstats=$(readlink -f "$1") launcher=$2 slurm=$3 sshd=$4
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck disable=SC1091
. "$here/../support/lib.sh"
skip_unless_has sbatch squeue scancel munged mariadbd ssh-keygen
unset JOBSIGHT_CONFIG

started=$("$slurm" start "$work/lab" --nodes 1 --cpus 4 --cluster alpha 2>"$work/slurm.log") || {
	rc=$?
	cat "$work/slurm.log" >&2
	[ $rc -eq 77 ] && exit 77
	exit 99
}
at_exit "'$slurm' stop '$work/lab' >/dev/null 2>&1"
eval "$started"
started=$("$sshd" start "$work/sshd") || exit $?
at_exit "'$sshd' stop '$work/sshd'"
eval "$started"

# What a login node has: settings, and a command that finds Slurm.
mkdir "$work/home" "$work/shared"
node=$work/node.yaml
cat >"$node" <<-END
	jobstats:
	  template: $here/../../conf/agents/probe.sh
	  folder: $work/shared
	  fs: $work/home,$work/shared
	  poll: 1
	  wait: 60
END
cat >"$work/agent" <<-END
	#!/bin/sh
	SLURM_CONF=$SLURM_CONF
	export SLURM_CONF
	exec "$jobstats" --config "\${NODE:-$node}" "\$@"
END
chmod 755 "$work/agent"

# outcome WANTED REASON [SETTING=VALUE ...]: what the probe on this node says.
outcome() {
	local wanted=$1 reason=$2
	shift 2
	env "$@" "$work/agent" >"$work/line" 2>"$work/errors" || { cat "$work/errors"; return 1; }
	cat "$work/line"
	[ "$(wc -l <"$work/line")" -eq 1 ] && [ "$(cut -d, -f2 "$work/line")" = "$wanted" ] &&
		grep -q -- "$reason" "$work/line"
}

ok 'a job that goes well' outcome ok ',[0-9][0-9]*,[0-9]*,[0-9]*,$'
empty() { [ -z "$(ls -A "$@")" ]; }
ok 'nothing of it is left at home' empty "$work/home"
ok 'nor elsewhere' empty "$work/shared"
ok 'a partition that is not there' outcome refused '[Ii]nvalid partition' JOBSIGHT_JOBSTATS_PARTITION=nowhere
ok 'a file system that cannot be written' outcome failed "$work/away" JOBSIGHT_JOBSTATS_FS="$work/home,$work/away"
sed 's/^for fs/sleep 60; &/' "$here/../../conf/agents/probe.sh" >"$work/slow.sh"
ok 'a job that hangs' outcome hanging '' JOBSIGHT_JOBSTATS_TEMPLATE="$work/slow.sh" JOBSIGHT_JOBSTATS_WAIT=6
gone() { [ -z "$(squeue -h --states=running,pending)" ]; }
ok 'is cancelled' wait_for 30 gone
sed 's/^exec.*/exit 0/; s/^echo.*//' "$here/../../conf/agents/probe.sh" >"$work/silent.sh"
ok 'a job that says nothing' outcome lost 'COMPLETED' JOBSIGHT_JOBSTATS_TEMPLATE="$work/silent.sh" JOBSIGHT_JOBSTATS_FS=/tmp
sed 's/^for fs/exit 5; &/' "$here/../../conf/agents/probe.sh" >"$work/broken.sh"
ok 'a job that breaks off' outcome failed 'FAILED' JOBSIGHT_JOBSTATS_TEMPLATE="$work/broken.sh"
scontrol update partition=all state=down 2>/dev/null ||
	scontrol update partition="$(sinfo -h -o %R | head -n 1)" state=down
ok 'a partition that is down' outcome late 'PENDING|Partition' JOBSIGHT_JOBSTATS_WAIT=4
ok 'is no place for the probe to stay' wait_for 30 gone
scontrol update partition="$(sinfo -h -o %R | head -n 1)" state=up
wrong() {
	local rc=0
	env "$@" "$work/agent" >/dev/null 2>"$work/errors" || rc=$?
	[ $rc -eq 2 ] && grep -q 'may mean something to a shell' "$work/errors"
}
# shellcheck disable=SC2016 # not to be expanded is the point
ok 'a setting that a shell would obey' wrong 'JOBSIGHT_JOBSTATS_NAME=x$(id)'
# shellcheck disable=SC2016 # the shell's own
script() {
	JOBSIGHT_JOBSTATS_QOS=high "$work/agent" --script >"$work/script" &&
		grep -qx '#SBATCH --qos=high' "$work/script" && ! grep -q 'SBATCH --partition' "$work/script" &&
		grep -qF '$(date +%s)' "$work/script"
}
ok 'the script, to be looked at' script

# ---- from the server ----
# clusters NAME=LOGIN ...: the server's settings; well is the one where all goes well.
csv=$work/availability.csv
server() {
	{
		echo "launcher: {command: $work/agent, known_hosts: ${KNOWN_HOSTS:-$SSHD_KNOWN_HOSTS}, csv: $csv, limit: ${LIMIT:-100}}"
		echo "clusters:"
		for cluster; do
			echo "- {name: ${cluster%%=*}, login: '${cluster#*=}', login_key: ${KEY:-$SSHD_KEY}}"
		done
	} >"$work/server.yaml"
}
launch() { "$launcher" --config "$work/server.yaml" "$@" >"$work/out" 2>"$work/errors"; }
# becomes CODE PATTERN ...: the exit code, and lines of the file.
becomes() {
	local rc=0 wanted=$1
	shift
	rm -f "$csv"
	launch || rc=$?
	cat "$csv" "$work/errors"
	[ $rc -eq "$wanted" ] || return 1
	for pattern; do grep -qE -- "$pattern" "$csv" || return 1; done
}

server alpha="$SSHD_LOGIN"
ok 'a cluster that is well' becomes 0 '^alpha,[^,]*,ok,[0-9]+,[0-9]+,[0-9]+,$'
closed=$(free_port)
server alpha="$SSHD_LOGIN" beta="nobody-there@127.0.0.1:$SSHD_PORT" gamma="127.0.0.1:$closed"
ok 'several at once, one of them well' becomes 3 '^alpha,[^,]*,ok,' '^beta,[^,]*,unreachable,,,,.*login' \
	'^gamma,[^,]*,unreachable,,,,.*connection'
only() { launch --cluster alpha --print && [ "$(cut -d, -f1 "$work/out")" = alpha ]; }
ok 'one of them alone' only
logins() { grep -c Accepted "$work/sshd/server.log"; }
before=$(logins)
KNOWN_HOSTS=$work/nobody server alpha="$SSHD_LOGIN"
ok 'a host that nobody knows is refused, with its fingerprint' becomes 3 'unreachable,,,,.*SHA256:.* is not in'
ssh-keygen -q -t ed25519 -N '' -f "$work/other"
echo "[127.0.0.1]:$SSHD_PORT $(cut -d ' ' -f 1,2 "$work/other.pub")" >"$work/changed"
KNOWN_HOSTS=$work/changed server alpha="$SSHD_LOGIN"
ok 'a host with another key is refused' becomes 3 'unreachable,,,,.*SHA256:.* is not the one in'
ok 'neither saw our key' test "$(logins)" -eq "$before"
cp "$SSHD_KEY" "$work/open-key"
chmod 644 "$work/open-key"
KEY=$work/open-key server alpha="$SSHD_LOGIN"
ok 'a private key that others can read is refused' becomes 3 'unreachable,,,,.*only its owner'
KEY=$work/other server alpha="$SSHD_LOGIN"
ok 'a key that the host does not know' becomes 3 'unreachable,,,,.*login: '
printf '#!/bin/sh\nsleep 60\n' >"$work/hang"
printf '#!/bin/sh\necho "ok ok ok"\n' >"$work/chat"
printf '#!/bin/sh\nhead -c 3000000 /dev/zero | tr "\\0" x\n' >"$work/flood"
printf '#!/bin/sh\necho "no such partition" >&2; exit 7\n' >"$work/fail"
chmod 755 "$work/hang" "$work/chat" "$work/flood" "$work/fail"
# through COMMAND PATTERN: what another command on the login node comes to.
through() {
	LIMIT=3 server alpha="$SSHD_LOGIN"
	sed -i "s|$work/agent|$1|" "$work/server.yaml"
	becomes 3 "$2"
}
ok 'a command that hangs' through "$work/hang" 'unreachable,,,,.*was not over after 3 s'
ok 'one that says something else' through "$work/chat" 'unreachable,,,,.*fields'
ok 'one that says very much' through "$work/flood" 'unreachable,,,,.*fields'
ok 'one that fails' through "$work/fail" 'unreachable,,,,.*code 7: no such partition'
ok 'one that is not there' through "$work/none" 'unreachable,,,,.*code 127'
echo '{}' >"$work/server.yaml"
nobody() {
	local rc=0
	launch || rc=$?
	[ $rc -eq 2 ] && grep -q 'no cluster has a login' "$work/errors"
}
ok 'no cluster with a login is a wrong use' nobody
done_testing
