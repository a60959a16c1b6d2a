// SPDX-License-Identifier: Apache-2.0
// A value goes into a shell script, so it is made of characters that mean nothing to a shell.
#include "agents/script.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/file.h"
#include "common/str.h"

enum { TEMPLATE_MAX = 1 << 20 };

struct place {
	const char *name;
	const char *option; // of sbatch, NULL = none
	const char *value;
};

enum { PLACES = 9 };

// Written with commas in the configuration, with blanks in a shell.
static const char *spread(struct arena *a, const char *list)
{
	char *text = arena_strdup(a, list ? list : "");

	for (char *c = text; *c; c++)
		if (*c == ',')
			*c = ' ';
	return text;
}

static void list_places(
	const struct settings *s, const char *result, struct arena *a, struct place *ret)
{
	const struct place places[PLACES] = {
		{"name", "job-name", s->jobstats_name},
		{"ntasks", "ntasks", s->jobstats_ntasks},
		{"time", "time", s->jobstats_time},
		{"partition", "partition", s->jobstats_partition},
		{"qos", "qos", s->jobstats_qos},
		{"account", "account", s->jobstats_account},
		{"wckey", "wckey", s->jobstats_wckey},
		{"fs", NULL, spread(a, s->jobstats_fs)},
		{"result", NULL, result},
	};

	memcpy(ret, places, sizeof(places));
}

static int check_value(const struct place *p, struct error *err)
{
	for (const char *c = p->value; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_-./:,+=@% ", *c))
			return error_set(err, EINVAL,
				"jobstats.%s: \"%s\" holds a character that may mean something to a shell",
				p->name, p->value);
	return 0;
}

static void put_directives(struct strbuf *out, const struct place *places)
{
	const char *gap = "";

	for (size_t i = 0; i < PLACES; i++) {
		if (!places[i].option || !places[i].value || !*places[i].value)
			continue;
		strbuf_printf(out, "%s#SBATCH --%s=%s", gap, places[i].option, places[i].value);
		gap = "\n";
	}
}

static void put_place(struct strbuf *out, const char *name, size_t len, const struct place *places)
{
	if (len == strlen("directives") && strncmp(name, "directives", len) == 0) {
		put_directives(out, places);
		return;
	}
	for (size_t i = 0; i < PLACES; i++) {
		if (strlen(places[i].name) == len && strncmp(name, places[i].name, len) == 0) {
			strbuf_puts(out, places[i].value ? places[i].value : "");
			return;
		}
	}
	strbuf_printf(out, "${%.*s}", (int)len, name);
}

int script_make(const struct settings *s, const char *result, struct arena *a, const char **ret,
	struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct place places[PLACES];
	struct bytes text;

	list_places(s, result, a, places);
	for (size_t i = 0; i < PLACES; i++)
		if (places[i].value)
			TRY(check_value(&places[i], err));
	TRY(file_read(s->jobstats_template, TEMPLATE_MAX, a, &text, err));
	for (const char *c = (const char *)text.data; *c;) {
		const char *end = str_starts(c, "${") ? strchr(c, '}') : NULL;

		if (!end) {
			strbuf_putc(&out, *c++);
			continue;
		}
		put_place(&out, c + 2, (size_t)(end - c - 2), places);
		c = end + 1;
	}
	*ret = arena_strdup(a, strbuf_text(&out));
	return 0;
}
