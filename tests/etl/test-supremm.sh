#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Moving over from SUPReMM: its collections of a MongoDB, as several of its versions left them, are
# loaded, found again, and read on from where the loader was; and its documents as files.
# Run with jobsight-load, store-tool, mongo-tool, jobsight-document and the server to ask.
mongo_tool=$3
document_program=$4
server=$5
. "$(dirname "$0")/setup.sh"
here=$(cd "$(dirname "$0")" && pwd)
top=$here/../..
code=0
assignments=$("$here/../servers/$server" start "$dir/mongo") || code=$?
[ "$code" -ne 77 ] || exit 77
[ "$code" -eq 0 ] || exit 1
trap '"$here/../servers/$server" stop "$dir/mongo"; "$postgres" stop "$dir/pg" immediate; rm -rf "$dir"' EXIT
eval "$assignments"
# FerretDB keeps neither NaN nor arrays in arrays.
put() {
	if [ "$server" = ferretdb ]; then
		sed 's/"NaN"/"0.0"/g; s/"Infinity"/"0.0"/g; s/, "min": \[\[.*\]\]//' "$2" >"$dir/put.jsonl"
	else
		cp "$2" "$dir/put.jsonl"
	fi
	"$mongo_tool" put "$MONGO_URL" "$1" "$dir/put.jsonl"
}
none=null
[ "$server" != ferretdb ] || none=0.0
case $MONGO_URL in
*\?*) second="$MONGO_URL&appname=second" ;;
*) second="$MONGO_URL?appname=second" ;;
esac
for collection in resource_13 resource_7 timeseries-resource_13; do
	put $collection "$here/supremm/$collection.jsonl"
done
put resource_99 "$here/supremm/resource_7.jsonl"
echo '{"_id": "summary-1.0.6", "definitions": {}}' >"$dir/schema.jsonl"
put schema "$dir/schema.jsonl"
cat >"$dir/settings.yaml" <<SETTINGS
clusters:
  - name: alpha
    resource_id: "13"
applications: {shipped: $top/conf/applications.yaml}
SETTINGS
run 0 --migrate --catalogue "$top/conf/catalogue"

# What is loaded, what is put aside, and what is named because it is nobody's.
run 1 --catalogue "$top/conf/catalogue" --store "$MONGO_URL" --collection 7
says 'no cluster of the settings has this resource_id'
run 3 --catalogue "$top/conf/catalogue" --store "$MONGO_URL" --collection resource_7=beta --batch 3
says '14 documents: 7 jobs new, 1 changed, 0 the same, 6 documents rejected'
says 'resource_99 are left out: no cluster has this resource_id'
equal 'jobs' "$(sql "SELECT j.cluster, j.raw_id, j.local_id, username, account, j.partition, j.nodes, j.cores, j.gpus, j.state, j.wall_s, j.limit_s,
	f.requested_cores, s.name FROM warehouse.jobs j JOIN warehouse.job f USING (job_id) LEFT JOIN warehouse.source s USING (source_id)
	ORDER BY j.cluster, j.raw_id")" \
'alpha|1200|1200|olaf|bio|general|1|8|0|FAILED|3600|||
alpha|5007|5000_7|rosa|geo|general|1|4|2|CANCELLED|1000|86400||pcp
alpha|972366|972366|rosa|geo|general|2|16|0|COMPLETED|3600|7200|16|pcp
alpha|972400|972400|rosa|geo|general|1|1|0|COMPLETED|1000|||pcp
alpha|972500|972500|olaf|bio||1|2|0|TIMEOUT|1600|||
beta|3006477107202|700[1]|olaf|bio|workq|1|2|0|0|1000|||
beta|3006477107203|700[2]|olaf|bio|workq|1|2|0|0|1000|||'
equal 'values: those of the node where the job has none' "$(sql "SELECT raw_id, cpu_user, cpu_system, cpu_user_cv, memory_used::bigint, gpu_usage, net_eth0_rx
	FROM warehouse.job_performance WHERE cluster = 'alpha' ORDER BY raw_id")" \
'1200|0.25|||||
5007|0.5||||0.5|
972366|0.75|0.125|0.25|1048576||3000
972400||||||
972500|0.375|||||'
equal 'the application, by the processes' "$(sql "SELECT application FROM warehouse.jobs WHERE raw_id = 972366")" GROMACS
equal 'nodes' "$(sql "SELECT string_agg(node, ' ' ORDER BY node_index) FROM warehouse.job_nodes JOIN warehouse.jobs USING (job_id) WHERE raw_id = 972366")" 'n1.example.org n2.example.org'
equal 'reasons: SUPReMM own numbers, and why a job was skipped' "$(sql "SELECT j.raw_id, q.metric, q.reason FROM warehouse.job_quality q
	JOIN warehouse.jobs j USING (job_id) WHERE (j.raw_id, q.metric) IN ((972366, 'job.catastrophe'), (972400, 'cpu.user')) ORDER BY 1")" \
'972366|job.catastrophe|2
972400|cpu.user|15'
equal 'put aside' "$(sql "SELECT cluster, CASE WHEN raw_id < 10000 THEN raw_id::text ELSE 'a number' END, field, reason
	FROM warehouse.load_error ORDER BY raw_id")" \
'alpha|8001||acct.submit is no time
alpha|8003|acct.ncpus|is text where a whole number should be
alpha|8004|acct.end_time|is before acct.start_time
alpha|8005||acct.end_time is no time
alpha|a number||acct.local_job_id is no number
alpha|a number||acct.local_job_id is no number'
equal 'the bytes are kept' "$(sql "SELECT bool_and(length(document) > 60) FROM warehouse.load_error")" t

# Nothing is written where SUPReMM's documents lie, and what is without `created` comes again.
run 0 --catalogue "$top/conf/catalogue" --store "$MONGO_URL" --collection 7=beta
says '1 documents: 0 jobs new, 0 changed, 1 the same, 0 documents rejected'
equal 'without being asked' "$(JOBSIGHT_STORE_URL=$MONGO_URL "$load_program" --config "$dir/settings.yaml" --warehouse "$PG_URL" \
	--catalogue "$top/conf/catalogue" 2>&1 | grep -v mongoc)" ''

# A job that was summarized again, one that is new in the middle, and one that was mended.
now=$(date +%s)000
sed -n '/"_id": "972366-/{s/"0.75"/"0.5"/g;p}; /"_id": "8003-/{s/"many"/"6"/;p}' "$here/supremm/resource_13.jsonl" |
	sed "s/\"created\": {\"\$date\": {\"\$numberLong\": \"[0-9]*\"/\"created\": {\"\$date\": {\"\$numberLong\": \"$now\"/" >"$dir/anew.jsonl"
sed -n '/"_id": "5007-/{s/5007/5008/g;s/array_index": {"$numberInt": "7"/array_index": {"$numberInt": "8"/;p}' "$here/supremm/resource_13.jsonl" |
	sed "s/\"1483001100000\"/\"$now\"/" >>"$dir/anew.jsonl"
put resource_13 "$dir/anew.jsonl"
run 0 --catalogue "$top/conf/catalogue" --store "$MONGO_URL" --collection 7=beta
says '4 documents: 2 jobs new, 1 changed, 1 the same, 0 documents rejected'
equal 'changed' "$(sql "SELECT cpu_user FROM warehouse.job_performance WHERE raw_id = 972366")" 0.5
equal 'mended' "$(sql "SELECT cores FROM warehouse.jobs WHERE raw_id = 8003")|$(sql "SELECT count(*) FROM warehouse.load_error WHERE raw_id = 8003")" '6|0'
run 3 --catalogue "$top/conf/catalogue" --store "$MONGO_URL" --collection 7=beta --again
says '15 documents: 0 jobs new,'

# Found again by their key and by what people type, with their time series, beside our own.
"$document_program" --config "$dir/settings.yaml" --store "$MONGO_URL" 972366 >"$dir/document" 2>"$dir/said" || equal "jobsight-document $(cat "$dir/said")" 1 0
for part in '"cluster":"alpha"' '"raw_id":972366' '"hosts":{"0":"n1.example.org"' '"all":[50.0,'"$none"',100.0]' '"skipped' '"odd"' '"skw":NaN'; do
	case $part in
	'"skipped' | '"skw":NaN' | '"odd"') equal "what is no value: $part" "$(grep -c -F "$part" "$dir/document")" 0 ;;
	*) equal "document: $part" "$(grep -c -F "$part" "$dir/document")" 1 ;;
	esac
done
"$document_program" --config "$dir/settings.yaml" --store "$MONGO_URL" 972500 >"$dir/document" 2>"$dir/said"
equal 'the later end counts' "$(wc -l <"$dir/document")|$(grep -c '"_id":"972500-1483003600"' "$dir/document")" '1|1'
"$document_program" --config "$dir/settings.yaml" --store "$MONGO_URL" --list >"$dir/list" 2>"$dir/said"
equal 'all are listed, and nothing else' "$(wc -l <"$dir/list")" 10

# A loader that is killed goes on where its last batch ended.
awk -v q='"' 'BEGIN { for (i = 100000; i < 100600; i++) printf "{\"_id\": \"%d-1483003000\", \"created\": {\"$date\": {\"$numberLong\": \"1483003100000\"}}, \"acct\": {\"id\": \"%d\", \"local_job_id\": {\"$numberInt\": \"%d\"}, \"start_time\": {\"$numberInt\": \"1483002000\"}, \"end_time\": {\"$numberInt\": \"1483003000\"}, \"submit\": {\"$numberInt\": \"1483001500\"}, \"nodes\": {\"$numberInt\": \"1\"}, \"ncpus\": {\"$numberInt\": \"2\"}, \"user\": \"u%d\", \"host_list\": [\"m1\"]}, \"summarization\": {\"version\": \"1.0.6\"}}\n", i, i, i, i % 7 }' >"$dir/many.jsonl"
put resource_21 "$dir/many.jsonl"
"$load_program" --config "$dir/settings.yaml" --warehouse "$PG_URL" --catalogue "$top/conf/catalogue" --collection 21=gamma \
	--store "$second" --batch 20 --no-refresh >"$dir/said" 2>&1 &
loader=$!
until [ "$(sql "SELECT count(*) FROM warehouse.job j JOIN warehouse.cluster c USING (cluster_id) WHERE c.name = 'gamma'")" -ge 100 ]; do
	kill -0 "$loader" 2>/dev/null || break
	sleep 0.02
done
kill -KILL "$loader" 2>/dev/null || :
wait "$loader" 2>/dev/null || :
done_first=$(sql "SELECT documents FROM warehouse.load_log ORDER BY load_id DESC LIMIT 1")
run 0 --catalogue "$top/conf/catalogue" --collection 21=gamma --store "$second" --batch 20 --no-refresh
equal 'all jobs, once' "$(sql "SELECT count(*), count(DISTINCT raw_id), sum(cores) FROM warehouse.jobs WHERE cluster = 'gamma'")" '600|600|1200'
done_then=$(sql "SELECT documents FROM warehouse.load_log ORDER BY load_id DESC LIMIT 1")
# Of resource_13 there are 13; the three of today and the one without `created` come in the scan that follows.
equal "nothing was read twice ($done_first, then $done_then)" "$((done_first + done_then))" $((600 + 13 + 4))

# The same documents as files: lines and an array, canonical, relaxed, from Python, from the shell.
sed -n '/"_id": "972366-/{s/972366/1972366/g;p}; /"_id": "1200-/{s/1200/2001200/g;p}' "$here/supremm/resource_13.jsonl" >"$dir/canonical.json"
run 0 --catalogue "$top/conf/catalogue" --from-json "$dir/canonical.json" --cluster alpha --no-refresh
says '2 documents: 2 jobs new'
cat >"$dir/shell.json" <<'JSON'
[ { "_id" : "3972366-1482998400", "created" : ISODate("2016-12-29T08:26:40Z"), "x" : ObjectId("507f1f77bcf86cd799439011"),
    "acct" : { "id" : "3972366", "local_job_id" : NumberInt(3972366), "start_time" : NumberLong("1482994800"), "end_time" : NumberLong(1482998400),
      "submit" : 1482994000, "nodes" : 1, "ncpus" : 4, "user" : "NaN", "account" : "NumberLong(5)", "host_list" : [ "n1" ] },
    "cpu" : { "jobcpus" : { "user" : { "avg" : 0.5, "skw" : NaN, "krt" : -Infinity } } } },
  { "_id" : "3972367-1482998400", "acct" : { "id" : "3972367", "local_job_id" : 3972367, "start_time" : 1482994800, "end_time" : 1482998400,
      "submit" : 1482994000, "nodes" : 1, "ncpus" : 4 }, "cpu" : { "jobcpus" : { "user" : { "avg" : Infinity } } } } ]
JSON
run 0 --catalogue "$top/conf/catalogue" --from-json - --cluster alpha --no-refresh <"$dir/shell.json"
says '2 documents: 2 jobs new'
equal 'values of files' "$(sql "SELECT raw_id, username, account, cpu_user FROM warehouse.job_performance
	WHERE raw_id IN (1972366, 2001200, 3972366, 3972367) ORDER BY 1")" \
'1972366|rosa|geo|0.75
2001200|olaf|bio|0.25
3972366|NaN|NumberLong(5)|0.5
3972367|||'
finish
