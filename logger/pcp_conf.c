// SPDX-License-Identifier: Apache-2.0
// What of PCP is where: /etc/pcp.conf, lines of NAME=VALUE; and other control files.
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "logger/plan.h"

enum { CONF_BYTES = 1 << 20 };

static const char *value_in(const char *text, const char *name, struct arena *a)
{
	const size_t len = strlen(name);

	for (const char *s = text; s; s = strchr(s, '\n') ? strchr(s, '\n') + 1 : NULL)
		if (strncmp(s, name, len) == 0 && s[len] == '=')
			return arena_strndup(a, s + len + 1, strcspn(s + len + 1, "\r\n"));
	return NULL;
}

int pcp_conf_load(struct arena *a, struct pcp_conf *ret, struct error *err)
{
	const struct {
		const char *name;
		const char **to;
	} rows[] = {
		{"PCP_PMLOGGERCONTROL_PATH", &ret->control},
		{"PCP_PMDAS_DIR", &ret->pmdas},
		{"PCP_VERSION", &ret->version},
	};
	const char *path = getenv("PCP_CONF") ? getenv("PCP_CONF") : "/etc/pcp.conf";
	struct bytes text;

	TRY(file_read(path, CONF_BYTES, a, &text, err));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *given = getenv(rows[i].name);
		*rows[i].to = given ? given : value_in((const char *)text.data, rows[i].name, a);
		if (!*rows[i].to)
			return error_set(err, EINVAL, "%s: no %s", path, rows[i].name);
	}
	return 0;
}

static size_t next_word(const char **at, const char **ret)
{
	*ret = *at + strspn(*at, " \t");
	*at = *ret + strcspn(*ret, " \t\r\n");
	return (size_t)(*at - *ret);
}

// The line of a control file with a primary logger, from 1; 0: none.
static int primary_line(const char *text)
{
	int line = 1;

	for (const char *s = text; s; line++) {
		const char *host;
		const char *primary;
		if (next_word(&s, &host) && *host != '#' && *host != '$' &&
			next_word(&s, &primary) == 1 && *primary == 'y')
			return line;
		s = strchr(s, '\n');
		s = s ? s + 1 : NULL;
	}
	return 0;
}

static const char *rival_in(const char *path, struct arena *a)
{
	struct bytes text;
	int line = file_read(path, CONF_BYTES, a, &text, NULL) < 0
	                   ? 0
	                   : primary_line((const char *)text.data);

	return line ? arena_printf(a, "%s:%d", path, line) : NULL;
}

const char *logger_rival(const struct logger_plan *p, struct arena *a)
{
	const char *found = rival_in(p->pcp.control, a);
	const char *folder = arena_printf(a, "%s.d", p->pcp.control);
	DIR *d = opendir(folder);

	for (struct dirent *e = d ? readdir(d) : NULL; e && !found; e = readdir(d))
		if (*e->d_name != '.' && !str_eq(e->d_name, "jobsight"))
			found = rival_in(arena_printf(a, "%s/%s", folder, e->d_name), a);
	if (d)
		closedir(d);
	return found;
}
