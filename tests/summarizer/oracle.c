// SPDX-License-Identifier: Apache-2.0
// oracle BASE[=THEIRS]...: reads each archive with our reader and with libpcp at once and demands
// that every record, value set, value and instance name is the same. THEIRS is what libpcp reads
// instead, where BASE is compressed in a way that it does not know. Prints what was compared; exits
// 1 at the first difference.
#include <inttypes.h>
#include <pcp/pmapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "summarizer/archive/archive.h"
#include "summarizer/reduce/domain.h"

struct oracle {
	struct archive *archive;
	struct arena arena;
	struct domain *domains; // one for each record of an instance domain, by its number
	struct id_map *ids;
	size_t n_ids;
	size_t next_indom;
	size_t records, marks, sets, values, names;
};

static _Noreturn void differ(const struct oracle *o, const char *what, uint32_t pmid)
{
	fprintf(stderr, "%s: record %zu, metric %s: %s differs\n", archive_base(o->archive),
		o->records + o->marks, pmIDStr(pmid), what);
	exit(1);
}

static void check(int sts, const char *what)
{
	if (sts >= 0)
		return;
	fprintf(stderr, "%s: %s\n", what, pmErrStr(sts));
	exit(1);
}

static struct id_map *map_of(struct oracle *o, uint32_t number)
{
	for (size_t i = 0; i < o->n_ids; i++)
		if (o->ids[i].number == number)
			return &o->ids[i];
	struct id_map *m = &o->ids[o->n_ids];
	domain_init(&o->domains[o->n_ids], number);
	*m = (struct id_map){.number = number, .domain = &o->domains[o->n_ids]};
	o->n_ids++;
	return m;
}

static void follow(struct oracle *o, int64_t now_ns)
{
	const struct archive_meta *m = archive_meta(o->archive);
	for (; o->next_indom < m->n_indoms; o->next_indom++) {
		const struct archive_indom *d = &m->indoms[o->next_indom];
		if (d->time_ns > now_ns)
			return;
		id_map_apply(map_of(o, d->indom), d, &o->arena);
	}
}

static void compare_name(struct oracle *o, const struct archive_metric *m, int32_t id)
{
	char *theirs = NULL;
	if (m->indom == ARCHIVE_NO_INDOM)
		return;
	const struct id_map *map = map_of(o, m->indom);
	uint32_t row = id_map_row(map, id);
	int sts = pmNameInDom(m->indom, id, &theirs);
	if ((sts >= 0) != (row != NO_ROW))
		differ(o, "whether an instance has a name", m->pmid);
	if (sts >= 0 && strcmp(theirs, map->domain->names[row]) != 0)
		differ(o, "name of an instance", m->pmid);
	o->names += sts >= 0;
	free(theirs);
}

static void compare_value(struct oracle *o, const struct archive_record *r,
	const struct archive_set *s, const pmValueSet *vs, int i, uint32_t type)
{
	pmAtomValue theirs;
	const pmValue *v = &vs->vlist[i];
	if (type > PM_TYPE_DOUBLE) {
		struct bytes b = archive_value_block(r, s, i, type);
		size_t len = v->value.pval->vlen - PM_VAL_HDR_SIZE;
		if (b.len != len || memcmp(b.data, v->value.pval->vbuf, len) != 0)
			differ(o, "a block", vs->pmid);
		return;
	}
	uint64_t ours = 0;
	uint64_t bits = 0;
	if (!archive_value_bits(r, s, i, type, &ours))
		differ(o, "whether a value is good", vs->pmid);
	check(pmExtractValue(vs->valfmt, v, (int)type, &theirs, (int)type), "pmExtractValue");
	if (type == PM_TYPE_FLOAT) {
		double d = (double)theirs.f;
		memcpy(&bits, &d, sizeof(bits));
	} else if (type == PM_TYPE_32) {
		bits = (uint64_t)(int64_t)theirs.l;
	} else if (type == PM_TYPE_U32) {
		bits = theirs.ul;
	} else {
		bits = theirs.ull;
	}
	if (bits != ours)
		differ(o, "a value", vs->pmid);
}

static const struct archive_metric *metric_of(const struct archive *x, uint32_t pmid)
{
	const struct archive_meta *m = archive_meta(x);
	for (size_t i = 0; i < m->n_metrics; i++)
		if (m->metrics[i].pmid == pmid)
			return &m->metrics[i];
	return NULL;
}

static void compare_set(struct oracle *o, const struct archive_record *r,
	const struct archive_set *s, const pmValueSet *vs)
{
	if (s->pmid != vs->pmid || s->n != vs->numval)
		differ(o, "metric or number of values", vs->pmid);
	o->sets++;
	const struct archive_metric *m = metric_of(o->archive, s->pmid);
	if (m == NULL)
		differ(o, "the descriptor", vs->pmid);
	for (int i = 0; i < s->n; i++) {
		if (archive_value_instance(s, i) != vs->vlist[i].inst)
			differ(o, "an instance", vs->pmid);
		compare_value(o, r, s, vs, i, m->type);
		compare_name(o, m, vs->vlist[i].inst);
		o->values++;
	}
}

static void compare_record(
	struct oracle *o, struct archive_record *r, const pmHighResResult *theirs)
{
	if (r->time_ns != theirs->timestamp.tv_sec * NS_PER_S + theirs->timestamp.tv_nsec)
		differ(o, "the time", 0);
	if (r->n_sets != (uint32_t)theirs->numpmid)
		differ(o, "the number of metrics", 0);
	follow(o, r->time_ns);
	o->marks += theirs->numpmid == 0;
	o->records += theirs->numpmid != 0;
	struct archive_record whole = *r;
	struct archive_set s = {0};
	for (int i = 0; i < theirs->numpmid; i++) {
		if (archive_set_next(r, &s) != 1)
			differ(o, "a value set", theirs->vset[i]->pmid);
		compare_set(o, &whole, &s, theirs->vset[i]);
	}
}

static void compare_descriptors(const struct oracle *o)
{
	const struct archive_meta *m = archive_meta(o->archive);
	pmLogLabel label;
	check(pmGetArchiveLabel(&label), "pmGetArchiveLabel");
	if (strcmp(label.ll_hostname, m->label.host) != 0)
		differ(o, "the host of the label", 0);
	for (size_t i = 0; i < m->n_metrics; i++) {
		pmID pmid = 0;
		pmDesc d;
		const char *name = m->metrics[i].name;
		check(pmLookupName(1, &name, &pmid), name);
		check(pmLookupDesc(pmid, &d), name);
		if (pmid != m->metrics[i].pmid || (uint32_t)d.type != m->metrics[i].type ||
			d.indom != m->metrics[i].indom ||
			(uint32_t)d.sem != m->metrics[i].semantics)
			differ(o, "a descriptor", pmid);
	}
}

static void run(char *base)
{
	char *equals = strchr(base, '=');
	const char *theirs_base = equals ? equals + 1 : base;
	struct oracle o = {0};
	struct error err;
	struct archive_record r;
	pmHighResResult *theirs = NULL;
	if (equals)
		*equals = '\0';
	if (archive_open(base, &o.archive, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	size_t n = archive_meta(o.archive)->n_indoms + archive_meta(o.archive)->n_metrics + 1;
	o.domains = calloc(n, sizeof(*o.domains));
	o.ids = calloc(n, sizeof(*o.ids));
	int context = pmNewContext(PM_CONTEXT_ARCHIVE, theirs_base);
	check(context, theirs_base);
	compare_descriptors(&o);
	int sts = 0;
	while ((sts = pmFetchHighResArchive(&theirs)) >= 0) {
		if (archive_next(o.archive, &r) != 1)
			differ(&o, "the end", 0);
		compare_record(&o, &r, theirs);
		pmFreeHighResResult(theirs);
	}
	// At a record that is not whole libpcp fails, we end: the archive is still growing.
	if (sts != PM_ERR_EOL && sts != PM_ERR_LOGREC)
		check(sts, "pmFetchArchive");
	int64_t end_ns = archive_end_ns(o.archive);
	struct timeval end;
	check(pmGetArchiveEnd(&end), "pmGetArchiveEnd");
	if (sts == PM_ERR_EOL && end_ns / 1000 != (int64_t)end.tv_sec * 1000000 + end.tv_usec)
		differ(&o, "the end of the archive", 0);
	if (archive_next(o.archive, &r) != 0 || archive_damage(o.archive)->code)
		differ(&o, "the end", 0);
	pmDestroyContext(context);
	printf("%s: %zu records, %zu marks, %zu sets, %zu values, %zu names\n", base, o.records,
		o.marks, o.sets, o.values, o.names);
	for (size_t i = 0; i < o.n_ids; i++) {
		domain_release(&o.domains[i]);
		id_map_release(&o.ids[i]);
	}
	free(o.domains);
	free(o.ids);
	archive_close(o.archive);
	arena_release(&o.arena);
}

int main(int argc, char **argv)
{
	(void)setenv("PCP_DERIVED_CONFIG", "/dev/null", 1);
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	return argc < 2 ? 2 : 0;
}
