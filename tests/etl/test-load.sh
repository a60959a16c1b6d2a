#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The loader's whole work on documents made by hand: what rows come out, what is put aside, what a
# change changes, and what makes it refuse.
. "$(dirname "$0")/setup.sh"
"$store_tool" put "$store" "$here/documents.jsonl"

# An empty database is refused with the way out, and migrating twice changes nothing.
run 1 --catalogue "$here/catalogue"
says 'run jobsight-load --migrate'
run 0 --migrate --catalogue "$here/catalogue"
dump >"$dir/empty"
before=$(sql "SELECT string_agg(xmin::text, ',' ORDER BY number) FROM warehouse.migration")
run 0 --migrate --catalogue "$here/catalogue"
dump >"$dir/empty-again"
same 'migrating twice' "$dir/empty" "$dir/empty-again"
equal 'migrations are applied once' \
	"$(sql "SELECT string_agg(xmin::text, ',' ORDER BY number) FROM warehouse.migration")" "$before"

# Every object carries a comment.
equal 'objects without a comment' "$(sql "
	SELECT string_agg(what, ' ') FROM (
	SELECT c.oid::regclass::text AS what FROM pg_class c WHERE relnamespace = 'warehouse'::regnamespace
		AND relkind IN ('r', 'p', 'v') AND NOT relispartition AND obj_description(c.oid, 'pg_class') IS NULL
	UNION ALL SELECT c.oid::regclass || '.' || attname FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
		WHERE relnamespace = 'warehouse'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
		AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL
	UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'warehouse'::regnamespace
		AND obj_description(oid, 'pg_proc') IS NULL) x")" ''
equal 'comment of a metric' "$(sql "SELECT col_description('warehouse.job_performance'::regclass, attnum)
	FROM pg_attribute WHERE attrelid = 'warehouse.job_performance'::regclass AND attname = 'cpu_user'")" \
	'CPU user [ratio]. Share of the core time spent in user code.'

# The rows, against a table worked out by hand.
run 0 --catalogue "$here/catalogue" --batch 4
says '14 documents: 14 jobs new, 0 changed, 0 the same, 0 documents rejected'
dump | sed -n '/^cluster$/,$p' | sed '/^load_error$/d' >"$dir/rows"
same 'rows of the hand-made jobs' "$dir/rows" "$here/expected-rows.txt"
equal 'log of the run' "$(sql "SELECT batches, documents, added, changed, unchanged, rejected,
	ended >= began, version <> '', length(catalogue) FROM warehouse.load_log")" '4|14|14|0|0|0|t|t|64'
run 0 --catalogue "$here/catalogue"
equal 'a run without changes says nothing' "$(cat "$dir/said")" ''

# The questions of the manual are SQL that runs.
awk '/^```sql/ { on = 1; next } /^```/ { if (on) print ";"; on = 0 } on' "$here/../../docs/warehouse.md" >"$dir/questions.sql"
psql -XAtq -v ON_ERROR_STOP=1 -f "$dir/questions.sql" "$PG_URL" >"$dir/said" 2>&1 ||
	equal "questions of docs/warehouse.md ($(grep ERROR "$dir/said"))" 'fail' 'run'
equal 'a question answered' "$(grep -c '^phys|2|96|0.667' "$dir/said")" 1

# Reading all again writes nothing: not a row gets a new version, a lock or a key.
versions() {
	for fact in job_key job job_metric job_node person node; do
		sql "SELECT '$fact', ctid, xmin, xmax, tableoid::regclass FROM warehouse.$fact ORDER BY tableoid, ctid"
	done
	sql "SELECT last_value FROM warehouse.person_person_id_seq"
	sql "SELECT last_value FROM warehouse.job_key_job_id_seq"
}
versions >"$dir/versions"
run 0 --catalogue "$here/catalogue" --again
says '14 documents: 0 jobs new, 0 changed, 14 the same'
versions >"$dir/versions-again"
same 'reading again writes nothing' "$dir/versions" "$dir/versions-again"

# A job that ends moves out of the running ones; a corrected end moves it to another month. Its
# user, account and nodes may change too. It keeps its key all the way.
key=$(sql "SELECT job_id FROM warehouse.job_key WHERE raw_id = 104")
running=$(grep '"104-0"' "$here/documents.jsonl")
where() {
	sql "SELECT string_agg(DISTINCT tableoid::regclass::text, ' ' ORDER BY tableoid::regclass::text) FROM (
		SELECT tableoid FROM warehouse.job WHERE job_id = $key
		UNION ALL SELECT tableoid FROM warehouse.job_metric WHERE job_id = $key
		UNION ALL SELECT tableoid FROM warehouse.job_node WHERE job_id = $key) x"
}
for end in 1793500000:2026_11 1796083200:2026_12 1793491300:2026_11; do
	echo "$running" | sed "s/\"end_time\": 0/\"end_time\": ${end%:*}/; s/\"104-0\"/\"104-${end%:*}\"/
		s/RUNNING/COMPLETED/; s/\"running\"/\"done\"/" >"$dir/one.jsonl"
	"$store_tool" put "$store" "$dir/one.jsonl"
	run 0 --catalogue "$here/catalogue"
	says '1 documents: 0 jobs new, 1 changed'
	month=${end#*:}
	equal "partitions of a job that ended in $month" "$(where)" \
		"warehouse.job_$month warehouse.job_metric_$month warehouse.job_node_$month"
done
sed 's/"alice"/"zoe"/; s/"phys"/"geo"/; s/\["cn1"\]/["cn2", "cn1", "cn2"]/; s/0.75/0.625/' "$dir/one.jsonl" >"$dir/two.jsonl"
"$store_tool" put "$store" "$dir/two.jsonl"
run 0 --catalogue "$here/catalogue"
equal 'changed user, account, value' "$(sql "SELECT username, account, cpu_user, end_time
	FROM warehouse.job_performance WHERE job_id = $key")" 'zoe|geo|0.625|2026-11-01 00:01:40+00'
equal 'changed nodes' "$(sql "SELECT string_agg(node || node_index, ' ' ORDER BY node_index)
	FROM warehouse.job_nodes WHERE job_id = $key")" 'cn20 cn11'
equal 'rights follow the new user' "$(sql "SELECT count(*) FROM warehouse.job_node n JOIN warehouse.person p
	USING (person_id) JOIN warehouse.account a USING (account_id)
	WHERE n.job_id = $key AND p.name = 'zoe' AND a.name = 'geo'")" 2
"$store_tool" put "$store" "$dir/one.jsonl"
run 0 --catalogue "$here/catalogue"
equal 'a node that left' "$(sql "SELECT string_agg(node || node_index, ' ') FROM warehouse.job_nodes
	WHERE job_id = $key")" 'cn10'

# A job is one row over all months, whoever writes.
if sql "INSERT INTO warehouse.job (job_id, end_t, submit_t, raw_id, nodes, cores, gpus, cluster_id, local_id)
	SELECT job_id, '2026-10-07', submit_t, raw_id, 1, 1, 0, cluster_id, local_id
	FROM warehouse.job WHERE job_id = $key" 2>"$dir/said"; then
	equal 'a second row of a job in another month' 'was taken' 'must be refused'
fi

# Documents that are unfit: each is named with its reason and kept, the others go on.
"$store_tool" put "$store" "$here/unfit.jsonl"
for how in 221:nan 222:utf8 223:cut 224:noise; do
	"$store_tool" damage "$dir/store.sqlite" "${how%:*}" "${how#*:}"
done
sed 's/"raw_id": 112/"raw_id": 113/g; s/"112/"113/g' "$here/documents.jsonl" | grep '"113-' >"$dir/good.jsonl"
"$store_tool" put "$store" "$dir/good.jsonl"
run 3 --catalogue "$here/catalogue" --batch 3
says '21 documents: 1 jobs new, 0 changed, 0 the same, 20 documents rejected'
sql "SELECT raw_id, field, reason FROM warehouse.load_error ORDER BY raw_id" >"$dir/errors"
same 'reasons' "$dir/errors" "$here/expected-errors.txt"
equal 'the bytes are kept' "$(sql "SELECT bool_and(length(document) > 200) FROM warehouse.load_error")" t
sql "SELECT encode(document, 'hex') FROM warehouse.load_error WHERE raw_id = 222" >"$dir/kept"
equal 'the damage is kept' "$(grep -c '44414dff47454d45' "$dir/kept")" 1
run 3 --catalogue "$here/catalogue" --again
says '20 documents rejected'
equal 'rejected once' "$(sql "SELECT count(*) FROM warehouse.load_error")" 20

# One of them is mended and goes out of the quarantine.
sed -n '/"raw_id": 206/s/"many"/1/p' "$here/unfit.jsonl" >"$dir/mended.jsonl"
"$store_tool" put "$store" "$dir/mended.jsonl"
run 0 --catalogue "$here/catalogue"
equal 'mended' "$(sql "SELECT count(*) FROM warehouse.load_error WHERE raw_id = 206")" 0
equal 'mended' "$(sql "SELECT username FROM warehouse.jobs WHERE raw_id = 206")" eve

# What only the server refuses does not stop the load either.
sql "ALTER TABLE warehouse.job ADD CONSTRAINT no_poison CHECK (name <> 'poison')"
for id in 301 302 303; do
	sed "s/112/$id/g" "$here/documents.jsonl" | grep "\"$id-" |
		if [ $id = 302 ]; then sed 's/"jobname": "run"/"jobname": "poison"/'; else cat; fi
done >"$dir/poison.jsonl"
"$store_tool" put "$store" "$dir/poison.jsonl"
run 3 --catalogue "$here/catalogue"
says '3 documents: 2 jobs new, 0 changed, 0 the same, 1 documents rejected'
equal 'refused by the server' "$(sql "SELECT raw_id || ' ' || (reason LIKE '%no_poison%') FROM warehouse.load_error
	WHERE raw_id > 300")" '302 true'
sql "ALTER TABLE warehouse.job DROP CONSTRAINT no_poison"

# A site adds a stanza: its column comes with its comment, and --again fills it.
mkdir "$dir/site"
cat >"$dir/site/site.yaml" <<'STANZA'
- metric: site.count
  label: Site
  help: How many cores were counted.
  unit: cores
  from:
    - pcp: {x: test.x}
  value: x
  keep:
    - {over: core, document: cpu.sitecpus.user, statistics: all}
  warehouse: {column: site_count, from: [cpu.sitecpus.user.cnt, cpu.jobcpus.user.cnt], weight: core seconds}
STANZA
run 1 --catalogue "$here/catalogue" --catalogue "$dir/site"
says 'metric site.count has no column in the warehouse'
run 0 --migrate --catalogue "$here/catalogue" --catalogue "$dir/site"
equal 'comment of the new column' "$(sql "SELECT col_description('warehouse.job_metric'::regclass, attnum)
	FROM pg_attribute WHERE attrelid = 'warehouse.job_metric'::regclass AND attname = 'site_count'")" \
	'Site [cores]. How many cores were counted.'
equal 'not filled yet' "$(sql "SELECT count(site_count), min(q.reason) FROM warehouse.job_performance p
	JOIN warehouse.job_quality q USING (job_id) WHERE q.metric = 'site.count'")" '0|103'
run 3 --catalogue "$here/catalogue" --catalogue "$dir/site" --again
equal 'filled' "$(sql "SELECT site_count FROM warehouse.job_performance WHERE raw_id = 102")" 4
equal 'and why not elsewhere' "$(sql "SELECT q.reason FROM warehouse.job_performance p
	JOIN warehouse.job_quality q USING (job_id) WHERE q.metric = 'site.count' AND raw_id = 105")" 2

# It takes the stanza away again: the values stay.
sql "CREATE VIEW public.site_view AS SELECT raw_id, site_count FROM warehouse.job_performance"
run 0 --migrate --catalogue "$here/catalogue"
equal 'gone from the catalogue' "$(sql "SELECT is_current, column_name FROM warehouse.metric WHERE name = 'site.count'")" 'f|site_count'
run 3 --catalogue "$here/catalogue" --again
equal 'its history' "$(sql "SELECT site_count FROM public.site_view WHERE raw_id = 102")" 4
sql "DROP VIEW public.site_view"

# A column that becomes wider, and one that is renamed.
sed 's/column: cpu_user,/column: cpu_share, type: double,/' "$here/catalogue/test.yaml" >"$dir/site/renamed.yaml"
rm "$dir/site/site.yaml"
run 0 --migrate --catalogue "$dir/site"
equal 'renamed' "$(sql "SELECT column_name, column_type FROM warehouse.metric WHERE name = 'cpu.user'")" \
	'cpu_share|double precision'
run 3 --catalogue "$dir/site" --again
equal 'filled' "$(sql "SELECT cpu_share FROM warehouse.job_performance WHERE raw_id = 102")" 0.5
sed 's/column: memory_used,/column: memory_used, type: double,/' "$here/catalogue/test.yaml" >"$dir/site/renamed.yaml"
run 0 --migrate --catalogue "$dir/site"
equal 'wider' "$(sql "SELECT format_type(atttypid, NULL) FROM pg_attribute
	WHERE attrelid = 'warehouse.job_metric'::regclass AND attname = 'memory_used'")" 'double precision'
run 3 --catalogue "$dir/site" --again
equal 'still there' "$(sql "SELECT memory_used FROM warehouse.job_performance WHERE raw_id = 102")" 2048.5

# No metric may take the name of a column that every job has: the catalogue knows them all, and the
# warehouse would refuse besides.
mkdir "$dir/taken"
for column in $(sql "SELECT name FROM warehouse.job_columns()
		UNION SELECT attname FROM pg_attribute WHERE attrelid = 'warehouse.job_metric'::regclass
		AND attnum > 0 AND attname NOT IN (SELECT column_name FROM warehouse.metric WHERE column_name <> '')
		AND NOT attisdropped AND attname NOT IN ('cpu_user', 'cpu_share')"); do
	cat <<-STANZA
		- metric: taken.$column
		  label: Taken
		  help: Taken.
		  unit: J
		  from:
		    - pcp: {x: test.x}
		  value: x
		  keep:
		    - {document: taken.$column, statistics: value}
		  warehouse: {column: $column, from: [taken.$column], aggregate: sum}
	STANZA
done >"$dir/taken/taken.yaml"
run 3 --migrate --catalogue "$dir/taken"
equal 'names that are taken' "$(grep -c 'every job has a column' "$dir/said")" "$(grep -c metric: "$dir/taken/taken.yaml")"
equal 'none was put' "$(sql "SELECT count(*) FROM warehouse.metric WHERE name LIKE 'taken.%'")" 0
code=0
sql "SELECT warehouse.put_metric(1, 'taken', '', '', '', 'quality', 'real', 'sum', NULL, NULL, NULL, NULL, NULL,
	'own', NULL, NULL)" 2>"$dir/said" || code=$?
equal 'refused by the warehouse' "$code" 1
says 'metric taken: every job has a column quality already'
run 0 --migrate --catalogue "$here/catalogue"

# Documents as JSON: lines, an array, our own and those of SUPReMM, from a file and from a pipe.
cat >"$dir/history.json" <<'JSON'
[{"_id": "9001-1700000100", "acct": {"id": "9001", "local_job_id": {"$numberInt": "9001"}, "user": "old",
  "account": "arch{ive", "nodes": 1, "ncpus": 8, "submit": 1700000000, "start_time": 1700000010,
  "end_time": 1700000100, "host_list": ["old1"]}, "cpu": {"jobcpus": {"user": {"avg": 0.25}}}},
 {"_id": "9002", "acct": {"id": "9002", "nodes": 1, "ncpus": 1}},
 {"_id": "9003", "acct" }, {"_id": "9004-1", "acct": {"id": "9004"
JSON
run 3 --catalogue "$here/catalogue" --from-json "$dir/history.json" --cluster museum
says '4 documents: 1 jobs new, 0 changed, 0 the same, 3 documents rejected'
equal 'a job of another site' "$(sql "SELECT cluster, username, account, wall_s, cpu_user FROM warehouse.job_performance
	WHERE raw_id = 9001")" 'museum|old|arch{ive|90|0.25'
equal 'what was unfit' "$(sql "SELECT string_agg(raw_id::text, ' ' ORDER BY raw_id) FROM warehouse.load_error
	WHERE cluster LIKE 'json:%'")" '2 3 4'
grep '"112' "$here/documents.jsonl" | sed 's/112/9005/g' >"$dir/line.json"
run 0 --catalogue "$here/catalogue" --from-json - <"$dir/line.json"
equal 'a line from a pipe' "$(sql 'SELECT count(*) FROM warehouse.jobs WHERE raw_id = 9005')" 1
equal 'nothing is left of it' "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'jobsight-load.*' -user "$(id -u)" -mmin -1 | wc -l)" 0

# Two loaders at once, a server that is away, and mistakes.
mkfifo "$dir/hold"
psql -XAtq "$PG_URL" <"$dir/hold" >"$dir/held" &
holder=$!
exec 3>"$dir/hold"
echo "SELECT pg_advisory_lock(x'6a6f6273'::int, x'6c6f6164'::int), 'held';" >&3
until grep -q held "$dir/held"; do sleep 0.1; done
run 75 --catalogue "$here/catalogue"
says 'another loader'
exec 3>&-
wait "$holder"
run 2 --catalogue "$here/catalogue" --batch nonsense
code=0
"$load_program" --warehouse 'host=/nowhere dbname=x' --config "$dir/settings.yaml" \
	--catalogue "$here/catalogue" >"$dir/said" 2>&1 || code=$?
equal 'a server that is away' "$code" 75
code=0
"$load_program" --warehouse 'host=/nowhere password=geheim' >"$dir/said" 2>&1 || code=$?
equal 'a password on the command line' "$code" 2
equal 'it is not repeated' "$(grep -c geheim "$dir/said")" 0
code=0
JOBSIGHT_WAREHOUSE_URL="host=/nowhere password='geheim" "$load_program" --config "$dir/settings.yaml" \
	--catalogue "$here/catalogue" >"$dir/said" 2>&1 || code=$?
equal 'a connection text that is none' "$code" 1
equal 'nor is it here' "$(grep -c geheim "$dir/said")" 0

# A migration that was edited after it was applied, and a warehouse from the future.
sql "UPDATE warehouse.migration SET checksum = 'x' WHERE number = 2"
run 1 --catalogue "$here/catalogue"
says '002-create-dimensions was changed after it was applied'
sql "UPDATE warehouse.migration SET number = 99 WHERE number = 2"
run 1 --migrate --catalogue "$here/catalogue"
says 'was never applied'
finish
