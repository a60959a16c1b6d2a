// SPDX-License-Identifier: Apache-2.0
// Documents that describe the summary and the series: help and unit of each field.
#include "summarizer/metadata.h"

#include <string.h>

#include "summarizer/summary.h"

#define SUMMARY_SCHEMA "summary-" SUMMARY_VERSION
#define SERIES_SCHEMA  "timeseries-4"

// What no stanza makes.
static const struct field {
	const char *path, *help, *unit;
} fields[] = {
	{"acct", "The accounting record of the job.", ""},
	{"summarization", "How the document was made: program, source, what is missing.", ""},
	{"summarization.complete", "Whether all nodes of the job had samples.", ""},
	{"summarization.datasource", "Where the samples came from: pcp or prometheus.", ""},
	{"errors", "What was wrong with the job or with the samples of its nodes.", ""},
	{"cores", "Cores of each node of the job.", "cores"},
	{"cpucategories",
		"How the cores were used: GOOD all of them, LOW hardly, PINNED some of them alike, "
		"UNPINNED unevenly.",
		""},
	{"catastrophe.value",
		"Least ratio of the rate of L1 loads after a moment to the rate before it.",
		"ratio"},
	{"procDump.constrained", "Command lines of processes in the job's control group.", ""},
	{"procDump.unconstrained",
		"Command lines of other processes of the job's user, seen on its nodes.", ""},
	{"procDump.cpusallowed", "Cores of the job on each of its nodes.", ""},
	{"application", "What program the job ran, by its command lines and its script.", ""},
	{"timeseries_patterns_gpfs", "GPFS traffic in each quarter of the job, and its period.",
		"B/s"},
	{"timeseries_patterns_lustre", "Lustre traffic in each quarter of the job, and its period.",
		"B/s"},
	{"jobsight.coverage",
		"Nodes that had a metric; share of the job's node time between samples.", ""},
	{"jobsight.id", "The job's number as people type it, 1234_7 of a task of an array.", ""},
	{"jobsight.gaps", "Gaps in the samples of the job's nodes.", "gaps"},
	{"jobsight.resets", "Counters that were reset while the job ran.", "resets"},
};

static void define(
	struct doc *to, struct arena *a, const char *path, const char *help, const char *unit)
{
	struct doc *d = doc_at(to, a, path);
	doc_put_text(d, a, "documentation", help);
	doc_put_text(d, a, "type", str_eq(unit, "ratio") ? "ratio" : unit[0] ? "instant" : "");
	doc_put_text(d, a, "unit", unit);
}

struct doc *metadata_summary(const struct catalogue *c, struct arena *a)
{
	struct doc *d = doc_object(a);
	doc_put_text(d, a, "_id", SUMMARY_SCHEMA);
	doc_put_text(d, a, "summary_version", SUMMARY_SCHEMA);
	struct doc *to = doc_at(d, a, "definitions");
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		define(to, a, fields[i].path, fields[i].help, fields[i].unit);
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->metrics[i].n_outputs; k++)
			define(to, a, c->metrics[i].outputs[k].document, c->metrics[i].help,
				c->metrics[i].unit);
	return d;
}

struct doc *metadata_series(const struct catalogue *c, struct arena *a)
{
	struct doc *d = doc_object(a);
	doc_put_text(d, a, "_id", SERIES_SCHEMA);
	doc_put_text(d, a, "type", "timeseries");
	doc_put_int(d, a, "applies_to_version", 4);
	struct doc *to = doc_at(d, a, "metrics");
	for (size_t i = 0; i < c->n; i++) {
		const struct series *s = c->metrics[i].series;
		if (s == NULL)
			continue;
		struct doc *about = doc_at(to, a, s->document);
		doc_put_text(about, a, "units", s->unit);
		doc_put_text(about, a, "description", s->label);
		doc_put_text(about, a, "help", c->metrics[i].help);
	}
	return d;
}

static void keep_others(struct doc *ours, const struct doc *theirs, struct arena *a)
{
	for (size_t i = 0; i < theirs->n; i++) {
		const struct doc *mine = doc_find(ours, theirs->keys[i]);
		if (mine == NULL)
			doc_put(ours, a, theirs->keys[i], theirs->items[i]);
		else if (mine->kind == DOC_OBJECT && theirs->items[i]->kind == DOC_OBJECT)
			keep_others(doc_at(ours, a, theirs->keys[i]), theirs->items[i], a);
	}
}

static int store_one(struct store *s, struct doc *d, struct arena *a, struct error *err)
{
	struct bytes old = {0};
	struct bytes now = {0};
	struct doc *theirs = NULL;
	const char *id = doc_find(d, "_id")->text;
	int rc = store_get_schema(s, id, a, &old, err);
	if (rc < 0)
		return rc;
	// What is there may be another program's, of any form: unreadable, it is replaced.
	if (rc > 0 && doc_from_bson(old, a, &theirs, NULL) == 0 && theirs->kind == DOC_OBJECT)
		keep_others(d, theirs, a);
	TRY(doc_to_bson(d, a, &now, err));
	if (now.len == old.len && memcmp(now.data, old.data, now.len) == 0)
		return 0;
	return store_put_schema(s, now, err);
}

int metadata_store(struct store *s, const struct catalogue *c, struct arena *a, struct error *err)
{
	TRY(store_one(s, metadata_summary(c, a), a, err));
	return store_one(s, metadata_series(c, a), a, err);
}
