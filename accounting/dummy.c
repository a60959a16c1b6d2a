// SPDX-License-Identifier: Apache-2.0
// Nothing, said aloud: a site without projects or business codes. What is in the warehouse stays.
#include "accounting/connector.h"
#include "common/macro.h"

static int dummy_open(const struct import_request *r, void **ret_state, struct error *err)
{
	(void)r;
	(void)err;
	*ret_state = NULL;
	return 0;
}

static int dummy_next(void *state, struct record *ret, struct error *err)
{
	(void)state;
	(void)ret;
	(void)err;
	return 0;
}

static void dummy_close(void *state)
{
	(void)state;
}

#define DUMMY(variable, of)                   \
	const struct connector variable = {   \
		.category = of,               \
		.name = "dummy",              \
		.settings = "dummy: nothing", \
		.open = dummy_open,           \
		.next = dummy_next,           \
		.close = dummy_close,         \
	}

DUMMY(project_dummy, CATEGORY_PROJECT);
DUMMY(business_dummy, CATEGORY_BUSINESS);
