// SPDX-License-Identifier: Apache-2.0
// put_boundaries BASE [SECONDS COUNT]...: an archive as the sampler writes it, with t.count at these
// seconds of 2026-01-01.
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>

#include "common/str.h"
#include "prolog-epilog/writer.h"

#define EPOCH  INT64_C(1767225600)
#define SECOND INT64_C(1000000000)
#define PMID   (60U << 22 | 1U << 10 | 3U)

enum { TYPE_U64 = 3, SEM_COUNTER = 1 };

static int put(struct writer *w, const char *seconds, const char *count, struct error *err)
{
	uint64_t at = 0;
	uint64_t value = 0;

	if (parse_u64(seconds, &at) < 0 || parse_u64(count, &value) < 0)
		return error_set(err, 22, "%s %s: no numbers", seconds, count);
	value = htobe64(value);
	writer_begin(w, (EPOCH + (int64_t)at) * SECOND);
	writer_set(w, PMID, 1, true);
	writer_block(w, WRITER_NO_INSTANCE, TYPE_U64, &value, sizeof(value));
	return writer_commit(w, err);
}

int main(int argc, char **argv)
{
	const struct writer_metric m = {"t.count", PMID, WRITER_NO_INDOM, TYPE_U64, SEM_COUNTER, 0};
	struct writer *w = NULL;
	struct error err = {0};
	uint64_t first = 0;
	int code = argc > 3 ? parse_u64(argv[2], &first) : -1;

	if (code == 0)
		code = writer_open(
			AT_FDCWD, argv[1], 2, "edges", (EPOCH + (int64_t)first) * SECOND, &w, &err);
	if (code == 0)
		writer_metric(w, &m);
	for (int i = 2; code == 0 && i + 1 < argc; i += 2)
		code = put(w, argv[i], argv[i + 1], &err);
	writer_close(w);
	if (code < 0)
		fprintf(stderr, "%s\n", err.text);
	return code < 0;
}
