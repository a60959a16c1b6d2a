// SPDX-License-Identifier: Apache-2.0
// Any bytes as the files of a whole archive, plain or compressed: it is opened, read to its end with
// every value decoded and every instance named, sought in, and read again to the same result.
//
// Input: a byte of flags, three bytes each the length of the metadata, index and first volume, then
// these; the rest is the second volume.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "summarizer/archive/archive.h"
#include "summarizer/reduce/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const suffixes[] = {"", ".xz", ".zst", ".gz"};

struct reading {
	struct arena arena;
	struct domain domain;
	struct id_map ids; // of the first instance domain that comes
	size_t next_indom;
	size_t records, values;
	uint64_t sum;
};

static struct bytes cut(struct bytes *from, size_t len)
{
	struct bytes b = {from->data, len < from->len ? len : from->len};
	from->data += b.len;
	from->len -= b.len;
	return b;
}

static size_t length(struct bytes *from)
{
	struct bytes b = cut(from, 3);
	return b.len < 3 ? 0 : (size_t)b.data[0] << 16 | (size_t)b.data[1] << 8 | b.data[2];
}

static void put(const char *folder, const char *name, const char *suffix, struct bytes b)
{
	char path[256];
	(void)snprintf(path, sizeof(path), "%s/x.%s%s", folder, name, suffix);
	FILE *f = fopen(path, "wb");
	if (f == NULL || (b.len && fwrite(b.data, 1, b.len, f) != b.len) || fclose(f) != 0)
		abort();
}

static void clean(const char *folder)
{
	static const char *const names[] = {"meta", "index", "0", "1"};
	char path[256];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < sizeof(suffixes) / sizeof(suffixes[0]); k++) {
			(void)snprintf(
				path, sizeof(path), "%s/x.%s%s", folder, names[i], suffixes[k]);
			(void)unlink(path);
		}
	(void)rmdir(folder);
}

static void follow(struct reading *x, const struct archive_meta *m, int64_t now_ns)
{
	for (; x->next_indom < m->n_indoms; x->next_indom++) {
		const struct archive_indom *d = &m->indoms[x->next_indom];
		if (d->time_ns > now_ns)
			return;
		if (d->indom == m->indoms[0].indom)
			id_map_apply(&x->ids, d, &x->arena);
	}
}

static void decode(struct reading *x, const struct archive_record *r, const struct archive_set *s)
{
	for (int32_t i = 0; i < s->n; i++) {
		uint32_t row = id_map_row(&x->ids, archive_value_instance(s, i));
		if (row != NO_ROW)
			x->sum += strlen(x->domain.names[row]);
		for (uint32_t type = 0; type <= ARCHIVE_TYPE_STRING; type++) {
			uint64_t bits = 0;
			if (archive_value_bits(r, s, i, type, &bits))
				x->sum += bits;
			struct bytes b = s->is_block ? archive_value_block(r, s, i, type)
			                             : (struct bytes){0};
			if (b.data && b.len)
				x->sum += (uint64_t)b.data[0] + b.data[b.len - 1];
		}
		x->values++;
	}
}

static struct reading read_all(struct archive *a)
{
	struct reading x = {0};
	struct archive_record r;
	struct archive_set s;
	domain_init(&x.domain, 1);
	x.ids.domain = &x.domain;
	while (archive_next(a, &r) > 0) {
		struct archive_record whole = r;
		follow(&x, archive_meta(a), r.time_ns);
		while (archive_set_next(&r, &s) > 0)
			decode(&x, &whole, &s);
		x.records++;
	}
	id_map_release(&x.ids);
	domain_release(&x.domain);
	arena_release(&x.arena);
	return x;
}

static void look_at(struct archive *a)
{
	struct reading first = read_all(a);
	archive_rewind(a);
	struct reading again = read_all(a);
	if (first.records != again.records || first.values != again.values ||
		first.sum != again.sum)
		abort();
	archive_seek(a, archive_end_ns(a));
	(void)read_all(a);
	archive_seek(a, archive_meta(a)->label.start_ns);
	(void)read_all(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *shm = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct bytes rest = {data, size};
	struct bytes flags = cut(&rest, 1);
	unsigned how = flags.len ? flags.data[0] : 0;
	size_t lengths[] = {length(&rest), length(&rest), length(&rest)};
	char folder[64];
	char base[80];
	(void)snprintf(folder, sizeof(folder), "%s/jobsight-fuzz.XXXXXX", shm);
	if (mkdtemp(folder) == NULL)
		abort();
	(void)snprintf(base, sizeof(base), "%s/x", folder);
	put(folder, "meta", suffixes[how & 3], cut(&rest, lengths[0]));
	put(folder, "index", suffixes[how >> 2 & 3], cut(&rest, lengths[1]));
	put(folder, "0", suffixes[how >> 4 & 3], cut(&rest, lengths[2]));
	if (rest.len)
		put(folder, "1", suffixes[how >> 6 & 3], rest);

	struct archive *a = NULL;
	struct error err = {0};
	int rc = archive_open(base, &a, &err);
	if (rc < 0 && err.text[0] == '\0')
		abort();
	if (rc == 0)
		look_at(a);
	archive_close(a);
	clean(folder);
	return 0;
}
