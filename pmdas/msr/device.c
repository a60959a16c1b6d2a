// SPDX-License-Identifier: Apache-2.0
// Reads registers through the msr driver's files or their stand-in; see device.h.
#include "pmdas/msr/device.h"

#include <errno.h>
#include <fcntl.h>
#include <pcp/pmapi.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

struct msr_device msr_device_init(int root, unsigned cpu)
{
	return (struct msr_device){.root = root, .cpu = cpu, .msr = -1, .folder = -1};
}

int msr_device_open(struct msr_device *d)
{
	char path[48];

	if (d->msr >= 0 || d->folder >= 0)
		return 0;
	pmsprintf(path, sizeof(path), "dev/cpu/%u/msr", d->cpu);
	d->msr = openat(d->root, path, O_RDONLY | O_CLOEXEC);
	if (d->msr >= 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	pmsprintf(path, sizeof(path), "dev/cpu/%u/msr.d", d->cpu);
	d->folder = openat(d->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return d->folder >= 0 ? 0 : -errno;
}

void msr_device_close(struct msr_device *d)
{
	if (d->msr >= 0)
		close(d->msr);
	if (d->folder >= 0)
		close(d->folder);
	d->msr = -1;
	d->folder = -1;
}

int msr_device_read(const struct msr_device *d, uint32_t address, uint64_t *ret)
{
	struct stat st;
	char name[16];
	uint64_t value;
	ssize_t n;
	int rc;

	if (d->msr >= 0) {
		n = pread(d->msr, &value, sizeof(value), address);
		if (n < 0)
			return -errno;
		if (n != sizeof(value))
			return -EBADMSG;
		*ret = value;
		return 0;
	}
	if (d->folder < 0)
		return -ENXIO;
	pmsprintf(name, sizeof(name), "0x%x", address);
	rc = frame_read_number(d->folder, name, ret);
	if (rc == -ENOENT)
		rc = fstat(d->folder, &st) == 0 && st.st_nlink ? -EIO : -ENXIO; // removed: CPU gone
	return rc;
}
