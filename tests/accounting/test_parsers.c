// SPDX-License-Identifier: Apache-2.0
// Parsers of the importer: wckeys, states of nodes, descriptions of clusters, records as rows of
// COPY.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <string.h>

#include "accounting/architecture.h"
#include "accounting/codes.h"
#include "accounting/event.h"
#include "accounting/wckey.h"
#include "common/macro.h"
#include "common/memory.h"

static bool splits(
	const char *form_text, const char *key, const char *project, const char *business)
{
	CLEANUP(arena_release) struct arena a = {0};
	struct error err = {0};
	struct wckey_form form;
	struct wckey got;

	if (wckey_form_parse(form_text, &a, &form, &err) < 0 || !wckey_split(&form, key, &a, &got))
		return false;
	return str_eq(got.project, project) && str_eq(got.business, business);
}

Test(wckey, forms)
{
	cr_assert(splits("project:business", "p:b", "p", "b"));
	cr_assert(splits("project:business", "*p:b", "p", "b"));
	cr_assert(splits("project:business", "*", NULL, NULL), "a default key is none");
	cr_assert(splits("project:business", "", NULL, NULL));
	cr_assert(splits("business--project", "b--p", "p", "b"));
	cr_assert(splits("other/project", "x/y", "y", NULL));
	cr_assert(splits("project", "all of it", "all of it", NULL));
	cr_assert(splits("", "whatever:it:is", NULL, NULL), "no form: no meaning");
	cr_assert(not(splits("project:business", "p", "p", NULL)));
	cr_assert(not(splits("project:business", "p:b:c", "p", "b")));
	cr_assert(not(splits("project:business", ":b", "", "b")));
	cr_assert(not(splits("project:business", "p:", "p", "")));
	cr_assert(not(splits("projekt:business", "p:b", "p", "b")), "an unknown word");
}

Test(codes, sets)
{
	struct code_set set;
	struct error err = {0};

	cr_assert(eq(int, code_set_parse("E_J0001, E_U0002", &set, &err), 0));
	cr_assert(set.has[E_J0001] && set.has[E_U0002] && !set.has[E_B0001]);
	cr_assert(eq(int, code_set_parse(NULL, &set, &err), 0));
	cr_assert(eq(int, code_set_parse("E_J0001 E_J000", &set, &err), -EINVAL));
	cr_assert(not(zero(ptr, strstr(err.text, "E_J000"))));
}

static bool is_state(uint64_t state, const char *text, const char *kind)
{
	CLEANUP(arena_release) struct arena a = {0};

	return str_eq(event_state(state, &a), text) && str_eq(event_kind(state), kind);
}

// 514 and 2049 are what a real Slurm has written.
Test(event, states)
{
	cr_assert(is_state(1, "DOWN", "down"));
	cr_assert(is_state(514, "IDLE+DRAIN", "drained"));
	cr_assert(is_state(2049, "DOWN+NO_RESPOND", "down"));
	cr_assert(is_state(0x8202, "IDLE+MAINT+DRAIN", "planned"));
	cr_assert(is_state(0x100002, "IDLE+REBOOT_ISSUED", "planned"));
	cr_assert(is_state(0x1002, "IDLE+POWERED_DOWN", NULL));
	cr_assert(is_state(0x400002, "IDLE+INVALID_REG", "down"));
	cr_assert(is_state(15, "UNKNOWN", "drained"));
}

struct fixture {
	struct arch *arch;
	struct problems problems;
	struct code_set none;
	struct error err;
};

static void start(struct fixture *f)
{
	*f = (struct fixture){.arch = memory_alloc(1, sizeof(*f->arch))};
	f->problems.ignored = &f->none;
	f->problems.strict = &f->none;
	f->problems.where = "test";
	f->arch->problems = &f->problems;
}

static void end(struct fixture *f)
{
	arch_close(f->arch);
	problems_release(&f->problems);
}

static const char archfile[] =
	"# a comment\n[alpha]\npartitions = cn, big\n"
	"[alpha/cn]\nnodegroups=std\njob_partitions=main,small\n"
	"[alpha/cn/std]\nnames=cn[1-3]\nsockets=2\ncorespersocket=8\nfrequency=2.5GHz\n"
	"floatinstructions=8\nmemory=64GB\nmodel=Blade X\n"
	"[alpha/big]\nnodegroups=fat\njob_partitions=main\n"
	"[alpha/big/fat]\nnames=fat1,cn2\nsockets: 4\nCoresPerSocket: 10\nfrequency=2000 MHz\n"
	"floatinstructions=16\nmemory=1TB\nmodel=Fat\n";

Test(architecture, archfile)
{
	struct fixture f;
	const struct arch_node *n;

	start(&f);
	cr_assert(eq(int, archfile_parse("f", archfile, "alpha", f.arch, &f.err), 0), "%s",
		f.err.text);
	cr_assert(eq(sz, f.arch->n_nodes, 4));
	n = f.arch->nodes;
	cr_assert(eq(str, (char *)n[0].name, "cn1"));
	cr_assert(eq(i64, n[0].cores, 16));
	cr_assert(eq(i64, n[0].memory_bytes, INT64_C(64) << 30));
	cr_assert(eq(dbl, n[0].flops, 16 * 8 * 2.5e9));
	cr_assert(eq(i64, n[3].cores, 40));
	cr_assert(eq(i64, n[3].memory_bytes, INT64_C(1) << 40));
	cr_assert(eq(u64, f.problems.counts[E_A0001].n, 1), "cn2 again");
	cr_assert(eq(sz, f.arch->n_partitions, 2));
	cr_assert(eq(sz, f.arch->partitions[0].nodes.n, 5), "main: cn1 to cn3, fat1, cn2");
	end(&f);
}

static int broken(const char *without)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	const char *at = strstr(archfile, without);
	struct fixture f;
	int rc;

	start(&f);
	strbuf_add(&text, archfile, (size_t)(at - archfile));
	strbuf_puts(&text, at + strlen(without));
	rc = archfile_parse("f", strbuf_text(&text), "alpha", f.arch, &f.err);
	end(&f);
	return rc;
}

Test(architecture, archfile_lacks_something)
{
	cr_assert(eq(int, broken("sockets=2\n"), -EINVAL));
	cr_assert(eq(int, broken("2.5"), -EINVAL));
	cr_assert(eq(int, broken("64GB"), -EINVAL));
	cr_assert(eq(int, broken("[alpha/big]\n"), -EINVAL));
	cr_assert(eq(int, broken("cn[1-"), -EINVAL), "names that are no list");
}

Test(architecture, slurm_conf)
{
	static const char text[] =
		"ClusterName=alpha\nNodeName=DEFAULT RealMemory=1024 # usual\n"
		"NodeName=n[1-2] CPUs=4 Gres=gpu:a100:2(S:0-1),nvme:1\n"
		"nodename=n3 Sockets=2 CoresPerSocket=8 ThreadsPerCore=2 RealMemory=2048\n"
		"NodeName=n3 CPUs=1\n"
		"PartitionName=DEFAULT MaxTime=90\nPartitionName=all Nodes=ALL\n"
		"PartitionName=one Nodes=n1 MaxTime=1-00:00:00\nPartitionName=free Nodes=n2 "
		"MaxTime=UNLIMITED\n";
	struct fixture f;

	start(&f);
	slurmconf_parse("slurm.conf", text, f.arch);
	cr_assert(eq(sz, f.arch->n_nodes, 3));
	cr_assert(eq(i64, f.arch->nodes[0].cores, 4));
	cr_assert(eq(i64, f.arch->nodes[0].gpus, 2));
	cr_assert(eq(str, (char *)f.arch->nodes[1].gpu_model, "a100"));
	cr_assert(eq(i64, f.arch->nodes[1].memory_bytes, INT64_C(1) << 30));
	cr_assert(eq(i64, f.arch->nodes[2].cores, 32));
	cr_assert(eq(u64, f.problems.counts[E_A0001].n, 1));
	cr_assert(eq(sz, f.arch->n_partitions, 3));
	cr_assert(eq(sz, f.arch->partitions[0].nodes.n, 3));
	cr_assert(eq(i64, f.arch->partitions[0].limit_s, 5400));
	cr_assert(eq(i64, f.arch->partitions[1].limit_s, 86400));
	cr_assert(eq(i64, f.arch->partitions[2].limit_s, 0));
	end(&f);
}

// Text that no database takes is mended, and said so; numbers that fit nowhere are refused.
Test(stage, what_is_put)
{
	CLEANUP(strbuf_release) struct strbuf out = {0};
	AUTO_FREE struct record *r = memory_alloc(1, sizeof(*r));
	struct error err = {0};
	bool is_mended;

	record_start(r, STAGE_project, "p");
	record_text(r, AT_project_code, "caf\xe9");
	record_text(r, AT_project_description, "tab\tand\nline");
	cr_assert(eq(int, stage_put(r, 1, &out, &is_mended, &err), 0));
	cr_assert(is_mended);
	cr_assert(not(zero(ptr, memmem(out.text, out.len, "caf\xc3\xa9", 5))));
	cr_assert(not(zero(ptr, memmem(out.text, out.len, "tab and line", 12))));
	record_text(r, AT_project_code, "caf\xc3\xa9");
	cr_assert(eq(int, stage_put(r, 1, &out, &is_mended, &err), 0));
	cr_assert(not(is_mended), "lines are people's own");
	record_start(r, STAGE_step, NULL);
	record_int(r, AT_step_nodes, INT64_C(1) << 40);
	cr_assert(eq(int, stage_put(r, 1, &out, &is_mended, &err), -EINVAL));
	record_start(r, STAGE_step, NULL);
	record_int(r, AT_step_start_t, INT64_C(99999999999));
	cr_assert(eq(int, stage_put(r, 1, &out, &is_mended, &err), -EINVAL));
	cr_assert(not(zero(ptr, strstr(err.text, "absurd"))));
}
