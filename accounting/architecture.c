// SPDX-License-Identifier: Apache-2.0
// What descriptions of clusters have in common, and the connectors: they read a text, a parser
// gathers what is in it.
#include "accounting/architecture.h"

#include <errno.h>
#include <string.h>

#include "accounting/text.h"
#include "common/macro.h"
#include "common/memory.h"
#include "common/process.h"

enum { SCONTROL_LIMIT_S = 300, SCONTROL_MAX = 256 << 20 };

void arch_add_node(struct arch *a, const struct arch_node *node, const char *where)
{
	struct arch_node *to;

	if (map_get(&a->by_name, node->name)) {
		problem(a->problems, E_A0001, "%s: node %s again", where, node->name);
		return;
	}
	if (node->cores <= 0) {
		problem(a->problems, E_A0001, "%s: node %s has no cores", where, node->name);
		return;
	}
	if (a->n_nodes == a->room_nodes) {
		a->room_nodes = a->room_nodes ? 2 * a->room_nodes : 64;
		a->nodes = memory_resize(a->nodes, a->room_nodes, sizeof(*a->nodes));
	}
	to = &a->nodes[a->n_nodes++];
	*to = *node;
	to->name = arena_strdup(&a->arena, node->name);
	map_put(&a->by_name, to->name, a);
}

void arch_add_partition(
	struct arch *a, const char *name, int64_t limit_s, const struct hostlist *nodes)
{
	struct arch_partition *p = NULL;
	const char **hosts;

	for (size_t i = 0; i < a->n_partitions; i++)
		if (str_eq(a->partitions[i].name, name))
			p = &a->partitions[i];
	if (!p && a->n_partitions == a->room_partitions) {
		a->room_partitions = a->room_partitions ? 2 * a->room_partitions : 16;
		a->partitions =
			memory_resize(a->partitions, a->room_partitions, sizeof(*a->partitions));
	}
	if (!p) {
		p = &a->partitions[a->n_partitions++];
		*p = (struct arch_partition){
			.name = arena_strdup(&a->arena, name), .limit_s = limit_s};
	}
	hosts = arena_array(&a->arena, p->nodes.n + nodes->n + 1, sizeof(*hosts));
	if (p->nodes.n)
		memcpy(hosts, p->nodes.hosts, p->nodes.n * sizeof(*hosts));
	for (size_t i = 0; i < nodes->n; i++)
		hosts[p->nodes.n + i] = arena_strdup(&a->arena, nodes->hosts[i]);
	p->nodes.hosts = hosts;
	p->nodes.n += nodes->n;
}

static void put_positive(struct record *r, int at, int64_t v)
{
	if (v > 0)
		record_int(r, at, v);
}

static void put_node(const struct arch_node *n, struct record *r)
{
	record_start(r, STAGE_node, n->name);
	record_text(r, AT_node_name, n->name);
	record_text(r, AT_node_type, n->type);
	record_int(r, AT_node_cores, n->cores);
	put_positive(r, AT_node_sockets, n->sockets);
	record_int(r, AT_node_gpus, n->gpus);
	record_text(r, AT_node_gpu_model, n->gpu_model);
	put_positive(r, AT_node_memory_bytes, n->memory_bytes);
	if (n->flops > 0)
		record_double(r, AT_node_flops, n->flops);
}

int arch_next(void *state, struct record *ret, struct error *err)
{
	struct arch *a = state;
	size_t i = a->given;

	(void)err;
	if (i >= a->n_nodes + a->n_partitions)
		return 0;
	a->given++;
	if (i < a->n_nodes) {
		put_node(&a->nodes[i], ret);
		return 1;
	}
	i -= a->n_nodes;
	record_start(ret, STAGE_partition, a->partitions[i].name);
	record_text(ret, AT_partition_name, a->partitions[i].name);
	put_positive(ret, AT_partition_limit_s, a->partitions[i].limit_s);
	record_texts(ret, AT_partition_nodes, &a->partitions[i].nodes);
	return 1;
}

void arch_close(void *state)
{
	struct arch *a = state;

	map_release(&a->by_name);
	free(a->nodes);
	free(a->partitions);
	arena_release(&a->arena);
	free(a);
}

// ---- connectors ----

static int parse_archfile(const char *file, const char *text, const struct import_request *r,
	struct arch *a, struct error *err)
{
	return archfile_parse(file, text, r->cluster, a, err);
}

static int parse_slurm(const char *file, const char *text, const struct import_request *r,
	struct arch *a, struct error *err)
{
	(void)r;
	slurmconf_parse(file, text, a);
	if (!a->n_nodes)
		return error_set(err, EINVAL, "%s: it describes no node", file);
	return 0;
}

typedef int parse_function(const char *file, const char *text, const struct import_request *r,
	struct arch *a, struct error *err);

static int take_text(const struct import_request *r, parse_function *parse, const char *name,
	const struct bytes *text, struct arch *a, struct error *err)
{
	a->problems = r->problems;
	if (memchr(text->data, '\0', text->len))
		return error_set(err, EINVAL, "%s: a NUL byte", name);
	return parse(name, (const char *)text->data, r, a, err);
}

static int settle(struct arch *a, int rc, void **ret_state)
{
	if (rc < 0)
		arch_close(a);
	else
		*ret_state = a;
	return rc < 0 ? rc : 0;
}

static int open_text(
	const struct import_request *r, parse_function *parse, void **ret_state, struct error *err)
{
	struct arch *a = memory_alloc(1, sizeof(*a));
	const char *name;
	struct bytes text;
	int rc = text_read(r, false, &a->arena, &name, &text, err);

	if (rc == 0)
		rc = take_text(r, parse, name, &text, a, err);
	return settle(a, rc, ret_state);
}

static int archfile_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return open_text(r, parse_archfile, ret_state, err);
}

static int slurm_open(const struct import_request *r, void **ret_state, struct error *err)
{
	return open_text(r, parse_slurm, ret_state, err);
}

static int ask_scontrol(const char *conf, const char *what, struct strbuf *out, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf setting = {0};
	CLEANUP(process_release) struct process p = {.most = SCONTROL_MAX};
	const char *const argv[] = {"env", NULL, "scontrol", "show", what, NULL};
	const char *line[ARRAY_LEN(argv)];

	memcpy(line, argv, sizeof(line));
	strbuf_printf(&setting, "SLURM_CONF=%s", conf);
	line[1] = setting.text;
	TRY(process_run(*conf ? line : argv + 2, NULL, SCONTROL_LIMIT_S, &p, err));
	if (p.status != 0)
		return error_set(err, EIO, "scontrol show %s failed (%d): %.*s", what, p.status,
			(int)strcspn(strbuf_text(&p.errors), "\n"), strbuf_text(&p.errors));
	if (p.out.len >= SCONTROL_MAX)
		return error_set(err, EFBIG, "scontrol show %s: too long", what);
	strbuf_add(out, strbuf_text(&p.out), p.out.len);
	return 0;
}

static int scontrol_open(const struct import_request *r, void **ret_state, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	struct arch *a = memory_alloc(1, sizeof(*a));
	int rc = ask_scontrol(r->spec, "node", &out, err);

	if (rc == 0)
		rc = ask_scontrol(r->spec, "partition", &out, err);
	if (rc == 0) {
		const struct bytes text = {(const uint8_t *)strbuf_text(&out), out.len};

		rc = take_text(r, parse_slurm, "scontrol", &text, a, err);
	}
	return settle(a, rc, ret_state);
}

const struct connector architecture_archfile = {
	.category = CATEGORY_ARCHITECTURE,
	.name = "archfile",
	.settings = "archfile:FILE in the form of HPCStats",
	.open = archfile_open,
	.next = arch_next,
	.close = arch_close,
};

const struct connector architecture_slurm = {
	.category = CATEGORY_ARCHITECTURE,
	.name = "slurm",
	.settings = "slurm:FILE, what scontrol show node and partition say, or slurm.conf",
	.open = slurm_open,
	.next = arch_next,
	.close = arch_close,
};

const struct connector architecture_scontrol = {
	.category = CATEGORY_ARCHITECTURE,
	.name = "scontrol",
	.settings = "scontrol:[PATH OF SLURM.CONF], asked on this host",
	.open = scontrol_open,
	.next = arch_next,
	.close = arch_close,
};
