// SPDX-License-Identifier: Apache-2.0
// Any bytes as a file of rules that tell applications; what is taken is asked about a job.
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/applications/applications.h"
#include "common/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void identify(const struct applications *x, struct arena *a)
{
	struct doc *root = doc_object(a);
	struct doc *list = doc_array(a);
	doc_put_text(list, a, NULL, "mpirun -n 4 /opt/gromacs/bin/gmx_mpi mdrun -v");
	doc_put_text(list, a, NULL, "python3 -m torch.distributed.run train.py");
	doc_put(doc_at(root, a, "procDump"), a, "constrained", list);
	applications_identify(x, "#!/bin/sh\nmodule load x\nsrun ./vasp_std\n", root, a);
	const struct doc *d = doc_find(root, "application.name");
	if (d && d->kind != DOC_TEXT)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct applications x = {0};
	struct error err = {0};
	char path[64];
	int fd = memfd_create("rules", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	(void)str_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (applications_load(&x, path, &a, &err) == 0)
		identify(&x, &a);
	else if (err.text[0] == '\0')
		abort();
	close(fd);
	return 0;
}
