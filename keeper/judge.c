// SPDX-License-Identifier: Apache-2.0
// What is wrong with a host, in words, and what to do about it.
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "common/str.h"
#include "keeper/doctor.h"

enum { CLOCK_SLACK_S = 60, EDGE_SLACK_S = 60 };

const struct fault_row fault_rows[FAULTS] = {
	[FAULT_NO_ARCHIVES] = {"no-archives", SEVERITY_CRITICAL, "no archives at all",
		"on the host: is pmlogger running (systemctl status pmlogger), does it write to the "
		"archive tree; without a shared file system: is jobsight-relay-send running"},
	[FAULT_SILENT] = {"silent", SEVERITY_CRITICAL, "no samples any more",
		"is the host up; on it: systemctl status pmcd pmlogger, then jobsight doctor there"},
	[FAULT_LATE] = {"late", SEVERITY_WARNING, "samples are late",
		"on the host: systemctl status pmlogger; the log is "
		"/var/log/pcp/pmlogger/HOST/pmlogger.log; with a relay: its backlog"},
	[FAULT_NO_BOUNDARY] = {"no-boundary", SEVERITY_WARNING,
		"a job's begin or end is not on record",
		"on the host: systemctl status jobsight-sampler, and what its hooks spooled "
		"(jobsight doctor there); slurm.conf: Prolog, Epilog, PrologFlags=Alloc"},
	[FAULT_RELAY_SILENT] = {"relay-silent", SEVERITY_WARNING, "no relay messages any more",
		"on the host: systemctl status jobsight-relay-send; jobsight relay status"},
	[FAULT_FOREIGN] = {"foreign", SEVERITY_WARNING, "the archive says it is of another host",
		"pmlogger writes to another host's folder, or the host was renamed: its jobs are "
		"looked for under the name in the archive"},
	[FAULT_DAMAGED] = {"damaged", SEVERITY_WARNING, "an archive cannot be read",
		"pmlogcheck says what is wrong with it; what comes before the damage is used"},
	[FAULT_CLOCK] = {"clock", SEVERITY_WARNING, "samples from the future",
		"the clocks of the host and of this machine differ: look at chronyd or ntpd"},
	[FAULT_UNREADABLE] = {"unreadable", SEVERITY_CRITICAL, "the host's folder cannot be read",
		"look at its owner and mode: the user of the summarizer must read it"},
	[FAULT_NO_TREE] = {"no-tree", SEVERITY_CRITICAL, "the archive tree cannot be read",
		"is the file system mounted; is the cluster's setting archives right"},
	[FAULT_ACCOUNTING] = {"accounting", SEVERITY_WARNING, "the accounting cannot be read",
		"jobsight summarize reads the same source: its setting is the cluster's accounting"},
	[FAULT_NO_HOSTS] = {"no-hosts", SEVERITY_CRITICAL, "there is no host to look after",
		"set doctor.hosts, or the cluster's archives"},
	[FAULT_NO_HOOKS] = {"no-hooks", SEVERITY_WARNING, "no host has job boundaries",
		"set up the hooks (docs/boundaries.md), or say doctor.boundary_slack: 0"},
	[FAULT_SPOOLED] = {"spooled", SEVERITY_WARNING, "hooks did not reach the sampler",
		"systemctl status jobsight-sampler; when it is well again, remove the spool file"},
	[FAULT_WAITING] = {"waiting", SEVERITY_WARNING,
		"boundaries wait that neither the sampler nor a one-shot takes",
		"systemctl start jobsight-sampler takes them; journalctl -u jobsight-sampler"},
	[FAULT_SENDER_STOPPED] = {"sender-stopped", SEVERITY_CRITICAL,
		"the relay's sender stands still", "systemctl status jobsight-relay-send"},
	[FAULT_SENDER_CUT] = {"sender-cut", SEVERITY_WARNING, "the relay does not reach the broker",
		"is RabbitMQ up, relay.url right, the certificate valid: journalctl -u "
		"jobsight-relay-send"},
	[FAULT_SENDER_BLOCKED] = {"sender-blocked", SEVERITY_WARNING,
		"the broker takes no messages of the relay",
		"its disk or memory is full: rabbitmqctl status says which under Alarms; nothing is lost "
		"meanwhile"},
	[FAULT_GIVEN_UP] = {"given-up", SEVERITY_WARNING, "the relay gave up archives",
		"more waited than relay.spool_mib: copy them by hand if they are wanted"},
	[FAULT_RECEIVER_STOPPED] = {"receiver-stopped", SEVERITY_CRITICAL,
		"the relay's receiver stands still", "systemctl status jobsight-relay-receive"},
	[FAULT_RECEIVER_CUT] = {"receiver-cut", SEVERITY_CRITICAL,
		"the receiver does not reach the broker, or cannot write",
		"journalctl -u jobsight-relay-receive says why"},
	[FAULT_REJECTED] = {"rejected", SEVERITY_WARNING, "the receiver rejected messages",
		"somebody publishes what is no archive: journalctl -u jobsight-relay-receive; a "
		"dead-letter exchange of the queue keeps them"},
	[FAULT_DISK] = {"disk", SEVERITY_WARNING, "the archive tree is nearly full",
		"jobsight archive packs and moves what is old; see archive.age"},
};

void finding_add(struct doctor *d, struct findings *f, enum fault fault, const char *detail)
{
	if (f->n == f->room) {
		struct finding *old = f->items;

		f->room = f->room ? 2 * f->room : 2;
		f->items = arena_array(d->arena, f->room, sizeof(*f->items));
		if (f->n)
			memcpy(f->items, old, f->n * sizeof(*old));
	}
	f->items[f->n++] = (struct finding){fault, detail};
	if (fault_rows[fault].severity > f->severity)
		f->severity = fault_rows[fault].severity;
}

const char *doctor_age(struct arena *a, int64_t s)
{
	if (s < 0)
		return arena_printf(a, "-%s", doctor_age(a, -s)); // NOLINT(misc-no-recursion): once
	if (s < 120)
		return arena_printf(a, "%" PRId64 "s", s);
	if (s < 7200)
		return arena_printf(a, "%" PRId64 "m", s / 60);
	if (s < 172800)
		return arena_printf(a, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	return arena_printf(a, "%" PRId64 "d", s / 86400);
}

// Beside slurmctld there is a sampler and perhaps no logger; nobody's job runs there.
static bool is_controller(const struct doctor_host *h)
{
	return !h->is_expected && h->newest.last_s[HOST_BOUNDARY] && !h->newest.damage.code;
}

static void judge_samples(struct doctor *d, struct doctor_host *h)
{
	int64_t last_s = h->newest.last_s[HOST_SAMPLE];
	int64_t age_s = d->now_s - last_s;

	if (last_s == 0) {
		if (!is_controller(h))
			finding_add(d, &h->findings, FAULT_NO_ARCHIVES, NULL);
		return;
	}
	if (d->oldest_sample_s == 0 || last_s < d->oldest_sample_s)
		d->oldest_sample_s = last_s;
	if (age_s > d->settings->doctor_sample_critical)
		finding_add(d, &h->findings, FAULT_SILENT,
			arena_printf(d->arena, "for %s", doctor_age(d->arena, age_s)));
	else if (age_s > d->settings->doctor_sample_warning)
		finding_add(d, &h->findings, FAULT_LATE,
			arena_printf(d->arena, "by %s", doctor_age(d->arena, age_s)));
	else if (age_s < -CLOCK_SLACK_S)
		finding_add(d, &h->findings, FAULT_CLOCK,
			arena_printf(d->arena, "by %s", doctor_age(d->arena, -age_s)));
}

static void judge_boundary(struct doctor *d, struct doctor_host *h)
{
	char time[TIME_TEXT_SIZE];

	if (d->settings->doctor_boundary_slack == 0 || !d->has_boundaries || h->edge_s == 0 ||
		h->newest.last_s[HOST_SAMPLE] == 0)
		return;
	if (h->newest.last_s[HOST_BOUNDARY] + EDGE_SLACK_S < h->edge_s)
		finding_add(d, &h->findings, FAULT_NO_BOUNDARY,
			arena_printf(
				d->arena, "job %s, %s", h->edge_job, format_time(h->edge_s, time)));
}

static void judge_relay(struct doctor *d, struct doctor_host *h)
{
	const int64_t *sent = map_get(&d->relayed, h->name);

	if (!sent)
		return;
	h->relay_s = *sent;
	if (d->now_s - *sent > d->settings->doctor_relay_warning)
		finding_add(d, &h->findings, FAULT_RELAY_SILENT,
			arena_printf(d->arena, "for %s", doctor_age(d->arena, d->now_s - *sent)));
}

// "cn01" is "cn01.example.org".
static bool is_same_host(const char *a, const char *b)
{
	size_t n = strcspn(a, ".");

	return n == strcspn(b, ".") && strncmp(a, b, n) == 0;
}

static void judge_host(struct doctor *d, struct doctor_host *h)
{
	judge_samples(d, h);
	judge_boundary(d, h);
	judge_relay(d, h);
	if (*h->newest.label && !is_same_host(h->name, h->newest.label))
		finding_add(
			d, &h->findings, FAULT_FOREIGN, arena_strdup(d->arena, h->newest.label));
	if (h->newest.damage.code)
		finding_add(d, &h->findings, FAULT_DAMAGED,
			arena_strdup(d->arena, h->newest.damage.text));
}

void doctor_judge(struct doctor *d)
{
	bool has_edges = false;

	for (size_t i = 0; i < d->n; i++) {
		d->has_boundaries |= d->hosts[i].newest.last_s[HOST_BOUNDARY] != 0;
		has_edges |= d->hosts[i].edge_s != 0;
	}
	for (size_t i = 0; i < d->n; i++) {
		judge_host(d, &d->hosts[i]);
		d->counts[d->hosts[i].findings.severity]++;
	}
	if (d->n == 0)
		finding_add(d, &d->services[SERVICE_TREES].findings, FAULT_NO_HOSTS, NULL);
	if (has_edges && !d->has_boundaries && d->settings->doctor_boundary_slack)
		finding_add(d, &d->services[SERVICE_HOOKS].findings, FAULT_NO_HOOKS, NULL);
}
