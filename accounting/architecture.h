// SPDX-License-Identifier: Apache-2.0
// A cluster's nodes and partitions as they are gathered from a description, and given one by one.
#pragma once

#include "accounting/connector.h"
#include "common/map.h"

struct arch_node {
	const char *name, *type, *gpu_model;
	int64_t cores, sockets, gpus, memory_bytes; // 0: not said
	double flops;
};

struct arch_partition {
	const char *name;
	int64_t limit_s;
	struct hostlist nodes;
};

struct arch {
	struct problems *problems;
	struct arena arena;
	struct map by_name; // nodes
	struct arch_node *nodes;
	struct arch_partition *partitions;
	size_t n_nodes, n_partitions, room_nodes, room_partitions;
	size_t given;
};

// A node that is there already, or without cores, is reported (where says the place) and left out.
void arch_add_node(struct arch *a, const struct arch_node *node, const char *where);
// Nodes of a partition that is there already are added to it.
void arch_add_partition(
	struct arch *a, const char *name, int64_t limit_s, const struct hostlist *nodes);
int arch_next(void *state, struct record *ret, struct error *err);
void arch_close(void *state);

// Parsers; file names the text in words. What is wrong with a line is reported.
int archfile_parse(const char *file, const char *text, const char *cluster, struct arch *a,
	struct error *err) MUST_USE;
// `scontrol show node`, `scontrol show partition`, both, or slurm.conf.
void slurmconf_parse(const char *file, const char *text, struct arch *a);
