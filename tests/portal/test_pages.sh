#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_pages.sh SOURCE BUILD: pages.mjs on a private site.
source=$1 build=$2
modules=$("$source/tests/support/page-modules") || exit $?
. "$source/tests/portal/site"
make_site
start_fixed pages staff
# A module finds packages beside itself only.
mkdir "$dir/pages"
cp "$source/tests/portal/pages.mjs" "$source/tests/portal/units.tsv" "$dir/pages/"
ln -s "$modules" "$dir/pages/node_modules"
# The sanitizers' settings are not for the browser.
env -u ASAN_OPTIONS -u UBSAN_OPTIONS -u LSAN_OPTIONS \
	HOME="$dir" timeout 850 node "$dir/pages/pages.mjs" "$url" >"$dir/tap" || {
	grep -A 12 '^not ok' "$dir/tap" >&2
	exit 1
}
tail -n 1 "$dir/tap"
