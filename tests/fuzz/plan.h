// SPDX-License-Identifier: Apache-2.0
// A small catalogue of every kind of series, compiled; and folders that a fuzz target may fill, in memory
// where there is some.
#pragma once

#include "summarizer/reduce/plan.h"

#define FUZZ_FOLDER_MAX 64

const struct plan *fuzz_plan(void); // the same one each time

// Each of them ends the program where it cannot be.
void fuzz_folder(char ret[FUZZ_FOLDER_MAX]);
void fuzz_put(const char *folder, const char *name, const void *data, size_t len);
void fuzz_clean(const char *folder, const char *const *names, size_t n);
