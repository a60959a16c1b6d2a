// SPDX-License-Identifier: Apache-2.0
// The broker: a durable queue, publisher confirms, manual acknowledgement. After any error the
// connection is of no use any more: close it and open another.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"

struct broker;

struct broker_options {
	const char *url;      // amqps://user@host:port/vhost, or amqp://
	const char *password; // where the URL has none
	const char *ca;       // file of the authority's certificates
	const char *queue;
	bool makes_queue; // who does not needs no right to: nodes may write, and nothing else
};

struct confirm {
	uint64_t tag; // counts the publications of this connection from 1
	bool multiple;
};

struct delivery {
	uint64_t tag;
	struct bytes body; // until the next broker_next
};

int broker_open(const struct broker_options *o, struct broker **ret, struct error *err) MUST_USE;
void broker_close(struct broker *b); // NULL allowed
int broker_fd(const struct broker *b);

int broker_confirms_on(struct broker *b, struct error *err) MUST_USE;
int broker_publish(struct broker *b, struct bytes body, struct error *err) MUST_USE;
// 1: *ret holds; 0: none within the time. A refused or unroutable message is an error.
int broker_confirm(
	struct broker *b, int timeout_ms, struct confirm *ret, struct error *err) MUST_USE;
// It said, to broker_confirm, that its disk or memory is full: what is published now would wait in the network.
bool broker_is_blocked(const struct broker *b);

int broker_consume(struct broker *b, uint16_t prefetch, struct error *err) MUST_USE;
int broker_next(struct broker *b, int timeout_ms, struct delivery *ret, struct error *err) MUST_USE;
int broker_ack(struct broker *b, uint64_t tag, struct error *err) MUST_USE; // and all before
int broker_reject(struct broker *b, uint64_t tag, struct error *err) MUST_USE;
