// SPDX-License-Identifier: Apache-2.0
// Outages of nodes from slurmdbd: every row is a time in which a node was not in service, with its
// state then. Rows without a node tell of the cluster as a whole and are no outage.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "accounting/event.h"
#include "accounting/slurm_tables.h"
#include "common/macro.h"
#include "common/memory.h"

enum { TIME_START, TIME_END, NODE, STATE, REASON, REASON_UID, TRES, DELETED, COLUMNS };

static const struct slurm_column columns[COLUMNS] = {
	[TIME_START] = {"time_start", true},
	[TIME_END] = {"time_end", true},
	[NODE] = {"node_name", true},
	[STATE] = {"state", true},
	[REASON] = {"reason", false},
	[REASON_UID] = {"reason_uid", false},
	[TRES] = {"tres", false},
	[DELETED] = {"deleted", false}, // since 24.11
};

struct events {
	struct slurm_table table;
	int64_t open, newest; // begin of the first that goes on; of the last
};

static void events_close(void *state)
{
	struct events *e = state;

	slurm_table_release(&e->table);
	free(e);
}

// What went on at the last import has ended perhaps: from the first such on all is read again.
static int start(struct events *e, const struct import_request *r, struct error *err)
{
	int64_t since = r->since_s;
	struct slurm_query q = {.cluster = r->cluster,
		.table = "event_table",
		.columns = columns,
		.n = COLUMNS,
		.where = " WHERE node_name <> '' AND time_start >= ? "
			 "ORDER BY time_start, node_name"};

	if (*r->place && parse_i64(r->place, &since) < 0)
		return error_set(err, EINVAL, "import_cursor: '%.60s' is no place", r->place);
	if (since < r->since_s)
		since = r->since_s;
	TRY(maria_open(r->spec, &e->table.maria, err));
	q.from = &since;
	return slurm_table_query(&e->table, &q, err);
}

static int events_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct events *e = memory_alloc(1, sizeof(*e));
	int rc;

	e->table.problems = r->problems;
	rc = start(e, r, err);
	if (rc < 0) {
		events_close(e);
		return rc;
	}
	*ret_state = e;
	return 0;
}

// "1=4,2=4096": cores of the node.
static bool cores_of(const char *tres, int64_t *ret)
{
	char digits[24];

	return str_starts(tres, "1=") &&
	       str_format(digits, sizeof(digits), "%.*s", (int)strspn(tres + 2, "0123456789"),
		       tres + 2) &&
	       parse_i64(digits, ret) == 0;
}

static int events_next(void *state, struct record *ret, struct error *err)
{
	struct events *e = state;
	const char *texts[COLUMNS];
	int rc;

	while ((rc = slurm_table_next(&e->table, COLUMNS, texts, err)) > 0) {
		struct event event = {.node = texts[NODE],
			.reason = texts[REASON],
			.state = texts[STATE],
			.uid = -1,
			.cores = -1};

		if (str_eq(texts[DELETED], "1"))
			continue;
		(void)slurm_number(texts[REASON_UID], &event.uid);
		(void)cores_of(texts[TRES], &event.cores);
		if (parse_i64(texts[TIME_START], &event.begin_s) < 0 ||
			parse_i64(texts[TIME_END], &event.end_s) < 0 ||
			!event_record(&event, &e->table.scratch, ret)) {
			problem(e->table.problems, E_E0002, "%s: from %s to %s", texts[NODE],
				texts[TIME_START], texts[TIME_END]);
			continue;
		}
		if (!event.end_s && !e->open)
			e->open = event.begin_s;
		e->newest = event.begin_s;
		return 1;
	}
	return rc;
}

static const char *events_place(void *state, struct arena *a)
{
	const struct events *e = state;
	int64_t place = e->open ? e->open : e->newest;

	return place ? arena_printf(a, "%" PRId64, place) : NULL;
}

const struct connector event_slurm = {
	.category = CATEGORY_EVENT,
	.name = "slurmdb",
	.settings = "slurmdb:[NAME=VALUE ...], slurmdbd's own database; see docs/accounting.md",
	.open = events_open,
	.next = events_next,
	.place = events_place,
	.close = events_close,
};
