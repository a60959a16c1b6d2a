// SPDX-License-Identifier: Apache-2.0
// Finds and reads power meters; see meter.h.
#include "pmdas/msr/meter.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define HWMONS 256 // numbers that are looked at

// hwmon's files, and those of the ACPI driver, which keeps them one folder further down.
static const char *const folders[] = {"", "device/"};

static int read_text(
	int root, unsigned hwmon, const char *folder, const char *file, char *ret, size_t size)
{
	char path[96];
	ssize_t n;

	pmsprintf(path, sizeof(path), "sys/class/hwmon/hwmon%u/%s%s", hwmon, folder, file);
	n = frame_read_file(root, path, ret, size);
	if (n < 0)
		return (int)n;
	ret[strcspn(ret, "\n")] = '\0';
	return 0;
}

void msr_meter_name(const char *label, char *ret, size_t size)
{
	size_t n = 0;

	for (; *label != '\0' && n + 1 < size; label++) {
		if (isalnum((unsigned char)*label))
			ret[n++] = (char)tolower((unsigned char)*label);
		else if (n && ret[n - 1] != '-')
			ret[n++] = '-';
	}
	while (n && ret[n - 1] == '-')
		n--;
	ret[n] = '\0';
}

static bool is_taken(const struct msr_meter *meters, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(meters[i].name, name) == 0)
			return true;
	}
	return false;
}

static void name_meter(struct msr_meter *meters, size_t n, unsigned hwmon, const char *folder)
{
	static const char *const labels[] = {"power1_label", "power1_oem_info"};
	struct msr_meter *m = &meters[n];
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(labels) && m->name[0] == '\0'; i++) {
		if (read_text(m->root, hwmon, folder, labels[i], text, sizeof(text)) == 0)
			msr_meter_name(text, m->name, sizeof(m->name));
	}
	if (m->name[0] == '\0' || is_taken(meters, n, m->name))
		pmsprintf(m->name, sizeof(m->name), "meter%u", hwmon);
}

static bool find_meter(struct msr_meter *meters, size_t n, int root, unsigned hwmon)
{
	char text[64];

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		struct msr_meter *m = &meters[n];

		if (read_text(root, hwmon, folders[i], "name", text, sizeof(text)) < 0 ||
			strcmp(text, "power_meter") != 0)
			continue;
		*m = (struct msr_meter){.root = root};
		pmsprintf(m->path, sizeof(m->path), "sys/class/hwmon/hwmon%u/%spower1_average",
			hwmon, folders[i]);
		name_meter(meters, n, hwmon, folders[i]);
		return true;
	}
	return false;
}

size_t msr_find_meters(int root, struct msr_meter *meters)
{
	size_t n = 0;

	for (unsigned hwmon = 0; hwmon < HWMONS && n < MSR_METERS; hwmon++)
		n += find_meter(meters, n, root, hwmon);
	return n;
}

void msr_meter_sample(void *device, uint64_t want)
{
	struct msr_meter *m = device;

	(void)want;
	m->rc = frame_read_number(m->root, m->path, &m->raw);
}

void msr_meter_publish(void *device, uint64_t want, int64_t now_ns)
{
	struct msr_meter *m = device;

	(void)want;
	m->power = (struct frame_reading){.value = m->raw / 1000, .known = m->rc == 0};
	m->energy.known = m->power.known;
	if (m->power.known)
		m->energy.value = frame_integrate(&m->integral, m->power.value, now_ns);
}

void msr_meter_lose(void *device)
{
	struct msr_meter *m = device;

	m->power.known = false;
	m->energy.known = false;
}
