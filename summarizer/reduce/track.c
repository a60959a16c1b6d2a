// SPDX-License-Identifier: Apache-2.0
// From samples to steps: increases of counters with wraps and resets.
#include "summarizer/reduce/track.h"

#include <stdlib.h>

#include "common/clock.h"
#include "common/memory.h"

#define GAP_FACTOR 5

bool cadence_is_gap(struct cadence *c, int64_t step_ns, int64_t every_s, bool is_odd)
{
	if (is_odd && c->longest_ns == 0)
		return false;
	int64_t least = every_s * NS_PER_S;
	if (c->longest_ns && c->gap_ns && step_ns > GAP_FACTOR * c->longest_ns)
		c->longest_ns = c->gap_ns < step_ns ? c->gap_ns : step_ns;
	int64_t usual = c->longest_ns > least ? c->longest_ns : least;
	bool is_gap = c->longest_ns > 0 && step_ns > GAP_FACTOR * usual;
	c->gap_ns = is_gap ? step_ns : 0;
	if (!is_gap && step_ns > c->longest_ns)
		c->longest_ns = step_ns;
	return is_gap;
}

// The increase of an integer counter that wraps at 2^bits. More than half the range at once is no
// wrap: the counter fell because it started anew, and what it grew by is not known.
static bool integer_increase(uint64_t from, uint64_t to, unsigned bits, uint64_t *ret)
{
	uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	*ret = (to - from) & mask;
	return (to & mask) >= (from & mask) || *ret <= mask / 2;
}

static void step_counter(struct track *c, struct cell *x, uint64_t bits, double value)
{
	bool is_good = true;
	if (c->is_float) {
		x->step = value - x->value;
		is_good = x->step >= 0;
	} else {
		is_good = integer_increase(x->bits, bits, c->bits, &x->increase);
		x->step = (double)x->increase;
	}
	x->has_step = is_good;
	if (!is_good)
		c->is_reset = true;
	x->total += is_good ? x->increase : 0;
	x->steps += is_good;
}

// A job that is new began since the sample before, with its counters at zero.
static bool is_followed(const struct track *c, const struct cell *x)
{
	if (x->sample == 0)
		return c->plan->is_of_jobs && c->is_counter;
	return x->sample == c->filled;
}

// false: it is there twice in one sample, or no number.
static inline bool take(struct track *c, struct cell *x, uint64_t bits)
{
	double value = archive_bits_number(bits, c->type);
	if (x->sample == c->sample || value != value)
		return false;
	x->has_step = c->has_step && is_followed(c, x);
	x->increase = 0;
	x->step = 0;
	if (x->has_step && c->is_counter)
		step_counter(c, x, bits, value);
	x->before = x->value;
	x->value = value;
	x->bits = bits;
	x->sample = c->sample;
	return true;
}

static void grow_cells(struct track *c)
{
	size_t n = c->domain->n;
	if (n <= c->n_cells)
		return;
	n = n < 2 * c->n_cells ? 2 * c->n_cells : n;
	c->cells = memory_resize(c->cells, n, sizeof(*c->cells));
	memset(c->cells + c->n_cells, 0, (n - c->n_cells) * sizeof(*c->cells));
	c->present = memory_resize(c->present, n, sizeof(*c->present));
	c->n_cells = n;
}

// Instances keep their places from record to record, so the row is mostly where it was.
static uint32_t row_of(struct track_slot *s, size_t i, int32_t id)
{
	struct guess *g = &s->guesses[i];
	if (g->id != id || g->row == NO_ROW)
		*g = (struct guess){.id = id, .row = id_map_row(s->ids, id)};
	return g->row;
}

static void grow_guesses(struct track_slot *s, size_t n)
{
	if (n > s->n_guesses) {
		s->guesses = memory_resize(s->guesses, n, sizeof(*s->guesses));
		s->n_guesses = n;
		s->version = s->ids->version + 1; // all are to be made anew
	}
	if (s->version == s->ids->version)
		return;
	for (size_t i = 0; i < s->n_guesses; i++)
		s->guesses[i].row = NO_ROW;
	s->version = s->ids->version;
}

// What the descriptor says; the same metric may be of another type in a later archive.
static void describe(struct track *c, const struct track_slot *s)
{
	if (c->epoch.run && c->type == s->type &&
		c->is_counter == (s->semantics == ARCHIVE_COUNTER))
		return;
	c->type = s->type;
	c->kinds++;
	c->is_counter = s->semantics == ARCHIVE_COUNTER;
	c->is_held = s->semantics == ARCHIVE_DISCRETE;
	c->is_float = s->type == ARCHIVE_TYPE_FLOAT || s->type == ARCHIVE_TYPE_DOUBLE;
	c->bits = s->type <= ARCHIVE_TYPE_U32 ? 32 : 64;
	if (c->plan->bits && c->plan->bits < c->bits)
		c->bits = c->plan->bits;
	c->epoch = (struct epoch){0};
}

static void take_set(
	struct track_slot *s, const struct archive_record *r, const struct archive_set *set)
{
	struct track *c = s->track;
	uint32_t *present = c->present;
	size_t n = 0;
	for (int32_t i = 0; i < set->n; i++) {
		uint64_t bits = 0;
		uint32_t row = row_of(s, (size_t)i, archive_value_instance(set, i));
		if (row == NO_ROW || !archive_value_bits(r, set, i, s->type, &bits))
			continue;
		if (take(c, &c->cells[row], bits))
			present[n++] = row;
	}
	c->n_present = n;
}

bool track_sample(struct track_slot *s, const struct archive_record *r,
	const struct archive_set *set, struct epoch epoch)
{
	struct track *c = s->track;
	describe(c, s);
	bool is_empty = set->n == 0 && c->plan->is_of_jobs; // there are no jobs
	if ((set->n <= 0 && !is_empty) || (c->epoch.run == epoch.run && r->time_ns == c->time_ns))
		return false;
	int64_t step = r->time_ns - c->time_ns;
	bool follows = c->epoch.run == epoch.run && step > 0;
	bool is_same_part = follows && c->epoch.part == epoch.part;
	if (!is_same_part)
		c->cadence = (struct cadence){0};
	c->is_gap = is_same_part &&
	            cadence_is_gap(&c->cadence, step, c->plan->every_s, c->is_odd || s->is_odd);
	c->is_odd = s->is_odd;
	c->has_step = follows && !c->is_gap;
	c->before_ns = c->time_ns;
	c->time_ns = r->time_ns;
	c->epoch = epoch;
	c->is_reset = false;
	c->filled = c->n_present ? c->sample : c->filled;
	c->sample++;
	if (!c->has_step)
		c->filled = c->sample;
	c->n_present = 0;
	grow_cells(c);
	grow_guesses(s, (size_t)set->n);
	take_set(s, r, set);
	c->totals.length_ns += c->has_step ? c->time_ns - c->before_ns : 0;
	c->totals.samples++;
	c->totals.resets += c->has_step && c->is_reset;
	return true;
}

void track_release(struct track *c)
{
	free(c->cells);
	free(c->present);
	*c = (struct track){0};
}
