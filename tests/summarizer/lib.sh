# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For tests of the whole summarizer: they set $root and $catalogue, then . "$root/tests/summarizer/lib.sh".
# What tests/support/lib.sh has, and a site of nothing but that catalogue: no settings of the machine's, a lock of its
# own, $work/empty.yaml for --config.
# shellcheck source=tests/support/lib.sh disable=SC2154 # root, catalogue: of whoever sources this
. "$root/tests/support/lib.sh"
export JOBSIGHT_CATALOGUE_SHIPPED="$catalogue" JOBSIGHT_CATALOGUE_PATH="$work/none"
export JOBSIGHT_APPLICATIONS_SHIPPED="$root/conf/applications.yaml" JOBSIGHT_APPLICATIONS_PATH="$work/none"
export JOBSIGHT_SUMMARIZER_LOCK="$work/lock" TMPDIR="$work"
echo '{}' >"$work/empty.yaml"

fail() { # TEXT...: says what the last run said, too
	echo "FAILED: $*" >&2
	[ ! -s "$work/err" ] || cat "$work/err" >&2
	exit 1
}
