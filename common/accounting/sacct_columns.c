// SPDX-License-Identifier: Apache-2.0
// Columns of `sacct --parsable2`: one row a column, one small function a kind of value.
#include <errno.h>
#include <string.h>

#include "common/accounting/sacct.h"
#include "common/clock.h"
#include "common/str.h"

static void *target(struct sacct_record *r, size_t offset)
{
	return (char *)&r->job + offset;
}

static bool is_nothing(const char *text)
{
	static const char *const words[] = {"", "Unknown", "None", "(null)", "N/A", "INVALID"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static int bad_value(struct sacct_record *r, const char *what, const char *text)
{
	return error_set(r->err, EINVAL, "\"%.100s\" is no %s", text, what);
}

// Slurm's tables are Latin-1: what is not UTF-8 is taken for that.
static const char *to_utf8(struct sacct_record *r, const char *text)
{
	size_t len = strlen(text);
	char *out;
	char *p;

	if (str_is_utf8(text, len))
		return arena_strndup(r->arena, text, len);
	p = out = arena_alloc(r->arena, 2 * len + 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x80) {
			*p++ = (char)(0xc0 | c >> 6);
			c = 0x80 | (c & 0x3f);
		}
		*p++ = (char)c;
	}
	return out;
}

static int set_text(struct sacct_record *r, size_t offset, const char *text)
{
	*(const char **)target(r, offset) = to_utf8(r, text);
	return 0;
}

// A key that the user did not choose is marked with '*'.
static int set_wckey(struct sacct_record *r, size_t offset, const char *text)
{
	return set_text(r, offset, text + (*text == '*'));
}

// Counts may be converted ("2K") where sacct ran without --noconvert.
static int set_count(struct sacct_record *r, size_t offset, const char *text)
{
	uint64_t v = 0;

	if (is_nothing(text))
		return 0;
	if (parse_bytes(text, &v) < 0 || v > UINT32_MAX)
		return bad_value(r, "count", text);
	*(uint32_t *)target(r, offset) = (uint32_t)v;
	return 0;
}

// Before 1970, or after the year 9999, is no time of a job.
static int set_time(struct sacct_record *r, size_t offset, const char *text)
{
	const int64_t last_s = INT64_C(253402300799);
	bool is_epoch = !text[strspn(text, "0123456789")]; // SLURM_TIME_FORMAT=%s
	int64_t t = 0;

	if (is_nothing(text))
		return 0;
	if ((is_epoch ? parse_i64(text, &t) : parse_time(text, r->zone, &t)) < 0 || t < 0 ||
		t > last_s)
		return bad_value(r, "time", text);
	*(int64_t *)target(r, offset) = t;
	return 0;
}

static int set_duration(struct sacct_record *r, size_t offset, const char *text)
{
	if (is_nothing(text))
		return 0;
	if (parse_duration(text, target(r, offset)) < 0)
		return bad_value(r, "duration", text);
	return 0;
}

static bool is_no_limit(const char *text)
{
	return is_nothing(text) || str_eq(text, "UNLIMITED") || str_eq(text, "Partition_Limit");
}

static int set_limit(struct sacct_record *r, size_t offset, const char *text)
{
	return is_no_limit(text) ? 0 : set_duration(r, offset, text);
}

static int set_limit_minutes(struct sacct_record *r, size_t offset, const char *text)
{
	int64_t minutes = 0;

	if (is_no_limit(text))
		return 0;
	if (parse_i64(text, &minutes) < 0 || minutes < 0 || minutes > UINT32_MAX)
		return bad_value(r, "number of minutes", text);
	*(int64_t *)target(r, offset) = minutes * 60;
	return 0;
}

// "CANCELLED by 1000", "COMPLETED"
static int set_state(struct sacct_record *r, size_t offset, const char *text)
{
	size_t len = strcspn(text, " ");

	if (!len || strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != len)
		return bad_value(r, "state", text);
	*(const char **)target(r, offset) = arena_strndup(r->arena, text, len);
	return 0;
}

// "3:0": code and signal.
static int set_exit(struct sacct_record *r, size_t offset, const char *text)
{
	const char *colon = strchr(text, ':');
	uint64_t code = 0;
	uint64_t signal = 0;

	(void)offset;
	if (is_nothing(text))
		return 0;
	if (!colon || parse_u64(arena_strndup(r->arena, text, (size_t)(colon - text)), &code) < 0 ||
		parse_u64(colon + 1, &signal) < 0 || code > INT32_MAX || signal > INT32_MAX)
		return bad_value(r, "exit code", text);
	r->job.exit_code = (int)code;
	r->job.exit_signal = (int)signal;
	return 0;
}

// Joules; ConsumedEnergy is converted by thousands: "1.25M". A job that ran used more than nothing,
// so that 0 says that nothing was measured.
static int set_energy(struct sacct_record *r, size_t offset, const char *text)
{
	static const char letters[] = "KMGTP";
	char number[40];
	const char *letter;
	double v = 0;
	size_t len = strlen(text);
	int power = 0;

	if (is_nothing(text))
		return 0;
	letter = strchr(letters, text[len - 1]);
	if (letter) {
		power = (int)(letter - letters) + 1;
		len--;
	}
	if (len >= sizeof(number))
		return bad_value(r, "energy", text);
	str_format(number, sizeof(number), "%.*s", (int)len, text);
	if (parse_double(number, &v) < 0 || v < 0)
		return bad_value(r, "energy", text);
	while (power-- > 0)
		v *= 1000;
	if (v >= 1 && v < 9e18)
		*(int64_t *)target(r, offset) = (int64_t)v;
	return 0;
}

static int set_memory(struct sacct_record *r, size_t offset, const char *text)
{
	(void)offset;
	r->memory = arena_strdup(r->arena, text);
	return 0;
}

static int set_hosts(struct sacct_record *r, size_t offset, const char *text)
{
	(void)offset;
	if (is_nothing(text))
		return 0;
	return hostlist_expand(text, HOSTLIST_MAX, r->arena, &r->job.hosts, r->err);
}

struct tres { // what is wanted of a TRES list
	uint64_t cpus, nodes, memory_bytes;
	uint64_t gpus, typed_gpus;
	bool has_gpus;
};

// Memory without a unit is in megabytes, as Slurm stores it.
static int tres_memory(const char *value, uint64_t *ret)
{
	uint64_t v = 0;

	TRY(parse_bytes(value, &v));
	if (!value[strspn(value, "0123456789")] && v < UINT64_MAX >> 20)
		v <<= 20;
	*ret = v;
	return 0;
}

static int add_tres(struct tres *t, const char *name, const char *value)
{
	uint64_t v = 0;

	if (str_eq(name, "mem"))
		return tres_memory(value, &t->memory_bytes);
	if (str_eq(name, "cpu"))
		return parse_bytes(value, &t->cpus);
	if (str_eq(name, "node"))
		return parse_bytes(value, &t->nodes);
	if (!str_starts(name, "gres/gpu"))
		return 0;
	name += strlen("gres/gpu");
	if (*name && *name != ':') // gres/gpumem, gres/gpuutil
		return 0;
	TRY(parse_bytes(value, &v));
	if (*name) {
		t->typed_gpus += v;
		return 0;
	}
	t->gpus = v;
	t->has_gpus = true;
	return 0;
}

// "cpu=4,gres/gpu:a100=2,gres/gpu=2,mem=16G,node=1". Where the untyped count is there it already
// holds the typed ones.
static int parse_tres(struct sacct_record *r, const char *text, struct tres *ret)
{
	char *copy = arena_strdup(r->arena, text);

	*ret = (struct tres){0};
	while (*copy) {
		char *next = copy + strcspn(copy, ",");
		char *equals = copy + strcspn(copy, "=");

		if (*next)
			*next++ = '\0';
		if (!*equals)
			return bad_value(r, "TRES list", text);
		*equals = '\0';
		if (add_tres(ret, copy, equals + 1) < 0)
			return bad_value(r, "TRES list", text);
		copy = next;
	}
	if (!ret->has_gpus)
		ret->gpus = ret->typed_gpus;
	if (ret->gpus > UINT32_MAX || ret->cpus > UINT32_MAX || ret->nodes > UINT32_MAX)
		return bad_value(r, "TRES list", text);
	return 0;
}

static int set_alloc_tres(struct sacct_record *r, size_t offset, const char *text)
{
	struct tres t;

	TRY(parse_tres(r, text, &t));
	TRY(set_text(r, offset, text));
	r->job.gpus = (uint32_t)t.gpus;
	r->job.allocated_memory_bytes = t.memory_bytes;
	r->tres_cpus = t.cpus;
	r->tres_nodes = t.nodes;
	return 0;
}

static int set_requested_tres(struct sacct_record *r, size_t offset, const char *text)
{
	struct tres t;

	TRY(parse_tres(r, text, &t));
	r->tres_memory = t.memory_bytes;
	if (!*(uint32_t *)target(r, offset))
		*(uint32_t *)target(r, offset) = (uint32_t)t.cpus;
	return 0;
}

static int set_raw_id(struct sacct_record *r, size_t offset, const char *text)
{
	size_t len = strcspn(text, "."); // a step's is "1234.batch"

	if (parse_u64(arena_strndup(r->arena, text, len), target(r, offset)) < 0)
		return bad_value(r, "job number", text);
	r->has_raw_id = true;
	if (text[len]) {
		r->is_step = true;
		r->step = arena_strdup(r->arena, text + len + 1);
	}
	return 0;
}

static int take_number(const char **p, uint64_t *ret)
{
	char digits[24];
	size_t len = strspn(*p, "0123456789");

	if (!len || !str_format(digits, sizeof(digits), "%.*s", (int)len, *p))
		return -EINVAL;
	*p += len;
	return parse_u64(digits, ret);
}

// 1234, 1234_7, 1234_[1-9%2] (tasks that still wait), 1234+1, and steps of all of them.
static int parse_id(struct sacct_record *r, const char *p, uint64_t *ret_first)
{
	uint64_t n;

	TRY(take_number(&p, ret_first));
	if (*p == '_' && p[1] == '[') {
		r->job.array_job = *ret_first;
		p += strcspn(p, "]");
		return *p && !p[1] ? 0 : -EINVAL;
	}
	if (*p == '_' || *p == '+') {
		bool is_array = *p++ == '_';

		TRY(take_number(&p, &n));
		if (n > INT32_MAX)
			return -ERANGE;
		*(is_array ? &r->job.array_job : &r->job.het_job) = *ret_first;
		*(is_array ? &r->job.array_task : &r->job.het_offset) = (int64_t)n;
	}
	if (*p == '.' && p[1]) {
		r->is_step = true;
		r->step = arena_strdup(r->arena, p + 1);
		return 0;
	}
	return *p ? -EINVAL : 0;
}

static int set_id(struct sacct_record *r, size_t offset, const char *text)
{
	uint64_t first = 0;
	size_t len = strlen(text);

	if (parse_id(r, text, &first) < 0)
		return bad_value(r, "job number", text);
	if (r->is_step)
		len -= strlen(r->step) + 1;
	*(const char **)target(r, offset) = arena_strndup(r->arena, text, len);
	r->job.key.raw_id = first;
	return 0;
}

const struct sacct_column sacct_columns[] = {
	{"JobID", set_id, offsetof(struct job, id)},
	{"JobIDRaw", set_raw_id, offsetof(struct job, key.raw_id)},
	{"Cluster", set_text, offsetof(struct job, key.cluster)},
	{"JobName", set_text, offsetof(struct job, name), .is_free = true},
	{"User", set_text, offsetof(struct job, user), .is_needed = true},
	{"Group", set_text, offsetof(struct job, group)},
	{"Account", set_text, offsetof(struct job, account)},
	{"Partition", set_text, offsetof(struct job, partition)},
	{"QOS", set_text, offsetof(struct job, qos)},
	{"WCKey", set_wckey, offsetof(struct job, wckey)},
	{"Reservation", set_text, offsetof(struct job, reservation)},
	{"UID", set_count, offsetof(struct job, uid)},
	{"GID", set_count, offsetof(struct job, gid)},
	{"State", set_state, offsetof(struct job, state), .is_needed = true},
	{"ExitCode", set_exit, 0},
	{"Submit", set_time, offsetof(struct job, key.submit_s), .is_needed = true},
	{"Eligible", set_time, offsetof(struct job, eligible_s)},
	{"Start", set_time, offsetof(struct job, start_s), .is_needed = true},
	{"End", set_time, offsetof(struct job, end_s), .is_needed = true},
	{"Suspended", set_duration, offsetof(struct job, suspended_s)},
	{"Timelimit", set_limit, offsetof(struct job, limit_s)},
	{"TimelimitRaw", set_limit_minutes, offsetof(struct job, limit_s)},
	{"NNodes", set_count, offsetof(struct job, nodes)},
	{"AllocNodes", set_count, offsetof(struct job, nodes)},
	{"NCPUS", set_count, offsetof(struct job, cpus)},
	{"AllocCPUS", set_count, offsetof(struct job, cpus)},
	{"ReqCPUS", set_count, offsetof(struct job, requested_cpus)},
	{"AllocTRES", set_alloc_tres, offsetof(struct job, tres)},
	{"ReqTRES", set_requested_tres, offsetof(struct job, requested_cpus)},
	{"ReqMem", set_memory, 0},
	{"ConsumedEnergy", set_energy, offsetof(struct job, energy_j)},
	{"ConsumedEnergyRaw", set_energy, offsetof(struct job, energy_j)},
	{"NodeList", set_hosts, offsetof(struct job, hosts), .is_needed = true},
	{"WorkDir", set_text, offsetof(struct job, work_dir), .is_free = true},
	{"SubmitLine", set_text, offsetof(struct job, submit_line), .is_free = true},
	{"Comment", NULL, 0, .is_free = true},
	{"AdminComment", NULL, 0, .is_free = true},
	{"SystemComment", NULL, 0, .is_free = true},
};
const size_t sacct_n_columns = ARRAY_LEN(sacct_columns);

struct sacct_record sacct_record_start(
	const struct timezone_rules *zone, struct arena *a, struct error *err)
{
	return (struct sacct_record){
		.zone = zone,
		.arena = a,
		.err = err,
		.job = {.array_task = -1,
			.het_offset = -1,
			.uid = UINT32_MAX,
			.gid = UINT32_MAX,
			.energy_j = -1},
	};
}

// "4Gc" is for each CPU, "4Gn" for each node (before Slurm 21.08), "16G" the whole job.
static int finish_memory(struct sacct_record *r)
{
	size_t len = r->memory ? strlen(r->memory) : 0;
	uint64_t times = 1;
	uint64_t bytes = 0;

	r->job.requested_memory_bytes = r->tres_memory;
	if (!len || is_nothing(r->memory) || r->tres_memory)
		return 0;
	if (r->memory[len - 1] == 'c' || r->memory[len - 1] == 'n') {
		uint32_t cpus = r->job.requested_cpus ? r->job.requested_cpus : r->job.cpus;

		times = r->memory[len - 1] == 'c' ? cpus : r->job.nodes;
		len--;
	}
	if (tres_memory(arena_strndup(r->arena, r->memory, len), &bytes) < 0 ||
		__builtin_mul_overflow(bytes, times, &r->job.requested_memory_bytes))
		return bad_value(r, "memory", r->memory);
	return 0;
}

// In the hour that the clocks repeat in autumn a wall time has two instants; the first is taken
// until it would contradict the instant that must come before.
static int64_t after(const struct sacct_record *r, int64_t t, int64_t earlier)
{
	struct civil a;
	struct civil b;

	if (!t || !earlier || t >= earlier || !r->zone)
		return t;
	a = civil_in_zone(r->zone, t);
	b = civil_in_zone(r->zone, t + 3600);
	return a.hour == b.hour ? t + 3600 : t;
}

static int finish_times(struct sacct_record *r)
{
	struct job *j = &r->job;

	if (!j->key.submit_s)
		return error_set(r->err, EINVAL, "no submit time");
	if (str_eq(j->state, "PENDING"))
		j->start_s = j->end_s = 0; // sacct may show when the job is expected to start
	j->start_s = after(r, j->start_s, j->key.submit_s);
	j->end_s = after(r, j->end_s, j->start_s);
	if (j->end_s && j->start_s && j->end_s < j->start_s)
		return error_set(r->err, EINVAL, "ends before it starts");
	return 0;
}

// The number of an array task without JobIDRaw: above all numbers that Slurm gives, and the same
// every time. (MaxArraySize is below 2^22.)
static uint64_t made_up_id(const struct job *j)
{
	return UINT64_C(1) << 62 | j->array_job << 22 | (uint64_t)j->array_task;
}

static int finish_id(struct sacct_record *r)
{
	struct job *j = &r->job;

	if (!r->has_raw_id && j->array_task >= 0) {
		if (j->array_job >= UINT64_C(1) << 40 || j->array_task >= 1 << 22)
			return error_set(r->err, ERANGE, "array task number out of range");
		j->key.raw_id = made_up_id(j);
	}
	if (!r->has_raw_id && j->het_offset > 0) // components are numbered on from the first
		j->key.raw_id = j->het_job + (uint64_t)j->het_offset;
	if (!j->key.raw_id || j->key.raw_id > INT64_MAX)
		return error_set(r->err, ERANGE, "job number out of range");
	if (!j->id)
		j->id = arena_printf(r->arena, "%llu", (unsigned long long)j->key.raw_id);
	return 0;
}

int sacct_record_finish(struct sacct_record *r)
{
	struct job *j = &r->job;

	TRY(finish_id(r));
	TRY(finish_times(r));
	if (!j->nodes)
		j->nodes = r->tres_nodes ? (uint32_t)r->tres_nodes : (uint32_t)j->hosts.n;
	if (!j->cpus)
		j->cpus = (uint32_t)r->tres_cpus;
	TRY(finish_memory(r));
	if (!j->start_s) // what sacct shows then is the request
		j->nodes = j->cpus = j->gpus = 0;
	return 0;
}
