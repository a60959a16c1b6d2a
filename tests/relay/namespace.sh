#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# namespace.sh RELAY GROW: a node and the server are two hosts with a cable between them (network namespaces). Archives
# grow on the node; the cable is pulled in mid-stream, for a moment and for longer than TCP and the broker
# wait, while the sender is killed, too. Afterwards both trees are the same. cut.sh needs no namespaces.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=SCRIPTDIR/../support/namespaces.sh
. "$here/../support/namespaces.sh"
enter_namespace "$0" "$@"
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
relay=$1 grow=$2
host node
RABBITMQ_ADDRESS=$(address_of_server node)
export RABBITMQ_ADDRESS
at_exit "'$here/../servers/rabbitmq' stop '$work/broker' KILL"
mkdir "$work/node" "$work/server"
RABBITMQ_HEARTBEAT=4 "$here/../servers/rabbitmq" start "$work/broker" >"$work/environment"
# shellcheck disable=SC1091
. "$work/environment"
export JOBSIGHT_RELAY_URL=$RABBITMQ_URL JOBSIGHT_RELAY_PASSWORD=$RABBITMQ_PASSWORD
export JOBSIGHT_RELAY_CA_FILE=$RABBITMQ_CA JOBSIGHT_RELAY_BACKOFF=1 JOBSIGHT_RELAY_SCAN=1 JOBSIGHT_RELAY_SPOOL_AGE=0
echo '{}' >"$work/settings.yaml"
sender=$(cat "$work/namespaces/node.pid")
begin_sender() {
	start send nsenter -n -t "$sender" "$relay" --config "$work/settings.yaml" -t "$work/node" -s "$work/sent" send
}
start receive "$relay" --config "$work/settings.yaml" -t "$work/server" -s "$work/received" receive
begin_sender
status() { "$relay" --config "$work/settings.yaml" -s "$work/$1" status | sed -n "s/^[a-z]*\.$2 //p"; }
arrived() { [ "$(status received bytes)" -gt "$1" ]; }
size_of() { find "$1" -type f -printf '%s\n' | awk '{ n += $1 } END { print n + 0 }'; }
behind() { [ "$(size_of "$work/server")" -lt "$(size_of "$work/node")" ]; }

ok 'the node has no other way to the broker' eval "! on node bash -c 'exec 3<>/dev/tcp/127.0.0.1/$(cat "$work/broker/port")'"
"$grow" "$work/node" 24M 14 5 >"$work/written" &
grower=$!
at_exit "kill $grower 2>/dev/null || :"
ok 'what grows arrives' wait_for 60 arrived 100000
for seconds in 0.3 1 2; do
	cut_cable node
	sleep "$seconds"
	ok "$seconds s without a network: the server is behind" wait_for 20 behind
	mend_cable node
	now=$(status received bytes)
	ok '... and what comes later arrives again' wait_for 60 arrived "$now"
done
cut_cable node
stop send # nobody hears of it
begin_sender
cut_off() { [ "$(status sent connected)" = 0 ] && [ "$(status sent connection_failures)" -gt 0 ]; }
ok 'a sender that begins meanwhile waits' wait_for 60 cut_off
mend_cable node
on_again() { [ "$(status sent connected)" = 1 ]; }
ok '... and goes on' wait_for 60 on_again
wait "$grower"
same() { diff -r "$work/node" "$work/server"; }
ok 'both trees are the same' wait_for 120 same

failures=$(status sent connection_failures)
cut_cable node
mkdir -p "$work/node/late/2026/11/21"
head -c 3000000 /dev/urandom >"$work/node/late/2026/11/21/a.0"
noticed() { [ "$(status sent connection_failures)" -gt "$failures" ]; }
ok 'a sender whose cable is out finds out' wait_for 120 noticed
mend_cable node
ok 'and what was written meanwhile comes' wait_for 120 same
done_testing
