#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# export.sh EXPORT LOAD POSTGRES: reports of the 45 jobs of tests/etl/forty in every form, their figures compared
# with what jobs themselves say; names that are hostile to HTML, spreadsheets and terminals; a site's own
# reports, and wrong ones.
# shellcheck disable=SC2154 # work, PG_URL
set -u
export=$1 load=$2 postgres=$3
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
# shellcheck source=SCRIPTDIR/../accounting/warehouse.sh
. "$(dirname "$0")/../accounting/warehouse.sh"
skip_unless_has psql python3
start_postgres
migrate "$PG_URL"
"$tests/etl/forty/load.sh" "$PG_URL"
site=$work/site
mkdir "$site"
cat >"$work/jobsight.yaml" <<-CONF
	warehouse: {url: "$PG_URL"}
	export: {reports: "$site", shipped: "$tests/../conf/reports", site: "<i>Site</i> & co"}
CONF
# report CODE ARGUMENT...: what it says is in $work/out and $work/err.
report() {
	local rc=0 wanted=$1
	shift
	"$export" --config "$work/jobsight.yaml" "$@" >"$work/out" 2>"$work/err" || rc=$?
	[ $rc -eq "$wanted" ] || { echo "exit code $rc"; cat "$work/err"; return 1; }
}
said() { grep -q -e "$1" "$work/err" || { cat "$work/err"; return 1; }; }
has() { grep -qF -e "$1" "$work/out" || { grep -nF -e "${1:0:12}" "$work/out" | head -5; return 1; }; }
lacks() { ! grep -qF -e "$1" "$work/out"; }
figure() { # SECTION VALUE-LABEL STATISTIC: of the CSV in $work/out, as it stands there
	python3 -c 'import csv, sys
for r in csv.DictReader(open(sys.argv[1], newline="")):
    if (r["section"], r["value_label"], r["statistic"]) == tuple(sys.argv[2:]): print(r["value"])' "$work/out" "$@"
}
near() { # GOT WANTED
	python3 -c 'import sys; a, b = map(float, sys.argv[1:]); sys.exit(abs(a - b) > 1e-9 * abs(b))' "$1" "$2" || {
		echo "$1, not $2"
		return 1
	}
}
same_as_sql() { # SECTION VALUE-LABEL STATISTIC SQL
	near "$(figure "$1" "$2" "$3")" "$(sql "SET timezone = 'Europe/Berlin'; $4")"
}

# ---- figures: by other ways than the statistics' own ----
overlap="extract(epoch FROM least(coalesce(j.end_t, 'infinity'), measured_or, '2024-04-01') - greatest(j.start_t, '2024-03-01'))"
overlap=${overlap//measured_or/"CASE WHEN j.end_t = 'infinity' THEN j.measured_t ELSE j.end_t END"}
jobs="FROM warehouse.job j JOIN warehouse.person p USING (person_id) WHERE j.start_t < '2024-04-01' AND j.end_t > '2024-03-01'"
ok 'a month as CSV' report 0 --period 2024-03 --format csv
ok 'core hours' same_as_sql 'At a glance' total total_cpu_hours "SELECT sum(j.cores * $overlap) / 3600 $jobs"
ok 'GPU hours' same_as_sql 'At a glance' total total_gpu_hours "SELECT sum(j.gpus * $overlap) / 3600 $jobs"
ok 'jobs that ended' same_as_sql 'At a glance' total job_count "SELECT count(*) FROM warehouse.job
	WHERE start_t IS NOT NULL AND end_t >= '2024-03-01' AND end_t < '2024-04-01'"
ok 'people' same_as_sql 'At a glance' total active_person_count "SELECT count(DISTINCT person_id) $jobs"
while IFS='|' read -r name hours; do
	ok "core hours of $name" near "$(figure Users "$name" total_cpu_hours)" "$hours"
done <<<"$(sql "SET timezone = 'Europe/Berlin'; SELECT p.name, sum(j.cores * $overlap) / 3600 $jobs GROUP BY 1")"
sum() { # SECTION STATISTIC: of all but the total
	python3 -c 'import csv, sys
print(sum(float(r["value"] or 0) for r in csv.DictReader(open(sys.argv[1], newline=""))
    if r["section"] == sys.argv[2] and r["statistic"] == sys.argv[3] and r["value_label"] != "total"))' "$work/out" "$@"
}
for section in Users Partitions 'Job sizes' 'How long jobs ran' Projects 'How jobs ended'; do
	ok "$section add up" near "$(sum "$section" total_cpu_hours)" "$(figure "$section" total total_cpu_hours)"
done
ok 'what was not measured is empty' equals "$(figure 'At a glance' total median_wait_hours)$(figure Energy total gpu_energy_kwh)x" \
	"$(sql "SELECT value FROM warehouse.total('Jobs', 'median_wait_hours', 'none', '2024-03-01', '2024-03-31')")x"
ok 'a month has 31 days' equals "$(grep -c ',Waiting,Time,2024-03-' "$work/out")" 62
ok 'quarters are by day, a year by month' report 0 --period 2024 --format csv
ok '... 12 of them' equals "$(grep -c ',Waiting,Time,2024-' "$work/out")" 24
ok 'days' report 0 --period 2024-03-06..2024-03-07 --format csv
ok '... are all inside' same_as_sql 'At a glance' total total_cpu_hours \
	"SELECT value FROM warehouse.total('Jobs', 'total_cpu_hours', 'none', '2024-03-06', '2024-03-07')"

# ---- forms: all say the same ----
ok 'as text' report 0 --period 2024-03
hours=$(sql "SELECT to_char(round(value), 'FM999G999') FROM warehouse.total('Jobs', 'total_cpu_hours', 'none', '2024-03-01', '2024-03-31')")
hours=${hours//,/$'\u202f'}
ok '... with core hours' grep -qE "^Core hours +$hours" "$work/out"
ok 'as HTML' report 0 --period 2024-03 --format html
ok '... with core hours' has "<div class=\"value\">$hours</div><div class=\"label\">Core hours</div>"
ok '... and a sign for what was not measured' has 'title="not measured">&ndash;'
ok '... and how much of it was' has 'class="part"'
ok '... with nothing from elsewhere' equals "$(grep -ciE '<(script|link|img|iframe)|(src|href)=|url\(|@import' "$work/out")" 0
ok '... and the name of the site as text' has '&lt;i&gt;Site&lt;/i&gt; &amp; co'
well_formed='import sys, html.parser
class P(html.parser.HTMLParser):
    stack = []
    def handle_starttag(self, t, a):
        if t not in ("meta", "br"): self.stack.append(t)
    def handle_startendtag(self, t, a): pass
    def handle_endtag(self, t):
        if self.stack.pop() != t: sys.exit("line %d: %s is not open" % (self.getpos()[0], t))
p = P(); p.feed(open(sys.argv[1]).read()); sys.exit(bool(p.stack))'
ok '... every element is closed' python3 -c "$well_formed" "$work/out"
if command -v weasyprint >/dev/null; then
	ok 'as PDF' report 0 --period 2024-03 --output "$work/r.pdf"
	ok '... which it is' equals "$(head -c 5 "$work/r.pdf")" '%PDF-'
	ok '... and goes into a file only' report 2 --period 2024-03 --format pdf
fi
printf '#!/bin/sh\ncat >/dev/null\necho no paper >&2\nexit 3\n' >"$work/broken"
chmod 755 "$work/broken"
echo kept >"$work/kept.pdf"
JOBSIGHT_EXPORT_PDF=$work/broken ok 'a printer that fails' report 1 --period 2024-03 --output "$work/kept.pdf"
ok '... is told' said 'no paper'
ok '... and the old file stays' equals "$(cat "$work/kept.pdf")" kept
ok '... and nothing is left beside it' equals "$(find "$work" -name 'kept.pdf?*' | wc -l)" 0
ok 'a folder that is not there' report 1 --period 2024-03 --output "$work/nowhere/r.html"

# ---- hostile names ----
sql "UPDATE warehouse.person SET name = '<script>alert(1)</script>' WHERE name = 'ada';
	INSERT INTO warehouse.cluster (name) VALUES ('=cmd|'' /C calc''!A0')" >/dev/null
name2=$(sql "SELECT name FROM warehouse.person WHERE name NOT LIKE '<%' ORDER BY 1 LIMIT 1")
sql "UPDATE warehouse.person SET name = E'=1+1\x1b[2J\u0085' WHERE name = '$name2'" >/dev/null
ok 'a hostile name in HTML' report 0 --period 2024-03 --format html
ok '... is text' has '&lt;script&gt;alert(1)&lt;/script&gt;'
ok '... and nothing else' lacks '<script'
ok 'in CSV' report 0 --period 2024-03 --format csv
ok '... is no formula' has "\"'=1+1"
ok '... anywhere' equals "$(python3 -c 'import csv, sys
print(sum(c[:1] in ("=", "+", "@", "\t", "\r") for r in csv.reader(open(sys.argv[1], newline="")) for c in r))' "$work/out")" 0
ok 'in text' report 0 --period 2024-03
ok '... steers no terminal' equals "$(grep -c $'\x1b' "$work/out")" 0
ok '... and is there' has '=1+1?[2J?'

# ---- clusters ----
ok 'a chapter for each cluster' report 0 --period 2024-03 --format html --cluster alpha --cluster "=cmd|' /C calc'!A0"
ok '... by name' has 'Cluster <bdi>alpha</bdi>'
ok '... one without jobs says so' has 'Nothing was measured in this time.'
ok 'a cluster alone' report 0 --period 2024-03 --format csv --cluster alpha
ok '... has its figures' same_as_sql 'At a glance' total total_cpu_hours "SELECT sum(j.cores * $overlap) / 3600 $jobs"
ok 'an unknown cluster' report 2 --period 2024-03 --cluster "x'; DROP TABLE warehouse.job --"
ok '... is named' said 'no cluster x'

# ---- a site's own ----
wrong() { # WORDS TEXT
	printf '%b' "$2" >"$site/wrong.yaml"
	report 2 --period 2024-03 wrong && said "$1"
}
ok 'an unknown key' wrong 'wrong.yaml:4: unknown key colour' 'title: x\nsections:\n- title: y\n  colour: red\n  statistics: [job_count]\n'
ok 'an unknown statistic' wrong 'wrong.yaml:3: there is no statistic Jobs/no_such' 'title: x\nsections:\n- title: y\n  statistics: [no_such]\n'
ok 'an unknown dimension' wrong "wrong.yaml:3: Jobs has no dimension x'" "title: x\nsections:\n- title: y\n  by: x'\n  statistics: [job_count]\n"
ok 'no sections' wrong 'has a title and 1 to' 'title: x\n'
ok 'a chart of something else' wrong 'no chart lines' 'title: x\nsections:\n- {title: y, by: person, chart: lines, statistics: [job_count]}\n'
printf 'title: Ours\nsections:\n- {title: Partitions, by: queue, rows: 1, statistics: [job_count]}\n' >"$site/ours.yaml"
echo 'body { color: teal }' >"$site/report.css"
ok "a site's own report" report 0 --period 2024-03 --format html ours
ok '... in its own look' has 'color: teal'
ok '... says what it leaves out' has 'more, which are part of the last line'
echo '</style><script>' >"$site/report.css"
ok 'a look that is none' report 2 --period 2024-03 --format html ours
rm "$site/report.css"
ok 'are listed' report 0 --list
ok '... with the shipped ones' test "$(cut -d' ' -f1 "$work/out" | sort | tr '\n' ' ')" = 'centre ours projects wrong '
ok 'all that are shipped can be had' report 0 --period 2024-03 projects
ok 'no such report' report 2 nowhere
ok 'no such format' report 2 --format doc
ok 'no such period' report 2 --period 2024-13
ok 'the last month is usual' report 0 ours
ok 'a password on the command line' report 2 --warehouse 'dbname=x password=y'
ok 'a server that is away' report 75 --warehouse "host=$work/nowhere"
done_testing
