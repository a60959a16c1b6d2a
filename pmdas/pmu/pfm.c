// SPDX-License-Identifier: Apache-2.0
// Asks libpfm4, where the build has it; see pfm.h.
#include "pmdas/pmu/pfm.h"

#ifdef HAVE_LIBPFM
#include <linux/perf_event.h>
#include <perfmon/pfmlib_perf_event.h>

const char *pmu_pfm_encode(const char *event, struct pmu_encoding *ret)
{
	struct perf_event_attr attr = {.size = sizeof(attr)};
	pfm_perf_encode_arg_t arg = {.attr = &attr, .size = sizeof(arg)};
	int rc = pfm_initialize();

	if (rc == PFM_SUCCESS)
		rc = pfm_get_os_event_encoding(event, PFM_PLM0 | PFM_PLM3, PFM_OS_PERF_EVENT, &arg);
	if (rc != PFM_SUCCESS)
		return pfm_strerror(rc);
	*ret = (struct pmu_encoding){
		.type = attr.type,
		.config = {attr.config, attr.config1, attr.config2},
	};
	return NULL;
}
#else
const char *pmu_pfm_encode(const char *event, struct pmu_encoding *ret)
{
	(void)event;
	(void)ret;
	return "this build has no libpfm4";
}
#endif
