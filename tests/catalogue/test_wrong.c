// SPDX-License-Identifier: Apache-2.0
// Wrong stanzas as data: wrong/NAME.yaml must be reported as wrong/NAME.txt says, to the letter.
#include <criterion/criterion.h>
#include <dirent.h>
#include <string.h>

#include "common/file.h"
#include "tests/catalogue/loaded.h"

static int is_yaml(const struct dirent *entry)
{
	return str_ends(entry->d_name, ".yaml");
}

static const char *read_all(struct loaded *l, const char *path)
{
	struct bytes b = {0};

	cr_assert_eq(file_read(path, 1 << 20, &l->arena, &b, &l->err), 0, "%s", l->err.text);
	return (const char *)b.data;
}

// The messages without the name of the temporary directory.
static void strip(const char *text, const char *directory, struct strbuf *ret)
{
	size_t n = strlen(directory);

	for (const char *p = text; *p;) {
		if (strncmp(p, directory, n) == 0 && p[n] == '/')
			p += n + 1;
		else
			strbuf_putc(ret, *p++);
	}
}

static void check_case(const char *name)
{
	struct loaded l = {0};
	CLEANUP(strbuf_release) struct strbuf said = {0};
	const char *path = arena_printf(&l.arena, "%s/wrong/%s", HERE, name);
	char *expected = arena_strdup(&l.arena, path);
	const char *text = read_all(&l, path);
	const char *directory = directory_of(&l, name, text);

	str_format(strstr(expected, ".yaml"), 5, ".txt");
	load(&l, directory, NULL);
	remove_directory(directory, name);
	strip(strbuf_text(&l.messages), directory, &said);
	cr_expect_gt(l.result, 0, "%s: nothing was wrong", name);
	cr_expect_str_eq(strbuf_text(&said), read_all(&l, expected), "%s", name);
	unload(&l);
}

Test(catalogue, wrong_stanzas)
{
	struct dirent **entries = NULL;
	int n = scandir(HERE "/wrong", &entries, is_yaml, alphasort);

	cr_assert_geq(n, 30);
	for (int i = 0; i < n; i++) {
		check_case(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}
