// SPDX-License-Identifier: Apache-2.0
// A site's own directory beside the shipped one: it adds, it replaces, it is told what is wrong.
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "tests/catalogue/loaded.h"

#define STANZA                         \
	"- metric: %s\n"               \
	"  label: A\n"                 \
	"  help: What it is.\n"        \
	"  unit: B\n"                  \
	"  from: {pcp: {x: site.x}}\n" \
	"  value: sum(x)\n"            \
	"%s"

static void load_site(struct loaded *l, const char *name, const char *more)
{
	const char *directory =
		directory_of(l, "site.yaml", arena_printf(&l->arena, STANZA, name, more));

	load(l, SHIPPED, directory);
	remove_directory(directory, "site.yaml");
	cr_assert_geq(l->result, 0, "%s", l->err.text);
}

static size_t n_shipped(char hash[65])
{
	struct loaded l = {0};

	load(&l, SHIPPED, NULL);
	size_t n = l.catalogue.n;
	memcpy(hash, l.catalogue.hash, 65);
	unload(&l);
	return n;
}

Test(site, adds)
{
	struct loaded l = {0};
	char hash[65];

	load_site(&l, "site.thing", "  warehouse: {aggregate: sum}\n");
	cr_expect_eq(l.result, 0, "%s", strbuf_text(&l.messages));
	cr_expect_eq(l.catalogue.n, n_shipped(hash) + 1);
	cr_expect_str_neq(l.catalogue.hash, hash);
	const struct metric *m = catalogue_find(&l.catalogue, "site.thing");
	cr_assert_not_null(m);
	cr_expect_str_eq(m->outputs[0].document, "site.thing");
	cr_expect_str_eq(m->column->name, "site_thing");
	cr_expect_str_eq(m->column->from[0], "site.thing.avg");
	cr_expect_eq(m->every_s, 30);
	cr_expect_eq(m, &l.catalogue.metrics[l.catalogue.n - 1], "the site's come last");
	unload(&l);
}

Test(site, replaces)
{
	struct loaded l = {0};
	char hash[65];

	load_site(&l, "load.one", "  replace: yes\n  document: load1.mean\n  every: once\n");
	cr_expect_eq(l.result, 0, "%s", strbuf_text(&l.messages));
	cr_expect_eq(l.catalogue.n, n_shipped(hash));
	const struct metric *m = catalogue_find(&l.catalogue, "load.one");
	cr_expect_str_eq(m->sources[0].inputs[0].metric, "site.x");
	cr_expect_eq(m->every_s, 0);
	cr_expect_null(m->chart);
	unload(&l);
}

Test(site, replaces_only_when_told)
{
	struct loaded l = {0};
	char hash[65];

	load_site(&l, "load.one", "");
	cr_expect_eq(l.result, 1);
	cr_expect_not_null(
		strstr(strbuf_text(&l.messages), "site.yaml:1: metric load.one is already in"));
	cr_expect_not_null(strstr(strbuf_text(&l.messages), "load.yaml:"));
	cr_expect_not_null(
		strstr(strbuf_text(&l.messages), "'replace: yes' puts this one in its place"));
	cr_expect_eq(l.catalogue.n, n_shipped(hash));
	cr_expect_str_eq(l.catalogue.hash, hash, "the shipped one stays as it was");
	unload(&l);
}

Test(site, clashes)
{
	struct loaded l = {0};

	load_site(&l, "mine", "  document: cpu.jobcpus.user\n");
	cr_expect_eq(l.result, 1);
	cr_expect_not_null(strstr(strbuf_text(&l.messages),
		"document 'cpu.jobcpus.user' belongs to metric cpu.user"));
	cr_expect_null(catalogue_find(&l.catalogue, "mine"));
	unload(&l);
}

Test(site, may_be_missing)
{
	struct loaded l = {0};

	load(&l, SHIPPED, "/nonexistent/catalogue");
	cr_expect_eq(l.result, 0);
	unload(&l);
	l = (struct loaded){0};
	load(&l, "/nonexistent/catalogue", SHIPPED);
	cr_expect_eq(l.result, -ENOENT);
	cr_expect_str_eq(l.err.text,
		"/nonexistent/catalogue: cannot read the catalogue: No such file or directory");
	unload(&l);
}

// A comment, another order of keys and another place of the file change nothing.
Test(site, hash_is_of_the_meaning)
{
	struct loaded a = {0};
	struct loaded b = {0};
	struct loaded c = {0};

	load_site(&a, "site.thing", "  statistics: all\n  over: node\n");
	load_site(&b, "site.thing", "  over: node # the default\n");
	load_site(&c, "site.thing", "  statistics: avg\n");
	cr_expect_str_eq(a.catalogue.hash, b.catalogue.hash);
	cr_expect_str_neq(a.catalogue.hash, c.catalogue.hash);
	cr_expect_eq(strlen(a.catalogue.hash), 64);
	unload(&a);
	unload(&b);
	unload(&c);
}
