// SPDX-License-Identifier: Apache-2.0
// put_job URL CLUSTER RAW_ID SUBMIT END [COUNT]: puts a document of that job with time series, and
// COUNT more with the raw ids that follow; prints each raw id once it is stored. The password comes
// from TEST_STORE_PASSWORD. For the tests of whole programs.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/document/document.h"
#include "common/store/store.h"
#include "common/str.h"

static int make(struct arena *a, const struct store_item *item, struct bytes *summary,
	struct bytes *series, struct error *err)
{
	char *id = arena_printf(a, "%" PRIu64 "-%" PRId64, item->key.raw_id, item->end_s);
	struct doc *d = doc_object(a);
	struct doc *s = doc_object(a);
	struct doc *all = doc_array(a);

	doc_put_text(d, a, "_id", id);
	doc_put_time(d, a, "created", item->end_s * 1000);
	doc_put_double(doc_at(d, a, "cpu.jobcpus.user"), a, "avg", 0.25);
	doc_put_text(doc_at(d, a, "jobsight"), a, "state", "done");
	TRY(doc_to_bson(d, a, summary, err));
	doc_put_text(s, a, "_id", id);
	doc_put_double(all, a, NULL, 1.5);
	doc_put(doc_at(s, a, "cpuuser.hosts.0"), a, "all", all);
	return doc_to_bson(s, a, series, err);
}

static int put_one(struct store *s, struct store_item *item, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};

	item->job_id = arena_printf(&a, "%" PRIu64, item->key.raw_id);
	TRY(make(&a, item, &item->summary, &item->series, err));
	TRY(store_put(s, item, 1, err));
	return printf("%" PRIu64 "\n", item->key.raw_id) < 0 || fflush(stdout) != 0 ? -EIO : 0;
}

int main(int argc, char **argv)
{
	struct store_item item = {0};
	struct error err = {0};
	uint64_t more = 0;
	struct store *s;
	int rc = 0;

	if (argc < 6 || parse_u64(argv[3], &item.key.raw_id) < 0 ||
		parse_i64(argv[4], &item.key.submit_s) < 0 || parse_i64(argv[5], &item.end_s) < 0 ||
		(argc > 6 && parse_u64(argv[6], &more) < 0)) {
		fprintf(stderr, "usage: put_job URL CLUSTER RAW_ID SUBMIT END [COUNT]\n");
		return 2;
	}
	item.key.cluster = item.resource = argv[2];
	if (store_open(argv[1], getenv("TEST_STORE_PASSWORD"), false, &s, &err) < 0) {
		fprintf(stderr, "put_job: %s\n", err.text);
		return 1;
	}
	for (uint64_t i = 0; i <= more && rc == 0; i++, item.key.raw_id++)
		rc = put_one(s, &item, &err);
	if (rc < 0)
		fprintf(stderr, "put_job: %s\n", err.text);
	store_close(s);
	return rc < 0;
}
