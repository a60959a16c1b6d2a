// SPDX-License-Identifier: Apache-2.0
// The two ways into the PMDA `pmu`: pmdapmu (a program) and pmda_pmu.so (inside pmcd).
#include "pmdas/pmu/pmu.h"

__PMDA_INIT_CALL void pmu_init(pmdaInterface *dp);

void pmu_init(pmdaInterface *dp)
{
	frame_dso(&pmu_pmda, dp);
}

#ifndef PMDA_DSO
int main(int argc, char **argv)
{
	return frame_main(&pmu_pmda, argc, argv);
}
#endif
