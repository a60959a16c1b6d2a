// SPDX-License-Identifier: Apache-2.0
// Jobs from dumps of sacct. A dump is read whole when it has changed since the last import: what
// of it is in the warehouse already writes nothing.
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "accounting/connector.h"
#include "accounting/job_record.h"
#include "accounting/text.h"
#include "common/accounting/sacct.h"
#include "common/macro.h"
#include "common/memory.h"

struct dump {
	struct problems *problems;
	const char *cluster;
	struct wckey_form form;
	struct arena arena; // of the step
	struct arena job;   // of the job at hand
	void *state;        // NULL: nothing new
	const char *place;
};

static void dump_close(void *state)
{
	struct dump *d = state;

	if (d->state)
		sacct_source.close(d->state);
	arena_release(&d->arena);
	arena_release(&d->job);
	free(d);
}

static void note_bad(void *context, const struct error *why)
{
	struct dump *d = context;
	const char *text = why->text;

	// "FILE:LINE: what": the same line of a dump is the same record.
	problem_record(d->problems, E_J0009, arena_strndup(&d->arena, text, strcspn(text, " ")),
		"%s", text);
}

static int dump_start(struct dump *d, const struct import_request *r, struct error *err)
{
	const struct accounting_request q = {
		.spec = r->spec, .cluster = r->cluster, .zone = r->zone, .since_s = r->since_s};

	TRY(wckey_form_parse(r->settings->import_wckey, &d->arena, &d->form, err));
	d->place = text_place(r->spec, &d->arena);
	if (*d->place && str_eq(d->place, r->place))
		return 0;
	return sacct_source.open(&q, &d->state, err);
}

static int dump_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct dump *d = memory_alloc(1, sizeof(*d));
	int rc;

	d->problems = r->problems;
	d->cluster = r->cluster;
	rc = dump_start(d, r, err);
	if (rc < 0) {
		dump_close(d);
		return rc;
	}
	*ret_state = d;
	return 0;
}

static int dump_next(void *state, struct record *ret, struct error *err)
{
	struct dump *d = state;
	struct job job;

	while (d->state) {
		int rc;

		arena_reset(&d->job);
		rc = sacct_source.next(d->state, &d->job, &job, note_bad, d, err);
		if (rc <= 0) {
			sacct_source.close(d->state);
			d->state = NULL;
			return rc;
		}
		if (!str_eq(job.key.cluster, d->cluster))
			continue; // a dump may hold several
		if (job_record(&job, arena_printf(&d->job, "%s/%" PRId64, job.id, job.key.submit_s),
			    &d->form, d->problems, &d->job, ret))
			return 1;
	}
	return 0;
}

// Only a dump that was read to its end need not be read again.
static const char *dump_place(void *state, struct arena *a)
{
	struct dump *d = state;

	return d->state || !*d->place ? NULL : arena_strdup(a, d->place);
}

const struct connector job_sacct = {
	.category = CATEGORY_JOB,
	.name = "sacct",
	.settings = "sacct:FILE, a dump of sacct --parsable2 --duplicates --allocations --allusers",
	.open = dump_open,
	.next = dump_next,
	.place = dump_place,
	.close = dump_close,
};
