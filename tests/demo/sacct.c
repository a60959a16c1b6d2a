// SPDX-License-Identifier: Apache-2.0
// The accounting of the demo site as `sacct --duplicates --parsable2` prints it: a heading, then a
// line for each job and each of its steps, times in the site's zone (UTC), and Slurm's own words
// for what is not known yet.
#include <stdio.h>
#include <string.h>

#include "common/macro.h"
#include "tests/demo/site.h"

struct line { // what differs between a job and its steps
	const struct demo_job *job;
	const char *step; // "" for the job itself, else ".batch"
	int tasks_nodes;
	int64_t start_s, end_s;
	int64_t energy_j;
};

static void put_time(FILE *f, int64_t s, const char *none)
{
	if (s == 0)
		fputs(none, f);
	else
		slurm_time_write(f, s);
}

static void put_duration(FILE *f, int64_t s)
{
	if (s >= DAY)
		fprintf(f, "%d-", (int)(s / DAY));
	fprintf(f, "%02d:%02d:%02d", (int)(s % DAY / 3600), (int)(s % 3600 / 60), (int)(s % 60));
}

static int cores_of(const struct demo_job *j)
{
	int n = 0;

	for (int i = 0; i < j->n_nodes; i++)
		n += __builtin_popcountll(j->cores[i]);
	return n;
}

static int gpus_of(const struct demo_job *j)
{
	int n = 0;

	for (int i = 0; i < j->n_nodes; i++)
		n += __builtin_popcount(j->gpus[i]);
	return n;
}

static bool is_step(const struct line *l)
{
	return l->step[0] != '\0';
}

static void put_state(FILE *f, const struct line *l)
{
	static const char *const states[] = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT",
		"NODE_FAIL", "OUT_OF_MEMORY", "REQUEUED", "CANCELLED", "RUNNING", "PENDING"};
	const struct demo_job *j = l->job;

	if (!is_step(l)) {
		fputs(states[j->end], f);
		if (j->end == END_CANCELLED || j->end == END_NEVER)
			fprintf(f, " by %d", FIRST_UID + j->user);
		return;
	}
	if (strcmp(l->step, ".extern") == 0 && j->end != END_RUNNING)
		fputs("COMPLETED", f);
	else if (j->end == END_TIMEOUT || j->end == END_REQUEUED || j->end == END_NODE_FAIL)
		fputs("CANCELLED", f);
	else
		fputs(states[j->end], f);
}

static void put_exit(FILE *f, const struct line *l)
{
	const struct demo_job *j = l->job;

	if (is_step(l) && strcmp(l->step, ".extern") == 0)
		fputs("0:0", f);
	else if (j->end == END_OUT_OF_MEMORY)
		fputs("0:125", f);
	else if (j->end == END_NODE_FAIL && !is_step(l))
		fputs("1:0", f);
	else if (is_step(l) && (j->end == END_TIMEOUT || j->end == END_CANCELLED))
		fputs("0:15", f);
	else
		fprintf(f, "%d:%d", j->exit_code, j->exit_signal);
}

static void put_tres(FILE *f, const struct demo_job *j, bool is_request, int64_t energy_j)
{
	const struct kind_row *k = &kind_rows[j->kind];
	int nodes = j->n_nodes ? j->n_nodes : (int)k->nodes.low;
	int cores = j->n_nodes ? cores_of(j) : nodes * CORES;

	if (!is_request && j->n_nodes == 0)
		return;
	fprintf(f, "billing=%d,cpu=%d", cores, cores);
	if (!is_request)
		fprintf(f, ",energy=%lld", (long long)energy_j);
	if (gpus_of(j))
		fprintf(f, ",gres/gpu=%d", gpus_of(j));
	fprintf(f, ",mem=%uM,node=%d", j->memory_mb * (uint32_t)nodes, nodes);
}

static void put_who(FILE *f, const struct line *l)
{
	const struct demo_job *j = l->job;
	char id[32];

	fprintf(f, "%s%s|%u%s|%s|", job_id_text(j, id), l->step, j->raw_id, l->step, CLUSTER);
	if (is_step(l))
		fprintf(f, "||||%s|||", account_name(j->user));
	else
		fprintf(f, "%s|%d|%s|%d|%s|%s|%s|", user_name(j->user), FIRST_UID + j->user,
			group_name(j->user), group_id(j->user), account_name(j->user),
			partition_name(kind_rows[j->kind].partition == PARTITION_COMPUTE &&
						       j->het_offset == 1
					       ? PARTITION_GPU
					       : kind_rows[j->kind].partition),
			j->limit_minutes > 1440 ? "long" : "normal");
}

static void put_name(FILE *f, const struct line *l)
{
	const char *program = kind_rows[l->job->kind].program;
	int word = (int)strcspn(program, " ");

	if (strcmp(l->step, ".0") == 0)
		fprintf(f, "%.*s|", word, program);
	else if (is_step(l))
		fprintf(f, "%s|", l->step + 1);
	else
		fprintf(f, "%s|", kind_rows[l->job->kind].name);
}

static void put_times(FILE *f, const struct line *l)
{
	const struct demo_job *j = l->job;
	int64_t submit = is_step(l) ? l->start_s : j->submit_s;

	put_time(f, submit, "Unknown");
	putc('|', f);
	put_time(f, submit, "Unknown");
	putc('|', f);
	put_time(f, l->start_s, j->end == END_NEVER ? "None" : "Unknown");
	putc('|', f);
	put_time(f, l->end_s, "Unknown");
	putc('|', f);
}

static void put_sizes(FILE *f, const struct line *l)
{
	const struct demo_job *j = l->job;
	int cores = cores_of(j);
	int wanted = cores ? cores : (int)kind_rows[j->kind].nodes.low * CORES;

	put_duration(f, l->start_s ? (l->end_s ? l->end_s - l->start_s : 0) : 0);
	putc('|', f);
	if (!is_step(l))
		put_duration(f, (int64_t)j->limit_minutes * 60);
	fprintf(f, "|00:00:00|%d|%d|%d|%d|", j->n_nodes ? l->tasks_nodes : wanted / CORES,
		j->n_nodes ? l->tasks_nodes : 0, cores ? cores : wanted, wanted);
	if (!is_step(l))
		fprintf(f, "%uM", j->memory_mb);
	putc('|', f);
	put_tres(f, j, false, l->energy_j);
	putc('|', f);
	if (!is_step(l))
		put_tres(f, j, true, 0);
	putc('|', f);
}

// Each person has a project for each kind of work.
static void put_wckey(FILE *f, const struct demo_job *j)
{
	struct random r = random_stream(j->seed, 20, 0);
	double luck = random_unit(&r);

	fprintf(f, "%s%d:%s|\n", account_name(j->user),
		1 + (j->user / ACCOUNTS + j->kind) % PROJECTS_EACH,
		business_name(luck < 0.75  ? 0
			      : luck < 0.9 ? 1
					   : 2));
}

static void put_line(FILE *f, const struct line *l)
{
	const struct demo_job *j = l->job;
	char hosts[128];

	put_who(f, l);
	put_name(f, l);
	put_state(f, l);
	putc('|', f);
	put_times(f, l);
	put_sizes(f, l);
	fprintf(f, "%s|", j->n_nodes ? job_hosts(j, hosts) : "None assigned");
	put_exit(f, l);
	fprintf(f, "|%lld|", (long long)l->energy_j);
	if (!is_step(l)) {
		fprintf(f, "/home/%s/%s|sbatch --time=%d %s.sh|", user_name(j->user),
			kind_rows[j->kind].name, j->limit_minutes, kind_rows[j->kind].name);
		put_wckey(f, j);
	} else
		fputs("|||\n", f);
}

// What a node's power meter would have said, roughly; the archives hold the exact figure.
static int64_t meter(const struct demo_job *j, int64_t until_s)
{
	int64_t s = (j->end_s ? j->end_s : until_s) - j->start_s;

	if (j->n_nodes == 0)
		return 0;
	return s * (j->n_nodes * 160 + cores_of(j) * 4 + gpus_of(j) * 300);
}

static void put_job(FILE *f, const struct site *s, const struct demo_job *j)
{
	static const char *const steps[] = {"", ".batch", ".extern", ".0"};
	bool has_srun = j->n_nodes > 1 || j->kind == KIND_mpi;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct line l = {.job = j,
			.step = steps[i],
			.tasks_nodes = j->n_nodes,
			.start_s = j->start_s,
			.end_s = j->end_s,
			.energy_j = meter(j, s->end_s)};

		if (i > 0 && j->n_nodes == 0)
			break;
		if (i == 3 && !has_srun)
			break;
		put_line(f, &l);
	}
}

bool sacct_write(const struct site *s, const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return false;
	fputs("JobID|JobIDRaw|Cluster|User|UID|Group|GID|Account|Partition|QOS|JobName|State|"
	      "Submit|Eligible|Start|End|Elapsed|Timelimit|Suspended|NNodes|AllocNodes|NCPUS|"
	      "ReqCPUS|ReqMem|AllocTRES|ReqTRES|NodeList|ExitCode|ConsumedEnergyRaw|WorkDir|"
	      "SubmitLine|WCKey|Reservation\n",
		f);
	for (size_t i = 0; i < s->n_jobs; i++)
		put_job(f, s, &s->jobs[i]);
	if (ferror(f)) {
		fclose(f);
		return false;
	}
	return fclose(f) == 0;
}
