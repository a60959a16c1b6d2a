// SPDX-License-Identifier: Apache-2.0
// accounting_dump SOURCE CLUSTER [ZONE [since=S] [until=S] [script] [id=ID]... [url=URL]]: every field of
// every job, one job a line, so that two sources can be compared. URL: the settings' warehouse.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/accounting/source.h"
#include "common/clock.h"
#include "common/settings.h"
#include "common/str.h"

static void complain(void *context, const struct error *why)
{
	(void)context;
	fprintf(stderr, "bad: %s\n", why->text);
}

static void print(const struct job *j)
{
	printf("%" PRIu64 " submit=%" PRId64 " id=%s cluster=%s array=%" PRIu64 ":%" PRId64
	       " het=%" PRIu64 ":%" PRId64,
		j->key.raw_id, j->key.submit_s, j->id, j->key.cluster, j->array_job, j->array_task,
		j->het_job, j->het_offset);
	printf(" name=%s user=%s group=%s account=%s partition=%s qos=%s wckey=%s resv=%s uid=%u "
	       "gid=%u",
		j->name, j->user, j->group, j->account, j->partition, j->qos, j->wckey,
		j->reservation, j->uid, j->gid);
	printf(" state=%s exit=%d:%d eligible=%" PRId64 " start=%" PRId64 " end=%" PRId64
	       " limit=%" PRId64 " suspended=%" PRId64,
		j->state, j->exit_code, j->exit_signal, j->eligible_s, j->start_s, j->end_s,
		j->limit_s, j->suspended_s);
	printf(" nodes=%u cpus=%u gpus=%u reqcpus=%u reqmem=%" PRIu64 " mem=%" PRIu64
	       " energy=%" PRId64,
		j->nodes, j->cpus, j->gpus, j->requested_cpus, j->requested_memory_bytes,
		j->allocated_memory_bytes, j->energy_j);
	printf(" tres=%s dir=%s line=%s hosts=", j->tres, j->work_dir, j->submit_line);
	for (size_t i = 0; i < j->hosts.n; i++)
		printf("%s,", j->hosts.hosts[i]);
	printf(" script=%zu\n", strlen(j->script));
}

enum { IDS_MAX = 8 };

static int read_options(int argc, char **argv, const char *ids[IDS_MAX],
	struct accounting_request *q, struct settings *s)
{
	for (int i = 4; i < argc; i++) {
		q->with_scripts |= str_eq(argv[i], "script");
		if (str_starts(argv[i], "since=") && parse_i64(argv[i] + 6, &q->since_s) < 0)
			return -EINVAL;
		if (str_starts(argv[i], "until=") && parse_i64(argv[i] + 6, &q->until_s) < 0)
			return -EINVAL;
		if (str_starts(argv[i], "url="))
			s->warehouse_url = argv[i] + 4;
		if (str_starts(argv[i], "id=") && q->n_ids < IDS_MAX)
			ids[q->n_ids++] = argv[i] + 3;
	}
	q->ids = ids;
	q->settings = s;
	return 0;
}

int main(int argc, char **argv)
{
	const char *ids[IDS_MAX];
	struct accounting_request q = {0};
	struct settings settings = {.warehouse_url = ""};
	struct arena a = {0};
	struct error err = {0};
	struct timezone_rules *zone = NULL;
	struct job job;
	void *state = NULL;
	if (argc < 3)
		return 2;
	const struct accounting_source *s = accounting_source_find(argv[1], &q.spec);
	if (!s) {
		fprintf(stderr, "%s: no such source\n", argv[1]);
		return 2;
	}
	q.cluster = argv[2];
	if (read_options(argc, argv, ids, &q, &settings) < 0)
		return 2;
	int rc = timezone_open(argc > 3 ? argv[3] : "UTC", &zone, &err);
	q.zone = zone;
	if (rc == 0)
		rc = s->open(&q, &state, &err);
	if (rc == 0)
		while ((rc = s->next(state, &a, &job, complain, NULL, &err)) > 0)
			print(&job);
	if (state)
		s->close(state);
	if (rc < 0)
		fprintf(stderr, "%s\n", err.text);
	timezone_close(zone);
	arena_release(&a);
	return rc < 0;
}
