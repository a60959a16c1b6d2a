// SPDX-License-Identifier: Apache-2.0
// Inside of settings: the rows of settings.def, for whoever writes them out.
#pragma once

#include "common/settings.h"

#define ARCHIVES_DIRECTORY "/var/lib/jobsight/archives"

enum setting_kind {
	SETTING_KIND_TEXT,
	SETTING_KIND_SECRET,
	SETTING_KIND_COUNT,
	SETTING_KIND_BOOL,
	SETTING_KIND_DURATION,
};

struct setting {
	const char *group, *name;
	enum setting_kind kind;
	size_t offset;    // in struct settings
	const char *text; // default of a text; NULL: none
	int64_t number;   // default of the others
	const char *help;
};

struct cluster_setting {
	const char *name;
	size_t offset; // in struct cluster_settings
	const char *help;
};

const struct setting *settings_rows(size_t *ret_n);
const struct cluster_setting *settings_cluster_rows(size_t *ret_n);
const char *settings_kind_words(enum setting_kind kind);
const char *settings_variable(const struct setting *row, struct arena *a); // JOBSIGHT_STORE_URL
void settings_put_duration(struct strbuf *out, int64_t seconds);           // 10m, not 600

// The password inside "scheme://user:PASSWORD@host" or "password=PASSWORD"; NULL: there is none.
const char *settings_find_password(const char *text, size_t *ret_len);
