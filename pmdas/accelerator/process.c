// SPDX-License-Identifier: Apache-2.0
// Which jobs use a device, and how much of it; see process.h.
#include "pmdas/accelerator/process.h"

#include <stdlib.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/accelerator/accelerator.h"

// Adds a word to a list with blanks between; what does not fit is left out.
static void append(char *list, size_t size, const char *word)
{
	size_t n = strlen(list);

	if (n + 1 + strlen(word) < size)
		pmsprintf(list + n, size - n, "%s%s", n ? " " : "", word);
}

// A SLUID's number never changes, and to find it takes many files.
static void resolve(struct accelerator_unit *u, struct frame_job *job)
{
	struct accelerator_sluid *s;

	if (!job->is_sluid)
		return;
	for (size_t i = 0; i < ARRAY_LEN(u->sluids); i++) {
		if (strcmp(u->sluids[i].sluid, job->id) == 0) {
			memcpy(job->id, u->sluids[i].number, sizeof(job->id));
			return;
		}
	}
	s = &u->sluids[u->next_sluid % ARRAY_LEN(u->sluids)];
	memcpy(s->sluid, job->id, sizeof(s->sluid));
	if (frame_job_resolve(u->accelerator->root, job) == 0) {
		memcpy(s->number, job->id, sizeof(s->number));
		u->next_sluid++;
	} else {
		s->sluid[0] = '\0';
	}
}

static struct accelerator_share *share_of(struct accelerator_unit *u, const char *job)
{
	struct accelerator_shares *all = &u->next_shares;
	struct accelerator_share *s;

	for (unsigned i = 0; i < all->n; i++) {
		if (strcmp(all->set[i].job, job) == 0)
			return &all->set[i];
	}
	if (all->n == ACCELERATOR_SHARES)
		return NULL;
	s = &all->set[all->n++];
	*s = (struct accelerator_share){0};
	pmsprintf(s->job, sizeof(s->job), "%s", job);
	append(u->next.jobs, sizeof(u->next.jobs), job);
	return s;
}

// A sum is known only when all that it is made of is.
static void add(struct frame_reading *sum, const struct frame_reading *part, bool is_first)
{
	sum->known = part->known && (is_first || sum->known);
	sum->value += part->value;
}

static void add_to_job(
	struct accelerator_unit *u, const char *job, const struct accelerator_process *p)
{
	struct accelerator_share *s = share_of(u, job);

	if (s == NULL)
		return;
	add(&s->memory, &p->memory, s->processes == 0);
	add(&s->busy, &p->busy, s->processes == 0);
	s->processes++;
}

static void add_process(struct accelerator_unit *u, const struct accelerator_process *p)
{
	struct accelerator_device *d = &u->next;
	struct frame_job job;
	char memory[24] = "-";
	char word[80];
	bool found = frame_job_of(u->accelerator->root, p->pid, &job) == 0;

	if (found) {
		resolve(u, &job);
		add_to_job(u, job.id, p);
	}
	if (p->memory.known)
		pmsprintf(memory, sizeof(memory), "%llu", (unsigned long long)p->memory.value);
	pmsprintf(word, sizeof(word), "%u:%s:%s", p->pid, found ? job.id : "-", memory);
	append(d->process_list, sizeof(d->process_list), word);
}

static int by_pid(const void *a, const void *b)
{
	const struct accelerator_process *x = a;
	const struct accelerator_process *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

void accelerator_show_processes(
	struct accelerator_unit *u, struct accelerator_process *processes, unsigned n)
{
	unsigned shown = n < ACCELERATOR_PROCESSES ? n : ACCELERATOR_PROCESSES;

	u->next_shares.n = 0;
	accelerator_set(&u->next.processes, n);
	qsort(processes, shown, sizeof(*processes), by_pid);
	for (unsigned i = 0; i < shown; i++)
		add_process(u, &processes[i]);
}
