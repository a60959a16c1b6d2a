// SPDX-License-Identifier: Apache-2.0
// jobsight-relay receive: takes messages, writes them into the tree, and acknowledges what is on
// disk. It acknowledges nothing that it could not write: a full disk leaves the messages with the
// broker, and they come again once there is room.
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/state.h"
#include "common/str.h"
#include "relay/envelope.h"
#include "relay/heard.h"
#include "relay/relay.h"
#include "relay/tree.h"

enum {
	PREFETCH = 128,
	BATCH = 48,     // messages written before they are synced and acknowledged
	GATHER_MS = 50, // a batch waits so long for more
	STATUS_MS = 2000,
	HEARD_S = 30, // so often is written whom we heard of
};

struct receiver {
	const struct relay *relay;
	struct tree tree;
	struct heard heard;
	struct broker *broker;
	uint64_t last;    // tag of the last message written
	unsigned waiting; // written, not acknowledged
	uint64_t messages, bytes, rejected, failures;
	int64_t received_s, status_ns;
};

static void write_status(struct receiver *r, bool now)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct error err = {0};
	int64_t time = clock_monotonic_ns();

	if (!now && time - r->status_ns < (int64_t)STATUS_MS * 1000000)
		return;
	r->status_ns = time;
	strbuf_printf(&text,
		"updated %" PRId64 "\nconnected %d\nmessages %" PRIu64 "\nbytes %" PRIu64
		"\nlast_message %" PRId64 "\nrejected %" PRIu64 "\nstale %" PRIu64
		"\nfiles_begun_again %" PRIu64 "\nfailures %" PRIu64 "\n",
		clock_now_s(), r->broker != NULL, r->messages, r->bytes, r->received_s, r->rejected,
		r->tree.stale, r->tree.resets, r->failures);
	if (state_replace(r->relay->state, "receive.status", &text, &err) < 0)
		log_warning("%s", err.text);
	if ((now || r->heard.saved_s + HEARD_S <= clock_now_s()) &&
		heard_save(&r->heard, clock_now_s(), &err) < 0)
		log_warning("%s", err.text);
}

static int acknowledge(struct receiver *r, struct error *err)
{
	if (r->waiting == 0)
		return 0;
	TRY(tree_sync(&r->tree, err));
	r->waiting = 0;
	return broker_ack(r->broker, r->last, err);
}

static int reject(
	struct receiver *r, const struct delivery *d, const struct error *why, struct error *err)
{
	r->rejected++;
	log_warning("rejected: %s", why->text);
	return broker_reject(r->broker, d->tag, err);
}

static int take(struct receiver *r, const struct delivery *d, struct error *err)
{
	struct envelope e;
	struct error why = {0};
	int rc = envelope_read(d->body.data, d->body.len, &e, &why);

	if (rc == 0)
		rc = tree_apply(&r->tree, &e, &why);
	if (rc == -EBADMSG)
		return reject(r, d, &why, err);
	if (rc < 0) {
		*err = why;
		return rc;
	}
	r->messages++;
	r->bytes += e.len;
	r->received_s = clock_now_s();
	heard_note(&r->heard, e.path, r->received_s);
	r->last = d->tag;
	r->waiting++;
	return r->waiting >= BATCH ? acknowledge(r, err) : 0;
}

// One connection: 0 when the program should end.
static int session(struct receiver *r, int64_t *backoff_ms, struct error *err)
{
	struct broker_options options = r->relay->broker;
	struct delivery d;

	r->waiting = 0;
	options.makes_queue = true;
	TRY(broker_open(&options, &r->broker, err));
	TRY(broker_consume(r->broker, PREFETCH, err));
	log_info("connected to the broker");
	while (relay_pause(r->relay, -1, 0) != RELAY_STOP) {
		int rc = broker_next(r->broker, r->waiting ? GATHER_MS : 500, &d, err);
		if (rc < 0)
			return rc;
		TRY(rc ? take(r, &d, err) : acknowledge(r, err));
		if (rc)
			*backoff_ms = 0;
		write_status(r, false);
	}
	return acknowledge(r, err);
}

static void receive_all(struct receiver *r)
{
	int64_t backoff_ms = 0;
	struct error err = {0};

	while (session(r, &backoff_ms, &err) < 0) {
		broker_close(r->broker); // what was not acknowledged goes back into the queue
		r->broker = NULL;
		r->failures++;
		backoff_ms = relay_backoff(backoff_ms, r->relay->backoff_s);
		log_warning("%s; again in %" PRId64 " ms", err.text, backoff_ms);
		write_status(r, true);
		err = (struct error){0};
		if (relay_pause(r->relay, -1, backoff_ms) == RELAY_STOP)
			break;
	}
}

// A disk that is full from the beginning is waited for, too.
static int open_tree(struct receiver *r, struct error *err)
{
	const struct relay *relay = r->relay;
	int64_t backoff_ms = 0;
	int rc = tree_open(&r->tree, relay->tree, relay->state, err);

	while (rc == -ENOSPC || rc == -EDQUOT) {
		r->failures++;
		backoff_ms = relay_backoff(backoff_ms, relay->backoff_s);
		log_warning("%s; again in %" PRId64 " ms", err->text, backoff_ms);
		if (relay_pause(relay, -1, backoff_ms) == RELAY_STOP)
			break;
		*err = (struct error){0};
		rc = tree_open(&r->tree, relay->tree, relay->state, err);
	}
	return rc;
}

int relay_receive(const struct relay *relay, struct error *err)
{
	struct receiver r = {.relay = relay};
	int lock = state_lock(relay->state, "receive", err);

	if (lock < 0)
		return lock;
	int rc = open_tree(&r, err);
	if (rc == 0) {
		heard_open(&r.heard, relay->state);
		receive_all(&r);
		broker_close(r.broker);
		r.broker = NULL;
		write_status(&r, true);
		tree_close(&r.tree);
		heard_close(&r.heard);
	}
	close(lock);
	return rc;
}
