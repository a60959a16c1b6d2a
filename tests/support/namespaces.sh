# shellcheck shell=bash disable=SC2154
# SPDX-License-Identifier: Apache-2.0
# Hosts in network namespaces, for tests with two and more of them; before lib.sh:
#
#   . tests/support/namespaces.sh
#   enter_namespace "$0" "$@"      runs the test anew as the first host; 77 where that is forbidden
#   . tests/support/lib.sh
#
#   host NAME        a host of its own; here and there it is called NAME, and we are NAME-server there
#   on NAME COMMAND...    runs it there
#   cut_cable NAME, mend_cable NAME   takes the cable out, and puts it in again
#   address_of_server NAME   ours on its cable
#
# All of it is gone when the test ends: namespaces live as long as a process in them does.
enter_namespace() {
	[ -z "${IN_NAMESPACE:-}" ] || return 0
	local may=-nm
	[ "$(id -u)" -eq 0 ] || may=-rnm
	if ! command -v ip >/dev/null || ! unshare $may true 2>/dev/null; then
		echo 'no network namespaces here' >&2
		exit 77
	fi
	IN_NAMESPACE=yes exec unshare $may "$@"
}

begin_namespaces() {
	ip link set lo up
	echo '127.0.0.1 localhost' >"$work/hosts"
	mount --bind "$work/hosts" /etc/hosts
	mkdir "$work/namespaces"
}

address_of_server() { echo "10.77.$(cat "$work/namespaces/$1.number").1"; }

host() {
	local name=$1 pid number
	[ -d "$work/namespaces" ] || begin_namespaces
	number=$(($(find "$work/namespaces" -name '*.number' | wc -l) + 1))
	echo "$number" >"$work/namespaces/$name.number"
	unshare -n sleep 1000000 &
	pid=$!
	echo "$pid" >"$work/namespaces/$name.pid"
	at_exit "kill $pid 2>/dev/null || :"
	wait_for 10 eval "[ \"\$(readlink /proc/$pid/ns/net)\" != '$(readlink /proc/self/ns/net)' ]" || return 1
	ip link add "to-$name" type veth peer name eth0 netns "$pid" || return 1
	ip address add "10.77.$number.1/30" dev "to-$name"
	ip link set "to-$name" up
	on "$name" ip link set lo up
	on "$name" ip address add "10.77.$number.2/30" dev eth0
	on "$name" ip link set eth0 up
	printf '10.77.%s.2 %s\n10.77.%s.1 %s-server\n' "$number" "$name" "$number" "$name" >>"$work/hosts"
}

on() {
	local name=$1
	shift
	nsenter -n -t "$(cat "$work/namespaces/$name.pid")" "$@"
}

cut_cable() { ip link set "to-$1" down; }
mend_cable() { ip link set "to-$1" up; }
