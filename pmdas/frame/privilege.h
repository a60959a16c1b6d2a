// SPDX-License-Identifier: Apache-2.0
// Giving up root.
#pragma once

#include <stdint.h>

// Becomes the user for good; of root's capabilities only those in the set stay, one bit each as in
// linux/capability.h. Where the kernel does not know CAP_PERFMON yet (before 5.8), CAP_SYS_ADMIN
// stands for it. Threads that are made afterwards have the same. 0, or a negative errno value.
int frame_become(const char *user, uint64_t keep);
