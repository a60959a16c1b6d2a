#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# test_program.sh SOURCE BUILD: jobsight-portal over HTTP, by curl, on a real store and warehouse.
source=$1 build=$2
. "$source/tests/portal/site"
command -v curl >/dev/null || exit 77

failed=0
checks=0
check() { # WHAT EXPECTED ACTUAL
	checks=$((checks + 1))
	[ "$2" = "$3" ] && return 0
	failed=$((failed + 1))
	echo "FAILED: $1: expected '$2', got '$3'" >&2
}
check_has() { # WHAT TEXT FILE
	checks=$((checks + 1))
	grep -qF -- "$2" "$3" && return 0
	failed=$((failed + 1))
	echo "FAILED: $1: '$2' is not in the answer" >&2
}
check_lacks() { # WHAT TEXT FILE
	checks=$((checks + 1))
	grep -qF -- "$2" "$3" || return 0
	failed=$((failed + 1))
	echo "FAILED: $1: '$2' is in the answer" >&2
}
# get PERSON PATH [CURL OPTION ...]: prints the status; body in $dir/body, headers in $dir/head.
get() {
	person=$1
	path=$2
	shift 2
	curl -sS --max-time 60 --path-as-is -o "$dir/body" -D "$dir/head" -w '%{http_code}' \
		-H "X-Proxy-Secret: $secret" -H "X-Remote-User: $person" "$@" "${url%/}$path"
}
header() { sed -n "s/^$1: *//Ip" "$dir/head" | tr -d '\r'; }
number() { python3 -c "import json; d = json.load(open('$dir/body')); print(d $1)"; }

test_doors() {
	check 'front door' 302 "$(get alice /)"
	check 'front door leads to' /jobs "$(header Location)"
	check 'health' 200 "$(get '' /health)"
	check 'without a person' 401 "$(get '' /jobs)"
	check 'wrong secret' 401 "$(curl -s -o "$dir/body" -w '%{http_code}' -H 'X-Remote-User: staff' \
		-H 'X-Proxy-Secret: 0123456789abcdef-prox?' "${url}jobs")"
	check 'no secret' 401 "$(curl -s -o "$dir/body" -w '%{http_code}' -H 'X-Remote-User: staff' "${url}jobs")"
	check 'a person that is none' 403 "$(get "x' OR 1=1 --" /jobs)"
	check 'trailing slash' 308 "$(get alice '/jobs/?user=alice')"
	check 'trailing slash leads to' '/jobs?user=alice' "$(header Location)"
}

test_errors() {
	check 'nothing there' 404 "$(get alice /nothing)"
	check_has 'error page is a page' '<h1>Not found</h1>' "$dir/body"
	check 'nothing there, API' 404 "$(get alice /api/nothing)"
	check 'API errors are JSON' application/json "$(header Content-Type)"
	for method in POST PUT DELETE PATCH OPTIONS; do
		check "$method" 405 "$(get alice /jobs -X "$method" -d x)"
	done
	check 'methods allowed' 'GET, HEAD' "$(header Allow)"
	check 'HEAD' 200 "$(get alice /jobs -I)"
	check 'HEAD has no body' 0 "$(sed '1,/^.$/d' "$dir/body" | wc -c)"
	for path in '/jobs?rows=x' '/jobs?after=1' '/jobs?period=ever' '/jobs?from=1/2' '/jobs?user=%00' \
		'/jobs/alpha/1001?submit=-1' '/%' '/a//b' '/jobs?order=x' '/api/jobs?format=xml' '/jobs/%ff'; do
		check "nonsense $path" 400 "$(get alice "$path")"
	done
	check 'address too long' 414 "$(get alice "/jobs?text=$(head -c 5000 /dev/zero | tr '\0' a)")"
	big=$(head -c 60000 /dev/zero | tr '\0' a)
	case $(get alice /jobs -H "X-Big: $big" || :) in
	4*) check 'huge header' 4 4 ;;
	*) check 'huge header' 4xx "$(cat "$dir/head")" ;;
	esac
	check 'alive after that' 200 "$(get '' /health)"
}

test_statics() {
	get alice /jobs >/dev/null
	css=$(grep -o '/web/[0-9a-f]*/portal.css' "$dir/body")
	check 'style sheet' 200 "$(get '' "$css")"
	check 'style sheet never expires' 'public, max-age=31536000, immutable' "$(header Cache-Control)"
	etag=$(header ETag)
	check 'style sheet, known' 304 "$(get '' "$css" -H "If-None-Match: $etag")"
	check 'style sheet, old hash' 200 "$(get '' /web/0/portal.css)"
	check 'old hash is not kept' no-store "$(header Cache-Control)"
	get '' "$css" -H 'Accept-Encoding: gzip' >/dev/null
	check 'compressed' gzip "$(header Content-Encoding)"
	check 'compressed is the same' "$(sha256sum <"$source/portal/web/portal.css")" \
		"$(gzip -dc "$dir/body" | sha256sum)"
	for path in /web/0/../../../../etc/passwd /web/0/..%2f..%2fetc%2fpasswd /web/%2e%2e/etc/passwd \
		/web/0/vendor/%2e%2e /web/0/vendor/README.md /web/0/.git /web/0//etc/passwd; do
		case $(get '' "$path") in
		400 | 404) check "traversal $path" refused refused ;;
		*) check "traversal $path" refused served ;;
		esac
	done
	# shellcheck disable=SC2016 # backquotes of Markdown
	sums=$(sed -n 's/^| `\(uPlot[^`]*\)` | `\([0-9a-f]*\)` |$/\2  \1/p' "$source/portal/web/vendor/README.md")
	check 'vendored files listed' 3 "$(echo "$sums" | wc -l)"
	check 'vendored files as listed' 0 "$(cd "$source/portal/web/vendor" && echo "$sums" | sha256sum -c --quiet >&2; echo $?)"
}

test_headers() {
	get alice /jobs/alpha/1001 >/dev/null
	check 'nosniff' nosniff "$(header X-Content-Type-Options)"
	check 'referrer' same-origin "$(header Referrer-Policy)"
	check_has 'policy' "default-src 'self'" "$dir/head"
	check_has 'no frames' "frame-ancestors 'none'" "$dir/head"
	check_lacks 'policy' unsafe "$dir/head"
	check_lacks 'no style in HTML' ' style=' "$dir/body"
	check_lacks 'no script in HTML' '<script>' "$dir/body"
	check_lacks 'no other origin' '"http' "$dir/body"
	get alice '/jobs?state=COMPLETED' >/dev/null # a running job's time moves on
	check 'private' 'private, no-cache' "$(header Cache-Control)"
	check 'not changed' 304 "$(get alice '/jobs?state=COMPLETED' -H "If-None-Match: $(header ETag)")"
}

test_rights() {
	for path in /jobs/alpha/1002 /api/jobs/alpha/1002 /api/jobs/alpha/1002/series \
		/jobs/alpha/1002/document /api/jobs/alpha/1002/series/cpuuser; do
		check "alice, bob's $path" 404 "$(get alice "$path")"
		check_lacks "alice, bob's $path" chemistry "$dir/body"
		check "bob, his $path" 200 "$(get bob "$path")"
		check "staff, bob's $path" 200 "$(get staff "$path")"
	done
	get alice '/api/jobs?rows=1000' >/dev/null
	check 'alice sees her own only' "['alice']" "$(number "and sorted({j['username'] for j in d['jobs']})")"
	check 'filter does not widen' 200 "$(get alice '/api/jobs?user=bob')"
	check 'bob is not there for alice' 0 "$(number "['count']")"
	check 'a PI sees the account' 200 "$(get pam /jobs/alpha/1001)"
	check 'a PI sees no other' 404 "$(get pam /jobs/alpha/1002)"
	check 'a stranger sees nothing' 200 "$(get stranger /api/jobs)"
	check 'a stranger sees nothing' 0 "$(number "['count']")"
	get staff /api/jobs >/dev/null
	check 'staff see all' 189 "$(number "['count']")"
}

test_values() {
	get alice /api/jobs/alpha/1001 >/dev/null
	check 'exact value' 0.4321234 "$(number "['values'][0]['value']")"
	check 'statistic' avg "$(number "['values'][0]['statistic']")"
	check 'hosts' 4 "$(number "['hosts'].__len__()")"
	get alice /jobs/alpha/1001 >/dev/null
	check_has 'exact value in the page' 'data-metric="cpu.user" data-statistic="avg" data-unit="ratio" value="0.4321234"' "$dir/body"
	check_has 'reason' 'data-metric="energy.cpu" data-reason="2"' "$dir/body"
	check_has 'reason in words' 'not measured: too few samples' "$dir/body"
	check_has 'table of the chart' 'aria-label="CPU user as a table"' "$dir/body"
	get alice '/jobs/alpha/1003' >/dev/null
	check_has 'two runs' '2 runs' "$dir/body"
	check 'older run' 200 "$(get alice '/jobs/alpha/1003?submit=1794910000')"
	check_has 'older run' 'Node fail' "$dir/body"
	check 'no such run' 404 "$(get alice '/jobs/alpha/1003?submit=5')"
	check 'running' 200 "$(get alice /jobs/alpha/1004)"
	check_has 'running' 'still running' "$dir/body"
	get bob /jobs/alpha/1002 >/dev/null
	check_has 'names are escaped' '&lt;script&gt;alert(1)&lt;/script&gt;' "$dir/body"
	check_lacks 'names are escaped' '<script>alert' "$dir/body"
	# shellcheck disable=SC2016 # nothing is to expand
	for id in "1' OR '1'='1" '1;DROP TABLE x' '<b>' '%25' '$(id)' '../x' '9999999999999999999999'; do
		check "hostile id $id" 404 "$(curl -sS --get -o "$dir/body" -w '%{http_code}' \
			-H "X-Proxy-Secret: $secret" -H 'X-Remote-User: alice' \
			"${url}jobs/alpha/$(python3 -c 'import sys,urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$id")")"
	done
}

test_series() {
	get alice /api/jobs/alpha/1001/series >/dev/null
	check 'lines of hosts' 4 "$(number "['series'][0]['lines'].__len__()")"
	check 'a gap is null' None "$(number "['series'][0]['lines'][2]['all'][45]")"
	get alice '/api/jobs/alpha/1001/series/cpuuser?format=csv' >/dev/null
	check 'CSV of a series' time,cn001,cn002,cn003,cn004 "$(head -n 1 "$dir/body" | tr -d '\r')"
	check 'CSV of a series, points' 101 "$(wc -l <"$dir/body")"
	get carol /api/jobs/alpha/1005/series >/dev/null
	check 'many hosts are a band' 100 "$(number "['series'][0]['band']['hosts']")"
	check 'no such series' 404 "$(get alice /api/jobs/alpha/1001/series/none)"
	get staff '/api/jobs?format=csv' >/dev/null
	check 'CSV of jobs' 190 "$(wc -l <"$dir/body")"
	check_has 'formulas are defused' "'=cmd|" "$dir/body"
	get staff /api/catalogue >/dev/null
	check 'catalogue' cpu.user "$(number "['metrics'][0]['name']")"
}

# The sum of a figure's values.
sum() { number "and round(sum(r['value'] for r in d['rows']), 4)"; }
hours() { psql -XAtq "$PG_URL" -c "SELECT round(sum(core_hours)::numeric, 4)::float8 FROM warehouse.jobs WHERE end_time IS NOT NULL AND $1"; }

test_figures() {
	ask='/api/figure?realm=Jobs&statistic=total_cpu_hours&since=2026-10-01&until=2026-11-30'
	get staff "$ask&only_by=exit_status&only=COMPLETED" >/dev/null
	check 'a figure is that of the jobs' "$(hours "state = 'COMPLETED'")" "$(sum)"
	get alice "$ask&only_by=exit_status&only=COMPLETED" >/dev/null
	check 'alice has her own' "$(hours "state = 'COMPLETED' AND username = 'alice'")" "$(sum)"
	get pam "$ask&by=account&only_by=exit_status&only=COMPLETED" >/dev/null
	check 'a PI has the account' "$(hours "state = 'COMPLETED' AND account = 'physics'")" "$(sum)"
	get stranger "$ask&by=person" >/dev/null
	check 'a stranger has nothing' 0 "$(number "and sum(r['value'] for r in d['rows'])")"
	for by in person account queue username; do
		get alice "$ask&by=$by&unit=total" >/dev/null
		check_lacks "alice, by $by" bob "$dir/body"
		check_lacks "alice, by $by" chemistry "$dir/body"
	done
	get staff "$ask&by=person&format=csv" >/dev/null
	check 'CSV of a figure' period,id,person,total_cpu_hours "$(head -n 1 "$dir/body" | tr -d '\r')"
	for person in alice staff; do
		for path in /explore /efficiency /energy /availability '/efficiency?months=3' \
			'/explore?realm=Energy&statistic=accounting_energy_kwh&by=queue&unit=total' \
			'/explore?realm=Storage' '/explore?realm=Cloud' '/explore?realm=Nowhere&statistic=x&by=y' \
			'/explore?realm=JobEfficiency&statistic=core_time&by=reason&unit=quarter'; do
			check "$person $path" 200 "$(get $person "$path")"
			check_lacks "$path has no style in HTML" ' style=' "$dir/body"
			check_lacks "$path has no NaN" '>nan' "$dir/body"
		done
	done
	for path in '/explore?unit=week' '/explore?since=yesterday' '/explore?since=2026-02-01&until=2026-01-01' \
		'/explore?unit=day&since=2000-01-01' '/api/figure?format=xml' '/efficiency?months=0' '/quality?days=x'; do
		check "nonsense $path" 400 "$(get staff "$path")"
	done
	# shellcheck disable=SC2016 # nothing is to expand
	for word in "x' OR 1=1 --" '<script>alert(1)</script>' '$1' '%'; do
		word=$(python3 -c 'import sys,urllib.parse; print(urllib.parse.quote(sys.argv[1], safe=""))' "$word")
		check "hostile $word" 200 "$(get alice "/explore?realm=$word&statistic=$word&by=$word")"
		check "hostile value $word" 200 "$(get alice "/explore?only_by=person&only=$word&by=queue")"
		check_lacks "hostile $word" '<script>alert' "$dir/body"
	done
}

# Nobody signed in: figures of groups, and nothing else.
test_public() {
	check 'explore, public' 200 "$(get '' /explore)"
	check_has 'says what it shows' 'groups of people, months that are over' "$dir/body"
	check_lacks 'no people to ask by' 'value="person"' "$dir/body"
	check_lacks 'no accounts to ask by' 'value="account"' "$dir/body"
	for by in none queue person account username pi project; do
		for unit in day total month; do
			check "public by $by" 200 "$(get '' "/api/figure?realm=Jobs&statistic=total_cpu_hours&by=$by&unit=$unit&since=2026-01-01&until=2026-11-30")"
			for name in alice bob carol physics chemistry; do
				check_lacks "public by $by" "$name" "$dir/body"
			done
			check 'four people are no group' 0 "$(number "['rows'].__len__()")"
		done
	done
	for path in /jobs /efficiency /energy /availability /quality /api/jobs; do
		check "public $path" 401 "$(get '' "$path")"
	done
}

test_quality() {
	check 'quality is for staff' 403 "$(get alice /quality)"
	check 'quality is not for a PI' 403 "$(get pam /quality)"
	get alice /jobs >/dev/null
	check_lacks 'no link to it' '/quality' "$dir/body"
	get staff /jobs >/dev/null
	check_has 'a link to it' 'href="/quality"' "$dir/body"
	check 'quality' 200 "$(get staff /quality)"
	for text in E_J0007 'A job is open for too long.' 'sacctmgr show &lt;runawayjobs&gt;' 'job &lt;i&gt;4711&lt;/i&gt;' \
		'it ends before it starts' 'acct.end_time' 'is no number' 'cpu.user'; do
		check_has 'quality' "$text" "$dir/body"
	done
}

# Walks through all pages forwards, then back again: every job once, in the same order.
test_paging() {
	next="/api/jobs?rows=17&order=$1"
	: >"$dir/forth"
	while [ "$next" != None ]; do
		check "page $next" 200 "$(get staff "$next")"
		number "and '\n'.join(str(j['job_id']) for j in d['jobs'])" >>"$dir/forth"
		previous=$(number ".get('previous')")
		next=$(number ".get('next')")
	done
	check "jobs on all pages, $1" 189 "$(sort -u "$dir/forth" | wc -l)"
	check "no job twice, $1" 189 "$(wc -l <"$dir/forth")"
	number "and '\n'.join(str(j['job_id']) for j in d['jobs'])" >"$dir/back"
	while [ "$previous" != None ]; do
		get staff "$previous" >/dev/null
		number "and '\n'.join(str(j['job_id']) for j in d['jobs'])" | cat - "$dir/back" >"$dir/both"
		mv "$dir/both" "$dir/back"
		previous=$(number ".get('previous')")
	done
	check "the same backwards, $1" "$(sha256sum <"$dir/forth")" "$(sha256sum <"$dir/back")"
}

test_filters() {
	for row in 'user=alice 65' 'partition=gpu 47' 'state=OUT_OF_MEMORY 1' 'text=RELAX 37' 'text=1000_ 1' \
		'account=climate%26x 0' 'text=%25 0' 'from=2026-11-17&until=2026-11-18 11' 'cluster=beta 0'; do
		get staff "/api/jobs?${row% *}" >/dev/null
		check "filter ${row% *}" "${row##* }" "$(number "['count']")"
	done
}

test_weather() {
	mv "$dir/documents.sqlite" "$dir/away.sqlite"
	start_proxied storeless
	check 'no store: the page is there' 200 "$(get alice /jobs/alpha/1001)"
	check_has 'no store: and says so' 'document store cannot be read' "$dir/body"
	check_has 'no store: with its values' 'value="0.4321234"' "$dir/body"
	mv "$dir/away.sqlite" "$dir/documents.sqlite"
	check 'store is back' 200 "$(get alice /api/jobs/alpha/1001/series/cpuuser)"
	"$source/tests/servers/postgres" stop "$dir/pg" immediate
	check 'no warehouse' 503 "$(get alice /jobs)"
	check 'no warehouse, health' 503 "$(get '' /health)"
	check_lacks 'no words of the library' "$dir" "$dir/body"
	"$source/tests/servers/postgres" start "$dir/pg" >/dev/null
	check 'warehouse is back' 200 "$(get alice /jobs)"
}

test_end() {
	kill -TERM "$pid"
	wait "$pid" && status=0 || status=$?
	check 'SIGTERM ends with 0' 0 "$status"
	grep -q "GET /jobs 200 .* alice" "$dir/storeless.log" || check 'access log' there missing
	check 'no secret in the log' 0 "$(cat "$dir"/*.log | grep -c "$secret")"
	JOBSIGHT_PORTAL_AUTH=fixed JOBSIGHT_PORTAL_AUTH_USER=me JOBSIGHT_PORTAL_LISTEN=0.0.0.0:0 \
		"$build/portal/jobsight-portal" --config "$dir/jobsight.yaml" 2>"$dir/refused" && status=0 || status=$?
	check 'fixed beyond this machine is refused' 2 "$status"
	check_has 'and says why' 'loopback' "$dir/refused"
	"$build/portal/jobsight-portal" --config "$dir/jobsight.yaml" 2>"$dir/refused" && status=0 || status=$?
	check 'header without secret is refused' 2 "$status"
	start_portal socket JOBSIGHT_PORTAL_AUTH=fixed JOBSIGHT_PORTAL_AUTH_USER=alice \
		JOBSIGHT_PORTAL_LISTEN="unix:$dir/portal.sock"
	check 'unix socket' 200 "$(curl -sS -o "$dir/body" -w '%{http_code}' \
		--unix-socket "$dir/portal.sock" http://portal/jobs/alpha/1001)"
}

make_site
start_proxied main
for part in doors errors statics headers rights values series filters figures public quality; do
	"test_$part"
done
test_paging newest
test_paging oldest
test_weather
test_end
echo "$checks checks, $failed failed"
[ $failed -eq 0 ]
