#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# units.sh BUILD SOURCE: systemd takes the units, and no two of them have the same folder below /run, which
# the first that ends would take from the other.
set -u
build=$1 source=$2
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
skip_unless_has systemd-analyze
mkdir "$work/units"
find "$build" -name 'jobsight-*.service' -exec cp {} "$work/units" \;
cp "$source"/conf/systemd/*.timer "$work/units"

# The programs are not installed, pmcd and PostgreSQL perhaps neither.
complaints() {
	systemd-analyze verify --man=no "$work"/units/*.service "$work"/units/*.timer 2>&1 |
		grep -E "$work/units|jobsight" | grep -vE 'is not executable|not found|Failed to create'
}
not() {
	! "$@"
}
ok "there are units" [ "$(find "$work/units" -name '*.service' | wc -l)" -ge 5 ]
ok "systemd takes them" not complaints
printf '[Service]\nExecStart=/bin/true\nProtectSystem=perhaps\n' > "$work/units/jobsight-wrong.service"
ok "... and would not take any" complaints
rm "$work/units/jobsight-wrong.service"
mkdir "$work/units/jobsight-pmcd.service.d"
printf '[Service]\nExecStart=/bin/true\n' > "$work/units/jobsight-pmcd.service"
cp "$source/conf/systemd/pmcd-jobsight.conf" "$work/units/jobsight-pmcd.service.d/jobsight.conf"
ok "systemd takes the settings for pmcd" not complaints
sed -i 's/ProtectSystem=full/ProtectSystem=perhaps/' "$work/units/jobsight-pmcd.service.d/jobsight.conf"
ok "... and would not take any" complaints
rm -r "$work"/units/jobsight-pmcd.service*
shared() {
	grep -h '^RuntimeDirectory=' "$work"/units/*.service | sort | uniq -d | grep .
}
ok "each has its own folder below /run" not shared
done_testing
