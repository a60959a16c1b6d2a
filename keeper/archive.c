// SPDX-License-Identifier: Apache-2.0
// jobsight-archive: packs and moves raw archives as they grow old, and brings those of a job back.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/state.h"
#include "common/str.h"
#include "keeper/retain.h"
#include "keeper/why.h"

struct arguments {
	const char *cluster;
	struct option_list jobs;
	int64_t now, keep;
	bool dry_run;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"cluster", 'C', OPTION_TEXT, AT(cluster), "NAME",
		"The cluster; may be left out where there is only one."},
	{"job", 'j', OPTION_LIST, AT(jobs), "ID", "restore: whose archives (1234, 1234_7)."},
	{"keep", 'k', OPTION_DURATION, AT(keep), "TIME",
		"restore: how long they stay; default: archive.restored."},
	{"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL,
		"Say what would be done, and change nothing."},
	{"at", 0, OPTION_TIME, AT(now), "TIME", "Act as if it were then; default: now."},
};

static const struct program program = {
	.name = "jobsight-archive",
	.purpose = "Packs and moves old raw archives, and brings those of a job back.",
	.synopsis = "[options] [sweep]\n[options] restore --job ID",
	.details =
		"sweep, what is done without a word, packs archives (archive.pack) of days longer ago "
		"than archive.pack_age where they are, thinned before to one sample in archive.thin, "
		"and brings those of days longer ago than archive.age to the directory "
		"archive.long_term, or by the commands archive.put and archive.get. A file goes when its "
		"copy was read back. It may be killed at any time and run again.\n\n"
		"restore brings back what the nodes of a job wrote on its days; the next sweep lets it "
		"be until its time is over.\n\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but for some archives, which were "
		"named and are where they were, 75 another run is under way.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 1,
};

static int open_retain(struct retain *r, const struct arguments *args, struct error *err)
{
	const struct settings *s = r->settings;

	TRY(settings_cluster(s, args->cluster, &r->cluster, err));
	r->packer = packer_find(s->archive_pack);
	if (!r->packer)
		return error_set(err, EINVAL, "archive.pack is none, zstd, xz or gzip, not \"%s\"",
			s->archive_pack);
	if (s->archive_thin && !r->packer->suffix)
		return error_set(err, EINVAL, "archive.thin needs archive.pack");
	return vault_open(&r->vault, s, r->arena, err);
}

static int restore(struct retain *r, const struct arguments *args, struct error *err)
{
	struct why like = {.arena = r->arena,
		.settings = r->settings,
		.cluster = r->cluster,
		.now_s = r->now_s};
	int64_t keep_s = args->keep ? args->keep : r->settings->archive_restored;

	if (args->jobs.n == 0)
		return error_set(err, EINVAL, "restore needs --job");
	if (r->vault.root < 0 && !r->vault.get)
		return error_set(
			err, EINVAL, "archive.long_term is not set: there is no other place");
	for (size_t i = 0; i < args->jobs.n; i++) {
		struct why *runs;
		size_t n;

		TRY(why_find(&like, args->jobs.items[i], &runs, &n, err));
		if (n == 0)
			return error_set(err, ENOENT, "neither accounting nor store knows job %s",
				args->jobs.items[i]);
		for (size_t k = 0; k < n; k++)
			TRY(restore_job(r, &runs[k].job, keep_s, err));
	}
	return 0;
}

static void say(const struct retain *r)
{
	const struct retain_counts *c = &r->counts;

	if (c->packed)
		log_notice("packed %" PRIu64 " files (%" PRIu64 " of them thinned): %" PRIu64
			   " MB became %" PRIu64 " MB",
			c->packed, c->thinned, c->bytes_before / 1000000, c->bytes_after / 1000000);
	if (c->moved || c->kept)
		log_notice("moved %" PRIu64 " files; %" PRIu64 " days were brought back and stay",
			c->moved, c->kept);
	if (c->restored)
		log_notice("brought back %" PRIu64 " files", c->restored);
}

static int work(struct retain *r, const struct arguments *args, bool restores, struct error *err)
{
	TRY(open_retain(r, args, err));
	int lock = state_lock(r->vault.state, "archive", err);
	TRY(lock);
	pins_load(r);
	int rc = restores ? restore(r, args, err) : sweep_tree(r, err);
	close(lock);
	return rc;
}

int main(int argc, char **argv)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct retain r = {.arena = &arena, .vault = {.root = -1, .state_fd = -1}};
	struct arguments args = {0};
	struct common_arguments common;
	struct settings settings;
	struct error err = {0};
	int code = options_parse(&program, argc, argv, &args, &common);

	if (code >= 0)
		return code;
	const char *verb = common.operands.n ? common.operands.items[0] : "sweep";
	if (!str_eq(verb, "sweep") && !str_eq(verb, "restore")) {
		log_error("say sweep or restore, not \"%s\"; see --help", verb);
		return EXIT_USAGE;
	}
	if (settings_load(common.config, &arena, &settings, &err) < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	r.settings = &settings;
	r.now_s = args.now ? args.now : clock_now_s();
	r.dry_run = args.dry_run;
	int rc = work(&r, &args, str_eq(verb, "restore"), &err);
	say(&r);
	code = exit_code_of(rc, &err);
	vault_close(&r.vault);
	map_release(&r.pinned);
	return code == EXIT_DONE && r.counts.failed ? EXIT_DEFECTS : code;
}
