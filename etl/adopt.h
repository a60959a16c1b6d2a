// SPDX-License-Identifier: Apache-2.0
// Which documents of SUPReMM's own summarizer are loaded, and as whose.
#pragma once

#include "common/error.h"
#include "common/options.h"
#include "common/settings.h"
#include "common/store/store.h"

struct adopt_request {
	const struct settings *settings;
	const struct option_list *collections; // RESOURCE or RESOURCE=CLUSTER
	bool all;                              // those of all clusters of the settings, too
	const struct store_completer *completer;
};

// Tells the application of a document that says none, as the summarizer does; context is struct
// applications.
void adopt_application(const void *context, struct doc *document, struct arena *a);

int adopt_collections(struct store *s, const struct adopt_request *r, struct error *err) MUST_USE;
