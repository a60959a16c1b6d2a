// SPDX-License-Identifier: Apache-2.0
// The parts of the PMDA accelerator that need no device.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"
#include "pmdas/accelerator/gpu_metrics.h"
#include "pmdas/accelerator/job.h"

Test(accelerator, jobs_of_control_groups)
{
	static const struct {
		const char *text;
		const char *job; // NULL: none
	} cases[] = {
		{"0::/system.slice/slurmstepd.scope/job_17/step_0\n", "17"},
		{"5:memory:/slurm/uid_1/job_18\n1:cpu:/\n", "18"},
		{"1:cpu:/\n5:memory:/slurm/uid_1/job_18/step_batch\n", "18"},
		{"0::/job_/job_19/x\n", "19"},
		{"0::/job_1\"2/x\n", NULL},
		{"0::/job_12345678901234567890/x\n", NULL},
		{"0::/user.slice\n", NULL},
		{"/job_7", "7"},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char job[16] = "";
		int rc = job_parse(cases[i].text, job, sizeof(job));

		cr_assert(eq(int, rc, cases[i].job ? 0 : -ENOENT), "%s", cases[i].text);
		cr_assert(eq(str, job, (char *)(cases[i].job ? cases[i].job : "")));
	}
}

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
