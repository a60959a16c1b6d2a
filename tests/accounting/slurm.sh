#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slurm.sh IMPORT CHECK LOAD POSTGRES SLURM: a real Slurm's jobs of every kind, steps, nodes, events and associations in
# the warehouse, compared with sacct and with Slurm's own figures; every code of what the importer itself
# sees is raised and ignored; what HPCStats did wrong is not repeated.
# shellcheck disable=SC2154 # work, PG_URL, SLURM_*
set -u
import=$1 check=$2 load=$3 postgres=$4 slurm=$5
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has psql sacct sbatch mariadb mariadbd setsid
# shellcheck source=SCRIPTDIR/warehouse.sh
. "$(dirname "$0")/warehouse.sh"
# shellcheck source=SCRIPTDIR/../support/slurm.sh
. "$(dirname "$0")/../support/slurm.sh"

start_postgres
printf '%s\n' AccountingStoreFlags=job_comment,job_env,job_script SlurmdTimeout=5 \
	'PartitionName=wide Nodes=n[2-3] MaxTime=60 DefMemPerCPU=64' >"$work/more.conf"
start_slurm --nodes 3 --cpus 4 --gpus 2 --cluster alpha --conf "$work/more.conf"

# ---- jobs ----
common_jobs
batch -J "x'); drop table warehouse.job; --" "$work/job.sh"
batch -J '<b>|"\' "$work/job.sh"
batch -J "$(printf 'caf\303\251')" "$work/job.sh"
batch --wckey=p1:b1 --comment='the user said' --mem=100 -c2 --wrap 'srun -n2 sleep 0.2; srun false'
batch --wckey=nothing "$work/job.sh"
batch --wckey=p9:b9 "$work/job.sh"
batch -t 1440 -J day "$work/job.sh"
batch --requeue -J again -w n1 --wrap 'sleep 60'
batch --hold -J held "$work/job.sh"
if [ "$(id -u)" -eq 0 ]; then
	setpriv --reuid=daemon --regid=nogroup --clear-groups sbatch -Q -D "$work/out" -o "$work/out/daemon" --wrap true >/dev/null
fi
again=$(squeue -h -n again -o %i)
scancel "$(squeue -h -n held -o %i)"
is_running() { [ "$(squeue -h -j "$again" -o %T)" = RUNNING ]; }
wait_for 60 is_running
others_ended() { ! squeue -h -o %j | grep -qv '^again$'; }
wait_for 60 others_ended
# A node dies below its job: its slurmd is gone until slurmctld gives it up.
batch -J lost -w n3 --no-requeue --wrap 'srun sleep 60'
state_of() { sacct -X -n -P -j "$lost" --format=State; }
lost=$(squeue -h -n lost -o %i)
lost_is() { [ "$(state_of)" = "$1" ]; }
has_step() { [ "$(my "select count(*) from alpha_step_table s join alpha_job_table j using (job_db_inx) where j.id_job = $lost and id_step = 0")" = 1 ]; }
wait_for 60 has_step
"$slurm" stop "$lab" slurmd-n3
ok "a node that dies takes its job with it" wait_for 120 lost_is NODE_FAIL
"$slurm" start "$lab" >"$work/said" 2>&1
node_back() { [ "$(sinfo -h -n n3 -o %t | sort -u)" = idle ]; }
wait_for 60 node_back
scontrol update nodename=n3 state=drain reason="a 'reason'"
recorded() { [ "$(my "select count(*) from alpha_job_table where time_end = 0 and time_start <> 0")" = 1 ]; }
wait_for 30 recorded

{ scontrol show node; scontrol show partition; } >"$work/nodes"
printf 'P1;Project one;[D1] Domain one\n' >"$work/projects.csv"
printf 'b1;Business one\n' >"$work/business.csv"
printf 'login,uid\nroot,0\nnobody,65534\n' >"$work/users.csv"
cat >"$work/conf.yaml" <<-CONF
	clusters:
	  - name: alpha
	    accounting: "slurmdb:$place"
	    architecture: slurm:$work/nodes
	    associations: "slurmdb:$place"
	    events: "slurmdb:$place"
	    users: csv:$work/users.csv
	import:
	  projects: csv:$work/projects.csv
	  business: csv:$work/business.csv
CONF
migrate "$PG_URL" "$tests/etl/catalogue"
run() { # CODE ARGUMENT...
	local wanted=$1 code=0
	shift
	"$import" --config "$work/conf.yaml" --warehouse "$PG_URL" "$@" >"$work/said" 2>&1 || code=$?
	[ $code -eq "$wanted" ] || { echo "exit code $code, not $wanted"; cat "$work/said"; return 1; }
}
count_of() { # CODE: of the last run
	sql "select coalesce(sum(n), 0) from warehouse.import_quality where code = '$1'
		and run_id = (select max(run_id) from warehouse.import_run)"
}

ok "a check of all sources" "$check" --config "$work/conf.yaml" --warehouse "$PG_URL"
ok "the first import" run 3
ok "a running job is there" equals "$(sql "select count(*) from warehouse.jobs where job_name = 'again' and end_time is null")" 1
scontrol requeue "$again"
wait_for 60 is_running
scancel "$again"
gone() { [ -z "$(squeue -h -o %i)" ]; }
wait_for 60 gone
scontrol update nodename=n3 state=resume
all_ended() { [ "$(my 'select count(*) from alpha_job_table where time_end = 0')" = 0 ]; }
wait_for 60 all_ended
ok "the second import" run 3
ok "a third writes nothing" run 3
ok "nothing new, changed or removed" equals "$(sql "select sum(added + changed + removed) from warehouse.import_step
	where run_id = (select max(run_id) from warehouse.import_run)")" 0

# ---- field by field ----
export SLURM_TIME_FORMAT=%s
columns=JobIDRaw,JobID,Submit,Eligible,Start,End,User,Account,Partition,QOS,State,ExitCode,DerivedExitCode,AllocNodes
columns=$columns,AllocCPUS,ReqCPUS,TimelimitRaw,WCKey,UID,GID,AllocTRES,WorkDir,Comment,NodeList,JobName
sacct -X -D -a -n -P -S 2020-01-01 -E now+1hour --format="$columns" | sed 's/|CANCELLED by [0-9]*|/|CANCELLED|/; s/Unknown//g; s/None assigned//' |
	sort >"$work/by-sacct"
sql "select concat_ws('|', j.raw_id, j.local_id, extract(epoch from j.submit_time)::bigint,
	extract(epoch from j.eligible_time)::bigint, coalesce(extract(epoch from j.start_time)::bigint::text, ''),
	extract(epoch from j.end_time)::bigint, j.username, coalesce(j.account, ''), j.partition, j.qos, j.state,
	j.exit_code || ':' || j.exit_signal, d.derived_code || ':' || d.derived_signal, j.nodes, j.cores,
	j.requested_cores, j.limit_s / 60, coalesce(d.wckey, ''), d.uid, d.gid, coalesce(d.tres_allocated, ''), d.work_dir,
	coalesce(d.comment, ''), coalesce((select string_agg(node, ',' order by node_index) from warehouse.job_nodes n
		where n.job_id = j.job_id), ''), j.job_name)
	from warehouse.jobs j join warehouse.job_details d using (job_id) where j.eligible_time is not null" |
	sort >"$work/by-warehouse"
# sacct writes nodes in short
expand_nodes() {
	while IFS= read -r line; do
		list=$(echo "$line" | sed -n 's/.*|\(n\[[0-9,-]*\]\)|.*/\1/p')
		[ -z "$list" ] || line=${line/"$list"/$(scontrol show hostnames "$list" | paste -sd,)}
		echo "$line"
	done
}
ok "as many jobs as sacct has" equals "$(wc -l <"$work/by-warehouse")" "$(wc -l <"$work/by-sacct")"
ok "equal to sacct field by field" diff <(expand_nodes <"$work/by-sacct") "$work/by-warehouse"
ok "at least 17 of them" test "$(wc -l <"$work/by-sacct")" -ge 17
sacct -a -D -n -P -S 2020-01-01 -E now+1hour --format=JobIDRaw,Submit,Start,End,State,ExitCode,NNodes,NTasks,JobName |
	grep '^[0-9]*\.' | sed 's/|CANCELLED by [0-9]*|/|CANCELLED|/' | sort >"$work/steps-by-sacct"
sql "select concat_ws('|', raw_id || '.' || case step_id when -5 then 'batch' when -4 then 'extern' else step_id::text end,
	extract(epoch from start_t)::bigint, extract(epoch from start_t)::bigint, extract(epoch from stop_t)::bigint,
	state, coalesce(exit_code || ':' || exit_signal, ''), nodes, tasks, name) from warehouse.job_steps" | sort >"$work/steps"
ok "steps equal to sacct's" diff "$work/steps-by-sacct" "$work/steps"
ok "steps were measured" equals "$(sql "select count(*) > 0 from warehouse.job_step where memory_max_bytes > 0 or user_s > 0")" t
ok "among them one whose node failed" equals "$(sql "select d.name, j.state, j.exit_code from warehouse.job_node n join warehouse.node d using (node_id)
	join warehouse.jobs j using (job_id) where j.job_name = 'lost'")" 'n3|NODE_FAIL|0'
ok "a requeued job has a row for each run" equals "$(sql "select count(*) from warehouse.jobs where job_name = 'again'")" 2
ok "what was running ended" equals "$(sql "select count(*) from warehouse.jobs where end_time is null")" 0
# ---- the same jobs by a dump of sacct, in a warehouse of their own ----
createdb dump
sed "s#accounting: .*#accounting: sacct:$work/dump#" "$work/conf.yaml" >"$work/dump.yaml"
sacct -X -D -a -P -S 2020-01-01 -E now+1hour \
	--format="$columns,Cluster,ReqTRES,Group,Reservation,ReqMem,ConsumedEnergyRaw,Suspended,SubmitLine" >"$work/dump"
other="host=$PGHOST user=$PGUSER dbname=dump"
migrate "$other" "$tests/etl/catalogue"
by_dump() {
	local code=0
	"$import" --config "$work/dump.yaml" --warehouse "$other" --category job >"$work/said" 2>&1 || code=$?
	[ $code -eq 3 ] || { cat "$work/said"; return 1; }
}
ok "an import of a dump" by_dump
facts="select raw_id, local_id, submit_time, eligible_time, start_time, end_time, username, account, partition, qos, state,
	job_name, nodes, cores, gpus, wall_s, limit_s, requested_cores, requested_memory_bytes, exit_code, exit_signal,
	array_job, array_task from warehouse.jobs where eligible_time is not null and job_name not like '<b>%' order by 1, 3"
psql -XAtq "$other" -c "$facts" >"$work/facts-of-dump"
psql -XAtq "$PG_URL" -c "$facts" >"$work/facts"
# a name and a line of submission that both hold the separator: which is which cannot be told
ok "the same jobs as from the database" diff "$work/facts" "$work/facts-of-dump"

# ---- what HPCStats did wrong ----
ok "a limit of 24 hours is one" equals "$(sql "select limit_s from warehouse.jobs where job_name = 'day'")" 86400
if [ "$(id -u)" -eq 0 ]; then
	ok "a job without association is not lost" equals "$(sql "select count(*) from warehouse.jobs where username = 'daemon'")" 1
	ok "it is told of" test "$(count_of E_J0008)" -ge 1
	for code in E_J0001 E_J0008; do
		ok "$code is ignored" ignores $code --config "$work/conf.yaml" --warehouse "$PG_URL" --category job
	done
fi
ok "a wckey nobody chose is none" equals "$(sql "select count(*) from warehouse.job_detail where wckey like '*%' and uid = 0")" \
	"$(my "select count(*) from alpha_job_table where wckey like '*%' and id_user = 0")"
ok "hostile names are names" equals "$(sql "select count(*) from warehouse.jobs where job_name = 'x''); drop table warehouse.job; --' or job_name like '<b>|%'")" 2
ok "times know their zone" equals "$(sql "select data_type from information_schema.columns where table_name = 'job_detail' and column_name = 'modified_t'")" 'timestamp with time zone'
ok "arrays and heterogeneous jobs keep their numbers" equals "$(sql "select count(distinct local_id) from warehouse.jobs where local_id ~ '^[0-9]+([_+])[0-9]+$'")" 5
ok "scripts are told by their hash" equals "$(sql "select count(*) > 0 from warehouse.job_detail where script_hash like '2:%'")" t

# ---- nodes, associations, availability ----
ok "the size of nodes" equals "$(sql 'select count(*), sum(cores), sum(gpus) from warehouse.node_history')" '3|12|6'
scontrol_itself() { # CONF
	sed "s#architecture: .*#architecture: \"scontrol:$1\"#" "$work/conf.yaml" >"$work/scontrol.yaml"
	"$import" --config "$work/scontrol.yaml" --warehouse "$PG_URL" --category architecture >"$work/said" 2>&1
}
no_scontrol() { ! scontrol_itself "$1" && grep -q 'scontrol show node failed' "$work/said"; }
for conf in '' "$SLURM_CONF"; do
	ok "scontrol itself is asked" scontrol_itself "$conf"
	ok "and says what the file says" is "select added, changed, removed from warehouse.import_step
		order by step_id desc limit 1" '0|0|0'
done
ok "one that cannot be asked is told of" no_scontrol "$work/nowhere"
ok "and nothing is lost by it" is 'select count(*) from warehouse.node_history where upper_inf(valid)' 3
ok "who is in which partition" equals "$(sql "select p.name, count(*) from warehouse.partition_node m join warehouse.partition p using (partition_id) group by 1 order by 1")" \
	"$(printf 'main|3\nsmall|1\nwide|2')"
ok "associations" equals "$(sql "select count(*) from warehouse.association where upper_inf(valid)")" "$(my 'select count(*) from alpha_assoc_table where deleted = 0')"
ok "a drained node is, and so is the one that died" equals "$(sql "select d.name, e.kind, e.reason from warehouse.node_event e
	join warehouse.node d using (node_id) order by lower(during)")" "n3|down|Not responding
n3|drained|a 'reason'"
ok "its seconds are those of Slurm's events" equals \
	"$(sql "select sum(extract(epoch from upper(during) - lower(during)))::bigint from warehouse.node_event")" \
	"$(my "select sum(time_end - time_start) from alpha_event_table where node_name <> '' and time_end > 0")"
# A whole hour, as Slurm rolls it up: an event of 1200 s put into the last hour but one.
hour=$(($(date +%s) / 3600 * 3600 - 7200))
my "insert into alpha_event_table (time_start, time_end, node_name, cluster_nodes, reason, reason_uid, state, tres)
	values ($((hour + 600)), $((hour + 1200)), 'n1', '', 'gone', 0, 1, '1=4,4=1'),
	($((hour + 1200)), $((hour + 1800)), 'n1', '', 'Not responding', 0, 2049, '1=4,4=1')"
ok "events are imported again" run 0 --again --category event
ok "those that touch are one" equals "$(sql "select kind, extract(epoch from upper(during) - lower(during))::int, reason
	from warehouse.node_event e join warehouse.node d using (node_id) where d.name = 'n1'")" 'down|1200|gone'
ok "availability of that hour: of 3 x 3600 s" equals "$(sql "select sum(total_s), sum(down_s), sum(drained_s) from
	warehouse.node_availability(to_timestamp($hour), to_timestamp($((hour + 3600))))")" '10800|1200|0'

# A dump of sacctmgr says the same as the database.
events="select d.name, s.start_t, s.end_t, s.kind, s.state, s.reason, s.reason_uid, s.cores
	from warehouse.node_event_source s join warehouse.node d using (node_id) order by 1, 2"
of_database=$(sql "$events")
TZ=UTC SLURM_TIME_FORMAT=standard sacctmgr --parsable2 show event event=node all_time \
	format=Cluster,NodeName,TimeStart,TimeEnd,StateRaw,User,TRES,Reason >"$work/events.txt"
sed "s|events: .*|events: sacctmgr:$work/events.txt|" "$work/conf.yaml" >"$work/dump.yaml"
sql 'delete from warehouse.node_event_source; delete from warehouse.node_event'
ok "a dump of sacctmgr is imported" "$import" --config "$work/dump.yaml" --warehouse "$PG_URL" --category event
ok "and says what the database says" equals "$(sql "$events")" "$of_database"

# The same hour as slurmdbd itself rolls it up into usage_hour, which it does when it starts.
my "update alpha_event_table set time_start = $((hour - 3600)) where node_name = '';
	update alpha_last_ran_table set hourly_rollup = $hour, daily_rollup = $hour, monthly_rollup = $hour"
"$slurm" stop "$lab" slurmdbd
"$slurm" start "$lab" >"$work/said" 2>&1
rolled() { [ "$(my "select count(*) from alpha_usage_hour_table where id_tres = 1 and time_start = $hour")" -gt 0 ]; }
ok "slurmdbd rolls that hour up" wait_for 60 rolled
ok "core seconds that were down: those of Slurm's usage_hour" equals \
	"$(sql "select (sum(down_s) * 4)::bigint from warehouse.node_availability(to_timestamp($hour), to_timestamp($((hour + 3600))))")" \
	"$(my "select down_secs from alpha_usage_hour_table where id_tres = 1 and time_start = $hour")"

# ---- codes: each raised, each ignored ----
run 3 --again >/dev/null
raised() { # CODE
	[ "$(count_of "$1")" -ge 1 ]
}
for code in E_J0002 E_J0003 E_J0004; do
	ok "$code is raised" raised $code
done
[ "$(id -u)" -ne 0 ] || ok "E_J0001 is raised" raised E_J0001
awk '/^NodeName=/ { skip = /^NodeName=n2 / } /^PartitionName=/ { skip = 0 } !skip' "$work/nodes" >"$work/nodes.less"
sed 's/Nodes=n\[1-3\]/Nodes=n[1-2,9]/' "$work/nodes.less" >"$work/nodes"
my "insert into alpha_event_table (time_start, time_end, node_name, cluster_nodes, reason, reason_uid, state, tres)
	values ($((hour + 1)), $((hour + 2)), 'zz9', '', 'x', 0, 1, ''), ($((hour + 9)), $((hour + 3)), 'n1', '', 'x', 0, 1, '')"
my "update alpha_job_table set \`partition\` = 'wide,small' where job_name = 'two nodes';
	update alpha_job_table set time_submit = 0 where job_name = 'day'"
my "update alpha_job_table set time_end = 0, time_start = 1000000000, time_submit = 999999999, time_eligible = 999999999
	where job_name like '<b>|%'"
# A node described twice, an association of no account, a job on a node that nobody knows, a name with a
# sign that is none.
sed -n '/^NodeName=n1 /,/^$/p' "$work/nodes" >>"$work/nodes"
my "insert into alpha_assoc_table (creation_time, mod_time, id_assoc, user, acct) values (1, 1, 9999, 'root', '');
	update alpha_job_table set nodelist = 'zz7' where job_name = 'x\\'); drop table warehouse.job; --';
	update alpha_job_table set job_name = concat('bell', char(7)) where job_name = 'held'"
printf ';no code;[D] x\nP1;again;[D1] y\nP1;again;[D1] y\n' >>"$work/projects.csv"
printf 'b2\n' >>"$work/business.csv"
printf 'login,uid,first_name\nroot,0,\nroot,0,x\n,1,x\nnobody,none,x\n' >"$work/users.csv"
ok "an import of defects" run 3 --again
ok "a node that went is no capacity any more" is "select count(*), count(*) filter (where upper_inf(valid)) from warehouse.node_history
	join warehouse.node d using (node_id) where d.name = 'n2'" '1|0'
for code in E_A0001 E_A0002 E_B0002 E_E0001 E_E0002 E_J0005 E_J0006 E_J0007 E_J0009 E_L0001 E_P0002 E_U0002 E_U0007 E_X0002; do
	ok "$code is raised" raised $code
done
while read -r category codes; do
	for code in $codes; do
		ok "$code is ignored" ignores "$code" --config "$work/conf.yaml" --warehouse "$PG_URL" --category "$category"
	done
done <<-CODES
	architecture E_A0001 E_A0002
	association E_L0001
	business E_B0002
	event E_E0001 E_E0002
	job E_J0002 E_J0003 E_J0004 E_J0005 E_J0006 E_J0007 E_J0009 E_X0002
	project E_P0002
	user E_U0002 E_U0007
CODES
ok "the rest went on: jobs were imported" test "$(sql "select records from warehouse.import_step where category = 'job'
	order by step_id desc limit 1")" -gt 10
ok "a record that makes no sense is in quarantine" equals "$(sql "select count(*) from warehouse.import_quarantine where code = 'E_J0009'")" 1
sed -i 's#csv:.*/projects.csv#"slurmdb:'"$place"'"#; s#csv:.*/business.csv#"slurmdb:'"$place"'"#' "$work/conf.yaml"
ok "projects of wckeys" run 3 --category project,business
for code in E_P0001 E_B0001; do
	ok "$code is raised" raised $code
done
ok "E_P0001 is ignored" ignores E_P0001 --config "$work/conf.yaml" --warehouse "$PG_URL" --category project
ok "E_B0001 is ignored" ignores E_B0001 --config "$work/conf.yaml" --warehouse "$PG_URL" --category business
all=$("$import" --codes | sed -n 's/^| \(E_[A-Z0-9]*\) .*/\1/p' | paste -sd,)
JOBSIGHT_IMPORT_IGNORE=$all ok "all codes ignored: nothing is wrong" run 0 --again --category project,business,architecture,user,event
JOBSIGHT_IMPORT_IGNORE=$all run 0 --category project,business,architecture,user,event >/dev/null
ok "ignored ones are not said" equals "$(grep -c warning "$work/said")" 0
ok "and counted all the same" test "$(sql "select count(*) from warehouse.import_quality where is_ignored")" -ge 3
JOBSIGHT_IMPORT_IGNORE=E_J9999 ok "an unknown code is an error" run 2
ok "it is named" grep -q "E_J9999" "$work/said"
before=$(sql "select count(*) from warehouse.project")
my "insert into alpha_wckey_table (creation_time, mod_time, id_wckey, wckey_name, user) values (1, 1, 99, 'q7:r7', 'root')"
JOBSIGHT_IMPORT_STRICT=E_P0001 ok "a strict code ends its category" run 1 --category project
ok "and nothing of it stays" equals "$(sql "select count(*) from warehouse.project")" "$before"

# ---- a record that was mended leaves the quarantine ----
my "update alpha_job_table set time_submit = time_eligible, mod_time = unix_timestamp() where job_name = 'day'"
run 3 --category job >/dev/null
ok "what was mended leaves the quarantine" equals "$(sql "select count(*) from warehouse.import_quarantine")" 0

# ---- several clusters: one that fails does not stop the others ----
sed 's/name: alpha/name: beta/' "$work/conf.yaml" | sed -n '/- name/,/users:/p' >"$work/beta"
sed "/^clusters:/r $work/beta" "$work/conf.yaml" >"$work/two.yaml"
mv "$work/two.yaml" "$work/conf.yaml"
ok "a cluster that fails is told" run 1 --category job
ok "the other was imported" grep -q '1 steps done, 1 failed' "$work/said"
ok "and check names it" test "$("$check" --config "$work/conf.yaml" --warehouse "$PG_URL" | grep -c '^FAILED')" -ge 1

# ---- Robinhood: its database is of the same kind ----
my "create database robinhood"
my "create table robinhood.ACCT_STAT (uid varbinary(127), gid varbinary(127), type enum('file', 'dir', 'symlink'), size bigint unsigned,
		blocks bigint unsigned, count bigint unsigned, primary key (uid, gid, type));
	insert into robinhood.ACCT_STAT values ('alice', 'physics', 'file', 5000, 16, 2), ('alice', 'physics', 'dir', 4096, 8, 1),
		('alice', 'bio', 'file', 1, 8, 1), ('bob\\'; drop', 'bio', 'file', 1, 1024, 9), ('', 'bio', 'file', 1, 8, 1),
		('carl', 'void', 'file', null, null, null), ('dora', 'void', 'file', 1, null, 3), ('erik', 'void', 'file', 1, 8, null);
	alter table robinhood.ACCT_STAT drop primary key, modify column uid varbinary(127) null, modify column gid varbinary(127) null;
	insert into robinhood.ACCT_STAT values (null, null, 'file', null, null, null)"
robinhood() { # CODE SPEC
	local code=0
	printf 'clusters:\n- {name: alpha, quotas: "robinhood:%s"}\n' "$2" >"$work/robinhood.yaml"
	"$import" --config "$work/robinhood.yaml" --warehouse "$PG_URL" --category quota >"$work/said" 2>&1 || code=$?
	[ $code -eq "$1" ] || { cat "$work/said"; return 1; }
}
ok "usage by Robinhood" robinhood 3 "/lustre ${place/database=*/database=robinhood}"
ok "those without a name, and those of whom NULL is told, are told of" equals "$(count_of E_Q0001)" 6
ok "of users and groups, in bytes, without limits" is "select kind, q.name, used_bytes, used_files, soft_bytes from warehouse.filesystem_quota q
	join warehouse.filesystem f using (filesystem_id) where f.name = '/lustre' order by 1, 2" "group|bio|532480|11|
group|physics|12288|3|
group|void|4096|3|
user|alice|16384|4|
user|bob'; drop|524288|9|"
my "alter table robinhood.ACCT_STAT change uid owner varbinary(127), change gid gr_name varbinary(127)"
ok "as older releases name it" robinhood 3 "/lustre ${place/database=*/database=robinhood}"
ok "another database" robinhood 1 "/lustre $place"
ok "is told of" grep -q 'robinhood: there is no table ACCT_STAT' "$work/said"
ok "no mount point" robinhood 1 "$place"

# ---- columns by release ----
my "alter table alpha_job_table drop column tres_alloc"
run 1 --category job --cluster alpha
ok "a missing column is named" grep -q 'alpha_job_table has no column tres_alloc' "$work/said"
done_testing
