// SPDX-License-Identifier: Apache-2.0
// Gives up root but for named capabilities; see privilege.h.
#include "pmdas/frame/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <pcp/pmapi.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif

#define BIT(capability) (UINT64_C(1) << (capability))

static uint64_t known_to_kernel(uint64_t keep)
{
	if (!(keep & BIT(CAP_PERFMON)) || prctl(PR_CAPBSET_READ, CAP_PERFMON, 0, 0, 0) >= 0)
		return keep;
	return (keep & ~BIT(CAP_PERFMON)) | BIT(CAP_SYS_ADMIN);
}

// What is kept over the change of user is everything that root had: only now it shrinks.
static int shrink_to(uint64_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int frame_become(const char *user, uint64_t keep)
{
	int rc;

	if (keep == 0)
		return pmSetProcessIdentity(user);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return -errno;
	rc = pmSetProcessIdentity(user);
	if (rc == 0)
		rc = shrink_to(known_to_kernel(keep));
	(void)prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	return rc;
}
