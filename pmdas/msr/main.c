// SPDX-License-Identifier: Apache-2.0
// The two ways into the PMDA `msr`: pmdamsr (a program) and pmda_msr.so (inside pmcd).
#include "pmdas/msr/msr.h"

__PMDA_INIT_CALL void msr_init(pmdaInterface *dp);

void msr_init(pmdaInterface *dp)
{
	frame_dso(&msr_pmda, dp);
}

#ifndef PMDA_DSO
int main(int argc, char **argv)
{
	return frame_main(&msr_pmda, argc, argv);
}
#endif
