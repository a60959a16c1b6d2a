#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cut.sh RELAY GROW CUT-PROXY [ROUNDS]: archives grow while the network between both programs and the broker
# (TLS) stalls without a word, or ends with resets, again and again. Afterwards both trees are the same.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
relay=$1 grow=$2 proxy=$3 rounds=${4:-4}
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
at_exit "'$here/../servers/rabbitmq' stop '$work/broker' KILL"
mkdir "$work/node" "$work/server"
RABBITMQ_HEARTBEAT=4 "$here/../servers/rabbitmq" start "$work/broker" >"$work/environment"
# shellcheck disable=SC1091
. "$work/environment"
port=${RABBITMQ_URL##*:}
port=${port%%/*}
echo pass >"$work/mode"
"$proxy" "$port" "$work/mode" >"$work/proxy.port" &
proxy_pid=$!
at_exit "kill $proxy_pid 2>/dev/null || :"
wait_for 10 test -s "$work/proxy.port"
export JOBSIGHT_RELAY_URL=${RABBITMQ_URL/:$port/:$(cat "$work/proxy.port")} JOBSIGHT_RELAY_PASSWORD=$RABBITMQ_PASSWORD
export JOBSIGHT_RELAY_CA_FILE=$RABBITMQ_CA JOBSIGHT_RELAY_BACKOFF=1 JOBSIGHT_RELAY_SCAN=1 JOBSIGHT_RELAY_SPOOL_AGE=0
echo '{}' >"$work/settings.yaml"
start receive "$relay" --config "$work/settings.yaml" -t "$work/server" -s "$work/received" receive
start send "$relay" --config "$work/settings.yaml" -t "$work/node" -s "$work/sent" send
status() { "$relay" --config "$work/settings.yaml" -s "$work/$1" status | sed -n "s/^[a-z]*\.$2 //p"; }
arrived() { [ "$(status received bytes)" -gt "$1" ]; }

"$grow" "$work/node" 8M 8 17 >"$work/written" &
grower=$!
at_exit "kill $grower 2>/dev/null || :"
wait_for 60 arrived 0
for round in $(seq "$rounds"); do
	mode=stall
	[ $((round % 2)) -eq 0 ] || mode=reset
	echo $mode >"$work/mode"
	sleep 1.5
	echo pass >"$work/mode"
	sleep 1
done
wait "$grower"
same() { diff -r "$work/node" "$work/server"; }
ok 'both trees are the same' wait_for 120 same
ok 'the network was cut' [ "$(status sent connection_failures)" -gt 0 ]
ok '... on both sides' [ "$(status received failures)" -gt 0 ]

# Cut for longer than the broker waits: what a pulled cable leaves is found out by heartbeats.
echo stall >"$work/mode"
mkdir -p "$work/node/late/2026/11/21"
head -c 300000 /dev/urandom >"$work/node/late/2026/11/21/a.0"
cut_off() { [ "$(status sent connected)$(status received connected)" = 00 ]; }
ok 'a silent cut is noticed on both sides' wait_for 120 cut_off
echo pass >"$work/mode"
ok 'and what was written meanwhile comes' wait_for 120 same
done_testing
