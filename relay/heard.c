// SPDX-License-Identifier: Apache-2.0
// Lines "SECONDS HOST". Nothing depends on them but what the doctor says, so they are saved seldom.
#include "relay/heard.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "common/file.h"
#include "common/state.h"
#include "common/str.h"

#define HEARD_NAME "receive.hosts"
#define HEARD_MAX  ((size_t)64 << 20)
#define HOSTS_MAX  262144 // as many as a host list may name

static void put(struct heard *h, const char *host, int64_t when_s)
{
	int64_t *known = map_get(&h->hosts, host);

	if (!known) {
		if (h->hosts.n >= HOSTS_MAX)
			return;
		known = arena_alloc(&h->arena, sizeof(*known));
		map_put(&h->hosts, arena_strdup(&h->arena, host), known);
	}
	*known = when_s;
}

void heard_open(struct heard *h, const char *state)
{
	CLEANUP(arena_release) struct arena arena = {0};
	const char *path = arena_printf(&arena, "%s/" HEARD_NAME, state);
	struct bytes text;
	int64_t when_s;
	char *field;

	*h = (struct heard){.state = state};
	if (access(path, F_OK) < 0 || file_read(path, HEARD_MAX, &arena, &text, NULL) < 0)
		return;
	char *line = (char *)(uintptr_t)text.data;
	for (char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
		*end = '\0';
		if (state_field(&line, &field) && parse_i64(field, &when_s) == 0 && *line)
			put(h, line, when_s);
	}
}

void heard_close(struct heard *h)
{
	map_release(&h->hosts);
	arena_release(&h->arena);
}

void heard_note(struct heard *h, const char *path, int64_t now_s)
{
	char host[256];

	if (str_format(host, sizeof(host), "%.*s", (int)strcspn(path, "/"), path))
		put(h, host, now_s);
}

int heard_save(struct heard *h, int64_t now_s, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	h->saved_s = now_s;
	for (size_t i = 0; i < h->hosts.n; i++)
		strbuf_printf(&text, "%" PRId64 " %s\n", *(int64_t *)h->hosts.entries[i].value,
			h->hosts.entries[i].key);
	return state_replace(h->state, HEARD_NAME, &text, err);
}
