// SPDX-License-Identifier: Apache-2.0
// Which hosts there should be: those of the setting, those of recent jobs and those of the tree. One
// that nobody expects and that has been silent for long was taken away: it is left out.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/accounting/source.h"
#include "common/clock.h"
#include "common/hostlist.h"
#include "common/str.h"
#include "keeper/doctor.h"

struct ward {
	struct doctor *doctor;
	const struct doctor_ward *what;
	struct map by_name, by_short_name; // to place + 1; of two hosts of one short name the first
	size_t first;                      // place of the ward's first host
};

static void ward_close(struct ward *w)
{
	map_release(&w->by_name);
	map_release(&w->by_short_name);
}

static void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void *as_pointer(size_t place)
{
	return (void *)(uintptr_t)(place + 1); // NOLINT(performance-no-int-to-ptr): a number
}

static struct doctor_host *add_host(struct ward *w, const char *name)
{
	struct doctor *d = w->doctor;

	if (d->n == d->room) {
		struct doctor_host *old = d->hosts;

		d->room = d->room ? 2 * d->room : 256;
		d->hosts = arena_array(d->arena, d->room, sizeof(*d->hosts));
		if (d->n)
			memcpy(d->hosts, old, d->n * sizeof(*old));
	}
	struct doctor_host *h = &d->hosts[d->n];
	const char *own = arena_strdup(d->arena, name);
	const char *cut = arena_strndup(d->arena, name, strcspn(name, "."));

	*h = (struct doctor_host){.name = own, .cluster = w->what->cluster};
	map_put(&w->by_name, own, as_pointer(d->n));
	if (!map_get(&w->by_short_name, cut))
		map_put(&w->by_short_name, cut, as_pointer(d->n));
	d->n++;
	return h;
}

static struct doctor_host *find_host(struct ward *w, const char *name)
{
	uintptr_t at = (uintptr_t)map_get(&w->by_name, name);

	if (!at && !strchr(name, '.'))
		at = (uintptr_t)map_get(&w->by_short_name, name);
	return at ? &w->doctor->hosts[at - 1] : NULL;
}

static struct doctor_host *expect(struct ward *w, const char *name)
{
	struct doctor_host *h = find_host(w, name);

	if (!h)
		h = add_host(w, name);
	h->is_expected = true;
	return h;
}

static void complain(struct ward *w, enum fault fault, const char *detail)
{
	struct doctor *d = w->doctor;

	finding_add(d, &d->services[SERVICE_TREES].findings, fault, arena_strdup(d->arena, detail));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct doctor_host *)a)->name, ((const struct doctor_host *)b)->name);
}

static void take_tree(struct ward *w, int *ret_root)
{
	struct error why = {0};
	CLEANUP(close_dir) DIR *dir = opendir(w->what->root);

	*ret_root = -1;
	if (!dir) {
		(void)error_set(&why, errno, "%s: %s", w->what->root, strerror(errno));
		complain(w, FAULT_NO_TREE, why.text);
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		if (*e->d_name == '.' ||
			(e->d_type != DT_DIR && e->d_type != DT_UNKNOWN && e->d_type != DT_LNK))
			continue;
		add_host(w, e->d_name)->is_in_tree = true;
	}
	*ret_root = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 0);
}

static void take_list(struct ward *w)
{
	struct hostlist list = {0};
	struct error why = {0};

	if (hostlist_expand(w->what->listed, HOSTLIST_MAX, w->doctor->arena, &list, &why) < 0)
		complain(w, FAULT_NO_HOSTS, why.text);
	for (size_t i = 0; i < list.n; i++)
		(void)expect(w, list.hosts[i]);
}

static void bad_record(void *context, const struct error *why)
{
	(void)context; // the summarizer names each
	(void)why;
}

// A job's begin and end are on record some time after.
static void note_edge(struct doctor *d, struct doctor_host *h, const struct job *job, int64_t at_s)
{
	if (at_s > h->edge_s && at_s <= d->now_s - d->settings->doctor_boundary_slack) {
		h->edge_s = at_s;
		h->edge_job = arena_strdup(d->arena, job->id);
	}
}

static void take_job(struct ward *w, const struct job *job, struct arena *scratch)
{
	for (size_t i = 0; i < job->hosts.n && job->start_s; i++) {
		const char *suffix = w->what->suffix ? w->what->suffix : "";
		const char *name = arena_printf(scratch, "%s%s", job->hosts.hosts[i], suffix);
		struct doctor_host *h = expect(w, name);

		note_edge(w->doctor, h, job, job->start_s);
		if (job->end_s != JOB_RUNNING)
			note_edge(w->doctor, h, job, job->end_s);
	}
}

static int read_accounting(struct ward *w, const struct timezone_rules *zone, struct error *err)
{
	CLEANUP(arena_release) struct arena scratch = {0};
	struct accounting_request q = {.cluster = w->what->cluster,
		.zone = zone,
		.since_s = w->doctor->now_s - w->doctor->settings->doctor_forget,
		.settings = w->doctor->settings};
	const struct accounting_source *source =
		accounting_source_find(w->what->accounting, &q.spec);
	void *state = NULL;
	struct job job;
	int rc;

	if (!source)
		return error_set(err, EINVAL, "%s: no such source", w->what->accounting);
	TRY(source->open(&q, &state, err));
	while ((rc = source->next(state, &scratch, &job, bad_record, NULL, err)) > 0) {
		if (str_eq(job.key.cluster, w->what->cluster))
			take_job(w, &job, &scratch);
		arena_reset(&scratch);
	}
	source->close(state);
	return rc;
}

static void take_accounting(struct ward *w)
{
	struct timezone_rules *zone = NULL;
	struct error why = {0};
	int rc = timezone_open(w->what->timezone ? w->what->timezone : "UTC", &zone, &why);

	if (rc == 0)
		rc = read_accounting(w, zone, &why);
	timezone_close(zone);
	if (rc < 0)
		complain(w, FAULT_ACCOUNTING, why.text);
}

static void look_at_all(struct ward *w, int root)
{
	struct doctor *d = w->doctor;
	int64_t forgotten_s = d->now_s - d->settings->doctor_forget;
	size_t kept = w->first;

	for (size_t i = w->first; i < d->n; i++) {
		struct doctor_host *h = &d->hosts[i];
		struct error why = {0};

		if (h->is_in_tree && host_look(root, h->name, &h->newest, &why) < 0)
			finding_add(d, &h->findings, FAULT_UNREADABLE,
				arena_strdup(d->arena, why.text));
		if (!h->is_expected && h->newest.day_s < forgotten_s && h->findings.n == 0)
			continue; // taken away, or no host at all
		d->hosts[kept++] = *h;
	}
	d->n = kept;
	if (kept > w->first)
		qsort(d->hosts + w->first, kept - w->first, sizeof(*d->hosts), by_name);
}

void doctor_visit(struct doctor *d, const struct doctor_ward *what)
{
	CLEANUP(ward_close) struct ward w = {.doctor = d, .what = what, .first = d->n};
	int root;

	take_tree(&w, &root);
	if (what->listed)
		take_list(&w);
	if (what->accounting)
		take_accounting(&w);
	look_at_all(&w, root);
	if (root >= 0)
		close(root);
}
