// SPDX-License-Identifier: Apache-2.0
// Zone files: any that is accepted answers for every instant, and wall times lead back.
#include <stdint.h>
#include <stdlib.h>

#include "common/timezone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct timezone_rules *zone;
	struct error err = {0};

	if (timezone_parse("input", (struct bytes){data, size}, &zone, &err) < 0)
		return 0;
	for (int64_t t = -4000000000; t < 8000000000; t += 123456789) {
		int offset = timezone_offset(zone, t);

		if (offset < -26 * 3600 || offset > 26 * 3600)
			abort();
		(void)unix_in_zone(zone, civil_in_zone(zone, t));
	}
	timezone_close(zone);
	return 0;
}
