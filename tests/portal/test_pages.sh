#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_pages.sh SOURCE BUILD: pages.mjs on a private site. The npm packages that package-lock.json
# pins are installed once, into $JOBSIGHT_CACHE; where that cannot be done the test is skipped.
source=$1 build=$2
cache=${JOBSIGHT_CACHE:-${HOME:-/root}/.cache/jobsight}

install_packages() { # prints where they are
	command -v node >/dev/null && [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || return 1
	place=$cache/pages-$(sha256sum <"$source/tests/portal/package-lock.json" | cut -c 1-16)
	mkdir -p "$place" || return 1
	(
		flock 9
		[ -e "$place/installed" ] && exit 0
		cp "$source/tests/portal/package.json" "$source/tests/portal/package-lock.json" "$place/"
		timeout 300 npm ci --prefix "$place" --ignore-scripts --no-audit --no-fund >&2 &&
			touch "$place/installed"
	) 9>"$place/lock" || return 1
	echo "$place/node_modules"
}

modules=$(install_packages) || {
	echo 'needs chromium, node and npm with a registry' >&2
	exit 77
}
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
