// SPDX-License-Identifier: Apache-2.0
// What one host says about one job, as bytes: written by the worker that swept the host, read by
// the one that merges the hosts of the job. Same program, same kind of machine: words are in its own
// order. Files of shards (summarizer/shard.h) hold them too, so what is read is checked.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/str.h"
#include "summarizer/reduce/plan.h"

struct partial_head {
	uint64_t size; // of all, with this
	uint64_t job_index, node_index;
	uint64_t n_archives;
	uint64_t reaches_end; // there are archives up to the job's end
	uint64_t n_cores;     // of the node; 0: unknown
	uint64_t n_bound;     // of them the job's, as found in cgroups and processes; 0: unknown
	uint64_t gaps, resets;
	uint64_t wall_ns;            // of the job on this host
	uint64_t has_begin, has_end; // samples were taken at its edges
};

// Each of several partial results one after the other, borrowed. each() returns <0 for one that
// cannot be; so does what is cut.
int partial_each(struct bytes b,
	int (*each)(void *context, uint64_t job, uint64_t node, struct bytes partial),
	void *context, struct error *err) MUST_USE;

void partial_put_u64(struct strbuf *to, uint64_t v);
void partial_put_double(struct strbuf *to, double v);
void partial_put_doubles(struct strbuf *to, const double *v, size_t n);
void partial_put_text(struct strbuf *to, const char *s); // with its length

struct partial_reader {
	struct bytes bytes;
	size_t at;
	bool is_bad; // read beyond the end; what was read then is 0
};

uint64_t partial_u64(struct partial_reader *r);
double partial_double(struct partial_reader *r);
struct bytes partial_bytes(struct partial_reader *r, size_t n); // borrowed
const char *partial_text(struct partial_reader *r);             // borrowed, ends with a NUL
const double *partial_doubles(struct partial_reader *r, size_t n, struct arena *a);

// The body, after the head:
//   text damage                       what was wrong with the archives; "" nothing
//   for each metric of the plan:      u64 nth source + 1 (0: none), u64 covered ns
//   for each output:                  u64 failure + 1 (0: there are values), u64 guard error,
//                                     u64 n, n times {text device, double}
//   for each series:                  u64 n bins, n times {avg, min, max}, u64 n lines, each
//                                     {text name, n times avg}; with points of samples: u64 n,
//                                     n times u64 ns, n times {value, min, max}, n times avg, lines
//   for each analysis:                u64 length, so many bytes of its own
