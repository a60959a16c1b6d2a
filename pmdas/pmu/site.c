// SPDX-License-Identifier: Apache-2.0
// Reads a site's own events and settings; see site.h.
#include "pmdas/pmu/site.h"

#include <ctype.h>
#include <errno.h>
#include <pcp/pmapi.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

#define WORDS_MAX       8
#define DESCRIPTORS_MAX 1000000
#define LINGER_MAX      3600

struct line {
	unsigned number;
	char text[256];
	char *words[WORDS_MAX];
	unsigned n;
};

void pmu_site_complain(struct pmu_site *site, unsigned line, const char *what)
{
	if (site->wrong++ == 0)
		pmsprintf(site->reason, sizeof(site->reason), "line %u: %s", line, what);
}

static bool is_word(const char *s, const char *extra)
{
	for (; *s != '\0'; s++) {
		if (!isalnum((unsigned char)*s) && strchr(extra, *s) == NULL)
			return false;
	}
	return true;
}

// Copies a word, if it fits and has only letters, digits and the extra characters.
static const char *copy(char *ret, size_t size, const char *word, const char *extra)
{
	if (*word == '\0' || !is_word(word, extra))
		return "a name has other characters than it may";
	if (strlen(word) >= size)
		return "too long";
	memcpy(ret, word, strlen(word) + 1);
	return NULL;
}

static const char *take_number(const char *word, unsigned least, unsigned most, unsigned *ret)
{
	uint64_t value;

	if (frame_parse_number(word, &value) < 0)
		return "not a number";
	if (value < least || value > most)
		return "the number is too small or too large";
	*ret = (unsigned)value;
	return NULL;
}

static const char *take_event(const struct line *l, struct pmu_site_event *e)
{
	const char *wrong = copy(e->pmu, sizeof(e->pmu), l->words[2], "_.-");

	e->line = l->number;
	if (wrong == NULL)
		wrong = copy(e->terms, sizeof(e->terms), l->words[3], "_.-=,:");
	return wrong;
}

static const char *event_line(struct pmu_site *site, const struct line *l)
{
	struct pmu_site_event e = {.multiply = 1, .divide = 1, .role = PMU_ROLES};
	const char *wrong;

	if (l->n != 4)
		return "event: NAME PMU TERMS, or NAME libpfm EVENT";
	if (site->n_events == PMU_SITE_EVENTS)
		return "too many events";
	wrong = copy(e.name, sizeof(e.name), l->words[1], "_.-");
	if (wrong == NULL)
		wrong = take_event(l, &e);
	for (unsigned i = 0; wrong == NULL && i < site->n_events; i++) {
		if (strcmp(site->events[i].name, e.name) == 0)
			wrong = "there is an event of this name already";
	}
	if (wrong == NULL)
		site->events[site->n_events++] = e;
	return wrong;
}

static const char *role_line(struct pmu_site *site, const struct line *l)
{
	struct pmu_site_event e = {.multiply = 1, .divide = 1};
	const char *wrong;

	if (l->n < 4 || l->n > 6)
		return "role: ROLE PMU TERMS [MULTIPLY [DIVIDE]]";
	if (site->n_roles == PMU_SITE_ROLES)
		return "too many roles";
	e.role = pmu_role_of(l->words[1]);
	if (e.role == PMU_ROLES)
		return "no such role";
	wrong = take_event(l, &e);
	if (wrong == NULL && l->n > 4)
		wrong = take_number(l->words[4], 1, 1 << 20, &e.multiply);
	if (wrong == NULL && l->n > 5)
		wrong = take_number(l->words[5], 1, 1 << 20, &e.divide);
	if (wrong == NULL)
		site->roles[site->n_roles++] = e;
	return wrong;
}

static const char *jobs_line(struct pmu_site *site, const struct line *l)
{
	bool on = l->n == 2 && strcmp(l->words[1], "on") == 0;

	if (!on && (l->n != 2 || strcmp(l->words[1], "off") != 0))
		return "jobs: on or off";
	site->jobs = on;
	return NULL;
}

static const char *descriptors_line(struct pmu_site *site, const struct line *l)
{
	return l->n == 2 ? take_number(l->words[1], 1, DESCRIPTORS_MAX, &site->descriptors)
	                 : "descriptors: NUMBER";
}

static const char *linger_line(struct pmu_site *site, const struct line *l)
{
	return l->n == 2 ? take_number(l->words[1], 0, LINGER_MAX, &site->linger)
	                 : "linger: SECONDS";
}

static const char *take_path(const struct line *l, char *ret, size_t size)
{
	if (l->n != 2 || l->words[1][0] != '/' || strstr(l->words[1], "..") != NULL)
		return "an absolute path without .. is needed";
	return copy(ret, size, l->words[1] + 1, "_.-/");
}

static const char *lock_line(struct pmu_site *site, const struct line *l)
{
	return take_path(l, site->lock, sizeof(site->lock));
}

static const char *likwid_line(struct pmu_site *site, const struct line *l)
{
	return take_path(l, site->likwid, sizeof(site->likwid));
}

static const struct {
	const char *word;
	const char *(*take)(struct pmu_site *site, const struct line *l); // what is wrong, or NULL
} kinds[] = {
	{"event", event_line},
	{"role", role_line},
	{"jobs", jobs_line},
	{"descriptors", descriptors_line},
	{"linger", linger_line},
	{"lock", lock_line},
	{"likwid", likwid_line},
};

static const char *split(struct line *l)
{
	char *s = l->text;

	s[strcspn(s, "#")] = '\0';
	for (s += strspn(s, " \t\r"); *s != '\0'; s += strspn(s, " \t\r")) {
		if (l->n == WORDS_MAX)
			return "too many words";
		l->words[l->n++] = s;
		s += strcspn(s, " \t\r");
		if (*s != '\0')
			*s++ = '\0';
	}
	return NULL;
}

static const char *take_line(struct pmu_site *site, struct line *l)
{
	const char *wrong = split(l);

	if (wrong != NULL || l->n == 0)
		return wrong;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(l->words[0], kinds[i].word) == 0)
			return kinds[i].take(site, l);
	}
	return "begins with none of event, role, jobs, descriptors, linger, lock, likwid";
}

void pmu_site_parse(const char *text, struct pmu_site *ret)
{
	*ret = (struct pmu_site){
		.jobs = true,
		.descriptors = 16384,
		.linger = 60,
		.lock = "run/jobsight/pmu.lock",
		.likwid = "run/likwid.lock",
	};
	for (unsigned number = 1; *text != '\0'; number++) {
		size_t n = strcspn(text, "\n");
		struct line l = {.number = number};
		const char *wrong = "the line is too long";

		if (n < sizeof(l.text)) {
			memcpy(l.text, text, n);
			wrong = take_line(ret, &l);
		}
		if (wrong != NULL)
			pmu_site_complain(ret, number, wrong);
		text += n + (text[n] != '\0');
	}
}
