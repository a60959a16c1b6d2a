#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# columns.sh IMPORT LOAD POSTGRES SLURM: the tables of a real slurmdbd as each release from 20.11 to 26.05 has them; a
# NULL in each column that may be one, and in all at once; each column that must be there gone. Nothing is
# lost without a word, nothing partial stays.
# shellcheck disable=SC2154 # work, PG_URL, SLURM_*
set -u
import=$1 load=$2 postgres=$3 slurm=$4
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has psql mariadb mariadb-dump mariadbd setsid
# shellcheck source=SCRIPTDIR/warehouse.sh
. "$(dirname "$0")/warehouse.sh"
# shellcheck source=SCRIPTDIR/../support/slurm.sh
. "$(dirname "$0")/../support/slurm.sh"
# shellcheck source=SCRIPTDIR/../support/slurm-releases.sh
. "$(dirname "$0")/../support/slurm-releases.sh"

start_postgres
start_slurm --nodes 1 --cluster alpha
"$slurm" stop "$lab" slurmctld
"$slurm" stop "$lab" slurmdbd # the tables are ours now
my "insert into alpha_job_script_table (hash_inx, script_hash, batch_script) values (7, '2:abc', '#!/bin/sh');
	insert into alpha_job_table (mod_time, account, cpus_req, exit_code, job_name, id_assoc, id_job, id_qos, id_user,
		id_group, het_job_offset, mem_req, nodelist, node_inx, nodes_alloc, \`partition\`, priority, state, timelimit,
		time_submit, time_eligible, time_start, time_end, wckey, work_dir, submit_line, tres_alloc, tres_req,
		id_array_task, script_hash_inx, constraints, admin_comment, system_comment, derived_es, container, mcs_label)
	select 1790000000, 'lab', 4, 256, concat('job', seq), 4, 1000 + seq, 1, 0, 0, 4294967294, 100, 'n[1-2]', '0-1', 2,
		'main', 1, 5, 60, 1760000000 + seq, 1760000000 + seq, 1760000010 + seq, 1760000600 + seq, 'p1:b1', '/tmp',
		'sbatch job.sh', '1=4,2=400,4=2', '1=4', 4294967294, 7, 'fast', 'admin', 'system', 'user', 'box', 'label' from seq_1_to_5;
	insert into alpha_step_table (job_db_inx, id_step, step_name, state, time_start, time_end, nodelist, node_inx,
		nodes_alloc, task_cnt, submit_line, container, tres_alloc)
		select job_db_inx, -5, 'batch', 5, time_start, time_end, 'n1', '0', 1, 1, 'sbatch job.sh', 'box', '1=2' from alpha_job_table;
	insert into alpha_event_table (time_start, time_end, node_name, cluster_nodes, reason, reason_uid, state, tres)
		values (1760000000, 1760003600, 'n1', '', 'gone', 0, 1, '1=4');
	insert into alpha_wckey_table (creation_time, mod_time, id_wckey, wckey_name, user) values (1, 1, 90, 'p1:b1', 'root')"
mariadb-dump --no-defaults --no-tablespaces -S "$SLURM_DB_SOCKET" -u "$SLURM_DB_USER" -p"$SLURM_DB_PASSWORD" \
	"$SLURM_DB_NAME" >"$work/dump.sql" || exit 99

url() { echo "host=$PGHOST user=$PGUSER dbname=$1"; }
there() { psql -XAtq -v ON_ERROR_STOP=1 "$(url "$1")" -c "$2"; }
createdb empty
migrate "$(url empty)" "$tests/etl/catalogue"
fresh() { # NAME: a warehouse, and a database of Slurm
	createdb -T empty "$1"
	my "create database $1"
	mariadb --no-defaults -S "$SLURM_DB_SOCKET" -u "$SLURM_DB_USER" -p"$SLURM_DB_PASSWORD" "$1" <"$work/dump.sql" || exit 99
}
run() { # CODE NAME [ARGUMENT ...]
	local code=0 wanted=$1 name=$2 source="slurmdb:${place/database=*/database=$2}"
	shift 2
	cat >"$work/$name.yaml" <<-CONF
		clusters:
		  - {name: alpha, accounting: "$source", associations: "$source", events: "$source"}
		import: {projects: "$source", business: "$source"}
	CONF
	"$import" --config "$work/$name.yaml" --warehouse "$(url "$name")" "$@" >"$work/said" 2>&1 || code=$?
	[ $code -eq "$wanted" ] || { echo "exit code $code, not $wanted"; cat "$work/said"; return 1; }
}
of_source() { my "use $1; $2"; }

# ---- each release ----
facts="select raw_id, local_id, submit_time, start_time, end_time, username, account, partition, qos, state, job_name, nodes,
	cores, limit_s, exit_code, requested_memory_bytes from warehouse.jobs order by 1"
details="select wckey, tres_allocated, work_dir, constraints, admin_comment, system_comment, comment, canceled_by
	from warehouse.job_details order by raw_id"
steps="select raw_id, step_id, name, state, nodes, tasks, hosts, tres_allocated from warehouse.job_steps order by 1"
rest="select (select count(*) from warehouse.association), (select string_agg(name, ',' order by name) from warehouse.account),
	(select string_agg(name, ',' order by name) from warehouse.project), (select count(*) from warehouse.qos)"
all_of() { for query in "$facts" "$details" "$steps" "$rest"; do there "$1" "$query"; done; }
fresh r2205
ok "22.05 is imported" run 3 r2205
all_of r2205 >"$work/wanted"
ok "with its five jobs and steps" equals "$(grep -c 'job[1-5]\|batch' "$work/wanted")" 10
for release in $(slurm_releases); do
	[ "$release" -ne 2205 ] || continue
	fresh "r$release"
	of_source "r$release" "$(release_changes "$release")"
	ok "release $release is imported" run 3 "r$release"
	all_of "r$release" >"$work/got"
	ok "... as 22.05 is" diff "$work/wanted" "$work/got"
	ok "... with the columns it has" equals "$(there "r$release" "select distinct d.extra, d.failed_node, d.licenses, d.restarts,
		d.script_hash, d.submit_line from warehouse.job_details d")" \
		"$([ "$release" -lt 2302 ] && echo -n '||' || echo -n 'more|n9|lic:2')|$([ "$release" -lt 2411 ] ||
			echo -n 2)|$([ "$release" -lt 2205 ] || echo -n '2:abc')|$([ "$release" -lt 2108 ] || echo -n 'sbatch job.sh')"
done
of_source r2605 "insert into alpha_event_table (time_start, time_end, node_name, cluster_nodes, reason, reason_uid, state, tres, deleted)
	values (1760007200, 1760008000, 'n1', '', 'never', 0, 1, '', 1)"
run 3 r2605 >/dev/null
ok "events that were deleted (24.11) are none" equals "$(there r2605 "select count(*) from warehouse.node_event_source
	where reason = 'never'")" 0

# ---- a NULL in each column ----
nullable() { # TABLE
	my "select column_name from information_schema.columns where table_schema = '$SLURM_DB_NAME' and table_name = '$1'
		and is_nullable = 'YES'"
}
fresh nulls
# nulls TABLE KEYS: for each column that may be NULL, and for all at once, a copy of a row with keys of its own;
# @n counts them
total=0
nulls() {
	local columns all='' n=0 column
	columns=$(nullable "$1")
	for column in $columns; do all="$all$column = null, "; done
	for column in $columns ALL; do
		n=$((n + 1))
		[ "$column" = ALL ] && set_null=$all || set_null="$column = null, "
		of_source nulls "set @n = $n; create temporary table x as select * from $1 ${3:-} limit 1;
			update x set $set_null $2; insert into $1 select * from x" || return 1
	done
	total=$n
}
count_of() { of_source nulls "select count(*) from $1 ${2:-}"; }
ok "jobs, each with a column less" nulls alpha_job_table 'job_db_inx = 2000 + @n, id_job = 2000 + @n'
ok "... thirteen of them and one without all" test "$total" -ge 14
ok "steps" nulls alpha_step_table 'job_db_inx = 2000 + @n' "where id_step = -5"
ok "associations" nulls alpha_assoc_table "id_assoc = 500 + @n, user = concat('u', @n)" "where user <> ''"
ok "levels of service" nulls qos_table "id = 500 + @n, name = concat('q', @n)" "where name <> ''"
ok "accounts" nulls acct_table "name = concat('a', @n)" "where name <> ''"
ok "users" nulls user_table "name = concat('u', @n)" "where name <> ''"
ok "events" nulls alpha_event_table 'time_start = 1750000000 + 1000 * @n, time_end = 1750000500 + 1000 * @n'
ok "keys of work" nulls alpha_wckey_table "id_wckey = 500 + @n, wckey_name = concat('key', @n, ':b1')" "where id_wckey = 90"
ok "kinds of resources" nulls tres_table "id = 3000 + @n, type = concat('kind', @n)"
of_source nulls "insert into alpha_resv_table (id_resv, resv_name, time_start, time_end, nodelist, node_inx, assoclist, tres)
	values (1, 'r', 1700000000, 1900000000, 'n1', '0', '', '')"
ok "reservations" nulls alpha_resv_table 'id_resv = 500 + @n'
ok "scripts" nulls alpha_job_script_table "hash_inx = 500 + @n, script_hash = concat('2:', @n)"
of_source nulls 'update alpha_job_table set id_resv = 501, script_hash_inx = 501 where id_job = 1002'
ok "are imported" run 3 nulls
ok "and events again, whose nodes are known now" run 0 nulls --again --category event,project
ok "no event is lost" equals "$(there nulls 'select count(*) from warehouse.node_event_source')" "$(count_of alpha_event_table "where node_name <> ''")"
ok "no project of such a key is" equals "$(there nulls "select count(*) from warehouse.project where name ~ '^key[0-9]+$'")" \
	"$(count_of alpha_wckey_table "where wckey_name regexp '^key[0-9]+:'")"
ok "no job is lost" equals "$(there nulls "select (select count(*) from warehouse.job) +
	(select count(*) from warehouse.import_quarantine where category = 'job')")" "$(count_of alpha_job_table)"
ok "and none is odd: NULL is what was not said" equals "$(there nulls 'select count(*) from warehouse.import_quarantine')" 0
ok "no step is lost" equals "$(there nulls 'select count(*) from warehouse.job_step')" "$(count_of alpha_step_table)"
ok "no association is" equals "$(there nulls 'select count(*) from warehouse.association')" "$(count_of alpha_assoc_table "where deleted = 0")"
ok "no level of service is" equals "$(there nulls "select count(*) from warehouse.qos where name ~ '^q[0-9]+'")" \
	"$(count_of qos_table "where name regexp '^q[0-9]+'")"
ok "no account is" equals "$(there nulls "select count(*) from warehouse.account where name ~ '^a[0-9]+'")" \
	"$(count_of acct_table "where name regexp '^a[0-9]+'")"
ok "what was NULL is, and nothing else" equals "$(there nulls "select raw_id, account, d.submit_line, d.constraints, d.comment, d.container
	from warehouse.jobs j join warehouse.job_details d using (raw_id) where raw_id = $((2000 + $(nullable alpha_job_table | wc -l) + 1))")" \
	"$((2000 + $(nullable alpha_job_table | wc -l) + 1))|||||"

# Columns that no slurmdbd leaves NULL, as an older or mended database may.
my "use nulls; insert into alpha_job_table (job_db_inx, mod_time, id_job, id_user, id_group, id_assoc, id_qos, state, timelimit, cpus_req,
	job_name, priority, \`partition\`, nodes_alloc, nodelist, tres_alloc, tres_req, time_submit, time_eligible, time_start, time_end,
	work_dir, wckey, mem_req, exit_code, het_job_offset, id_array_task)
	select 3000 + id_job, mod_time, 3000 + id_job, id_user, id_group, id_assoc, id_qos, state, timelimit, cpus_req, job_name,
	priority, \`partition\`, nodes_alloc, nodelist, tres_alloc, tres_req, time_submit, time_eligible, time_start, time_end, work_dir,
	wckey, mem_req, exit_code, het_job_offset, id_array_task from alpha_job_table where id_job < 1006"
needed='id_job id_user state time_submit time_start time_end nodes_alloc tres_alloc job_name partition timelimit mem_req exit_code'
index=6000
for column in $needed; do
	index=$((index + 1))
	type=$(my "select column_type from information_schema.columns where table_schema = 'nulls' and table_name = 'alpha_job_table' and column_name = '$column'")
	of_source nulls "alter table alpha_job_table modify column \`$column\` $type null;
		create temporary table x as select * from alpha_job_table where id_job = 1001;
		update x set job_db_inx = $index, id_job = $index; update x set \`$column\` = null; insert into alpha_job_table select * from x"
done
ok "NULL where there is always a value" run 3 nulls
ok "is imported, or put aside with a reason" equals "$(there nulls "select (select count(*) from warehouse.job) +
	(select count(*) from warehouse.import_quarantine where category = 'job' and reason <> '')")" "$(count_of alpha_job_table)"

# ---- names that are long, and absurd values ----
long=$(printf 'n%.0s' $(seq 200))
of_source nulls "create temporary table x as select * from alpha_job_table where id_job = 1001;
	alter table x modify column nodelist text; update x set job_db_inx = 6900, id_job = 6900, nodelist = '$long', job_name = '$long',
	account = '$long', id_assoc = 0; insert into alpha_job_table select * from x"
ok "long names" run 3 nulls
ok "are kept whole" equals "$(there nulls "select length(j.job_name), length(j.account), length(n.node) from warehouse.jobs j
	join warehouse.job_nodes n using (job_id) where raw_id = 6900")" '200|200|200'
of_source nulls "create temporary table x as select * from alpha_job_table where id_job = 1001;
	update x set job_db_inx = 7001, id_job = 7001, time_end = 18446744073709551615; insert into alpha_job_table select * from x;
	update x set job_db_inx = 7002, id_job = 7002, time_end = 1, time_start = 2; insert into alpha_job_table select * from x;
	update x set job_db_inx = 7003, id_job = 7003, time_start = 1, time_end = 9999999999; insert into alpha_job_table select * from x"
ok "times that are none" run 3 nulls
ok "are put aside, each by its number" equals "$(there nulls "select string_agg(record_key, ',' order by record_key)
	from warehouse.import_quarantine where record_key::int between 7001 and 7003")" 7001,7002,7003

# ---- a column that must be there is not ----
before=$(there nulls 'select count(*) from warehouse.job_key')
missing() { # CATEGORY TABLE COLUMN
	of_source nulls "alter table $2 rename column \`$3\` to gone_away"
	run 1 nulls --category "$1" || return 1
	grep -q "table $2 has no column $3" "$work/said" || { cat "$work/said"; return 1; }
	of_source nulls "alter table $2 rename column gone_away to \`$3\`"
}
while read -r category table columns; do
	for column in $columns; do
		ok "$table without $column is named" missing "$category" "$table" "$column"
	done
done <<-TABLES
	job alpha_job_table id_job id_user state time_submit time_eligible time_start time_end nodes_alloc tres_alloc nodelist mod_time
	job alpha_step_table id_step
	event alpha_event_table time_start node_name state
	association alpha_assoc_table id_assoc acct
TABLES
ok "and nothing partial stays" equals "$(there nulls 'select count(*) from warehouse.job_key')" "$before"
done_testing
