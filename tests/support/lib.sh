# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For shell tests: . tests/support/lib.sh
#
#   $work            a folder of the test's own, removed at the end (kept with KEEP=1)
#   at_exit COMMAND  run at the end, last first; whatever ends the test
#   start NAME COMMAND...   in the background, output in $work/NAME.log, stopped at the end
#   stop NAME        now
#   wait_for SECONDS COMMAND...   until it succeeds; never a timed assertion, only a bound
#   free_port        prints a port of 127.0.0.1 that nobody has
#   ok TEXT COMMAND...   one line of TAP; tests end with done_testing
#   skip_unless_has TOOL...   ends the test with 77 where a tool is absent
work=$(mktemp -d "${TMPDIR:-/tmp}/jobsight-test.XXXXXX") || exit 99
chmod 0755 "$work"
lib_exit_commands=
lib_tests=0
lib_failures=0

lib_cleanup() {
	lib_rc=$?
	trap - EXIT HUP INT TERM
	eval "$lib_exit_commands" || :
	if [ -n "${KEEP:-}" ]; then
		echo "# kept: $work" >&2
	else
		rm -rf "$work"
	fi
	exit "$lib_rc"
}
trap lib_cleanup EXIT
trap 'exit 129' HUP INT TERM

at_exit() {
	lib_exit_commands="$*; $lib_exit_commands"
}

start() {
	lib_name=$1
	shift
	"$@" >"$work/$lib_name.log" 2>&1 </dev/null &
	echo "$!" >"$work/$lib_name.pid"
	at_exit "stop $lib_name"
}

stop() {
	[ -f "$work/$1.pid" ] || return 0
	lib_pid=$(cat "$work/$1.pid")
	rm -f "$work/$1.pid"
	kill "$lib_pid" 2>/dev/null || :
	wait "$lib_pid" 2>/dev/null || :
}

wait_for() {
	lib_until=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$lib_until" ] || {
			echo "did not happen in time: $*" >&2
			return 1
		}
		sleep 0.1
	done
}

free_port() {
	perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0) and bind(S, sockaddr_in(0, INADDR_LOOPBACK))
		or die $!; print +(sockaddr_in(getsockname(S)))[0], "\n"'
}

ok() {
	lib_text=$1
	shift
	lib_tests=$((lib_tests + 1))
	if "$@" >"$work/ok.log" 2>&1; then
		echo "ok $lib_tests - $lib_text"
	else
		lib_failures=$((lib_failures + 1))
		echo "not ok $lib_tests - $lib_text"
		sed 's/^/# /' "$work/ok.log"
	fi
}

done_testing() {
	echo "1..$lib_tests"
	[ "$lib_failures" -eq 0 ] || exit 1
	exit 0
}

skip_unless_has() {
	for lib_tool; do
		command -v "$lib_tool" >/dev/null || {
			echo "no $lib_tool" >&2
			exit 77
		}
	done
}
