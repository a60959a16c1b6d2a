// SPDX-License-Identifier: Apache-2.0
// The verbs of jobsight-relay.
#pragma once

#include <stdint.h>

#include "common/error.h"
#include "common/settings.h"
#include "relay/broker.h"
#include "relay/follow.h"

struct relay {
	struct broker_options broker;
	const char *tree, *state;
	struct follow_limits limits;
	int64_t scan_s, backoff_s;
	bool once; // send: end when all is confirmed
	int stop;  // signalfd: readable when the program should end
};

int relay_send(const struct relay *r, struct error *err) MUST_USE;
int relay_receive(const struct relay *r, struct error *err) MUST_USE;
int relay_status(const struct relay *r, struct error *err) MUST_USE;

enum relay_event { RELAY_TIME, RELAY_READY, RELAY_STOP };

// Waits so long, or until fd (-1: none) is readable, or the program should end.
enum relay_event relay_pause(const struct relay *r, int fd, int64_t ms);

// The next pause after a failure: doubled, up to the limit, of a random length, so that a thousand
// nodes do not come back in the same moment.
int64_t relay_backoff(int64_t before_ms, int64_t limit_s);
