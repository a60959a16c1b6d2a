// SPDX-License-Identifier: Apache-2.0
// An advisory lock of the server: it goes with its connection, whatever ends that.
#include "etl/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "common/str.h"

enum { TRIES = 50 };

static int try_once(struct postgres *p, const struct postgres_value *which, struct error *err)
{
	CLEANUP(postgres_rows_cleanup) struct postgres_rows *rows = NULL;

	TRY(postgres_query(
		p, "SELECT pg_try_advisory_lock(x'6a6f6273'::int, $1::int)", which, 1, &rows, err));
	return str_eq(postgres_text(rows, 0, 0), "t");
}

int lock_take(struct postgres *p, int32_t which, const char *who, struct error *err)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	char number[16];
	const struct postgres_value value = {.text = number};

	(void)str_format(number, sizeof(number), "%" PRId32, which);
	for (int i = 0; i < TRIES; i++) {
		int rc = try_once(p, &value, err);

		if (rc != 0)
			return rc < 0 ? rc : 0;
		nanosleep(&pause, NULL);
	}
	return error_set(err, EBUSY, "another %s is at work on this warehouse", who);
}
