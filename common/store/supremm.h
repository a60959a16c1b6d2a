// SPDX-License-Identifier: Apache-2.0
// Documents that SUPReMM's own summarizer wrote, in the eyes of the store: what their accounting
// calls the job becomes our key, and they get our part, `jobsight`, so that whoever reads documents
// finds in them what it finds in ours. It lies beside what they hold; nothing of theirs is changed.
#pragma once

#include "common/document/document.h"
#include "common/store/store.h"

// Our own documents pass, too; cluster is that of a document that names none (NULL: it is unfit).
// Fills all of the item but its documents. NULL, or what is wrong with it; item->key is then what
// could be made out, and a raw id that is known to nobody stands for the document's _id.
const char *supremm_adopt(
	struct doc *d, const char *cluster, struct arena *a, struct store_item *item);

// What the _id of a job's documents begins with, up to its end time.
const char *supremm_id_prefix(const struct job_key *key, struct arena *a);
