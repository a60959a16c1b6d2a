// SPDX-License-Identifier: Apache-2.0
// A PMDA's life as a program of its own or as a shared object inside pmcd, from one source.
//
// The program opens its devices with the rights it was started with and then becomes PCP's own
// account (or the one named by -U): nothing that reads pmcd's requests runs as root. Inside pmcd
// there is no command line, so each option has an environment variable as well.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/frame.h"
#include "pmdas/frame/privilege.h"

#define PERIOD_DEFAULT_NS INT64_C(10000000000)
#define TIME_MIN_NS       INT64_C(10000000)

#define ENV_ROOT "JOBSIGHT_PMDA_ROOT"

static const struct time_option {
	int letter;
	const char *env;
	size_t at; // in the options
	int64_t most_ns;
	const char *range;
} times[] = {
	// beyond, an energy counter may wrap unseen
	{'t', "JOBSIGHT_PMDA_INTERVAL", offsetof(struct frame_options, period_ns),
		INT64_C(60000000000), "an interval of 10 milliseconds to 60 seconds"},
	// after 5 seconds pmcd gives an agent up
	{'w', "JOBSIGHT_PMDA_WAIT", offsetof(struct frame_options, patience_ns),
		INT64_C(4000000000), "a time of 10 milliseconds to 4 seconds"},
};

static int parse_time(const struct time_option *x, const char *text, struct frame_options *o)
{
	struct timeval t;
	char *why = NULL;
	int64_t ns;

	if (pmParseInterval(text, &t, &why) < 0) {
		free(why);
		return -EINVAL;
	}
	ns = t.tv_sec * INT64_C(1000000000) + t.tv_usec * INT64_C(1000);
	if (ns < TIME_MIN_NS || ns > x->most_ns)
		return -ERANGE;
	*(int64_t *)((char *)o + x->at) = ns;
	return 0;
}

static int parse_letter(int letter, const char *text, struct frame_options *o)
{
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (times[i].letter == letter)
			return parse_time(&times[i], text, o);
	return -EINVAL;
}

static int options_from_environment(struct frame_options *o)
{
	const char *root = getenv(ENV_ROOT);

	*o = (struct frame_options){.root = root ? root : "",
		.period_ns = PERIOD_DEFAULT_NS,
		.patience_ns = CREW_PATIENCE_NS};
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		const char *text = getenv(times[i].env);

		if (text == NULL || parse_time(&times[i], text, o) == 0)
			continue;
		pmNotifyErr(LOG_ERR, "%s=%s: %s is needed", times[i].env, text, times[i].range);
		return -EINVAL;
	}
	return 0;
}

static void print_version(void)
{
	printf("%s %s\n", pmGetProgname(), JOBSIGHT_VERSION);
	exit(0);
}

// libpcp_pmda knows usage as an error only, and says it there.
static void print_help(pmdaOptions *opts)
{
	dup2(STDOUT_FILENO, STDERR_FILENO);
	pmdaUsageMessage(opts);
	exit(0);
}

static void options_from_arguments(
	pmdaInterface *dp, int argc, char **argv, struct frame_options *o, char **ret_user)
{
	pmLongOptions rows[] = {
		PMDA_OPTIONS_HEADER("Options"),
		PMDAOPT_DEBUG,
		PMDAOPT_DOMAIN,
		PMDAOPT_LOGFILE,
		PMDAOPT_USERNAME,
#define OPTION(letter, name, argument, text) {name, 1, letter, argument, text},
#include "pmdas/frame/options.def"
		{"help", 0, 'H', NULL, "print this and end"},
		{"version", 0, 'V', NULL, "print the version and end"},
		PMDA_OPTIONS_END,
	};
	pmdaOptions opts = {.short_options = "D:d:l:U:r:t:w:HV?", .long_options = rows};
	int c;

	while ((c = pmdaGetOptions(argc, argv, &opts, dp)) != EOF) {
		if (c == 'H')
			print_help(&opts);
		else if (c == 'V')
			print_version();
		else if (c == 'r')
			o->root = opts.optarg;
		else if (parse_letter(c, opts.optarg, o) < 0)
			opts.errors++;
	}
	if (opts.errors) {
		pmdaUsageMessage(&opts);
		exit(1);
	}
	*ret_user = opts.username;
}

// Root has no business here once the devices are open.
static int drop_privileges(char *user, uint64_t keep)
{
	if (user == NULL && geteuid() == 0)
		pmGetUsername(&user);
	return user != NULL ? frame_become(user, keep) : 0;
}

int frame_main(const struct frame_pmda *pmda, int argc, char **argv)
{
	// libpcp_pmda never frees what it hangs in here, so it must not look lost at the end.
	static pmdaInterface dispatch;
	struct frame_options options;
	struct frame *f = NULL;
	const char *log_before;
	char *user = NULL;
	char program[40];
	char log[44];
	int rc;

	pmsprintf(program, sizeof(program), "pmda%s", pmda->name);
	pmsprintf(log, sizeof(log), "%s.log", pmda->name);
	pmSetProgname(program);
	pmdaDaemon(&dispatch, PMDA_INTERFACE_7, program, pmda->domain, log, NULL);
	if (options_from_environment(&options) < 0)
		return 1;
	log_before = dispatch.version.any.ext->e_logfile;
	options_from_arguments(&dispatch, argc, argv, &options, &user);
	// libpcp_pmda keeps a copy of the default, and forgets it when there was a -l.
	if (dispatch.version.any.ext->e_logfile != log_before)
		free((char *)log_before);
	pmdaOpenLog(&dispatch);
	rc = frame_open(pmda, &options, &f);
	if (rc < 0) {
		pmNotifyErr(LOG_ERR, "%s: %s", pmda->name, strerror(-rc));
		return 1;
	}
	if (drop_privileges(user, pmda->keep) == 0) {
		frame_attach(f, &dispatch);
		pmdaConnect(&dispatch);
		rc = frame_crew_start(f->crew);
		if (rc == 0)
			pmdaMain(&dispatch);
	}
	frame_close(f);
	return rc < 0;
}

void frame_dso(const struct frame_pmda *pmda, pmdaInterface *dp)
{
	struct frame_options options;
	struct frame *f = NULL;
	int rc;

	pmdaDSO(dp, PMDA_INTERFACE_7, (char *)pmda->name, NULL);
	if (dp->status != 0)
		return;
	rc = options_from_environment(&options);
	if (rc == 0)
		rc = frame_open(pmda, &options, &f);
	if (rc == 0) {
		frame_attach(f, dp);
		rc = frame_crew_start(f->crew);
	}
	if (rc < 0)
		dp->status = rc;
}
