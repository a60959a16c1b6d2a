# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# What the scripts that start a server have in common; sourced. A server is remembered by process id
# and start time, so that a number used again is never mistaken for it.

server_cache=${JOBSIGHT_CACHE:-$HOME/.cache/jobsight}

# Nothing for one that has ended, also when nobody has asked for its exit status yet (Z).
process_start_time() {
	# The name in field 2 may hold blanks; what follows its last ')' does not.
	sed -n 's/.*) \([^Z]\)/\1/p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

# server_run DIR COMMAND...: in the background with its output in DIR/server.log. The server keeps no
# descriptor of ours: $(server start DIR) would wait for it for ever.
server_run() {
	run_dir=$1
	shift
	setsid "$@" >"$run_dir/server.log" 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
	server_pid=$!
	echo "$server_pid $(process_start_time "$server_pid")" >"$run_dir/server.pid"
}

# server_alive DIR: is what was started for DIR still running?
server_alive() {
	[ -f "$1/server.pid" ] || return 1
	read -r server_pid server_start <"$1/server.pid"
	[ -n "$server_start" ] && [ "$(process_start_time "$server_pid")" = "$server_start" ]
}

# server_stop DIR [SIGNAL]: ends it and waits; what does not end in 10 s is killed.
server_stop() {
	server_alive "$1" || {
		rm -f "$1/server.pid"
		return 0
	}
	kill -s "${2:-TERM}" "$server_pid" 2>/dev/null || :
	tries=0
	while server_alive "$1"; do
		tries=$((tries + 1))
		[ "$tries" -ne 200 ] || kill -s KILL "$server_pid" 2>/dev/null || :
		sleep 0.05
	done
	rm -f "$1/server.pid"
}

# server_wait DIR COMMAND...: until COMMAND succeeds; fails when the server ends before.
server_wait() {
	wait_dir=$1
	shift
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		if [ "$tries" -gt 600 ] || ! server_alive "$wait_dir"; then
			echo "the server did not start; the end of $wait_dir/server.log:" >&2
			tail -n 20 "$wait_dir/server.log" >&2
			server_stop "$wait_dir"
			return 1
		fi
		sleep 0.1
	done
}

# cache_build NAME COMMAND ARG...: the path of what COMMAND makes, made once for each user. COMMAND
# gets a new folder as its last argument; others that want the same meanwhile wait.
cache_build() {
	cache_target=$server_cache/$1
	shift
	[ ! -d "$cache_target" ] || return 0
	mkdir -p "$server_cache"
	(
		flock 9
		[ ! -d "$cache_target" ] || exit 0
		rm -rf "$cache_target.new"
		mkdir "$cache_target.new"
		"$@" "$cache_target.new" || exit $?
		mv "$cache_target.new" "$cache_target"
	) 9>"$cache_target.lock"
}

# fingerprint FILE...: short name of their contents.
fingerprint() {
	cat "$@" | sha256sum | cut -c 1-12
}
