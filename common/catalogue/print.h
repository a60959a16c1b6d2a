// SPDX-License-Identifier: Apache-2.0
// What jobsight-catalogue prints of a loaded catalogue.
#pragma once

#include "common/catalogue/catalogue.h"

void print_list(const struct catalogue *c, struct strbuf *out);
void print_metric(const struct metric *m, struct strbuf *out);
void print_pmlogger(const struct catalogue *c, struct strbuf *out);
void print_docs(const struct catalogue *c, struct strbuf *out); // Markdown

// Parts of these.
const char *print_file(const struct metric *m); // without directories
const char *print_kind(const struct source *s);
// "user / sum(*)", or "full: a; basic: b" where sources differ.
void print_value(const struct metric *m, struct expression *const *value, struct strbuf *out);
void print_statistics(unsigned keep, struct strbuf *out); // "avg cnt ..."
void print_time(const struct output *o, struct strbuf *out);
void print_column(const struct column *c, struct strbuf *out);
