# shellcheck shell=bash disable=SC2154,SC2034
# SPDX-License-Identifier: Apache-2.0
# Steps of ./quickstart and ./check: one line each with its seconds, the output in a log, a progress
# display when stdout is a terminal. The caller sets $dir; logs are $dir/log/NAME.log.
#
#   step NAME 'what' INPUTS FUNCTION ARG...
#       runs FUNCTION in a subshell; not again while INPUTS are the same as when it was last done
#       ('' is always done). What it puts into $dir/note/NAME is shown on its line.
#       $step_ok says whether it succeeded; if not, the end of the log has been printed. It is no
#       exit status, because `set -e` does not hold in what is called in a condition.
is_terminal=
[ ! -t 1 ] || is_terminal=yes

steps_begin() { mkdir -p "$dir"/{log,done,note}; }

clear_line() { [ -z "$is_terminal" ] || printf '\r\033[K'; }

spin() { # what, pid, since
	local marks='-\|/' i=0
	while kill -0 "$2" 2>/dev/null; do
		printf '\r\033[K%s %-44s %4d s' "${marks:i++%4:1}" "$1" $((SECONDS - $3))
		sleep 0.25
	done
}

step() {
	local name=$1 what=$2 inputs=$3 log=$dir/log/$1.log since=$SECONDS pid
	shift 3
	if [ -n "$inputs" ] && [ "$(cat "$dir/done/$name" 2>/dev/null)" = "$inputs" ]; then
		printf '%-46s %s\n' "$what" "done before"
		step_ok=yes
		return 0
	fi
	step_ok=
	rm -f "$dir/done/$name" "$dir/note/$name"
	( "$@" ) >"$log" 2>&1 </dev/null &
	pid=$!
	[ -z "$is_terminal" ] || spin "$what" "$pid" "$since"
	if ! wait "$pid"; then
		clear_line
		printf '%-46s FAILED after %d s\n' "$what" $((SECONDS - since))
		{
			echo "--- the end of $log:"
			tail -n "${STEP_TAIL:-25}" "$log" | sed 's/^/    /'
			echo "---"
		} >&2
		return 0
	fi
	step_ok=yes
	[ -z "$inputs" ] || printf '%s\n' "$inputs" >"$dir/done/$name"
	clear_line
	printf '%-46s %4d s  %s\n' "$what" $((SECONDS - since)) "$(cat "$dir/note/$name" 2>/dev/null || :)"
}

note() { printf '%s\n' "$2" >"$dir/note/$1"; } # a word on the step's line
