// SPDX-License-Identifier: Apache-2.0
// From Slurm's numbers to the words of sacct.
#include "common/accounting/slurmdb_row.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/memory.h"
#include "common/str.h"

#define NO_VALUE   UINT64_C(4294967294)
#define UNLIMITED  UINT64_C(4294967295)
#define NO_VALUE64 UINT64_C(18446744073709551614)
#define PER_CPU    (UINT64_C(1) << 63)

static const char *const states[] = {"PENDING", "RUNNING", "SUSPENDED", "COMPLETED", "CANCELLED",
	"FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY"};

// Flags beside the state, those that sacct shows instead of it, in its order.
static const struct flag {
	uint64_t bit;
	const char *name;
} flags[] = {
	{0x8000, "COMPLETING"},
	{0x4000, "CONFIGURING"},
	{0x2000, "RESIZING"},
	{0x400, "REQUEUED"},
	{0x100000, "REQUEUE_FED"},
	{0x800, "REQUEUE_HOLD"},
	{0x1000, "SPECIAL_EXIT"},
	{0x10000, "STOPPED"},
	{0x80000, "REVOKED"},
	{0x200000, "RESV_DEL_HOLD"},
	{0x400000, "SIGNALING"},
	{0x800000, "STAGE_OUT"},
};

struct conversion {
	const struct slurmdb_row *row;
	struct slurmdb_names *names;
	struct arena *arena;
	struct sacct_record *record;
};

static uint64_t number(const struct conversion *c, enum slurmdb_field f)
{
	uint64_t v = 0;
	const char *text = c->row->text[f];
	return text && parse_u64(text, &v) == 0 ? v : 0;
}

static const char *as_text(const struct conversion *c, enum slurmdb_field f)
{
	return c->row->text[f] ? c->row->text[f] : "";
}

// A number that Slurm may have left open.
static const char *as_known(const struct conversion *c, enum slurmdb_field f)
{
	uint64_t v = number(c, f);
	return v == NO_VALUE || v == UNLIMITED ? "" : as_text(c, f);
}

static const char *as_time(const struct conversion *c, enum slurmdb_field f)
{
	return number(c, f) == 0 ? "" : as_text(c, f);
}

static const char *as_id(const struct conversion *c, enum slurmdb_field f)
{
	uint64_t array = number(c, FIELD_ARRAY_JOB);
	uint64_t task = number(c, FIELD_ARRAY_TASK);
	uint64_t het = number(c, FIELD_HET_JOB);
	if (array && task != NO_VALUE)
		return arena_printf(c->arena, "%" PRIu64 "_%" PRIu64, array, task);
	if (array) // tasks that still wait
		return arena_printf(c->arena, "%" PRIu64 "_[]", array);
	if (het)
		return arena_printf(
			c->arena, "%" PRIu64 "+%" PRIu64, het, number(c, FIELD_HET_OFFSET));
	return as_text(c, f);
}

const char *slurmdb_state(uint64_t v)
{
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (v & flags[i].bit)
			return flags[i].name;
	return (v & 0xff) < ARRAY_LEN(states) ? states[v & 0xff] : "UNKNOWN";
}

unsigned slurmdb_exit_code(uint64_t status)
{
	unsigned code = status >> 8 & 0xff;

	return code >= 128 ? code - 128 : code;
}

static const char *as_state(const struct conversion *c, enum slurmdb_field f)
{
	return slurmdb_state(number(c, f));
}

static const char *as_exit(const struct conversion *c, enum slurmdb_field f)
{
	uint64_t v = number(c, f);

	return arena_printf(c->arena, "%u:%" PRIu64, slurmdb_exit_code(v), v & 0x7f);
}

// The association's, which the database keeps; else this machine's name of the number.
static const char *as_user(const struct conversion *c, enum slurmdb_field f)
{
	char buf[4096];
	struct passwd entry;
	struct passwd *found = NULL;
	const char *text = as_text(c, FIELD_UID);
	char *name = map_get(&c->names->users, text);
	if (c->row->text[f] && c->row->text[f][0])
		return c->row->text[f];
	if (name == NULL) {
		(void)getpwuid_r((uid_t)number(c, FIELD_UID), &entry, buf, sizeof(buf), &found);
		name = arena_strdup(c->names->arena, found ? found->pw_name : text);
		map_put(&c->names->users, arena_strdup(c->names->arena, text), name);
	}
	return name;
}

// Asking for a name may mean asking a directory server: once for each number.
static const char *as_group(const struct conversion *c, enum slurmdb_field f)
{
	char buf[16384];
	struct group entry;
	struct group *found = NULL;
	const char *text = as_text(c, f);
	char *name = map_get(&c->names->groups, text);
	if (name == NULL) {
		(void)getgrgid_r((gid_t)number(c, f), &entry, buf, sizeof(buf), &found);
		name = arena_strdup(c->names->arena, found ? found->gr_name : text);
		map_put(&c->names->groups, arena_strdup(c->names->arena, text), name);
	}
	return name;
}

// What was suspended in all; of a running job the column means since when.
static const char *as_suspended(const struct conversion *c, enum slurmdb_field f)
{
	if (number(c, FIELD_END) == 0 || number(c, f) == 0)
		return "";
	return arena_printf(c->arena, "%" PRIu64 "s", number(c, f));
}

// sacct of 20.11 writes "64Mc", later ones the job's total, which is in the requested TRES as well.
static const char *as_memory(const struct conversion *c, enum slurmdb_field f)
{
	uint64_t v = number(c, f);
	if (v == 0 || v == NO_VALUE64 || (v & ~PER_CPU) == 0)
		return "";
	return arena_printf(c->arena, "%" PRIu64 "M%c", v & ~PER_CPU, v & PER_CPU ? 'c' : 'n');
}

// Megabytes as sacct writes them: in the largest unit that leaves a whole number.
static const char *memory_text(struct arena *a, uint64_t v)
{
	static const char units[] = "MGTPE";
	size_t unit = 0;
	while (v >= 1024 && v % 1024 == 0 && units[unit + 1]) {
		v /= 1024;
		unit++;
	}
	return arena_printf(a, "%" PRIu64 "%c", v, units[unit]);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum { TRES_MAX = 256 };

const char *slurmdb_tres_text(const struct slurmdb_names *names, const char *text, struct arena *a)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	const char *items[TRES_MAX];
	size_t n = 0;
	for (const char *at = text; *at && n < TRES_MAX;) {
		size_t len = strcspn(at, ",");
		const char *item = arena_strndup(a, at, len);
		const char *equals = strchr(item, '=');
		uint64_t v = 0;
		at += len + (at[len] == ',');
		if (equals == NULL || parse_u64(equals + 1, &v) < 0 || v == NO_VALUE64)
			continue;
		const char *id = arena_strndup(a, item, (size_t)(equals - item));
		const char *name = map_get(&names->tres, id);
		if (name == NULL)
			continue;
		items[n++] = arena_printf(
			a, "%s=%s", name, str_eq(name, "mem") ? memory_text(a, v) : equals + 1);
	}
	qsort(items, n, sizeof(*items), by_text);
	for (size_t i = 0; i < n; i++)
		strbuf_printf(&out, "%s%s", i ? "," : "", items[i]);
	return arena_strdup(a, strbuf_text(&out));
}

static const char *as_tres(const struct conversion *c, enum slurmdb_field f)
{
	return slurmdb_tres_text(c->names, as_text(c, f), c->arena);
}

// What was allocated stands in the TRES; of a record that has none sacct shows what was requested.
static const char *as_cpus(const struct conversion *c, enum slurmdb_field f)
{
	return as_text(c, FIELD_TRES)[0] ? "" : as_known(c, f);
}

static const char *as_energy(const struct conversion *c, enum slurmdb_field f)
{
	const char *at = as_text(c, f);
	for (; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		if (str_starts(at, "3=") && !str_starts(at, "3=18446744073709551614"))
			return arena_strndup(c->arena, at + 2, strspn(at + 2, "0123456789"));
	return "";
}

// What becomes of which field, in the order of sacct_columns.
static const struct row {
	const char *column; // of sacct
	enum slurmdb_field field;
	const char *(*text)(const struct conversion *c, enum slurmdb_field f);
} rows[] = {
	{"JobID", FIELD_ID, as_id},
	{"JobIDRaw", FIELD_ID, as_text},
	{"JobName", FIELD_NAME, as_text},
	{"User", FIELD_USER, as_user},
	{"Group", FIELD_GID, as_group},
	{"Account", FIELD_ACCOUNT, as_text},
	{"Partition", FIELD_PARTITION, as_text},
	{"QOS", FIELD_QOS, as_text},
	{"WCKey", FIELD_WCKEY, as_text},
	{"Reservation", FIELD_RESERVATION, as_text},
	{"UID", FIELD_UID, as_known},
	{"GID", FIELD_GID, as_known},
	{"State", FIELD_STATE, as_state},
	{"ExitCode", FIELD_EXIT, as_exit},
	{"Submit", FIELD_SUBMIT, as_time},
	{"Eligible", FIELD_ELIGIBLE, as_time},
	{"Start", FIELD_START, as_time},
	{"End", FIELD_END, as_time},
	{"Suspended", FIELD_SUSPENDED, as_suspended},
	{"TimelimitRaw", FIELD_LIMIT, as_known},
	{"NNodes", FIELD_NODES, as_known},
	{"AllocCPUS", FIELD_REQUESTED_CPUS, as_cpus},
	{"ReqCPUS", FIELD_REQUESTED_CPUS, as_known},
	{"AllocTRES", FIELD_TRES, as_tres},
	{"ReqTRES", FIELD_REQUESTED_TRES, as_tres},
	{"ReqMem", FIELD_REQUESTED_MEMORY, as_memory},
	{"ConsumedEnergyRaw", FIELD_TRES, as_energy},
	{"NodeList", FIELD_HOSTS, as_text},
	{"WorkDir", FIELD_WORK_DIR, as_text},
	{"SubmitLine", FIELD_SUBMIT_LINE, as_text},
};

// The column called name, from this one on: both tables have the same order.
static const struct sacct_column *column_named(const struct sacct_column *from, const char *name)
{
	while (strcmp(from->name, name) != 0)
		from++;
	return from;
}

int slurmdb_row_job(const struct slurmdb_row *row, struct slurmdb_names *names,
	const struct accounting_request *q, struct arena *scratch, struct job *ret,
	struct error *err)
{
	struct sacct_record r = sacct_record_start(NULL, scratch, err);
	struct conversion c = {.row = row, .names = names, .arena = scratch, .record = &r};
	const struct sacct_column *column = sacct_columns;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		column = column_named(column, rows[i].column);
		if (column->set(&r, column->offset, rows[i].text(&c, rows[i].field)) < 0)
			return error_prefix(
				err, "job %s: %s", as_text(&c, FIELD_ID), rows[i].column);
	}
	r.job.key.cluster = q->cluster;
	if (sacct_record_finish(&r) < 0)
		return error_prefix(err, "job %s", as_text(&c, FIELD_ID));
	r.job.script = as_text(&c, FIELD_SCRIPT);
	*ret = r.job;
	return 0;
}

void slurmdb_names_release(struct slurmdb_names *names)
{
	map_release(&names->tres);
	map_release(&names->users);
	map_release(&names->groups);
}
