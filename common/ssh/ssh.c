// SPDX-License-Identifier: Apache-2.0
// One session for each call: connect, check the host's key, log in, work, leave. Every wait is bounded by
// what is left of the call's time.
#include "common/ssh/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <libssh/libssh.h>
#include <libssh/sftp.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "common/clock.h"

enum {
	OUTPUT_MAX = 1 << 20,
	BLOCK = 32768,
	TICK_MS = 100, // output and errors are asked for in turn
};

struct visit {
	const struct ssh_target *target;
	ssh_session session;
	int64_t deadline_ns;
};

static void visit_end(struct visit *v)
{
	if (!v->session)
		return;
	ssh_disconnect(v->session);
	ssh_free(v->session);
}

static int64_t left_ms(const struct visit *v)
{
	int64_t left = (v->deadline_ns - clock_monotonic_ns()) / 1000000;

	return left > 0 ? left : 0;
}

static int too_late(const struct visit *v, const char *what, struct error *err)
{
	return error_set(err, ETIMEDOUT, "%s: %s was not over after %lld s", v->target->host, what,
		(long long)v->target->limit_s);
}

static int refuse(const struct visit *v, int code, const char *what, struct error *err)
{
	if (left_ms(v) == 0)
		return too_late(v, what, err);
	return error_set(err, code, "%s: %s: %s", v->target->host, what, ssh_get_error(v->session));
}

// libssh reads any key file; one that others can read is no secret any more.
static int check_key_file(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set(err, EACCES, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_mode & 077)
		return error_set(err, EACCES,
			"%s: a private key is a file that only its owner can read", path);
	return 0;
}

static int set_options(struct visit *v)
{
	const struct ssh_target *t = v->target;
	long wait = (long)(left_ms(v) / 1000) + 1;
	int level = SSH_LOG_NOLOG;
	_Bool off = 0;

	// Neither the caller's own ~/.ssh/config nor its keys have a say: what is configured is what is done.
	return ssh_options_set(v->session, SSH_OPTIONS_HOST, t->host) |
	       ssh_options_set(v->session, SSH_OPTIONS_PORT, &t->port) |
	       (t->user ? ssh_options_set(v->session, SSH_OPTIONS_USER, t->user) : 0) |
	       ssh_options_set(v->session, SSH_OPTIONS_KNOWNHOSTS, t->known_hosts) |
	       ssh_options_set(v->session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null") |
	       ssh_options_set(v->session, SSH_OPTIONS_PROCESS_CONFIG, &off) |
	       ssh_options_set(v->session, SSH_OPTIONS_TIMEOUT, &wait) |
	       ssh_options_set(v->session, SSH_OPTIONS_LOG_VERBOSITY, &level);
}

// With the fingerprint, so that somebody can compare it and add the line.
static int refuse_host(const struct visit *v, const char *why, struct error *err)
{
	unsigned char *hash = NULL;
	char *print = NULL;
	size_t len = 0;
	ssh_key key = NULL;

	if (ssh_get_server_publickey(v->session, &key) == SSH_OK &&
		ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &len) == SSH_OK)
		print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, len);
	error_set(err, EACCES, "%s: the host's key (%s) is %s %s", v->target->host,
		print ? print : "unreadable", why, v->target->known_hosts);
	ssh_string_free_char(print);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	return -EACCES;
}

static int check_host(const struct visit *v, struct error *err)
{
	switch (ssh_session_is_known_server(v->session)) {
	case SSH_KNOWN_HOSTS_OK:
		return 0;
	case SSH_KNOWN_HOSTS_CHANGED:
	case SSH_KNOWN_HOSTS_OTHER:
		return refuse_host(v, "not the one in", err);
	case SSH_KNOWN_HOSTS_NOT_FOUND:
	case SSH_KNOWN_HOSTS_UNKNOWN:
		return refuse_host(v, "not in", err);
	case SSH_KNOWN_HOSTS_ERROR:
		break;
	}
	return refuse(v, EACCES, "host key", err);
}

static int log_in(const struct visit *v, struct error *err)
{
	ssh_key key = NULL;
	int rc;

	TRY(check_key_file(v->target->key, err));
	if (ssh_pki_import_privkey_file(v->target->key, NULL, NULL, NULL, &key) != SSH_OK)
		return error_set(err, EACCES,
			"%s: cannot be read as a private key without a passphrase", v->target->key);
	rc = ssh_userauth_publickey(v->session, NULL, key);
	ssh_key_free(key);
	return rc == SSH_AUTH_SUCCESS ? 0 : refuse(v, EACCES, "login", err);
}

static int visit_begin(struct visit *v, const struct ssh_target *t, struct error *err)
{
	*v = (struct visit){
		.target = t, .deadline_ns = clock_monotonic_ns() + t->limit_s * NS_PER_S};
	v->session = ssh_new();
	if (!v->session || set_options(v) != SSH_OK)
		return error_set(err, EIO, "%s: libssh refuses the host, user or port", t->host);
	if (ssh_connect(v->session) != SSH_OK)
		return refuse(v, EHOSTDOWN, "connection", err);
	TRY(check_host(v, err));
	return log_in(v, err);
}

static int take_some(ssh_channel channel, int is_stderr, int wait_ms, struct strbuf *ret)
{
	char block[BLOCK];
	int n = ssh_channel_read_timeout(channel, block, sizeof(block), is_stderr, wait_ms);

	if (n > 0 && ret->len < OUTPUT_MAX)
		strbuf_add(ret, block,
			(size_t)n < OUTPUT_MAX - ret->len ? (size_t)n : OUTPUT_MAX - ret->len);
	return n;
}

static int take_all(
	const struct visit *v, ssh_channel channel, struct ssh_answer *ret, struct error *err)
{
	while (!ssh_channel_is_eof(channel)) {
		int64_t left = left_ms(v);

		if (left == 0)
			return too_late(v, "the command", err);
		if (take_some(channel, 0, left < TICK_MS ? (int)left : TICK_MS, &ret->out) ==
				SSH_ERROR ||
			take_some(channel, 1, 0, &ret->errors) == SSH_ERROR)
			return refuse(v, EIO, "command", err);
	}
	ret->status = ssh_channel_get_exit_status(channel);
	if (ret->status < 0)
		return error_set(
			err, EIO, "%s: the command ended without an exit code", v->target->host);
	return 0;
}

int ssh_run(
	const struct ssh_target *t, const char *command, struct ssh_answer *ret, struct error *err)
{
	CLEANUP(visit_end) struct visit v = {0};
	ssh_channel channel;
	int rc = 0;

	*ret = (struct ssh_answer){0};
	TRY(visit_begin(&v, t, err));
	channel = ssh_channel_new(v.session);
	if (!channel || ssh_channel_open_session(channel) != SSH_OK ||
		ssh_channel_request_exec(channel, command) != SSH_OK)
		rc = refuse(&v, EIO, "command", err);
	if (rc == 0)
		rc = take_all(&v, channel, ret, err);
	ssh_channel_free(channel);
	return rc;
}

void ssh_answer_release(struct ssh_answer *r)
{
	strbuf_release(&r->out);
	strbuf_release(&r->errors);
}

static int read_open_file(
	const struct visit *v, sftp_file file, size_t max, struct strbuf *ret, struct error *err)
{
	char block[BLOCK];

	for (;;) {
		ssize_t n = sftp_read(file, block, sizeof(block));

		if (n == 0)
			return 0;
		if (n < 0)
			return refuse(v, EIO, "reading", err);
		if ((size_t)n > max - ret->len)
			return error_set(err, EFBIG, "more than %zu bytes", max);
		strbuf_add(ret, block, (size_t)n);
		if (left_ms(v) == 0)
			return too_late(v, "reading", err);
	}
}

static int read_by(const struct visit *v, sftp_session sftp, const char *path, uint64_t offset,
	size_t max, struct strbuf *ret, struct error *err)
{
	sftp_file file;
	int rc;

	if (sftp_init(sftp) != SSH_OK)
		return refuse(v, EIO, "file transfer", err);
	file = sftp_open(sftp, path, O_RDONLY, 0);
	if (!file && sftp_get_error(sftp) == SSH_FX_NO_SUCH_FILE)
		return error_set(err, ENOENT, "no such file");
	if (!file)
		return refuse(v, EIO, "open", err);
	rc = sftp_seek64(file, offset) < 0 ? refuse(v, EIO, "seek", err)
	                                   : read_open_file(v, file, max, ret, err);
	sftp_close(file);
	return rc;
}

int ssh_read(const struct ssh_target *t, const char *path, uint64_t offset, size_t max,
	struct strbuf *ret, struct error *err)
{
	CLEANUP(visit_end) struct visit v = {0};
	sftp_session sftp;
	int rc;

	strbuf_clear(ret);
	TRY(visit_begin(&v, t, err));
	sftp = sftp_new(v.session);
	rc = sftp ? read_by(&v, sftp, path, offset, max, ret, err)
	          : refuse(&v, EIO, "file transfer", err);
	sftp_free(sftp);
	return rc < 0 ? error_prefix(err, "%s:%s", t->host, path) : 0;
}
