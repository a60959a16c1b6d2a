// SPDX-License-Identifier: Apache-2.0
// Both ends without a broker between: what the sender's table says, what the receiver's tree does.
#include <errno.h>
#include <sys/stat.h>

#include "relay/follow.h"
#include "relay/tree.h"
#include "tests/common/folder.h"

#define DAY  "n/2026/11/21"
#define NAME DAY "/a.0"

struct ends {
	struct folder folder;
	char root[300], state[300];
};

static struct ends ends_make(void)
{
	struct ends e = {.folder = folder_make()};

	str_format(e.root, sizeof(e.root), "%s/tree", e.folder.path);
	str_format(e.state, sizeof(e.state), "%s/state", e.folder.path);
	cr_assert(mkdir(e.root, 0755) == 0 && mkdir(e.state, 0755) == 0);
	return e;
}

static void make_day(struct ends *e)
{
	static const char *const parts[] = {"n", "n/2026", "n/2026/11", DAY};
	char path[600];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		str_format(path, sizeof(path), "%s/%s", e->root, parts[i]);
		cr_assert_eq(mkdir(path, 0755), 0);
	}
}

static int apply(struct tree *t, uint64_t generation, uint64_t offset, const char *text)
{
	struct envelope e = {.generation = generation, .offset = offset, .path = NAME};
	struct error err = {0};

	e.data = (const uint8_t *)text;
	e.len = (uint32_t)strlen(text);
	return tree_apply(t, &e, &err);
}

static void holds(struct ends *e, const char *text)
{
	char path[600];
	char buf[100] = "";

	str_format(path, sizeof(path), "%s/" NAME, e->root);
	FILE *f = fopen(path, "re");
	cr_assert_not_null(f);
	size_t n = fread(buf, 1, sizeof(buf) - 1, f);
	(void)fclose(f);
	cr_assert_eq(n, strlen(text));
	cr_assert_str_eq(buf, text);
}

Test(tree, any_order_and_twice)
{
	struct ends e = ends_make();
	struct tree t;

	cr_assert_eq(tree_open(&t, e.root, e.state, NULL), 0);
	cr_assert_eq(apply(&t, 5, 3, "def"), 0);
	cr_assert_eq(apply(&t, 5, 0, "abc"), 0);
	cr_assert_eq(apply(&t, 5, 3, "def"), 0);
	holds(&e, "abcdef");
	cr_assert_eq(apply(&t, 6, 0, "XY"), 0); // begun again, shorter
	cr_assert_eq(apply(&t, 5, 0, "abc"), 0);
	holds(&e, "XY");
	cr_assert_eq(t.stale, 1);
	cr_assert_eq(tree_sync(&t, NULL), 0);
	tree_close(&t);
	cr_assert_eq(tree_open(&t, e.root, e.state, NULL), 0); // it remembers
	cr_assert_eq(apply(&t, 5, 0, "abc"), 0);
	cr_assert_eq(apply(&t, 6, 2, "Z"), 0);
	holds(&e, "XYZ");
	tree_close(&t);
	folder_remove(&e.folder);
}

Test(tree, follows_no_link)
{
	struct ends e = ends_make();
	struct tree t;
	char path[600];
	char outside[600];
	struct stat st;

	make_day(&e);
	str_format(path, sizeof(path), "%s/" NAME, e.root);
	str_format(outside, sizeof(outside), "%s/outside", e.folder.path);
	cr_assert_eq(symlink(outside, path), 0);
	cr_assert_eq(tree_open(&t, e.root, e.state, NULL), 0);
	cr_assert_eq(apply(&t, 5, 0, "abc"), -EBADMSG);
	cr_assert_eq(unlink(path), 0);
	str_format(path, sizeof(path), "%s/" DAY, e.root);
	cr_assert_eq(rmdir(path), 0);
	cr_assert_eq(mkdir(outside, 0755), 0);
	cr_assert_eq(symlink(outside, path), 0);
	cr_assert_eq(apply(&t, 5, 0, "abc"), -EBADMSG);
	str_format(path, sizeof(path), "%s/a.0", outside);
	cr_assert_neq(stat(path, &st), 0);
	tree_close(&t);
	folder_remove(&e.folder);
}

Test(tree, removed_stays_removed)
{
	struct ends e = ends_make();
	struct tree t;
	char path[600];
	struct stat st;

	cr_assert_eq(tree_open(&t, e.root, e.state, NULL), 0);
	cr_assert_eq(apply(&t, 5, 0, "abc"), 0);
	cr_assert_eq(tree_sync(&t, NULL), 0);
	str_format(path, sizeof(path), "%s/" NAME, e.root);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(apply(&t, 5, 3, "def"), 0);
	cr_assert_neq(stat(path, &st), 0);
	tree_close(&t);
	folder_remove(&e.folder);
}

static void write_name(struct ends *e, const char *text)
{
	struct folder f = {0};

	str_format(f.path, sizeof(f.path), "%s", e->root);
	folder_write(&f, NAME, text);
}

static size_t publish_all(struct follow *f)
{
	uint8_t buf[100];
	ssize_t n = follow_read(f, f->files[0], buf, sizeof(buf));

	follow_published(f->files[0], buf, (size_t)n);
	f->files[0]->in_flight = 0;
	f->files[0]->confirmed = f->files[0]->published;
	f->changed = true;
	return (size_t)n;
}

Test(follow, growth_rewrite_truncation)
{
	struct ends e = ends_make();
	struct follow f;
	const struct follow_limits none = {0};

	make_day(&e);
	write_name(&e, "label-1 data");
	cr_assert_eq(follow_open(&f, e.root, e.state, NULL), 0);
	cr_assert_eq(follow_scan(&f, &none, NULL), 0);
	cr_assert_eq(f.n, 1);
	uint64_t generation = f.files[0]->generation;
	cr_assert_eq(publish_all(&f), 12);
	write_name(&e, "label-1 data and more");
	cr_assert_eq(follow_scan(&f, &none, NULL), 0);
	cr_assert_eq(f.files[0]->generation, generation);
	cr_assert_eq(f.backlog, 9);
	cr_assert_eq(publish_all(&f), 9);
	cr_assert_eq(follow_save(&f, NULL), 0);
	follow_close(&f);

	write_name(&e, "label-2 data and more"); // rewritten while nobody looked
	cr_assert_eq(follow_open(&f, e.root, e.state, NULL), 0);
	cr_assert_eq(follow_scan(&f, &none, NULL), 0);
	cr_assert_gt(f.files[0]->generation, generation);
	cr_assert_eq(f.files[0]->confirmed, 0);
	generation = f.files[0]->generation;
	cr_assert_eq(publish_all(&f), 21);
	write_name(&e, "label-2");
	cr_assert_eq(follow_scan(&f, &none, NULL), 0);
	cr_assert_gt(f.files[0]->generation, generation);
	cr_assert_eq(f.rewritten, 2);
	follow_close(&f);
	folder_remove(&e.folder);
}

Test(follow, bounded)
{
	struct ends e = ends_make();
	struct follow f;
	struct folder day = {0};
	const struct follow_limits limits = {.spool_bytes = 10};

	make_day(&e);
	str_format(day.path, sizeof(day.path), "%s/" DAY, e.root);
	folder_write(&day, "a.0", "12345678");
	folder_write(&day, "b.0", "12345678");
	folder_write(&day, "b.conf", "no archive");
	cr_assert_eq(follow_open(&f, e.root, e.state, NULL), 0);
	cr_assert_eq(follow_scan(&f, &limits, NULL), 0);
	cr_assert_eq(f.n, 2);
	cr_assert(f.files[0]->skipped && !f.files[1]->skipped);
	cr_assert_eq(f.backlog, 8);
	follow_close(&f);
	folder_remove(&e.folder);
}
