// SPDX-License-Identifier: Apache-2.0
// The way of every request: parse, identity, route, role, handler, error page.
#include "portal/portal.h"

#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "portal/field.h"
#include "portal/layout.h"
#include "portal/postgres.h"
#include "portal/routes.h"

static int status_of(int code)
{
	switch (-code) {
	case ENOENT:
		return 404;
	case EINVAL:
	case ERANGE:
		return 400;
	case EACCES:
	case EPERM:
		return 403;
	case ENAMETOOLONG:
		return 414;
	case EAGAIN:
	case ETIMEDOUT:
	case ECONNREFUSED:
		return 503;
	default:
		return 500;
	}
}

static void fail(const struct portal *p, struct request *q, struct reply *r, int code,
	const struct error *err)
{
	int status = status_of(code);
	if (status == 500) {
		log_error("%s: %s", q->n_segments ? q->segments[0] : "/", err->text);
		layout_error(p, q, r, status,
			"The portal could not answer this. The reason is in its log.");
		return;
	}
	layout_error(
		p, q, r, status, err->text[0] ? err->text : "There is nothing at this address.");
}

static void redirect_without_slash(struct request *q, struct reply *r)
{
	size_t len = strcspn(q->target, "?");
	reply_redirect(r, q, 308,
		arena_printf(q->arena, "%.*s%s", (int)(len - 1), q->target, q->target + len));
}

static int serve(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	TRY(request_parse(q, q->target, err));
	TRY(identity_of(&p->identity, q, err));
	const struct route *route = route_find(routes, n_routes, q);
	if (!route)
		return error_set(err, ENOENT, "There is nothing at this address.");
	if (q->method == METHOD_OTHER) {
		r->allow = "GET, HEAD";
		layout_error(p, q, r, 405, "This address can only be read.");
		return 0;
	}
	if (route->role > ROLE_PUBLIC && !q->person[0]) {
		layout_error(p, q, r, 401, "Please sign in through your site's sign-on page.");
		return 0;
	}
	if (q->has_trailing_slash) {
		redirect_without_slash(q, r);
		return 0;
	}
	return route->handle(p, q, r, err);
}

void portal_handle(void *portal, struct request *q, struct reply *r)
{
	struct portal *p = portal;
	struct error err = {0};
	int code = serve(p, q, r, &err);
	if (code < 0)
		fail(p, q, r, code, &err);
	reply_finish(r, q);
}

int request_session(struct portal *p, struct request *q, struct session **ret, struct error *err)
{
	CLEANUP(session_end) struct session *s = NULL;
	struct rows who;

	TRY(session_begin(p->warehouse, q->person, &s, err));
	TRY(session_query(s, STATEMENT_WHO, NULL, q->arena, &who, err));
	q->is_staff = who.n == 1 && field_bool(who.items[0], "is_staff");
	*ret = s;
	s = NULL;
	return 0;
}

const char *portal_zone_name(const struct portal *p, const char *cluster)
{
	const struct settings *s = p->settings;
	for (size_t i = 0; i < s->n_clusters; i++)
		if (str_eq(s->clusters[i].name, cluster) && s->clusters[i].timezone)
			return s->clusters[i].timezone;
	return "UTC";
}

const struct timezone_rules *portal_zone(const struct portal *p, const char *cluster)
{
	for (size_t i = 0; i < p->settings->n_clusters; i++)
		if (str_eq(p->settings->clusters[i].name, cluster))
			return p->zones[i];
	return NULL;
}
