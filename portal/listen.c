// SPDX-License-Identifier: Apache-2.0
// Opens the socket that the portal listens on.
#include "portal/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_PREFIX "unix:"
#define BACKLOG     512

struct address {
	char host[128], port[8];
	bool is_ipv6;
};

// "127.0.0.1:80", "[::1]:80", "localhost:80".
static int split_address(const char *text, struct address *ret, struct error *err)
{
	const char *colon = strrchr(text, ':');
	uint64_t port;
	if (!colon || parse_u64(colon + 1, &port) < 0 || port > UINT16_MAX)
		return error_set(
			err, EINVAL, "listen address '%s' is not HOST:PORT or unix:PATH", text);
	const char *host = text;
	size_t len = (size_t)(colon - text);
	ret->is_ipv6 = len >= 2 && host[0] == '[' && host[len - 1] == ']';
	if (ret->is_ipv6) {
		host++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(ret->host) || (!ret->is_ipv6 && memchr(host, ':', len)))
		return error_set(err, EINVAL, "listen address '%s' has no usable host", text);
	memcpy(ret->host, host, len);
	ret->host[len] = '\0';
	str_format(ret->port, sizeof(ret->port), "%u", (unsigned)port);
	return 0;
}

static void free_addresses(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

static int resolve(const struct address *a, struct addrinfo **ret, struct error *err)
{
	struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	int code = getaddrinfo(a->host, a->port, &hints, ret);
	if (code != 0)
		return error_set(
			err, EINVAL, "listen address '%s': %s", a->host, gai_strerror(code));
	return 0;
}

bool listen_is_local(const char *text)
{
	if (str_starts(text, UNIX_PREFIX))
		return true;
	struct address a = {0};
	CLEANUP(free_addresses) struct addrinfo *list = NULL;
	if (split_address(text, &a, NULL) < 0 || resolve(&a, &list, NULL) < 0)
		return false;
	for (const struct addrinfo *i = list; i; i = i->ai_next) {
		if (i->ai_family == AF_INET) {
			const struct sockaddr_in *v4 = (const void *)i->ai_addr;
			if (ntohl(v4->sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
				return false;
		} else if (i->ai_family == AF_INET6) {
			const struct sockaddr_in6 *v6 = (const void *)i->ai_addr;
			if (!IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr))
				return false;
		} else {
			return false;
		}
	}
	return true;
}

static int bind_and_listen(
	int fd, const struct sockaddr *address, socklen_t len, const char *text, struct error *err)
{
	if (bind(fd, address, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int code = error_set(err, errno, "cannot listen on %s: %s", text, strerror(errno));
	close(fd);
	return code;
}

// A socket left by a former run is replaced, any other kind of file is not.
static int open_unix(const char *path, struct strbuf *url, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, ENAMETOOLONG, "socket path '%s' is too long", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	struct stat st;
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, errno, "cannot make a socket: %s", strerror(errno));
	(void)fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP); // the proxy shares our group
	strbuf_printf(url, "unix:%s", path);
	return bind_and_listen(fd, (struct sockaddr *)&address, sizeof(address), path, err);
}

static int port_of(int fd, unsigned *ret, struct error *err)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} bound = {.v6 = {0}};
	socklen_t len = sizeof(bound);
	if (getsockname(fd, &bound.any, &len) < 0)
		return error_set(err, errno, "cannot read the port: %s", strerror(errno));
	bool is_v6 = bound.any.sa_family == AF_INET6;
	*ret = ntohs(is_v6 ? bound.v6.sin6_port : bound.v4.sin_port);
	return 0;
}

int listen_open(const char *text, struct strbuf *url, struct error *err)
{
	if (str_starts(text, UNIX_PREFIX))
		return open_unix(text + strlen(UNIX_PREFIX), url, err);
	struct address a = {0};
	CLEANUP(free_addresses) struct addrinfo *list = NULL;
	TRY(split_address(text, &a, err));
	TRY(resolve(&a, &list, err));
	int fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, errno, "cannot make a socket: %s", strerror(errno));
	int on = 1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	TRY(bind_and_listen(fd, list->ai_addr, list->ai_addrlen, text, err));
	unsigned port = 0;
	int code = port_of(fd, &port, err);
	if (code < 0) {
		close(fd);
		return code;
	}
	strbuf_printf(url, a.is_ipv6 ? "http://[%s]:%u/" : "http://%s:%u/", a.host, port);
	return fd;
}
