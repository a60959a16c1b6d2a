// SPDX-License-Identifier: Apache-2.0
// Nodes and partitions in Slurm's words: what scontrol shows of them, or slurm.conf itself. Words
// KEY=VALUE belong to the NodeName or PartitionName before them; other words are passed over.
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "accounting/architecture.h"
#include "common/clock.h"
#include "common/macro.h"

enum key {
	NODE_NAME,
	PARTITION_NAME,
	CPUS,
	CPU_TOTAL,
	BOARDS,
	SOCKETS,
	SOCKETS_A_BOARD,
	CORES_A_SOCKET,
	THREADS,
	MEMORY,
	GRES,
	NODES,
	LIMIT,
	KEYS
};

static const char *const keys[KEYS] = {"NodeName", "PartitionName", "CPUs", "CPUTot", "Boards",
	"Sockets", "SocketsPerBoard", "CoresPerSocket", "ThreadsPerCore", "RealMemory", "Gres",
	"Nodes", "MaxTime"};

struct entry { // one NodeName or PartitionName with what follows it
	const char *values[KEYS];
	int line;
};

struct reader {
	const char *file;
	struct arch *arch;
	struct entry usual_node, usual_partition; // NodeName=DEFAULT
	struct entry at_hand;
	struct entry *partitions; // "ALL" means all nodes, known at the end
	size_t n_partitions;
};

static int64_t count(const struct entry *e, enum key k, int64_t otherwise)
{
	int64_t v = 0;
	const char *text = e->values[k];

	return text && parse_i64(text, &v) == 0 && v > 0 && v <= INT32_MAX ? v : otherwise;
}

// "gpu:a100:4(S:0-1),gpu:2,nvme:1"
static void read_gres(const char *text, struct arena *a, struct arch_node *ret)
{
	while (text && *text) {
		size_t len = strcspn(text, ",(");
		char *item = arena_strndup(a, text, len);
		char *last = strrchr(item, ':');
		int64_t n = 0;

		text += len;
		if (*text == '(')
			text += strcspn(text, ")");
		text += strcspn(text, ",");
		text += *text == ',';
		if (!str_starts(item, "gpu"))
			continue;
		if (!last || parse_i64(last + 1, &n) < 0)
			n = 1; // "gpu" alone is one
		else
			*last = '\0';
		if (n > 0 && n < INT32_MAX)
			ret->gpus += n;
		if (!ret->gpu_model && str_starts(item, "gpu:"))
			ret->gpu_model = item + strlen("gpu:");
	}
}

static void merge_usual(struct entry *e, const struct entry *usual)
{
	for (size_t i = CPUS; i < KEYS; i++)
		if (!e->values[i])
			e->values[i] = usual->values[i];
}

static const char *place(const struct reader *r, const struct entry *e)
{
	return arena_printf(&r->arch->arena, "%s:%d", r->file, e->line);
}

static void add_nodes(struct reader *r, const struct entry *e)
{
	struct arch_node node = {0};
	struct hostlist names;
	struct error why = {0};
	int64_t sockets = count(e, SOCKETS, count(e, BOARDS, 1) * count(e, SOCKETS_A_BOARD, 1));
	int64_t cpus = sockets * count(e, CORES_A_SOCKET, 1);

	// CPUs as Slurm gives them to jobs; what is not said of them follows from the rest.
	cpus = cpus < INT32_MAX ? cpus * count(e, THREADS, 1) : 0;
	node.cores = count(e, CPU_TOTAL, count(e, CPUS, cpus));
	node.sockets = sockets;
	node.memory_bytes = count(e, MEMORY, 0) << 20;
	read_gres(e->values[GRES], &r->arch->arena, &node);
	if (hostlist_expand(e->values[NODE_NAME], HOSTLIST_MAX, &r->arch->arena, &names, &why) <
		0) {
		problem(r->arch->problems, E_A0001, "%s: %s", place(r, e), why.text);
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		node.name = names.hosts[i];
		arch_add_node(r->arch, &node, place(r, e));
	}
}

// Minutes, or days-hours:minutes:seconds; unlimited is no limit.
static int64_t limit_of(const char *text)
{
	int64_t v = 0;

	if (!text)
		return 0;
	if (parse_i64(text, &v) == 0)
		return v > 0 && v < INT32_MAX / 60 ? v * 60 : 0;
	return parse_duration(text, &v) == 0 && v <= INT32_MAX ? v : 0;
}

static void add_partition(struct reader *r, const struct entry *e)
{
	struct hostlist nodes = {0};
	struct error why = {0};
	const char *text = e->values[NODES];

	if (text && strcasecmp(text, "ALL") == 0) {
		nodes.hosts =
			arena_array(&r->arch->arena, r->arch->n_nodes + 1, sizeof(*nodes.hosts));
		for (; nodes.n < r->arch->n_nodes; nodes.n++)
			nodes.hosts[nodes.n] = r->arch->nodes[nodes.n].name;
	} else if (text && !str_eq(text, "(null)") &&
		   hostlist_expand(text, HOSTLIST_MAX, &r->arch->arena, &nodes, &why) < 0) {
		problem(r->arch->problems, E_A0001, "%s: %s", place(r, e), why.text);
		return;
	}
	arch_add_partition(r->arch, e->values[PARTITION_NAME], limit_of(e->values[LIMIT]), &nodes);
}

static void end_entry(struct reader *r)
{
	struct entry *e = &r->at_hand;

	if (e->values[NODE_NAME] && strcasecmp(e->values[NODE_NAME], "DEFAULT") == 0) {
		merge_usual(e, &r->usual_node);
		r->usual_node = *e;
	} else if (e->values[NODE_NAME]) {
		merge_usual(e, &r->usual_node);
		add_nodes(r, e);
	} else if (e->values[PARTITION_NAME] &&
		   strcasecmp(e->values[PARTITION_NAME], "DEFAULT") == 0) {
		merge_usual(e, &r->usual_partition);
		r->usual_partition = *e;
	} else if (e->values[PARTITION_NAME]) {
		merge_usual(e, &r->usual_partition);
		if (r->n_partitions % 16 == 0) {
			struct entry *more =
				arena_array(&r->arch->arena, r->n_partitions + 16, sizeof(*more));

			if (r->n_partitions)
				memcpy(more, r->partitions, r->n_partitions * sizeof(*more));
			r->partitions = more;
		}
		r->partitions[r->n_partitions++] = *e;
	}
	*e = (struct entry){0};
}

static void take_word(struct reader *r, const char *word, size_t len, int line)
{
	const char *equals = memchr(word, '=', len);

	for (enum key k = 0; equals && k < KEYS; k++) {
		if (strlen(keys[k]) != (size_t)(equals - word) ||
			strncasecmp(keys[k], word, (size_t)(equals - word)) != 0)
			continue;
		if (k == NODE_NAME || k == PARTITION_NAME) {
			end_entry(r);
			r->at_hand.line = line;
		}
		if (!r->at_hand.values[k])
			r->at_hand.values[k] = arena_strndup(
				&r->arch->arena, equals + 1, len - (size_t)(equals + 1 - word));
	}
}

void slurmconf_parse(const char *file, const char *text, struct arch *a)
{
	struct reader r = {.file = file, .arch = a};
	int line = 1;

	while (*text) {
		size_t len = strcspn(text, " \t\r\n");

		if (*text == '#')
			len = strcspn(text, "\n"); // a comment, to the end of the line
		else
			take_word(&r, text, len, line);
		text += len;
		line += *text == '\n';
		text += *text != '\0';
	}
	end_entry(&r);
	for (size_t i = 0; i < r.n_partitions; i++)
		add_partition(&r, &r.partitions[i]);
}
