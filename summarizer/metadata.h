// SPDX-License-Identifier: Apache-2.0
// What the fields of the documents mean: `summary-1.0.6` and `timeseries-4`, the documents by which
// Open XDMoD shows help and units beside the values. Ours come from the catalogue.
#pragma once

#include "common/catalogue/catalogue.h"
#include "common/document/document.h"
#include "common/store/store.h"

struct doc *metadata_summary(const struct catalogue *c, struct arena *a);
struct doc *metadata_series(const struct catalogue *c, struct arena *a);
// Puts both into the store where they are absent or say less. What others put there of fields that
// the catalogue does not have stays.
int metadata_store(
	struct store *s, const struct catalogue *c, struct arena *a, struct error *err) MUST_USE;
