# SPDX-License-Identifier: Apache-2.0
# For the shell tests of PMDAs whose instances come and go, after lib.sh: steady, value, of, wait_for.
# shellcheck shell=bash

# steady PMDA: all its values in the order of instances' names, without numbers of instances, and without what
# depends on how long it has run.
steady()
{
	pminfo -f "$1" | sed -E "/^$1.control.polls/,/^\$/d; s/inst \[[0-9]+ or /inst [/" | awk '
		/^    inst/ { line[n++] = $0; next }
		{ flush(); print }
		function flush(  i, j, t) {
			for (i = 1; i < n; i++)
				for (j = i; j > 0 && line[j - 1] > line[j]; j--) {
					t = line[j]; line[j] = line[j - 1]; line[j - 1] = t
				}
			for (i = 0; i < n; i++)
				print line[i]
			n = 0
		}'
}

# value METRIC INSTANCE: one value, empty when there is none; of METRIC: the one of the node.
value()
{
	pminfo -f "$1" | awk -v name="\"$2\"]" '$4 == name { print $6 }'
}

of()
{
	pminfo -f "$1" | sed -n 's/^ *value //p'
}

# wait_for METRIC INSTANCE VALUE
wait_for()
{
	local tries
	for ((tries = 0; tries < 600; tries++)); do
		[ "$(value "$1" "$2")" != "$3" ] || return 0
		sleep 0.05
	done
	fail "$1 of $2 does not become '$3', it is '$(value "$1" "$2")'"
}

# Our own labels of all instances of METRIC..., in order.
labels()
{
	pminfo -l "$@" | grep -o '{.*}' | sed -E 's/"(domainname|hostname|machineid|agent|units)":"[^"]*",?//g
		s/"(group|user)id":[0-9]+,?//g; s/,+}/}/' | grep -v -e '^{}' | sort -u
}
