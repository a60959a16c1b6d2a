// SPDX-License-Identifier: Apache-2.0
// The chain of a job, in words and as JSON.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "keeper/why.h"

static const char *const link_names[LINKS] = {
	"accounting", "archives", "document", "warehouse", "page"};
static const char *const verdict_names[VERDICTS] = {"whole", "partial", "unknown", "wait", "none"};
static const char *const verdict_words[VERDICTS] = {
	[VERDICT_WHOLE] = "there is data of the whole job",
	[VERDICT_PARTIAL] = "some data is missing",
	[VERDICT_UNKNOWN] = "a part of the chain could not be looked at",
	[VERDICT_WAIT] = "there is no data yet",
	[VERDICT_NONE] = "there is no data",
};

// The first link with the worst verdict is where the chain breaks.
static int broken_link(const struct why *w)
{
	enum verdict worst = why_worst(w);

	for (int k = 0; k < LINKS && worst != VERDICT_WHOLE; k++)
		if (why_verdict(w, (enum why_link)k) == worst)
			return k;
	return -1;
}

// "--job ID" of a piece of advice becomes the job's own: it can be copied as it is.
static const char *advice_for(const struct why *w, const struct cause_row *row)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	static const char place[] = "--job ID";
	const char *rest = row->advice;

	for (const char *at = rest ? strstr(rest, place) : NULL; at; at = strstr(rest, place)) {
		strbuf_add(&out, rest, (size_t)(at - rest));
		strbuf_printf(&out, "--job %s", w->job.id);
		rest = at + sizeof(place) - 1;
	}
	if (!rest)
		return NULL;
	strbuf_puts(&out, rest);
	return arena_strdup(w->arena, strbuf_text(&out));
}

static void print_link(const struct why *w, enum why_link link)
{
	enum verdict v = why_verdict(w, link);
	bool is_silent = !w->texts[link] && v == VERDICT_WHOLE;

	printf("  %-11s %-8s %s\n", link_names[link], is_silent ? "-" : verdict_names[v],
		w->texts[link] ? w->texts[link]
		: is_silent    ? "nothing came this far"
			       : "");
	for (size_t i = 0; i < w->n_reasons; i++) {
		const struct cause_row *row = &cause_rows[w->reasons[i].cause];

		if (row->link != link)
			continue;
		printf("  %-20s %s%s%s\n", "", row->words, w->reasons[i].detail ? ": " : "",
			w->reasons[i].detail ? w->reasons[i].detail : "");
		if (row->advice)
			printf("  %-20s > %s\n", "", advice_for(w, row));
	}
}

void why_print(const struct why *w)
{
	int at = broken_link(w);
	char submit[TIME_TEXT_SIZE];

	printf("job %s on %s", w->job.id, w->job.key.cluster);
	if (w->job.key.submit_s)
		printf(", submitted %s", format_time(w->job.key.submit_s, submit));
	printf(": %s%s%s\n", verdict_words[why_worst(w)], at >= 0 ? "; it breaks at the link " : "",
		at >= 0 ? link_names[at] : "");
	for (int k = 0; k < LINKS; k++)
		print_link(w, (enum why_link)k);
}

static struct doc *json_link(const struct why *w, enum why_link link)
{
	struct arena *a = w->arena;
	struct doc *o = doc_object(a);
	struct doc *list = doc_array(a);

	doc_put_text(o, a, "link", link_names[link]);
	doc_put_text(o, a, "state", verdict_names[why_verdict(w, link)]);
	doc_put_text(o, a, "text", w->texts[link]);
	for (size_t i = 0; i < w->n_reasons; i++) {
		const struct cause_row *row = &cause_rows[w->reasons[i].cause];
		struct doc *r = doc_object(a);

		if (row->link != link)
			continue;
		doc_put_text(r, a, "code", row->code);
		doc_put_text(r, a, "state", verdict_names[row->verdict]);
		doc_put_text(r, a, "what", row->words);
		doc_put_text(r, a, "detail", w->reasons[i].detail);
		doc_put_text(r, a, "advice", advice_for(w, row));
		doc_put(list, a, NULL, r);
	}
	doc_put(o, a, "reasons", list);
	return o;
}

struct doc *why_json(const struct why *w)
{
	struct arena *a = w->arena;
	struct doc *o = doc_object(a);
	struct doc *links = doc_array(a);
	int at = broken_link(w);

	doc_put_text(o, a, "job", w->job.id);
	doc_put_text(o, a, "cluster", w->job.key.cluster);
	doc_put_int(o, a, "raw_id", (int64_t)w->job.key.raw_id);
	if (w->job.key.submit_s)
		doc_put_time(o, a, "submit", w->job.key.submit_s * 1000);
	doc_put_text(o, a, "state", verdict_names[why_worst(w)]);
	if (at >= 0)
		doc_put_text(o, a, "breaks_at", link_names[at]);
	for (int k = 0; k < LINKS; k++)
		doc_put(links, a, NULL, json_link(w, (enum why_link)k));
	doc_put(o, a, "links", links);
	return o;
}
