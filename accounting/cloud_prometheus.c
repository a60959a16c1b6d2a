// SPDX-License-Identifier: Apache-2.0
// Instances of a cloud as a libvirt exporter saw them, from Prometheus: who had which instance by the
// metric with OpenStack's words, of which there are two forms; sizes by those of the domain. An
// instance is where its series is: it began when it was first seen, and ended when it was last seen.
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "accounting/connector.h"
#include "common/macro.h"
#include "common/map.h"
#include "common/memory.h"
#include "common/prometheus/http.h"
#include "common/prometheus/matrix.h"

enum {
	STEP_S = 60,
	PORTION_S = 21600,        // asked for at once
	FIRST_S = 30 * 86400,     // of what was never imported
	GONE_S = 5 * 60 + STEP_S, // how long Prometheus itself takes a series for one that goes on
	LABELS_MAX = 2,           // names that exporters have for the same
};

#define INFO              "{__name__=~\"libvirt_domain_openstack_info|libvirt_domain_info_meta\"}"
#define OF_DOMAIN(metric) "max by (instance, domain) (" metric ")"

static const struct {
	int at;
	const char *labels[LABELS_MAX];
} texts[] = {
	{AT_instance_name, {"instance_name"}},
	{AT_instance_project, {"project_name"}},
	{AT_instance_username, {"user_name"}},
	{AT_instance_flavor, {"flavor_name", "flavor"}},
	{AT_instance_host, {"host", "instance"}},
};

static const struct {
	int at;
	enum column_type type;
	const char *query;
} measures[] = {
	{AT_instance_cores, COLUMN_INT, OF_DOMAIN("libvirt_domain_info_virtual_cpus")},
	{AT_instance_memory_bytes, COLUMN_BIGINT,
		OF_DOMAIN("libvirt_domain_info_maximum_memory_bytes")},
	{AT_instance_disk_bytes, COLUMN_BIGINT,
		"sum by (instance, domain) (libvirt_domain_block_stats_capacity_bytes)"},
	{AT_instance_cpu_s, COLUMN_DOUBLE, OF_DOMAIN("libvirt_domain_info_cpu_time_seconds_total")},
	{AT_instance_state, COLUMN_TEXT,
		OF_DOMAIN("{__name__=~\"libvirt_domain_info_(v)?state\"}")},
};

// libvirt's numbers in the words of OpenStack.
static const char *const states[] = {
	NULL, "ACTIVE", "ACTIVE", "PAUSED", "ACTIVE", "SHUTOFF", "ERROR", "SUSPENDED"};

struct instance {
	const char *uuid;
	const char *words[ARRAY_LEN(texts)];
	double numbers[ARRAY_LEN(measures)]; // NAN: never said
	int64_t first_s, last_s;
	struct instance *namesake; // that had the same domain in this portion
};

struct cloud {
	struct problems *problems;
	struct http *http;
	struct arena arena;   // of the step
	struct arena scratch; // of an answer
	struct matrix answer;
	struct map by_uuid, by_domain; // "host domain"
	struct instance **list;
	size_t n, room, given;
	int64_t from_s, now_s;
};

static void cloud_close(void *state)
{
	struct cloud *c = state;

	http_close(c->http);
	map_release(&c->by_uuid);
	map_release(&c->by_domain);
	arena_release(&c->arena);
	arena_release(&c->scratch);
	free(c->list);
	free(c);
}

// ---- asking ----

static int accept(void *context, struct bytes body, struct error *err)
{
	struct cloud *c = context;

	arena_reset(&c->scratch);
	return matrix_parse(body, &c->scratch, &c->answer, err);
}

static int ask(struct cloud *c, const char *query, int64_t from_s, int64_t to_s, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf form = {0};
	char number[32];
	int rc;

	http_field(c->http, &form, "query", query);
	(void)str_format(number, sizeof(number), "%" PRId64, from_s);
	http_field(c->http, &form, "start", number);
	(void)str_format(number, sizeof(number), "%" PRId64, to_s);
	http_field(c->http, &form, "end", number);
	(void)str_format(number, sizeof(number), "%d", STEP_S);
	http_field(c->http, &form, "step", number);
	rc = http_post(c->http, "/api/v1/query_range", strbuf_text(&form), accept, c, err);
	return rc == HTTP_TOO_MUCH
	               ? error_set(err, EFBIG, "prometheus: the answer to %s is too long", query)
	               : rc;
}

static const char *domain_key(struct cloud *c, const struct matrix_series *s)
{
	return arena_printf(
		&c->scratch, "%s %s", matrix_label(s, "instance"), matrix_label(s, "domain"));
}

static struct instance *instance_of(struct cloud *c, const char *uuid)
{
	struct instance *i = map_get(&c->by_uuid, uuid);

	if (i)
		return i;
	i = arena_alloc(&c->arena, sizeof(*i));
	*i = (struct instance){.uuid = arena_strdup(&c->arena, uuid)};
	for (size_t m = 0; m < ARRAY_LEN(measures); m++)
		i->numbers[m] = NAN;
	map_put(&c->by_uuid, i->uuid, i);
	if (c->n == c->room) {
		c->room = c->room ? 2 * c->room : 256;
		c->list = memory_resize(c->list, c->room, sizeof(struct instance *));
	}
	c->list[c->n++] = i;
	return i;
}

static void put_domain(struct cloud *c, const char *key, struct instance *i)
{
	struct instance *first = map_get(&c->by_domain, key);

	for (const struct instance *other = first; other; other = other->namesake)
		if (other == i)
			return;
	i->namesake = first;
	map_put(&c->by_domain, key, i);
}

static void take_info(struct cloud *c, const struct matrix_series *s)
{
	const char *uuid = matrix_label(s, "instance_id");
	struct instance *i;

	if (!*uuid)
		uuid = matrix_label(s, "uuid");
	if (!*uuid) {
		problem(c->problems, E_C0001, "prometheus: domain '%.60s' has no uuid",
			matrix_label(s, "domain"));
		return;
	}
	i = instance_of(c, uuid);
	for (size_t t = 0; t < ARRAY_LEN(texts); t++)
		for (size_t l = LABELS_MAX; l-- > 0;)
			if (texts[t].labels[l] && *matrix_label(s, texts[t].labels[l]))
				i->words[t] = arena_strdup(
					&c->arena, matrix_label(s, texts[t].labels[l]));
	if (!i->first_s)
		i->first_s = s->samples[0].time_ns / NS_PER_S;
	i->last_s = s->samples[s->n - 1].time_ns / NS_PER_S;
	put_domain(c, arena_strdup(&c->arena, domain_key(c, s)), i);
}

static void take_number(struct instance *i, size_t m, const struct matrix_series *s)
{
	for (; i; i = i->namesake)
		for (size_t k = s->n; k-- > 0;)
			if (s->samples[k].time_ns / NS_PER_S <= i->last_s) {
				i->numbers[m] = s->samples[k].value;
				break;
			}
}

static int read_portion(struct cloud *c, int64_t from_s, int64_t to_s, struct error *err)
{
	// A domain's name may be another instance's in the next portion.
	map_release(&c->by_domain);
	TRY(ask(c, INFO, from_s, to_s, err));
	for (size_t k = 0; k < c->answer.n; k++)
		if (c->answer.series[k].n)
			take_info(c, &c->answer.series[k]);
	for (size_t m = 0; c->by_domain.n && m < ARRAY_LEN(measures); m++) {
		TRY(ask(c, measures[m].query, from_s, to_s, err));
		for (size_t k = 0; k < c->answer.n; k++) {
			const struct matrix_series *s = &c->answer.series[k];

			take_number(map_get(&c->by_domain, domain_key(c, s)), m, s);
		}
	}
	return 0;
}

// Of a large cloud halves, until answers are short enough.
static int read_span(struct cloud *c, int64_t from_s, int64_t to_s, struct error *err)
{
	int64_t half_s = from_s + (to_s - from_s) / 2 / STEP_S * STEP_S;
	struct error why = {0};
	int rc = read_portion(c, from_s, to_s, &why);

	if (rc != -EFBIG || to_s - from_s < STEP_S)
		return rc < 0 ? error_set(err, -rc, "%s", why.text) : 0;
	TRY(read_span(c, from_s, half_s, err));
	return read_span(c, half_s + STEP_S, to_s, err);
}

// ---- records ----

static void put_number(size_t m, double v, struct record *ret)
{
	const size_t n_states = ARRAY_LEN(states);

	if (isnan(v))
		return;
	if (measures[m].type == COLUMN_DOUBLE)
		record_double(ret, measures[m].at, v);
	else if (measures[m].type != COLUMN_TEXT)
		record_int(ret, measures[m].at, v < 0 || v > 9e18 ? -1 : llround(v));
	else if (v >= 0 && v < (double)n_states)
		record_text(ret, measures[m].at, states[(size_t)v]);
}

static int cloud_next(void *state, struct record *ret, struct error *err)
{
	struct cloud *c = state;
	const struct instance *i;

	(void)err;
	if (c->given == c->n)
		return 0;
	i = c->list[c->given++];
	record_start(ret, STAGE_instance, i->uuid);
	record_text(ret, AT_instance_uuid, i->uuid);
	for (size_t t = 0; t < ARRAY_LEN(texts); t++)
		record_text(ret, texts[t].at, i->words[t]);
	for (size_t m = 0; m < ARRAY_LEN(measures); m++)
		put_number(m, i->numbers[m], ret);
	record_int(ret, AT_instance_seen_t, i->first_s);
	if (c->now_s - i->last_s > GONE_S)
		record_int(ret, AT_instance_end_t, i->last_s + STEP_S);
	return 1;
}

static const char *cloud_place(void *state, struct arena *a)
{
	const struct cloud *c = state;

	return arena_printf(a, "%" PRId64, c->given == c->n ? c->now_s : c->from_s);
}

// ---- opening ----

static int begin(struct cloud *c, const struct import_request *r, struct error *err)
{
	const struct http_settings http = http_settings_of(r->settings, r->spec);

	c->now_s = time(NULL) / STEP_S * STEP_S;
	c->from_s = r->since_s ? r->since_s : c->now_s - FIRST_S;
	if (*r->place && parse_i64(r->place, &c->from_s) < 0)
		return error_set(err, EINVAL, "import_cursor: '%.60s' is no place", r->place);
	if (*r->place)
		c->from_s -= r->settings->import_overlap;
	TRY(http_open(&http, &c->http, err));
	for (int64_t at = c->from_s / STEP_S * STEP_S; at <= c->now_s; at += PORTION_S) {
		int64_t to_s = at + PORTION_S - STEP_S;

		TRY(read_span(c, at, to_s < c->now_s ? to_s : c->now_s, err));
	}
	return 0;
}

static int cloud_open(const struct import_request *r, void **ret_state, struct error *err)
{
	struct cloud *c = memory_alloc(1, sizeof(*c));
	int rc;

	c->problems = r->problems;
	rc = begin(c, r, err);
	if (rc < 0) {
		cloud_close(c);
		return rc;
	}
	*ret_state = c;
	return 0;
}

const struct connector cloud_prometheus = {
	.category = CATEGORY_CLOUD,
	.name = "prometheus",
	.settings = "prometheus:URL where a libvirt exporter's series are kept",
	.open = cloud_open,
	.next = cloud_next,
	.place = cloud_place,
	.close = cloud_close,
};
