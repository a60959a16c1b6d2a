// SPDX-License-Identifier: Apache-2.0
// Static files.
#include <errno.h>

#include "portal/routes.h"
#include "portal/statics.h"

// An address with the hash of what we have now never changes its content; one with another hash
// comes from a page made before an update and gets the present file, unremembered.
int page_static(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	const char *name = q->captures[2]
	                           ? arena_printf(q->arena, "%s/%s", q->captures[1], q->captures[2])
	                           : q->captures[1];
	const struct static_file *f = statics_find(p->statics, name);
	if (!f)
		return error_set(err, ENOENT, "There is no such file.");
	bool is_current = str_eq(q->captures[0], statics_hash(p->statics));
	bool is_small = f->gzip.len && reply_takes_gzip(q);
	r->type = f->type;
	r->fixed = is_small ? f->gzip.data : f->data.data;
	r->fixed_len = is_small ? f->gzip.len : f->data.len;
	r->encoding = is_small ? "gzip" : NULL;
	r->etag = arena_printf(q->arena, "\"%s%s\"", statics_hash(p->statics), is_small ? "z" : "");
	r->cache = is_current ? "public, max-age=31536000, immutable" : "no-store";
	return 0;
}

// Browsers ask for this beside every answer that is not HTML.
int page_icon(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	(void)err;
	reply_redirect(
		r, q, 302, arena_printf(q->arena, "/web/%s/mark.svg", statics_hash(p->statics)));
	return 0;
}
