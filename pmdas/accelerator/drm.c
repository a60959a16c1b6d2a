// SPDX-License-Identifier: Apache-2.0
// Finds the devices of AMD and Intel below /sys/class/drm; NVIDIA's are left to its library.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/fdinfo.h"
#include "pmdas/frame/parse.h"

#define CARDS_MAX 64
#define AMD       0x1002
#define INTEL     0x8086

static const struct {
	unsigned id;
	const char *name;
	accelerator_sampler *sample;
} vendors[] = {
	{AMD, "amd", amd_sample},
	{INTEL, "intel", intel_sample},
};

void drm_number(const struct accelerator_unit *u, const char *folder, const char *file,
	uint64_t divide, struct frame_reading *ret)
{
	char path[160];
	uint64_t value;

	pmsprintf(path, sizeof(path), "%s/%s", folder, file);
	if (*folder && frame_read_number(u->accelerator->root, path, &value) == 0)
		accelerator_set(ret, value / divide);
}

static void read_name(const struct accelerator_unit *u, const char *file, char *ret, size_t size)
{
	char path[160];
	char text[96];

	pmsprintf(path, sizeof(path), "%s/device/%s", u->card, file);
	if (frame_read_file(u->accelerator->root, path, text, sizeof(text)) > 0)
		accelerator_copy_name(ret, size, text);
}

void drm_parse_pci(const char *uevent, char *ret, size_t size)
{
	char slot[32];
	size_t n;
	const char *s = frame_find_line(uevent, "PCI_SLOT_NAME=", &n);

	if (s == NULL)
		return;
	pmsprintf(slot, sizeof(slot), "%.*s", (int)(n < sizeof(slot) ? n : sizeof(slot) - 1), s);
	accelerator_copy_name(ret, size, slot);
}

static void read_pci(struct accelerator_unit *u)
{
	char path[64];
	char text[1024];

	pmsprintf(path, sizeof(path), "%s/device/uevent", u->card);
	if (frame_read_file(u->accelerator->root, path, text, sizeof(text)) > 0)
		drm_parse_pci(text, u->pci, sizeof(u->pci));
}

// The first hwmon of the device; its number is the kernel's.
static void find_hwmon(struct accelerator_unit *u)
{
	char path[64];
	struct dirent *e;
	DIR *dir;

	pmsprintf(path, sizeof(path), "%s/device/hwmon", u->card);
	dir = frame_open_folder(u->accelerator->root, path);
	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, "hwmon", 5) == 0 && strlen(e->d_name) < 16) {
			pmsprintf(u->hwmon, sizeof(u->hwmon), "%s/%s", path, e->d_name);
			break;
		}
	}
	closedir(dir);
}

static struct accelerator_unit *make_card(struct accelerator *a, unsigned card, uint64_t vendor)
{
	struct accelerator_unit *u = NULL;

	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		if (vendors[i].id == vendor)
			u = accelerator_make(a, vendors[i].sample, vendors[i].name);
	}
	if (u == NULL)
		return NULL;
	u->minor = (int)card;
	u->ticks = UINT64_C(1) << ACCELERATOR_CLUSTER_POWER; // energy, throttling
	pmsprintf(u->card, sizeof(u->card), "sys/class/drm/card%u", card);
	read_name(u, "product_name", u->model, sizeof(u->model));
	if (u->model[0] == '\0')
		read_name(u, "device", u->model, sizeof(u->model));
	read_name(u, "unique_id", u->uuid, sizeof(u->uuid));
	read_pci(u);
	u->number = accelerator_number_of(a, u->pci);
	find_hwmon(u);
	if (vendor == AMD)
		kfd_find(u);
	return u;
}

static struct accelerator_unit *known_card(const struct accelerator *a, unsigned card)
{
	for (unsigned i = 0; i < a->n; i++) {
		if (a->units[i]->card[0] && a->units[i]->minor == (int)card)
			return a->units[i];
	}
	return NULL;
}

static bool is_ours(uint64_t vendor)
{
	return vendor == AMD || vendor == INTEL;
}

// Connectors (card0-DP-1) stand beside the cards.
static void list_cards(int root, bool is_there[CARDS_MAX])
{
	DIR *dir = frame_open_folder(root, "sys/class/drm");
	struct dirent *e;

	// NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		const char *s = e->d_name + strlen("card");
		uint64_t card;

		if (strncmp(e->d_name, "card", strlen("card")) == 0 &&
			frame_take_number(&s, &card) == 0 && *s == '\0' && card < CARDS_MAX)
			is_there[card] = true;
	}
	if (dir != NULL)
		closedir(dir);
}

void drm_rescan(struct accelerator_finder *f)
{
	struct accelerator *a = f->accelerator;
	bool is_there[CARDS_MAX] = {false};

	list_cards(a->root, is_there);

	for (unsigned card = 0; card < CARDS_MAX; card++) {
		struct accelerator_unit *u = known_card(a, card);
		char path[64];
		uint64_t vendor = 0;
		int rc = -ENOENT;

		pmsprintf(path, sizeof(path), "sys/class/drm/card%u/device/vendor", card);
		if (is_there[card])
			rc = frame_read_number(a->root, path, &vendor);
		if (u != NULL && (rc == -ENOENT || rc == -ENODEV))
			accelerator_goes(f, u);
		else if (u == NULL && rc == 0 && is_ours(vendor))
			accelerator_comes(f, make_card(a, card, vendor));
	}
}

int drm_find(struct accelerator *a)
{
	struct accelerator_finder *f = calloc(1, sizeof(*f));
	int rc = f ? 0 : -ENOMEM;

	if (rc == 0) {
		f->accelerator = a;
		drm_rescan(f);
	}
	for (unsigned i = 0; rc == 0 && i < f->n_born; i++)
		rc = accelerator_add(a, f->born[i]);
	free(f);
	return rc ? rc : fdinfo_scan_new(a->root, &a->scan);
}
