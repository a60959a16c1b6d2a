// SPDX-License-Identifier: Apache-2.0
// A batch whose samples come from Prometheus: its hosts are asked for and laid down as archives in a
// temporary folder, which goes when the batch is done.
#pragma once

#include "summarizer/archive/tree.h"
#include "summarizer/batch.h"

struct fetched { // all zero: nothing
	char *folder;
};

int fetch_hosts(const struct batch *b, void (*bad)(void *context, const struct error *why),
	void *context, struct arena *a, struct archive_tree *tree, struct fetched *ret,
	struct error *err) MUST_USE;
void fetched_remove(struct fetched *f);
