// SPDX-License-Identifier: Apache-2.0
// Progress of long work on a terminal.
#include "common/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

void progress_start(struct progress *p, const char *what, uint64_t total)
{
	*p = (struct progress){
		.what = what,
		.total = total,
		.started_ns = clock_monotonic_ns(),
		.is_shown = isatty(STDERR_FILENO),
	};
}

static void draw(const struct progress *p, int64_t now_ns)
{
	double seconds = (double)(now_ns - p->started_ns) / (double)NS_PER_S;

	if (!p->total) {
		fprintf(stderr, "\r%s: %" PRIu64 " (%.0f s)\x1b[K", p->what, p->done, seconds);
		return;
	}
	fprintf(stderr, "\r%s: %" PRIu64 " of %" PRIu64 " (%.0f %%", p->what, p->done, p->total,
		100.0 * (double)p->done / (double)p->total);
	if (p->done && p->done < p->total && seconds >= 2)
		fprintf(stderr, ", %.0f s left",
			seconds * (double)(p->total - p->done) / (double)p->done);
	fputs(")\x1b[K", stderr);
}

void progress_step(struct progress *p, uint64_t done)
{
	int64_t now_ns;

	p->done = done;
	if (!p->is_shown)
		return;
	now_ns = clock_monotonic_ns();
	if (now_ns - p->shown_ns < NS_PER_S / 10)
		return;
	p->shown_ns = now_ns;
	draw(p, now_ns);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	if (p->is_shown && p->shown_ns)
		fputs("\r\x1b[K", stderr);
	p->is_shown = 0;
}
