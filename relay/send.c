// SPDX-License-Identifier: Apache-2.0
// jobsight-relay send: publishes what is new in the archive tree, a window at a time, and remembers
// what the broker confirmed. Whatever goes wrong with the broker: forget what is in flight, wait,
// begin again at what was confirmed. The receiver does not mind seeing bytes twice.
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/state.h"
#include "common/str.h"
#include "relay/envelope.h"
#include "relay/relay.h"

enum {
	WINDOW = 64,        // messages in flight
	CHUNK = 512 * 1024, // bytes of a message at most
	SAVE_MS = 1000,
	RESCAN_MS = 200, // after a notification
};

struct flight {
	struct followed *file;
	uint64_t generation, end;
	bool confirmed;
};

struct sender {
	const struct relay *relay;
	struct follow follow;
	struct broker *broker;
	struct flight window[WINDOW];
	uint64_t first, next; // tags: confirmed up to before first, published up to before next
	size_t at;            // file being read
	uint8_t *chunk;
	struct strbuf message;
	int64_t scanned_ns, saved_ns;
	uint64_t messages, bytes, failures;
	int64_t confirmed_s; // when the broker last confirmed
};

static void write_status(struct sender *s)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct error err = {0};

	strbuf_printf(&text,
		"updated %" PRId64 "\nconnected %d\nblocked %d\nfiles %zu\nbacklog_bytes %" PRIu64
		"\nmessages_confirmed %" PRIu64 "\nbytes_confirmed %" PRIu64
		"\nlast_confirmed %" PRId64 "\nconnection_failures %" PRIu64
		"\nfiles_rewritten %" PRIu64 "\nfiles_given_up %" PRIu64 "\n",
		clock_now_s(), s->broker != NULL, s->broker && broker_is_blocked(s->broker),
		s->follow.n, s->follow.backlog, s->messages, s->bytes, s->confirmed_s, s->failures,
		s->follow.rewritten, s->follow.skipped_files);
	if (state_replace(s->relay->state, "send.status", &text, &err) < 0)
		log_warning("%s", err.text);
}

static void disconnect(struct sender *s)
{
	broker_close(s->broker);
	s->broker = NULL;
	s->first = s->next = 1;
	follow_rewind(&s->follow);
}

static int connect_broker(struct sender *s, struct error *err)
{
	s->first = s->next = 1;
	TRY(broker_open(&s->relay->broker, &s->broker, err));
	TRY(broker_confirms_on(s->broker, err));
	log_info("connected to the broker");
	return 0;
}

static int save(struct sender *s, bool now, struct error *err)
{
	int64_t time = clock_monotonic_ns();

	if (!now && time - s->saved_ns < (int64_t)SAVE_MS * 1000000)
		return 0;
	s->saved_ns = time;
	write_status(s);
	return s->follow.changed ? follow_save(&s->follow, err) : 0;
}

static int scan(struct sender *s, bool now, struct error *err)
{
	int64_t age_ms = (clock_monotonic_ns() - s->scanned_ns) / 1000000;

	if (!now && age_ms < s->relay->scan_s * 1000)
		return 0;
	TRY(follow_scan(&s->follow, &s->relay->limits, err));
	s->scanned_ns = clock_monotonic_ns();
	s->at = 0;
	return 0;
}

// 1: published one message; 0: nothing is new.
static int publish_one(struct sender *s, struct error *err)
{
	struct envelope e = {0};

	for (; s->at < s->follow.n; s->at++) {
		struct followed *file = s->follow.files[s->at];
		if (file->skipped || file->published >= file->size)
			continue;
		ssize_t n = follow_read(&s->follow, file, s->chunk, CHUNK);
		if (n <= 0)
			continue;
		str_format(e.path, sizeof(e.path), "%s", file->path);
		e.generation = file->generation;
		e.offset = file->published;
		e.data = s->chunk;
		e.len = (uint32_t)n;
		strbuf_clear(&s->message);
		envelope_put(&e, &s->message);
		struct bytes body = {(const uint8_t *)s->message.text, s->message.len};
		TRY(broker_publish(s->broker, body, err));
		follow_published(file, s->chunk, (size_t)n);
		s->window[s->next++ % WINDOW] =
			(struct flight){file, file->generation, file->published, false};
		return 1;
	}
	return 0;
}

// Messages leave the window in the order of their tags, so confirmed bytes of a file are always a
// run from its beginning.
static void settle(struct sender *s, const struct confirm *c)
{
	uint64_t from = c->multiple ? s->first : c->tag;
	uint64_t to = c->tag ? c->tag : s->next - 1;

	for (uint64_t tag = from; tag <= to && tag < s->next; tag++)
		if (tag >= s->first)
			s->window[tag % WINDOW].confirmed = true;
	for (; s->first < s->next && s->window[s->first % WINDOW].confirmed; s->first++) {
		struct flight *flight = &s->window[s->first % WINDOW];
		flight->file->in_flight--;
		s->messages++;
		if (flight->generation != flight->file->generation)
			continue; // rewritten meanwhile
		s->bytes += flight->end - flight->file->confirmed;
		flight->file->confirmed = flight->end;
		s->follow.changed = true;
	}
	s->confirmed_s = clock_now_s();
}

static int wait_confirm(struct sender *s, int timeout_ms, struct error *err)
{
	struct confirm c;
	int rc = broker_confirm(s->broker, timeout_ms, &c, err);

	if (rc > 0)
		settle(s, &c);
	return rc;
}

// The window is not full and the broker takes messages.
static bool may_publish(const struct sender *s)
{
	return s->next - s->first < WINDOW && !broker_is_blocked(s->broker);
}

// Publishes all that is new and waits until it is confirmed. While the window is full nobody knows
// whether there is more: a broker may confirm all of it at once. A broker that takes nothing says so, and is
// waited for.
static int send_new(struct sender *s, struct error *err)
{
	int64_t heard_ns = clock_monotonic_ns();
	bool may_be_more = true;

	while ((may_be_more || s->first < s->next) && relay_pause(s->relay, -1, 0) != RELAY_STOP) {
		bool can = may_publish(s);
		int published = can ? publish_one(s, err) : 0;
		if (published < 0)
			return published;
		may_be_more = !can || published;
		int rc = 1;
		while (rc > 0 && (s->first < s->next || !can)) {
			rc = wait_confirm(s, published ? 0 : 200, err);
			bool is_alive = rc > 0 || published || broker_is_blocked(s->broker);
			heard_ns = is_alive ? clock_monotonic_ns() : heard_ns;
		}
		if (rc < 0)
			return rc;
		if (clock_monotonic_ns() - heard_ns > 60 * NS_PER_S)
			return error_set(err, ETIMEDOUT, "broker: no confirm for 60 s");
		TRY(save(s, false, err));
		TRY(scan(s, false, err));
	}
	return 0;
}

// Waits for something new, answering the broker's heartbeats.
static int wait_for_news(struct sender *s, enum relay_event *ret, struct error *err)
{
	struct confirm none;

	*ret = relay_pause(s->relay, -1, RESCAN_MS);
	if (*ret != RELAY_STOP)
		*ret = relay_pause(s->relay, s->follow.notify, 1000);
	if (*ret == RELAY_STOP)
		return 0;
	TRY(broker_confirm(s->broker, 1, &none, err));
	return save(s, false, err);
}

// --once: is all that is there confirmed?
static int all_sent(struct sender *s, struct error *err)
{
	TRY(scan(s, true, err));
	return s->follow.backlog == 0;
}

// One connection: 0 when the program should end.
static int session(struct sender *s, int64_t *backoff_ms, struct error *err)
{
	enum relay_event event = RELAY_READY;

	TRY(scan(s, true, err));
	TRY(connect_broker(s, err));
	while (event != RELAY_STOP) {
		TRY(scan(s, event == RELAY_READY, err));
		TRY(send_new(s, err));
		*backoff_ms = 0;
		TRY(save(s, s->follow.changed, err));
		int rc = s->relay->once ? all_sent(s, err) : 0;
		if (rc != 0)
			return rc < 0 ? rc : 0;
		TRY(wait_for_news(s, &event, err));
	}
	return 0;
}

static void follow_the_tree(struct sender *s)
{
	int64_t backoff_ms = 0;
	struct error err = {0};

	while (session(s, &backoff_ms, &err) < 0) {
		disconnect(s);
		s->failures++;
		backoff_ms = relay_backoff(backoff_ms, s->relay->backoff_s);
		log_warning("%s; again in %" PRId64 " ms", err.text, backoff_ms);
		write_status(s);
		err = (struct error){0};
		if (relay_pause(s->relay, -1, backoff_ms) == RELAY_STOP)
			break;
	}
}

int relay_send(const struct relay *r, struct error *err)
{
	struct sender s = {.relay = r, .first = 1, .next = 1};
	int lock = state_lock(r->state, "send", err);

	if (lock < 0)
		return lock;
	int rc = follow_open(&s.follow, r->tree, r->state, err);
	if (rc == 0) {
		s.chunk = memory_alloc(1, CHUNK);
		follow_the_tree(&s);
		disconnect(&s);
		rc = follow_save(&s.follow, err);
		write_status(&s);
		follow_close(&s.follow);
	}
	strbuf_release(&s.message);
	free(s.chunk);
	close(lock);
	return rc;
}
