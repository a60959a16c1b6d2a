// SPDX-License-Identifier: Apache-2.0
// jobsight-summarize: accounting and archives → one document a job.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/options.h"
#include "common/settings.h"
#include "common/str.h"
#include "summarizer/batch.h"
#include "summarizer/metadata.h"
#include "summarizer/scripts.h"
#include "summarizer/select.h"
#include "summarizer/shard.h"
#include "summarizer/submit.h"

struct arguments {
	const char *accounting;
	struct option_list archives;
	const char *prometheus;
	const char *scripts;
	const char *store;
	const char *cluster;
	struct option_list jobs;
	int64_t since, until;
	struct option_list again;
	bool running, merge, dry_run;
	uint64_t workers;
	const char *partials, *shard;
	uint64_t slurm;
	struct option_list sbatch;
};

#define AT(field) offsetof(struct arguments, field)

static const struct option options[] = {
	{"accounting", 'a', OPTION_TEXT, AT(accounting), "SOURCE",
		"Who ran what: sacct:FILE, slurmdb[:host=H ...] or warehouse[:host=H ...] "
		"(docs/accounting.md); default: the cluster's."},
	{"archives", 'A', OPTION_LIST, AT(archives), "DIR",
		"Root of an archive tree, or any folder with PCP archives; default: the cluster's."},
	{"prometheus", 'P', OPTION_TEXT, AT(prometheus), "URL",
		"Samples from this Prometheus instead of archives; default: the cluster's, where it has "
		"no archives."},
	{"scripts", 0, OPTION_TEXT, AT(scripts), "DIR",
		"Saved batch scripts, DIR/YYYYMMDD/[FOLDER/]ID.savescript, of jobs whose accounting has "
		"none."},
	{"store", 's', OPTION_TEXT, AT(store), "URL",
		"Document store: sqlite:FILE or mongodb://...; default: store.url."},
	{"cluster", 'C', OPTION_TEXT, AT(cluster), "NAME",
		"The cluster; may be left out where there is only one."},
	{"job", 'j', OPTION_LIST, AT(jobs), "ID", "Only this job (1234, 1234_7)."},
	{"since", 'S', OPTION_TIME, AT(since), "TIME", "Only jobs that ended after."},
	{"until", 'U', OPTION_TIME, AT(until), "TIME", "Only jobs that began before."},
	{"running", 'r', OPTION_FLAG, AT(running), NULL,
		"Also jobs that still run, as they stand now."},
	{"again", 0, OPTION_LIST, AT(again), "WHY",
		"Also jobs that have a document: all; made by another catalogue; of another version; "
		"incomplete; skipped (no archives); failed. Several: catalogue,failed."},
	{"workers", 'w', OPTION_COUNT, AT(workers), "N",
		"Processes that read archives and make documents; default: summarizer.workers."},
	{"partials", 'p', OPTION_TEXT, AT(partials), "DIR",
		"Folder of a sweep in shards. Alone: choose the jobs and write them there."},
	{"shard", 'k', OPTION_TEXT, AT(shard), "K/N",
		"Sweep the K-th of N parts of the hosts and leave what they say in --partials."},
	{"merge", 'm', OPTION_FLAG, AT(merge), NULL,
		"Make and store the documents of what all shards left in --partials."},
	{"slurm", 0, OPTION_COUNT, AT(slurm), "N",
		"Submit N shards as a Slurm job array, and a job that merges them after."},
	{"sbatch", 0, OPTION_LIST, AT(sbatch), "OPTION",
		"Given to sbatch: --sbatch=--partition=service. May be given again."},
	{"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL, "Do all but store the documents."},
};

static const struct program program = {
	.name = "jobsight-summarize",
	.purpose = "Makes one document of each finished job from PCP archives.",
	.synopsis = "[options]",
	.details =
		"Reads the archives of each host once and feeds every job that ran there. A job is "
		"taken summarizer.settle after its end. A job whose document is complete is left "
		"alone (--again WHY); one whose archives are missing is tried again for "
		"summarizer.late after its end. Runs never overlap (summarizer.lock).\n\n"
		"Shards may run on any machines that see archives and --partials; the documents are "
		"the same as of one run (docs/scale.md):\n"
		"  jobsight summarize --partials DIR             choose the jobs\n"
		"  jobsight summarize --partials DIR --shard 1/2 and 2/2, anywhere, in any order\n"
		"  jobsight summarize --partials DIR --merge     documents; DIR is cleared\n"
		"  jobsight summarize --slurm 100                all of that as Slurm jobs\n\n"
		"Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but some input was bad and "
		"named, 75 another run is under way or the store is away.",
	.options = options,
	.n_options = ARRAY_LEN(options),
	.max_operands = 0,
};

// Pairs of job and host in one batch: their partial results lie in temporary files meanwhile.
#define BATCH_PAIRS 20000
#define FETCH_PAIRS 500 // of Prometheus, where the samples themselves lie there too

struct session {
	struct arena arena;
	struct arguments args;
	const char *config; // file; NULL: the usual one
	struct settings settings;
	const struct cluster_settings *cluster;
	struct cluster_settings unnamed; // of the command line alone
	struct timezone_rules *zone;
	struct catalogue catalogue;
	struct plan plan;
	struct applications applications;
	struct store *store;
	int lock;
	struct selection_counts selected;
	struct batch_counts counts;
};

static void session_close(struct session *s)
{
	store_close(s->store);
	timezone_close(s->zone);
	if (s->lock >= 0)
		close(s->lock);
	arena_release(&s->arena);
}

static int find_cluster(struct session *s, struct error *err)
{
	if (s->settings.n_clusters == 0 && s->args.cluster) {
		s->unnamed = (struct cluster_settings){.name = s->args.cluster, .timezone = "UTC"};
		s->cluster = &s->unnamed;
	} else {
		TRY(settings_cluster(&s->settings, s->args.cluster, &s->cluster, err));
	}
	const char *zone = s->cluster->timezone ? s->cluster->timezone : "UTC";
	return timezone_open(zone, &s->zone, err);
}

// A merge waits for its turn: nobody would start it again.
static int take_lock(struct session *s, struct error *err)
{
	const char *path = s->settings.summarizer_lock;
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (s->lock < 0 && errno == ENOENT && strrchr(path, '/')) {
		const char *dir =
			arena_strndup(&s->arena, path, (size_t)(strrchr(path, '/') - path));
		(void)mkdir(dir, 0755);
		s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	}
	if (s->lock < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (flock(s->lock, s->args.merge ? LOCK_EX : LOCK_EX | LOCK_NB) < 0)
		return error_set(err, EBUSY, "another run holds %s", path);
	return 0;
}

static void bad_stanza(void *context, const struct error *why)
{
	struct session *s = context;
	s->counts.defects++;
	log_warning("%s", why->text);
}

// Where Prometheus is; NULL: archives are read.
static const char *prometheus_url(const struct session *s)
{
	if (s->args.prometheus || s->args.archives.n)
		return s->args.prometheus;
	return s->cluster->archives ? NULL : s->cluster->prometheus;
}

static int load_catalogue(struct session *s, struct error *err)
{
	const char *directories[] = {s->settings.catalogue_shipped, s->settings.catalogue_path};
	struct catalogue_problem p = {.bad = bad_stanza, .context = s};
	int rc = catalogue_load(
		directories, ARRAY_LEN(directories), &p, &s->arena, &s->catalogue, err);
	if (rc < 0)
		return rc;
	plan_make_of(&s->catalogue, prometheus_url(s) ? SOURCE_PROMETHEUS : SOURCE_PCP,
		(unsigned)s->settings.summarizer_series_points, &s->arena, &s->plan);
	return 0;
}

// A dry run leaves no trace, also no empty store.
static int open_store(struct session *s, struct error *err)
{
	const char *url = s->args.store ? s->args.store : s->settings.store_url;
	int rc = store_open(url, s->settings.store_password, s->args.dry_run, &s->store, err);
	if (rc < 0 && s->args.dry_run) {
		log_info("%s", err->text);
		*err = (struct error){0};
		s->store = NULL;
		return 0;
	}
	return rc;
}

static int choose_jobs(struct session *s, struct joblist *ret, struct error *err)
{
	const char *text = s->args.accounting ? s->args.accounting : s->cluster->accounting;
	if (text == NULL)
		return error_set(err, EINVAL,
			"no accounting: give --accounting sacct:FILE, slurmdb or warehouse");
	const char *spec = NULL;
	struct selection_request q = {
		.source = accounting_source_find(text, &spec),
		.store = s->store,
		.catalogue = s->catalogue.hash,
		.now_s = clock_now_s(),
		.settle_s = s->settings.summarizer_settle,
		.late_s = s->settings.summarizer_late,
		.running = s->args.running,
	};
	TRY(again_parse(s->args.again.items, s->args.again.n, &q.again, err));
	if (q.source == NULL)
		return error_set(err, EINVAL, "%s: no such accounting source", text);
	q.accounting = (struct accounting_request){
		.spec = spec,
		.cluster = s->cluster->name,
		.with_scripts = true,
		.zone = s->zone,
		.since_s = s->args.since,
		.until_s = s->args.until,
		.ids = s->args.jobs.items,
		.n_ids = s->args.jobs.n,
		.settings = &s->settings,
	};
	*ret = (struct joblist){.cluster = s->cluster->name, .catalogue = s->catalogue.hash};
	TRY(select_jobs(&q, &s->arena, &ret->jobs, &ret->n, &s->selected, err));
	if (s->args.scripts)
		scripts_read(s->args.scripts, s->zone, ret->jobs, ret->n, &s->arena);
	return 0;
}

static unsigned workers_of(const struct session *s)
{
	uint64_t n = s->args.workers ? s->args.workers : s->settings.summarizer_workers;
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	if (n == 0)
		n = processors > 0 ? (uint64_t)processors : 1;
	return n > 256 ? 256 : (unsigned)n;
}

// Jobs of the next batch: as many as together ran on so many hosts, at least one.
static size_t batch_size(const struct job *jobs, size_t n, size_t most)
{
	size_t pairs = jobs[0].hosts.n;
	size_t size = 1;
	while (size < n && pairs + jobs[size].hosts.n <= most)
		pairs += jobs[size++].hosts.n;
	return size;
}

static void prometheus_configure(
	const struct session *s, const char *url, struct prometheus_settings *ret)
{
	const struct settings *x = &s->settings;
	*ret = (struct prometheus_settings){
		.http = http_settings_of(x, url),
		.host_label = x->prometheus_host_label,
		.host_form = x->prometheus_host_form,
	};
}

// Where the samples come from.
static int find_samples(struct session *s, struct batch *b, struct prometheus_settings *prometheus,
	struct error *err)
{
	const char *url = prometheus_url(s);
	b->roots = s->args.archives.items;
	b->n_roots = s->args.archives.n;
	if (b->n_roots == 0 && url == NULL && s->cluster->archives) {
		b->roots = &s->cluster->archives;
		b->n_roots = 1;
	}
	if (b->n_roots == 0 && url == NULL)
		return error_set(
			err, EINVAL, "no archives: give --archives DIR or --prometheus URL");
	prometheus_configure(s, url, prometheus);
	b->prometheus = url ? prometheus : NULL;
	return 0;
}

static struct batch batch_of(const struct session *s)
{
	return (struct batch){.plan = &s->plan,
		.applications = &s->applications,
		.cluster = s->cluster,
		.store = s->args.dry_run ? NULL : s->store,
		.workers = workers_of(s),
		.counts = s->counts};
}

static int run_batches(struct session *s, const struct joblist *l, struct error *err)
{
	struct prometheus_settings prometheus;
	struct batch b = batch_of(s);
	TRY(find_samples(s, &b, &prometheus, err));
	int rc = 0;
	for (size_t i = 0; i < l->n && rc == 0; i += b.n_jobs) {
		b.jobs = l->jobs + i;
		b.n_jobs = batch_size(b.jobs, l->n - i, b.prometheus ? FETCH_PAIRS : BATCH_PAIRS);
		rc = batch_run(&b, err);
	}
	s->counts = b.counts;
	return rc;
}

static void print_table(const struct session *s, size_t n, int64_t started_ns)
{
	const struct row {
		const char *what;
		uint64_t n;
		bool always;
	} rows[] = {
		{"jobs in accounting", s->selected.found, true},
		{"running or waiting", s->selected.running, false},
		{"ended too recently", s->selected.unsettled, false},
		{"of other clusters", s->selected.other_cluster, false},
		{"done before", s->selected.current, false},
		{"failed before (--again failed)", s->selected.failed, false},
		{"given up (archives never came)", s->selected.final, false},
		{"  of them of another catalogue or version", s->selected.old, false},
		{"summarized now", n, true},
		{"  done", s->counts.done, true},
		{"  incomplete (archives may still come)", s->counts.incomplete, false},
		{"  without archives", s->counts.skipped, false},
		{"  never started", s->counts.unstarted, false},
		{"  still running", s->counts.running, false},
		{"  failed", s->counts.failed, false},
		{"  stored document knows more", s->counts.kept, false},
		{"archives looked at", s->counts.archives, true},
		{"hosts swept", s->counts.hosts, true},
		{"defects in the input", s->counts.defects + s->selected.defects, false},
	};
	if (!log_enabled(LOG_LEVEL_NOTICE))
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].n || rows[i].always)
			fprintf(stderr, "%-42s %10" PRIu64 "\n", rows[i].what, rows[i].n);
	fprintf(stderr, "%-42s %10.1f\n", "seconds",
		(double)(clock_monotonic_ns() - started_ns) / (double)NS_PER_S);
}

static int load(struct session *s, struct error *err)
{
	TRY(load_catalogue(s, err));
	TRY(applications_load(&s->applications, s->settings.applications_shipped, &s->arena, err));
	return applications_load(&s->applications, s->settings.applications_path, &s->arena, err);
}

static int prepare_store(struct session *s, struct error *err)
{
	TRY(open_store(s, err));
	if (s->store && !s->args.dry_run)
		TRY(metadata_store(s->store, &s->catalogue, &s->arena, err));
	return 0;
}

// The usual run: all of it here and now.
static int run_here(struct session *s, struct error *err)
{
	int64_t started_ns = clock_monotonic_ns();
	struct joblist l = {0};
	TRY(take_lock(s, err));
	TRY(prepare_store(s, err));
	TRY(choose_jobs(s, &l, err));
	int rc = l.n ? run_batches(s, &l, err) : 0;
	print_table(s, l.n, started_ns);
	return rc;
}

// Chooses the jobs of a sweep in shards, and puts them into its folder.
static int run_plan(struct session *s, const char *folder, size_t *ret_n, struct error *err)
{
	struct joblist l = {0};
	TRY(open_store(s, err));
	TRY(choose_jobs(s, &l, err));
	*ret_n = l.n;
	if (s->args.dry_run)
		return 0;
	return shard_jobs_write(folder, &l, err);
}

static int read_plan(
	struct session *s, struct joblist *ret, char sum[SHA256_TEXT_SIZE], struct error *err)
{
	const char *folder = s->args.partials;
	int rc = shard_jobs_read(folder, &s->arena, ret, sum, err);
	if (rc == 0)
		return error_set(err, ENOENT, "%s: no jobs were chosen yet", folder);
	if (rc < 0)
		return rc;
	if (!str_eq(ret->cluster, s->cluster->name))
		return error_set(err, EINVAL, "%s: jobs of cluster %s", folder, ret->cluster);
	if (!str_eq(ret->catalogue, s->catalogue.hash))
		return error_set(err, EINVAL, "%s: chosen with another catalogue", folder);
	return 0;
}

static int sweep_shard(struct session *s, const struct joblist *l, const struct shard *x,
	const char *sum, struct error *err)
{
	CLEANUP(shard_file_close) struct shard_file f = {0};
	struct prometheus_settings prometheus;
	struct batch b = batch_of(s);
	b.shard = x;
	b.into = &f;
	b.jobs = l->jobs;
	b.n_jobs = l->n;
	TRY(find_samples(s, &b, &prometheus, err));
	TRY(shard_file_open(s->args.partials, x, sum, &f, err));
	TRY(batch_run(&b, err));
	s->counts = b.counts;
	return shard_file_finish(&f,
		&(struct shard_counts){b.counts.archives, b.counts.hosts, b.counts.defects}, err);
}

static int run_shard(struct session *s, struct error *err)
{
	int64_t started_ns = clock_monotonic_ns();
	char sum[SHA256_TEXT_SIZE];
	struct joblist l = {0};
	struct shard x;
	TRY(shard_parse(s->args.shard, &x, err));
	TRY(read_plan(s, &l, sum, err));
	TRY(sweep_shard(s, &l, &x, sum, err));
	log_notice("shard %s: %" PRIu64 " hosts, %" PRIu64 " archives, %.1f s", s->args.shard,
		s->counts.hosts, s->counts.archives,
		(double)(clock_monotonic_ns() - started_ns) / (double)NS_PER_S);
	return 0;
}

static int merge_shards(
	struct session *s, const struct joblist *l, const char *sum, struct error *err)
{
	CLEANUP(shard_results_close) struct shard_results results = {0};
	TRY(shard_results_open(s->args.partials, sum, &results, err));
	s->counts.archives += results.counts.archives;
	s->counts.hosts += results.counts.hosts;
	s->counts.defects += results.counts.defects;
	struct batch b = batch_of(s);
	b.merged = &results;
	b.jobs = l->jobs;
	b.n_jobs = l->n;
	int rc = batch_run(&b, err);
	s->counts = b.counts;
	return rc;
}

static int run_merge(struct session *s, struct error *err)
{
	int64_t started_ns = clock_monotonic_ns();
	char sum[SHA256_TEXT_SIZE];
	struct joblist l = {0};
	TRY(take_lock(s, err));
	TRY(read_plan(s, &l, sum, err));
	TRY(prepare_store(s, err));
	TRY(merge_shards(s, &l, sum, err));
	s->selected.found = l.n;
	print_table(s, l.n, started_ns);
	if (!s->args.dry_run)
		shard_remove(s->args.partials);
	return 0;
}

static int run_slurm(struct session *s, struct error *err)
{
	size_t n = 0;
	struct submit_request q = {.shards = s->args.slurm,
		.folder = s->args.partials ? s->args.partials : s->settings.summarizer_partials,
		.cluster = s->cluster->name,
		.config = s->config,
		.store = s->args.store,
		.prometheus = s->args.prometheus,
		.archives = s->args.archives,
		.sbatch = s->args.sbatch,
		.workers = s->args.workers,
		.dry_run = s->args.dry_run};
	TRY(submit_prepare(&q, &s->arena, err));
	TRY(run_plan(s, q.folder, &n, err));
	if (n == 0) {
		shard_remove(q.folder);
		log_notice("no job is due");
		return 0;
	}
	int rc = submit(&q, n, err);
	if (rc < 0)
		shard_remove(q.folder);
	return rc;
}

static int check_arguments(const struct session *s, struct error *err)
{
	const struct arguments *x = &s->args;
	if ((x->shard != NULL) + x->merge + (x->slurm > 0) > 1)
		return error_set(err, EINVAL, "--shard, --merge and --slurm: only one of them");
	if ((x->shard || x->merge) && x->partials == NULL)
		return error_set(err, EINVAL, "--shard and --merge want --partials DIR");
	if (x->sbatch.n && x->slurm == 0)
		return error_set(err, EINVAL, "--sbatch is for --slurm");
	if (x->slurm > SHARDS_MAX)
		return error_set(err, EINVAL, "--slurm: at most %d", SHARDS_MAX);
	return 0;
}

static int run(struct session *s, struct error *err)
{
	size_t n = 0;
	TRY(check_arguments(s, err));
	TRY(load(s, err));
	if (s->args.shard)
		return run_shard(s, err);
	if (s->args.merge)
		return run_merge(s, err);
	if (s->args.slurm)
		return run_slurm(s, err);
	if (s->args.partials == NULL)
		return run_here(s, err);
	TRY(run_plan(s, s->args.partials, &n, err));
	log_notice("%s: %zu jobs are due", s->args.partials, n);
	return 0;
}

static int code_of_failure(int rc)
{
	if (rc == -EHOSTDOWN || rc == -EBUSY || rc == -EAGAIN)
		return EXIT_TRY_LATER;
	return rc == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	CLEANUP(session_close) struct session s = {.lock = -1};
	struct common_arguments common;
	struct error err = {0};
	int code = options_parse(&program, argc, argv, &s.args, &common);
	if (code >= 0)
		return code;
	s.config = common.config;
	int rc = settings_load(common.config, &s.arena, &s.settings, &err);
	if (rc == 0)
		rc = find_cluster(&s, &err);
	if (rc < 0) {
		log_error("%s", err.text);
		return EXIT_USAGE;
	}
	rc = run(&s, &err);
	if (rc < 0) {
		log_error("%s", err.text);
		return code_of_failure(rc);
	}
	return s.counts.defects + s.counts.failed + s.selected.defects ? EXIT_DEFECTS : EXIT_DONE;
}
