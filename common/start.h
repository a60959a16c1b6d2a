// SPDX-License-Identifier: Apache-2.0
// How a program that needs the site's configuration begins.
#pragma once

#include "common/options.h"
#include "common/settings.h"

// As options_parse, then settings_load into a, which who calls releases. -1: go on; else the exit
// code, and what was wrong has been told.
int start(const struct program *p, int argc, char **argv, void *args,
	struct common_arguments *common, struct arena *a, struct settings *ret);
