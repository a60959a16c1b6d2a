// SPDX-License-Identifier: Apache-2.0
// Wraps of every width, several of them, resets and late readings; a day of energy to the joule.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdint.h>

#include "common/macro.h"
#include "pmdas/frame/accumulator.h"
#include "pmdas/msr/model.h"

#define SECOND INT64_C(1000000000)

Test(accumulator, begins_with_the_first_value)
{
	struct accumulator a = {0};

	accumulator_fold(&a, 12345, 32, 1000, SECOND);
	cr_assert(eq(u64, a.total, 12345));
	accumulator_fold(&a, 12400, 32, 1000, 2 * SECOND);
	cr_assert(eq(u64, a.total, 12400));
}

Test(accumulator, folds_a_wrap_of_every_width)
{
	static const unsigned widths[] = {8, 16, 32, 40, 44, 48, 56, 62};

	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		uint64_t range = UINT64_C(1) << widths[i];
		struct accumulator a = {0};

		accumulator_fold(&a, range - 3, widths[i], 100, SECOND);
		accumulator_fold(&a, 4, widths[i], 100, 2 * SECOND);
		cr_assert(eq(u64, a.total, range + 4), "width %u", widths[i]);
		cr_assert(eq(u64, a.resets, 0));
	}
}

Test(accumulator, ignores_bits_above_the_width)
{
	struct accumulator a = {0};

	accumulator_fold(&a, UINT64_C(0xabcd00000010), 32, 1000, SECOND);
	accumulator_fold(&a, UINT64_C(0x123400000020), 32, 1000, 2 * SECOND);
	cr_assert(eq(u64, a.total, 0x20));
}

Test(accumulator, tells_a_reset_from_a_wrap)
{
	struct accumulator a = {0};

	// 10 s at most 131072000 a second; a wrap from 10^9 to 5 would have taken 3.3 * 10^9.
	accumulator_fold(&a, 1000000000, 32, 131072000, SECOND);
	accumulator_fold(&a, 5, 32, 131072000, 11 * SECOND);
	cr_assert(eq(u64, a.total, 1000000000));
	cr_assert(eq(u64, a.resets, 1));
	accumulator_fold(&a, 105, 32, 131072000, 21 * SECOND);
	cr_assert(eq(u64, a.total, 1000000100));
	cr_assert(eq(u64, a.resets, 1));
}

Test(accumulator, a_decrease_of_64_bits_is_a_reset)
{
	struct accumulator a = {0};

	accumulator_fold(&a, UINT64_C(1) << 60, 64, 100000000000, SECOND);
	accumulator_fold(&a, 7, 64, 100000000000, 2 * SECOND);
	accumulator_fold(&a, 9, 64, 100000000000, 3 * SECOND);
	cr_assert(eq(u64, a.total, (UINT64_C(1) << 60) + 2));
	cr_assert(eq(u64, a.resets, 1));
}

Test(accumulator, counts_readings_too_late_to_be_sure)
{
	struct accumulator a = {0};

	accumulator_fold(&a, 0, 32, 131072000, SECOND);
	accumulator_fold(&a, 1, 32, 131072000, 31 * SECOND); // 3.9 * 10^9: less than one range
	cr_assert(eq(u64, a.late, 0));
	accumulator_fold(&a, 2, 32, 131072000, 71 * SECOND);
	cr_assert(eq(u64, a.late, 1));
}

Test(accumulator, time_going_backwards_is_no_time)
{
	struct accumulator a = {0};

	accumulator_fold(&a, 1000, 32, 100, 5 * SECOND);
	accumulator_fold(&a, 1100, 32, 100, 4 * SECOND);
	cr_assert(eq(u64, a.total, 1100));
	cr_assert(eq(u64, a.late, 0));
}

// The widths of the reference: each wraps, alone and many times between two samples, and is reset.
static const unsigned hardware_widths[] = {32, 40, 44, 48, 62};

Test(accumulator, several_wraps_between_two_samples_of_every_width)
{
	for (size_t i = 0; i < ARRAY_LEN(hardware_widths); i++) {
		unsigned width = hardware_widths[i];
		const uint64_t mask = (UINT64_C(1) << width) - 1;
		const uint64_t step = mask / 3;                // between two readings, 10 s apart
		const unsigned readings = width < 62 ? 60 : 6; // 20 wraps, or 2 that fit 64 bits
		uint64_t raw = mask - 5;
		struct accumulator a = {0};
		uint64_t sample;

		accumulator_fold(&a, raw, width, step / 9, SECOND);
		sample = a.total;
		for (unsigned k = 1; k <= readings; k++) {
			raw = (raw + step) & mask;
			accumulator_fold(&a, raw, width, step / 9, (1 + INT64_C(10) * k) * SECOND);
		}
		cr_assert(eq(u64, a.total - sample, step * readings), "width %u", width);
		cr_assert(eq(u64, a.resets, 0), "width %u", width);
		cr_assert(eq(u64, a.late, 0), "width %u", width);
	}
}

Test(accumulator, a_reset_of_every_width)
{
	for (size_t i = 0; i < ARRAY_LEN(hardware_widths); i++) {
		unsigned width = hardware_widths[i];
		uint64_t half = UINT64_C(1) << (width - 1);
		uint64_t rate = half / 100; // a second: back to zero is no wrap in 10 s
		struct accumulator a = {0};

		accumulator_fold(&a, half, width, rate, SECOND);
		accumulator_fold(&a, half + 100, width, rate, 11 * SECOND);
		accumulator_fold(&a, 0, width, rate, 21 * SECOND);
		accumulator_fold(&a, 7, width, rate, 31 * SECOND);
		cr_assert(eq(u64, a.total, half + 107), "width %u", width);
		cr_assert(eq(u64, a.resets, 1), "width %u", width);
	}
}

struct day {
	unsigned width;
	unsigned shift; // unit 2^-shift joule
	uint64_t watts;
	int64_t period_s; // between readings
	uint64_t start;   // of the counter
};

// A day of constant power, exact to the count, and so to the microjoule that a count is rounded to.
static void run_day(struct day d)
{
	const struct msr_unit unit = {.factor = 1000000, .shift = d.shift};
	const uint64_t mask = (UINT64_C(1) << d.width) - 1;
	uint64_t rate = msr_counts_of(unit, 2000);
	struct accumulator a = {0};
	uint64_t joules = d.watts * 86400;
	uint64_t begin;

	accumulator_fold(&a, d.start, d.width, rate, 0);
	begin = a.total;
	for (int64_t s = d.period_s; s <= 86400; s += d.period_s) {
		uint64_t counted = d.start + (d.watts * (uint64_t)s << d.shift);

		accumulator_fold(&a, counted & mask, d.width, rate, s * SECOND);
	}
	cr_assert(eq(u64, a.total - begin, joules << d.shift));
	cr_assert(eq(u64, msr_microjoules(unit, a.total - begin), joules * 1000000));
	cr_assert(eq(u64, a.resets, 0));
	cr_assert(eq(u64, a.late, 0));
}

Test(accumulator, a_day_at_700_watts_loses_nothing)
{
	run_day((struct day){.width = 32, .shift = 16, .watts = 700, .period_s = 10}); // 922 wraps
	run_day((struct day){
		.width = 32, .shift = 16, .watts = 700, .period_s = 10, .start = 0xffffffff});
	run_day((struct day){
		.width = 32, .shift = 16, .watts = 700, .period_s = 30, .start = 123456789});
	run_day((struct day){.width = 32, .shift = 14, .watts = 700, .period_s = 60});
	run_day((struct day){.width = 32, .shift = 14, .watts = 2000, .period_s = 10});
	run_day((struct day){.width = 32, .shift = 0, .watts = 5000, .period_s = 10});
	run_day((struct day){.width = 40, .shift = 24, .watts = 700, .period_s = 10}); // 922
	run_day((struct day){.width = 44, .shift = 28, .watts = 700, .period_s = 10}); // 922
	run_day((struct day){.width = 48, .shift = 30, .watts = 700, .period_s = 10}); // 230
	run_day((struct day){.width = 62, .shift = 37, .watts = 700, .period_s = 10}); // one
}
