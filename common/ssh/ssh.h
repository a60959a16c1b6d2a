// SPDX-License-Identifier: Apache-2.0
// Commands and files of another host by SSH, with a key and no password. ssh.c is the only file that
// knows libssh. A host whose key is not known, or not the one that is known, is refused.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/str.h"

struct ssh_target {
	const char *user; // NULL: who we are
	const char *host;
	unsigned port;
	const char *key;         // file of a private key that only its owner can read
	const char *known_hosts; // file; ssh-keyscan writes its lines
	int64_t limit_s;         // for all of one call
};

// [USER@]HOST[:PORT], an IPv6 address in brackets. Only user, host and port are set.
int ssh_target_parse(
	const char *text, struct arena *a, struct ssh_target *ret, struct error *err) MUST_USE;

struct ssh_answer {
	struct strbuf out, errors; // each is cut at 1 MiB
	int status;                // exit code of the command
};

void ssh_answer_release(struct ssh_answer *r);

// -EHOSTDOWN: not reached; -EACCES: the host's key or ours is refused; -ETIMEDOUT: past the limit; -EIO
// else. A command that was run and failed is no error: its status says so.
int ssh_run(const struct ssh_target *t, const char *command, struct ssh_answer *ret,
	struct error *err) MUST_USE;

// The file's bytes from offset on, at most max: -EFBIG beyond; -ENOENT: no such file.
int ssh_read(const struct ssh_target *t, const char *path, uint64_t offset, size_t max,
	struct strbuf *ret, struct error *err) MUST_USE;
