#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# launcher.sh JOBSIGHT SOURCE_ROOT: what `jobsight` does with verbs, help, settings and their manual.
set -eu
jobsight=$1
root=$2
dir=$(mktemp -d "${TMPDIR:-/tmp}/jobsight-launcher.XXXXXX")
trap 'rm -rf "$dir"' EXIT
unset JOBSIGHT_STORE_URL

fail() {
	echo "launcher.sh: $*" >&2
	exit 1
}

# expect CODE COMMAND ...: runs it, leaves its output in $out and its complaints in $err.
expect() {
	want=$1
	shift
	code=0
	"$@" >"$dir/out" 2>"$dir/err" || code=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
	[ "$code" = "$want" ] || fail "$* ended with $code, not $want: $err"
}

contains() {
	case $1 in
	*"$2"*) ;;
	*) fail "no \"$2\" in: $1" ;;
	esac
}

# The launcher at its place in an installation, beside one verb and with others in libexec and PATH.
mkdir -p "$dir/usr/bin" "$dir/usr/libexec/jobsight" "$dir/path"
cp "$jobsight" "$dir/usr/bin/jobsight"
verb() {
	{
		echo '#!/bin/sh'
		echo "[ \"\${1-}\" = --help ] && { echo \"jobsight-$2: $3\"; echo rest; exit 0; }"
		echo "echo \"$1 got \$# \$*\""
		echo 'exit 7'
	} >"$dir/$1/jobsight-$2"
	chmod 755 "$dir/$1/jobsight-$2"
}
verb usr/bin beside 'stands beside'
verb usr/libexec/jobsight inside 'is internal'
verb path beside 'must not win'
verb path elsewhere 'is in PATH'
echo text >"$dir/path/jobsight-data"
verb path 'odd.name' 'is no verb'
printf '#!/bin/sh\nexec sleep 600\n' >"$dir/path/jobsight-hanging"
chmod 755 "$dir/path/jobsight-hanging"
PATH=$dir/path:$PATH
export PATH
launcher=$dir/usr/bin/jobsight

expect 7 "$launcher" beside a 'b c'
contains "$out" 'usr/bin got 2 a b c'
expect 7 "$launcher" inside
contains "$out" 'usr/libexec/jobsight got 0'
expect 7 "$launcher" elsewhere -x --y
contains "$out" 'path got 2 -x --y'

# An unknown verb, near to one and to none; a verb is never a path.
expect 2 "$launcher" beside2
contains "$err" 'did you mean "beside"?'
expect 2 "$launcher" setings
contains "$err" 'did you mean "settings"?'
expect 2 "$launcher" nonsense
[ "$err" = 'jobsight: no verb "nonsense" (see jobsight --help)' ] || fail "$err"
expect 2 "$launcher" ../path/jobsight-elsewhere
expect 2 "$launcher" odd.name
expect 2 "$launcher" data
expect 2 "$launcher" --nonsense
expect 2 "$launcher"

# Help lists exactly what is installed, with the purpose that each program gives itself.
expect 0 "$launcher" --help
contains "$out" 'beside         stands beside'
contains "$out" 'inside         is internal'
contains "$out" 'elsewhere      is in PATH'
contains "$out" 'hanging'
contains "$out" 'settings       print the settings in force'
for absent in 'must not win' odd.name 'data '; do
	case $out in *"$absent"*) fail "help lists $absent" ;; esac
done
expect 0 "$launcher" help
contains "$out" 'stands beside'
expect 0 "$launcher" help elsewhere
contains "$out" 'jobsight-elsewhere: is in PATH'
expect 0 "$launcher" help settings
contains "$out" 'usage: jobsight settings'
expect 0 "$launcher" --version
contains "$out" 'jobsight '

# Settings: the sample is accepted, secrets are hidden, errors name the line.
expect 0 "$launcher" settings --config "$root/conf/jobsight.yaml"
contains "$out" 'name: "cluster1"'
JOBSIGHT_STORE_PASSWORD=hunter2 expect 0 "$launcher" settings -c "$root/conf/jobsight.yaml"
contains "$out" '# password: set'
case $out$err in *hunter2*) fail 'a secret was printed' ;; esac
printf 'store:\n  urll: x\n' >"$dir/wrong.yaml"
expect 2 "$launcher" settings --config "$dir/wrong.yaml"
contains "$err" "$dir/wrong.yaml:2: unknown key \"urll\"; did you mean \"url\"?"

# The manual in the tree is the one that the table gives.
expect 0 "$launcher" settings --manual
cp "$dir/out" "$dir/settings.md"
diff -u "$root/docs/settings.md" "$dir/settings.md" ||
	fail 'docs/settings.md is old: jobsight settings --manual >docs/settings.md'
