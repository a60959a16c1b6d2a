// SPDX-License-Identifier: Apache-2.0
// For monitors: 200 when the portal and its warehouse answer, 503 when the warehouse does not.
#include <errno.h>

#include "portal/field.h"
#include "portal/postgres.h"
#include "portal/routes.h"

int page_health(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	CLEANUP(session_end) struct session *s = NULL;
	struct rows rows;
	TRY(session_begin(p->warehouse, q->person, &s, err));
	TRY(session_query(s, STATEMENT_HEALTH, NULL, q->arena, &rows, err));
	if (rows.n != 1 || !field_bool(rows.items[0], "schema"))
		return error_set(err, EAGAIN, "The warehouse has no schema yet.");
	r->type = TYPE_JSON;
	r->cache = "no-store";
	strbuf_puts(&r->body, "{\"status\":\"ok\",\"version\":\"" JOBSIGHT_VERSION "\"}\n");
	return 0;
}
