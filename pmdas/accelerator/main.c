// SPDX-License-Identifier: Apache-2.0
// The two ways into the PMDA `accelerator`: pmdaaccelerator (a program) and pmda_accelerator.so (inside pmcd).
#include "pmdas/accelerator/accelerator.h"

__PMDA_INIT_CALL void accelerator_init(pmdaInterface *dp);

void accelerator_init(pmdaInterface *dp)
{
	frame_dso(&accelerator_pmda, dp);
}

#ifndef PMDA_DSO
int main(int argc, char **argv)
{
	return frame_main(&accelerator_pmda, argc, argv);
}
#endif
