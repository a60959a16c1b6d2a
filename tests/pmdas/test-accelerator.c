// SPDX-License-Identifier: Apache-2.0
// The parts of the PMDA accelerator that need no device.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/fdinfo.h"
#include "pmdas/accelerator/gpu_metrics.h"
#include "pmdas/accelerator/ras.h"

// A day at 700 W, read every 30 s at uneven instants: not a millijoule is lost.
Test(accelerator, a_day_of_power)
{
	struct accelerator_unit u = {0};
	const int64_t day = INT64_C(86400) * 1000000000;
	int64_t now = 1;

	for (unsigned i = 0; now < day + 1; i++) {
		accelerator_integrate(&u, 700000, now);
		now += INT64_C(29999999999) + i % 3;
		if (now > day + 1)
			now = day + 1;
	}
	accelerator_integrate(&u, 700000, now);
	cr_assert(eq(u64, u.next.energy.value, UINT64_C(700000) * 86400));
	cr_assert(eq(str, u.next.energy_source, (char *)"power"));
	accelerator_integrate(&u, 700000, now + day); // asleep: nobody knows
	cr_assert(eq(u64, u.next.energy.value, UINT64_C(700000) * 86400));
}

Test(accelerator, folded_counters)
{
	struct accelerator_fold narrow = {0};
	struct accelerator_fold wide = {0};

	cr_assert(eq(u64, accelerator_fold(&narrow, 0xfffffff0, 32), 0xfffffff0));
	cr_assert(eq(u64, accelerator_fold(&narrow, 0x10, 32), UINT64_C(0x100000010)));
	cr_assert(eq(u64, accelerator_fold(&wide, 500, 64), 500));
	cr_assert(eq(u64, accelerator_fold(&wide, 20, 64), 520));
}

Test(accelerator, names_from_outside)
{
	char name[12];

	accelerator_copy_name(name, sizeof(name), "A\"\\{}\n\x80 100 \n");
	cr_assert(eq(str, name, (char *)"A 100"));
	accelerator_copy_name(name, sizeof(name), "0123456789abcdef");
	cr_assert(eq(str, name, (char *)"0123456789a"));
}

Test(accelerator, gpu_metrics_that_are_none)
{
	unsigned char data[120] = {120, 0, 1, 3};
	struct gpu_metrics m;

	cr_assert(eq(int, gpu_metrics_parse(data, 3, &m), -EINVAL));
	cr_assert(eq(int, gpu_metrics_parse(data, 119, &m), -EINVAL));
	memset(data + 4, 0xff, sizeof(data) - 4);
	cr_assert(eq(int, gpu_metrics_parse(data, 120, &m), 0));
	cr_assert(not(m.energy.known));
	cr_assert(not(m.power.known));
	data[2] = 2;
	cr_assert(eq(int, gpu_metrics_parse(data, 120, &m), -ENOTSUP));
}

Test(accelerator, users_of_a_device)
{
	struct fdinfo f;

	cr_assert(eq(int, 0,
		fdinfo_parse("pos:\t0\ndrm-driver:\txe\ndrm-client-id:\t7\n"
			     "drm-pdev:\t0000:d5:00.0\n"
			     "drm-total-system:\t9 MiB\ndrm-resident-system:\t8 MiB\n"
			     "drm-total-vram0:\t4 GiB\ndrm-resident-vram0:\t3 GiB\n"
			     "drm-resident-vram1:\t1 KiB\n"
			     "drm-cycles-rcs:\t5\ndrm-total-cycles-rcs:\t10\n"
			     "drm-cycles-ccs:\t30\ndrm-total-cycles-ccs:\t40\n"
			     "drm-engine-capacity-ccs:\t4\ndrm-cycles-new:\t1\n",
			&f)));
	cr_assert(eq(str, f.pci, (char *)"0000:d5:00.0"));
	cr_assert(eq(u64, f.client, 7));
	cr_assert(eq(u64, f.memory.value, (UINT64_C(3) << 30) + 1024));
	cr_assert(eq(u64, f.busy[ACCELERATOR_COMPUTE], 30));
	cr_assert(eq(u64, f.cycles[ACCELERATOR_COMPUTE], 40));
	cr_assert(eq(u64, f.capacity[ACCELERATOR_COMPUTE], 4));
	cr_assert(f.has[ACCELERATOR_RENDER]);
	cr_assert(not(f.has[ACCELERATOR_COPY]));
	cr_assert(eq(int, 0,
		fdinfo_parse("drm-pdev: 0000:d1:00.0\ndrm-client-id: 1\n"
			     "drm-engine-render: 77 ns\ndrm-memory-vram: 4 KiB\n"
			     "drm-engine-capacity-video: 0\n",
			&f)));
	cr_assert(eq(u64, f.busy[ACCELERATOR_RENDER], 77));
	cr_assert(eq(u64, f.memory.value, 4096));
	cr_assert(eq(u64, f.capacity[ACCELERATOR_VIDEO], 1));
	cr_assert(eq(int, fdinfo_parse("pos: 0\nflags: 02\n", &f), -ENOENT));
	cr_assert(eq(int, fdinfo_parse("drm-client-id: 1\n", &f), -ENOENT));
	cr_assert(eq(int, 0,
		fdinfo_parse("drm-client-id: 1\ndrm-pdev: x\n"
			     "drm-resident-vram0: 99999999999999999999999 GiB\n"
			     "drm-resident-vram1: 18446744073709551615 GiB\ndrm-engine-\ndrm-:\n",
			&f)));
	cr_assert(not(f.memory.known));
}

Test(accelerator, errors_of_amd)
{
	uint64_t corrected = 0;
	uint64_t uncorrected = 0;

	cr_assert(eq(int, ras_parse_errors("ue: 2\nce: 35\nde: 1\n", &corrected, &uncorrected), 0));
	cr_assert(eq(u64, corrected, 35));
	cr_assert(eq(u64, uncorrected, 2));
	cr_assert(eq(int, ras_parse_errors("ue: 2\n", &corrected, &uncorrected), -EINVAL));
	cr_assert(eq(int, ras_parse_errors("ue: x\nce: 1\n", &corrected, &uncorrected), -EINVAL));
	cr_assert(eq(u64, ras_count_retired(""), 0));
	cr_assert(eq(u64,
		ras_count_retired("0x1 : 0x1000 : R\n0x2 : 0x1000 : P\n0x3 : 0x1000 : R  "), 2));
}
