// SPDX-License-Identifier: Apache-2.0
// The two ways into the PMDA `filesystems`: pmdafilesystems (a program) and pmda_filesystems.so (inside pmcd).
#include "pmdas/filesystems/filesystems.h"

__PMDA_INIT_CALL void filesystems_init(pmdaInterface *dp);

void filesystems_init(pmdaInterface *dp)
{
	frame_dso(&filesystems_pmda, dp);
}

#ifndef PMDA_DSO
int main(int argc, char **argv)
{
	return frame_main(&filesystems_pmda, argc, argv);
}
#endif
