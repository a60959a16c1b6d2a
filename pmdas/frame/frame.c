// SPDX-License-Identifier: Apache-2.0
// What PMCD asks of any PMDA, answered from its tables: fetch, help text, labels. See frame.h.
#include "pmdas/frame/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"

struct frame_slot { // what a pmdaMetric's user pointer leads to
	struct frame *frame;
	const struct frame_metric *row;
	uint64_t need; // to be read for it
};

#define UNIT(id, word_, labelled_, space, time, count, space_scale, time_scale, count_scale) \
	const struct frame_unit frame_unit_##id = {.word = (word_),                          \
		.labelled = (labelled_),                                                     \
		.pcp = PMDA_PMUNITS(space, time, count, space_scale, time_scale, count_scale)};
#include "pmdas/frame/units.def"

int frame_read_u64(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct frame_reading *r = (const void *)((const char *)record + m->field);

	if (!r->known)
		return PMDA_FETCH_NOVALUES;
	ret->ull = r->value;
	return PMDA_FETCH_STATIC;
}

int frame_read_text(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const char *const *text = (const void *)((const char *)record + m->field);

	if (*text == NULL)
		return PMDA_FETCH_NOVALUES;
	ret->cp = (char *)*text; // copied by pmdaFetch before the lock is released
	return PMDA_FETCH_STATIC;
}

int frame_read_string(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const char *text = (const char *)record + m->field;

	if (*text == '\0')
		return PMDA_FETCH_NOVALUES;
	ret->cp = (char *)text; // copied by pmdaFetch before the lock is released
	return PMDA_FETCH_STATIC;
}

static int by_id(const void *a, const void *b)
{
	const struct frame_instance *x = a;
	const struct frame_instance *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static const struct frame_instance *find_instance(struct frame_indom *d, unsigned id)
{
	struct frame_instance key = {.id = (int)id};
	const struct frame_instance *found;

	if (d->n == 0)
		return NULL;
	if (d->next < d->n && d->set[d->next].id == key.id)
		found = &d->set[d->next];
	else
		found = bsearch(&key, d->set, d->n, sizeof(*d->set), by_id);
	if (found != NULL)
		d->next =
			(unsigned)(found - d->set) + 1 < d->n ? (unsigned)(found - d->set) + 1 : 0;
	return found;
}

static const void *record_of(struct frame *f, int indom, unsigned id)
{
	const struct frame_instance *found;

	if (indom == FRAME_NODE)
		return f->state;
	found = find_instance(&f->indoms[indom], id);
	return found ? found->record : NULL;
}

// The fetch callback of every metric.
static int fetch_value(pmdaMetric *metric, unsigned id, pmAtomValue *ret)
{
	const struct frame_slot *slot = metric->m_user;
	const void *record = record_of(slot->frame, slot->row->indom, id);

	if (record == NULL)
		return PMDA_FETCH_NOVALUES;
	return slot->row->read(slot->row, record, ret);
}

static int by_number(const void *a, const void *b)
{
	const struct frame_slot *x = a;
	const struct frame_slot *y = b;
	unsigned m = x->row->cluster << 10 | x->row->item;
	unsigned n = y->row->cluster << 10 | y->row->item;

	return (m > n) - (m < n);
}

static const struct frame_slot *slot_of(const struct frame *f, pmID id)
{
	struct frame_metric row = {.cluster = pmID_cluster(id), .item = pmID_item(id)};
	struct frame_slot key = {.row = &row};

	return bsearch(&key, f->slots, f->pmda->n_metrics, sizeof(key), by_number);
}

static int fetch(int n, pmID *ids, pmResult **ret, pmdaExt *ext)
{
	struct frame *f = pmdaExtGetData(ext);
	uint64_t want = 0;
	int rc;

	for (int i = 0; i < n; i++) {
		const struct frame_slot *slot = slot_of(f, ids[i]);

		want |= slot != NULL ? slot->need : 0;
	}
	frame_crew_refresh(f->crew, want);
	if (f->pmda->refresh != NULL)
		f->pmda->refresh(f, f->state);
	rc = pmdaFetch(n, ids, ret, ext);
	frame_crew_release(f->crew);
	return rc;
}

static void refresh(struct frame *f)
{
	if (f->pmda->refresh == NULL)
		return;
	frame_crew_hold(f->crew);
	f->pmda->refresh(f, f->state);
	frame_crew_release(f->crew);
}

static int instance(pmInDom indom, int id, char *name, pmInResult **ret, pmdaExt *ext)
{
	refresh(pmdaExtGetData(ext));
	return pmdaInstance(indom, id, name, ret, ext);
}

static const struct frame_metric *metric_row(const struct frame *f, pmID id)
{
	const struct frame_slot *slot = slot_of(f, id);

	return slot != NULL ? slot->row : NULL;
}

static int text(int id, int type, char **ret, pmdaExt *ext)
{
	const struct frame *f = pmdaExtGetData(ext);
	const char *oneline;
	const char *help;

	if (type & PM_TEXT_PMID) {
		const struct frame_metric *m = metric_row(f, (pmID)id);

		if (m == NULL)
			return PM_ERR_PMID;
		oneline = m->oneline;
		help = m->help;
	} else {
		unsigned serial = pmInDom_serial((pmInDom)id);

		if (serial >= f->pmda->n_indoms)
			return PM_ERR_INDOM;
		oneline = f->pmda->indoms[serial].oneline;
		help = f->pmda->indoms[serial].help;
	}
	*ret = (char *)(type & PM_TEXT_ONELINE ? oneline : help);
	return 0;
}

// libpcp_pmda's own callback for instance labels has no room for a context, so the array that
// pmdaLabel would make is made here.
static int instance_labels(const struct frame *f, pmInDom indom, pmLabelSet **ret)
{
	unsigned serial = pmInDom_serial(indom);
	const struct frame_indom *d;
	pmLabelSet *sets;

	if (indom == PM_INDOM_NULL)
		return 0;
	if (serial >= f->pmda->n_indoms)
		return PM_ERR_INDOM;
	d = &f->indoms[serial];
	if (d->n == 0)
		return 0;
	sets = calloc(d->n, sizeof(*sets));
	if (sets == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < d->n; i++) {
		pmLabelSet *one = NULL;

		if (d->set[i].labels[0] != '\0' &&
			pmdaAddLabels(&one, "%s", d->set[i].labels) > 0) {
			sets[i] = *one;
			free(one);
		}
		sets[i].inst = d->set[i].id;
	}
	*ret = sets;
	return (int)d->n;
}

static int label(int id, int type, pmLabelSet **ret, pmdaExt *ext)
{
	const struct frame *f = pmdaExtGetData(ext);
	const struct frame_metric *m;
	int rc = 0;

	if (type == PM_LABEL_INSTANCES)
		return instance_labels(f, (pmInDom)id, ret);
	if (type == PM_LABEL_ITEM) {
		m = metric_row(f, (pmID)id);
		if (m != NULL && m->unit->labelled)
			rc = pmdaAddLabels(ret, "{\"units\":\"%s\"}", m->unit->word);
		if (rc < 0)
			return rc;
	}
	return pmdaLabel(id, type, ret, ext);
}

static void free_set(pmdaIndom *d)
{
	for (int i = 0; i < d->it_numinst; i++)
		free(d->it_set[i].i_name);
	free(d->it_set);
	d->it_set = NULL;
	d->it_numinst = 0;
}

static int by_name(const void *a, const void *b)
{
	const struct frame_instance *x = *(struct frame_instance *const *)a;
	const struct frame_instance *y = *(struct frame_instance *const *)b;
	int rc = strcmp(x->name, y->name);
	int own;

	if (rc != 0)
		return rc;
	own = frame_instance_id(x->name, 0); // who has it keeps the name
	return x->id == own ? -1 : y->id == own ? 1 : by_id(x, y);
}

// Names from outside that only differ in what must not be in a name have become the same.
static int tell_apart(struct frame_indom *d)
{
	struct frame_instance **sorted =
		malloc((d->n ? d->n : 1) * sizeof(struct frame_instance *));
	const size_t room = sizeof(d->set->name) - sizeof("+12345678");

	if (sorted == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < d->n; i++)
		sorted[i] = &d->set[i];
	qsort(sorted, d->n, sizeof(struct frame_instance *), by_name);
	for (unsigned i = d->n; i > 1; i--) {
		struct frame_instance *s = sorted[i - 1];
		size_t n = strlen(s->name) < room ? strlen(s->name) : room;

		if (strcmp(s->name, sorted[i - 2]->name) == 0)
			pmsprintf(s->name + n, sizeof(s->name) - n, "+%08x", (unsigned)s->id);
	}
	free(sorted);
	return 0;
}

int frame_indom_set(struct frame *f, unsigned indom, const struct frame_instance *set, unsigned n)
{
	struct frame_indom *d = &f->indoms[indom];
	pmdaIndom *p = &f->pmda_indoms[indom];

	free_set(p);
	free(d->set);
	d->n = 0;
	d->next = 0;
	d->set = calloc(n ? n : 1, sizeof(*set));
	p->it_set = calloc(n ? n : 1, sizeof(*p->it_set));
	if (d->set == NULL || p->it_set == NULL)
		return -ENOMEM;
	if (n)
		memcpy(d->set, set, n * sizeof(*set));
	qsort(d->set, n, sizeof(*set), by_id);
	d->n = n;
	if (tell_apart(d) < 0) {
		d->n = 0;
		return -ENOMEM;
	}
	for (unsigned i = 0; i < n; i++) {
		p->it_set[i].i_inst = d->set[i].id;
		p->it_set[i].i_name = strdup(d->set[i].name);
		if (p->it_set[i].i_name == NULL) {
			d->n = 0;
			return -ENOMEM;
		}
		p->it_numinst = (int)i + 1;
	}
	return 0;
}

// FNV-1a, of which 31 bits make a number that PCP takes.
int frame_instance_id(const char *name, unsigned attempt)
{
	uint32_t hash = UINT32_C(2166136261) + attempt;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * UINT32_C(16777619);
	return (int)(hash >> 1);
}

static void fill_slots(struct frame *f)
{
	for (unsigned i = 0; i < f->pmda->n_metrics; i++) {
		const struct frame_metric *m = &f->pmda->metrics[i];

		f->slots[i] = (struct frame_slot){
			.frame = f,
			.row = m,
			.need = f->pmda->need ? f->pmda->need(m) : UINT64_C(1) << m->cluster,
		};
	}
	qsort(f->slots, f->pmda->n_metrics, sizeof(*f->slots), by_number);
}

static void fill_tables(struct frame *f)
{
	fill_slots(f);
	for (unsigned i = 0; i < f->pmda->n_indoms; i++)
		f->pmda_indoms[i].it_indom = i;
	for (unsigned i = 0; i < f->pmda->n_metrics; i++) {
		const struct frame_metric *m = f->slots[i].row;

		f->pmda_metrics[i] = (pmdaMetric){
			.m_user = &f->slots[i],
			.m_desc =
				{
					.pmid = PMDA_PMID(m->cluster, m->item),
					.type = m->type,
					.indom = m->indom == FRAME_NODE ? PM_INDOM_NULL
		                                                        : (pmInDom)m->indom,
					.sem = m->sem,
					.units = m->unit->pcp,
				},
		};
	}
}

int frame_open(
	const struct frame_pmda *pmda, const struct frame_options *options, struct frame **ret)
{
	struct frame *f = calloc(1, sizeof(*f));
	int rc = -ENOMEM;

	if (f == NULL)
		return -ENOMEM;
	f->pmda = pmda;
	f->indoms = calloc(pmda->n_indoms, sizeof(*f->indoms));
	f->pmda_indoms = calloc(pmda->n_indoms, sizeof(*f->pmda_indoms));
	f->pmda_metrics = calloc(pmda->n_metrics, sizeof(*f->pmda_metrics));
	f->slots = calloc(pmda->n_metrics, sizeof(*f->slots));
	if (f->indoms && f->pmda_indoms && f->pmda_metrics && f->slots) {
		fill_tables(f);
		rc = frame_crew_new(options->period_ns, options->patience_ns, &f->crew);
	}
	if (rc == 0 && pmda->clock != 0)
		frame_crew_clock(f->crew, pmda->clock | FRAME_LOOK);
	if (rc == 0)
		rc = pmda->open(f, options, &f->state);
	if (rc < 0) {
		frame_close(f);
		return rc;
	}
	*ret = f;
	return 0;
}

void frame_close(struct frame *f)
{
	if (f->crew && !frame_crew_stop(f->crew))
		return;
	if (f->state)
		f->pmda->close(f->state);
	for (unsigned i = 0; f->indoms && f->pmda_indoms && i < f->pmda->n_indoms; i++) {
		free_set(&f->pmda_indoms[i]);
		free(f->indoms[i].set);
	}
	free(f->indoms);
	free(f->pmda_indoms);
	free(f->pmda_metrics);
	free(f->slots);
	free(f);
}

void frame_attach(struct frame *f, pmdaInterface *dp)
{
	dp->version.seven.fetch = fetch;
	dp->version.seven.instance = instance;
	dp->version.seven.text = text;
	dp->version.seven.label = label;
	pmdaSetData(dp, f);
	pmdaSetFetchCallBack(dp, fetch_value);
	pmdaSetFlags(dp, PMDA_EXT_FLAG_HASHED);
	pmdaInit(dp, f->pmda_indoms, (int)f->pmda->n_indoms, f->pmda_metrics,
		(int)f->pmda->n_metrics);
}
