// SPDX-License-Identifier: Apache-2.0
// One PCP archive of a node, written by libpcp_import record by record.
#pragma once

#include <stdbool.h>

#include "tests/demo/node.h"

struct archive;

// Version 2 or 3 of the format. False: *ret_why says why.
bool archive_open(const char *base, int version, const struct node *n, struct archive **ret,
	char ret_why[256]);
bool archive_record(
	struct archive *a, const struct node *n, unsigned groups, double now_s, char ret_why[256]);
// With torn, the last record of the volume is cut in the middle, as when a node loses power.
bool archive_close(struct archive *a, bool torn, char ret_why[256]);
