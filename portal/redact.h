// SPDX-License-Identifier: Apache-2.0
// Documents know no rights, people do: what only staff may see is taken out before anything of a
// document is shown to others.
#pragma once

#include "common/catalogue/catalogue.h"
#include "common/document/document.h"
#include "portal/postgres.h"

// visible: the rows of warehouse.metric that this person sees. Either document may be NULL.
void redact_documents(const struct catalogue *c, const struct rows *visible, struct doc *summary,
	struct doc *series);
