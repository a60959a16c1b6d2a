#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lists.sh BUILD SOURCE: everything that meson installs, and a manual page for each program, is in one Debian package
# and in one rpm, in the same of both; libraries that are linked are among what both want for building; units
# that both have can be enabled. Whether the packages can be built: tests/packaging/deb and rpm.
set -u
build=$1 source=$2
# shellcheck source=tests/support/lib.sh
. "$source/tests/support/lib.sh"
skip_unless_has meson jq systemctl
spec=$source/rpm/jobsight.spec

# What is installed, as below / on a system, and the manuals that packages make.
prefix=$(meson introspect --buildoptions "$build" | jq -r '.[] | select(.name == "prefix").value')
meson introspect --installed "$build" | jq -r '.[]' | sed "s#^$prefix/#/usr/#" |
	while read -r file; do
		echo "$file"
		case $file in /usr/bin/*) echo "/usr/share/man/man1/${file##*/}.1" ;; esac
	done | sort -u >"$work/installed"

# "PACKAGE PATTERN" of both lists, in the same words.
for list in "$source"/debian/*.install; do
	name=${list##*/}
	awk -v name="${name%.install}" 'NF == 1 { sub("^lib/systemd", "usr/lib/systemd"); print name " /" $1 }' "$list"
done >"$work/deb"
awk '/^%files/ { name = "jobsight" ($2 ? "-" $2 : ""); on = 1; next }
	/^%changelog/ { on = 0 }
	on && /^%\{/ { print name " " $1 }' "$spec" |
	sed 's#%{_bindir}#/usr/bin#; s#%{_datadir}#/usr/share#; s#%{_libexecdir}#/usr/libexec#
		s#%{_unitdir}#/usr/lib/systemd/system#; s#%{_tmpfilesdir}#/usr/lib/tmpfiles.d#
		s#%{_sysusersdir}#/usr/lib/sysusers.d#; s#%{_mandir}#/usr/share/man#
		s#%{pmdas}#/var/lib/pcp/pmdas#; s#%{_localstatedir}#/var#; s#\.1\*$#.1#; s#/\*$##' >"$work/rpm"

packages_of() { # FILE LIST: those that have it
	local package pattern
	while read -r package pattern; do
		# shellcheck disable=SC2254
		case $1 in $pattern | $pattern/*) echo "$package" ;; esac
	done <"$work/$2"
}
once() { # LIST
	local file bad=0
	while read -r file; do
		[ "$(packages_of "$file" "$1" | wc -l)" -eq 1 ] && continue
		echo "$file: in '$(packages_of "$file" "$1" | tr '\n' ' ')'"
		bad=1
	done <"$work/installed"
	return $bad
}
same() {
	local file bad=0
	while read -r file; do
		[ "$(packages_of "$file" deb)" = "$(packages_of "$file" rpm)" ] || { echo "$file"; bad=1; }
	done <"$work/installed"
	return $bad
}
alive() { # LIST: each of its lines has something
	local package pattern file bad=0 found
	while read -r package pattern; do
		found=
		while read -r file; do
			# shellcheck disable=SC2254
			case $file in $pattern | $pattern/*) found=yes && break ;; esac
		done <"$work/installed"
		[ -n "$found" ] || { echo "$package: nothing is $pattern"; bad=1; }
	done <"$work/$1"
	return $bad
}
ok "there is something to install" [ "$(wc -l <"$work/installed")" -gt 100 ]
ok "everything is in one Debian package" once deb
ok "everything is in one rpm" once rpm
ok "the same in both" same
ok "no line of the Debian lists is in vain" alive deb
ok "no line of the rpm's is" alive rpm

# Where another package brought a library the build goes well here, and only here.
meson introspect --dependencies "$build" |
	jq -r '.[].name' | grep -vxE 'threads|criterion|fuse3?|lber' | sort -u >"$work/libraries"
wanted() {
	local library package bad=0
	while read -r library; do
		grep -qx "BuildRequires:  pkgconfig($library)" "$spec" || { echo "$library: not in the spec"; bad=1; }
		package=$(dpkg -S "*/$library.pc" 2>/dev/null | sed 's/:.*//; q')
		[ -n "$package" ] || continue
		grep -qwF "$package" "$source/debian/control" || { echo "$library: no $package in debian/control"; bad=1; }
	done <"$work/libraries"
	return $bad
}
ok "libraries are asked for" [ "$(wc -l <"$work/libraries")" -gt 10 ]
ok "both kinds want what is linked" wanted

# Units: what is started by itself has a timer.
can_be_enabled() {
	local unit bad=0 root=$work/root
	mkdir -p "$root/usr/lib/systemd/system"
	find "$build" -name 'jobsight-*.service' -exec cp {} "$root/usr/lib/systemd/system" \;
	cp "$source"/conf/systemd/*.timer "$root/usr/lib/systemd/system"
	for unit in "$root"/usr/lib/systemd/system/*; do
		[ "${unit##*.}" = timer ] || [ ! -e "${unit%.service}.timer" ] || continue
		systemctl --root "$root" enable "${unit##*/}" &&
			[ "$(systemctl --root "$root" is-enabled "${unit##*/}")" = enabled ] ||
			{ echo "${unit##*/}: cannot be enabled"; bad=1; }
	done
	return $bad
}
ok "units can be enabled" can_be_enabled
stopped() {
	local unit bad=0
	for unit in "$work"/root/usr/lib/systemd/system/*; do
		sed -n '/^%global [a-z]*_/p' "$spec" | grep -qw "${unit##*/}" || { echo "${unit##*/}"; bad=1; }
	done
	return $bad
}
ok "the rpm stops each when it goes" stopped
done_testing
