// SPDX-License-Identifier: Apache-2.0
// Counters of ports: wraps of both widths, several of them, resets, counters that stick; a day at 400 Gb/s to
// the byte; and the forms of text that drivers write.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/fabric/fabric.h"
#include "pmdas/fabric/text.h"

#define SECOND   INT64_C(1000000000)
#define GB_400   UINT64_C(50000000000) // bytes a second
#define RANGE_32 (UINT64_C(1) << 32)

static uint64_t count(struct fabric_fold *f, uint64_t raw, unsigned bits, uint64_t rate, int64_t ns)
{
	bool stuck = false;
	uint64_t total = fabric_count(f, raw, bits, rate, ns, &stuck);

	cr_assert(not(stuck));
	return total;
}

Test(fabric_count, folds_a_wrap_of_both_widths)
{
	struct fabric_fold narrow = {0};
	struct fabric_fold wide = {0};
	bool stuck = false;

	count(&narrow, RANGE_32 - 3, 32, GB_400 / 4, SECOND);
	cr_assert(eq(u64, count(&narrow, 4, 32, GB_400 / 4, SECOND + SECOND / 10), RANGE_32 + 4));
	// Of 64 bits the sum itself wraps: its increase is right.
	fabric_count(&wide, UINT64_MAX - 2, 64, GB_400 / 4, SECOND, &stuck);
	cr_assert(eq(u64, count(&wide, 4, 64, GB_400 / 4, 2 * SECOND), 4));
	cr_assert(eq(u64, narrow.sum.resets + wide.sum.resets, 0));
}

Test(fabric_count, a_reset_keeps_what_was_counted_and_adds_what_is_there)
{
	static const unsigned widths[] = {32, 64};

	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		struct fabric_fold f = {0};

		count(&f, 2000000000, widths[i], 1000000, SECOND);
		cr_assert(eq(u64, count(&f, 5, widths[i], 1000000, 2 * SECOND), 2000000005));
		cr_assert(eq(u64, count(&f, 9, widths[i], 1000000, 3 * SECOND), 2000000009));
		cr_assert(eq(u64, f.sum.resets, 1), "width %u", widths[i]);
	}
}

Test(fabric_count, several_wraps_between_two_samples)
{
	// Sampled each 30 s, read each 0.17 s: what a port of 32-bit counters at 400 Gb/s asks for.
	const uint64_t step = GB_400 / 4 * 17 / 100;
	struct fabric_fold f = {0};
	uint64_t raw = 12345;
	uint64_t begin = count(&f, raw, 32, GB_400 / 4, SECOND);
	const unsigned readings = 180;

	for (unsigned k = 1; k <= readings; k++) {
		raw = (raw + step) % RANGE_32;
		count(&f, raw, 32, GB_400 / 4, SECOND + k * (SECOND * 17 / 100));
	}
	cr_assert(eq(u64, f.sum.total - begin, step * readings)); // 89 wraps
	cr_assert(eq(u64, f.sum.resets, 0));
	cr_assert(eq(u64, f.sum.late, 0));
}

Test(fabric_count, a_wider_value_shows_that_the_counter_is_wide)
{
	struct fabric_fold f = {0};

	count(&f, 100, 32, GB_400 / 4, SECOND);
	cr_assert(eq(u64, count(&f, RANGE_32 * 5, 32, GB_400 / 4, 100 * SECOND), RANGE_32 * 5));
	cr_assert(f.is_wide);
	cr_assert(eq(
		u64, count(&f, RANGE_32 * 5 + 1, 32, GB_400 / 4, 200 * SECOND), RANGE_32 * 5 + 1));
}

Test(fabric_count, counters_of_errors_stick)
{
	static const unsigned widths[] = {4, 8, 16, 32};

	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		uint64_t top = (UINT64_C(1) << widths[i]) - 1;
		struct fabric_fold f = {0};
		bool stuck = false;

		cr_assert(
			eq(u64, fabric_count(&f, top - 1, widths[i], 0, SECOND, &stuck), top - 1));
		cr_assert(not(stuck));
		cr_assert(eq(u64, fabric_count(&f, top, widths[i], 0, 2 * SECOND, &stuck), top));
		cr_assert(stuck, "width %u", widths[i]);
		// Somebody resets it; nothing that was counted is forgotten.
		cr_assert(eq(u64, fabric_count(&f, 2, widths[i], 0, 3 * SECOND, &stuck), top + 2));
		cr_assert(not(stuck));
		cr_assert(eq(u64, f.sum.resets, 1));
	}
}

Test(fabric_count, traffic_that_stays_at_the_top_is_stuck)
{
	struct fabric_fold f = {0};
	bool stuck = false;

	fabric_count(&f, RANGE_32 - 1, 32, GB_400 / 4, SECOND, &stuck);
	cr_assert(not(stuck)); // it may have been passing by
	fabric_count(&f, RANGE_32 - 1, 32, GB_400 / 4, 2 * SECOND, &stuck);
	cr_assert(stuck);
}

struct day {
	unsigned bits;
	uint64_t start;    // of the counter
	int64_t period_ms; // between readings
};

// A day at 400 Gb/s in units of 4 octets, exact to the byte.
static void run_day(struct day d)
{
	const uint64_t mask = d.bits == 64 ? UINT64_MAX : RANGE_32 - 1;
	const uint64_t rate = GB_400 / 4;
	struct fabric_fold f = {0};
	uint64_t before;
	bool stuck = false;

	fabric_count(&f, d.start, d.bits, rate, 0, &stuck);
	before = f.sum.total;
	for (int64_t ms = d.period_ms; ms <= 86400000; ms += d.period_ms) {
		uint64_t counted = d.start + rate / 1000 * (uint64_t)ms;

		fabric_count(&f, counted & mask, d.bits, rate, ms * 1000000, &stuck);
	}
	cr_assert(eq(u64, (f.sum.total - before) * 4, GB_400 * 86400), "%u bits", d.bits);
	cr_assert(eq(u64, f.sum.resets, 0));
	cr_assert(eq(u64, f.sum.late, 0));
}

Test(fabric_count, a_day_at_400_gigabits_loses_no_byte)
{
	run_day((struct day){.bits = 32, .period_ms = 160}); // 251 457 wraps
	run_day((struct day){.bits = 32, .period_ms = 300, .start = RANGE_32 - 1});
	run_day((struct day){.bits = 64, .period_ms = 10000, .start = 123456789});
	run_day((struct day){.bits = 64, .period_ms = 10000, .start = UINT64_MAX - 1000000});
	run_day((struct day){.bits = 64, .period_ms = 60000, .start = UINT64_C(1) << 62});
}

Test(fabric_text, counters)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
		{"123\n", 0, 123},
		{"18446744073709551615\n", 0, UINT64_MAX},
		{"18446744073709551616\n", -ERANGE, 0},
		{"42@1700000000.123456789\n", 0, 42},
		{"42@17", 0, 42},
		{"42@", -EINVAL, 0},
		{"42@x", -EINVAL, 0},
		{"42 43", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"N/A (no PMA)\n", -EINVAL, 0},
		{"", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 0;

		cr_assert(eq(int, fabric_parse_counter(cases[i].text, &value), cases[i].rc), "%s",
			cases[i].text);
		cr_assert(eq(u64, value, cases[i].value), "%s", cases[i].text);
	}
}

Test(fabric_text, rates)
{
	static const struct {
		const char *text;
		int rc;
		uint64_t value;
	} cases[] = {
		{"200 Gb/sec (4X HDR)\n", 0, 25000000000},
		{"2.5 Gb/sec (1X SDR)\n", 0, 312500000},
		{"400 Gb/sec (4X NDR)", 0, 50000000000},
		{"BS_200G\n", 0, 25000000000},
		{"BJ_100G", 0, 12500000000},
		{"25000\n", 0, 3125000000},
		{"-1\n", -EINVAL, 0},
		{"fast\n", -EINVAL, 0},
		{"999999999999 Gb/sec", -ERANGE, 0},
		{"10 Mb/sec", -EINVAL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t value = 0;

		cr_assert(eq(int, fabric_parse_rate(cases[i].text, &value), cases[i].rc), "%s",
			cases[i].text);
		cr_assert(eq(u64, value, cases[i].value), "%s", cases[i].text);
	}
}

Test(fabric_text, states)
{
	uint64_t value = 0;

	cr_assert(eq(int, fabric_parse_state("4: ACTIVE\n", &value), 0));
	cr_assert(eq(u64, value, 4));
	cr_assert(eq(int, fabric_parse_state("ACTIVE", &value), -EINVAL));
	cr_assert(eq(int, fabric_parse_state("4", &value), -EINVAL));
}

Test(fabric_text, statistics_of_drivers)
{
	char text[] = "driver: mlx5_core\nNIC statistics:\n     rx_bytes: 7\n     [0]: tx: 8\n"
		      "     bad\n     big: 99999999999999999999\n     last: 9";
	struct ethtool_info i = {0};

	cr_assert(eq(int, ethtool_parse(text, &i), 0));
	cr_assert(eq(str, i.driver, (char *)"mlx5_core"));
	cr_assert(eq(uint, i.n, 3));
	cr_assert(eq(str, i.names[0], (char *)"rx_bytes"));
	cr_assert(eq(u64, i.values[0], 7));
	cr_assert(eq(str, i.names[1], (char *)"0: tx"));
	cr_assert(eq(u64, i.values[2], 9));
	ethtool_release(&i);
}

Test(fabric_text, without_a_driver_there_is_nothing)
{
	struct ethtool_host h = {.root = -1, .socket = -1};
	struct ethtool_info i = {0};

	cr_assert(lt(int, ethtool_describe(&h, "lo", &i), 0));
	cr_assert(eq(uint, i.n, 0));
	ethtool_release(&i);
}

// The real thing: each network device of this machine names the driver that /sys does, and as many values
// as names come.
Test(fabric_text, real_drivers_are_asked)
{
	struct ethtool_host h = {
		.root = -1, .socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	glob_t devices = {0};

	cr_assert(ge(int, h.socket, 0));
	(void)glob("/sys/class/net/*/device/driver", 0, NULL, &devices);
	for (size_t k = 0; k < devices.gl_pathc; k++) {
		struct ethtool_info i = {0};
		char name[64] = "";
		char link[256] = "";

		cr_assert(eq(int, sscanf(devices.gl_pathv[k], "/sys/class/net/%63[^/]", name), 1));
		cr_assert(gt(long, readlink(devices.gl_pathv[k], link, sizeof(link) - 1), 0));
		if (ethtool_describe(&h, name, &i) == 0) {
			cr_assert(eq(str, i.driver, strrchr(link, '/') + 1), "%s", name);
			cr_assert(eq(int, ethtool_read(&h, name, &i), 0), "%s", name);
			i.n++; // as if the driver had lost one since
			cr_assert(eq(int, ethtool_read(&h, name, &i), -ESTALE), "%s", name);
		}
		ethtool_release(&i);
	}
	globfree(&devices);
	close(h.socket);
}

Test(fabric_patterns, one_a_line)
{
	struct fabric *f = calloc(1, sizeof(*f));
	char text[] = "# comment\n\n  cxi*/pct_*  \neth0/x\n";
	char many[4096] = "";

	cr_assert(eq(int, fabric_parse_patterns(f, text), 0));
	cr_assert(eq(uint, f->n_patterns, 2));
	cr_assert(eq(str, f->patterns[0], (char *)"cxi*/pct_*"));
	for (unsigned i = 0; i < FABRIC_PATTERNS + 1; i++)
		memcpy(many + i * 2, "a\n", 3);
	cr_assert(eq(int, fabric_parse_patterns(f, many), -E2BIG));
	free(f);
}
