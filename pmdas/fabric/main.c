// SPDX-License-Identifier: Apache-2.0
// The two ways into the PMDA `fabric`: pmdafabric (a program) and pmda_fabric.so (inside pmcd).
#include "pmdas/fabric/fabric.h"

__PMDA_INIT_CALL void fabric_init(pmdaInterface *dp);

void fabric_init(pmdaInterface *dp)
{
	frame_dso(&fabric_pmda, dp);
}

#ifndef PMDA_DSO
int main(int argc, char **argv)
{
	return frame_main(&fabric_pmda, argc, argv);
}
#endif
