// SPDX-License-Identifier: Apache-2.0
// Settings: a file that loads prints as a file that loads and prints the same.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int load_and_print(const void *data, size_t size, struct strbuf *out)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct memory_file f = memory_file_open(data, size);
	struct settings settings;
	struct error err = {0};
	int code = settings_load(f.path, &arena, &settings, &err);

	memory_file_close(&f);
	if (code < 0 && !err.text[0])
		abort();
	if (code == 0)
		settings_print(&settings, out);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(strbuf_release) struct strbuf first = {0};
	CLEANUP(strbuf_release) struct strbuf second = {0};

	if (load_and_print(data, size, &first) < 0)
		return 0;
	// A secret is not printed, so a file with one would print another file.
	if (strstr(strbuf_text(&first), ": set\n"))
		return 0;
	if (load_and_print(strbuf_text(&first), first.len, &second) < 0 ||
		!str_eq(strbuf_text(&first), strbuf_text(&second)))
		abort();
	return 0;
}
