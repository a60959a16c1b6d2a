#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# codes.sh IMPORT: of every code that the importer has, a test raises it and a test ignores it. What those tests do is
# seen by themselves; here, that none is forgotten: codes beside `raised`, `met` or `count_of`, and those
# beside `ignores`.
set -u
import=$1
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)

# codes_of WORD: those beside it in the tests, by themselves or in the list that a loop goes through
codes_of() {
	awk -v word="$1" '
		function give(text) {
			while (match(text, /E_[A-Z][0-9][0-9][0-9][0-9]/)) {
				print substr(text, RSTART, RLENGTH)
				text = substr(text, RSTART + RLENGTH)
			}
		}
		/^[\t]*for code in / { list = $0 }
		/done <<-CODES/ { in_table = 1; next }
		/^[\t]*CODES$/ { in_table = 0 }
		in_table && word == "ignores" { give($0) }
		index($0, word) { give($0); give(list) }
		/^[\t]*done/ { list = "" }' "$here"/slurm.sh "$here"/measured.sh "$here"/directory.sh
}
"$import" --codes | sed -n 's/^| \(E_[A-Z0-9]*\) .*/\1/p' | sort -u >"$work/all"
{ codes_of raised; codes_of met; codes_of count_of; } | sort -u >"$work/raised"
codes_of ignores | sort -u >"$work/ignored"
ok "the importer has codes" test "$(wc -l <"$work/all")" -ge 30
ok "each is raised by a test" diff <(comm -23 "$work/all" "$work/raised") /dev/null
ok "each is ignored by a test" diff <(comm -23 "$work/all" "$work/ignored") /dev/null
done_testing
