#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# load.sh CONNECTION: puts jobs.csv into the facts of a migrated warehouse, as the loader would, with
# the days of Europe/Berlin, and makes the figures.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
{
	cat <<'SQL'
SET timezone = 'Europe/Berlin';
SELECT warehouse.set_timezone('Europe/Berlin');
CREATE TEMPORARY TABLE c (id bigint, "user" text, account text, partition text, qos text, app text, state text,
	nodes integer, cores integer, gpus integer, submit timestamptz, start timestamptz, "end" timestamptz,
	"limit" integer, shared integer, memreq bigint, cpu_user float8, cpu_system float8, cpu_idle float8,
	cpu_user_cv float8, cpu_max float8, cpu_min float8, max_memory float8, memory_used float8, mem_total float8,
	flops float8, cpiref float8, cpldref float8, membw float8, catastrophe float8, gpu_usage float8, gpu0 float8,
	energy float8, ib_rx float8, eth_rx float8, sda_rd_ios float8);
COPY c FROM STDIN WITH (FORMAT csv, HEADER);
SQL
	tail -n +2 "$here/jobs.csv"
	cat <<'SQL'
\.
INSERT INTO warehouse.cluster (name) VALUES ('alpha');
INSERT INTO warehouse.person (name) SELECT DISTINCT "user" FROM c ORDER BY 1;
INSERT INTO warehouse.account (name) SELECT DISTINCT account FROM c WHERE account <> '' ORDER BY 1;
INSERT INTO warehouse.partition (cluster_id, name) SELECT DISTINCT 1, partition FROM c ORDER BY 2;
INSERT INTO warehouse.qos (name) SELECT DISTINCT qos FROM c ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO warehouse.application (name) SELECT DISTINCT app FROM c WHERE app <> '' ORDER BY 1;
INSERT INTO warehouse.state (name) SELECT DISTINCT state FROM c ORDER BY 1 ON CONFLICT DO NOTHING;
INSERT INTO warehouse.source (name) VALUES ('pcp');
SELECT warehouse.create_month(t) FROM (SELECT DISTINCT date_trunc('month', "end", 'UTC') AS t FROM c) m;
INSERT INTO warehouse.job_key (job_id, cluster_id, raw_id, submit_t, end_t)
	SELECT id, 1, id, submit, coalesce("end", 'infinity') FROM c;
INSERT INTO warehouse.job (job_id, end_t, submit_t, start_t, raw_id, local_id, name, nodes, cores, gpus, limit_s, person_id,
		account_id, application_id, cluster_id, partition_id, qos_id, state_id, source_id, is_shared,
		requested_memory_bytes, measured_t, document_id)
	SELECT c.id, coalesce("end", 'infinity'), submit, start, c.id, c.id::text, 'j', nodes, cores, gpus, "limit", p.person_id,
		a.account_id, x.application_id, 1, q.partition_id, o.qos_id, s.state_id, 1, shared = 1, memreq,
		CASE WHEN "end" IS NULL THEN timestamptz '2024-11-02 06:00:00' END, c.id || '-0'
	FROM c JOIN warehouse.person p ON p.name = "user" LEFT JOIN warehouse.account a ON a.name = account
	LEFT JOIN warehouse.application x ON x.name = app JOIN warehouse.partition q ON q.name = partition
	JOIN warehouse.qos o ON o.name = qos JOIN warehouse.state s ON s.name = state;
INSERT INTO warehouse.job_metric (job_id, end_t, person_id, account_id, cpu_user, cpu_system, cpu_idle, cpu_user_cv,
		compat_cpu_user_max, compat_cpu_user_min, max_memory, memory_used, mem_used_including_os_caches, flops,
		cpiref, cpldref, membw, compat_mem_transferred, catastrophe, gpu_usage, compat_gpu0_nv_utilization,
		energy, compat_energy, ib_rx_bytes, compat_ib_rx_bytes, net_eth0_rx, compat_net_eth0_rx,
		block_sda_rd_ios, compat_block_sda_rd_ios)
	SELECT j.job_id, j.end_t, j.person_id, j.account_id, cpu_user, cpu_system, cpu_idle, cpu_user_cv, cpu_max, cpu_min,
		max_memory, memory_used, mem_total, flops, cpiref, cpldref, membw, membw / 1000, catastrophe, gpu_usage, gpu0,
		energy, energy / c.nodes, ib_rx, ib_rx / c.nodes, eth_rx, eth_rx / c.nodes, sda_rd_ios, sda_rd_ios / c.nodes
	FROM c JOIN warehouse.job j ON j.job_id = c.id;
SELECT warehouse.refresh();
SQL
} | psql -XAtq -v ON_ERROR_STOP=1 "$1" >/dev/null
