// SPDX-License-Identifier: Apache-2.0
// jobsight-logger: sets PCP's pmlogger up for all that the catalogue needs, on a node or for a farm.
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/catalogue/configured.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/state.h"
#include "logger/plan.h"

enum { FILE_BYTES = 16 << 20 };

struct arguments {
	const char *archives, *work, *farm, *connect, *volume, *compress, *hotproc, *systemd, *pmcd;
	struct option_list catalogue;
	bool check, dry_run;
};

#define AT(member) offsetof(struct arguments, member)
static const struct option options[] = {
	{"archives", 'a', OPTION_TEXT, AT(archives), "DIR",
		"Root of the archive tree (/var/log/jobsight)."},
	{"farm", 'f', OPTION_TEXT, AT(farm), "HOSTS",
		"Loggers here for the pmcd of each of these hosts, as n[1-100]."},
	{"connect", 0, OPTION_TEXT, AT(connect), "ADDRESS",
		"How the pmcd of host %h is reached (%h)."},
	{"work", 'w', OPTION_TEXT, AT(work), "DIR",
		"Write to DIR/HOST; PCP's nightly run merges, compresses and moves to the tree."},
	{"compress", 0, OPTION_TEXT, AT(compress), "HOW",
		"With --work: auto (zstd from PCP 7 on, else xz), xz, zstd or never."},
	{"volume", 0, OPTION_TEXT, AT(volume), "SIZE", "Of a volume of an archive (100Mb)."},
	{"hotproc", 0, OPTION_TEXT, AT(hotproc), "PREDICATE",
		"Processes whose cores are recorded (uid >= 1000 && uname != \"nobody\")."},
	{"systemd", 0, OPTION_TEXT, AT(systemd), "DIR",
		"Where changes of PCP's timers go (/etc/systemd/system)."},
	{"check", 0, OPTION_FLAG, AT(check), NULL,
		"Write nothing: let pmlogger judge the configuration, say which files differ."},
	{"pmcd", 'p', OPTION_TEXT, AT(pmcd), "HOST",
		"For --check: pmcd that knows the metrics (local:)."},
	{"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL, "Write nothing: show every file."},
	{"catalogue", 'C', OPTION_LIST, AT(catalogue), "DIR",
		"Read this directory instead of the configured ones; may be given again."},
};

static const struct program program = {
	.name = "jobsight-logger",
	.purpose = "set PCP's pmlogger up for all that the catalogue needs",
	.synopsis = "[options]\n"
		    "[options] --farm HOSTS",
	.details =
		"Writes what pmlogger logs and how often, its control file and, on a node, which\n"
		"processes are hot; then PCP's own services take over (docs/logger.md).\n"
		"Ends with 3 when --check finds files that are missing or differ.\n",
	.options = options,
	.n_options = ARRAY_LEN(options),
};

static bool is_as_wanted(const struct logger_file *f, struct arena *a, bool *ret_is_there)
{
	struct bytes now;

	*ret_is_there = file_read(f->path, FILE_BYTES, a, &now, NULL) == 0;
	return *ret_is_there && now.len == f->text.len &&
	       memcmp(now.data, f->text.text, now.len) == 0;
}

// PCP's services run as a user of their own and read the file, whatever our umask is.
static int write_file(const struct logger_file *f, struct arena *a, struct error *err)
{
	const char *slash = strrchr(f->path, '/');
	const char *folder = arena_strndup(a, f->path, (size_t)(slash - f->path));

	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	TRY(state_replace(folder, slash + 1, &f->text, err));
	if (chmod(f->path, 0644) < 0)
		return error_set(err, errno, "%s: %s", f->path, strerror(errno));
	return 0;
}

static int write_files(const struct logger_file *f, size_t n, struct arena *a, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		bool is_there = false;
		if (is_as_wanted(&f[i], a, &is_there))
			continue;
		TRY(write_file(&f[i], a, err));
		log_notice("%s: %s", f[i].path, is_there ? "changed" : "made");
	}
	return EXIT_DONE;
}

static int show_files(const struct logger_file *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s==> %s <==\n%s", i ? "\n" : "", f[i].path, strbuf_text(&f[i].text));
	return EXIT_DONE;
}

static int pmlogger_says(const char *path, const char *pmcd, struct error *err)
{
	const char *const argv[] = {"pmlogger", "-C", "-c", path, "-h", pmcd, NULL};
	pid_t pid = 0;
	int status = 0;
	int code;

	setenv("PCP_DERIVED_CONFIG", "/dev/null", 1);
	fflush(stdout);
	code = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)argv, environ);
	if (code)
		return error_set(err, code, "pmlogger: %s", strerror(code));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, EINVAL, "pmlogger does not take the configuration");
	return 0;
}

static int judge(const struct logger_file *f, const char *pmcd, struct error *err)
{
	char folder[] = "/tmp/jobsight-logger.XXXXXX";
	char path[64];
	int code;

	if (!mkdtemp(folder) || !str_format(path, sizeof(path), "%s/config", folder))
		return error_set(err, errno, "%s: %s", folder, strerror(errno));
	code = state_replace(folder, "config", &f->text, err);
	if (code == 0)
		code = pmlogger_says(path, pmcd, err);
	(void)unlink(path);
	(void)rmdir(folder);
	return code;
}

static int check_files(
	const struct logger_file *f, size_t n, const char *pmcd, struct arena *a, struct error *err)
{
	int code = EXIT_DONE;

	TRY(judge(&f[0], pmcd, err));
	for (size_t i = 0; i < n; i++) {
		bool is_there = false;
		if (is_as_wanted(&f[i], a, &is_there))
			continue;
		printf("%s: %s\n", f[i].path, is_there ? "differs" : "missing");
		code = EXIT_DEFECTS;
	}
	return code;
}

static int run(
	const struct arguments *args, const struct catalogue *c, struct arena *a, struct error *err)
{
	struct logger_plan p = {.archives = args->archives,
		.work = args->work,
		.connect = args->connect,
		.volume = args->volume,
		.compress = args->compress,
		.hotproc = args->hotproc,
		.systemd = args->systemd};
	struct logger_file files[LOGGER_FILES] = {0};
	int code;

	TRY(pcp_conf_load(a, &p.pcp, err));
	if (args->farm)
		TRY(hostlist_expand(args->farm, HOSTLIST_MAX, a, &p.farm, err));
	TRY(logger_plan_check(&p, err));
	size_t n = logger_files(&p, c, a, files);
	const char *rival = p.farm.n == 0 ? logger_rival(&p, a) : NULL;
	if (rival)
		log_warning("%s has a primary logger too: comment that line out", rival);
	if (args->dry_run)
		code = show_files(files, n);
	else if (args->check)
		code = check_files(files, n, args->pmcd, a, err);
	else
		code = write_files(files, n, a, err);
	for (size_t i = 0; i < n; i++)
		strbuf_release(&files[i].text);
	return code;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct arguments args = {.archives = "/var/log/jobsight",
		.connect = "%h",
		.volume = "100Mb",
		.compress = "auto",
		.hotproc = "uid >= 1000 && uname != \"nobody\"",
		.systemd = "/etc/systemd/system",
		.pmcd = "local:"};
	struct common_arguments common = {0};
	struct catalogue catalogue;
	struct error err = {0};
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code >= 0)
		return code;
	code = catalogue_load_configured(&args.catalogue, common.config, &arena, &catalogue, &err);
	if (code < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	return exit_code_of(run(&args, &catalogue, &arena, &err), &err);
}
