// SPDX-License-Identifier: Apache-2.0
// The document store as the site's settings have it.
#pragma once

#include "common/settings.h"
#include "common/store/store.h"

// Opens a store (NULL: store.url) with the password of the settings. Documents that SUPReMM wrote
// count as those of the clusters whose resource_id names their collection, so that who asks for a
// job finds it, whoever summarized it.
int store_open_site(const struct settings *s, const char *url, bool read_only, struct store **ret,
	struct error *err) MUST_USE;
