// SPDX-License-Identifier: Apache-2.0
// Takes metrics for staff out of documents.
#include "portal/redact.h"

#include <string.h>

#include "common/str.h"
#include "portal/field.h"

static void remove_key(struct doc *d, const char *key, size_t len)
{
	for (size_t i = 0; i < d->n; i++) {
		if (strlen(d->keys[i]) != len || memcmp(d->keys[i], key, len) != 0)
			continue;
		d->n--;
		memmove(&d->keys[i], &d->keys[i + 1], (d->n - i) * sizeof(*d->keys));
		// NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
		memmove(&d->items[i], &d->items[i + 1], (d->n - i) * sizeof(*d->items));
		return;
	}
}

static struct doc *child_of(struct doc *d, const char *key, size_t len)
{
	for (size_t i = 0; i < d->n; i++)
		if (strlen(d->keys[i]) == len && memcmp(d->keys[i], key, len) == 0)
			return d->items[i];
	return NULL;
}

// Removes what stands at a dotted path; '*' is every key of an object. Depth is that of the path,
// which the catalogue bounds.
static void remove_path(struct doc *d, const char *path) // NOLINT(misc-no-recursion)
{
	if (!d || d->kind != DOC_OBJECT)
		return;
	size_t len = strcspn(path, ".");
	if (path[0] == '*' && len == 1) {
		if (path[1] == '\0')
			d->n = 0;
		for (size_t i = 0; i < d->n; i++)
			remove_path(d->items[i], path + 2);
	} else if (path[len] == '\0') {
		remove_key(d, path, len);
	} else {
		remove_path(child_of(d, path, len), path + len + 1);
	}
}

static bool is_visible(const struct rows *visible, const char *name)
{
	for (size_t i = 0; i < visible->n; i++)
		if (str_eq(field_text(visible->items[i], "name"), name))
			return true;
	return false;
}

void redact_documents(const struct catalogue *c, const struct rows *visible, struct doc *summary,
	struct doc *series)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct metric *m = &c->metrics[i];
		if (m->audience != AUDIENCE_STAFF || is_visible(visible, m->name))
			continue;
		for (size_t k = 0; k < m->n_outputs; k++)
			remove_path(summary, m->outputs[k].document);
		if (m->series)
			remove_path(series, m->series->document);
	}
}
