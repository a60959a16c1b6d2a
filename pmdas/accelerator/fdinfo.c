// SPDX-License-Identifier: Apache-2.0
// Parses fdinfo of graphics devices; see fdinfo.h.
#include "pmdas/accelerator/fdinfo.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"

static const struct {
	const char *name; // i915's and amdgpu's, and xe's
	enum accelerator_engine engine;
} engines[] = {
	{"render", ACCELERATOR_RENDER},
	{"rcs", ACCELERATOR_RENDER},
	{"gfx", ACCELERATOR_RENDER},
	{"compute", ACCELERATOR_COMPUTE},
	{"ccs", ACCELERATOR_COMPUTE},
	{"copy", ACCELERATOR_COPY},
	{"bcs", ACCELERATOR_COPY},
	{"dma", ACCELERATOR_COPY},
	{"video", ACCELERATOR_VIDEO},
	{"vcs", ACCELERATOR_VIDEO},
	{"dec", ACCELERATOR_VIDEO},
};

static int engine_of(const char *name, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
		if (strlen(engines[i].name) == n && memcmp(engines[i].name, name, n) == 0)
			return (int)engines[i].engine;
	}
	return -1;
}

// A number and what its unit makes of it; false when there is none.
static bool number_of(const char *s, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = {{"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824}};
	unsigned long long value;
	char *end;

	s += strspn(s, " \t");
	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	value = strtoull(s, &end, 10);
	if (errno)
		return false;
	end += strspn(end, " \t");
	*ret = value;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (strncmp(end, units[i].unit, 3) == 0)
			return !__builtin_mul_overflow(value, units[i].factor, ret);
	}
	return true;
}

static bool is_key(const char *line, size_t n, const char *key)
{
	return n == strlen(key) && memcmp(line, key, n) == 0;
}

static bool begins(const char *line, size_t n, const char *prefix, const char **ret, size_t *ret_n)
{
	size_t len = strlen(prefix);

	if (n <= len || memcmp(line, prefix, len) != 0)
		return false;
	*ret = line + len;
	*ret_n = n - len;
	return true;
}

// The device's own memory: vram0, vram, local0, ...; what is in the host's is not counted.
static bool is_device_memory(const char *region, size_t n)
{
	return (n >= 4 && memcmp(region, "vram", 4) == 0) ||
	       (n >= 5 && memcmp(region, "local", 5) == 0);
}

// resident is what is there now; i915 and amdgpu of older kernels say only total or memory.
static void take_memory(const char *key, size_t n, uint64_t value, struct fdinfo *f, bool *exact)
{
	const char *region;
	size_t len;
	bool resident = begins(key, n, "drm-resident-", &region, &len);

	if (!resident && !begins(key, n, "drm-memory-", &region, &len))
		return;
	if (!is_device_memory(region, len) || (*exact && !resident))
		return;
	if (resident && !*exact)
		f->memory.value = 0;
	*exact |= resident;
	accelerator_set(&f->memory, f->memory.value + value);
}

static void take_engine(const char *key, size_t n, uint64_t value, struct fdinfo *f)
{
	static const struct {
		const char *prefix;
		size_t field;
	} kinds[] = {
		// the longer before the shorter that it begins with
		{"drm-engine-capacity-", offsetof(struct fdinfo, capacity)},
		{"drm-engine-", offsetof(struct fdinfo, busy)},
		{"drm-cycles-", offsetof(struct fdinfo, busy)},
		{"drm-total-cycles-", offsetof(struct fdinfo, cycles)},
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *name;
		size_t len;
		int engine;

		if (!begins(key, n, kinds[i].prefix, &name, &len))
			continue;
		engine = engine_of(name, len);
		if (engine >= 0) {
			*((uint64_t *)((char *)f + kinds[i].field) + engine) = value;
			f->has[engine] |= kinds[i].field == offsetof(struct fdinfo, busy);
		}
		return;
	}
}

static void take_line(const char *line, size_t n, struct fdinfo *f, bool *exact)
{
	const char *colon = memchr(line, ':', n);
	size_t key;
	uint64_t value;

	if (colon == NULL)
		return;
	key = (size_t)(colon - line);
	if (is_key(line, key, "drm-pdev")) {
		const char *s = colon + 1 + strspn(colon + 1, " \t");
		size_t len = strcspn(s, " \t\n");

		if (len < sizeof(f->pci)) {
			memcpy(f->pci, s, len);
			f->pci[len] = '\0';
		}
		return;
	}
	if (!number_of(colon + 1, &value))
		return;
	if (is_key(line, key, "drm-client-id")) {
		f->client = value;
		f->has_client = true;
		return;
	}
	take_memory(line, key, value, f, exact);
	take_engine(line, key, value, f);
}

int fdinfo_parse(const char *text, struct fdinfo *ret)
{
	bool exact = false;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < ACCELERATOR_ENGINES; i++)
		ret->capacity[i] = 1;
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (strncmp(text, "drm-", 4) == 0)
			take_line(text, n, ret, &exact);
		text += n + (text[n] != '\0');
	}
	for (size_t i = 0; i < ACCELERATOR_ENGINES; i++) {
		if (ret->capacity[i] == 0)
			ret->capacity[i] = 1;
	}
	return ret->has_client && ret->pci[0] ? 0 : -ENOENT;
}
