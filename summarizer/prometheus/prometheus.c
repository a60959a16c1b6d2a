// SPDX-License-Identifier: Apache-2.0
// Fetching: groups of hosts, portions of time, one query for each input of the catalogue.
#include "summarizer/prometheus/prometheus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/progress.h"
#include "common/prometheus/matrix.h"
#include "summarizer/prometheus/image.h"
#include "summarizer/prometheus/promql.h"

#define GROUP     16    // hosts of one query
#define PORTION_S 14400 // of one query
#define MARGIN_S  300   // before and after the jobs, for the samples that bracket them
#define LEAST_S   60    // a portion is not halved further
#define STEP_S    30    // of what cannot be asked for sample by sample, unless the stanza says

// Which cores are whose: from cgroup_exporter, as the text metric that archives have for it.
static const char binding_query[] = "cgroup_cpu_info{host=\"{host}\",cgroup=\"{cgroup}\"}";
static const char binding_metric[] = "cgroup.cpuset.cpus";
static const char binding_label[] = "cpus";

struct wanted { // one query
	const char *stanza;
	const char *instance; // form of names; NULL: none
	int64_t every_s;
	bool is_counter, is_text;
	bool is_bad;    // was complained of; not asked for any more
	bool is_single; // its series do not name the host: one is asked for at a time
	uint32_t indom;
};

struct fetch {
	const struct prometheus_request *request;
	struct http *http;
	struct archive_tree *tree;
	struct arena *arena; // of the tree
	struct arena group_memory, portion_memory, scratch;
	struct wanted *wanted; // one for each track of the plan, then the binding
	size_t n_wanted, n_indoms;
	const struct prometheus_host *hosts; // of the group
	struct image *images;                // one for each
	size_t n_hosts;
	struct matrix answer;
};

struct portion { // hosts first..first+n of the group, samples of (from_s, to_s]
	size_t first, n;
	int64_t from_s, to_s;
};

static void list_wanted(struct fetch *f, struct arena *a)
{
	const struct plan *p = f->request->plan;
	f->n_wanted = p->n_tracks + 1;
	f->wanted = arena_array(a, f->n_wanted, sizeof(*f->wanted));
	for (size_t i = 0; i < p->n_sources; i++) {
		const struct plan_source *s = &p->sources[i];
		for (size_t k = 0; k < s->source->n_inputs; k++) {
			struct wanted *w = &f->wanted[s->tracks[k]];
			if (w->stanza)
				continue;
			*w = (struct wanted){.stanza = s->source->inputs[k].metric,
				.instance = s->source->instance,
				.every_s = p->tracks[s->tracks[k]].every_s,
				.is_counter = s->source->inputs[k].is_counter,
				.indom = (uint32_t)i};
		}
	}
	f->wanted[p->n_tracks] = (struct wanted){.stanza = binding_query,
		.instance = "{cgroup}",
		.is_text = true,
		.indom = (uint32_t)p->n_sources};
	f->n_indoms = p->n_sources + 1;
}

static void complain(struct fetch *f, struct wanted *w, const struct error *why)
{
	if (!w->is_bad)
		f->request->bad(f->request->context, why);
	w->is_bad = true;
}

static int accept(void *context, struct bytes body, struct error *err)
{
	struct fetch *f = context;
	arena_reset(&f->scratch);
	return matrix_parse(body, &f->scratch, &f->answer, err);
}

// What is asked for one input: the samples as they are where that is possible.
static int ask(struct fetch *f, const struct wanted *w, const struct promql *q,
	const struct portion *p, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf form = {0};
	CLEANUP(strbuf_release) struct strbuf text = {0};
	char number[32];
	strbuf_puts(&text, q->text);
	if (q->is_selector)
		strbuf_printf(&text, "[%" PRId64 "s]", p->to_s - p->from_s);
	http_field(f->http, &form, "query", strbuf_text(&text));
	(void)str_format(number, sizeof(number), "%" PRId64, p->to_s);
	if (q->is_selector) {
		http_field(f->http, &form, "time", number);
		return http_post(f->http, "/api/v1/query", strbuf_text(&form), accept, f, err);
	}
	http_field(f->http, &form, "end", number);
	// Moments that are the same whatever else is asked for.
	int64_t step_s = w->every_s ? w->every_s : STEP_S;
	(void)str_format(number, sizeof(number), "%" PRId64, (p->from_s / step_s + 1) * step_s);
	http_field(f->http, &form, "start", number);
	(void)str_format(number, sizeof(number), "%" PRId64, step_s);
	http_field(f->http, &form, "step", number);
	return http_post(f->http, "/api/v1/query_range", strbuf_text(&form), accept, f, err);
}

// The first stay that is not over, with its margin, at a time; NULL: none.
static const struct prometheus_stay *stay_from(const struct prometheus_host *h, int64_t at_s)
{
	size_t low = 0;
	size_t high = h->n_stays;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (h->stays[mid].end_s + MARGIN_S < at_s)
			low = mid + 1;
		else
			high = mid;
	}
	return low < h->n_stays ? &h->stays[low] : NULL;
}

static bool is_of(const struct prometheus_host *h, const struct portion *p, int64_t time_ns)
{
	int64_t at_s = (time_ns + NS_PER_S - 1) / NS_PER_S;
	const struct prometheus_stay *x = stay_from(h, at_s);
	return time_ns > p->from_s * NS_PER_S && time_ns <= p->to_s * NS_PER_S && x &&
	       time_ns >= (x->begin_s - MARGIN_S) * NS_PER_S;
}

static void keep(struct fetch *f, size_t place, size_t host, const struct promql *q,
	const struct portion *p, const struct matrix_series *s)
{
	const struct wanted *w = &f->wanted[place];
	struct image *x = &f->images[host];
	struct image_sample to = {.metric = (uint32_t)place, .instance = -1};
	char *name = NULL;
	if (w->instance)
		name = matrix_instance(s, w->instance, &f->scratch);
	else if (q->job_label)
		name = arena_printf(&f->scratch, "/job_%s", matrix_label(s, q->job_label));
	if (w->is_text)
		to.text = arena_strdup(&f->portion_memory, matrix_label(s, binding_label));
	x->metrics[place].has_instances = name != NULL;
	for (size_t i = 0; i < s->n; i++) {
		if (!is_of(&f->hosts[host], p, s->samples[i].time_ns))
			continue;
		if (name && to.instance < 0)
			to.instance = image_instance(x, (uint32_t)place, name, &f->group_memory);
		to.time_ns = s->samples[i].time_ns;
		to.value = s->samples[i].value * q->factor;
		image_add(x, &to);
	}
}

// Which host of the group a series is of; -1: none of them, or it does not say.
static ptrdiff_t host_of(const struct wanted *w, const struct portion *p,
	const struct map *by_value, const char *label)
{
	if (w->is_single)
		return (ptrdiff_t)p->first;
	return (ptrdiff_t)(uintptr_t)map_get(by_value, label) - 1;
}

// false: a series does not say whose it is.
static bool take_answer(
	struct fetch *f, size_t place, const struct promql *q, const struct portion *p)
{
	struct wanted *w = &f->wanted[place];
	struct error why;
	CLEANUP(map_release) struct map by_value = {0};
	AUTO_FREE bool *has = memory_alloc(f->n_hosts, sizeof(*has));
	for (size_t i = p->first; i < p->first + p->n; i++)
		// NOLINTNEXTLINE(performance-no-int-to-ptr): a number, not an address
		map_put(&by_value, promql_host_value(q, f->hosts[i].name, &f->scratch),
			(void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < f->answer.n; i++) {
		const struct matrix_series *s = &f->answer.series[i];
		const char *label = matrix_label(s, q->host_label);
		ptrdiff_t at = host_of(w, p, &by_value, promql_label_value(q, label, &f->scratch));
		if (at < 0)
			return false;
		bool is_alone = w->instance == NULL && q->job_label == NULL;
		if (is_alone && has[at]) {
			(void)error_set(&why, EBADMSG,
				"prometheus: '%.150s': several series of one host, and no "
				"`instance:` tells them apart; the first counts",
				w->stanza);
			f->request->bad(f->request->context, &why);
			continue;
		}
		has[at] = true;
		keep(f, place, (size_t)at, q, p, s);
	}
	if (f->answer.odd) {
		(void)error_set(&why, EBADMSG, "prometheus: '%.150s': %zu odd samples left out",
			w->stanza, f->answer.odd);
		f->request->bad(f->request->context, &why);
	}
	return true;
}

static int make_query(struct fetch *f, size_t place, const struct portion *p, struct promql *ret,
	struct error *err)
{
	const struct prometheus_settings *s = f->request->settings;
	const char **hosts = arena_array(&f->scratch, p->n, sizeof(*hosts));
	for (size_t i = 0; i < p->n; i++)
		hosts[i] = f->hosts[p->first + i].name;
	struct promql_names names = {.host_label = s->host_label,
		.host_form = s->host_form,
		.hosts = hosts,
		.n_hosts = p->n};
	// The query outlives the scratch memory, which each try of an answer empties.
	return promql_make(f->wanted[place].stanza, &names, &f->portion_memory, ret, err);
}

static int fetch_portion(struct fetch *f, size_t place, struct portion p, struct error *err);

static int fetch_halves(struct fetch *f, size_t place, struct portion p, struct error *err)
{
	struct portion a = p;
	struct portion b = p;
	struct error why;
	if (p.n > 1) {
		a.n = p.n / 2;
		b.first += a.n;
		b.n -= a.n;
	} else if (p.to_s - p.from_s > LEAST_S) {
		a.to_s = b.from_s = p.from_s + (p.to_s - p.from_s) / 2;
	} else {
		(void)error_set(&why, EFBIG,
			"prometheus: '%.150s': too much for one minute of one host",
			f->wanted[place].stanza);
		complain(f, &f->wanted[place], &why);
		return 0;
	}
	TRY(fetch_portion(f, place, a, err));
	return fetch_portion(f, place, b, err);
}

// Asks for a portion; for halves of it where it is too much at once.
// NOLINTNEXTLINE(misc-no-recursion): halves, so at most 32 deep
static int fetch_portion(struct fetch *f, size_t place, struct portion p, struct error *err)
{
	struct wanted *w = &f->wanted[place];
	struct promql q = {0};
	struct error why = {0};
	if (w->is_bad || p.n == 0)
		return 0;
	if (w->is_single && p.n > 1)
		return fetch_halves(f, place, p, err);
	arena_reset(&f->scratch);
	if (make_query(f, place, &p, &q, &why) < 0) {
		complain(f, w, &why);
		return 0;
	}
	int rc = ask(f, w, &q, &p, &why);
	if (rc == -EINVAL) { // the server does not understand this one
		complain(f, w, &why);
		return 0;
	}
	if (rc < 0)
		return error_set(err, -rc, "%s", why.text);
	if (rc == HTTP_DONE && take_answer(f, place, &q, &p))
		return 0;
	if (rc == HTTP_DONE && w->is_single) {
		(void)error_set(&why, EBADMSG, "prometheus: '%.150s': odd answer", w->stanza);
		complain(f, w, &why);
		return 0;
	}
	w->is_single |= rc == HTTP_DONE;
	return rc == HTTP_DONE && p.n == 1 ? fetch_portion(f, place, p, err)
	                                   : fetch_halves(f, place, p, err);
}

static void open_images(struct fetch *f)
{
	f->images = arena_array(&f->group_memory, f->n_hosts, sizeof(*f->images));
	for (size_t i = 0; i < f->n_hosts; i++) {
		struct image *x = &f->images[i];
		x->host = f->hosts[i].name;
		x->base = arena_printf(f->arena, "%s/%zu", f->request->folder,
			(size_t)(f->hosts - f->request->hosts) + i);
		x->n_metrics = f->n_wanted;
		x->metrics = arena_array(&f->group_memory, f->n_wanted, sizeof(*x->metrics));
		x->n_indoms = f->n_indoms;
		x->indoms = arena_array(&f->group_memory, f->n_indoms, sizeof(*x->indoms));
		for (size_t k = 0; k < f->n_wanted; k++)
			x->metrics[k] = (struct image_metric){
				.name = f->wanted[k].is_text ? binding_metric : f->wanted[k].stanza,
				.is_counter = f->wanted[k].is_counter,
				.is_text = f->wanted[k].is_text,
				.indom = f->wanted[k].indom,
			};
	}
}

// The next portion after a time: from the begin of the first job then, of the hosts with jobs in its
// time, which are sorted by their begin, to the end of the last. n is 0: there is none.
static struct portion portion_after(const struct fetch *f, int64_t at_s)
{
	struct portion p = {.first = f->n_hosts, .from_s = INT64_MAX};
	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct prometheus_stay *x = stay_from(&f->hosts[i], at_s + 1);
		if (x && x->begin_s - MARGIN_S - 1 < p.from_s)
			p.from_s = x->begin_s - MARGIN_S - 1;
	}
	if (p.from_s == INT64_MAX)
		return p;
	p.from_s = p.from_s > at_s ? p.from_s : at_s;
	int64_t to_s = p.from_s + PORTION_S;
	for (size_t i = 0; i < f->n_hosts; i++) {
		const struct prometheus_host *h = &f->hosts[i];
		const struct prometheus_stay *x = stay_from(h, p.from_s + 1);
		if (x == NULL || x->begin_s - MARGIN_S > to_s)
			continue;
		for (; x < h->stays + h->n_stays && x->begin_s - MARGIN_S <= to_s; x++)
			p.to_s = x->end_s + MARGIN_S > p.to_s ? x->end_s + MARGIN_S : p.to_s;
		p.first = p.first < i ? p.first : i;
		p.n = i + 1 - p.first;
	}
	p.to_s = p.to_s < to_s ? p.to_s : to_s;
	return p;
}

static int fetch_group(struct fetch *f, struct error *err)
{
	for (struct portion p = portion_after(f, INT64_MIN / 2); p.n;
		p = portion_after(f, p.to_s)) {
		for (size_t k = 0; k < f->n_wanted; k++)
			if (f->wanted[k].stanza)
				TRY(fetch_portion(f, k, p, err));
		for (size_t i = 0; i < f->n_hosts; i++)
			TRY(image_flush(&f->images[i], err));
		arena_reset(&f->portion_memory);
	}
	for (size_t i = 0; i < f->n_hosts; i++) {
		bool any = false;
		TRY(image_finish(&f->images[i], &any, err));
		if (any)
			archive_tree_add(f->tree, f->arena, f->images[i].base, f->images[i].host,
				f->images[i].start_ns);
	}
	return 0;
}

static void fetch_close(struct fetch *f)
{
	for (size_t i = 0; f->images && i < f->n_hosts; i++)
		image_release(&f->images[i]);
	http_close(f->http);
	arena_release(&f->group_memory);
	arena_release(&f->portion_memory);
	arena_release(&f->scratch);
}

int prometheus_fetch(const struct prometheus_request *q, struct archive_tree *tree, struct arena *a,
	struct error *err)
{
	CLEANUP(fetch_close) struct fetch f = {.request = q, .tree = tree, .arena = a};
	struct progress progress;
	TRY(http_open(&q->settings->http, &f.http, err));
	list_wanted(&f, a);
	progress_start(&progress, "hosts asked for", q->n_hosts);
	int rc = 0;
	for (size_t i = 0; i < q->n_hosts && rc == 0; i += f.n_hosts) {
		f.hosts = q->hosts + i;
		f.n_hosts = q->n_hosts - i < GROUP ? q->n_hosts - i : GROUP;
		open_images(&f);
		rc = fetch_group(&f, err);
		for (size_t k = 0; k < f.n_hosts; k++)
			image_release(&f.images[k]);
		f.images = NULL;
		arena_reset(&f.group_memory);
		progress_step(&progress, i + f.n_hosts);
	}
	progress_end(&progress);
	return rc;
}
