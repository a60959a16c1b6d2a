// SPDX-License-Identifier: Apache-2.0
// Every encoding of events.def for every model that libpfm4 knows, compared with libpfm4's own, which
// encodes by the name of a PMU without that hardware. What it does not know is listed, and a model that
// it should know must not be among that.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <perfmon/pfmlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/pmu/pmu.h"

// libpfm4 4.13 has no tables for these; a later one may.
static const char *const may_lack[] = {"emr", "gnr", "amd64_fam1ah_zen5", "arm_v2", "arm_a64fx",
	"clx_unc_imc0", "clx_unc_upi0", "icx_unc_imc0", "icx_unc_upi0", "spr_unc_imc0",
	"spr_unc_upi0", "emr_unc_imc0", "emr_unc_upi0", "gnr_unc_imc0", "gnr_unc_upi0"};

#define X86_CONTROL \
	0x530000 // user, kernel, interrupt, enable: perf_event has words of its own for them

static bool may_be_lacking(const char *pmu)
{
	for (size_t i = 0; i < ARRAY_LEN(may_lack); i++) {
		if (strcmp(pmu, may_lack[i]) == 0)
			return true;
	}
	return false;
}

// The formats that Linux publishes for these PMUs.
static int format_of(
	const void *context, const char *folder, const char *name, char *ret, size_t size)
{
	const char *core = context;
	const char *text = NULL;

	if (strcmp(folder, "format") != 0)
		return -ENOENT;
	if (strcmp(name, "umask") == 0)
		text = "config:8-15";
	else if (strcmp(name, "event") == 0)
		text = strncmp(core, "amd", 3) == 0   ? "config:0-7,32-35"
		       : strncmp(core, "arm", 3) == 0 ? "config:0-15"
		                                      : "config:0-7";
	if (text == NULL)
		return -ENOENT;
	pmsprintf(ret, size, "%s", text);
	return 0;
}

static const char *pfm_pmu_of(const struct pmu_model *m, const struct pmu_row *r)
{
	if (strcmp(r->pmu, "core") == 0)
		return m->pfm_core;
	if (strcmp(r->pmu, "uncore_imc") == 0)
		return m->pfm_memory;
	if (strcmp(r->pmu, "uncore_upi") == 0 || strcmp(r->pmu, "uncore_qpi") == 0)
		return m->pfm_link;
	return "";
}

static bool pfm_knows(const char *pmu)
{
	int i;

	pfm_for_all_pmus(i)
	{
		pfm_pmu_info_t info = {.size = sizeof(info)};

		if (pfm_get_pmu_info(i, &info) == PFM_SUCCESS && strcmp(info.name, pmu) == 0)
			return true;
	}
	return false;
}

static int pfm_code(const char *pmu, const char *event, uint64_t *ret)
{
	char name[400];
	uint64_t *codes = NULL;
	int n = 0;
	int rc;

	pmsprintf(name, sizeof(name), "%s::%s", pmu, event);
	rc = pfm_get_event_encoding(name, PFM_PLM0 | PFM_PLM3, NULL, NULL, &codes, &n);
	if (rc == PFM_SUCCESS)
		*ret = codes[0] & ~(uint64_t)X86_CONTROL;
	free(codes);
	return rc;
}

struct tally_of {
	unsigned compared, by_hand;
};

static void compare(const struct pmu_model *m, const struct pmu_row *r, struct tally_of *t)
{
	const char *pmu = pfm_pmu_of(m, r);
	struct pmu_encoding ours = {0};
	uint64_t theirs = 0;
	int rc;

	if (*pmu == '\0' || *r->pfm == '\0' || !pfm_knows(pmu)) {
		if (*pmu != '\0' && *r->pfm != '\0')
			cr_assert(may_be_lacking(pmu), "libpfm4 does not know %s", pmu);
		fprintf(stderr, "# by hand: %s %s %s/%s/\n", m->name, pmu_roles[r->role].name,
			r->pmu, r->terms);
		t->by_hand++;
		return;
	}
	cr_assert(
		eq(int, pmu_encode(r->terms, 0, format_of, m->pfm_core, &ours), 0), "%s", r->terms);
	rc = pfm_code(pmu, r->pfm, &theirs);
	if (rc != PFM_SUCCESS && may_be_lacking(pmu)) {
		fprintf(stderr, "# by hand: %s::%s: %s\n", pmu, r->pfm, pfm_strerror(rc));
		t->by_hand++;
		return;
	}
	cr_assert(eq(int, rc, PFM_SUCCESS), "%s::%s: %s", pmu, r->pfm, pfm_strerror(rc));
	cr_assert(eq(u64, ours.config[0], theirs), "%s::%s: %llx, and ours %llx", pmu, r->pfm,
		(unsigned long long)theirs, (unsigned long long)ours.config[0]);
	t->compared++;
}

Test(pfm, encodes_as_we_do)
{
	struct tally_of t = {0};

	setenv("LIBPFM_ENCODE_INACTIVE", "1", 1);
	cr_assert(eq(int, pfm_initialize(), PFM_SUCCESS));
	for (unsigned i = 0; i < pmu_n_models; i++) {
		for (unsigned k = 0; k < pmu_n_rows; k++) {
			// Rows for every processor are the kernel's own events.
			if (pmu_rows[k].models != UINT32_MAX && pmu_rows[k].models >> i & 1)
				compare(&pmu_models[i], &pmu_rows[k], &t);
		}
	}
	fprintf(stderr, "# %u encodings are as libpfm4's, %u were compared by hand only\n",
		t.compared, t.by_hand);
	cr_assert(ge(u32, t.compared, 180));
}
