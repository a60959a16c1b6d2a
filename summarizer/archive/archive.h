// SPDX-License-Identifier: Apache-2.0
// Reader of PCP archives, versions 2 and 3: NAME.meta, NAME.index, NAME.0, NAME.1 ..., each plain or
// compressed (.xz, .zst, .gz). Records are decoded in place in the window of a stream; nothing is
// allocated for a record. Files come from outside: every length and offset is checked, damage
// gives an error naming file and offset, and what was good before it stays used. A last record
// that is not whole is how a growing archive looks, no damage.
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/bytes.h"
#include "common/error.h"
#include "common/map.h"
#include "summarizer/archive/wire.h"

enum archive_type { // values as in the file
	ARCHIVE_TYPE_32,
	ARCHIVE_TYPE_U32,
	ARCHIVE_TYPE_64,
	ARCHIVE_TYPE_U64,
	ARCHIVE_TYPE_FLOAT,
	ARCHIVE_TYPE_DOUBLE,
	ARCHIVE_TYPE_STRING,
};

enum archive_semantics {
	ARCHIVE_COUNTER = 1,
	ARCHIVE_INSTANT = 3,
	ARCHIVE_DISCRETE = 4,
};

#define ARCHIVE_NO_INDOM    UINT32_MAX // a metric with one value
#define ARCHIVE_NO_INSTANCE (-1)       // the instance of that value

// ---- parts, each parsed from bytes alone; path is for messages ----

enum { ARCHIVE_VOLUME_META = -1, ARCHIVE_VOLUME_INDEX = -2 };

#define ARCHIVE_LABEL_MAX 808 // bytes of the longest label

struct archive_label {
	int version;      // 2 or 3
	int volume;       // or ARCHIVE_VOLUME_*
	uint32_t size;    // of the label record in the file
	int64_t start_ns; // of the archive
	char host[257];
	char zone[257];
};

int archive_label_parse(
	struct bytes b, const char *path, struct archive_label *ret, struct error *err) MUST_USE;

struct archive_metric {
	const char *name;
	uint32_t pmid;
	uint32_t indom; // ARCHIVE_NO_INDOM: one value
	uint32_t type;
	uint32_t semantics;
	uint32_t units;
};

// One record of the metadata: what an instance domain was from time_ns on. A delta names only what
// came and went.
struct archive_indom {
	int64_t time_ns;
	uint32_t indom;
	uint32_t n;
	bool is_delta;
	const uint8_t *ids; // n words, then n offsets into the names
	const char *names;  // ends with a NUL
	uint32_t names_size;
};

// The i-th instance of a record: 1 and its name; 0, ret_name NULL: it is gone (deltas only); <0
// its name is damaged.
int archive_instance(
	const struct archive_indom *d, size_t i, int32_t *ret_id, const char **ret_name);

struct archive_meta {
	struct archive_label label;
	struct archive_metric *metrics; // a metric with two names is here twice
	size_t n_metrics;
	struct map by_name;           // to struct archive_metric
	struct archive_indom *indoms; // by time; at equal times in the order of the file
	size_t n_indoms;
};

// 0; or 1: the rest of the file is damaged (*err says where), what came before is in *ret; or <0.
// Instance domains borrow from b, all else is in the arena; release with archive_meta_release.
int archive_meta_parse(struct bytes b, const char *path, struct arena *a, struct archive_meta *ret,
	struct error *err) MUST_USE;
void archive_meta_release(struct archive_meta *m);

struct archive_index {
	struct bytes bytes;
	int version;
	size_t n;
};

struct archive_index_entry {
	int64_t time_ns;
	int volume;
	uint64_t meta_offset, data_offset;
};

int archive_index_parse(
	struct bytes b, const char *path, struct archive_index *ret, struct error *err) MUST_USE;
struct archive_index_entry archive_index_at(const struct archive_index *x, size_t i);
// The last entry at or before a time: no record later than it lies before its offset. 1 or 0.
int archive_index_find(
	const struct archive_index *x, int64_t time_ns, struct archive_index_entry *ret);

// ---- records of a data volume ----

struct archive_record {
	int64_t time_ns;
	uint32_t n_sets;      // left to be read; 0 at first: a mark
	const uint8_t *start; // of the record, its leading length
	const uint8_t *at;    // next value set
	const uint8_t *end;   // of its payload
};

struct archive_set {
	uint32_t pmid;
	int32_t n;             // values; 0: none; <0: an error code of the agent
	bool is_block;         // values are references to blocks
	const uint8_t *values; // n times instance, value
};

#define ARCHIVE_RECORD_MAX (64u << 20) // bytes; no logger writes more in one record

// The record that b begins with: 1; 0 it is not whole, or b is empty; <0 damaged. path and offset
// are for messages.
struct archive_spot {
	const char *path;
	uint64_t offset;
};
int archive_record_parse(struct bytes b, int version, struct archive_spot where,
	struct archive_record *ret, struct error *err) MUST_USE;

static inline size_t archive_record_size(const struct archive_record *r)
{
	return (size_t)(r->end - r->start) + 4;
}

// 1, 0 when there are no more, <0 (-EBADMSG) when the set reaches beyond the record.
static inline int archive_set_next(struct archive_record *r, struct archive_set *ret)
{
	if (r->n_sets == 0)
		return 0;
	if (r->end - r->at < 8)
		return -EBADMSG;
	ret->pmid = wire_u32(r->at);
	ret->n = (int32_t)wire_u32(r->at + 4);
	r->n_sets--;
	if (ret->n <= 0) {
		r->at += 8;
		return 1;
	}
	if (r->end - r->at < 12 || (r->end - r->at - 12) / 8 < ret->n)
		return -EBADMSG;
	ret->is_block = wire_u32(r->at + 8) != 0;
	ret->values = r->at + 12;
	r->at += 12 + 8 * (size_t)ret->n;
	return 1;
}

static inline int32_t archive_value_instance(const struct archive_set *s, int32_t i)
{
	return (int32_t)wire_u32(s->values + 8 * (size_t)i);
}

// The block that value i refers to, type checked against the descriptor's: its payload. data NULL:
// it lies outside the record or is of another type.
static inline struct bytes archive_value_block(
	const struct archive_record *r, const struct archive_set *s, int32_t i, uint32_t type)
{
	// Counted in words from 8 bytes before the record's leading length.
	uint64_t at = 4 * (uint64_t)wire_u32(s->values + 8 * (size_t)i + 4);
	uint64_t size = (uint64_t)(r->end - r->start);
	if (at < 8 + 4 || at - 8 + 4 > size)
		return (struct bytes){0};
	const uint8_t *block = r->start + (at - 8);
	uint32_t head = wire_u32(block);
	uint32_t len = head & 0xffffff;
	if (head >> 24 != type || len < 4 || len > (uint64_t)(r->end - block))
		return (struct bytes){0};
	return (struct bytes){block + 4, len - 4};
}

// A number's bits as they stand: integers of 32 bits extended by their sign to 64, doubles and
// floats as the bits of a double. false: the value is damaged or no number.
static inline bool archive_value_bits(const struct archive_record *r, const struct archive_set *s,
	int32_t i, uint32_t type, uint64_t *ret)
{
	if (!s->is_block) {
		uint32_t v = wire_u32(s->values + 8 * (size_t)i + 4);
		if (type == ARCHIVE_TYPE_FLOAT) {
			float f;
			memcpy(&f, &v, sizeof(f));
			double d = f;
			memcpy(ret, &d, sizeof(d));
			return true;
		}
		*ret = type == ARCHIVE_TYPE_32 ? (uint64_t)(int64_t)(int32_t)v : v;
		return type <= ARCHIVE_TYPE_U32;
	}
	struct bytes b = archive_value_block(r, s, i, type);
	if (b.data == NULL)
		return false;
	if (b.len == 8 && type >= ARCHIVE_TYPE_64 && type <= ARCHIVE_TYPE_DOUBLE &&
		type != ARCHIVE_TYPE_FLOAT) {
		*ret = wire_u64(b.data);
		return true;
	}
	if (b.len == 4 && type == ARCHIVE_TYPE_FLOAT) {
		uint32_t v = wire_u32(b.data);
		float f;
		memcpy(&f, &v, sizeof(f));
		double d = f;
		memcpy(ret, &d, sizeof(d));
		return true;
	}
	return false;
}

// The same as a number.
static inline double archive_bits_number(uint64_t bits, uint32_t type)
{
	double d;
	switch (type) {
	case ARCHIVE_TYPE_32:
	case ARCHIVE_TYPE_64:
		return (double)(int64_t)bits;
	case ARCHIVE_TYPE_FLOAT:
	case ARCHIVE_TYPE_DOUBLE:
		memcpy(&d, &bits, sizeof(d));
		return d;
	default:
		return (double)bits;
	}
}

// ---- the whole archive ----

struct archive; // open: metadata parsed, at most one volume open

// base is the path without ".meta".
int archive_open(const char *base, struct archive **ret, struct error *err) MUST_USE;
void archive_close(struct archive *x); // NULL allowed

const char *archive_base(const struct archive *x);
const struct archive_meta *archive_meta(const struct archive *x);
const struct archive_metric *archive_find(const struct archive *x, const char *name);
// The time of the last whole record (of the start when there is none).
int64_t archive_end_ns(const struct archive *x);
// Damage met so far, worst first met; code 0: none.
const struct error *archive_damage(const struct archive *x);

// Starts at the beginning, or at a record that is not later than the first one after time_ns.
void archive_rewind(struct archive *x);
void archive_seek(struct archive *x, int64_t time_ns);
// The next record: 1; 0 at the end. Damage ends its volume, not the archive: it is kept for
// archive_damage and a mark stands in for what is lost. The record is valid until the next call.
int archive_next(struct archive *x, struct archive_record *ret);
