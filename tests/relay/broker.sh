#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# broker.sh RELAY QUEUE-TOOL CORPUS: the relay with a real broker: TLS that does not trust a stranger,
# the fuzzer's corpus, a disk that is full, a password that is wrong, the rights of a node's user.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
relay=$1 queue_tool=$2 corpus=$3
dir=$(mktemp -d "${TMPDIR:-/tmp}/jobsight-broker.XXXXXX")
receiver=''
end() {
	[ -z "$receiver" ] || kill -KILL "$receiver" 2>/dev/null || :
	"$here/../servers/rabbitmq" stop "$dir/broker" KILL
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' INT TERM
fail() {
	echo "broker.sh: $*" >&2
	tail -n 5 "$dir"/*.log >&2
	exit 1
}
"$here/../servers/rabbitmq" start "$dir/broker" >"$dir/environment"
# shellcheck disable=SC1091
. "$dir/environment"
export JOBSIGHT_RELAY_URL=$RABBITMQ_URL JOBSIGHT_RELAY_PASSWORD=$RABBITMQ_PASSWORD
export JOBSIGHT_RELAY_CA_FILE=$RABBITMQ_CA JOBSIGHT_RELAY_BACKOFF=1 JOBSIGHT_RELAY_SPOOL_AGE=0
echo '{}' >"$dir/settings.yaml"
day=node1/2026/11/21
mkdir -p "$dir/node/$day" "$dir/server"
head -c 3000000 /dev/urandom >"$dir/node/$day/a.0"
head -c 2000 /dev/urandom >"$dir/node/$day/a.meta"

send() { timeout "${1:-60}" "$relay" --config "$dir/settings.yaml" -t "$dir/node" -s "$dir/sent" --once send; }
status() { "$relay" --config "$dir/settings.yaml" -s "$1" status; }
# within WHAT COMMAND...: it comes true within a minute
within() {
	what=$1
	shift
	for _ in $(seq 120); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.5
	done
	fail "$what"
}

# A broker whose certificate another authority signed, and a wrong password.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=stranger \
	-keyout "$dir/stranger.key" -out "$dir/stranger.pem" 2>"$dir/openssl.log"
! JOBSIGHT_RELAY_CA_FILE=$dir/stranger.pem send 3 2>"$dir/stranger.log" || fail 'trusts a stranger'
! JOBSIGHT_RELAY_PASSWORD=wrong send 3 2>"$dir/password.log" || fail 'a wrong password is enough'
grep -q 'login as relay refused' "$dir/password.log" || fail 'does not say that the login was refused'
! grep -q "$RABBITMQ_PASSWORD" "$dir"/*.log || fail 'a password stands in a log'

# The two users of docs/relay.md have the rights they need; a node's cannot read or remove anything. The receiver makes the queue; until then senders wait and say for what.
"$here/../servers/rabbitmq" ctl "$dir/broker" add_user node secret
"$here/../servers/rabbitmq" ctl "$dir/broker" set_permissions node '^$' '^amq\.default$' '^$'
"$here/../servers/rabbitmq" ctl "$dir/broker" add_user receiver other
"$here/../servers/rabbitmq" ctl "$dir/broker" set_permissions receiver '^jobsight\.archives$' '^$' '^jobsight\.archives$'
as_node() { JOBSIGHT_RELAY_URL=${RABBITMQ_URL/relay@/node@} JOBSIGHT_RELAY_PASSWORD=secret "$@"; }
! as_node send 3 2>"$dir/early.log" || fail 'sends without a queue'
grep -q "no queue 'jobsight.archives'" "$dir/early.log" || fail 'does not say that there is no queue'
mkdir "$dir/nothing"
"$queue_tool" put "$dir/nothing"
as_node send 2>"$dir/send.log" || fail 'send --once as a user who may write alone'
! as_node timeout 5 "$relay" --config "$dir/settings.yaml" -t "$dir/server" -s "$dir/spy" receive 2>"$dir/spy.log" ||
	fail 'a node may receive'
grep -q 'ACCESS_REFUSED' "$dir/spy.log" || fail 'a node that receives is not refused'
[ -z "$(ls "$dir/server")" ] || fail 'a node got archives'

# The disk of the receiver is full (it may write 1 MiB to a file): nothing is acknowledged, nothing lost.
receive() {
	export JOBSIGHT_RELAY_URL=${RABBITMQ_URL/relay@/receiver@} JOBSIGHT_RELAY_PASSWORD=other
	exec "$relay" --config "$dir/settings.yaml" -t "$dir/server" -s "$dir/received" receive \
		2>>"$dir/receive.log"
}
(trap '' XFSZ; ulimit -S -f 1024; receive) &
receiver=$!
within 'a full disk is not reported' grep -q 'a.0: File too large' "$dir/receive.log"
prlimit --pid "$receiver" --fsize=unlimited:
within 'does not go on once there is room' diff -r "$dir/node" "$dir/server"

# The fuzzer's whole corpus: messages that are not ours or lead out of the tree change nothing and are
# counted; the few that are whole do what they say, which another program reads from docs/relay.md.
mkdir "$dir/messages"
cp "$corpus"/* "$dir/messages"
cp -R "$dir/node" "$dir/wanted"
expected=$("$here/apply-messages" "$dir/messages" "$dir/wanted")
[ "$expected" -ge 50 ] || fail "only $expected of the corpus are no messages"
"$queue_tool" put "$dir/messages"
rejected() { [ "$(status "$dir/received" | sed -n 's/^receive.rejected //p')" = "$expected" ]; }
within "not $expected messages were rejected" rejected
within 'the rest did not what it says' diff -r "$dir/wanted" "$dir/server"
[ "$(find "$dir" -name 'a.0' | wc -l)" = 3 ] || fail 'a hostile message made a file'

kill -TERM "$receiver"
wait "$receiver" || fail "receive ended with $?"
grep -qE '^[0-9]{10} node1$' "$dir/received/receive.hosts" || fail 'does not know when node1 sent last'
receiver=''
