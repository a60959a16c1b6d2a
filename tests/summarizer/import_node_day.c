// SPDX-License-Identifier: Apache-2.0
// import_node_day BASE VERSION SAMPLES: the benchmarks' synthetic node, at any length.
#include <stdio.h>
#include <stdlib.h>

#include "common/str.h"
#include "tests/bench/node_day.h"

int main(int argc, char **argv)
{
	uint64_t version = 0;
	uint64_t samples = 0;
	if (argc != 4 || parse_u64(argv[2], &version) < 0 || parse_u64(argv[3], &samples) < 0 ||
		version > 3 || samples > 1000000) {
		fprintf(stderr, "usage: import_node_day BASE VERSION SAMPLES\n");
		return 2;
	}
	struct node_day d = {.base = argv[1],
		.version = (int)version,
		.samples = (int)samples,
		.step_s = 30,
		.start_s = 1793404800};
	return node_day_write(&d) == 0;
}
