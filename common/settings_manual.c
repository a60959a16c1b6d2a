// SPDX-License-Identifier: Apache-2.0
// docs/settings.md, written from the rows that also make the parser.
#include "common/settings.h"

#include <inttypes.h>

#include "common/settings_table.h"

// The place of data files depends on the build; the manual says DATADIR.
static void put_text(struct strbuf *out, const char *text)
{
	if (!text)
		strbuf_puts(out, "none");
	else if (str_starts(text, JOBSIGHT_DATADIR))
		strbuf_printf(out, "`DATADIR%s`", text + sizeof(JOBSIGHT_DATADIR) - 1);
	else
		strbuf_printf(out, "`%s`", text);
}

static void put_default(struct strbuf *out, const struct setting *row)
{
	switch (row->kind) {
	case SETTING_KIND_TEXT:
	case SETTING_KIND_SECRET:
		put_text(out, row->text);
		break;
	case SETTING_KIND_COUNT:
		strbuf_printf(out, "`%" PRId64 "`", row->number);
		break;
	case SETTING_KIND_BOOL:
		strbuf_puts(out, row->number ? "`yes`" : "`no`");
		break;
	case SETTING_KIND_DURATION:
		strbuf_putc(out, '`');
		settings_put_duration(out, row->number);
		strbuf_putc(out, '`');
		break;
	}
}

static void put_row(struct strbuf *out, const struct setting *row)
{
	CLEANUP(arena_release) struct arena arena = {0};

	strbuf_printf(out, "| `%s.%s%s` | %s | ", row->group, row->name,
		row->kind == SETTING_KIND_SECRET ? "_file" : "", settings_kind_words(row->kind));
	put_default(out, row);
	strbuf_printf(out, " | %s | `%s` |\n", row->help, settings_variable(row, &arena));
}

void settings_manual(struct strbuf *out)
{
	size_t n_rows;
	size_t n_cluster_rows;
	const struct setting *rows = settings_rows(&n_rows);
	const struct cluster_setting *cluster_rows = settings_cluster_rows(&n_cluster_rows);

	strbuf_puts(out,
		"<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
		"<!-- Written by `jobsight settings --manual` from common/settings.def; do not edit. -->\n"
		"# Settings\n\n"
		"`" SETTINGS_PATH
		"`, or the file that `--config` or the variable `JOBSIGHT_CONFIG` names.\n"
		"A setting `group.name` is written\n\n"
		"```yaml\ngroup:\n  name: value\n```\n\n"
		"The variable in the last column overrides the file. An unknown key is an error. A secret is\n"
		"never written in the file: its key ends in `_file` and names a file of mode 0600 that holds\n"
		"it; the environment has the secret itself, or the file's name in the variable with `_FILE`\n"
		"after it. Durations are written `90s`, `5m`, `1h30m`, `2d`. `DATADIR` is\n"
		"`/usr/share/jobsight` in the packages.\n\n"
		"| setting | kind | default | what it is | variable |\n"
		"| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < n_rows; i++)
		put_row(out, &rows[i]);
	strbuf_puts(out, "\n## Clusters\n\n`clusters:` is a list; each item has these keys.\n\n"
			 "| key | what it is |\n| --- | --- |\n");
	for (size_t i = 0; i < n_cluster_rows; i++)
		strbuf_printf(out, "| `%s` | %s |\n", cluster_rows[i].name, cluster_rows[i].help);
}
