// SPDX-License-Identifier: Apache-2.0
// What a network driver tells through SIOCETHTOOL: its name, firmware, and statistics by names of its
// own. Below a root that is not this machine's, a file sys/class/net/NAME/ethtool with what
// `ethtool -i` and `ethtool -S` print stands in for it.
#pragma once

#include <stdint.h>

#define ETHTOOL_NAME 32

struct ethtool_host {
	int root;
	int socket; // -1: the stand-in
};

struct ethtool_info { // all zero = nothing known
	char driver[ETHTOOL_NAME];
	char firmware[ETHTOOL_NAME];
	char bus[ETHTOOL_NAME];
	char (*names)[ETHTOOL_NAME]; // sanitised
	uint64_t *values;
	unsigned n;
};

// Fills what is all zero or was filled before. A driver without statistics gives n = 0.
int ethtool_describe(const struct ethtool_host *h, const char *interface, struct ethtool_info *i);

// Reads the values. -ESTALE: the driver has others now, describe again.
int ethtool_read(const struct ethtool_host *h, const char *interface, struct ethtool_info *i);

void ethtool_release(struct ethtool_info *i);

// For the stand-in: as ethtool_describe() and ethtool_read() at once, from text that is taken apart.
int ethtool_parse(char *text, struct ethtool_info *i);
