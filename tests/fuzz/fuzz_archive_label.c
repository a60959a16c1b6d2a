// SPDX-License-Identifier: Apache-2.0
// Any bytes as the label of an archive.
#include <stdlib.h>
#include <string.h>

#include "summarizer/archive/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct archive_label label;
	struct error err = {0};
	if (archive_label_parse((struct bytes){data, size}, "fuzz", &label, &err) < 0)
		return err.text[0] ? 0 : (abort(), 0);
	if (label.size > size || memchr(label.host, '\0', sizeof(label.host)) == NULL)
		abort();
	return 0;
}
