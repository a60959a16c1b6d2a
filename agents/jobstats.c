// SPDX-License-Identifier: Apache-2.0
// jobsight-jobstats: submits a small job as a user would, waits for it, and prints in one line what
// became of it. What goes wrong in the cluster is the result; a failure is only what keeps us from
// asking.
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agents/probe.h"
#include "agents/result.h"
#include "agents/script.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/process.h"
#include "common/start.h"
#include "common/state.h"

enum { COMMAND_LIMIT_S = 60 };

struct arguments {
	int64_t wait;
	bool show_script;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"wait", 'w', OPTION_DURATION, AT(wait), "TIME",
		"How long to wait for the end of the job; default: jobstats.wait."},
	{"script", 's', OPTION_FLAG, AT(show_script), NULL,
		"Print the job script, and submit nothing."},
};

static const struct program program = {
	.name = "jobsight-jobstats",
	.purpose = "Submits a probe job and says what became of it.",
	.synopsis = "[options]",
	.details =
		"For a login node, as the user that the settings jobstats.* belong to. Prints one line "
		"of CSV: time of the submission, outcome (ok, refused, late, hanging, failed, lost), "
		"job id, seconds until it started, seconds that it ran, reason.\n\n"
		"Exit codes: 0 there is a line, 1 nothing could be asked, 2 wrong usage.",
	.options = options,
	.n_options = ARRAY_LEN(options),
};

struct watch {
	const struct settings *settings;
	struct arena *arena;
	const char *result; // path of what the job writes
	struct probe probe;
	struct result found;
	int64_t deadline_s;
};

// The last line that says something: where programs put the reason.
static const char *last_line(struct arena *a, const struct strbuf *text)
{
	char *copy = arena_strdup(a, strbuf_text(text));
	const char *last = "";

	for (char *line; (line = strsep(&copy, "\n"));)
		if (*line)
			last = line;
	return last;
}

static int submit(struct watch *w, const char *script, struct error *err)
{
	static const char *const argv[] = {"sbatch", "--parsable", NULL};
	CLEANUP(process_release) struct process p = {0};
	int rc;

	w->probe = (struct probe){.time_s = clock_now_s(),
		.outcome = PROBE_REFUSED,
		.job = "",
		.wait_s = -1,
		.run_s = -1,
		.reason = ""};
	rc = process_run(argv, script, COMMAND_LIMIT_S, &p, err);
	if (rc == -ETIMEDOUT) {
		w->probe.reason = probe_reason(w->arena, err->text);
		return 0;
	}
	TRY(rc);
	if (p.status != 0) {
		w->probe.reason = probe_reason(w->arena, last_line(w->arena, &p.errors));
		return 0;
	}
	// ID or ID;CLUSTER
	w->probe.job = arena_strndup(
		w->arena, strbuf_text(&p.out), strspn(strbuf_text(&p.out), "0123456789"));
	w->probe.outcome = PROBE_LATE;
	return 0;
}

enum queue_state { QUEUE_THERE, QUEUE_GONE, QUEUE_SILENT };

// Sets the reason that Slurm gives for a job that waits.
static enum queue_state ask_queue(struct watch *w)
{
	const char *const argv[] = {"squeue", "--noheader", "--states=all", "--format=%T|%r",
		"--jobs", w->probe.job, NULL};
	static const char *const ended[] = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT",
		"NODE_FAIL", "PREEMPTED", "BOOT_FAIL", "DEADLINE", "OUT_OF_MEMORY"};
	CLEANUP(process_release) struct process p = {0};
	struct error err = {0};
	const char *line;

	if (process_run(argv, NULL, COMMAND_LIMIT_S, &p, &err) < 0)
		return QUEUE_SILENT;
	if (p.status != 0)
		return strstr(strbuf_text(&p.errors), "Invalid job id") ? QUEUE_GONE : QUEUE_SILENT;
	line = last_line(w->arena, &p.out);
	if (*line == '\0')
		return QUEUE_GONE;
	w->probe.reason = probe_reason(w->arena, line);
	for (size_t i = 0; i < ARRAY_LEN(ended); i++)
		if (str_starts(line, ended[i]))
			return QUEUE_GONE;
	return QUEUE_THERE;
}

static void cancel(const struct watch *w)
{
	const char *const argv[] = {"scancel", w->probe.job, NULL};
	CLEANUP(process_release) struct process p = {0};
	struct error err = {0};

	if (process_run(argv, NULL, COMMAND_LIMIT_S, &p, &err) < 0)
		log_warning("%s", err.text);
}

// Waits until the job's result is whole, it has left the queue, or the time is over. Says which.
static bool wait_for_end(struct watch *w, enum queue_state *ret)
{
	for (;;) {
		struct timespec pause = {.tv_sec = w->settings->jobstats_poll};

		// In this order: what a job wrote before it left is then not missed.
		*ret = ask_queue(w);
		result_read(w->result, w->arena, &w->found);
		if (w->found.ended_s || *ret == QUEUE_GONE)
			return true;
		if (clock_now_s() >= w->deadline_s)
			return false;
		nanosleep(&pause, NULL);
	}
}

static void judge(struct watch *w, bool in_time, enum queue_state queue)
{
	struct probe *p = &w->probe;
	const struct result *r = &w->found;

	if (r->started_s)
		p->wait_s = r->started_s > p->time_s ? r->started_s - p->time_s : 0;
	if (r->ended_s)
		p->run_s = r->ended_s - r->started_s;
	if (r->ended_s && !r->failed) {
		p->outcome = PROBE_OK;
		p->reason = "";
	} else if (r->failed) {
		p->outcome = PROBE_FAILED;
		p->reason = probe_reason(w->arena, r->failed);
	} else if (!in_time) {
		p->outcome = r->started_s ? PROBE_HANGING : PROBE_LATE;
		if (queue == QUEUE_SILENT)
			p->reason = "squeue does not answer";
	} else {
		p->outcome = r->started_s ? PROBE_FAILED : PROBE_LOST;
	}
}

static int probe(struct watch *w, const char *script, struct error *err)
{
	enum queue_state queue;
	bool in_time;

	TRY(submit(w, script, err));
	if (w->probe.outcome == PROBE_REFUSED)
		return 0;
	in_time = wait_for_end(w, &queue);
	if (!in_time)
		cancel(w);
	judge(w, in_time, queue);
	return 0;
}

static int work(
	const struct settings *s, const struct arguments *args, struct arena *a, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf line = {0};
	struct watch w = {.settings = s, .arena = a};
	const char *script;

	TRY(state_folder(s->jobstats_folder, err));
	w.result = arena_printf(
		a, "%s/probe.%" PRId64 ".%ld", s->jobstats_folder, clock_now_s(), (long)getpid());
	TRY(script_make(s, w.result, a, &script, err));
	if (args->show_script) {
		fputs(script, stdout);
		return 0;
	}
	w.deadline_s = clock_now_s() + (args->wait ? args->wait : s->jobstats_wait);
	int rc = probe(&w, script, err);
	unlink(w.result);
	TRY(rc);
	probe_put(&line, &w.probe);
	fputs(strbuf_text(&line), stdout);
	return 0;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct error err = {0};
	int code = start(&program, argc, argv, &args, &common, &arena, &settings);

	if (code >= 0)
		return code;
	code = exit_code_of(work(&settings, &args, &arena, &err), &err);
	return fflush(stdout) == EOF && code == EXIT_DONE ? EXIT_FAILED : code;
}
