// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <stdlib.h>
#include <string.h>

#include "common/settings.h"
#include "common/settings_table.h"
#include "tests/common/folder.h"

static struct folder folder;
static struct arena memory;
static struct settings settings;

static void make(void)
{
	folder = folder_make();
}

static void release(void)
{
	folder_remove(&folder);
	arena_release(&memory);
}

TestSuite(settings, .init = make, .fini = release);

static int load(const char *text, struct error *err)
{
	*err = (struct error){0};
	return settings_load(folder_write(&folder, "jobsight.yaml", text), &memory, &settings, err);
}

static void accepted(const char *text)
{
	struct error err;

	cr_assert(eq(int, load(text, &err), 0), "%s", err.text);
}

static void refused(const char *text, const char *why)
{
	struct error err;

	cr_assert(lt(int, load(text, &err), 0), "%s", text);
	cr_assert(ne(ptr, strstr(err.text, why), NULL), "expected \"%s\" in: %s", why, err.text);
}

Test(settings, defaults)
{
	accepted("");
	cr_assert(eq(str, settings.store_url, "sqlite:/var/lib/jobsight/documents.sqlite"));
	cr_assert(eq(ptr, settings.store_password, NULL));
	cr_assert(eq(i64, settings.summarizer_settle, 600));
	cr_assert(eq(u64, settings.loader_batch, 10000));
	cr_assert(eq(sz, settings.n_clusters, 0));
}

Test(settings, values)
{
	accepted("store: {url: \"mongodb://h/d\"}\n"
		 "summarizer:\n  settle: 1h30m\n  workers: 7\n"
		 "portal:\n");
	cr_assert(eq(str, settings.store_url, "mongodb://h/d"));
	cr_assert(eq(i64, settings.summarizer_settle, 5400));
	cr_assert(eq(u64, settings.summarizer_workers, 7));
}

Test(settings, wrong_files_are_named_with_line_and_reason)
{
	refused("stor:\n  url: x\n",
		"jobsight.yaml:1: unknown key \"stor\"; did you mean \"store\"?");
	refused("store:\n  # c\n  urll: x\n",
		"jobsight.yaml:3: unknown key \"urll\"; did you mean \"url\"?");
	refused("store:\n  quite_other: x\n", "jobsight.yaml:2: unknown key \"quite_other\"");
	refused("store: x\n", "jobsight.yaml:1: \"store\" needs settings");
	refused("store: [x]\n", "jobsight.yaml:1: ");
	refused("store:\n  url: [a, b]\n", "jobsight.yaml:2: \"url\" needs one value, not a list");
	refused("store:\n  url: {a: b}\n", "not a mapping");
	refused("loader:\n  batch: many\n",
		"jobsight.yaml:2: batch needs a whole number, not \"many\"");
	refused("loader:\n  batch: -1\n", "whole number");
	refused("loader:\n  batch: 99999999999999999999999\n", "whole number");
	refused("summarizer:\n  settle: soon\n", "settle needs a duration, not \"soon\"");
	refused("summarizer:\n  settle: UNLIMITED\n", "duration");
	refused("- a\n", "groups of settings expected");
	refused("store:\n  url: a\n  url: b\n", "jobsight.yaml:3: key \"url\" again");
	refused("store: {url: a\n", "jobsight.yaml:");
}

Test(settings, a_named_file_must_exist)
{
	struct error err = {0};

	cr_assert(lt(int, settings_load("/no/such.yaml", &memory, &settings, &err), 0));
	cr_assert(ne(ptr, strstr(err.text, "/no/such.yaml"), NULL));
}

Test(settings, the_environment_may_name_the_file)
{
	struct error err = {0};

	setenv("JOBSIGHT_CONFIG", folder_write(&folder, "other.yaml", "loader: {batch: 7}\n"), 1);
	cr_assert(eq(int, settings_load(NULL, &memory, &settings, &err), 0), "%s", err.text);
	cr_assert(eq(u64, settings.loader_batch, 7));
	setenv("JOBSIGHT_CONFIG", "/nowhere/jobsight.yaml", 1);
	cr_assert(lt(int, settings_load(NULL, &memory, &settings, &err), 0));
	cr_assert(ne(ptr, strstr(err.text, "/nowhere/jobsight.yaml"), NULL), "%s", err.text);
}

Test(settings, secrets_come_from_private_files)
{
	char text[600];
	char secret[400];

	str_format(secret, sizeof(secret), "%s", folder_write(&folder, "pw", "hunter2\n"));
	str_format(text, sizeof(text), "store:\n  password_file: %s\n", secret);
	accepted(text);
	cr_assert(eq(str, settings.store_password, "hunter2"));

	folder_write_bytes(&folder, "pw", "hunter2\n", 8, 0640);
	refused(text, "jobsight.yaml:2: password_file: ");
	refused(text, "mode 0640");
	folder_write_bytes(&folder, "pw", "hunter2\n", 8, 0604);
	refused(text, "mode 0604");
	refused("store:\n  password_file: /no/such\n", "No such file");
}

Test(settings, secrets_are_never_in_the_file)
{
	struct error err;

	refused("store:\n  password: hunter2\n", "jobsight.yaml:2: a secret is not written here");
	refused("store:\n  url: \"mongodb://u:hunter2@h/d\"\n",
		"jobsight.yaml:2: url holds a password");
	refused("warehouse:\n  url: host=h password=hunter2\n", "holds a password");
	refused("warehouse:\n  url: \"postgresql://h/d?password=hunter2\"\n", "holds a password");
	refused("clusters:\n  - {name: a, prometheus: \"http://u:hunter2@p\"}\n",
		"holds a password");
	load("store:\n  url: \"mongodb://u:hunter2@h/d\"\n", &err);
	cr_assert(eq(ptr, strstr(err.text, "hunter2"), NULL));
	accepted("store:\n  url: \"mongodb://u@h1:27017,h2:27017/d\"\n");
}

Test(settings, environment_overrides)
{
	char secret[400];
	struct error err;

	setenv("JOBSIGHT_STORE_URL", "sqlite:/other", 1);
	setenv("JOBSIGHT_SUMMARIZER_SERIES_POINTS", "50", 1);
	setenv("JOBSIGHT_SUMMARIZER_SETTLE", "2d", 1);
	setenv("JOBSIGHT_STORE_PASSWORD", "from env", 1);
	str_format(secret, sizeof(secret), "%s", folder_write(&folder, "pw", "from file\n"));
	setenv("JOBSIGHT_PORTAL_PASSWORD_FILE", secret, 1);
	accepted("store:\n  url: sqlite:/file\n");
	cr_assert(eq(str, settings.store_url, "sqlite:/other"));
	cr_assert(eq(u64, settings.summarizer_series_points, 50));
	cr_assert(eq(i64, settings.summarizer_settle, 172800));
	cr_assert(eq(str, settings.store_password, "from env"));
	cr_assert(eq(str, settings.portal_password, "from file"));

	setenv("JOBSIGHT_SUMMARIZER_SETTLE", "soon", 1);
	cr_assert(lt(int, load("", &err), 0));
	cr_assert(eq(str, err.text,
		"environment: JOBSIGHT_SUMMARIZER_SETTLE needs a duration, not \"soon\""));
}

Test(settings, clusters)
{
	const struct cluster_settings *c = NULL;
	struct error err = {0};

	accepted(
		"clusters:\n"
		"  - name: alpha\n"
		"    timezone: Europe/Paris\n"
		"    accounting: sacct:/a\n"
		"  - {name: beta, resource_id: \"7\", host_suffix: .x, archives: /b, prometheus: \"http://p\"}\n");
	cr_assert(eq(sz, settings.n_clusters, 2));
	cr_assert(eq(int, settings_cluster(&settings, "beta", &c, &err), 0));
	cr_assert(eq(str, c->resource_id, "7"));
	cr_assert(eq(str, c->timezone, "UTC"));
	cr_assert(eq(str, c->host_suffix, ".x"));
	cr_assert(eq(int, settings_cluster(&settings, "alpha", &c, &err), 0));
	cr_assert(eq(str, c->resource_id, "alpha"));
	cr_assert(eq(str, c->host_suffix, ""));
	cr_assert(eq(str, c->archives, "/var/lib/jobsight/archives/alpha"));
	cr_assert(eq(ptr, c->prometheus, NULL));
	cr_assert(lt(int, settings_cluster(&settings, NULL, &c, &err), 0));
	cr_assert(ne(ptr, strstr(err.text, "2 clusters"), NULL));
	cr_assert(lt(int, settings_cluster(&settings, "gamma", &c, &err), 0));
	accepted("clusters:\n  - name: only\n");
	cr_assert(eq(int, settings_cluster(&settings, NULL, &c, &err), 0));
	cr_assert(eq(str, c->name, "only"));
	accepted("clusters:\n");
	cr_assert(lt(int, settings_cluster(&settings, NULL, &c, &err), 0));
}

Test(settings, wrong_clusters)
{
	refused("clusters: {name: a}\n", "\"clusters\" needs a list");
	refused("clusters:\n  - a\n", "a cluster needs at least a name");
	refused("clusters:\n  - {timezone: UTC}\n", "jobsight.yaml:2: a cluster without a name");
	refused("clusters:\n  - {name: a}\n  - {name: a}\n",
		"jobsight.yaml:3: cluster \"a\" again");
	refused("clusters:\n  - {name: a, timezon: UTC}\n", "did you mean \"timezone\"?");
	refused("clusters:\n  - {name: a, timezone: Moon/Base}\n", "time zone Moon/Base");
	refused("clusters:\n  - {name: ../a}\n", "cannot name a cluster");
	refused("clusters:\n  - {name: [a]}\n", "needs one value");
}

Test(settings, printing_hides_secrets_and_loads_again)
{
	CLEANUP(strbuf_release) struct strbuf first = {0};
	CLEANUP(strbuf_release) struct strbuf second = {0};

	setenv("JOBSIGHT_STORE_PASSWORD", "hunter2", 1);
	setenv("JOBSIGHT_WAREHOUSE_URL", "postgresql://u:hunter2@h/d", 1);
	accepted("summarizer: {settle: 90s}\nclusters:\n  - name: a\n    host_suffix: '\"\\x'\n");
	settings_print(&settings, &first);
	cr_assert(eq(ptr, strstr(first.text, "hunter2"), NULL), "%s", first.text);
	cr_assert(ne(ptr, strstr(first.text, "# password: set"), NULL));
	cr_assert(ne(ptr, strstr(first.text, "postgresql://u:***@h/d"), NULL));
	unsetenv("JOBSIGHT_STORE_PASSWORD");
	unsetenv("JOBSIGHT_WAREHOUSE_URL");
	accepted("summarizer: {settle: 90s}\nclusters:\n  - name: a\n    host_suffix: '\"\\x'\n");
	strbuf_clear(&first);
	settings_print(&settings, &first);
	accepted(first.text);
	settings_print(&settings, &second);
	cr_assert(eq(str, first.text, second.text));
}

// Every row can be given in the file and in the environment.
Test(settings, every_row_is_reachable)
{
	size_t n;
	const struct setting *rows = settings_rows(&n);

	cr_assert(gt(sz, n, 10));
	for (size_t i = 0; i < n; i++) {
		static const char *const values[] = {"text", "secret", "5", "yes", "5m"};
		char line[300];

		cr_assert(str_ends(rows[i].help, "."), "%s", rows[i].name);
		setenv(settings_variable(&rows[i], &memory), values[rows[i].kind], 1);
		if (rows[i].kind == SETTING_KIND_SECRET)
			continue;
		str_format(line, sizeof(line), "%s:\n  %s: %s\n", rows[i].group, rows[i].name,
			values[rows[i].kind]);
		accepted(line);
	}
	accepted("");
	cr_assert(eq(str, settings.portal_proxy_secret, "secret"));
	cr_assert(eq(i64, settings.summarizer_late, 300));
}
