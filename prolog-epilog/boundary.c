// SPDX-License-Identifier: Apache-2.0
// The datagram between hook and sampler, and what of a hook's environment goes into it.
#include "prolog-epilog/boundary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD "jobsight-boundary 1\n"

static const struct {
	const char *name;
	const char *context; // of Slurm
} events[BOUNDARY_EVENTS] = {
	[BOUNDARY_BEGIN] = {"begin", "prolog_slurmd"},
	[BOUNDARY_END] = {"end", "epilog_slurmd"},
	[BOUNDARY_TASK_BEGIN] = {"task-begin", "prolog_task"},
	[BOUNDARY_TASK_END] = {"task-end", "epilog_task"},
	[BOUNDARY_CONTROLLER_BEGIN] = {"controller-begin", "prolog_slurmctld"},
	[BOUNDARY_CONTROLLER_END] = {"controller-end", "epilog_slurmctld"},
};

enum key { KEY_EVENT, KEY_JOB, KEY_RESTARTS, KEY_UID, KEY_ASKED, KEY_SLUID, KEYS };

static const char *const keys[KEYS] = {"event", "job", "restarts", "uid", "asked", "sluid"};
static const unsigned needed = (1U << KEY_SLUID) - 1;

const char *boundary_event_name(enum boundary_event e)
{
	return e > 0 && e < BOUNDARY_EVENTS ? events[e].name : "unknown";
}

enum boundary_event boundary_event_of_context(const char *context)
{
	for (int e = 1; context && e < BOUNDARY_EVENTS; e++)
		if (strcmp(context, events[e].context) == 0)
			return (enum boundary_event)e;
	return 0;
}

static bool is_job(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len < 20 && strspn(s, "0123456789") == len;
}

bool boundary_is_sluid(const char *s)
{
	return strlen(s) == 14 && *s == 's' &&
	       strspn(s + 1, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == 13;
}

int boundary_write(const struct boundary *b, char buf[BOUNDARY_MAX_BYTES])
{
	bool has_sluid = *b->sluid != '\0';

	if (b->event <= 0 || b->event >= BOUNDARY_EVENTS || !is_job(b->job) || b->asked_ns < 0 ||
		(has_sluid && !boundary_is_sluid(b->sluid)))
		return -EINVAL;
	return snprintf(buf, BOUNDARY_MAX_BYTES,
		HEAD "event %s\njob %s\nrestarts %" PRIu32 "\nuid %" PRIu32 "\nasked %" PRId64
		     "\n%s%s%s",
		events[b->event].name, b->job, b->restarts, b->uid, b->asked_ns,
		has_sluid ? "sluid " : "", b->sluid, has_sluid ? "\n" : "");
}

static bool number(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s == '\0')
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > (UINT64_MAX - 9) / 10)
			return false;
		v = 10 * v + (uint64_t)(*s - '0');
	}
	*ret = v;
	return v <= max;
}

static bool take_event(const char *value, struct boundary *b)
{
	for (int e = 1; e < BOUNDARY_EVENTS; e++)
		if (strcmp(value, events[e].name) == 0)
			b->event = (enum boundary_event)e;
	return b->event != 0;
}

static bool take_value(enum key key, const char *value, struct boundary *b)
{
	uint64_t n = 0;

	switch (key) {
	case KEY_EVENT:
		return take_event(value, b);
	case KEY_JOB:
		if (!is_job(value))
			return false;
		memcpy(b->job, value, strlen(value) + 1);
		return true;
	case KEY_SLUID:
		if (!boundary_is_sluid(value))
			return false;
		memcpy(b->sluid, value, strlen(value) + 1);
		return true;
	case KEY_RESTARTS:
		if (!number(value, UINT32_MAX, &n))
			return false;
		b->restarts = (uint32_t)n;
		return true;
	case KEY_UID:
		if (!number(value, UINT32_MAX, &n))
			return false;
		b->uid = (uint32_t)n;
		return true;
	default:
		if (!number(value, INT64_MAX, &n))
			return false;
		b->asked_ns = (int64_t)n;
		return true;
	}
}

// One line without its end; each key may come once.
static bool take_line(char *line, struct boundary *b, unsigned *seen)
{
	char *blank = strchr(line, ' ');

	if (!blank)
		return false;
	*blank = '\0';
	for (int k = 0; k < KEYS; k++) {
		if (strcmp(line, keys[k]) != 0)
			continue;
		if (*seen & 1U << k)
			return false;
		*seen |= 1U << k;
		return take_value((enum key)k, blank + 1, b);
	}
	return false;
}

int boundary_parse(const void *data, size_t size, struct boundary *ret)
{
	char text[BOUNDARY_MAX_BYTES + 1];
	struct boundary b = {0};
	unsigned seen = 0;

	if (size > BOUNDARY_MAX_BYTES || size < strlen(HEAD) || memchr(data, '\0', size) ||
		memcmp(data, HEAD, strlen(HEAD)) != 0)
		return -EINVAL;
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *line = text + strlen(HEAD); *line;) {
		char *end = strchr(line, '\n');
		if (!end)
			return -EINVAL;
		*end = '\0';
		if (!take_line(line, &b, &seen))
			return -EINVAL;
		line = end + 1;
	}
	if ((seen & needed) != needed)
		return -EINVAL;
	*ret = b;
	return (int)size;
}

// What is no number of its size says nothing, and is no reason to lose the boundary.
static uint32_t small_number(const char *s)
{
	uint64_t n = 0;

	return s && number(s, UINT32_MAX, &n) ? (uint32_t)n : 0;
}

// Releases of Slurm before 20.11 do not say which hook they run: the argument does.
static enum boundary_event event_of(const char *context, const char *argument)
{
	struct boundary b = {.event = boundary_event_of_context(context)};

	if (b.event == 0 && argument)
		(void)take_event(argument, &b);
	return b.event;
}

bool boundary_learn(const char *(*get)(void *context, const char *name), void *context,
	const char *argument, int64_t now_ns, struct boundary *ret)
{
	const char *job = get(context, "SLURM_JOB_ID");
	const char *sluid = get(context, "SLURM_JOB_SLUID");
	const char *restarts = get(context, "SLURM_JOB_RESTART_COUNT");
	struct boundary b = {.event = event_of(get(context, "SLURM_SCRIPT_CONTEXT"), argument),
		.asked_ns = now_ns};

	if (b.event == 0 || !job || !is_job(job))
		return false;
	memcpy(b.job, job, strlen(job) + 1);
	b.restarts = small_number(restarts ? restarts : get(context, "SLURM_RESTART_COUNT"));
	b.uid = small_number(get(context, "SLURM_JOB_UID"));
	// What a later release makes of it is no reason to lose the boundary.
	if (sluid && boundary_is_sluid(sluid))
		memcpy(b.sluid, sluid, strlen(sluid) + 1);
	*ret = b;
	return true;
}
