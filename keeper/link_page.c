// SPDX-License-Identifier: Apache-2.0
// Last link: whether the portal answers, and under which address the job's page is. Who may see it the
// database decides: only the words are here.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/str.h"
#include "keeper/why.h"

enum { ANSWER_MS = 3000 };

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n = poll(&p, 1, ANSWER_MS);

	return n > 0 ? 0 : n == 0 ? -ETIMEDOUT : -errno;
}

static int connect_to(const struct sockaddr *to, socklen_t len)
{
	int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int code = 0;
	socklen_t size = sizeof(code);

	if (fd < 0)
		return -errno;
	if (connect(fd, to, len) < 0)
		code = errno == EINPROGRESS ? -wait_for(fd, POLLOUT) : errno;
	if (code == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
		code = errno;
	if (code == 0)
		return fd;
	close(fd);
	return -code;
}

static int connect_unix(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (!str_format(to.sun_path, sizeof(to.sun_path), "%s", path))
		return -ENAMETOOLONG;
	return connect_to((const struct sockaddr *)&to, sizeof(to));
}

// "127.0.0.1:8080", "[::1]:8080", "unix:/run/x"; the portal listens there.
static int connect_portal(const char *text)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	const char *colon = strrchr(text, ':');
	struct addrinfo *list = NULL;
	char host[128];
	int fd = -EINVAL;

	if (str_starts(text, "unix:"))
		return connect_unix(text + strlen("unix:"));
	if (!colon || !str_format(host, sizeof(host), "%.*s", (int)(colon - text), text))
		return -EINVAL;
	size_t len = strlen(host);
	if (len > 1 && *host == '[' && host[len - 1] == ']') {
		memmove(host, host + 1, len);
		host[len - 2] = '\0';
	}
	if (getaddrinfo(host, colon + 1, &hints, &list) != 0)
		return -EADDRNOTAVAIL;
	for (const struct addrinfo *i = list; i && fd < 0; i = i->ai_next)
		fd = connect_to(i->ai_addr, i->ai_addrlen);
	freeaddrinfo(list);
	return fd;
}

// The status of an answer to GET /health, or <0.
static int ask_health(int fd)
{
	static const char question[] =
		"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char answer[64] = "";
	uint64_t status = 0;
	char digits[4] = "";

	if (send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL) != sizeof(question) - 1)
		return -EPIPE;
	if (wait_for(fd, POLLIN) < 0)
		return -ETIMEDOUT;
	if (recv(fd, answer, sizeof(answer) - 1, 0) < 12 || !str_starts(answer, "HTTP/1."))
		return -EPROTO;
	memcpy(digits, answer + 9, 3);
	return parse_u64(digits, &status) < 0 ? -EPROTO : (int)status;
}

void link_page(struct why *w)
{
	const char *where = w->settings->portal_listen;
	CLEANUP(close_fd) int fd = connect_portal(where);
	int status = fd < 0 ? fd : ask_health(fd);

	if (status < 0)
		why_add(w, CAUSE_PORTAL_AWAY,
			arena_printf(w->arena, "%s: %s", where, strerror(-status)));
	else if (status != 200)
		why_add(w, CAUSE_PORTAL_ILL,
			arena_printf(w->arena, "%s/health answers %d", where, status));
	if (why_verdict(w, LINK_WAREHOUSE) != VERDICT_NONE && w->texts[LINK_WAREHOUSE])
		w->texts[LINK_PAGE] =
			arena_printf(w->arena, "/jobs/%s/%s, for %s, PIs of %s, support and staff",
				w->job.key.cluster, w->job.id, w->job.user, w->job.account);
}
