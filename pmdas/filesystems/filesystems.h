// SPDX-License-Identifier: Apache-2.0
// The PMDA `filesystems`: what the clients of shared file systems counted last. A row of metrics.def
// names a field of one of these records.
#pragma once

#include "pmdas/frame/frame.h"
#include "pmdas/frame/roster.h"

enum filesystems_cluster {
#define CLUSTER(id, number) FILESYSTEMS_CLUSTER_##id = (number),
#include "pmdas/filesystems/metrics.def"
};

enum filesystems_indom {
#define INDOM(id, ...) FILESYSTEMS_INDOM_##id,
#include "pmdas/filesystems/metrics.def"
	FILESYSTEMS_INDOMS
};
#define FILESYSTEMS_INDOM_node FRAME_NODE

struct filesystems_lustre {
	struct frame_reading read_bytes, write_bytes, reads, writes;
	struct frame_reading opens, closes, seeks, fsyncs, readdirs, getattrs, setattrs;
	struct frame_reading creates, unlinks, mkdirs, rmdirs, renames, metadata, hits, misses;
};

struct filesystems_lustre_target {
	struct frame_reading read_bytes, write_bytes, reads, writes, requests, wait, metadata;
};

struct filesystems_lustre_operation {
	struct frame_reading samples, sum, minimum, maximum, squares;
	char unit[16];
};

struct filesystems_lnet {
	struct frame_reading messages, messages_max, errors, send_count, recv_count, route_count;
	struct frame_reading drop_count, send_length, recv_length, route_length, drop_length;
};

struct filesystems_nfs {
	struct frame_reading bytes[8], events[27], age;
	struct frame_reading operations, transmissions, timeouts, errors, rtt, execute;
	struct frame_reading sent, received;
	struct frame_reading binds, connects, sends, receives, bad_xids, in_flight, backlog;
};

struct filesystems_nfs_operation {
	struct frame_reading count, transmissions, timeouts, sent, received, queue, rtt, execute,
		errors;
};

struct filesystems_gpfs {
	struct frame_reading read_bytes, write_bytes, opens, closes, reads, writes, readdirs;
	struct frame_reading inode_updates, disks;
};

struct filesystems_beegfs {
	struct frame_reading meta_servers, storage_servers, tcp, rdma;
	struct frame_reading buffers, delayed_close, delayed_entry, delayed_range, acks;
};

struct filesystems_node {
	struct filesystems_lnet lnet;
	struct frame_reading unknown;
	char gpfs[8];
};

// Counters of a record, made to grow only: the readings of a record are an array to it.
struct filesystems_fold {
	uint64_t before;
	uint64_t total;
	bool begun;
};

#define FILESYSTEMS_READINGS(record) (sizeof(record) / sizeof(struct frame_reading))

struct nfs;
struct gpfs;

struct filesystems { // begins with the record of the node's metrics
	struct filesystems_node node;
	struct frame_roster roster;
	struct frame_crew *crew;
	int root;
	// sys/kernel/debug/lustre and lnet, opened with the rights that it takes to get there; -1 = none
	int debug_lustre;
	int debug_lnet;
	uint64_t unknown_lustre, unknown_nfs, unknown_gpfs;
	struct filesystems_lnet lnet;
	struct filesystems_fold lnet_folds[FILESYSTEMS_READINGS(struct filesystems_lnet)];
	struct nfs *nfs;
	struct gpfs *gpfs;
};

static inline void filesystems_set(struct frame_reading *r, uint64_t value)
{
	*r = (struct frame_reading){.value = value, .known = true};
}

// Puts the next reading of a counter into a field of a record: what it has counted since the first one,
// and that. One that went back was cleared, and has counted what it shows since.
void filesystems_count(
	void *record, struct filesystems_fold *folds, struct frame_reading *field, uint64_t raw);

// A name from outside as part of an instance's: what is not a letter, digit or one of /._-+@,=: becomes _.
// One that is too long is cut and gets a number made of all of it.
void filesystems_name(char *ret, size_t size, const char *raw);

// A decimal number at *s, moved behind it and the blanks after it. 0, -EINVAL or -ERANGE.
int filesystems_take(const char **s, uint64_t *ret);

// Cuts the next line out of *text; NULL at the end.
char *filesystems_line(char **text);

// A whole file of any size up to a few MiB, to be freed; NULL if it cannot be read.
char *filesystems_read(int root, const char *path);

extern const struct frame_pmda filesystems_pmda;

int filesystems_open(struct frame *f, const struct frame_options *options, void **ret_state);
void filesystems_close(void *state);
void filesystems_refresh(struct frame *f, void *state);

frame_reader filesystems_read_polls;
