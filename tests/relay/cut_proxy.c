// SPDX-License-Identifier: Apache-2.0
// cut-proxy TARGET-PORT FILE: passes connections of a loopback port, which it prints, to another one as
// long as FILE says "pass". "stall": not a byte goes either way and nobody is told, as when a cable is
// pulled. "reset": connections end with RST, new ones too. FILE is read again all the time.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/str.h"

enum { PAIRS = 64, CHUNK = 65536, LOOK_MS = 20 };

struct pair {
	int fd[2];
};

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int open_listener(void)
{
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, 64) < 0 ||
		getsockname(fd, (struct sockaddr *)&at, &len) < 0)
		return -1;
	printf("%d\n", ntohs(at.sin_port));
	return fflush(stdout) == 0 ? fd : -1;
}

static void end_pair(struct pair *p, bool reset)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};

	for (int i = 0; i < 2; i++) {
		if (reset)
			setsockopt(p->fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(p->fd[i]);
	}
}

static char mode_of(const char *file)
{
	char mode = 'p';
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &mode, 1) != 1)
		mode = 'p';
	if (fd >= 0)
		close(fd);
	return mode;
}

static bool add_pair(int listener, uint16_t port, struct pair *ret)
{
	struct sockaddr_in to = loopback(port);

	ret->fd[0] = accept(listener, NULL, NULL);
	ret->fd[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ret->fd[0] >= 0 && connect(ret->fd[1], (struct sockaddr *)&to, sizeof(to)) == 0)
		return true;
	end_pair(ret, true);
	return false;
}

// False: one side has ended.
static bool pass(int from, int to)
{
	static char chunk[CHUNK]; // one thread, and too much for a stack
	ssize_t n = recv(from, chunk, sizeof(chunk), MSG_DONTWAIT);

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	for (ssize_t done = 0; done < n;) {
		ssize_t w = send(to, chunk + done, (size_t)(n - done), MSG_NOSIGNAL);
		if (w <= 0)
			return false;
		done += w;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct pair pairs[PAIRS];
	struct pollfd p[1 + 2 * PAIRS];
	uint64_t port = 0;
	size_t n = 0;
	int listener = open_listener();

	if (argc != 3 || listener < 0 || parse_u64(argv[1], &port) < 0)
		return 2;
	for (;;) {
		char mode = mode_of(argv[2]);

		for (; mode == 'r' && n > 0; n--)
			end_pair(&pairs[n - 1], true);
		p[0] = (struct pollfd){
			.fd = mode == 's' || n == PAIRS ? -1 : listener, .events = POLLIN};
		for (size_t i = 0; i < 2 * n; i++)
			p[1 + i] = (struct pollfd){
				.fd = mode == 's' ? -1 : pairs[i / 2].fd[i % 2], .events = POLLIN};
		if (poll(p, 1 + 2 * n, LOOK_MS) <= 0)
			continue;
		for (size_t i = n; i-- > 0;) {
			bool lives = true;
			for (size_t k = 0; k < 2 && lives; k++)
				if (p[1 + 2 * i + k].revents)
					lives = pass(pairs[i].fd[k], pairs[i].fd[1 - k]);
			if (!lives) {
				end_pair(&pairs[i], false);
				pairs[i] = pairs[--n];
			}
		}
		if (p[0].revents && add_pair(listener, (uint16_t)port, &pairs[n]))
			n++;
	}
}
