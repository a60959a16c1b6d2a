// SPDX-License-Identifier: Apache-2.0
// [USER@]HOST[:PORT]
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/ssh/ssh.h"

enum { SSH_PORT = 22 };

// What would be an option, a path or a second word to somebody else is no name.
static bool is_name(const char *s)
{
	if (*s == '\0' || *s == '-')
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-:%", *s))
			return false;
	return true;
}

static int parse_port(const char *text, unsigned *ret)
{
	uint64_t port;

	if (parse_u64(text, &port) < 0 || port == 0 || port > 65535)
		return -EINVAL;
	*ret = (unsigned)port;
	return 0;
}

int ssh_target_parse(const char *text, struct arena *a, struct ssh_target *ret, struct error *err)
{
	char *host = arena_strdup(a, text);
	char *at = strchr(host, '@');
	char *port = NULL;
	char *user = NULL;

	if (at) {
		user = host;
		*at = '\0';
		host = at + 1;
	}
	if (*host == '[') {
		char *end = strchr(++host, ']');

		if (!end || (end[1] && end[1] != ':'))
			return error_set(err, EINVAL, "\"%s\" is not [USER@]HOST[:PORT]", text);
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
	} else {
		port = strrchr(host, ':');
		if (port)
			*port++ = '\0';
	}
	ret->port = SSH_PORT;
	if (!is_name(host) || (user && !is_name(user)) ||
		(port && parse_port(port, &ret->port) < 0))
		return error_set(err, EINVAL, "\"%s\" is not [USER@]HOST[:PORT]", text);
	ret->user = user;
	ret->host = host;
	return 0;
}
