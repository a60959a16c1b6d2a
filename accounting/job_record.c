// SPDX-License-Identifier: Apache-2.0
// struct job to the columns of the stage. What is absent stays NULL: 0 is a value.
#include "accounting/job_record.h"

#include "accounting/problem.h"

#define SPAN_MAX_S INT64_C(3155760000) // a hundred years

static void put_positive(struct record *r, int at, int64_t v)
{
	if (v > 0)
		record_int(r, at, v);
}

static void put_sizes(const struct job *j, struct record *r)
{
	record_int(r, AT_job_nodes, j->nodes);
	record_int(r, AT_job_cores, j->cpus);
	record_int(r, AT_job_gpus, j->gpus);
	put_positive(r, AT_job_requested_cores, j->requested_cpus);
	if (j->requested_memory_bytes <= INT64_MAX)
		put_positive(r, AT_job_requested_memory_bytes, (int64_t)j->requested_memory_bytes);
	if (j->allocated_memory_bytes <= INT64_MAX)
		put_positive(r, AT_job_allocated_memory_bytes, (int64_t)j->allocated_memory_bytes);
	if (j->energy_j >= 0)
		record_int(r, AT_job_accounting_energy_j, j->energy_j);
	record_text(r, AT_job_tres_allocated, j->tres);
}

static void put_times(const struct job *j, struct record *r)
{
	record_int(r, AT_job_submit_t, j->key.submit_s);
	put_positive(r, AT_job_eligible_t, j->eligible_s);
	put_positive(r, AT_job_start_t, j->start_s);
	put_positive(r, AT_job_end_t, j->end_s);
	// A limit that no column holds is none.
	if (j->limit_s <= INT32_MAX)
		put_positive(r, AT_job_limit_s, j->limit_s);
	if (j->end_s)
		record_int(r, AT_job_suspended_s, j->suspended_s);
}

static void put_names(const struct job *j, struct record *r)
{
	record_text(r, AT_job_local_id, j->id);
	record_text(r, AT_job_name, j->name);
	record_text(r, AT_job_username, j->user);
	record_text(r, AT_job_group_name, j->group);
	record_text(r, AT_job_account, j->account);
	record_text(r, AT_job_partition, j->partition);
	record_text(r, AT_job_qos, j->qos);
	record_text(r, AT_job_wckey, j->wckey);
	record_text(r, AT_job_reservation, j->reservation);
	record_text(r, AT_job_state, j->state);
	record_text(r, AT_job_work_dir, j->work_dir);
	record_text(r, AT_job_submit_line, j->submit_line);
	if (j->uid != UINT32_MAX)
		record_int(r, AT_job_uid, j->uid);
	if (j->gid != UINT32_MAX)
		record_int(r, AT_job_gid, j->gid);
}

static const char *absurdity(const struct job *j)
{
	if (j->key.raw_id > INT64_MAX || j->array_job > INT64_MAX || j->het_job > INT64_MAX)
		return "its number is absurd";
	if (!j->key.submit_s)
		return "it was never submitted";
	if (j->start_s && j->end_s && j->end_s < j->start_s)
		return "it ends before it starts";
	if (j->start_s && j->end_s && j->end_s - j->start_s > SPAN_MAX_S)
		return "it ran for more than a hundred years";
	return NULL;
}

bool job_record(const struct job *j, const char *key, const struct wckey_form *form,
	struct problems *p, struct arena *a, struct record *ret)
{
	const char *what = absurdity(j);
	struct wckey wckey;

	if (what) {
		problem_record(p, E_J0009, key, "job %s: %s", j->id, what);
		return false;
	}
	record_start(ret, STAGE_job, key);
	record_int(ret, AT_job_raw_id, (int64_t)j->key.raw_id);
	put_times(j, ret);
	put_sizes(j, ret);
	put_names(j, ret);
	record_texts(ret, AT_job_hosts, arena_copy(a, &j->hosts, sizeof(j->hosts)));
	put_positive(ret, AT_job_array_job, (int64_t)j->array_job);
	if (j->array_task >= 0)
		record_int(ret, AT_job_array_task, j->array_task);
	put_positive(ret, AT_job_het_job, (int64_t)j->het_job);
	if (j->het_offset >= 0)
		record_int(ret, AT_job_het_offset, j->het_offset);
	record_int(ret, AT_job_exit_code, j->exit_code);
	record_int(ret, AT_job_exit_signal, j->exit_signal);
	if (!wckey_split(form, j->wckey, a, &wckey))
		problem(p, E_J0002, "job %s: '%.60s'", j->id, j->wckey);
	record_text(ret, AT_job_project, wckey.project);
	record_text(ret, AT_job_business, wckey.business);
	return true;
}
