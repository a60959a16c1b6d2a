// SPDX-License-Identifier: Apache-2.0
// The two ways into the PMDA `jobsight`: pmdajobsight (a program) and pmda_jobsight.so (inside pmcd).
#include "pmdas/jobsight/jobsight.h"

__PMDA_INIT_CALL void jobsight_init(pmdaInterface *dp);

void jobsight_init(pmdaInterface *dp)
{
	frame_dso(&jobsight_pmda, dp);
}

#ifndef PMDA_DSO
int main(int argc, char **argv)
{
	return frame_main(&jobsight_pmda, argc, argv);
}
#endif
