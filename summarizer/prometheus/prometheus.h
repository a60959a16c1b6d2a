// SPDX-License-Identifier: Apache-2.0
// The hosts of a batch as Prometheus knows them: what the catalogue asks for is fetched for many
// hosts at once, in bounded portions, and laid down as archives in a folder of our own.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/prometheus/http.h"
#include "summarizer/archive/tree.h"
#include "summarizer/reduce/plan.h"

struct prometheus_settings {
	struct http_settings http;
	const char *host_label; // instead of the stanzas' own; NULL
	const char *host_form;  // "{host}:9100"; NULL: "{host}"
};

// Stays less than this apart are one: what lies between is asked for, too, so that a silence in an
// archive of ours is one whatever the cadence.
#define PROMETHEUS_JOIN_S 14400

struct prometheus_stay { // of jobs on a host
	int64_t begin_s, end_s;
};

struct prometheus_host {
	const char *name;
	const struct prometheus_stay *stays; // in the order of time, apart; at least one
	size_t n_stays;
};

struct prometheus_request {
	const struct prometheus_settings *settings;
	const struct plan *plan; // of Prometheus sources
	const char *folder;      // exists, is empty
	const struct prometheus_host *hosts;
	size_t n_hosts;
	// Called for a stanza that cannot be asked for and for odd answers.
	void (*bad)(void *context, const struct error *why);
	void *context;
};

int prometheus_fetch(const struct prometheus_request *q, struct archive_tree *tree, struct arena *a,
	struct error *err) MUST_USE;
