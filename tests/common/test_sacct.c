// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "common/accounting/source.h"
#include "common/clock.h"
#include "tests/common/folder.h"

enum { JOBS_MAX = 20 };

static struct folder folder;
static struct arena memory;
static struct timezone_rules *paris;
static struct accounting_request request;
static struct job jobs[JOBS_MAX];
static size_t n_jobs;
static struct error bad[JOBS_MAX];
static size_t n_bad;

static void make(void)
{
	folder = folder_make();
	cr_assert(eq(int, timezone_open("Europe/Paris", &paris, NULL), 0));
	request = (struct accounting_request){.cluster = "c1", .zone = paris};
}

static void release(void)
{
	folder_remove(&folder);
	timezone_close(paris);
	arena_release(&memory);
}

TestSuite(sacct, .init = make, .fini = release);

static void note_bad(void *context, const struct error *why)
{
	cr_assert(eq(ptr, context, &folder));
	cr_assert(lt(sz, n_bad, JOBS_MAX));
	bad[n_bad++] = *why;
}

// Reads a dump whose text is given; what the source says goes to jobs and bad.
static int read_bytes(const char *text, size_t len, struct error *err)
{
	const struct accounting_source *source;
	char spec[500];
	void *state;
	int more;

	n_jobs = n_bad = 0;
	*err = (struct error){0};
	str_format(spec, sizeof(spec), "sacct:%s",
		folder_write_bytes(&folder, "dump", text, len, 0600));
	source = accounting_source_find(spec, &request.spec);
	cr_assert(ne(ptr, source, NULL));
	TRY(source->open(&request, &state, err));
	do {
		cr_assert(lt(sz, n_jobs, JOBS_MAX));
		more = source->next(state, &memory, &jobs[n_jobs], note_bad, &folder, err);
		n_jobs += more > 0;
	} while (more > 0);
	source->close(state);
	return more;
}

static void read_dump(const char *text)
{
	struct error err;

	cr_assert(eq(int, read_bytes(text, strlen(text), &err), 0), "%s", err.text);
}

static int64_t utc(const char *text)
{
	int64_t t = 0;

	cr_assert(eq(int, parse_time(text, NULL, &t), 0));
	return t;
}

#define HEADER "JobID|User|State|Submit|Start|End|NodeList"
#define TIMES  "2026-07-01T10:00:00|2026-07-01T11:00:00|2026-07-01T12:00:00"

Test(sacct, source_is_found_by_name)
{
	const char *spec = NULL;

	cr_assert(ne(ptr, accounting_source_find("sacct:/a:b", &spec), NULL));
	cr_assert(eq(str, spec, "/a:b"));
	cr_assert(eq(ptr, accounting_source_find("sacc:/a", &spec), NULL));
	cr_assert(eq(ptr, accounting_source_find("sacctx:/a", &spec), NULL));
	cr_assert(eq(ptr, accounting_source_find("sacct", &spec), NULL));
	cr_assert(eq(ptr, accounting_source_find(":", &spec), NULL));
	cr_assert(eq(ptr, accounting_source_find(NULL, &spec), NULL));
}

Test(sacct, every_column)
{
	const struct job *j = &jobs[0];

	read_dump(
		"State|End|Start|Submit|Eligible|JobIDRaw|JobID|Cluster|JobName|User|Group|Account|"
		"Partition|QOS|WCKey|Reservation|UID|GID|ExitCode|Suspended|Timelimit|NNodes|NCPUS|"
		"ReqCPUS|AllocTRES|ReqMem|ConsumedEnergyRaw|NodeList|WorkDir|SubmitLine|MaxRSS\n"
		"FAILED|2026-07-01T12:00:00|2026-07-01T11:00:00|2026-07-01T10:00:00|"
		"2026-07-01T10:00:05|99|98_7|big|my job|ann|users|phys|gpu|high|*key|resv|1000|100|"
		"3:9|00:01:00|1-02:03:04|2|8|4|"
		"billing=8,cpu=8,energy=5,gres/gpu:a100=3,gres/gpu:h100=1,gres/gpu=4,mem=15.50G,node=2|"
		"4Gc|123456|cn[1-2]|/home/ann|sbatch job.sh|100K\n");
	cr_assert(eq(sz, n_jobs, 1));
	cr_assert(eq(sz, n_bad, 0));
	cr_assert(eq(str, j->key.cluster, "big"));
	cr_assert(eq(u64, j->key.raw_id, 99));
	cr_assert(eq(i64, j->key.submit_s, utc("2026-07-01T08:00:00Z")));
	cr_assert(eq(i64, j->eligible_s, utc("2026-07-01T08:00:05Z")));
	cr_assert(eq(i64, j->start_s, utc("2026-07-01T09:00:00Z")));
	cr_assert(eq(i64, j->end_s, utc("2026-07-01T10:00:00Z")));
	cr_assert(eq(str, j->id, "98_7"));
	cr_assert(eq(u64, j->array_job, 98));
	cr_assert(eq(i64, j->array_task, 7));
	cr_assert(eq(i64, j->het_offset, -1));
	cr_assert(eq(str, j->name, "my job"));
	cr_assert(eq(str, j->user, "ann"));
	cr_assert(eq(str, j->group, "users"));
	cr_assert(eq(str, j->account, "phys"));
	cr_assert(eq(str, j->partition, "gpu"));
	cr_assert(eq(str, j->qos, "high"));
	cr_assert(eq(str, j->wckey, "key"));
	cr_assert(eq(str, j->reservation, "resv"));
	cr_assert(eq(u32, j->uid, 1000));
	cr_assert(eq(u32, j->gid, 100));
	cr_assert(eq(str, j->state, "FAILED"));
	cr_assert(eq(int, j->exit_code, 3));
	cr_assert(eq(int, j->exit_signal, 9));
	cr_assert(eq(i64, j->suspended_s, 60));
	cr_assert(eq(i64, j->limit_s, 93784));
	cr_assert(eq(u32, j->nodes, 2));
	cr_assert(eq(u32, j->cpus, 8));
	cr_assert(eq(u32, j->requested_cpus, 4));
	cr_assert(eq(u32, j->gpus, 4));
	cr_assert(eq(u64, j->allocated_memory_bytes, UINT64_C(31) << 29));
	cr_assert(eq(u64, j->requested_memory_bytes, UINT64_C(16) << 30));
	cr_assert(eq(i64, j->energy_j, 123456));
	cr_assert(eq(sz, j->hosts.n, 2));
	cr_assert(eq(str, j->hosts.hosts[1], "cn2"));
	cr_assert(eq(str, j->work_dir, "/home/ann"));
	cr_assert(eq(str, j->submit_line, "sbatch job.sh"));
}

Test(sacct, least_set_of_columns)
{
	const struct job *j = &jobs[0];

	read_dump(HEADER "\n5|ann|COMPLETED|" TIMES "|cn[1-3]\n");
	cr_assert(eq(sz, n_jobs, 1));
	cr_assert(eq(str, j->key.cluster, "c1"));
	cr_assert(eq(u64, j->key.raw_id, 5));
	cr_assert(eq(u32, j->nodes, 3));
	cr_assert(eq(u32, j->uid, UINT32_MAX));
	cr_assert(eq(i64, j->energy_j, -1));
	cr_assert(eq(i64, j->array_task, -1));
	cr_assert(eq(str, j->name, ""));
}

Test(sacct, headers_that_will_not_do)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "empty, not even the names of columns"},
		{"1234|ann|COMPLETED\n",
			":1: no column JobID; the first line must name the columns"},
		{"JobID|State|Submit|Start|End|NodeList\n", ":1: no column User"},
		{"JobID|User|State|Start|End|NodeList\n", ":1: no column Submit"},
		{"\n", "no column JobID"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err;

		cr_assert(lt(int, read_bytes(cases[i].text, strlen(cases[i].text), &err), 0));
		cr_assert(ne(ptr, strstr(err.text, cases[i].why), NULL), "%s", err.text);
	}
}

Test(sacct, missing_file)
{
	struct error err = {0};
	void *state;
	const struct accounting_source *source =
		accounting_source_find("sacct:/no/such", &request.spec);

	cr_assert(lt(int, source->open(&request, &state, &err), 0));
	cr_assert(eq(str, err.text, "/no/such: No such file or directory"));
}

Test(sacct, numbers_of_jobs)
{
	read_dump(
		HEADER "|JobIDRaw\n"
		       "10|a|COMPLETED|" TIMES "|n1|10\n"
		       "11_3|a|COMPLETED|" TIMES "|n1|14\n"
		       "11_[4-9%2]|a|PENDING|2026-07-01T10:00:00|Unknown|Unknown|None assigned|11\n"
		       "20+0|a|COMPLETED|" TIMES "|n1|20\n"
		       "20+1|a|COMPLETED|" TIMES "|n2|21\n");
	cr_assert(eq(sz, n_jobs, 5));
	cr_assert(eq(u64, jobs[1].key.raw_id, 14));
	cr_assert(eq(u64, jobs[1].array_job, 11));
	cr_assert(eq(i64, jobs[1].array_task, 3));
	cr_assert(eq(str, jobs[2].id, "11_[4-9%2]"));
	cr_assert(eq(u64, jobs[2].array_job, 11));
	cr_assert(eq(i64, jobs[2].array_task, -1));
	cr_assert(eq(i64, jobs[2].start_s, 0));
	cr_assert(eq(sz, jobs[2].hosts.n, 0));
	cr_assert(eq(u64, jobs[3].het_job, 20));
	cr_assert(eq(i64, jobs[3].het_offset, 0));
	cr_assert(eq(i64, jobs[4].het_offset, 1));
	cr_assert(eq(u64, jobs[4].key.raw_id, 21));
}

// Without JobIDRaw the tasks of an array must still be different jobs, always the same ones.
Test(sacct, numbers_without_raw_ids)
{
	read_dump(HEADER "\n"
			 "11_3|a|COMPLETED|" TIMES "|n1\n"
			 "11_4|a|COMPLETED|" TIMES "|n1\n"
			 "20+1|a|COMPLETED|" TIMES "|n1\n");
	cr_assert(eq(sz, n_jobs, 3));
	cr_assert(ne(u64, jobs[0].key.raw_id, jobs[1].key.raw_id));
	cr_assert(gt(u64, jobs[0].key.raw_id, UINT32_MAX));
	cr_assert(le(u64, jobs[0].key.raw_id, INT64_MAX));
	cr_assert(eq(u64, jobs[2].key.raw_id, 21));
}

Test(sacct, only_raw_ids)
{
	read_dump("JobIDRaw|User|State|Submit|Start|End|NodeList\n14|a|COMPLETED|" TIMES "|n1\n"
		  "14.batch||COMPLETED|" TIMES "|n1\n");
	cr_assert(eq(sz, n_jobs, 1));
	cr_assert(eq(str, jobs[0].id, "14"));
}

Test(sacct, steps_are_no_jobs)
{
	read_dump(HEADER "|ConsumedEnergy\n"
			 "1|a|COMPLETED|" TIMES "|n1|\n"
			 "1.batch||COMPLETED|" TIMES "|n1|9K\n"
			 "1.extern||COMPLETED|" TIMES "|n1|1.5M\n"
			 "1.0||COMPLETED|" TIMES "|n1|700\n"
			 "2_7|a|COMPLETED|" TIMES "|n1|4K\n"
			 "2_7.extern||COMPLETED|" TIMES "|n1|1.5M\n"
			 "3|a|COMPLETED|" TIMES "|n1|0\n"
			 "4.extern||COMPLETED|" TIMES "|n1|1\n"
			 "5|a|COMPLETED|" TIMES "|n1|18446744073709551614\n");
	cr_assert(eq(sz, n_jobs, 4));
	cr_assert(eq(sz, n_bad, 0));
	cr_assert(eq(i64, jobs[0].energy_j, 1500000)); // the whole job's step; others are parts
	cr_assert(eq(i64, jobs[1].energy_j, 4000));    // its own figure comes first
	cr_assert(eq(i64, jobs[2].energy_j, -1));      // 0 means not measured
	cr_assert(eq(i64, jobs[3].energy_j, -1));
}

Test(sacct, states)
{
	read_dump(HEADER
		"\n"
		"1|a|CANCELLED by 1000|" TIMES "|n1\n"
		"2|a|CANCELLED|2026-07-01T10:00:00|None|2026-07-01T10:05:00|None assigned\n"
		"3|a|RUNNING|2026-07-01T10:00:00|2026-07-01T11:00:00|Unknown|n1\n"
		"4|a|PENDING|2026-07-01T10:00:00|2026-07-02T11:00:00|2026-07-03T11:00:00|None assigned\n"
		"5|a|OUT_OF_MEMORY|" TIMES "|n1\n"
		"6|a|weird|" TIMES "|n1\n");
	cr_assert(eq(sz, n_jobs, 5));
	cr_assert(eq(str, jobs[0].state, "CANCELLED"));
	cr_assert(eq(i64, jobs[1].start_s, 0));
	cr_assert(eq(i64, jobs[1].end_s, utc("2026-07-01T08:05:00Z")));
	cr_assert(eq(i64, jobs[2].end_s, JOB_RUNNING));
	cr_assert(eq(i64, jobs[3].start_s, 0)); // expected, not started
	cr_assert(eq(i64, jobs[3].end_s, 0));
	cr_assert(eq(str, jobs[4].state, "OUT_OF_MEMORY"));
	cr_assert(eq(sz, n_bad, 1));
	cr_assert(str_ends(bad[0].text, "dump:7: State: \"weird\" is no state"), "%s", bad[0].text);
}

// A requeued job has two records with one number: two runs, by their submission.
Test(sacct, requeued_jobs)
{
	struct job_key first;

	read_dump(HEADER
		"\n"
		"1|a|REQUEUED|2026-07-01T10:00:00|2026-07-01T11:00:00|2026-07-01T11:30:00|n1\n"
		"1|a|COMPLETED|2026-07-01T11:30:00|2026-07-01T11:40:00|2026-07-01T12:30:00|n2\n");
	cr_assert(eq(sz, n_jobs, 2));
	first = jobs[0].key;
	cr_assert(eq(u64, first.raw_id, jobs[1].key.raw_id));
	cr_assert(lt(int, job_key_compare(&first, &jobs[1].key), 0));
	cr_assert(eq(str, jobs[0].state, "REQUEUED"));
}

Test(sacct, times_in_every_form)
{
	read_dump(HEADER
		"\n"
		"1|a|COMPLETED|1782892800|1782896400|1782900000|n1\n"
		"2|a|COMPLETED|2026-07-01T08:00:00Z|2026-07-01T11:00:00+02:00|2026-07-01T12:00:00|n1\n");
	cr_assert(eq(sz, n_jobs, 2));
	cr_assert(eq(i64, jobs[0].key.submit_s, 1782892800));
	cr_assert(eq(i64, jobs[1].key.submit_s, utc("2026-07-01T08:00:00Z")));
	cr_assert(eq(i64, jobs[1].start_s, utc("2026-07-01T09:00:00Z")));
	cr_assert(eq(i64, jobs[1].end_s, utc("2026-07-01T10:00:00Z")));
}

// 02:50 to 02:10 in the night when the clocks go back: twenty minutes, not a contradiction.
Test(sacct, job_across_the_repeated_hour)
{
	read_dump(HEADER
		"\n"
		"1|a|COMPLETED|2026-10-25T01:00:00|2026-10-25T02:50:00|2026-10-25T02:10:00|n1\n"
		"2|a|COMPLETED|2026-10-24T01:00:00|2026-10-24T02:50:00|2026-10-24T02:10:00|n1\n");
	cr_assert(eq(sz, n_jobs, 1));
	cr_assert(eq(i64, jobs[0].start_s, utc("2026-10-25T00:50:00Z")));
	cr_assert(eq(i64, jobs[0].end_s, utc("2026-10-25T01:10:00Z")));
	cr_assert(eq(sz, n_bad, 1));
	cr_assert(str_ends(bad[0].text, ":3: ends before it starts"), "%s", bad[0].text);
}

Test(sacct, gpus_are_counted_once)
{
	read_dump(HEADER "|AllocTRES\n"
			 "1|a|COMPLETED|" TIMES "|n1|cpu=1,gres/gpu=4\n"
			 "2|a|COMPLETED|" TIMES "|n1|cpu=1,gres/gpu:a100=2,gres/gpu:v100=1\n"
			 "3|a|COMPLETED|" TIMES
			 "|n1|gres/gpu:a100=2,gres/gpu=4,gres/gpumem=9G,gres/gpuutil=5\n"
			 "4|a|COMPLETED|" TIMES "|n1|cpu=2,mem=4000,node=1,gres/shard=3\n"
			 "5|a|COMPLETED|" TIMES "|n1|\n"
			 "6|a|COMPLETED|" TIMES "|n1|cpu\n"
			 "7|a|COMPLETED|" TIMES "|n1|cpu=x\n");
	cr_assert(eq(sz, n_jobs, 5));
	cr_assert(eq(u32, jobs[0].gpus, 4));
	cr_assert(eq(u32, jobs[1].gpus, 3));
	cr_assert(eq(u32, jobs[2].gpus, 4));
	cr_assert(eq(u32, jobs[3].gpus, 0));
	cr_assert(eq(u64, jobs[3].allocated_memory_bytes, UINT64_C(4000) << 20));
	cr_assert(eq(u32, jobs[3].cpus, 2));
	cr_assert(eq(sz, n_bad, 2));
}

Test(sacct, limits)
{
	read_dump(HEADER "|Timelimit|TimelimitRaw\n"
			 "1|a|COMPLETED|" TIMES "|n1|1-00:00:00|1440\n"
			 "2|a|COMPLETED|" TIMES "|n1|UNLIMITED|UNLIMITED\n"
			 "3|a|COMPLETED|" TIMES "|n1|Partition_Limit|Partition_Limit\n"
			 "4|a|COMPLETED|" TIMES "|n1|00:30:00|\n"
			 "5|a|COMPLETED|" TIMES "|n1||90\n"
			 "6|a|COMPLETED|" TIMES "|n1|forever|\n");
	cr_assert(eq(sz, n_jobs, 5));
	cr_assert(eq(i64, jobs[0].limit_s, 86400));
	cr_assert(eq(i64, jobs[1].limit_s, 0));
	cr_assert(eq(i64, jobs[2].limit_s, 0));
	cr_assert(eq(i64, jobs[3].limit_s, 1800));
	cr_assert(eq(i64, jobs[4].limit_s, 5400));
	cr_assert(eq(sz, n_bad, 1));
}

Test(sacct, requested_memory)
{
	read_dump(HEADER "|ReqMem|ReqCPUS|NNodes|ReqTRES\n"
			 "1|a|COMPLETED|" TIMES "|n1|16G|4|1|\n"
			 "2|a|COMPLETED|" TIMES "|n1|2Gc|4|1|\n"
			 "3|a|COMPLETED|" TIMES "|n[1-3]|2Gn|4|3|\n"
			 "4|a|COMPLETED|" TIMES "|n1|512|4|1|\n"
			 "5|a|COMPLETED|" TIMES "|n1|0|4|1|\n"
			 "6|a|COMPLETED|" TIMES "|n1|2Gc||1|cpu=8,mem=32G\n"
			 "7|a|COMPLETED|" TIMES "|n1|much|4|1|\n");
	cr_assert(eq(sz, n_jobs, 6));
	cr_assert(eq(u64, jobs[0].requested_memory_bytes, UINT64_C(16) << 30));
	cr_assert(eq(u64, jobs[1].requested_memory_bytes, UINT64_C(8) << 30));
	cr_assert(eq(u64, jobs[2].requested_memory_bytes, UINT64_C(6) << 30));
	cr_assert(eq(u64, jobs[3].requested_memory_bytes, UINT64_C(512) << 20));
	cr_assert(eq(u64, jobs[4].requested_memory_bytes, 0));
	cr_assert(eq(u64, jobs[5].requested_memory_bytes, UINT64_C(32) << 30));
	cr_assert(eq(u32, jobs[5].requested_cpus, 8));
	cr_assert(eq(sz, n_bad, 1));
}

Test(sacct, bad_records_are_named_and_skipped)
{
	static const struct {
		const char *line, *why;
	} cases[] = {
		{"x|a|COMPLETED|" TIMES "|n1", "JobID: \"x\" is no job number"},
		{"1_|a|COMPLETED|" TIMES "|n1", "JobID"},
		{"1_[2|a|COMPLETED|" TIMES "|n1", "JobID"},
		{"0|a|COMPLETED|" TIMES "|n1", "job number out of range"},
		{"99999999999999999999|a|COMPLETED|" TIMES "|n1", "JobID"},
		{"1|a||" TIMES "|n1", "State"},
		{"1|a|COMPLETED|yesterday|Unknown|Unknown|n1", "Submit: \"yesterday\" is no time"},
		{"1|a|COMPLETED|1026-07-01T10:00:00|Unknown|Unknown|n1", "Submit"},
		{"1|a|COMPLETED|999999999999999|Unknown|Unknown|n1", "Submit"},
		{"1|a|COMPLETED|Unknown|Unknown|Unknown|n1", "no submit time"},
		{"1|a|COMPLETED|" TIMES "|n[1-99999999]", "NodeList: host list"},
		{"1|a|COMPLETED|" TIMES "|../../etc", "NodeList"},
		{"1|a|COMPLETED|" TIMES, "fewer fields than the 7 columns named"},
		{"1|a|COMPLETED|" TIMES "|n1|x", "8 fields where 7 columns are named"},
		{"", "fewer fields"},
	};
	CLEANUP(strbuf_release) struct strbuf text = {0};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char line[20];

		strbuf_clear(&text);
		strbuf_printf(&text,
			HEADER "\n7|a|COMPLETED|" TIMES "|n1\n%s\n8|a|COMPLETED|" TIMES "|n1\n",
			cases[i].line);
		read_dump(text.text);
		cr_assert(eq(sz, n_jobs, 2), "%s", cases[i].line);
		cr_assert(eq(sz, n_bad, 1), "%s", cases[i].line);
		cr_assert(ne(ptr, strstr(bad[0].text, cases[i].why), NULL), "%s", bad[0].text);
		str_format(line, sizeof(line), "dump:3: ");
		cr_assert(ne(ptr, strstr(bad[0].text, line), NULL), "%s", bad[0].text);
	}
}

Test(sacct, separators_and_newlines_in_peoples_text)
{
	read_dump(HEADER "|JobName|ExitCode|SubmitLine\n"
			 "1|a|COMPLETED|" TIMES "|n1|plain|0:0|sbatch --wrap=a | b | c\n"
			 "2|a|COMPLETED|" TIMES "|n1|x|y|1:0|sbatch job\n"
			 "3|a|COMPLETED|" TIMES "|n1|two\nlines|2:0|sbatch job\n"
			 "4|a|COMPLETED|" TIMES "|n1|z|3:0|sbatch --wrap=a\nb\nc\n"
			 "5|a|COMPLETED|" TIMES "|n1|z|4:0|sbatch\n");
	cr_assert(eq(sz, n_bad, 0), "%s", bad[0].text);
	cr_assert(eq(sz, n_jobs, 5));
	cr_assert(eq(str, jobs[0].submit_line, "sbatch --wrap=a | b | c"));
	cr_assert(eq(str, jobs[1].name, "x|y"));
	cr_assert(eq(int, jobs[1].exit_code, 1));
	cr_assert(eq(str, jobs[2].name, "two lines"));
	cr_assert(eq(int, jobs[2].exit_code, 2));
	cr_assert(eq(str, jobs[3].submit_line, "sbatch --wrap=a"));
	cr_assert(eq(int, jobs[4].exit_code, 4));
}

Test(sacct, other_ways_to_write_a_dump)
{
	// --parsable ends each line with the separator; a file from Windows; two dumps in one; no last
	// newline; names in Latin-1.
	read_dump(HEADER "|JobName|\r\n"
			 "1|a|COMPLETED|" TIMES "|n1|\xe9t\xe9|\r\n" HEADER "|JobName|\r\n"
			 "2|a|COMPLETED|" TIMES "|n1|été|");
	cr_assert(eq(sz, n_bad, 0), "%s", bad[0].text);
	cr_assert(eq(sz, n_jobs, 2));
	cr_assert(eq(str, jobs[0].name, "été"));
	cr_assert(eq(str, jobs[1].name, "été"));
}

Test(sacct, nul_and_endless_lines)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct error err;

	strbuf_puts(&text, HEADER "\n1|a|COMPLETED|" TIMES "|n1\n2|a|COMP");
	strbuf_putc(&text, '\0');
	strbuf_puts(&text, "LETED|" TIMES "|n1\n3|");
	for (int i = 0; i < 5 << 20; i++)
		strbuf_putc(&text, 'x');
	strbuf_puts(&text, "\n4|a|COMPLETED|" TIMES "|n1\n");
	cr_assert(eq(int, read_bytes(text.text, text.len, &err), 0));
	cr_assert(eq(sz, n_jobs, 2));
	cr_assert(eq(sz, n_bad, 1)); // two neighbours without fields are one report
	cr_assert(eq(u64, jobs[1].key.raw_id, 4));
}

Test(sacct, asked_times)
{
	static const char dump[] = HEADER "\n"
					  "1|a|COMPLETED|100|1000|2000|n1\n"
					  "2|a|RUNNING|100|1500|Unknown|n1\n"
					  "3|a|CANCELLED|100|Unknown|1800|None assigned\n"
					  "4|a|PENDING|900|Unknown|Unknown|None assigned\n";
	static const struct {
		int64_t since_s, until_s;
		const char *ids;
	} cases[] = {
		{0, 0, "1234"},
		{2000, 0, "24"},
		{1999, 0, "124"},
		{0, 1000, "4"},
		{0, 1001, "14"},
		{1800, 1801, "1234"},
		{1801, 1802, "124"},
		{0, 900, ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char ids[JOBS_MAX + 1] = "";

		request.since_s = cases[i].since_s;
		request.until_s = cases[i].until_s;
		read_dump(dump);
		for (size_t k = 0; k < n_jobs; k++)
			ids[k] = jobs[k].id[0];
		cr_assert(eq(str, ids, cases[i].ids), "case %zu", i);
	}
}

Test(sacct, asked_ids)
{
	static const char *const asked[] = {"11", "20_2", "31"};

	request.ids = asked;
	request.n_ids = 3;
	read_dump(HEADER "|JobIDRaw\n"
			 "11|a|COMPLETED|" TIMES "|n1|11\n"
			 "1|a|COMPLETED|" TIMES "|n1|1\n"
			 "20_1|a|COMPLETED|" TIMES "|n1|21\n"
			 "20_2|a|COMPLETED|" TIMES "|n1|22\n"
			 "31_5|a|COMPLETED|" TIMES "|n1|40\n");
	cr_assert(eq(sz, n_jobs, 3));
	cr_assert(eq(str, jobs[0].id, "11"));
	cr_assert(eq(str, jobs[1].id, "20_2"));
	cr_assert(eq(str, jobs[2].id, "31_5"));
}

// The memory of the source does not follow the size of the dump.
Test(sacct, memory_is_constant, .timeout = 120)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	const struct accounting_source *source;
	struct arena arena = {0};
	struct error err = {0};
	struct job job;
	char spec[500];
	size_t most = 0;
	size_t n = 0;
	void *state;

	strbuf_puts(&text, HEADER "\n");
	for (int i = 1; i <= 20000; i++)
		strbuf_printf(&text, "%d|a|%s|" TIMES "|cn[1-%d]\n", i,
			i % 3 ? "COMPLETED" : "bad!", i % 50 + 1);
	str_format(spec, sizeof(spec), "sacct:%s", folder_write(&folder, "dump", text.text));
	source = accounting_source_find(spec, &request.spec);
	cr_assert(eq(int, source->open(&request, &state, &err), 0));
	n_bad = 0;
	for (;;) {
		n_bad = 0;
		arena_reset(&arena);
		if (source->next(state, &arena, &job, note_bad, &folder, &err) <= 0)
			break;
		n++;
		most = arena.used > most ? arena.used : most;
	}
	source->close(state);
	cr_assert(eq(sz, n, 13334));
	cr_assert(lt(sz, most, 4096));
	arena_release(&arena);
}
