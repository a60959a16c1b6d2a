// SPDX-License-Identifier: Apache-2.0
// Reads one port or interface: every file of counters.def that the wanted clusters need, once. Runs in a
// worker; what a driver that hangs costs is this port's own values.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/fabric/fabric.h"
#include "pmdas/fabric/text.h"
#include "pmdas/frame/parse.h"

#define NS_PER_SECOND INT64_C(1000000000)

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

// A counter that went back without a wrap was reset: what it shows now it has counted since.
uint64_t fabric_count(struct fabric_fold *fold, uint64_t raw, unsigned bits, uint64_t rate,
	int64_t now, bool *ret_saturated)
{
	uint64_t mask = bits >= 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	uint64_t resets = fold->sum.resets;
	bool stuck;

	fold->is_wide |= raw > mask;
	if (fold->is_wide) {
		bits = 64;
		mask = UINT64_MAX;
	}
	stuck = bits < 64 && raw == mask && (rate == 0 || fold->sum.last == mask);
	accumulator_fold(&fold->sum, raw, bits, rate, now);
	if (fold->sum.resets != resets)
		fold->sum.total += raw;
	*ret_saturated = stuck;
	return fold->sum.total;
}

// The most that the counter of a row can count in a second, in its own units.
static uint64_t rate_of(const struct fabric_unit *u, const struct fabric_row *row)
{
	uint64_t bytes = u->rate ? u->rate : FABRIC_RATE;

	switch (row->pace) {
	case FABRIC_BYTES:
		return bytes / row->factor;
	case FABRIC_PACKETS:
		return bytes / 8;
	default:
		return 0;
	}
}

static unsigned bits_of(const struct fabric_unit *u, const struct fabric_row *row)
{
	if (row->bits)
		return row->bits;
	return u->is_narrow ? 32 : 64;
}

static void take(struct fabric_unit *u, unsigned index, uint64_t raw, int64_t now)
{
	const struct fabric_row *row = &fabric_rows[index];
	struct frame_reading *field = (void *)((char *)&u->next + row->field);
	struct fabric_fold *fold = &u->folds[index];
	uint64_t resets = fold->sum.resets;
	uint64_t late = fold->sum.late;
	bool stuck = false;
	uint64_t total = fabric_count(fold, raw, bits_of(u, row), rate_of(u, row), now, &stuck);

	u->resets += fold->sum.resets - resets;
	u->late += fold->sum.late - late;
	if (stuck && u->source != FABRIC_NET)
		fabric_set(&u->next.port.saturated, u->next.port.saturated.value + 1);
	if (stuck && row->pace != FABRIC_EVENTS)
		return; // nobody knows how much more there was
	fabric_set(field, field->value + total * row->factor);
}

static int read_counter(int folder, const char *file, uint64_t *ret)
{
	char text[80];
	ssize_t n = frame_read_file(folder, file, text, sizeof(text));

	return n < 0 ? (int)n : fabric_parse_counter(text, ret);
}

static int read_row(struct fabric_unit *u, unsigned i, int folder, int side, uint64_t *ret)
{
	const char *file = fabric_rows[i].file;
	char text[80];
	ssize_t n;

	if (file[0] == '+')
		return read_counter(side, file + 1, ret);
	n = frame_held_read(&u->files[i], folder, file, text, sizeof(text));
	return n < 0 ? (int)n : fabric_parse_counter(text, ret);
}

static void read_rows(struct fabric_unit *u, int folder, int side, uint64_t want)
{
	uint64_t raw = 0;

	for (unsigned i = 0; i < FABRIC_ROWS; i++) {
		const struct fabric_row *row = &fabric_rows[i];
		const struct frame_reading *field =
			(const void *)((const char *)&u->next + row->field);

		if (!(row->sources & u->source) || !fabric_wants(want, row->cluster))
			continue;
		if (row->how == FABRIC_FIRST && field->known)
			continue;
		if (read_row(u, i, folder, side, &raw) == 0)
			take(u, i, raw, now_ns());
	}
}

static void read_extras(struct fabric_unit *u, int folder, int side)
{
	uint64_t raw = 0;
	bool stuck;

	for (unsigned i = 0; i < u->n_extras; i++) {
		struct fabric_extra *e = u->extras[i];
		bool is_side = e->file[0] == '+';

		if (read_counter(is_side ? side : folder, e->file + is_side, &raw) == 0)
			fabric_set(&e->next.value,
				fabric_count(&e->fold, raw, 64, 0, now_ns(), &stuck));
	}
}

// Which row and which further counter each statistic of the driver belongs to, so that a reading need not
// compare names.
void fabric_map_ethtool(struct fabric_unit *u)
{
	const struct ethtool_info *info = &u->ethtool;

	free(u->places);
	u->places = calloc(info->n ? info->n : 1, sizeof(*u->places));
	for (unsigned k = 0; u->places != NULL && k < info->n; k++) {
		u->places[k].row = -1;
		for (unsigned i = 0; i < FABRIC_ROWS; i++) {
			if (fabric_rows[i].sources & FABRIC_ETHTOOL &&
				strcmp(fabric_rows[i].file, info->names[k]) == 0)
				u->places[k].row = (int)i;
		}
		for (unsigned i = 0; i < u->n_extras; i++) {
			if (strcmp(u->extras[i]->file, info->names[k]) == 0)
				u->places[k].extra = u->extras[i];
		}
	}
}

static void read_ethtool(struct fabric_unit *u)
{
	struct ethtool_info *info = &u->ethtool;
	int64_t now;
	bool stuck;
	int rc = ethtool_read(&u->fabric->ethtool, u->device, info);

	if (rc == -ESTALE) {
		rc = ethtool_describe(&u->fabric->ethtool, u->device, info);
		fabric_map_ethtool(u);
		if (rc == 0)
			rc = ethtool_read(&u->fabric->ethtool, u->device, info);
	}
	if (rc < 0 || u->places == NULL)
		return;
	now = now_ns();
	for (unsigned k = 0; k < info->n; k++) {
		const struct fabric_place *p = &u->places[k];

		if (p->row >= 0)
			take(u, (unsigned)p->row, info->values[k], now);
		if (p->extra != NULL)
			fabric_set(&p->extra->next.value,
				fabric_count(&p->extra->fold, info->values[k], 64, 0, now, &stuck));
	}
}

static ssize_t read_text(int folder, const char *file, char *text, size_t size)
{
	ssize_t n = frame_read_file(folder, file, text, size);

	if (n < 0)
		text[0] = '\0';
	return n;
}

static void read_rdma_state(struct fabric_unit *u, int folder)
{
	struct fabric_port *p = &u->next.port;
	char text[80];
	uint64_t value;

	read_text(folder, "state", text, sizeof(text));
	if (fabric_parse_state(text, &value) == 0)
		fabric_set(&p->state, value);
	read_text(folder, "phys_state", text, sizeof(text));
	if (fabric_parse_state(text, &value) == 0)
		fabric_set(&p->physical, value);
	read_text(folder, "rate", text, sizeof(text));
	if (fabric_parse_rate(text, &value) == 0)
		fabric_set(&p->rate, value);
}

static void read_cxi_state(struct fabric_unit *u, int folder)
{
	struct fabric_port *p = &u->next.port;
	char text[80];
	uint64_t value;

	if (read_text(folder, "port/link", text, sizeof(text)) >= 0)
		fabric_set(&p->state, strncmp(text, "up", 2) == 0 ? 4 : 1);
	read_text(folder, "port/speed", text, sizeof(text));
	if (fabric_parse_rate(text, &value) == 0)
		fabric_set(&p->rate, value);
}

// The rate of an interface that is down cannot be read, or is -1.
static void read_net_state(struct fabric_unit *u, int folder)
{
	struct fabric_interface *p = &u->next.interface;
	char text[80];
	uint64_t value;

	if (read_text(folder, "operstate", text, sizeof(text)) >= 0)
		fabric_set(&p->state, strncmp(text, "up", 2) == 0);
	read_text(folder, "speed", text, sizeof(text));
	if (fabric_parse_rate(text, &value) == 0)
		fabric_set(&p->rate, value);
}

// The rate is needed to tell wraps of traffic from resets, so the state is read with the traffic.
static void read_state(struct fabric_unit *u, int folder, uint64_t want)
{
	bool wanted = fabric_wants(want, FABRIC_CLUSTER_STATE) ||
	              fabric_wants(want, FABRIC_CLUSTER_TRAFFIC) ||
	              fabric_wants(want, FABRIC_CLUSTER_NODE);
	const struct frame_reading *rate = &u->next.port.rate;

	if (u->source == FABRIC_NET) {
		rate = &u->next.interface.rate;
		if (fabric_wants(want, FABRIC_CLUSTER_INTERFACE))
			read_net_state(u, folder);
	} else if (wanted) {
		if (u->source == FABRIC_CXI)
			read_cxi_state(u, folder);
		else
			read_rdma_state(u, folder);
	}
	if (rate->known)
		u->rate = rate->value;
}

// The sums of the node are made of traffic.
static uint64_t widen(uint64_t want)
{
	if (fabric_wants(want, FABRIC_CLUSTER_NODE))
		want |= UINT64_C(1) << FABRIC_CLUSTER_TRAFFIC | UINT64_C(1)
		                                                        << FABRIC_CLUSTER_INTERFACE;
	return want;
}

void fabric_close_files(struct fabric_unit *u)
{
	for (unsigned i = 0; i < FABRIC_ROWS; i++)
		frame_held_close(&u->files[i]);
}

// The device's folder; the files that are held are those of this one, not of one that was pulled.
static int open_folder(struct fabric_unit *u)
{
	int fd = openat(u->fabric->root, u->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st = {0};

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != u->folder_inode)
		fabric_close_files(u);
	u->folder_inode = st.st_ino;
	return fd;
}

bool fabric_may_wrap(const struct fabric_unit *u)
{
	return u->is_narrow && !(u->folds[0].is_wide && u->folds[1].is_wide);
}

// The clock asks for what may wrap: of most ports, nothing.
static bool has_nothing_to_do(const struct fabric_unit *u, uint64_t want)
{
	return !(want & ~(FRAME_LOOK | FRAME_TICK)) && !fabric_may_wrap(u);
}

static void sample(struct fabric_unit *u, uint64_t want)
{
	int root = u->fabric->root;
	int folder = open_folder(u);
	int side = -1;

	memset(&u->next, 0, sizeof(u->next));
	for (unsigned i = 0; i < u->n_extras; i++)
		u->extras[i]->next = (struct fabric_counter){0};
	if (folder < 0)
		return; // unplugged
	if (want & FRAME_TICK)
		want |= UINT64_C(1) << FABRIC_CLUSTER_TRAFFIC;
	want = widen(want);
	if (u->source == FABRIC_CXI && (fabric_wants(want, FABRIC_CLUSTER_RETRY) ||
					       fabric_wants(want, FABRIC_CLUSTER_COUNTER))) {
		char path[80];

		pmsprintf(path, sizeof(path), "var/run/cxi/%s", u->device);
		side = openat(root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (u->source != FABRIC_NET && fabric_wants(want, FABRIC_CLUSTER_ERRORS))
		fabric_set(&u->next.port.saturated, 0);
	read_state(u, folder, want);
	read_rows(u, folder, side, want);
	if (u->source == FABRIC_NET) {
		if (u->ethtool.n && (fabric_wants(want, FABRIC_CLUSTER_DRIVER) ||
					    fabric_wants(want, FABRIC_CLUSTER_COUNTER)))
			read_ethtool(u);
	} else if (fabric_wants(want, FABRIC_CLUSTER_COUNTER)) {
		read_extras(u, folder, side);
	}
	close(folder);
	if (side >= 0)
		close(side);
}

void fabric_sample(void *device, uint64_t want)
{
	struct fabric_unit *u = device;

	if (!has_nothing_to_do(u, want))
		sample(u, want);
}
