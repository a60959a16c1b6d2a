// SPDX-License-Identifier: Apache-2.0
// The crew reads devices in threads of its own, so that pmcd never waits for one that hangs. A round
// reads every wanted device once; rounds begin by the clock (so that narrow counters never wrap
// unseen) and at each fetch, which waits for its round, but never longer than its patience.
// A worker that hangs in a device is replaced; the device is left alone until it answers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Well below the 100 ms that pmcd may wait: the answer has to be made and sent, too.
#define CREW_PATIENCE_NS INT64_C(60000000)

struct frame_work { // one device
	void *device;
	// Reads the registers of the wanted clusters into the device's private memory; may block.
	void (*sample)(void *device, uint64_t want);
	// Puts what was read into the records, under the crew's lock.
	void (*publish)(void *device, uint64_t want, int64_t now_ns);
	// Marks all values of the device as not known, under the crew's lock.
	void (*lose)(void *device);
	uint64_t clusters; // that the device has values of, one bit a cluster (or part of one)
	// May be NULL. The device was retired and nobody is inside it any more; under the crew's lock.
	void (*retired)(void *device);
};

struct frame_crew;

int frame_crew_new(int64_t period_ns, int64_t patience_ns, struct frame_crew **ret);
int frame_crew_start(struct frame_crew *c);

// What the clock reads from its second round on, if not everything; before the start.
void frame_crew_clock(struct frame_crew *c, uint64_t want);

// Both before the start, or under the crew's lock. A device that is added is read from the next round
// on; one that is retired is never read again, but a worker may still be inside it.
int frame_crew_add(struct frame_crew *c, const struct frame_work *work);
void frame_crew_retire(struct frame_crew *c, const void *device);

// The device has values of these clusters, too; under the crew's lock.
void frame_crew_widen(struct frame_crew *c, const void *device, uint64_t clusters);

// From now on the clock begins a round at least every period_ns; under the crew's lock.
void frame_crew_hasten(struct frame_crew *c, int64_t period_ns);

// Stops the workers and frees the crew. False: a worker is still inside a device, and nothing that
// it may touch can be freed.
bool frame_crew_stop(struct frame_crew *c);

// A round for a fetch of some clusters; returns with the lock held, until frame_crew_release().
void frame_crew_refresh(struct frame_crew *c, uint64_t want);
void frame_crew_release(struct frame_crew *c);
void frame_crew_hold(struct frame_crew *c); // takes the lock without a round

uint64_t frame_crew_polls(const struct frame_crew *c); // rounds begun by the clock; under the lock
