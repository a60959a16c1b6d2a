#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make_archive.sh MKARCHIVE EVERYTHING REST BASE: an archive of version 3 with deltas and two volumes.
set -eu
text=$(mktemp "${TMPDIR:-/tmp}/jobsight-text.XXXXXX")
trap 'rm -f "$text"' EXIT
{
	echo "version 3"
	sed '/^at 60$/,$d' "$2"
	cat "$3"
} > "$text"
"$1" "$text" "$4"
