// SPDX-License-Identifier: Apache-2.0
// What every handler may use: one struct, made at the start and never changed afterwards.
#pragma once

#include "common/clock.h"
#include "common/settings.h"
#include "portal/identity.h"
#include "portal/reply.h"
#include "portal/request.h"

struct catalogue;
struct documents;
struct session;
struct statics;
struct warehouse;

struct portal {
	const struct settings *settings;
	struct identity_options identity;
	const struct catalogue *catalogue; // where in the document a value stands
	struct warehouse *warehouse;
	struct documents *documents;
	struct statics *statics;
	struct timezone_rules **zones; // one for each cluster of the settings; NULL: UTC
};

// Answers any request: identity, route, role, handler, error page. Never fails.
void portal_handle(void *portal, struct request *q, struct reply *r);

// Begins the request's transaction for its person, and sets q->is_staff.
int request_session(
	struct portal *p, struct request *q, struct session **ret, struct error *err) MUST_USE;

// The zone in which a cluster's people think; NULL is UTC.
const struct timezone_rules *portal_zone(const struct portal *p, const char *cluster);
const char *portal_zone_name(const struct portal *p, const char *cluster);
