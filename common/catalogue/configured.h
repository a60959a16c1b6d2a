// SPDX-License-Identifier: Apache-2.0
// The catalogue that a program works with: directories of its command line, else the configured ones.
#pragma once

#include "common/catalogue/catalogue.h"
#include "common/options.h"

// Wrong stanzas are logged and left out; their number, or <0.
int catalogue_load_configured(const struct option_list *directories, const char *config,
	struct arena *a, struct catalogue *ret, struct error *err) MUST_USE;
