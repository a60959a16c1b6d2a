// SPDX-License-Identifier: Apache-2.0
// Finds the ports and interfaces that there are, and what describes them. Runs in a worker in each round:
// what is known already costs one look at a folder.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/fabric/fabric.h"
#include "pmdas/fabric/text.h"
#include "pmdas/frame/parse.h"
#include "pmdas/frame/set.h"

#define ARPHRD_INFINIBAND 32
#define EXTRAS_MAX        2048 // of one port

#define PATTERNS_FILE  "etc/jobsight/fabric-counters"
#define PATTERNS_BYTES 8192

static void close_folder(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

// The next entry that is not hidden and can be the name of an instance as it is.
static const char *next_name(DIR *dir)
{
	struct dirent *e;

	while ((e = readdir(dir)) != NULL) { // NOLINT(concurrency-mt-unsafe): a stream of our own
		char word[sizeof(e->d_name)];

		fabric_copy_word(word, sizeof(word), e->d_name);
		if (e->d_name[0] != '.' && strcmp(word, e->d_name) == 0 &&
			strchr(word, ' ') == NULL && strchr(word, '/') == NULL)
			return e->d_name;
	}
	return NULL;
}

// The text of a file as a word; "" when there is none.
static void read_word(int folder, const char *file, char *ret, size_t size)
{
	char text[256];

	ret[0] = '\0';
	if (frame_read_file(folder, file, text, sizeof(text)) >= 0)
		fabric_copy_word(ret, size, text);
}

// The last part of where a link leads, as in "driver".
static void read_link(int folder, const char *file, char *ret, size_t size)
{
	char text[256];
	ssize_t n = readlinkat(folder, file, text, sizeof(text) - 1);
	const char *last;

	ret[0] = '\0';
	if (n < 0)
		return;
	text[n] = '\0';
	last = strrchr(text, '/');
	fabric_copy_word(ret, size, last ? last + 1 : text);
}

static bool exists(int folder, const char *file)
{
	return faccessat(folder, file, F_OK, 0) == 0;
}

static struct fabric_unit *new_unit(
	struct fabric *f, enum fabric_source source, const char *name, const char *device)
{
	struct fabric_unit *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->unit.indom = source == FABRIC_NET ? FABRIC_INDOM_interface : FABRIC_INDOM_port;
	pmsprintf(u->unit.instance.name, sizeof(u->unit.instance.name), "%s", name);
	u->unit.instance.record = &u->shown;
	u->unit.work = (struct frame_work){.device = u,
		.sample = fabric_sample,
		.publish = fabric_publish,
		.lose = fabric_lose,
		.clusters = ~(UINT64_C(1) << FABRIC_CLUSTER_CONTROL)};
	u->fabric = f;
	u->source = source;
	pmsprintf(u->device, sizeof(u->device), "%s", device);
	return u;
}

// Counters that a row shows need not be shown twice.
static bool has_row(const struct fabric_unit *u, const char *file)
{
	unsigned source = u->source == FABRIC_NET ? FABRIC_ETHTOOL : u->source;

	for (unsigned i = 0; i < FABRIC_ROWS; i++) {
		if (fabric_rows[i].sources & source && strcmp(fabric_rows[i].file, file) == 0)
			return true;
	}
	return false;
}

static bool is_picked(const struct fabric *f, const char *name)
{
	for (unsigned i = 0; i < f->n_patterns; i++) {
		if (fnmatch(f->patterns[i], name, 0) == 0)
			return true;
	}
	return false;
}

static void add_extra(struct fabric_unit *u, const char *counter, const char *file)
{
	struct fabric_extra **extras;
	struct fabric_extra *e;
	char name[sizeof(e->unit.instance.name)];
	char whole[512];

	pmsprintf(whole, sizeof(whole), "%s/%s", u->unit.instance.name, counter);
	if (strlen(whole) >= sizeof(name) || strlen(file) >= sizeof(e->file) ||
		u->n_extras >= EXTRAS_MAX || has_row(u, file) || !is_picked(u->fabric, whole))
		return;
	memcpy(name, whole, strlen(whole) + 1);
	for (char *c = name; *c != '\0'; c++) {
		if (*c == ' ')
			*c = '_';
	}
	if (frame_roster_see(&u->fabric->roster, FABRIC_INDOM_counter, name) != NULL)
		return;
	extras = realloc(u->extras, (u->n_extras + 1) * sizeof(struct fabric_extra *));
	if (extras == NULL)
		return;
	u->extras = extras;
	e = calloc(1, sizeof(*e));
	if (e == NULL)
		return;
	e->unit.indom = FABRIC_INDOM_counter;
	memcpy(e->unit.instance.name, name, sizeof(name));
	e->unit.instance.record = &e->shown;
	memcpy(e->file, file, strlen(file) + 1);
	if (!frame_roster_add(&u->fabric->roster, &e->unit)) {
		free(e);
		return;
	}
	u->extras[u->n_extras++] = e;
}

static void add_extras_of(struct fabric_unit *u, const char *path, const char *prefix)
{
	CLEANUP(close_folder) DIR *dir = frame_open_folder(u->fabric->root, path);
	const char *name;

	while (dir != NULL && (name = next_name(dir)) != NULL) {
		char file[300];

		// "lifespan" is how long the driver keeps a reading; what resets is never touched.
		if (strcmp(name, "lifespan") == 0 || strstr(name, "reset") != NULL)
			continue;
		pmsprintf(file, sizeof(file), "%s%s", prefix, name);
		add_extra(u, name, file);
	}
}

static void find_extras(struct fabric_unit *u)
{
	char path[200];

	switch (u->source) {
	case FABRIC_NET:
		for (unsigned i = 0; i < u->ethtool.n; i++)
			add_extra(u, u->ethtool.names[i], u->ethtool.names[i]);
		fabric_map_ethtool(u);
		break;
	case FABRIC_CXI:
		pmsprintf(path, sizeof(path), "%s/telemetry", u->folder);
		add_extras_of(u, path, "telemetry/");
		pmsprintf(path, sizeof(path), "var/run/cxi/%s", u->device);
		add_extras_of(u, path, "+");
		break;
	default:
		pmsprintf(path, sizeof(path), "%s/hw_counters", u->folder);
		add_extras_of(u, path, "hw_counters/");
	}
}

// The network interface of a port: by its address table, or the only one of the device.
static void find_netdev(int device, int port, char *ret, size_t size)
{
	CLEANUP(close_folder) DIR *dir = NULL;
	const char *name;

	read_word(port, "gid_attrs/ndevs/0", ret, size);
	if (ret[0] != '\0')
		return;
	dir = frame_open_folder(device, "device/net");
	name = dir == NULL ? NULL : next_name(dir);
	if (name != NULL)
		fabric_copy_word(ret, size, name);
}

static void describe_rdma(struct fabric_unit *u, int device, const char *number)
{
	struct frame_member *unit = &u->unit;
	int port = openat(u->fabric->root, u->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool is_virtual = exists(device, "device/physfn");
	char driver[32];
	char layer[32];
	char word[64];

	read_link(device, "device/driver", driver, sizeof(driver));
	read_word(port, "link_layer", layer, sizeof(layer));
	if (strncmp(driver, "hfi1", 4) == 0)
		u->source = FABRIC_OPA;
	frame_label(&unit->instance, "fabric",
		u->source == FABRIC_OPA          ? "omnipath"
		: strcmp(layer, "Ethernet") == 0 ? "roce"
						 : "infiniband");
	frame_label(&unit->instance, "device", u->device);
	frame_label(&unit->instance, "port", number);
	frame_label(&unit->instance, "link_layer", layer);
	read_word(device, "node_guid", word, sizeof(word));
	frame_label(&unit->instance, "guid", word);
	read_word(port, "lid", word, sizeof(word));
	frame_label(&unit->instance, "lid", word);
	find_netdev(device, port, word, sizeof(word));
	frame_label(&unit->instance, "netdev", word);
	frame_label(&unit->instance, "driver", driver);
	read_word(device, "fw_ver", word, sizeof(word));
	frame_label(&unit->instance, "firmware", word);
	read_word(device, "board_id", word, sizeof(word));
	frame_label(&unit->instance, "board", word);
	frame_label(&unit->instance, "vf", is_virtual ? "true" : "");
	u->is_counted = !is_virtual;
	u->is_narrow = !exists(port, "counters/unicast_rcv_packets");
	if (port >= 0)
		close(port);
}

static void find_rdma_ports(struct fabric *f, const char *device)
{
	CLEANUP(close_folder) DIR *dir = NULL;
	char path[128];
	const char *number;
	int fd;

	pmsprintf(path, sizeof(path), "sys/class/infiniband/%s", device);
	fd = openat(f->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	dir = frame_open_folder(fd, "ports");
	while (dir != NULL && (number = next_name(dir)) != NULL) {
		struct fabric_unit *u;
		char name[100];

		pmsprintf(name, sizeof(name), "%.63s:%.16s", device, number);
		u = (struct fabric_unit *)frame_roster_see(&f->roster, FABRIC_INDOM_port, name);
		if (u == NULL) {
			u = new_unit(f, FABRIC_IB, name, device);
			if (u == NULL)
				break;
			pmsprintf(u->folder, sizeof(u->folder), "%s/ports/%.16s", path, number);
			describe_rdma(u, fd, number);
			if (!frame_roster_add(&f->roster, &u->unit)) {
				free(u);
				break;
			}
			find_extras(u);
		}
		for (unsigned i = 0; i < u->n_extras; i++)
			u->extras[i]->unit.found = true;
	}
	close(fd);
}

static void describe_cxi(struct fabric_unit *u)
{
	struct frame_member *unit = &u->unit;
	int folder = openat(u->fabric->root, u->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_folder) DIR *dir = frame_open_folder(folder, "net");
	const char *netdev = dir == NULL ? NULL : next_name(dir);
	bool is_virtual = exists(folder, "physfn");
	char word[64];

	frame_label(&unit->instance, "fabric", "slingshot");
	frame_label(&unit->instance, "device", u->device);
	read_word(folder, "properties/nid", word, sizeof(word));
	frame_label(&unit->instance, "lid", word);
	frame_label(&unit->instance, "netdev", netdev ? netdev : "");
	read_link(folder, "driver", word, sizeof(word));
	frame_label(&unit->instance, "driver", word);
	read_word(folder, "uc/qsfp_fw_version", word, sizeof(word));
	frame_label(&unit->instance, "firmware", word);
	read_word(folder, "fru/part_number", word, sizeof(word));
	frame_label(&unit->instance, "board", word);
	frame_label(&unit->instance, "vf", is_virtual ? "true" : "");
	u->is_counted = !is_virtual;
	if (folder >= 0)
		close(folder);
}

static void find_cxi(struct fabric *f, const char *device)
{
	struct fabric_unit *u =
		(struct fabric_unit *)frame_roster_see(&f->roster, FABRIC_INDOM_port, device);

	if (u == NULL) {
		u = new_unit(f, FABRIC_CXI, device, device);
		if (u == NULL)
			return;
		pmsprintf(u->folder, sizeof(u->folder), "sys/class/cxi/%s/device", device);
		describe_cxi(u);
		if (!frame_roster_add(&f->roster, &u->unit)) {
			free(u);
			return;
		}
		find_extras(u);
	}
	for (unsigned i = 0; i < u->n_extras; i++)
		u->extras[i]->unit.found = true;
}

static const char *kind_of(int folder, bool is_bond)
{
	uint64_t type = 0;

	if (is_bond)
		return "bond";
	if (frame_read_number(folder, "type", &type) == 0 && type == ARPHRD_INFINIBAND)
		return "ipoib";
	return exists(folder, "device/cxi") ? "slingshot" : "ethernet";
}

static void describe_net(struct fabric_unit *u, int folder, bool is_bond)
{
	struct frame_member *unit = &u->unit;
	const char *kind = kind_of(folder, is_bond);
	bool is_virtual = exists(folder, "device/physfn");
	char word[64];

	(void)ethtool_describe(&u->fabric->ethtool, u->device, &u->ethtool);
	frame_label(&unit->instance, "device", u->device);
	frame_label(&unit->instance, "kind", kind);
	frame_label(&unit->instance, "driver", u->ethtool.driver);
	frame_label(&unit->instance, "firmware", u->ethtool.firmware);
	read_word(folder, "address", word, sizeof(word));
	frame_label(&unit->instance, "mac", word);
	frame_label(&unit->instance, "bus", u->ethtool.bus);
	frame_label(&unit->instance, "vf", is_virtual ? "true" : "");
	u->is_counted = !is_virtual && strcmp(kind, "ethernet") == 0;
}

static struct fabric_unit *add_net(struct fabric *f, const char *device, int folder, bool is_bond)
{
	struct fabric_unit *u = new_unit(f, FABRIC_NET, device, device);

	if (u == NULL)
		return NULL;
	pmsprintf(u->folder, sizeof(u->folder), "sys/class/net/%s", device);
	describe_net(u, folder, is_bond);
	if (!frame_roster_add(&f->roster, &u->unit)) {
		ethtool_release(&u->ethtool);
		free(u);
		return NULL;
	}
	find_extras(u);
	return u;
}

static void find_net(struct fabric *f, const char *device)
{
	struct fabric_unit *u;
	char path[128];
	bool is_bond;
	int folder;

	pmsprintf(path, sizeof(path), "sys/class/net/%s", device);
	folder = openat(f->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return;
	is_bond = exists(folder, "bonding");
	if (is_bond || exists(folder, "device")) {
		u = (struct fabric_unit *)frame_roster_see(
			&f->roster, FABRIC_INDOM_interface, device);
		if (u == NULL)
			u = add_net(f, device, folder, is_bond);
		for (unsigned i = 0; u != NULL && i < u->n_extras; i++)
			u->extras[i]->unit.found = true;
	}
	close(folder);
}

static void each_of(
	struct fabric *f, const char *class, void (*find)(struct fabric *, const char *))
{
	CLEANUP(close_folder) DIR *dir = frame_open_folder(f->root, class);
	const char *name;

	while (dir != NULL && (name = next_name(dir)) != NULL) {
		if (strlen(name) < 60)
			find(f, name);
	}
}

void fabric_scan(struct frame_roster *r)
{
	struct fabric *f = r->state;

	each_of(f, "sys/class/infiniband", find_rdma_ports);
	each_of(f, "sys/class/cxi", find_cxi);
	each_of(f, "sys/class/net", find_net);
}

static const char *const default_patterns[] = {
	"*:[0-9]*/[!a]*", // RDMA hw_counters, but active_* are settings
	"cxi*/pct_*timeout*",
	"cxi*/pct_*nack*",
	"cxi*/nack_*",
	"cxi*/*_cancel*",
	"cxi*/hni_*drop*",
	"cxi*/hni_*discard*",
	"*/*pause*",
	"*/*discard*",
	"*/*drop*",
	"*/*_phy",
	"*/*rdma*",
	"*/*ecn*",
};

int fabric_parse_patterns(struct fabric *f, char *text)
{
	f->n_patterns = 0;
	while (*text != '\0') {
		char *line = text + strspn(text, " \t");
		size_t length = strcspn(line, "\n");

		text = line + length + (line[length] == '\n');
		while (length && strchr(" \t\r", line[length - 1]) != NULL)
			length--;
		if (length == 0 || line[0] == '#')
			continue;
		if (length >= sizeof(f->patterns[0]) || f->n_patterns == FABRIC_PATTERNS)
			return -E2BIG;
		memcpy(f->patterns[f->n_patterns], line, length);
		f->patterns[f->n_patterns++][length] = '\0';
	}
	return 0;
}

void fabric_read_patterns(struct fabric *f)
{
	char text[PATTERNS_BYTES];
	ssize_t n = frame_read_file(f->root, PATTERNS_FILE, text, sizeof(text));

	if (n >= 0 && fabric_parse_patterns(f, text) == 0)
		return;
	if (n != -ENOENT)
		pmNotifyErr(
			LOG_WARNING, "/%s: cannot be read or is too big; not used", PATTERNS_FILE);
	f->n_patterns = 0;
	for (size_t i = 0; i < ARRAY_LEN(default_patterns); i++)
		pmsprintf(f->patterns[f->n_patterns++], sizeof(f->patterns[0]), "%s",
			default_patterns[i]);
}
