// SPDX-License-Identifier: Apache-2.0
// Asks network drivers for their statistics; see ethtool.h. Only commands that read are ever sent.
#include "pmdas/fabric/ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <pcp/pmapi.h>

#include "common/macro.h"
#include "pmdas/fabric/text.h"
#include "pmdas/frame/parse.h"

#define STATISTICS_MAX 65536
#define TEXT_BYTES     (1 << 20)

// The driver writes as many values as it has now, whatever it was asked for: the room is twice as much
// as it had a moment ago.
#define ROOM(n) (2 * (size_t)(n) + 1024)

static int command(const struct ethtool_host *h, const char *interface, void *data)
{
	struct ifreq request = {.ifr_data = data};

	pmsprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(h->socket, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

static int ask_driver(
	const struct ethtool_host *h, const char *interface, struct ethtool_drvinfo *ret)
{
	int rc;

	*ret = (struct ethtool_drvinfo){.cmd = ETHTOOL_GDRVINFO};
	rc = command(h, interface, ret);
	if (rc == 0 && ret->n_stats > STATISTICS_MAX)
		return -E2BIG;
	return rc;
}

static int make_room(struct ethtool_info *i, unsigned n)
{
	free(i->names);
	free(i->values);
	i->n = 0;
	i->names = calloc(n ? n : 1, sizeof(*i->names));
	i->values = calloc(n ? n : 1, sizeof(*i->values));
	return i->names && i->values ? 0 : -ENOMEM;
}

static int ask_names(
	const struct ethtool_host *h, const char *interface, unsigned n, struct ethtool_info *i)
{
	struct ethtool_gstrings *s = calloc(1, sizeof(*s) + ROOM(n) * ETH_GSTRING_LEN);
	int rc = 0;

	if (s == NULL)
		return -ENOMEM;
	s->cmd = ETHTOOL_GSTRINGS;
	s->string_set = ETH_SS_STATS;
	s->len = n;
	if (n)
		rc = command(h, interface, s);
	for (unsigned k = 0; rc == 0 && k < n; k++) {
		char name[ETH_GSTRING_LEN + 1] = "";

		memcpy(name, s->data + (size_t)k * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
		fabric_copy_word(i->names[k], sizeof(i->names[k]), name);
	}
	if (rc == 0)
		i->n = n;
	free(s);
	return rc;
}

static int describe_driver(
	const struct ethtool_host *h, const char *interface, struct ethtool_info *i)
{
	struct ethtool_drvinfo d;

	TRY(ask_driver(h, interface, &d));
	d.driver[sizeof(d.driver) - 1] = '\0';
	d.fw_version[sizeof(d.fw_version) - 1] = '\0';
	d.bus_info[sizeof(d.bus_info) - 1] = '\0';
	fabric_copy_word(i->driver, sizeof(i->driver), d.driver);
	fabric_copy_word(i->firmware, sizeof(i->firmware), d.fw_version);
	fabric_copy_word(i->bus, sizeof(i->bus), d.bus_info);
	TRY(make_room(i, d.n_stats));
	return ask_names(h, interface, d.n_stats, i);
}

static int read_driver(const struct ethtool_host *h, const char *interface, struct ethtool_info *i)
{
	AUTO_FREE struct ethtool_stats *s = NULL;
	struct ethtool_drvinfo d;

	TRY(ask_driver(h, interface, &d));
	if (d.n_stats != i->n)
		return -ESTALE;
	if (i->n == 0)
		return 0;
	s = calloc(1, sizeof(*s) + ROOM(i->n) * sizeof(s->data[0]));
	if (s == NULL)
		return -ENOMEM;
	s->cmd = ETHTOOL_GSTATS;
	s->n_stats = i->n;
	TRY(command(h, interface, s));
	if (s->n_stats != i->n)
		return -ESTALE;
	memcpy(i->values, s->data, i->n * sizeof(s->data[0]));
	return 0;
}

static int add_statistic(struct ethtool_info *i, unsigned room, const char *name, uint64_t value)
{
	if (i->n == room)
		return -E2BIG;
	fabric_copy_word(i->names[i->n], sizeof(i->names[0]), name);
	i->values[i->n++] = value;
	return 0;
}

int ethtool_parse(char *text, struct ethtool_info *i)
{
	unsigned lines = 0;
	char *name = NULL;
	char *value = NULL;
	uint64_t number;
	int rc;

	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n';
	if (lines >= STATISTICS_MAX)
		return -E2BIG;
	rc = make_room(i, lines + 1);
	while (rc == 0 && fabric_next_statistic(&text, &name, &value)) {
		if (strcmp(name, "driver") == 0)
			fabric_copy_word(i->driver, sizeof(i->driver), value);
		else if (strcmp(name, "firmware-version") == 0)
			fabric_copy_word(i->firmware, sizeof(i->firmware), value);
		else if (strcmp(name, "bus-info") == 0)
			fabric_copy_word(i->bus, sizeof(i->bus), value);
		else if (fabric_parse_counter(value, &number) == 0)
			rc = add_statistic(i, lines + 1, name, number);
	}
	return rc;
}

static int read_stand_in(
	const struct ethtool_host *h, const char *interface, struct ethtool_info *i)
{
	AUTO_FREE char *text = malloc(TEXT_BYTES);
	char path[64];
	ssize_t n;

	if (text == NULL)
		return -ENOMEM;
	pmsprintf(path, sizeof(path), "sys/class/net/%s/ethtool", interface);
	n = frame_read_file(h->root, path, text, TEXT_BYTES);
	return n < 0 ? (int)n : ethtool_parse(text, i);
}

int ethtool_describe(const struct ethtool_host *h, const char *interface, struct ethtool_info *i)
{
	int rc = h->socket < 0 ? read_stand_in(h, interface, i) : describe_driver(h, interface, i);

	if (rc < 0)
		i->n = 0;
	return rc;
}

int ethtool_read(const struct ethtool_host *h, const char *interface, struct ethtool_info *i)
{
	unsigned n = i->n;

	if (h->socket >= 0)
		return read_driver(h, interface, i);
	TRY(read_stand_in(h, interface, i));
	return i->n == n ? 0 : -ESTALE;
}

void ethtool_release(struct ethtool_info *i)
{
	free(i->names);
	free(i->values);
	*i = (struct ethtool_info){0};
}
