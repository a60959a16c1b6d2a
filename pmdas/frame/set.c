// SPDX-License-Identifier: Apache-2.0
// Instances by name, and their labels; see set.h.
#include "pmdas/frame/set.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static struct frame_instance *find(const struct frame_set *s, int id)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (s->v[i].id == id)
			return &s->v[i];
	}
	return NULL;
}

static bool make_room(struct frame_set *s)
{
	unsigned room = s->room ? s->room * 2 : 32;
	struct frame_instance *v;

	if (s->n < s->room)
		return true;
	v = realloc(s->v, room * sizeof(*v));
	if (v == NULL)
		return false;
	s->v = v;
	s->room = room;
	return true;
}

struct frame_instance *frame_set_add(struct frame_set *s, const char *name, void *record)
{
	struct frame_instance *i;
	unsigned attempt = 0;
	int id = frame_instance_id(name, attempt);

	while ((i = find(s, id)) != NULL && strcmp(i->name, name) != 0)
		id = frame_instance_id(name, ++attempt);
	if (i == NULL) {
		if (!make_room(s))
			return NULL;
		i = &s->v[s->n++];
		i->id = id;
		pmsprintf(i->name, sizeof(i->name), "%s", name);
	}
	i->labels[0] = '\0';
	i->record = record;
	return i;
}

void frame_set_free(struct frame_set *s)
{
	free(s->v);
}

void frame_label(struct frame_instance *i, const char *name, const char *value)
{
	char word[160];
	size_t n = strlen(i->labels);
	size_t length = 0;

	for (const char *c = value; *c != '\0' && length + 1 < sizeof(word); c++) {
		if (isprint((unsigned char)*c) && *c != '"' && *c != '\\')
			word[length++] = *c;
	}
	word[length] = '\0';
	// One that does not fit is left out whole, so that what is there stays JSON.
	if (length == 0 || n + strlen(name) + length + 8 > sizeof(i->labels))
		return;
	if (n)
		n--; // over the closing brace
	pmsprintf(i->labels + n, sizeof(i->labels) - n, "%c\"%s\":\"%s\"}", n ? ',' : '{', name,
		word);
}
