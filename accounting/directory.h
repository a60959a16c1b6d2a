// SPDX-License-Identifier: Apache-2.0
// An LDAP directory, read only. directory.c is the one file that knows libldap.
#pragma once

#include "common/arena.h"
#include "common/error.h"
#include "common/settings.h"

struct directory;

struct directory_attribute {
	const char **values; // texts, without those that hold a NUL
	size_t n;
};

struct directory_entry {
	const char *dn;
	struct directory_attribute *attributes; // in the order in which they were asked for
};

struct directory_entries {
	struct directory_entry *rows;
	size_t n;
};

// As ldap.url, ldap.dn, ldap.password and ldap.ca_file say; binds. -EHOSTDOWN: it is away; -EACCES:
// it refuses us; -EINVAL: the settings make no sense.
int directory_open(const struct settings *s, struct directory **ret, struct error *err) MUST_USE;
void directory_close(struct directory *d); // NULL allowed

// All entries below base that pass the filter, page by page; they live in a. attributes end in
// NULL. -ENOENT: there is no base.
int directory_search(struct directory *d, const char *base, const char *filter,
	const char *const *attributes, struct arena *a, struct directory_entries *ret,
	struct error *err) MUST_USE;
