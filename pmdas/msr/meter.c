// SPDX-License-Identifier: Apache-2.0
// Finds and reads power meters; see meter.h.
#include "pmdas/msr/meter.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define HWMONS     256 // numbers that are looked at
#define CRAY       "sys/cray/pm_counters/"
#define CRAY_PARTS 16 // more than it has

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

// The blade controller of a Cray gives files for all of it and for its parts, "NUMBER UNIT TIME us".
static bool find_cray(struct msr_meter *m, int root, size_t i)
{
	static const char *const parts[][2] = {
		{"", "node"},
		{"cpu_", "cpu"},
		{"cpu0_", "cpu0"},
		{"cpu1_", "cpu1"},
		{"memory_", "memory"},
		{"accel0_", "accel0"},
		{"accel1_", "accel1"},
		{"accel2_", "accel2"},
		{"accel3_", "accel3"},
		{"accel4_", "accel4"},
		{"accel5_", "accel5"},
		{"accel6_", "accel6"},
		{"accel7_", "accel7"},
	};

	if (i >= ARRAY_LEN(parts))
		return false;
	*m = (struct msr_meter){.root = root, .is_cray = true};
	pmsprintf(m->path, sizeof(m->path), CRAY "%spower", parts[i][0]);
	pmsprintf(m->energy_path, sizeof(m->energy_path), CRAY "%senergy", parts[i][0]);
	pmsprintf(m->name, sizeof(m->name), "%s", parts[i][1]);
	return faccessat(root, m->path, F_OK, 0) == 0;
}

size_t msr_find_meters(int root, struct msr_meter *meters)
{
	size_t n = 0;

	for (size_t i = 0; i < CRAY_PARTS && n < MSR_METERS; i++)
		n += find_cray(&meters[n], root, i);
	for (unsigned hwmon = 0; hwmon < HWMONS && n < MSR_METERS; hwmon++)
		n += find_meter(meters, n, root, hwmon);
	return n;
}

int msr_meter_parse(const char *text, const char *unit, uint64_t *ret)
{
	uint64_t value;
	size_t n = strlen(unit);
	int rc = frame_take_number(&text, &value);

	if (rc < 0)
		return rc;
	if (*text != ' ' || strncmp(text + 1, unit, n) != 0 || isalnum((unsigned char)text[1 + n]))
		return -EINVAL;
	if (value > UINT32_MAX * UINT64_C(1000)) // no node has used so much
		return -ERANGE;
	*ret = value;
	return 0;
}

static int read_cray(const struct msr_meter *m, const char *path, const char *unit, uint64_t *ret)
{
	char text[80];
	ssize_t n = frame_read_file(m->root, path, text, sizeof(text));

	return n < 0 ? (int)n : msr_meter_parse(text, unit, ret);
}

void msr_meter_sample(void *device, uint64_t want)
{
	struct msr_meter *m = device;

	(void)want;
	if (!m->is_cray) {
		m->rc = frame_read_number(m->root, m->path, &m->raw);
		return;
	}
	m->rc = read_cray(m, m->path, "W", &m->raw);
	if (m->rc == 0)
		m->raw *= 1000000;
	m->energy_rc = read_cray(m, m->energy_path, "J", &m->joules);
}

// Its own counter goes on where it was when the controller began anew.
static void publish_cray_energy(struct msr_meter *m)
{
	m->energy.known = m->energy_rc == 0;
	if (!m->energy.known)
		return;
	if (m->begun && m->joules > m->joules_before)
		m->energy.value += (m->joules - m->joules_before) * 1000;
	m->joules_before = m->joules;
	m->begun = true;
}

void msr_meter_publish(void *device, uint64_t want, int64_t now_ns)
{
	struct msr_meter *m = device;

	(void)want;
	m->power = (struct frame_reading){.value = m->raw / 1000, .known = m->rc == 0};
	if (m->is_cray) {
		publish_cray_energy(m);
		return;
	}
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
