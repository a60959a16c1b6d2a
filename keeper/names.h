// SPDX-License-Identifier: Apache-2.0
// Names of the files of an archive: BASE.meta, BASE.index, BASE.N, each perhaps packed (.xz, .zst, .gz).
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct archive_name {
	size_t base_len;
	int volume; // number, or ARCHIVE_VOLUME_META, ARCHIVE_VOLUME_INDEX
	bool is_packed;
};

bool archive_name_split(const char *name, struct archive_name *ret); // false: no such name
