// SPDX-License-Identifier: Apache-2.0
// The registry of codes, its page of the manual, and sets of them as the configuration names them.
#include "accounting/codes.h"

#include <errno.h>
#include <string.h>

const struct code_row codes[CODES] = {
#define CODE(name, category, trigger, effect, advice) \
	[E_##name] = {"E_" #name, #category, trigger, effect, advice},
#include "accounting/codes.def"
#undef CODE
};

int code_set_parse(const char *text, struct code_set *ret, struct error *err)
{
	static const char separators[] = ", \t";

	*ret = (struct code_set){0};
	for (text = text ? text : ""; *(text += strspn(text, separators));) {
		size_t len = strcspn(text, separators);
		size_t i = 0;

		while (i < CODES &&
			(strlen(codes[i].name) != len || strncmp(codes[i].name, text, len) != 0))
			i++;
		if (i == CODES)
			return error_set(err, EINVAL,
				"'%.*s' is no code; jobsight-import --codes lists them",
				(int)(len < 60 ? len : 60), text);
		ret->has[i] = true;
		text += len;
	}
	return 0;
}

void codes_manual(struct strbuf *out)
{
	strbuf_puts(out,
		"<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
		"# Codes of the importer\n\n"
		"What can be wrong with a record that `jobsight-import` reads. Codes that "
		"`import.ignore` lists are\nlogged at debug level alone; those in `import.strict` "
		"end the import of their category, and nothing of\nthe batch at hand is kept. All "
		"are counted in `warehouse.import_error`.\n\n"
		"This page is made by `jobsight-import --codes`.\n\n"
		"| code | category | when | what then | what to do |\n"
		"| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < CODES; i++)
		strbuf_printf(out, "| %s | %s | %s | %s | %s |\n", codes[i].name, codes[i].category,
			codes[i].trigger, codes[i].effect, codes[i].advice);
}
