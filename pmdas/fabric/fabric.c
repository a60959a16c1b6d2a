// SPDX-License-Identifier: Apache-2.0
// The life of the PMDA `fabric`: what was read is shown, and summed up for the node.
#include "pmdas/fabric/fabric.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"

// A counter of 32 bits and 4 octets is read twice in the time in which it can wrap, but not more often
// than this.
#define HASTE_MIN_NS INT64_C(50000000)
#define NARROW_RANGE (UINT64_C(4) << 32)

const struct fabric_row fabric_rows[FABRIC_ROWS] = {
#define SOURCES_IB      FABRIC_IB
#define SOURCES_OPA     FABRIC_OPA
#define SOURCES_IB_OPA  (FABRIC_IB | FABRIC_OPA)
#define SOURCES_CXI     FABRIC_CXI
#define SOURCES_NET     FABRIC_NET
#define SOURCES_ETHTOOL FABRIC_ETHTOOL
#define RECORD_IB       fabric_port
#define RECORD_OPA      fabric_port
#define RECORD_IB_OPA   fabric_port
#define RECORD_CXI      fabric_port
#define RECORD_NET      fabric_interface
#define RECORD_ETHTOOL  fabric_interface
#define COUNTER(sources_, cluster_, file_, field_, how_, factor_, bits_, pace_) \
	{.sources = SOURCES_##sources_,                                         \
		.cluster = FABRIC_CLUSTER_##cluster_,                           \
		.file = (file_),                                                \
		.field = offsetof(struct RECORD_##sources_, field_),            \
		.how = FABRIC_##how_,                                           \
		.factor = (factor_),                                            \
		.bits = (bits_),                                                \
		.pace = FABRIC_##pace_},
#include "pmdas/fabric/counters.def"
};

int fabric_read_polls(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct fabric *f = record;

	(void)m;
	ret->ull = frame_crew_polls(f->crew);
	return PMDA_FETCH_STATIC;
}

static void add(
	struct frame_reading *sum, uint64_t *before, const struct frame_reading *now, bool begins)
{
	if (!now->known)
		return;
	if (!begins && now->value > *before)
		sum->value += now->value - *before;
	*before = now->value;
}

static void add_up(struct fabric_unit *u)
{
	struct fabric_node *n = &u->fabric->node;
	bool is_net = u->source == FABRIC_NET;
	const struct frame_reading *in =
		is_net ? &u->shown.interface.in_bytes : &u->shown.port.in_bytes;
	const struct frame_reading *out =
		is_net ? &u->shown.interface.out_bytes : &u->shown.port.out_bytes;

	n->resets.value += u->resets - u->resets_before;
	n->late.value += u->late - u->late_before;
	u->resets_before = u->resets;
	u->late_before = u->late;
	if (!u->is_counted || !in->known || !out->known)
		return;
	add(is_net ? &n->interface_in : &n->port_in, &u->in_before, in, !u->shown_before);
	add(is_net ? &n->interface_out : &n->port_out, &u->out_before, out, !u->shown_before);
	u->shown_before = true;
}

// Asks for more readings once a 32-bit counter of data has been found.
static void hasten(struct fabric_unit *u)
{
	struct fabric *f = u->fabric;
	uint64_t rate = u->rate ? u->rate : FABRIC_RATE;
	int64_t ns =
		(int64_t)(NARROW_RANGE * UINT64_C(500000000) / (rate < 1000000 ? 1000000 : rate));

	if (!fabric_may_wrap(u) || !u->shown.port.in_bytes.known)
		return;
	frame_crew_hasten(f->crew, ns < HASTE_MIN_NS ? HASTE_MIN_NS : ns);
}

void fabric_publish(void *device, uint64_t want, int64_t now_ns)
{
	struct fabric_unit *u = device;

	(void)want, (void)now_ns;
	u->shown = u->next;
	for (unsigned i = 0; i < u->n_extras; i++)
		u->extras[i]->shown = u->extras[i]->next;
	add_up(u);
	if (u->source == FABRIC_IB)
		hasten(u);
}

void fabric_lose(void *device)
{
	struct fabric_unit *u = device;

	memset(&u->shown, 0, sizeof(u->shown));
	for (unsigned i = 0; i < u->n_extras; i++)
		u->extras[i]->shown = (struct fabric_counter){0};
}

void fabric_refresh(struct frame *frame, void *state)
{
	struct fabric *f = state;
	uint64_t ports = 0;
	uint64_t active = 0;

	frame_roster_refresh(&f->roster, frame);
	for (const struct frame_member *unit = f->roster.units; unit != NULL; unit = unit->next) {
		const struct fabric_unit *u = (const struct fabric_unit *)unit;

		if (unit->indom != FABRIC_INDOM_port || !unit->present)
			continue;
		ports++;
		active += u->shown.port.state.known && u->shown.port.state.value == 4;
	}
	fabric_set(&f->node.ports, ports);
	fabric_set(&f->node.active, active);
}

static void set_up(struct fabric *f, struct frame *frame)
{
	struct fabric_node *n = &f->node;

	f->crew = frame->crew;
	f->roster.state = f;
	f->roster.scan = fabric_scan;
	f->roster.n_indoms = FABRIC_INDOMS;
	fabric_set(&n->port_in, 0);
	fabric_set(&n->port_out, 0);
	fabric_set(&n->interface_in, 0);
	fabric_set(&n->interface_out, 0);
	fabric_set(&n->resets, 0);
	fabric_set(&n->late, 0);
}

int fabric_open(struct frame *frame, const struct frame_options *options, void **ret_state)
{
	struct fabric *f = calloc(1, sizeof(*f));
	int rc;

	if (f == NULL)
		return -ENOMEM;
	set_up(f, frame);
	f->ethtool.socket = -1;
	f->root = frame_open_root(options->root);
	f->ethtool.root = f->root;
	rc = f->root < 0 ? f->root : 0;
	if (rc == 0 && options->root[0] == '\0') {
		f->ethtool.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (f->ethtool.socket < 0)
			rc = -errno;
	}
	if (rc == 0) {
		fabric_read_patterns(f);
		rc = frame_roster_start(&f->roster, frame);
	}
	if (rc < 0) {
		fabric_close(f);
		return rc;
	}
	*ret_state = f;
	return 0;
}

static void release(struct frame_member *unit)
{
	struct fabric_unit *u = (struct fabric_unit *)unit;

	if (unit->indom != FABRIC_INDOM_counter) {
		free(u->extras); // each is a unit of its own
		free(u->places);
		fabric_close_files(u);
		ethtool_release(&u->ethtool);
	}
	free(unit);
}

void fabric_close(void *state)
{
	struct fabric *f = state;

	frame_roster_free(&f->roster, release);
	if (f->ethtool.socket >= 0)
		close(f->ethtool.socket);
	if (f->root >= 0)
		close(f->root);
	free(f);
}
