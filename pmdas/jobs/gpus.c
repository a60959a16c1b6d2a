// SPDX-License-Identifier: Apache-2.0
// Which graphics devices the numbers of character devices are: by PCI address, which is what the
// PMDA `accelerator` has as a label.
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmdas/frame/parse.h"
#include "pmdas/jobs/jobs.h"

#define NVIDIA_MAJOR 195
#define NVIDIA_MINOR 247 // those above are the driver's own, or not of one device
#define DRM_MAJOR    226
#define DRM_RENDER   128 // nodes without it show the same device again
#define DRM_LAST     255

#define NVIDIA_FOLDER "proc/driver/nvidia/gpus"
#define NVIDIA_PARTS  "proc/driver/nvidia/capabilities"

// The folder of the NVIDIA device with that minor number is called by its address.
static bool has_minor(int folder, const char *address, unsigned minor)
{
	char path[300];
	char text[2048];
	unsigned value;

	pmsprintf(path, sizeof(path), "%s/information", address);
	return frame_read_head(folder, path, text, sizeof(text)) > 0 &&
	       jobs_parse_minor(text, &value) == 0 && value == minor;
}

static bool find_nvidia(int root, unsigned minor, char *ret, size_t size)
{
	DIR *dir = frame_open_folder(root, NVIDIA_FOLDER);
	bool found = false;
	struct dirent *e;

	if (dir == NULL)
		return false;
	// NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
	while (!found && (e = readdir(dir)) != NULL) {
		found = e->d_name[0] != '.' && has_minor(dirfd(dir), e->d_name, minor);
		if (found)
			jobs_copy_name(ret, size, e->d_name);
	}
	closedir(dir);
	return found;
}

static bool find_drm(int root, unsigned minor, char *ret, size_t size)
{
	char path[80];
	char text[1024];

	pmsprintf(path, sizeof(path), "sys/class/drm/renderD%u/device/uevent", minor);
	return frame_read_head(root, path, text, sizeof(text)) > 0 &&
	       jobs_parse_slot(text, ret, size) == 0;
}

static bool is_nvidia(const struct jobs_device *d)
{
	return d->major == NVIDIA_MAJOR && d->minor < NVIDIA_MINOR;
}

static bool is_drm(const struct jobs_device *d)
{
	return d->major == DRM_MAJOR && d->minor >= DRM_RENDER && d->minor <= DRM_LAST;
}

static void name_gpu(int root, const struct jobs_device *d, char *ret, size_t size)
{
	if (is_nvidia(d) ? find_nvidia(root, d->minor, ret, size)
			 : find_drm(root, d->minor, ret, size))
		return;
	pmsprintf(ret, size, is_nvidia(d) ? "nvidia%u" : "renderD%u", d->minor);
}

// NVIDIA's driver makes render nodes, too: a device is named once.
static bool has_name(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = list; (s = strstr(s, name)) != NULL; s += n) {
		if ((s == list || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0'))
			return true;
	}
	return false;
}

unsigned jobs_gpus(int root, const struct jobs_device *set, unsigned n, char *ret, size_t size)
{
	unsigned count = 0;

	ret[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		char name[32];
		size_t length = strlen(ret);

		if (!is_nvidia(&set[i]) && !is_drm(&set[i]))
			continue;
		name_gpu(root, &set[i], name, sizeof(name));
		if (has_name(ret, name))
			continue;
		count++;
		if (length + strlen(name) + 2 <= size)
			pmsprintf(ret + length, size - length, "%s%s", length ? " " : "", name);
	}
	return count;
}

static bool has_entry(int root, const char *path, const char *begin)
{
	DIR *dir = frame_open_folder(root, path);
	bool found = false;
	struct dirent *e;

	if (dir == NULL)
		return false;
	// NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
	while (!found && (e = readdir(dir)) != NULL)
		found = strncmp(e->d_name, begin, strlen(begin)) == 0;
	closedir(dir);
	return found;
}

// With devices in parts (MIG) Slurm counts the parts.
static bool counts_nvidia(int root, unsigned n)
{
	char path[80];

	if (faccessat(root, NVIDIA_FOLDER, F_OK, 0) < 0)
		return false;
	for (unsigned i = 0; i < n; i++) {
		pmsprintf(path, sizeof(path), NVIDIA_PARTS "/gpu%u/mig", i);
		if (has_entry(root, path, "gi"))
			return false;
	}
	return true;
}

void jobs_numbered_gpus(int root, const unsigned *numbers, unsigned n, char *ret, size_t size)
{
	bool are_minors = counts_nvidia(root, JOBS_GPUS_MAX);

	ret[0] = '\0';
	for (unsigned i = 0; i < n; i++) {
		struct jobs_device d = {.major = NVIDIA_MAJOR, .minor = numbers[i]};
		size_t length = strlen(ret);
		char name[32];

		if (are_minors)
			name_gpu(root, &d, name, sizeof(name));
		else
			pmsprintf(name, sizeof(name), "gpu%u", numbers[i]);
		if (length + strlen(name) + 2 <= size)
			pmsprintf(ret + length, size - length, "%s%s", length ? " " : "", name);
	}
}
