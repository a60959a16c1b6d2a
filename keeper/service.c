// SPDX-License-Identifier: Apache-2.0
// What runs on this machine beside the archives: hooks, sender, receiver, the disk of the trees.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/file.h"
#include "common/str.h"
#include "keeper/doctor.h"
#include "keeper/status.h"

enum {
	SPOOL_MAX = 1 << 20,
	STATUS_MAX = 65536,
	HOSTS_MAX = 64 << 20,
	STALE_S = 120,
	WAITING_S = 60
};

// A file that may be absent: false then.
static bool read_file(
	struct doctor *d, const char *path, size_t max, struct doctor_service *s, char **ret)
{
	struct bytes text;
	struct error why = {0};

	if (access(path, F_OK) < 0)
		return false;
	if (file_read(path, max, d->arena, &text, &why) < 0) {
		s->text = arena_strdup(d->arena, why.text);
		return false;
	}
	*ret = (char *)(uintptr_t)text.data;
	return true;
}

// The line behind the last line end but one, without its end.
static const char *last_line(struct doctor *d, const char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == '\n')
		len--;
	const char *before = len ? memrchr(text, '\n', len) : NULL;
	const char *from = before ? before + 1 : text;
	struct error clean = {0}; // it comes from the environment of jobs: no control characters
	(void)error_set(&clean, EINVAL, "%.*s", (int)(text + len - from), from);
	return arena_strdup(d->arena, clean.text);
}

// What hooks left beside the spool is taken within a second, when all is well.
static uint64_t count_waiting(const struct doctor *d, const char *path)
{
	DIR *dir = opendir(path);
	uint64_t n = 0;
	struct stat st;

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
		n += *e->d_name >= '0' && *e->d_name <= '9' &&
		     fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		     d->now_s - st.st_mtime > WAITING_S;
	if (dir)
		closedir(dir);
	return n;
}

static void look_at_waiting(struct doctor *d, struct doctor_service *s)
{
	const char *path = arena_printf(d->arena, "%s.pending", d->settings->doctor_spool);
	uint64_t n = count_waiting(d, path);

	if (n == 0)
		return;
	s->text = arena_printf(d->arena, "%" PRIu64 " boundaries wait in %s", n, path);
	finding_add(d, &s->findings, FAULT_WAITING, s->text);
}

static void look_at_hooks(struct doctor *d)
{
	struct doctor_service *s = &d->services[SERVICE_HOOKS];
	char *text;

	s->text = "nothing spooled";
	look_at_waiting(d, s);
	if (!read_file(d, d->settings->doctor_spool, SPOOL_MAX, s, &text))
		return;
	for (const char *p = strchr(text, '\n'); p; p = strchr(p + 1, '\n'))
		d->spooled++;
	if (d->spooled == 0)
		return;
	s->text = arena_printf(
		d->arena, "%" PRIu64 " lines in %s", d->spooled, d->settings->doctor_spool);
	finding_add(d, &s->findings, FAULT_SPOOLED,
		arena_printf(
			d->arena, "%" PRIu64 " times, last: %s", d->spooled, last_line(d, text)));
}

static const struct relay_side {
	enum doctor_service_kind kind;
	const char *file, *last; // when something went through
	enum fault stopped, cut, lost;
	const char *lost_name, *lost_words;
} sides[] = {
	{SERVICE_SENDER, "send.status", "last_confirmed", FAULT_SENDER_STOPPED, FAULT_SENDER_CUT,
		FAULT_GIVEN_UP, "files_given_up", "files"},
	{SERVICE_RECEIVER, "receive.status", "last_message", FAULT_RECEIVER_STOPPED,
		FAULT_RECEIVER_CUT, FAULT_REJECTED, "rejected", "messages"},
};

static const char *age_of(struct doctor *d, uint64_t then_s)
{
	return then_s ? arena_printf(d->arena, "%s ago",
				doctor_age(d->arena, d->now_s - (int64_t)then_s))
	              : "never";
}

static void look_at_side(struct doctor *d, const struct relay_side *side)
{
	struct doctor_service *s = &d->services[side->kind];
	const char *path = arena_printf(d->arena, "%s/%s", d->settings->relay_state, side->file);
	uint64_t updated = 0;
	uint64_t connected = 0;
	uint64_t last = 0;
	uint64_t lost = 0;
	uint64_t backlog = 0;
	uint64_t blocked = 0;
	char *text;

	s->text = "not used here";
	if (!read_file(d, path, STATUS_MAX, s, &text))
		return;
	(void)(status_number(text, "updated", &updated) &&
		status_number(text, "connected", &connected) &&
		status_number(text, side->last, &last) &&
		status_number(text, side->lost_name, &lost));
	(void)status_number(text, "backlog_bytes", &backlog);
	(void)status_number(text, "blocked", &blocked);
	s->text = arena_printf(d->arena, "%s, last message %s, %" PRIu64 " MiB waiting",
		connected ? "connected" : "not connected", age_of(d, last), backlog >> 20);
	if (d->now_s - (int64_t)updated > STALE_S)
		finding_add(d, &s->findings, side->stopped,
			arena_printf(d->arena, "its last word was %s", age_of(d, updated)));
	else if (!connected)
		finding_add(d, &s->findings, side->cut,
			arena_printf(d->arena, "last message %s", age_of(d, last)));
	else if (blocked)
		finding_add(d, &s->findings, FAULT_SENDER_BLOCKED,
			arena_printf(d->arena, "last message %s", age_of(d, last)));
	if (lost)
		finding_add(d, &s->findings, side->lost,
			arena_printf(d->arena, "%" PRIu64 " %s since it was started", lost,
				side->lost_words));
}

// Lines "SECONDS HOST", by the receiver.
static void read_relayed(struct doctor *d)
{
	const char *path = arena_printf(d->arena, "%s/receive.hosts", d->settings->relay_state);
	char *text;

	if (!read_file(d, path, HOSTS_MAX, &d->services[SERVICE_RECEIVER], &text))
		return;
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		char *blank = strchr(line, ' ');
		int64_t *when = arena_alloc(d->arena, sizeof(*when));

		*end = '\0';
		if (!blank)
			continue;
		*blank = '\0';
		if (parse_i64(line, when) == 0)
			map_put(&d->relayed, blank + 1, when);
	}
}

static void look_at_disk(struct doctor *d)
{
	struct doctor_service *s = &d->services[SERVICE_TREES];
	CLEANUP(strbuf_release) struct strbuf text = {0};
	const struct settings *set = d->settings;

	for (size_t i = 0; i < (set->n_clusters ? set->n_clusters : 1); i++) {
		const char *root = set->n_clusters ? set->clusters[i].archives : set->relay_tree;
		struct statvfs v;

		if (statvfs(root, &v) < 0 || v.f_blocks == 0)
			continue;
		uint64_t percent = 100 * (uint64_t)v.f_bavail / v.f_blocks;
		strbuf_printf(
			&text, "%s%s: %" PRIu64 " %% free", text.len ? ", " : "", root, percent);
		if (percent < set->doctor_free_percent)
			finding_add(d, &s->findings, FAULT_DISK,
				arena_printf(d->arena, "%s: %" PRIu64 " %% free", root, percent));
	}
	s->text = arena_strdup(d->arena, strbuf_text(&text));
}

void doctor_services(struct doctor *d)
{
	static const char *const names[SERVICE_KINDS] = {
		[SERVICE_TREES] = "archive trees",
		[SERVICE_HOOKS] = "hooks",
		[SERVICE_SENDER] = "relay sender",
		[SERVICE_RECEIVER] = "relay receiver",
	};

	for (int k = 0; k < SERVICE_KINDS; k++)
		d->services[k].name = names[k];
	look_at_disk(d);
	look_at_hooks(d);
	for (size_t i = 0; i < ARRAY_LEN(sides); i++)
		look_at_side(d, &sides[i]);
	read_relayed(d);
}
