// SPDX-License-Identifier: Apache-2.0
// Small files of a program's own: replaced whole, so that a crash leaves the old or the new one.
#pragma once

#include "common/error.h"
#include "common/str.h"

int state_folder(const char *path, struct error *err) MUST_USE; // made when missing
int state_replace(const char *folder, const char *name, const struct strbuf *text,
	struct error *err) MUST_USE;
// Only one process works with a folder's NAME: the descriptor of its lock, or -EBUSY.
int state_lock(const char *folder, const char *name, struct error *err) MUST_USE;
// One field up to the next blank or line end; *at moves behind it. False: none is left on the line.
bool state_field(char **at, char **ret);
