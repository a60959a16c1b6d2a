// SPDX-License-Identifier: Apache-2.0
// The crew of device readers: rounds, and devices that hang. Nothing here measures time: a hanging
// device is let go only after the fetch that must not wait for it has returned.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "pmdas/frame/crew.h"

#define HOUR INT64_C(3600000000000)
#define N    40

struct device {
	atomic_bool hangs;
	atomic_uint samples;
	uint64_t wanted;
	bool known; // under the crew's lock, like the next
	unsigned published;
};

static void pause_shortly(void)
{
	const struct timespec t = {.tv_nsec = 2000000};

	nanosleep(&t, NULL);
}

static void sample(void *device, uint64_t want)
{
	struct device *d = device;

	d->wanted = want;
	atomic_fetch_add(&d->samples, 1);
	while (atomic_load(&d->hangs))
		pause_shortly();
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct device *d = device;

	(void)want;
	cr_assert(gt(i64, now_ns, 0));
	d->known = true;
	d->published++;
}

static void lose(void *device)
{
	((struct device *)device)->known = false;
}

static struct frame_crew *make_crew(struct device *devices, size_t n, int64_t period)
{
	struct frame_crew *c = NULL;

	cr_assert(eq(int, frame_crew_new(period, CREW_PATIENCE_NS, &c), 0));
	for (size_t i = 0; i < n; i++) {
		struct frame_work work = {.device = &devices[i],
			.sample = sample,
			.publish = publish,
			.lose = lose,
			.clusters = i % 2 ? 1 : 3};

		cr_assert(eq(int, frame_crew_add(c, &work), 0));
	}
	cr_assert(eq(int, frame_crew_start(c), 0));
	return c;
}

static unsigned known(struct device *devices, size_t n)
{
	unsigned count = 0;

	for (size_t i = 0; i < n; i++)
		count += devices[i].known;
	return count;
}

Test(crew, a_fetch_reads_every_wanted_device)
{
	struct device devices[N] = {0};
	struct frame_crew *c = make_crew(devices, N, HOUR);

	frame_crew_refresh(c, 1);
	cr_assert(eq(uint, known(devices, N), N));
	frame_crew_release(c);
	for (size_t i = 0; i < N; i++)
		devices[i].published = 0;
	frame_crew_refresh(c, 2); // only every other device has something of that cluster
	for (size_t i = 0; i < N; i++)
		cr_assert(eq(uint, devices[i].published, i % 2 ? 0 : 1), "device %zu", i);
	frame_crew_release(c);
	cr_assert(frame_crew_stop(c));
}

Test(crew, the_clock_polls_without_fetches)
{
	struct device devices[N] = {0};
	struct frame_crew *c = make_crew(devices, N, 10000000);
	uint64_t polls = 0;

	while (polls < 3) {
		pause_shortly();
		frame_crew_refresh(c, 0);
		polls = frame_crew_polls(c);
		frame_crew_release(c);
	}
	cr_assert(ge(uint, atomic_load(&devices[0].samples), 2));
	cr_assert(frame_crew_stop(c));
}

Test(crew, the_clock_reads_all_once_then_its_own)
{
	struct device devices[2] = {0};
	struct frame_crew *c = NULL;
	uint64_t polls = 0;

	cr_assert(eq(int, frame_crew_new(10000000, CREW_PATIENCE_NS, &c), 0));
	frame_crew_clock(c, 2);
	for (int i = 0; i < 2; i++) {
		struct frame_work work = {.device = &devices[i],
			.sample = sample,
			.publish = publish,
			.lose = lose,
			.clusters = i ? 1 : 2};

		cr_assert(eq(int, frame_crew_add(c, &work), 0));
	}
	cr_assert(eq(int, frame_crew_start(c), 0));
	while (polls < 4) {
		pause_shortly();
		frame_crew_hold(c);
		polls = frame_crew_polls(c);
		frame_crew_release(c);
	}
	frame_crew_refresh(c, 0); // what the clock has begun ends
	frame_crew_release(c);
	cr_assert(ge(uint, atomic_load(&devices[0].samples), 3));
	cr_assert(eq(uint, atomic_load(&devices[1].samples), 1));
	cr_assert(frame_crew_stop(c));
}

Test(crew, the_clock_can_be_hastened)
{
	struct device devices[N] = {0};
	struct frame_crew *c = make_crew(devices, N, HOUR);
	uint64_t polls = 0;

	frame_crew_hold(c);
	frame_crew_hasten(c, 10000000);
	frame_crew_hasten(c, HOUR); // never slower again
	frame_crew_release(c);
	while (polls < 3) {
		pause_shortly();
		frame_crew_refresh(c, 0);
		polls = frame_crew_polls(c);
		frame_crew_release(c);
	}
	cr_assert(frame_crew_stop(c));
}

Test(crew, devices_that_hang_cost_only_their_own_values)
{
	struct device devices[N] = {0};
	struct frame_crew *c;

	// More than there are workers at first, so that new ones must be hired.
	for (size_t i = 0; i < 5; i++)
		atomic_store(&devices[i * 7].hangs, true);
	c = make_crew(devices, N, HOUR);
	// Each fetch may hire one worker. On a busy machine a healthy device may miss a round as well, so
	// what is asserted is what comes to be, not when.
	do {
		frame_crew_refresh(c, 3);
		for (size_t i = 0; i < 5; i++)
			cr_assert(not(devices[i * 7].known));
		if (known(devices, N) == N - 5)
			break;
		frame_crew_release(c);
	} while (1);
	frame_crew_release(c);
	for (size_t i = 0; i < 5; i++)
		atomic_store(&devices[i * 7].hangs, false);
	do {
		pause_shortly();
		frame_crew_refresh(c, 3);
		if (known(devices, N) == N)
			break;
		frame_crew_release(c);
	} while (1);
	frame_crew_release(c);
	cr_assert(frame_crew_stop(c));
}

Test(crew, stops_in_spite_of_a_hanging_device)
{
	// The worker outlives this function: so must what it works on.
	static struct device devices[2];
	static struct frame_crew *c;

	atomic_store(&devices[0].hangs, true);
	c = make_crew(devices, 2, HOUR);
	frame_crew_refresh(c, 3);
	frame_crew_release(c);
	cr_assert(not(frame_crew_stop(c)));
	atomic_store(&devices[0].hangs, false);
}

static void retired(void *device)
{
	struct device *d = device;

	d->known = false;
	d->wanted = UINT64_MAX;
}

// A device that comes while the crew runs is read, one that goes is not, also while it hangs.
Test(crew, devices_come_and_go)
{
	static struct device devices[3];
	struct frame_crew *c = make_crew(devices, 1, HOUR);
	const struct frame_work more[] = {
		{&devices[1], sample, publish, lose, 1, retired},
		{&devices[2], sample, publish, lose, 1, retired},
	};
	unsigned samples;

	cr_assert(eq(int, frame_crew_start(c), 0));
	frame_crew_refresh(c, 1);
	cr_assert(eq(int, frame_crew_add(c, &more[0]), 0));
	cr_assert(eq(int, frame_crew_add(c, &more[1]), 0));
	cr_assert(not(devices[1].known));
	frame_crew_release(c);
	do {
		frame_crew_refresh(c, 1);
		frame_crew_release(c);
		pause_shortly();
	} while (!devices[1].known || !devices[2].known);
	frame_crew_hold(c);
	frame_crew_retire(c, &devices[1]);
	frame_crew_retire(c, &devices[1]); // a second time does nothing
	cr_assert(eq(u64, devices[1].wanted, UINT64_MAX));
	samples = atomic_load(&devices[1].samples);
	frame_crew_release(c);

	atomic_store(&devices[2].hangs, true);
	frame_crew_refresh(c, 1);
	cr_assert(not(devices[2].known));
	frame_crew_retire(c, &devices[2]);
	cr_assert(ne(u64, devices[2].wanted, UINT64_MAX)); // somebody is inside
	frame_crew_release(c);
	atomic_store(&devices[2].hangs, false);
	for (;;) {
		frame_crew_refresh(c, 1);
		if (devices[2].wanted == UINT64_MAX) {
			frame_crew_release(c);
			break;
		}
		frame_crew_release(c);
		pause_shortly();
	}
	cr_assert(devices[0].known);
	cr_assert(eq(uint, atomic_load(&devices[1].samples), samples));
	cr_assert(frame_crew_stop(c));
}
