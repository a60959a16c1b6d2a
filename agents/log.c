// SPDX-License-Identifier: Apache-2.0
// Read, drop from the front, append, replace; under a lock, for two runs of cron that overlap.
#include "agents/log.h"

#include <errno.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/state.h"

// The part of the old text that stays: whole lines, the newest.
static struct bytes newest(struct bytes old, uint64_t room)
{
	const uint8_t *end;

	if (old.len <= room)
		return old;
	old.data += old.len - room;
	old.len = room;
	end = memchr(old.data, '\n', old.len);
	if (!end)
		return (struct bytes){old.data, 0};
	old.len -= (size_t)(end + 1 - old.data);
	old.data = end + 1;
	return old;
}

static int append(const char *path, const char *folder, const char *name, uint64_t max,
	const struct strbuf *lines, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct bytes old = {0};

	// Something else may have made it longer: twice the size is still read.
	if (access(path, F_OK) == 0)
		TRY(file_read(path, 2 * max, &a, &old, err));
	if (lines->len < max)
		old = newest(old, max - lines->len);
	else
		old.len = 0;
	if (old.len)
		strbuf_add(&text, old.data, old.len);
	if (old.len && old.data[old.len - 1] != '\n') // an editor left it so
		strbuf_putc(&text, '\n');
	strbuf_add(&text, lines->text, lines->len);
	return state_replace(folder, name, &text, err);
}

int csv_log_append(const char *path, uint64_t max, const struct strbuf *lines, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	const char *folder = dirname(arena_strdup(&a, path));
	const char *name = basename(arena_strdup(&a, path));
	int lock;
	int rc;

	if (lines->len == 0)
		return 0;
	TRY(state_folder(folder, err));
	lock = state_lock(folder, name, err);
	TRY(lock);
	rc = append(path, folder, name, max, lines, err);
	close(lock);
	return rc;
}
