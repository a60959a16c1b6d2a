// SPDX-License-Identifier: Apache-2.0
// The front door leads to the jobs.
#include "portal/routes.h"

int page_home(struct portal *p, struct request *q, struct reply *r, struct error *err)
{
	(void)p;
	(void)err;
	reply_redirect(r, q, 302, "/jobs");
	return 0;
}
