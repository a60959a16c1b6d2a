#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# prometheus.sh SUMMARIZE GOLDEN MKARCHIVE SOURCE_DIR: the numbers of prometheus/README.md from archives and
# from a real Prometheus; of exporters that it scrapes; through its faults; with TLS, a password, and
# another label.
# shellcheck disable=SC2154 # work
set -u
summarize=$1 golden=$2 mkarchive=$3 here=$4/prometheus
server=$4/../servers/prometheus
# shellcheck disable=SC1091,SC2154
. "$4/../support/lib.sh"
skip_unless_has prometheus promtool prometheus-node-exporter python3 openssl awk
export JOBSIGHT_CATALOGUE_SHIPPED="$here/catalogue" JOBSIGHT_CATALOGUE_PATH="$work/none"
export JOBSIGHT_SUMMARIZER_LOCK="$work/lock" TMPDIR="$work" JOBSIGHT_PROMETHEUS_BACKOFF=0
echo "{}" >"$work/empty.yaml"
# shellcheck source=tests/summarizer/prometheus/nights.sh
. "$here/nights.sh"

run() # STORE OPTION...
{
	store=$1
	shift
	"$summarize" --config "$work/empty.yaml" --accounting "sacct:$here/jobs.sacct" --cluster golden \
		--store "sqlite:$work/$store.sqlite" "$@"
}
same() # STORE: as the first from Prometheus
{
	"$golden" "sqlite:$work/$1.sqlite" | sort >"$work/$1.sums" && cmp "$work/prom.sums" "$work/$1.sums"
}
faulty() # FAULT...: sets $url
{
	python3 "$here/faulty.py" "$PROMETHEUS_URL" "$@" >"$work/url" 2>"$work/faulty.log" &
	faulty_pid=$!
	wait_for 20 test -s "$work/url"
	url=$(cat "$work/url")
}
end_faulty()
{
	kill "$faulty_pid" 2>/dev/null
	wait "$faulty_pid" 2>/dev/null
	rm -f "$work/url"
}

for host in p1 p2; do
	mkdir -p "$work/archives"
	awk -v form=archive -v host="$host" -f "$here/samples.awk" >"$work/$host.txt"
	"$mkarchive" "$work/$host.txt" "$work/archives/$host" || exit 99
done
awk -v form=prometheus -f "$here/samples.awk" >"$work/samples.txt"
"$server" load "$work/prom" "$work/samples.txt" || exit 99
nights_load
start dcgm python3 "$here/dcgm.py" "$here/dcgm.txt"
node=127.0.0.1:$(free_port)
start node prometheus-node-exporter --web.listen-address="$node" --collector.disable-defaults \
	--collector.cpu --collector.loadavg --collector.meminfo --collector.netdev
wait_for 60 test -s "$work/dcgm.log" || exit 99
cat >"$work/scrape.yaml" <<END
scrape_configs:
  - {job_name: node, scrape_interval: 1s, static_configs: [{targets: ["$node"], labels: {host: g1, instance: "g1:9100"}}]}
  - {job_name: one, scrape_interval: 1s, metrics_path: /g1,
     static_configs: [{targets: ["$(cat "$work/dcgm.log")"], labels: {host: g1, instance: "g1:9400"}}]}
  - {job_name: two, scrape_interval: 1s, metrics_path: /g2,
     static_configs: [{targets: ["$(cat "$work/dcgm.log")"], labels: {host: g2, instance: "g2:9400"}}]}
END
started=$(PROMETHEUS_SCRAPE="$work/scrape.yaml" "$server" start "$work/prom") || exit 99
eval "$started"
# shellcheck disable=SC2016 # at the end
at_exit '"$server" stop "$work/prom"'

ok "archives" run pcp --archives "$work/archives" -q
ok "archives: values" "$golden" "sqlite:$work/pcp.sqlite" "$here/expected.txt"
ok "Prometheus" run prom --prometheus "$PROMETHEUS_URL" -q
ok "Prometheus: values" "$golden" "sqlite:$work/prom.sqlite" "$here/expected.txt"
"$golden" "sqlite:$work/prom.sqlite" | sort >"$work/prom.sums"
printf '%s\n' '1/0 site.pump.avg 7' '1/0 site.aggregated.total 1950' \
	'1/0 summarization.datasource prometheus' >"$work/only"
ok "a stanza of Prometheus alone" "$golden" "sqlite:$work/prom.sqlite" "$work/only"
printf '%s\n' '1/0 site.pump.error 3' '1/0 summarization.datasource pcp' >"$work/only"
ok "is an error from archives" "$golden" "sqlite:$work/pcp.sqlite" "$work/only"
ok "nothing is left behind" test -z "$(ls -d "$work"/jobsight-prometheus.* 2>/dev/null)"

ok "7 workers" run workers --prometheus "$PROMETHEUS_URL" -q --workers 7
ok "7 workers: same" same workers
for id in 1 2 3; do run alone --prometheus "$PROMETHEUS_URL" -q --job $id; done
ok "alone: same" same alone

export JOBSIGHT_PROMETHEUS_HOST_LABEL=instance JOBSIGHT_PROMETHEUS_HOST_FORM='{host}:9100'
ok "hosts by another label" run label --prometheus "$PROMETHEUS_URL" -q
ok "hosts by another label: same" same label
unset JOBSIGHT_PROMETHEUS_HOST_LABEL JOBSIGHT_PROMETHEUS_HOST_FORM

nights_check

# Exporters that it scrapes itself, by the shipped catalogue; by then they have been for a while.
ok "exporters are scraped" python3 "$here/scraped.py" "$PROMETHEUS_URL" "$work"
scraped()
{
	JOBSIGHT_CATALOGUE_SHIPPED=$here/../../../conf/catalogue JOBSIGHT_SUMMARIZER_SETTLE=0 "$summarize" --config "$work/empty.yaml" \
		--accounting "sacct:$work/scraped.sacct" --cluster golden --store "sqlite:$work/scraped.sqlite" \
		--prometheus "$PROMETHEUS_URL" -q 2>"$work/err"
}
ok "DCGM and node exporter" scraped
ok "DCGM and node exporter: values" "$golden" "sqlite:$work/scraped.sqlite" "$work/scraped.txt"
ok "DCGM and node exporter: no complaints" test ! -s "$work/err"
rm -f "$work/scraped.sqlite"
JOBSIGHT_PROMETHEUS_HOST_LABEL=instance JOBSIGHT_PROMETHEUS_HOST_FORM='{host}:*'
export JOBSIGHT_PROMETHEUS_HOST_LABEL JOBSIGHT_PROMETHEUS_HOST_FORM
ok "each exporter on its port" scraped
ok "each exporter on its port: values" "$golden" "sqlite:$work/scraped.sqlite" "$work/scraped.txt"
unset JOBSIGHT_PROMETHEUS_HOST_LABEL JOBSIGHT_PROMETHEUS_HOST_FORM

faulty 500 503 429 drop pass cut html 502 pass
ok "through faults" run faults --prometheus "$url" -q
ok "through faults: same" same faults
end_faulty
faulty many
ok "fewer hosts at once" run many --prometheus "$url" -q
ok "fewer hosts at once: same" same many
end_faulty
faulty minute
ok "shorter portions" run minute --prometheus "$url" -q
ok "shorter portions: same" same minute
end_faulty
JOBSIGHT_PROMETHEUS_TIMEOUT=1 && export JOBSIGHT_PROMETHEUS_TIMEOUT
faulty slow
ok "through a time limit" run slow --prometheus "$url" -q
ok "through a time limit: same" same slow
end_faulty
unset JOBSIGHT_PROMETHEUS_TIMEOUT
faulty bearer
run refused --prometheus "$url" -q 2>"$work/err"
ok "no token: refused" grep -q 'HTTP 401: check prometheus.user' "$work/err"
(umask 077 && echo tick >"$work/token")
echo "prometheus: {token_file: $work/token}" >"$work/empty.yaml"
ok "a token" run bearer --prometheus "$url" -q
ok "a token: same" same bearer
echo "{}" >"$work/empty.yaml"
end_faulty
faulty always500
run down --prometheus "$url" -q 2>"$work/err"
ok "a server that is down: try later" test $? -eq 75
ok "says which" grep -q "$url/api/v1/query: HTTP 500: for ever (5 tries)" "$work/err"
ok "stores nothing" test "$("$golden" "sqlite:$work/down.sqlite" | wc -l)" -eq 0
end_faulty
run down --prometheus "http://127.0.0.1:9" -q 2>"$work/err"
ok "nobody there: try later" test $? -eq 75
run down --prometheus "http://ann:secret@127.0.0.1:9" -q 2>"$work/err"
ok "no password in a URL" test $? -eq 2
ok "nor in the message" test "$(grep -c secret "$work/err")" -eq 0

# TLS with an authority of our own, and a password from a file.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
cat >"$work/web.yaml" <<END
tls_server_config: {cert_file: $work/cert.pem, key_file: $work/key.pem}
basic_auth_users:
  ann: $(python3 -W ignore -c 'import crypt; print(crypt.crypt("secret", crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))')
END
"$server" load "$work/tls" "$work/samples.txt" || exit 99
started=$(PROMETHEUS_WEB_CONFIG="$work/web.yaml" "$server" start "$work/tls") || exit 99
eval "$started"
# shellcheck disable=SC2016 # at the end
at_exit '"$server" stop "$work/tls"'
run tls --prometheus "$PROMETHEUS_URL" -q 2>"$work/err"
ok "an unknown authority is refused" test $? -eq 75
JOBSIGHT_PROMETHEUS_CA_FILE=$work/cert.pem && export JOBSIGHT_PROMETHEUS_CA_FILE
run tls --prometheus "$PROMETHEUS_URL" -q 2>"$work/err"
ok "no password: refused" grep -q 'HTTP 401: check prometheus.user' "$work/err"
(umask 077 && echo secret >"$work/password")
cat >"$work/empty.yaml" <<END
prometheus: {user: ann, password_file: $work/password}
END
ok "TLS and a password" run tls --prometheus "$PROMETHEUS_URL" -q
ok "TLS and a password: same" same tls
done_testing
