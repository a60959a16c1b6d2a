// SPDX-License-Identifier: Apache-2.0
// fetchtime N NAME ...: fetches metrics N times from the collector of PCP_HOST and prints how long pmcd
// took to answer: what a client feels when a device hangs. Status 0 whatever the times are.
#include <pcp/pmapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/macro.h"

#define NAMES 1024

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int measure(int n, int count, pmID *ids)
{
	double sum = 0;
	double most = 0;
	int values = 0;

	for (int i = 0; i < n; i++) {
		double start = now_ms();
		pmResult *result;
		double ms;
		int rc = pmFetch(count, ids, &result);

		if (rc < 0)
			return rc;
		ms = now_ms() - start;
		sum += ms;
		most = ms > most ? ms : most;
		for (int k = 0; k < count; k++)
			values += result->vset[k]->numval > 0 ? result->vset[k]->numval : 0;
		pmFreeResult(result);
	}
	printf("%d fetches: mean %.2f ms, longest %.2f ms, %d values\n", n, sum / n, most, values);
	return 0;
}

int main(int argc, char **argv)
{
	const char *host = getenv("PCP_HOST");
	const char *names[NAMES];
	pmID ids[NAMES];
	int n = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;
	int count = argc - 2;
	int rc;

	if (n < 1 || count < 1 || count > NAMES) {
		fprintf(stderr, "usage: fetchtime N NAME ...\n");
		return 2;
	}
	for (int i = 0; i < count; i++)
		names[i] = argv[i + 2];
	rc = pmNewContext(PM_CONTEXT_HOST, host ? host : "local:");
	if (rc >= 0)
		rc = pmLookupName(count, names, ids);
	if (rc >= 0)
		rc = measure(n, count, ids);
	if (rc < 0)
		fprintf(stderr, "fetchtime: %s\n", pmErrStr(rc));
	return rc < 0;
}
