// SPDX-License-Identifier: Apache-2.0
// RabbitMQ by librabbitmq, whose only user this is. It knows nothing of archives.
#include "relay/broker.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/arena.h"
#include "common/log.h"
#include "common/memory.h"

enum { CHANNEL = 1, CONNECT_S = 10, HEARTBEAT_S = 30, SILENCE_MS = 60000, FRAME = 131072 };

struct broker {
	amqp_connection_state_t connection;
	const char *queue;
	amqp_envelope_t envelope;
	bool have_envelope;
	bool open;    // the channel is
	bool blocked; // it takes no messages now
};

static int library_error(struct error *err, const char *what, int status)
{
	return error_set(err, EIO, "broker: %s: %s", what, amqp_error_string2(status));
}

// The server's last answer in words.
static int answer(struct broker *b, const char *what, struct error *err)
{
	amqp_rpc_reply_t r = amqp_get_rpc_reply(b->connection);

	if (r.reply_type == AMQP_RESPONSE_NORMAL)
		return 0;
	if (r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
		return library_error(err, what, r.library_error);
	if (r.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
		r.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
		const amqp_connection_close_t *c = r.reply.decoded;
		return error_set(err, EIO, "broker: %s: %.*s", what, (int)c->reply_text.len,
			(const char *)c->reply_text.bytes);
	}
	if (r.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION &&
		r.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *c = r.reply.decoded;
		return error_set(err, EIO, "broker: %s: %.*s", what, (int)c->reply_text.len,
			(const char *)c->reply_text.bytes);
	}
	return error_set(err, EIO, "broker: %s: no answer", what);
}

static int open_socket(struct broker *b, const struct broker_options *o,
	const struct amqp_connection_info *info, struct error *err)
{
	struct timeval limit = {.tv_sec = CONNECT_S};
	int silence = SILENCE_MS;
	amqp_socket_t *s =
		info->ssl ? amqp_ssl_socket_new(b->connection) : amqp_tcp_socket_new(b->connection);

	if (!s)
		return error_set(err, ENOMEM, "broker: no socket");
	if (info->ssl) {
		amqp_ssl_socket_set_verify_peer(s, 1);
		amqp_ssl_socket_set_verify_hostname(s, 1);
		int rc = amqp_ssl_socket_set_ssl_versions(s, AMQP_TLSv1_2, AMQP_TLSvLATEST);
		if (rc == AMQP_STATUS_OK && o->ca)
			rc = amqp_ssl_socket_set_cacert(s, o->ca);
		if (rc != AMQP_STATUS_OK)
			return library_error(err, o->ca ? o->ca : "TLS", rc);
	}
	int rc = amqp_socket_open_noblock(s, info->host, info->port, &limit);
	if (rc != AMQP_STATUS_OK)
		return library_error(err, info->host, rc);
	// A cut cable must not hold a write for ever.
	(void)setsockopt(amqp_get_sockfd(b->connection), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence,
		sizeof(silence));
	return 0;
}

// That we want to be told when it takes no messages: it says nothing to those that do not ask.
static amqp_rpc_reply_t log_in_as(
	struct broker *b, const struct amqp_connection_info *info, const char *password)
{
	amqp_table_entry_t told = {
		.key = amqp_cstring_bytes("connection.blocked"),
		.value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1},
	};
	amqp_table_entry_t capabilities = {
		.key = amqp_cstring_bytes("capabilities"),
		.value = {.kind = AMQP_FIELD_KIND_TABLE, .value.table = {1, &told}},
	};
	const amqp_table_t properties = {1, &capabilities};

	return amqp_login_with_properties(b->connection, *info->vhost ? info->vhost : "/", 0, FRAME,
		HEARTBEAT_S, &properties, AMQP_SASL_METHOD_PLAIN, info->user, password);
}

static int log_in(struct broker *b, const struct broker_options *o,
	const struct amqp_connection_info *info, struct error *err)
{
	struct timeval limit = {.tv_sec = CONNECT_S};
	const char *password = o->password ? o->password : info->password;

	amqp_set_handshake_timeout(b->connection, &limit);
	amqp_set_rpc_timeout(b->connection, &limit);
	amqp_rpc_reply_t r = log_in_as(b, info, password);
	if (r.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION)
		return library_error(err, "login", r.library_error);
	if (r.reply_type != AMQP_RESPONSE_NORMAL)
		return error_set(err, EACCES, "broker: login as %s refused", info->user);
	amqp_channel_open(b->connection, CHANNEL);
	TRY(answer(b, "channel", err));
	b->open = true;
	amqp_queue_declare(b->connection, CHANNEL, amqp_cstring_bytes(o->queue), !o->makes_queue, 1,
		0, 0, amqp_empty_table);
	return answer(b, "queue", err);
}

int broker_open(const struct broker_options *o, struct broker **ret, struct error *err)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct amqp_connection_info info;
	struct broker *b;
	char *url = arena_strdup(&arena, o->url); // the parser cuts it

	amqp_default_connection_info(&info);
	if (amqp_parse_url(url, &info) != AMQP_STATUS_OK)
		return error_set(err, EINVAL, "relay.url is not amqps://user@host:port/vhost");
	b = memory_alloc(1, sizeof(*b));
	b->queue = o->queue;
	b->connection = amqp_new_connection();
	int rc = b->connection ? open_socket(b, o, &info, err) : -ENOMEM;
	if (rc == 0)
		rc = log_in(b, o, &info, err);
	if (rc < 0) {
		broker_close(b);
		return rc;
	}
	*ret = b;
	return 0;
}

static void forget_envelope(struct broker *b)
{
	if (b->have_envelope)
		amqp_destroy_envelope(&b->envelope);
	b->have_envelope = false;
}

// No farewell: the broker requeues what was not acknowledged, at once, and a broker that hangs
// cannot hold us.
void broker_close(struct broker *b)
{
	if (!b)
		return;
	forget_envelope(b);
	if (b->connection)
		amqp_destroy_connection(b->connection);
	free(b);
}

int broker_fd(const struct broker *b)
{
	return amqp_get_sockfd(b->connection);
}

int broker_confirms_on(struct broker *b, struct error *err)
{
	amqp_confirm_select(b->connection, CHANNEL);
	return answer(b, "confirms", err);
}

int broker_publish(struct broker *b, struct bytes body, struct error *err)
{
	amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_CONTENT_TYPE_FLAG,
		.delivery_mode = AMQP_DELIVERY_PERSISTENT,
		.content_type = amqp_cstring_bytes("application/x-jobsight-relay"),
	};
	amqp_bytes_t bytes = {.len = body.len, .bytes = (void *)body.data};
	int rc = amqp_basic_publish(b->connection, CHANNEL, amqp_empty_bytes,
		amqp_cstring_bytes(b->queue), 1, 0, &properties, bytes);

	return rc == AMQP_STATUS_OK ? 0 : library_error(err, "publish", rc);
}

bool broker_is_blocked(const struct broker *b)
{
	return b->blocked;
}

// Of what a broker says to a publisher besides confirms: a full disk or memory is no error, and passes.
static int hear(struct broker *b, const amqp_method_t *m, struct error *err)
{
	if (m->id == AMQP_CONNECTION_UNBLOCKED_METHOD) {
		b->blocked = false;
		log_info("the broker takes messages again");
		return 0;
	}
	if (m->id != AMQP_CONNECTION_BLOCKED_METHOD)
		return error_set(
			err, EIO, "broker: did not take a message (%s)", amqp_method_name(m->id));
	const amqp_connection_blocked_t *why = m->decoded;
	b->blocked = true;
	log_warning("the broker takes no messages now: %.*s", (int)why->reason.len,
		(const char *)why->reason.bytes);
	return 0;
}

int broker_confirm(struct broker *b, int timeout_ms, struct confirm *ret, struct error *err)
{
	struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	amqp_frame_t frame;

	amqp_maybe_release_buffers(b->connection);
	int rc = amqp_simple_wait_frame_noblock(b->connection, &frame, &limit);
	if (rc == AMQP_STATUS_TIMEOUT)
		return 0;
	if (rc != AMQP_STATUS_OK)
		return library_error(err, "confirms", rc);
	if (frame.frame_type != AMQP_FRAME_METHOD)
		return 0;
	if (frame.payload.method.id != AMQP_BASIC_ACK_METHOD)
		return hear(b, &frame.payload.method, err);
	const amqp_basic_ack_t *ack = frame.payload.method.decoded;
	*ret = (struct confirm){ack->delivery_tag, ack->multiple};
	return 1;
}

int broker_consume(struct broker *b, uint16_t prefetch, struct error *err)
{
	amqp_basic_qos(b->connection, CHANNEL, 0, prefetch, 0);
	TRY(answer(b, "prefetch", err));
	amqp_basic_consume(b->connection, CHANNEL, amqp_cstring_bytes(b->queue), amqp_empty_bytes,
		0, 0, 0, amqp_empty_table);
	return answer(b, "consume", err);
}

int broker_next(struct broker *b, int timeout_ms, struct delivery *ret, struct error *err)
{
	struct timeval limit = {timeout_ms / 1000, timeout_ms % 1000 * 1000};

	forget_envelope(b);
	amqp_maybe_release_buffers(b->connection);
	amqp_rpc_reply_t r = amqp_consume_message(b->connection, &b->envelope, &limit, 0);
	if (r.reply_type == AMQP_RESPONSE_NORMAL) {
		b->have_envelope = true;
		ret->tag = b->envelope.delivery_tag;
		ret->body.data = b->envelope.message.body.bytes;
		ret->body.len = b->envelope.message.body.len;
		return 1;
	}
	if (r.reply_type != AMQP_RESPONSE_LIBRARY_EXCEPTION)
		return error_set(err, EIO, "broker: closed the channel");
	if (r.library_error == AMQP_STATUS_TIMEOUT)
		return 0;
	return library_error(err, "consume", r.library_error);
}

int broker_ack(struct broker *b, uint64_t tag, struct error *err)
{
	int rc = amqp_basic_ack(b->connection, CHANNEL, tag, 1);

	return rc == AMQP_STATUS_OK ? 0 : library_error(err, "acknowledge", rc);
}

int broker_reject(struct broker *b, uint64_t tag, struct error *err)
{
	int rc = amqp_basic_reject(b->connection, CHANNEL, tag, 0);

	return rc == AMQP_STATUS_OK ? 0 : library_error(err, "reject", rc);
}
