// SPDX-License-Identifier: Apache-2.0
// The shipped rules on command lines as they are seen, and what is wrong with rules.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/applications/applications.h"

struct sight {
	const char *commands[4]; // of the job's control group, NULL after the last
	const char *script;
	const char *name, *from, *executable; // NULL: nothing
};

static const struct sight sights[] = {
	{{"/opt/vasp/6.4/bin/vasp_std"}, "", "VASP", "executable", "vasp_std"},
	{{"bash /var/spool/slurmd/job7/slurm_script", "mpirun -np 4 /sw/bin/pw.x -in scf.in"}, "",
		"Quantum ESPRESSO", "executable", "pw.x"},
	{{"srun --mpi=pmix -n 64 lmp_mpi -in in.melt"}, "", "LAMMPS", "executable", "lmp_mpi"},
	{{"python3 train.py --epochs 3"}, "", "Python", "executable", "train.py"},
	{{"python3 -u -m torch.distributed.run train.py"}, "", "PyTorch", "argument", NULL},
	{{"java -Xmx4g -jar /sw/picard-3.1/picard.jar SortSam"}, "", "Picard", "argument", NULL},
	{{"/usr/lib/R/bin/exec/R --no-echo --file=x.R"}, "", "R", "path", "R"},
	{{"python3 tool.py", "GMX_MPI mdrun"}, "", "GROMACS", "executable", "GMX_MPI"},
	{{"./a.out 17"}, "", "uncategorized", NULL, "a.out"},
	{{"./a.out 17"}, "#!/bin/sh\n# torchrun x\nmodule load x\nsrun torchrun --nnodes 2 t.py\n",
		"PyTorch", "script", "a.out"},
	{{"bash -c true"}, "", "shell script", "executable", "bash"},
	{{"/bin/bash", "make -j8", "/usr/lib64/R/bin/R.bin"}, "", "R", "path", "R.bin"},
	{{"/bin/bash", "python3"}, "", "Python", "executable", "python3"},
	{{"sleep 60"}, "", NULL, NULL, NULL},
	{{NULL}, "", NULL, NULL, NULL},
	{{"./bt.C.x"}, NULL, "NAS Parallel Benchmarks", "executable", "bt.C.x"},
	{{"   "}, "", NULL, NULL, NULL},
};

static const char *text_at(const struct doc *root, const char *path)
{
	const struct doc *d = doc_find(root, path);
	return d && d->kind == DOC_TEXT ? d->text : "";
}

Test(applications, shipped_rules_know_what_ran)
{
	struct arena a = {0};
	struct applications x = {0};
	struct error err = {0};
	cr_assert(eq(int, applications_load(&x, TEST_APPLICATIONS, &a, &err), 0), "%s", err.text);
	cr_assert(gt(sz, x.n, 100));
	for (size_t i = 0; i < ARRAY_LEN(sights); i++) {
		const struct sight *s = &sights[i];
		struct doc *root = doc_object(&a);
		struct doc *list = doc_array(&a);
		for (size_t k = 0; k < ARRAY_LEN(s->commands) && s->commands[k]; k++)
			doc_put_text(list, &a, NULL, s->commands[k]);
		doc_put(doc_at(root, &a, "procDump"), &a, "constrained", list);
		applications_identify(&x, s->script, root, &a);
		const char *seen = s->commands[0] ? s->commands[0] : "nothing";
		cr_expect_str_eq(
			text_at(root, "application.name"), s->name ? s->name : "", "%s", seen);
		cr_expect_str_eq(
			text_at(root, "application.from"), s->from ? s->from : "", "%s", seen);
		if (s->executable)
			cr_expect_str_eq(
				text_at(root, "application.executable"), s->executable, "%s", seen);
	}
	arena_release(&a);
}

static int load_text(const char *text, struct applications *x, struct arena *a, struct error *err)
{
	char path[] = "/tmp/jobsight-applications.XXXXXX";
	int fd = mkstemp(path);
	cr_assert(ge(int, fd, 0));
	cr_assert(eq(i64, write(fd, text, strlen(text)), (int64_t)strlen(text)));
	close(fd);
	int rc = applications_load(x, path, a, err);
	unlink(path);
	return rc;
}

Test(applications, the_sites_rules_come_first)
{
	struct arena a = {0};
	struct applications x = {0};
	struct error err = {0};
	cr_assert(eq(int, load_text("- {application: theirs, executable: x}\n", &x, &a, &err), 0));
	cr_assert(eq(int,
		load_text("- {application: last, executable: x, priority: -1}\n"
			  "- {application: ours, executable: x}\n",
			&x, &a, &err),
		0));
	cr_assert(eq(sz, x.n, 3));
	cr_expect_str_eq(x.rules[0].name, "ours");
	cr_expect_str_eq(x.rules[1].name, "theirs");
	cr_expect_str_eq(x.rules[2].name, "last");
	arena_release(&a);
}

Test(applications, what_is_wrong_is_named_with_its_line)
{
	static const struct {
		const char *text, *why;
	} wrongs[] = {
		{"- {application: a}\n", ":1: the rule has no pattern"},
		{"\n- {executable: a}\n", ":2: the rule has no application"},
		{"- {application: a, executable: '*'}\n", ":1: the pattern matches everything"},
		{"- {application: a, exe: b}\n", ":1: unknown key"},
		{"- {application: a, executable: b, priority: x}\n", ":1: priority"},
		{"- {application: a, executable: b, priority: 101}\n", ":1: priority"},
		{"application: a\n", ":1: a list of rules"},
		{"- a\n", ":1: a rule is a mapping"},
		{"- {application: a, executable: {b: c}}\n", ":1: a pattern or a list"},
		{"- {application: a, executable: [[b]]}\n", ":1: a pattern is wanted"},
		{"- [\n", ":"},
	};
	for (size_t i = 0; i < ARRAY_LEN(wrongs); i++) {
		struct arena a = {0};
		struct applications x = {0};
		struct error err = {0};
		cr_expect(
			lt(int, load_text(wrongs[i].text, &x, &a, &err), 0), "%s", wrongs[i].text);
		cr_expect(strstr(err.text, wrongs[i].why) != NULL, "%s: %s", wrongs[i].text,
			err.text);
		arena_release(&a);
	}
}
