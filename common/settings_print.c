// SPDX-License-Identifier: Apache-2.0
// The settings in force, as YAML, without secrets.
#include <inttypes.h>
#include <string.h>

#include "common/settings.h"
#include "common/settings_table.h"

void settings_put_duration(struct strbuf *out, int64_t seconds)
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (seconds % units[i].seconds == 0) {
			strbuf_printf(
				out, "%" PRId64 "%c", seconds / units[i].seconds, units[i].letter);
			return;
		}
}

// In double quotes, where everything can be written.
static void put_quoted(struct strbuf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			strbuf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			strbuf_printf(out, "\\x%02x", c);
		else
			strbuf_putc(out, (char)c);
	}
}

static void put_text(struct strbuf *out, const char *text)
{
	size_t len = 0;
	const char *password;

	strbuf_putc(out, '"');
	while ((password = settings_find_password(text, &len))) {
		put_quoted(out, text, (size_t)(password - text));
		strbuf_puts(out, "***");
		text = password + len;
	}
	put_quoted(out, text, strlen(text));
	strbuf_putc(out, '"');
}

static void put_row(struct strbuf *out, const struct settings *s, const struct setting *row)
{
	const void *value = (const char *)s + row->offset;
	const char *text;

	switch (row->kind) {
	case SETTING_KIND_SECRET:
	case SETTING_KIND_TEXT:
		text = *(const char *const *)value;
		if (!text || row->kind == SETTING_KIND_SECRET) {
			strbuf_printf(out, "  # %s: %s\n", row->name, text ? "set" : "not set");
			return;
		}
		strbuf_printf(out, "  %s: ", row->name);
		put_text(out, text);
		break;
	case SETTING_KIND_COUNT:
		strbuf_printf(out, "  %s: %" PRIu64, row->name, *(const uint64_t *)value);
		break;
	case SETTING_KIND_BOOL:
		strbuf_printf(out, "  %s: %s", row->name, *(const bool *)value ? "yes" : "no");
		break;
	case SETTING_KIND_DURATION:
		strbuf_printf(out, "  %s: ", row->name);
		settings_put_duration(out, *(const int64_t *)value);
		break;
	}
	strbuf_putc(out, '\n');
}

static void put_cluster(struct strbuf *out, const struct cluster_settings *c)
{
	size_t n;
	const struct cluster_setting *rows = settings_cluster_rows(&n);
	const char *lead = "  - ";

	for (size_t i = 0; i < n; i++) {
		const char *text = *(const char *const *)((const char *)c + rows[i].offset);

		if (!text)
			continue;
		strbuf_printf(out, "%s%s: ", lead, rows[i].name);
		put_text(out, text);
		strbuf_putc(out, '\n');
		lead = "    ";
	}
}

void settings_print(const struct settings *s, struct strbuf *out)
{
	size_t n;
	const struct setting *rows = settings_rows(&n);

	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !str_eq(rows[i].group, rows[i - 1].group))
			strbuf_printf(out, "%s:\n", rows[i].group);
		put_row(out, s, &rows[i]);
	}
	if (s->n_clusters)
		strbuf_puts(out, "clusters:\n");
	for (size_t i = 0; i < s->n_clusters; i++)
		put_cluster(out, &s->clusters[i]);
}
