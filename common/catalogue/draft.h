// SPDX-License-Identifier: Apache-2.0
// A stanza while it is being read: the metric so far, and what of the YAML is still needed.
#pragma once

#include "common/catalogue/catalogue.h"
#include "common/catalogue/reader.h"

#define MAX_SOURCES 32
#define MAX_INPUTS  64
#define MAX_OUTPUTS 32

struct draft {
	struct reader *r;
	struct metric *m;
	const struct yaml_node *value;          // the stanza's own; NULL: none
	const struct yaml_node **source_values; // each source's own, parallel to m->sources
};

// What an output may say; the same keys may stand in the stanza, for all its outputs.
struct raw_output {
	int line;
	int over, time, shared, every_node, edges; // -1: not said
	const struct yaml_node *skip, *statistics, *errors, *require, *value, *document;
};

extern const struct key raw_output_keys[];
extern const size_t raw_output_n_keys;
void raw_output_clear(struct raw_output *o, int line);

// source.c: fills m->sources from `from`.
void read_sources(struct draft *d, const struct yaml_node *from);

// value.c: an expression for each source. node is a text for all sources, or a mapping from names
// of sources to texts, or NULL: each source's own, else the stanza's. NULL after reporting.
struct expression **read_value(
	struct draft *d, const struct yaml_node *node, const char *what, int line);
struct expression **compile_for_all(struct draft *d, const char *text, const char *what, int line);
// Reports expressions that give one number a node where one of each core or device is wanted.
void check_scope(struct draft *d, struct expression *const *value, enum scope over,
	const char *what, int line);

// output.c: fills m->outputs from `keep`, or one output from the stanza's own keys.
void read_outputs(struct draft *d, const struct raw_output *shared, const struct yaml_node *keep);
// A dotted path of a document; reports what is wrong with it.
void check_document(struct reader *r, const char *path, bool is_device, int line);

// column.c
void read_column(struct draft *d, const struct yaml_node *node);

// stanza.c: one list item. False when anything was wrong, all of which is reported.
struct stanza {
	struct metric *metric;
	bool is_replacing;
};
bool read_stanza(struct reader *r, const struct yaml_node *node, struct stanza *ret);

// conflict.c: reports and drops metrics that clash with an earlier one. Returns how many.
size_t drop_conflicts(struct reader *r, struct metric **metrics, size_t *n);

// digest.c
void catalogue_digest(const struct catalogue *c, char hash[65]);
