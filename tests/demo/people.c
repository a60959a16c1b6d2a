// SPDX-License-Identifier: Apache-2.0
// Names of the demo site: nodes, people, accounts, and how a job is called by people.
#include "tests/demo/site.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/macro.h"

static const char *const users[USERS] = {
	"abara",
	"achen",
	"adiallo",
	"ahansen",
	"akumar",
	"alopez",
	"amoreau",
	"aokafor",
	"apetrov",
	"arossi",
	"bnovak",
	"bsato",
	"cfischer",
	"cgomez",
	"clarsen",
	"dkhan",
	"dmartin",
	"ebakker",
	"ejones",
	"fdubois",
	"fyilmaz",
	"gsilva",
	"hali",
	"hmeyer",
	"ikowal",
	"isaidi",
	"jberg",
	"jnguyen",
	"kpark",
	"lferrari",
	"lwagner",
	"mcosta",
	"mivanov",
	"nsingh",
	"olind",
	"pgarcia",
	"rtanaka",
	"sweber",
	"tmensah",
	"zhorvat",
};

static const char *const accounts[ACCOUNTS] = {
	"materials",
	"climate",
	"genomics",
	"fluids",
	"astro",
	"chemistry",
	"learning",
	"physics",
};

const char *node_name(int node)
{
	static const char *const names[NODES] = {
		"cn01",
		"cn02",
		"cn03",
		"cn04",
		"cn05",
		"cn06",
		"cn07",
		"cn08",
		"cn09",
		"cn10",
		"cn11",
		"cn12",
		"gn01",
		"gn02",
		"gn03",
		"gn04",
	};

	return names[node];
}

const char *user_name(int user)
{
	return users[user];
}

const char *account_name(int user)
{
	return accounts[user % ACCOUNTS];
}

const char *group_name(int user)
{
	return accounts[user % ACCOUNTS];
}

int group_id(int user)
{
	return FIRST_UID + 1000 + user % ACCOUNTS;
}

const char *partition_name(enum partition p)
{
	static const char *const names[PARTITIONS] = {"compute", "shared", "gpu"};

	return names[p];
}

void slurm_time_write(FILE *f, int64_t s)
{
	char buf[TIME_TEXT_SIZE];

	fprintf(f, "%.19s", format_time(s, buf)); // without the zone
}

const char *business_name(int business)
{
	static const char *const names[BUSINESSES] = {"research", "teaching", "industry"};

	return names[business];
}

const char *business_text(int business)
{
	static const char *const texts[BUSINESSES] = {
		"Research that is paid in public", "Courses and theses", "Work for companies"};

	return texts[business];
}

const char *job_id_text(const struct demo_job *j, char buf[32])
{
	if (j->array_task >= 0)
		snprintf(buf, 32, "%u_%d", j->array_job, j->array_task);
	else if (j->het_offset >= 0)
		snprintf(buf, 32, "%u+%d", j->het_job, j->het_offset);
	else
		snprintf(buf, 32, "%u", j->raw_id);
	return buf;
}

// Nodes are kept in rising order and all names of a job have one prefix.
const char *job_hosts(const struct demo_job *j, char buf[128])
{
	size_t len = 0;

	buf[0] = '\0';
	if (j->n_nodes == 0)
		return buf;
	if (j->n_nodes == 1) {
		snprintf(buf, 128, "%s", node_name(j->nodes[0]));
		return buf;
	}
	len = (size_t)snprintf(buf, 128, "%.2s[", node_name(j->nodes[0]));
	for (int i = 0, last; i < j->n_nodes; i = last + 1) {
		for (last = i; last + 1 < j->n_nodes && j->nodes[last + 1] == j->nodes[last] + 1;)
			last++;
		len += (size_t)snprintf(
			buf + len, 128 - len, "%s%s", i > 0 ? "," : "", node_name(j->nodes[i]) + 2);
		if (last > i)
			len += (size_t)snprintf(
				buf + len, 128 - len, "-%s", node_name(j->nodes[last]) + 2);
	}
	snprintf(buf + len, 128 - len, "]");
	return buf;
}
