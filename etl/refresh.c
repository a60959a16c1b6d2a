// SPDX-License-Identifier: Apache-2.0
// One statement after the other until nothing is marked. The SQL is in
// etl/schema/013-refresh-usage.sql.
#include "etl/refresh.h"

#include "common/log.h"
#include "common/progress.h"

static const char mark_capacity[] = "SELECT warehouse.mark_capacity()";
static const char keep_months[] = "SELECT warehouse.keep_months()";
static const char refresh_next[] = "SELECT unit, day, cluster_id FROM warehouse.refresh_next()";

int refresh_marked(struct postgres *p, uint64_t *ret_n, struct error *err)
{
	struct progress progress;
	int rc;

	*ret_n = 0;
	TRY(postgres_query(p, mark_capacity, NULL, 0, NULL, err));
	progress_start(&progress, "periods", 0);
	do {
		CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

		rc = postgres_query(p, refresh_next, NULL, 0, &rows, err);
		if (rc < 0 || !postgres_text(rows, 0, 0))
			break;
		log_debug("made %s %s of cluster %s", postgres_text(rows, 0, 0),
			postgres_text(rows, 0, 1), postgres_text(rows, 0, 2));
		progress_step(&progress, ++*ret_n);
	} while (rc == 0);
	progress_end(&progress);
	return rc;
}

int refresh_keep(struct postgres *p, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

	TRY(postgres_query(p, keep_months, NULL, 0, &rows, err));
	if (postgres_int(rows, 0, 0) > 0)
		log_notice("%s partitions of old months dropped", postgres_text(rows, 0, 0));
	return 0;
}
