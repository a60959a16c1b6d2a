// SPDX-License-Identifier: Apache-2.0
// Looks at the lock files; see hold.h. Their content is never read, and a link is not followed: what
// counts is that something of this name is there, and whose.
#include "pmdas/pmu/hold.h"

#include <fcntl.h>
#include <pcp/pmapi.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"

bool pmu_held(int root, const struct pmu_site *site, char *ret, size_t size)
{
	// LIKWID's file may belong to whoever may use the counters: root and ourselves among them.
	const struct {
		const char *path;
		bool own_is_none;
	} locks[] = {{site->lock, false}, {site->likwid, true}};
	struct stat st;

	*ret = '\0';
	for (size_t i = 0; i < ARRAY_LEN(locks); i++) {
		if (fstatat(root, locks[i].path, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (locks[i].own_is_none && (st.st_uid == 0 || st.st_uid == geteuid()))
			continue;
		pmsprintf(ret, size, "/%s uid %u", locks[i].path, st.st_uid);
		return true;
	}
	return false;
}
