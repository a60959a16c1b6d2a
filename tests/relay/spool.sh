#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# spool.sh RELAY: what waits, and where there is no room for it. A node whose broker is away asks for it ever more
# seldom and keeps the archives themselves, or the newest of them when it was told how much; a server whose file
# system is really full (a small tmpfs: tree and state) takes nothing and loses nothing; nor does a broker whose
# disk is, nor a node whose state finds no room.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=SCRIPTDIR/../support/namespaces.sh
. "$here/../support/namespaces.sh"
enter_namespace "$0" "$@"
# shellcheck source=SCRIPTDIR/../support/lib.sh disable=SC2154
. "$here/../support/lib.sh"
relay=$1
begin_namespaces
broker=$here/../servers/rabbitmq
at_exit "'$broker' stop '$work/broker' KILL"
"$broker" start "$work/broker" >"$work/environment" || exit 1
# shellcheck disable=SC1091
. "$work/environment"
"$broker" stop "$work/broker"
export JOBSIGHT_RELAY_URL=$RABBITMQ_URL JOBSIGHT_RELAY_PASSWORD=$RABBITMQ_PASSWORD
export JOBSIGHT_RELAY_CA_FILE=$RABBITMQ_CA JOBSIGHT_RELAY_SCAN=1 JOBSIGHT_RELAY_SPOOL_AGE=0
echo '{}' >"$work/settings.yaml"
mkdir "$work/node" "$work/server" "$work/small"
archive() { # DAY BYTES: one, written long ago
	mkdir -p "$work/node/n1/2026/11/$1"
	head -c "$2" /dev/urandom >"$work/node/n1/2026/11/$1/a.0"
	touch -d '-1 hour' "$work/node/n1/2026/11/$1/a.0"
}
run() { # VERB TREE STATE
	start "$1" "$relay" --config "$work/settings.yaml" -t "$2" -s "$3" "$1"
}
status() { "$relay" --config "$work/settings.yaml" -s "$1" status | sed -n "s/^[a-z]*\.$2 //p"; }
is() { [ "$(status "$1" "$2")" = "$3" ]; }
same() { diff -r "$work/node" "$1"; }

# ---- the broker is away ----
for day in 17 18 19 20; do archive $day 700000; done
export JOBSIGHT_RELAY_BACKOFF=3 JOBSIGHT_RELAY_SPOOL_MIB=2
run send "$work/node" "$work/sent"
often() { is "$work/sent" connection_failures 6; }
ok "the broker is away: it is tried again and again" wait_for 60 often
ever_later() { # the pauses it says: each longer than the one before, by chance as much as half, up to the limit
	sed -n 's/.*again in \([0-9]*\) ms.*/\1/p' "$work/send.log" | tee "$work/pauses"
	awk '$1 < before || $1 > 3000 { bad = 1 } { before = $1 } END { exit bad || NR < 6 || before != 3000 }' "$work/pauses"
}
ok "... ever later, up to the limit" ever_later
ok "more waits than was allowed: the oldest are given up" is "$work/sent" files_given_up 2
# 17 and 18: 2.8 MB wait where 2 MiB may; each is 0.7
ok "... by name" grep -q 'n1/2026/11/17/a.0 is given up' "$work/send.log"
ok "... the newest are not" eval "! grep -q '11/20/a.0 is given up' '$work/send.log'"
"$broker" start "$work/broker" >/dev/null
run receive "$work/server" "$work/received"
newest() { [ "$(cd "$work/server" && find . -type f | sort | tr '\n' ' ')" = './n1/2026/11/19/a.0 ./n1/2026/11/20/a.0 ' ]; }
ok "the broker is back: the newest arrive" wait_for 60 newest
ok "... whole" eval "cmp '$work/node/n1/2026/11/19/a.0' '$work/server/n1/2026/11/19/a.0' && cmp '$work/node/n1/2026/11/20/a.0' '$work/server/n1/2026/11/20/a.0'"
ok "nothing was taken from the node" [ "$(find "$work/node" -type f | wc -l)" -eq 4 ]
stop send
stop receive
JOBSIGHT_RELAY_SPOOL_MIB=0

# ---- the broker's own disk is full ----
# It takes no messages (its disk alarm; that of memory is the same to us) and still gives them out.
rm -rf "$work/sent" "$work/node" "$work/server" "$work/received"
mkdir "$work/server"
for day in 17 18; do archive $day 3000000; done
"$broker" ctl "$work/broker" set_disk_free_limit 1000000000000000 >/dev/null || exit 1
run receive "$work/server" "$work/received"
run send "$work/node" "$work/sent"
blocked() { is "$work/sent" blocked "$1"; }
ok "the broker's disk is full: the sender knows" wait_for 60 blocked 1
ok "... and says why" grep -q 'takes no messages now: low on disk' "$work/send.log"
for day in 19 20; do archive $day 30000000; done # more than the window and the network hold
sleep 5
ok "... it waits" eval "is '$work/sent' connected 1 && is '$work/sent' connection_failures 0 && ! same '$work/server' >/dev/null"
"$broker" ctl "$work/broker" set_disk_free_limit 50000000 >/dev/null
ok "there is room: all arrives" wait_for 90 same "$work/server"
ok "... over the same connection" wait_for 10 eval "blocked 0 && is '$work/sent' connection_failures 0"
stop send
stop receive

# ---- the server's file system is full ----
mount -t tmpfs -o size=5m tmpfs "$work/small" || exit 1
at_exit "umount -l '$work/small'"
mkdir "$work/small/tree" "$work/small/state"
rm -rf "$work/sent" "$work/node"
for day in 17 18 19 20; do archive $day 2000000; done
head -c 70000 /dev/urandom >"$work/node/n1/2026/11/20/a.meta"
run receive "$work/small/tree" "$work/small/state"
run send "$work/node" "$work/sent"
refused() { grep -q 'No space left on device' "$work/receive.log"; }
ok "there is no room on the server: it says so" wait_for 60 refused
arrived_at_broker() { is "$work/sent" backlog_bytes 0 && is "$work/sent" connected 1; }
ok "... the node has handed all over meanwhile" wait_for 60 arrived_at_broker
ok "... and it is not there yet" eval "! same '$work/small/tree' >/dev/null"
stop receive
run receive "$work/small/tree" "$work/small/state" # one that begins when there is no room
sleep 2
mount -o remount,size=64m "$work/small"
ok "there is room: all is there" wait_for 90 same "$work/small/tree"
counted() { [ "$(status "$work/small/state" failures)" -gt 0 ] && is "$work/small/state" rejected 0; }
ok "... nothing was refused for good" wait_for 20 counted
stop send

# ---- the node's own file system is full ----
mkdir "$work/tiny"
mount -t tmpfs -o size=64k tmpfs "$work/tiny" || exit 1
at_exit "umount -l '$work/tiny'"
mkdir "$work/tiny/sent"
head -c 70000 /dev/zero >"$work/tiny/filler" 2>/dev/null
run send "$work/node" "$work/tiny/sent"
ok "there is no room on the node for what the sender remembers: it says so" \
	wait_for 60 grep -q 'No space left on device' "$work/send.log"
archive 21 300000
rm "$work/tiny/filler"
ok "there is room: what came meanwhile arrives" wait_for 90 same "$work/small/tree"
done_testing
