// SPDX-License-Identifier: Apache-2.0
// Scripts for sbatch, handed over on its standard input.
#include "summarizer/submit.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/str.h"

#define JOB_NAME "jobsight-summarize"

static int absolute(const char **path, struct arena *a, struct error *err)
{
	char full[PATH_MAX];
	if (*path == NULL)
		return 0;
	if (realpath(*path, full) == NULL)
		return error_set(err, errno, "%s: %s", *path, strerror(errno));
	*path = arena_strdup(a, full);
	return 0;
}

// "sqlite:FILE" may not be there yet.
static int absolute_store(const char **store, struct arena *a, struct error *err)
{
	static const char sqlite[] = "sqlite:";
	char here[PATH_MAX];
	if (*store == NULL || !str_starts(*store, sqlite) || (*store)[sizeof(sqlite) - 1] == '/')
		return 0;
	if (getcwd(here, sizeof(here)) == NULL)
		return error_set(err, errno, "%s: %s", *store, strerror(errno));
	*store = arena_printf(a, "%s%s/%s", sqlite, here, *store + sizeof(sqlite) - 1);
	return 0;
}

int submit_prepare(struct submit_request *q, struct arena *a, struct error *err)
{
	if (q->folder == NULL)
		return error_set(err, EINVAL,
			"--slurm wants a folder that all nodes see: --partials DIR, or the setting "
			"summarizer.partials");
	TRY(absolute(&q->folder, a, err));
	TRY(absolute(&q->config, a, err));
	TRY(absolute_store(&q->store, a, err));
	const char **roots = arena_array(a, q->archives.n + 1, sizeof(*roots));
	for (size_t i = 0; i < q->archives.n; i++) {
		roots[i] = q->archives.items[i];
		TRY(absolute(&roots[i], a, err));
	}
	q->archives.items = roots;
	char *own = arena_printf(
		a, "%s/%s.%" PRId64 ".%ld", q->folder, q->cluster, clock_now_s(), (long)getpid());
	if (mkdir(own, 0750) < 0)
		return error_set(err, errno, "%s: %s", own, strerror(errno));
	q->folder = own;
	return 0;
}

static void put_word(struct strbuf *to, const char *word)
{
	strbuf_puts(to, " '");
	for (const char *p = word; *p; p++)
		if (*p == '\'')
			strbuf_puts(to, "'\\''");
		else
			strbuf_putc(to, *p);
	strbuf_putc(to, '\'');
}

static void put_option(struct strbuf *to, const char *option, const char *value)
{
	if (value == NULL)
		return;
	put_word(to, option);
	put_word(to, value);
}

// What all of the jobs run.
static int put_command(const struct submit_request *q, struct strbuf *to, struct error *err)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return error_set(err, errno, "/proc/self/exe: %s", strerror(errno));
	self[n] = '\0';
	strbuf_puts(to, "#!/bin/sh\nexec");
	put_word(to, self);
	put_option(to, "--config", q->config);
	put_option(to, "--cluster", q->cluster);
	put_option(to, "--store", q->store);
	put_option(to, "--prometheus", q->prometheus);
	for (size_t i = 0; i < q->archives.n; i++)
		put_option(to, "--archives", q->archives.items[i]);
	if (q->workers)
		strbuf_printf(to, " --workers %" PRIu64, q->workers);
	put_option(to, "--partials", q->folder);
	return 0;
}

static _Noreturn void become_sbatch(const char *const *argv, int in, int out)
{
	if (dup2(in, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		(void)execvp("sbatch", (char *const *)(uintptr_t)argv);
	fprintf(stderr, "sbatch: %s\n", strerror(errno));
	_exit(127);
}

// "123" or "123;cluster", as --parsable has it.
static int read_id(FILE *from, uint64_t *ret)
{
	char line[256];
	if (fgets(line, sizeof(line), from) == NULL)
		return -1;
	line[strcspn(line, ";\n")] = '\0';
	return parse_u64(line, ret);
}

static void close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

// Runs sbatch with a script; the id of the job it made.
static int run_sbatch(
	const char *const *argv, const struct strbuf *script, uint64_t *ret, struct error *err)
{
	CLEANUP(close_file) FILE *in = tmpfile();
	CLEANUP(close_file) FILE *out = tmpfile();
	int status = 0;
	if (in == NULL || out == NULL || fwrite(script->text, 1, script->len, in) != script->len ||
		fflush(in) != 0 || fseek(in, 0, SEEK_SET) < 0)
		return error_set(err, errno, "temporary file: %s", strerror(errno));
	pid_t pid = fork();
	if (pid < 0)
		return error_set(err, errno, "fork: %s", strerror(errno));
	if (pid == 0)
		become_sbatch(argv, fileno(in), fileno(out));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(err, errno, "sbatch: %s", strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, EIO, "sbatch did not take the job");
	rewind(out);
	if (read_id(out, ret) < 0)
		return error_set(err, EIO, "sbatch said no job id");
	return 0;
}

static int submit_script(const struct submit_request *q, const char *const *own, size_t n_own,
	const struct strbuf *script, uint64_t *ret, struct error *err)
{
	AUTO_FREE const char **argv = memory_alloc(n_own + q->sbatch.n + 4, sizeof(const char *));
	size_t n = 0;
	argv[n++] = "sbatch";
	argv[n++] = "--parsable";
	argv[n++] = "--job-name=" JOB_NAME;
	for (size_t i = 0; i < n_own; i++)
		argv[n++] = own[i];
	for (size_t i = 0; i < q->sbatch.n; i++)
		argv[n++] = q->sbatch.items[i];
	*ret = 0;
	if (!q->dry_run)
		return run_sbatch(argv, script, ret, err);
	for (size_t i = 0; i < n; i++)
		printf("%s%s", argv[i], i + 1 < n ? " " : " <<'END'\n");
	printf("%sEND\n", script->text);
	return 0;
}

static int submit_shards(
	const struct submit_request *q, const char *output, uint64_t *ret, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf script = {0};
	CLEANUP(strbuf_release) struct strbuf array = {0};
	TRY(put_command(q, &script, err));
	strbuf_printf(&script, " --shard \"$SLURM_ARRAY_TASK_ID/%" PRIu64 "\"\n", q->shards);
	strbuf_printf(&array, "--array=1-%" PRIu64, q->shards);
	const char *own[] = {array.text, output};
	return submit_script(q, own, ARRAY_LEN(own), &script, ret, err);
}

// After the shards however they ended: when one is missing the merge says so and stores nothing.
static int submit_merge(const struct submit_request *q, const char *output, uint64_t after,
	uint64_t *ret, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf script = {0};
	CLEANUP(strbuf_release) struct strbuf dependency = {0};
	TRY(put_command(q, &script, err));
	strbuf_puts(&script, " --merge\n");
	strbuf_printf(&dependency, "--dependency=afterany:%" PRIu64, after);
	const char *own[] = {dependency.text, output};
	return submit_script(q, own, ARRAY_LEN(own), &script, ret, err);
}

int submit(const struct submit_request *q, size_t n_jobs, struct error *err)
{
	CLEANUP(arena_release) struct arena a = {0};
	uint64_t shards = 0;
	uint64_t merge = 0;
	TRY(submit_shards(q, arena_printf(&a, "--output=%s.%%a.log", q->folder), &shards, err));
	TRY(submit_merge(
		q, arena_printf(&a, "--output=%s.merge.log", q->folder), shards, &merge, err));
	if (q->dry_run)
		(void)rmdir(q->folder);
	else
		log_notice("%zu jobs in %" PRIu64 " shards: array job %" PRIu64
			   ", merged by job %" PRIu64 "; logs: %s.*.log",
			n_jobs, q->shards, shards, merge, q->folder);
	return 0;
}
