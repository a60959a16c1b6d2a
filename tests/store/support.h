// SPDX-License-Identifier: Apache-2.0
// What the tests of the store share: documents of jobs whose contents follow from a few numbers.
#pragma once

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "common/document/document.h"
#include "common/store/store.h"

// A job whose documents both hold `version` and a text of `size` bytes.
struct sample {
	const char *cluster; // NULL: "emmy"
	uint64_t raw_id;
	int64_t submit_s;
	int64_t end_s;
	const char *job_id; // NULL: the raw id
	int64_t version;
	size_t size;
	bool has_series;
};

struct store_item sample_item(struct arena *a, const struct sample *s);
struct store *open_store(const char *url);
void put(struct store *s, const struct store_item *items, size_t n);
void put_sample(struct store *s, const struct sample *sample);
int64_t version_of(struct bytes document); // -1: none in it
bool same_bytes(struct bytes a, struct bytes b);

// Takes what store_changes gives: the raw ids in order.
struct changes {
	uint64_t raw_ids[20000];
	int64_t versions[20000];
	size_t n;
	size_t n_series;
	size_t stop_after; // 0: never
	int stop_with;
};

store_each take_change;
// All changes after *cursor; the new cursor is put there.
void take_changes(struct store *s, const char **cursor, uint64_t limit, bool with_series,
	struct arena *a, struct changes *ret);

// The contract's tests: TEST_STORE is the URL of their backend; each test has a database, or file, of
// its own: "@@" in it becomes the test's name.
bool is_sqlite(void);
int scaled(int sqlite, int other); // the stand-ins for MongoDB are slow: sizes follow the backend
const char *url_of(const char *test);
void expect_same(const struct store_item *a, const struct store_item *b);
int get(struct store *s, const struct job_key *key, struct arena *a, struct store_item *ret);
