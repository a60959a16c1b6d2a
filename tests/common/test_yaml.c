// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string.h>

#include "common/str.h"
#include "common/yaml.h"

static struct arena memory;

static struct yaml_node *parse(const char *text, struct error *err)
{
	struct yaml_node *root = NULL;

	*err = (struct error){0};
	if (yaml_parse("f.yaml", text, strlen(text), &memory, &root, err) < 0)
		cr_assert(ne(str, err->text, ""));
	return root;
}

static void refused(const char *text, const char *why)
{
	struct error err;
	struct yaml_node *root = parse(text, &err);

	cr_assert(eq(ptr, root, NULL), "%s", text);
	cr_assert(ne(ptr, strstr(err.text, why), NULL), "%s: %s", why, err.text);
}

static void release(void)
{
	arena_release(&memory);
}

TestSuite(yaml, .fini = release);

Test(yaml, tree_and_lines)
{
	struct error err;
	const struct yaml_node *root = parse("a: 1\n"
					     "b:\n"
					     "  - x\n"
					     "  - 'y'\n"
					     "c: {d: e}\n",
		&err);
	const struct yaml_node *b = yaml_get(root, "b");

	cr_assert(eq(int, root->kind, YAML_MAP));
	cr_assert(eq(sz, root->n, 3));
	cr_assert(eq(str, yaml_get(root, "a")->text, "1"));
	cr_assert(eq(int, b->kind, YAML_LIST));
	cr_assert(eq(int, b->items[0]->line, 3));
	cr_assert(eq(int, b->items[1]->line, 4));
	cr_assert(b->items[0]->is_plain);
	cr_assert(not(b->items[1]->is_plain));
	cr_assert(eq(int, root->keys[2]->line, 5));
	cr_assert(eq(str, yaml_get(yaml_get(root, "c"), "d")->text, "e"));
	cr_assert(eq(ptr, yaml_get(root, "z"), NULL));
	cr_assert(eq(ptr, yaml_get(b, "z"), NULL));
	cr_assert(eq(ptr, yaml_get(NULL, "z"), NULL));
}

Test(yaml, empty_documents)
{
	static const char *const texts[] = {"", "# nothing\n", "---\n", "---\n...\n", "\n\n"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct error err;

		cr_assert(eq(ptr, parse(texts[i], &err), NULL));
		cr_assert(eq(int, err.code, 0), "%zu: %s", i, err.text);
	}
}

Test(yaml, aliases_share)
{
	struct error err;
	const struct yaml_node *root = parse("a: &x {k: v}\nb: *x\n", &err);

	cr_assert(eq(ptr, yaml_get(root, "a"), yaml_get(root, "b")));
}

Test(yaml, errors_name_line_and_reason)
{
	refused("a: 1\nb: 2\na: 3\n", "f.yaml:3: key \"a\" again, first in line 1");
	refused("x:\n  k: 1\n  k: 2\n", "f.yaml:3: key \"k\" again");
	refused("a: *nope\n", "f.yaml:1: *nope: no anchor");
	refused("a: &a [*a]\n", "*a: no anchor");
	refused("a: 1\n b: 2\n", "f.yaml:2: ");
	refused("a: [1, 2\n", "f.yaml:2: ");
	refused("a: !!int 3\n", "f.yaml:1: tag");
	refused("? [a]\n: b\n", "a key must be a plain word");
	refused("a: 1\n---\nb: 2\n", "f.yaml:3: a second document");
	refused("a: \"x\\0y\"\n", "NUL");
	refused("a: \xff\xfe\n", "f.yaml: ");
	refused("\ta: 1\n", "f.yaml:1: ");
}

Test(yaml, depth_is_bounded)
{
	char text[400];
	struct error err;

	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	text[64] = '\0';
	cr_assert(ne(ptr, parse(text, &err), NULL));
	memset(text, '[', 100);
	memset(text + 100, ']', 100);
	text[200] = '\0';
	refused(text, "nested deeper than 32");
}

// Each alias is shallow where it stands; together they are not.
Test(yaml, depth_through_aliases_is_bounded)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	strbuf_puts(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 50; i++)
		strbuf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	refused(text.text, "nested deeper than 32");
}

Test(yaml, alias_bomb_is_bounded, .timeout = 30)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};

	strbuf_puts(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 10; i++)
		strbuf_printf(&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	refused(text.text, "more than 1000000 nodes");
	cr_assert(lt(sz, memory.used, 100000));
}

Test(yaml, size_is_bounded)
{
	struct yaml_node *root = NULL;
	struct error err = {0};
	char *text = calloc(1, YAML_MAX_BYTES + 1);

	memset(text, ' ', YAML_MAX_BYTES + 1);
	cr_assert(lt(int, yaml_parse("f", text, YAML_MAX_BYTES + 1, &memory, &root, &err), 0));
	cr_assert(ne(ptr, strstr(err.text, "larger than 8388608 bytes"), NULL));
	free(text);
}

Test(yaml, load_says_which_file)
{
	struct yaml_node *root = NULL;
	struct error err = {0};

	cr_assert(lt(int, yaml_load("/no/such/file.yaml", &memory, &root, &err), 0));
	cr_assert(eq(str, err.text, "/no/such/file.yaml: No such file or directory"));
	cr_assert(lt(int, yaml_load("/", &memory, &root, &err), 0));
}
