// SPDX-License-Identifier: Apache-2.0
// Which hosts of a batch Prometheus is asked for, and the folder that their samples lie in.
#include "summarizer/fetch.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"

struct stay { // of one job on one host
	const char *host;
	struct prometheus_stay time;
};

static int by_host(const void *a, const void *b)
{
	const struct stay *x = a;
	const struct stay *y = b;
	int order = strcmp(x->host, y->host);
	if (order || x->time.begin_s == y->time.begin_s)
		return order;
	return x->time.begin_s < y->time.begin_s ? -1 : 1;
}

static int by_begin(const void *a, const void *b)
{
	const struct prometheus_host *x = a;
	const struct prometheus_host *y = b;
	if (x->stays->begin_s != y->stays->begin_s)
		return x->stays->begin_s < y->stays->begin_s ? -1 : 1;
	return strcmp(x->name, y->name);
}

static struct stay *list_stays(const struct batch *b, struct arena *a, size_t *ret_n)
{
	const char *suffix = b->cluster->host_suffix ? b->cluster->host_suffix : "";
	size_t pairs = 0;
	for (size_t i = 0; i < b->n_jobs; i++)
		pairs += b->jobs[i].start_s ? b->jobs[i].hosts.n : 0;
	struct stay *stays = arena_array(a, pairs + 1, sizeof(*stays));
	*ret_n = 0;
	for (size_t i = 0; i < b->n_jobs; i++) {
		const struct job *job = &b->jobs[i];
		for (size_t k = 0; job->start_s && k < job->hosts.n; k++) {
			const char *name = arena_printf(a, "%s%s", job->hosts.hosts[k], suffix);
			if (b->shard == NULL || shard_has(b->shard, name))
				stays[(*ret_n)++] = (struct stay){name, {job->start_s, job->end_s}};
		}
	}
	qsort(stays, *ret_n, sizeof(*stays), by_host);
	return stays;
}

static struct prometheus_host *list_hosts(const struct batch *b, struct arena *a, size_t *ret_n)
{
	size_t n = 0;
	const struct stay *stays = list_stays(b, a, &n);
	struct prometheus_host *hosts = arena_array(a, n + 1, sizeof(*hosts));
	struct prometheus_stay *to = arena_array(a, n + 1, sizeof(*to)); // of all hosts
	struct prometheus_host *h = hosts;
	for (size_t i = 0; i < n; i++) {
		const struct prometheus_stay *x = &stays[i].time;
		bool is_new = i == 0 || !str_eq(stays[i].host, stays[i - 1].host);
		if (is_new) {
			h = &hosts[(*ret_n)++];
			*h = (struct prometheus_host){.name = stays[i].host, .stays = to};
		}
		if (is_new || x->begin_s > to[-1].end_s + PROMETHEUS_JOIN_S) {
			*to++ = *x;
			h->n_stays++;
		} else if (x->end_s > to[-1].end_s) {
			to[-1].end_s = x->end_s;
		}
	}
	qsort(hosts, *ret_n, sizeof(*hosts), by_begin);
	return hosts;
}

static int make_folder(struct fetched *f, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	const char *dir = getenv("TMPDIR");
	strbuf_printf(&path, "%s/jobsight-prometheus.XXXXXX", dir && dir[0] ? dir : "/var/tmp");
	if (mkdtemp(path.text) == NULL)
		return error_set(err, errno, "%s: %s", path.text, strerror(errno));
	f->folder = strbuf_take(&path);
	return 0;
}

int fetch_hosts(const struct batch *b, void (*bad)(void *context, const struct error *why),
	void *context, struct arena *a, struct archive_tree *tree, struct fetched *ret,
	struct error *err)
{
	struct prometheus_request q = {
		.settings = b->prometheus, .plan = b->plan, .bad = bad, .context = context};
	q.hosts = list_hosts(b, a, &q.n_hosts);
	if (q.n_hosts == 0)
		return 0;
	TRY(make_folder(ret, err));
	q.folder = ret->folder;
	return prometheus_fetch(&q, tree, a, err);
}

static void close_folder(DIR **d)
{
	if (*d)
		closedir(*d);
}

void fetched_remove(struct fetched *f)
{
	if (f->folder == NULL)
		return;
	CLEANUP(close_folder) DIR *d = opendir(f->folder);
	for (const struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d))
		(void)unlinkat(dirfd(d), e->d_name, 0); // "." and ".." stay
	(void)rmdir(f->folder);
	free(f->folder);
	f->folder = NULL;
}
