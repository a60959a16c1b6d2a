// SPDX-License-Identifier: Apache-2.0
// Reading a mapping of a stanza by table: each row says a key, what its value must be, and where
// it goes. Whatever is wrong is reported with its line and reading goes on, so that one run shows
// all that is wrong with a file.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/catalogue/catalogue.h"
#include "common/catalogue/words.h"
#include "common/yaml.h"

struct reader {
	const char *file;
	struct arena *arena;
	const struct catalogue_problem *problem;
	unsigned n_wrong; // problems of the stanza in work
};

void wrong(struct reader *r, int line, const char *fmt, ...) PRINTF_LIKE(3, 4);

enum key_type {
	KEY_TEXT,   // const char *
	KEY_WORD,   // int, one of words
	KEY_YES,    // int, 0 or 1
	KEY_NUMBER, // double
	KEY_ANY,    // const struct yaml_node *
};

struct key {
	const char *name;
	enum key_type type;
	size_t offset; // in the target
	const struct words *words;
};

struct key_table {
	const struct key *keys;
	size_t n;
	void *target; // untouched where the key is absent
};

// what: "series"; for messages. False when node is not a mapping.
bool read_map(struct reader *r, const struct yaml_node *node, const char *what,
	const struct key_table *tables, size_t n_tables);

// One of the words, by a scalar; -1 after reporting.
int read_word(struct reader *r, const struct yaml_node *node, const char *what,
	const struct words *words);
// A whole number from least to most; least - 1 after reporting.
long read_count(
	struct reader *r, const struct yaml_node *node, const char *what, long least, long most);
// A scalar that is not empty; NULL after reporting.
const char *read_text(struct reader *r, const struct yaml_node *node, const char *what);

// A name of the shape [a-z][a-z0-9_]*, with dots between several of them where is_dotted.
bool is_name(const char *s, bool is_dotted, size_t max);
