#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# kill.sh IMPORT LOAD POSTGRES SLURM: an importer killed at random instants, a source and a warehouse that go away in the midst,
# then one more run: the warehouse holds what one undisturbed import makes. JOBSIGHT_KILLS (default 10; 100
# for the whole of it) and JOBSIGHT_KILL_JOBS (default 3000) set the size.
# shellcheck disable=SC2154 # work, PG_URL, SLURM_*
set -u
import=$1 load=$2 postgres=$3 slurm=$4
# shellcheck disable=SC1091
. "$(dirname "$0")/../support/lib.sh"
skip_unless_has psql mariadb mariadbd setsid
# shellcheck source=SCRIPTDIR/warehouse.sh
. "$(dirname "$0")/warehouse.sh"
# shellcheck source=SCRIPTDIR/../support/slurm.sh
. "$(dirname "$0")/../support/slurm.sh"
kills=${JOBSIGHT_KILLS:-10} jobs=${JOBSIGHT_KILL_JOBS:-3000}

start_postgres
start_slurm --nodes 1 --cluster alpha
"$slurm" stop "$lab" slurmctld
"$slurm" stop "$lab" slurmdbd # the tables are ours now
# Jobs of 40 days, one in 50 open, one in 7 with a step, one in 10 without association, hostile here and there.
fill() { # FROM TO
	my "insert into alpha_job_table (mod_time, account, cpus_req, exit_code, job_name, id_assoc, id_job, id_qos, id_user,
		id_group, het_job_offset, mem_req, nodelist, nodes_alloc, \`partition\`, priority, state, timelimit, time_submit,
		time_eligible, time_start, time_end, wckey, work_dir, tres_alloc, tres_req, id_array_task)
		select unix_timestamp(), 'lab', 4, 0, if(seq % 100 = 1, concat('\\'; drop table x -- ', char(233), seq), concat('job', seq)),
		if(seq % 10 = 0, 0, 4), 1000 + seq, 1, 0, 0, 4294967294, 100, if(seq % 3, 'n1', 'n[1,5-7]'), if(seq % 3, 1, 4), 'main', 1,
		if(seq % 50 = 0, 1, 3), 60, unix_timestamp() - 3456000 + seq * 1000, unix_timestamp() - 3456000 + seq * 1000,
		unix_timestamp() - 3456000 + seq * 1000, if(seq % 50 = 0, 0, unix_timestamp() - 3456000 + seq * 1000 + 600),
		if(seq % 9 = 0, 'odd', 'p1:b1'), '/tmp', '1=4,2=400,4=1', '1=4', 4294967294 from seq_$1_to_$2;
	insert ignore into alpha_step_table (job_db_inx, id_step, step_name, state, time_start, time_end, nodelist, nodes_alloc, task_cnt)
		select job_db_inx, -5, 'batch', 3, time_start, time_end, nodelist, 1, 1 from alpha_job_table where job_db_inx % 7 = 0"
}
fill 1 "$jobs"
my "update alpha_job_table set time_submit = 0 where job_db_inx in (17, 1717)"
cat >"$work/conf.yaml" <<-CONF
	clusters:
	  - name: alpha
	    accounting: "slurmdb:$place"
	    events: "slurmdb:$place"
	    associations: "slurmdb:$place"
	import: {batch: 200, projects: "slurmdb:$place"}
CONF
url() { echo "host=$PGHOST user=$PGUSER dbname=$1"; }
run() { "$import" --config "$work/conf.yaml" --warehouse "$(url "$1")" >"$work/said" 2>&1; }
done_or_odd() { # DATABASE
	local code=0
	run "$1" || code=$?
	[ $code -eq 0 ] || [ $code -eq 3 ] || { cat "$work/said"; return 1; }
}
for name in clean killed; do
	createdb $name
	migrate "$(url $name)" "$tests/etl/catalogue"
done
dump() { # what is there, by names and without the times of runs
	psql -XAtq "$(url "$1")" -c "set timezone = 'UTC'" -c "select to_jsonb(j) - 'job_id' from warehouse.jobs j order by cluster, raw_id, submit_time" \
		-c "select to_jsonb(d) - '{job_id,person_id,account_id}'::text[] from warehouse.job_details d order by raw_id, submit_time" \
		-c "select to_jsonb(d) - '{job_id,person_id,account_id}'::text[] from warehouse.job_steps d order by raw_id, submit_time, step_id" \
		-c "select k.raw_id, n.node, n.node_index from warehouse.job_nodes n join warehouse.job_key k using (job_id) order by 1, 3" \
		-c "select record_key, code, reason from warehouse.import_quarantine order by 1" \
		-c "select a.name, p.name, x.shares, x.limits from warehouse.association x join warehouse.account a using (account_id) left join warehouse.person p using (person_id) order by x.source_id" \
		-c "select name from warehouse.project order by 1" \
		-c "select count(*) from warehouse.job j where not exists (select from warehouse.job_key k where k.job_id = j.job_id and k.end_t = j.end_t)"
}
settle() { # no process of a killed importer works on
	until [ "$(psql -XAtqc "select count(*) from pg_locks where locktype = 'advisory'" "$(url killed)")" = 0 ]; do sleep 0.05; done
}
ok "an undisturbed import" done_or_odd clean
killed=0 round=0
while [ "$killed" -lt "$kills" ]; do
	round=$((round + 1))
	"$import" --config "$work/conf.yaml" --warehouse "$(url killed)" >"$work/said" 2>&1 &
	pid=$!
	sleep "$(awk -v n="$round$$" 'BEGIN { srand(n); printf "%.3f", 0.1 + 1.2 * rand() }')"
	code=0
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null || code=$?
	[ $code -ne 137 ] || killed=$((killed + 1))
	settle
	# What was read to its end grows, and what ran ends, so that there is always something to do.
	if [ $code -ne 137 ]; then
		fill $((jobs + round * 100 + 1)) $((jobs + round * 100 + 100))
		my "update alpha_job_table set time_end = time_start + 700, state = 3, mod_time = unix_timestamp() where time_end = 0 limit 5"
	fi
done
ok "an import after $killed kills" done_or_odd killed
ok "and what came meanwhile, undisturbed" done_or_odd clean
dump clean >"$work/clean"
dump killed >"$work/killed"
ok "the same rows" diff "$work/clean" "$work/killed"
ok "all jobs" test "$(grep -c '"raw_id"' "$work/clean")" -ge "$jobs"

# ---- the source goes away, the warehouse goes away ----
fill 100001 103000
"$import" --config "$work/conf.yaml" --warehouse "$(url killed)" >"$work/said" 2>&1 &
pid=$!
sleep 0.5
"$slurm" stop "$lab" mariadbd
code=0
wait $pid || code=$?
ok "a source that went away is tried later, or was done" test "$code" -eq 75 -o "$code" -eq 3
"$slurm" start "$lab" >/dev/null 2>"$work/slurm.log" || exit 99
"$slurm" stop "$lab" slurmctld
"$slurm" stop "$lab" slurmdbd
"$import" --config "$work/conf.yaml" --warehouse "$(url killed)" >"$work/said" 2>&1 &
pid=$!
sleep 0.4
"$postgres" stop "$work/pg" immediate
code=0
wait $pid || code=$?
ok "a warehouse that went away is tried later, or was done" test "$code" -eq 75 -o "$code" -eq 3
"$postgres" start "$work/pg" >/dev/null
ok "then all is imported" done_or_odd killed
ok "as without disturbance" done_or_odd clean
dump clean >"$work/clean"
dump killed >"$work/killed"
ok "the same rows again" diff "$work/clean" "$work/killed"
done_testing
