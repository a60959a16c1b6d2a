// SPDX-License-Identifier: Apache-2.0
// Counts of the sampler as text, and the turn of the spool.
#include "prolog-epilog/tally.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/str.h"

enum { TURN_BYTES = 128 << 10, DAY_S = 86400, KEEP_DAYS = 30 };

static void put_counts(struct tally *t, struct strbuf *text)
{
	for (int e = 1; e < BOUNDARY_EVENTS; e++)
		strbuf_printf(text, "recorded.%s %" PRIu64 "\n",
			boundary_event_name((enum boundary_event)e), t->recorded[e]);
	strbuf_printf(text, "unsampled %" PRIu64 "\nrefused %" PRIu64 "\nlost %" PRIu64 "\n",
		t->unsampled, t->refused, t->lost);
	strbuf_printf(text, "waiting %" PRIu64 "\nconnected %d\n", t->waiting, t->is_connected);
}

// Not synced: it is worth nothing after a crash, and boundaries must not wait for a disk. Agents of PCP
// read it as a user of their own.
int tally_write(struct tally *t, const char *socket, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	const char *slash = strrchr(socket, '/');
	int len = slash ? (int)(slash - socket) : 1;
	char path[PATH_MAX];
	char fresh[PATH_MAX];
	int fd;

	if (!str_format(path, sizeof(path), "%.*s/" BOUNDARY_STATE, len, slash ? socket : ".") ||
		!str_format(fresh, sizeof(fresh), "%s.new", path))
		return error_set(err, ENAMETOOLONG, "%s: too long", socket);
	put_counts(t, &text);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	bool is_written = fd >= 0 && write(fd, text.text, text.len) == (ssize_t)text.len &&
	                  rename(fresh, path) == 0;
	int why = errno;
	if (fd >= 0)
		close(fd);
	return is_written ? 0 : error_set(err, why, "%s: %s", path, strerror(why));
}

void spool_rotate(const char *path, int64_t now_s)
{
	char old[PATH_MAX];
	struct stat st;

	if (!str_format(old, sizeof(old), "%s.1", path))
		return;
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
		(st.st_size >= TURN_BYTES || now_s - st.st_mtime >= DAY_S))
		(void)rename(path, old);
	if (lstat(old, &st) == 0 && now_s - st.st_mtime >= (int64_t)KEEP_DAYS * DAY_S)
		(void)unlink(old);
}
