// SPDX-License-Identifier: Apache-2.0
// The truth beside the archives; truth is a table of job by node.
#pragma once

#include <stdbool.h>

#include "tests/demo/node.h"

bool truth_write(const struct site *s, const struct truth *truth, const char *path);
