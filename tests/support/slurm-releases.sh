# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Slurm's tables by release: what makes those of cluster alpha that slurmdbd 22.05 wrote those of another.
#
#   slurm_releases         all of them, in their order
#   release_changes WHICH  SQL
slurm_releases() { echo 2011 2108 2205 2302 2311 2405 2411 2505 2511 2605; }

# release_changes_of WHICH: what it changed of the one before it
release_changes_of() {
	case $1 in
	2302) echo "alter table alpha_job_table add column extra text, add column failed_node tinytext, add column licenses text;
		update alpha_job_table set extra = 'more', failed_node = 'n9', licenses = 'lic:2';
		alter table alpha_assoc_table add column comment text; alter table alpha_resv_table add column comment text;" ;;
	2311) echo "alter table alpha_assoc_table add column id_parent int unsigned not null default 0, add column lineage text;
		alter table alpha_event_table add column extra text, add column instance_id text, add column instance_type text;
		alter table alpha_job_table modify column submit_line longtext;" ;;
	2405) echo "alter table alpha_job_table add column std_err text not null default '', add column std_in text not null default '',
		add column std_out text not null default ''; alter table acct_table add column flags int unsigned default 0;
		alter table alpha_assoc_table add column flags int unsigned default 0;" ;;
	2411) echo "alter table alpha_job_table add column qos_req text, add column restart_cnt smallint unsigned default 0;
		update alpha_job_table set restart_cnt = 2;
		alter table alpha_event_table add column deleted tinyint not null default 0;
		alter table alpha_suspend_table add column deleted tinyint not null default 0;
		alter table alpha_job_env_table add column deleted tinyint not null default 0;
		alter table alpha_job_script_table add column deleted tinyint not null default 0;" ;;
	2505) echo "alter table alpha_assoc_table drop column lft, drop column rgt;
		alter table alpha_job_table add column resv_req text, add column segment_size smallint unsigned default 0;
		alter table alpha_step_table add column timelimit int unsigned default 0, add column cwd text, add column std_err text,
		add column std_in text, add column std_out text; alter table alpha_resv_table add column time_force bigint unsigned;" ;;
	2605) echo "alter table alpha_job_table add column exclusive tinyint default 0, add column oversubscribe tinyint default 0,
		add column sluid bigint unsigned default 0;" ;;
	esac
}

release_changes() {
	case $1 in
	2011) echo "alter table alpha_step_table drop column container, drop column submit_line;
		drop table alpha_job_script_table; drop table alpha_job_env_table;
		alter table alpha_job_table drop column submit_line, drop column container, drop column script_hash_inx,
		drop column env_hash_inx, add column track_steps tinyint not null default 0;
		alter table qos_table drop column limit_factor;
		alter table alpha_job_table modify column kill_requid int default -1;
		update alpha_job_table set kill_requid = -1 where kill_requid is null" ;;
	2108) echo "alter table alpha_job_table add column batch_script longtext, add column track_steps tinyint not null default 0;
		update alpha_job_table t set batch_script = (select s.batch_script from alpha_job_script_table s
			where s.hash_inx = t.script_hash_inx);
		drop table alpha_job_script_table; drop table alpha_job_env_table;
		alter table alpha_job_table drop column script_hash_inx, drop column env_hash_inx;
		alter table alpha_job_table modify column kill_requid int default -1;
		update alpha_job_table set kill_requid = -1 where kill_requid is null" ;;
	*) for release in $(slurm_releases); do
		[ "$release" -le "$1" ] || break
		[ "$release" -le 2205 ] || release_changes_of "$release"
	done ;;
	esac
}
