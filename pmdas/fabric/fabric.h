// SPDX-License-Identifier: Apache-2.0
// The PMDA `fabric`: what each port and interface counted last. A row of metrics.def names a field of
// one of these records; a row of counters.def fills it.
#pragma once

#include "pmdas/fabric/ethtool.h"
#include "pmdas/frame/accumulator.h"
#include "pmdas/frame/frame.h"
#include "pmdas/frame/held.h"
#include "pmdas/frame/roster.h"

enum fabric_cluster {
#define CLUSTER(id, number) FABRIC_CLUSTER_##id = (number),
#include "pmdas/fabric/metrics.def"
};

enum fabric_indom {
#define INDOM(id, ...) FABRIC_INDOM_##id,
#include "pmdas/fabric/metrics.def"
	FABRIC_INDOMS
};
#define FABRIC_INDOM_node FRAME_NODE

struct fabric_port {
	struct frame_reading state, physical, rate;
	struct frame_reading in_bytes, out_bytes, in_packets, out_packets;
	struct frame_reading in_unicast, out_unicast, in_multicast, out_multicast;
	struct frame_reading symbol, recovered, downed, corrected, in_replays, out_replays;
	struct frame_reading in_errors, in_remote, in_relay, in_constraint;
	struct frame_reading out_constraint, out_discarded, integrity, overrun, vl15;
	struct frame_reading saturated;
	struct frame_reading out_wait, in_fecn, in_becn, in_becn_ignored, out_becn;
	struct frame_reading in_paused, out_paused;
	struct frame_reading in_reads, in_writes, in_atomics, out_of_buffer, out_of_sequence;
	struct frame_reading sequence_error, duplicate, not_ready, timeouts, lost_packets;
};

struct fabric_interface {
	struct frame_reading state, rate;
	struct frame_reading in_bytes, out_bytes, in_packets, out_packets;
	struct frame_reading in_errors, out_errors, in_drops, out_drops, in_multicast;
	struct frame_reading collisions, in_crc, in_frame, in_length, in_over, in_fifo, in_missed;
	struct frame_reading in_nohandler, in_compressed, out_compressed;
	struct frame_reading out_aborted, out_carrier, out_fifo, out_heartbeat, out_window;
	struct frame_reading carrier_changes;
	struct frame_reading in_rdma_bytes, out_rdma_bytes, in_wire_bytes, out_wire_bytes;
	struct frame_reading in_discarded, out_discarded, in_buffer_drops, out_of_buffer;
	struct frame_reading in_pause, out_pause, ecn_marked, symbol, downed;
};

struct fabric_counter {
	struct frame_reading value;
};

struct fabric_node {
	struct frame_reading port_in, port_out, interface_in, interface_out;
	struct frame_reading ports, active, resets, late;
};

enum fabric_source { // kinds of device, bits of a row's sources
	FABRIC_IB = 1,
	FABRIC_OPA = 2,
	FABRIC_CXI = 4,
	FABRIC_NET = 8,
	FABRIC_ETHTOOL = 16,
};

enum fabric_pace { FABRIC_BYTES, FABRIC_PACKETS, FABRIC_EVENTS };
enum fabric_how { FABRIC_FIRST, FABRIC_ADD };

struct fabric_row { // of counters.def
	unsigned sources;
	enum fabric_cluster cluster;
	const char *file;
	size_t field;
	enum fabric_how how;
	unsigned factor;
	unsigned bits; // 0: 64, or 32 on a port without extended counters
	enum fabric_pace pace;
};

enum {
	FABRIC_ROWS = 0
#define COUNTER(...) +1
#include "pmdas/fabric/counters.def"
};

extern const struct fabric_row fabric_rows[FABRIC_ROWS];

struct fabric_fold {
	struct accumulator sum;
	bool is_wide; // has been seen to need more bits than the table says
};

union fabric_record {
	struct fabric_port port;
	struct fabric_interface interface;
};

struct fabric;

struct fabric_extra { // a counter beyond the table
	struct frame_member unit;
	struct fabric_counter shown, next;
	struct fabric_fold fold;
	char file[96];
};

struct fabric_place {               // of a driver's statistic
	int row;                    // -1 = none
	struct fabric_extra *extra; // NULL = none
};

struct fabric_unit { // a port or an interface
	struct frame_member unit;
	struct fabric *fabric;
	enum fabric_source source;
	char device[64];
	char folder[160];
	uint64_t folder_inode; // of the files that are held
	struct frame_held files[FABRIC_ROWS];
	union fabric_record shown; // under the crew's lock
	union fabric_record next;  // of the worker that is inside
	struct fabric_fold folds[FABRIC_ROWS];
	struct fabric_extra **extras;
	unsigned n_extras;
	struct ethtool_info ethtool;
	struct fabric_place *places; // of each of its statistics
	bool is_narrow;              // data counters of 32 bits
	bool is_counted;             // in the node's sums
	uint64_t rate;               // bytes a second, 0 = not known
	uint64_t resets, late;
	bool shown_before;
	uint64_t in_before, out_before, resets_before, late_before; // what the node's sums have
};

#define FABRIC_PATTERNS 64

struct fabric { // begins with the record of the node's metrics
	struct fabric_node node;
	struct frame_roster roster;
	struct frame_crew *crew;
	int root;
	struct ethtool_host ethtool;
	char patterns[FABRIC_PATTERNS][80];
	unsigned n_patterns;
	bool is_hasty; // there are 32-bit counters of data
	int64_t haste_ns;
};

static inline void fabric_set(struct frame_reading *r, uint64_t value)
{
	*r = (struct frame_reading){.value = value, .known = true};
}

static inline bool fabric_wants(uint64_t want, enum fabric_cluster c)
{
	return want >> c & 1;
}

extern const struct frame_pmda fabric_pmda;

int fabric_open(struct frame *f, const struct frame_options *options, void **ret_state);
void fabric_close(void *state);
void fabric_refresh(struct frame *f, void *state);

// Looks which ports and interfaces there are; find.c.
frame_roster_scan fabric_scan;
void fabric_read_patterns(struct fabric *f);
int fabric_parse_patterns(struct fabric *f, char *text);

// Shows what was read, or that nothing was; fabric.c.
void fabric_publish(void *device, uint64_t want, int64_t now_ns);
void fabric_lose(void *device);

// Reads one; read.c.
void fabric_sample(void *device, uint64_t want);
bool fabric_may_wrap(const struct fabric_unit *u); // between two fetches
void fabric_close_files(struct fabric_unit *u);
void fabric_map_ethtool(struct fabric_unit *u);

// The next reading of a counter: its sum so far.
uint64_t fabric_count(struct fabric_fold *fold, uint64_t raw, unsigned bits, uint64_t rate,
	int64_t now_ns, bool *ret_saturated);

// Bytes a second that a port without a known rate is assumed to have at most: 800 Gb/s.
#define FABRIC_RATE UINT64_C(100000000000)

frame_reader fabric_read_polls;
