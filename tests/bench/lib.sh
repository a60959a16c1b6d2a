# shellcheck shell=bash disable=SC2034 # for who sources it
# SPDX-License-Identifier: Apache-2.0
# For benchmarks: . tests/bench/lib.sh
#
#   anonymous_peak PID    waits for it and its descendants; sets anonymous: the most that one of these had in
#                         memory that is no mapped file, in kB, looked at each 50 ms
anonymous_peak() {
	local level family n
	anonymous=0
	while kill -0 "$1" 2>/dev/null; do
		level=$1 family=
		while level=$(pgrep -d, -P "$level"); do
			family=$family,$level
		done
		n=$(for process in ${family//,/ }; do
			cat "/proc/$process/status" 2>/dev/null || :
		done | awk '/^RssAnon:/ && $2 > n { n = $2 } END { print n + 0 }')
		[ "$n" -le "$anonymous" ] || anonymous=$n
		sleep 0.05
	done
	wait "$1"
}
