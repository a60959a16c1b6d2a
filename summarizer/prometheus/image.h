// SPDX-License-Identifier: Apache-2.0
// Samples of one host written as a PCP archive, so that one reader and one set of reductions serve
// both sources. The name of a metric there is the stanza's PromQL. Samples come in portions, later
// ones never earlier than those before.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/map.h"
#include "common/str.h"

struct image_sample {
	int64_t time_ns;
	uint32_t metric;
	int32_t instance; // -1: the metric has none
	double value;
	const char *text; // of a text metric
};

struct image_metric {
	const char *name;
	bool is_counter, is_text, has_instances;
	bool is_used;
	uint32_t indom;
};

struct image_indom {
	struct map ids; // name to id + 1
};

struct image {
	const char *base, *host;
	struct image_metric *metrics;
	size_t n_metrics;
	struct image_indom *indoms;
	size_t n_indoms;
	struct image_sample *samples; // of the portion
	size_t n, room;
	int64_t start_ns; // of the archive
	bool is_begun;    // its volume is there
};

int32_t image_instance(struct image *x, uint32_t metric, const char *name, struct arena *a);
void image_add(struct image *x, const struct image_sample *s);
// Writes the portion as records.
int image_flush(struct image *x, struct error *err) MUST_USE;
// Writes the metadata. false in *ret_any: there was no sample, there is no archive.
int image_finish(struct image *x, bool *ret_any, struct error *err) MUST_USE;
void image_release(struct image *x);
