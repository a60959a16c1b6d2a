// SPDX-License-Identifier: Apache-2.0
// The site's configuration: /etc/jobsight/jobsight.yaml. One typed table (settings.def) declares
// every setting once; from its rows follow the struct, the parser, the defaults and the manual.
// An unknown key is an error with its line. A secret is never written in the file itself: its
// value comes from a file of mode 0600 (`password_file`) or the environment.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/str.h"

#define SETTINGS_PATH "/etc/jobsight/jobsight.yaml"

// One cluster of the site (`clusters:` is a list of these).
struct cluster_settings {
	const char *name;         // as in Slurm
	const char *resource_id;  // SUPReMM's resource number; default: the name
	const char *timezone;     // IANA name; default UTC
	const char *archives;     // root of the archive tree
	const char *accounting;   // sacct:FILE, slurmdb:..., see common/accounting/source.h
	const char *architecture; // archfile:FILE ...: these four are read by jobsight-import
	const char *users;        // passwd:FILE ...
	const char *associations; // slurmdb:...
	const char *events;       // slurmdb:...
	const char *prometheus;   // URL, or NULL
	const char *host_suffix;  // appended to Slurm's node names to find archives; default ""
	const char *filesystems;  // csv:FILE ...: these four are read by jobsight-import, too
	const char *quotas;       // text:FILE ...
	const char *probes;       // csv:FILE
	const char *cloud;        // csv:FILE, prometheus:URL
	const char *login;        // [USER@]HOST[:PORT] of a login node, or NULL
	const char *login_key;    // file of the private key for it
};

struct settings {
#define SETTING_TEXT(group, name, ...)     const char *group##_##name;
#define SETTING_SECRET(group, name, ...)   const char *group##_##name;
#define SETTING_COUNT(group, name, ...)    uint64_t group##_##name;
#define SETTING_BOOL(group, name, ...)     bool group##_##name;
#define SETTING_DURATION(group, name, ...) int64_t group##_##name; // seconds
#include "common/settings.def"
	struct cluster_settings *clusters;
	size_t n_clusters;
};

// path NULL: the file that JOBSIGHT_CONFIG names, else SETTINGS_PATH. Defaults when that does not
// exist; a named file must exist. Then the environment: JOBSIGHT_<GROUP>_<NAME>=value overrides any single setting.
int settings_load(
	const char *path, struct arena *a, struct settings *ret, struct error *err) MUST_USE;

// The cluster called name; with name NULL the only one. Error when there is none or a choice.
int settings_cluster(const struct settings *s, const char *name,
	const struct cluster_settings **ret, struct error *err) MUST_USE;

void settings_manual(struct strbuf *out); // Markdown table of every setting

// All values as YAML that settings_load accepts; secrets only as comments that say whether they are
// set, passwords inside URLs as ***.
void settings_print(const struct settings *s, struct strbuf *out);
