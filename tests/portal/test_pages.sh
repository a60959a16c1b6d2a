#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_pages.sh SOURCE BUILD: pages.mjs on a private site. The npm packages of package-lock.json are
# looked for in tests/portal (npm ci there) or in the build tree.
source=$1 build=$2
modules=
for place in "$source/tests/portal" "$build/tests/portal"; do
	[ -d "$place/node_modules/playwright-core" ] && modules=$place/node_modules && break
done
if [ -z "$modules" ] || ! command -v node >/dev/null || ! [ -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
	echo 'needs node, chromium and: npm ci in tests/portal' >&2
	exit 77
fi
. "$source/tests/portal/site"
make_site
start_fixed pages staff
# A module finds packages beside itself only.
mkdir "$dir/pages"
cp "$source/tests/portal/pages.mjs" "$dir/pages/"
ln -s "$modules" "$dir/pages/node_modules"
# The sanitizers' settings are not for the browser.
env -u ASAN_OPTIONS -u UBSAN_OPTIONS -u LSAN_OPTIONS \
	HOME="$dir" timeout 500 node "$dir/pages/pages.mjs" "$url" >"$dir/tap" || {
	grep -A 12 '^not ok' "$dir/tap" >&2
	exit 1
}
tail -n 1 "$dir/tap"
