// SPDX-License-Identifier: Apache-2.0
// Reads the sampler's state (/run/jobsight/sampler.state) and counts the lines of the spool of the hooks
// (/run/jobsight/boundaries). Both are small; nothing is written.
#include "pmdas/jobsight/jobsight.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define STATE "run/jobsight/sampler.state"
#define SPOOL "run/jobsight/boundaries"

enum { STATE_BYTES = 4096, SPOOL_MAX = 1 << 20 };

static const char *const event_names[JOBSIGHT_EVENTS] = {
	"begin", "end", "task-begin", "task-end", "controller-begin", "controller-end"};

static const struct {
	const char *name;
	size_t at;
} rows[] = {
	{"unsampled", offsetof(struct jobsight_node, unsampled)},
	{"refused", offsetof(struct jobsight_node, refused)},
	{"lost", offsetof(struct jobsight_node, lost)},
	{"waiting", offsetof(struct jobsight_node, waiting)},
	{"connected", offsetof(struct jobsight_node, connected)},
};

static struct frame_reading *find_reading(struct jobsight_values *v, const char *name, size_t len)
{
	static const char recorded[] = "recorded.";
	const size_t n = sizeof(recorded) - 1;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].name) == len && memcmp(rows[i].name, name, len) == 0)
			return (void *)((char *)&v->node + rows[i].at);
	if (len <= n || memcmp(name, recorded, n) != 0)
		return NULL;
	for (size_t i = 0; i < JOBSIGHT_EVENTS; i++)
		if (strlen(event_names[i]) == len - n &&
			memcmp(event_names[i], name + n, len - n) == 0)
			return &v->events[i].recorded;
	return NULL;
}

void jobsight_parse(const char *text, struct jobsight_values *ret)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		size_t name = strcspn(line, " \n");
		struct frame_reading *r = find_reading(ret, line, name);
		char number[24];
		size_t digits = name < len ? len - name - 1 : 0;

		if (r && digits > 0 && digits < sizeof(number)) {
			memcpy(number, line + name + 1, digits);
			number[digits] = '\0';
			r->known = frame_parse_number(number, &r->value) == 0;
		}
		line += len + (line[len] == '\n');
	}
}

static void look_at_state(const struct jobsight *j, struct jobsight_values *v)
{
	char text[STATE_BYTES];
	struct timespec now;
	struct stat st;

	if (frame_read_file(j->root, STATE, text, sizeof(text)) < 0 ||
		fstatat(j->root, STATE, &st, 0) < 0)
		return;
	jobsight_parse(text, v);
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t age = (now.tv_sec - st.st_mtim.tv_sec) * INT64_C(1000000) +
	              (now.tv_nsec - st.st_mtim.tv_nsec) / 1000;
	v->node.age = (struct frame_reading){.value = age > 0 ? (uint64_t)age : 0, .known = true};
}

// A spool that is not there is an empty one; one that may not be read is not known.
static void look_at_spool(const struct jobsight *j, struct jobsight_values *v)
{
	char block[4096];
	uint64_t lines = 0;
	ssize_t n = 0;
	size_t size = 0;
	int fd = openat(j->root, SPOOL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	v->node.spooled.known = fd >= 0 || errno == ENOENT;
	while (fd >= 0 && size < SPOOL_MAX && (n = read(fd, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			lines += block[i] == '\n';
		size += (size_t)n;
	}
	if (fd >= 0)
		close(fd);
	v->node.spooled.value = lines;
}

static void sample(void *device, uint64_t want)
{
	struct jobsight *j = device;

	(void)want;
	j->fresh = (struct jobsight_values){0};
	look_at_state(j, &j->fresh);
	look_at_spool(j, &j->fresh);
}

static void publish(void *device, uint64_t want, int64_t now_ns)
{
	struct jobsight *j = device;

	(void)want;
	(void)now_ns;
	j->shown = j->fresh;
}

static void lose(void *device)
{
	struct jobsight *j = device;

	j->shown = (struct jobsight_values){0};
}

void jobsight_close(void *state)
{
	struct jobsight *j = state;

	if (j->root >= 0)
		close(j->root);
	free(j);
}

static int add_events(struct jobsight *j, struct frame *f)
{
	struct frame_instance set[JOBSIGHT_EVENTS] = {0};

	for (size_t i = 0; i < JOBSIGHT_EVENTS; i++) {
		set[i].id = (int)i;
		set[i].record = &j->shown.events[i];
		pmsprintf(set[i].name, sizeof(set[i].name), "%s", event_names[i]);
	}
	return frame_indom_set(f, JOBSIGHT_INDOM_event, set, JOBSIGHT_EVENTS);
}

int jobsight_open(struct frame *f, const struct frame_options *options, void **ret_state)
{
	struct jobsight *j = calloc(1, sizeof(*j));
	struct frame_work work = {
		.device = j,
		.sample = sample,
		.publish = publish,
		.lose = lose,
		.clusters = UINT64_C(1) << JOBSIGHT_CLUSTER_boundary,
	};
	int rc;

	if (j == NULL)
		return -ENOMEM;
	rc = j->root = frame_open_root(options->root);
	if (rc >= 0)
		rc = add_events(j, f);
	if (rc == 0)
		rc = frame_crew_add(f->crew, &work);
	if (rc < 0) {
		jobsight_close(j);
		return rc;
	}
	*ret_state = j;
	return 0;
}
