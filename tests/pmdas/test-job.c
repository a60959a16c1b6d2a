// SPDX-License-Identifier: Apache-2.0
// The job that a process belongs to, from its control group.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/frame/job.h"

Test(job, forms_of_control_groups)
{
	static const struct {
		const char *text;
		const char *job; // NULL: none
		const char *step;
		const char *path;
	} cases[] = {
		{"0::/system.slice/slurmstepd.scope/job_17/step_0/user/task_0\n", "17", "0",
			"/system.slice/slurmstepd.scope/job_17"},
		{"0::/system.slice/n1_slurmstepd.scope/job_17/step_extern\n", "17", "extern",
			"/system.slice/n1_slurmstepd.scope/job_17"},
		{"0::/hpc.slice/hpc-jobs.slice/slurmstepd.scope/job_17\n", "17", "",
			"/hpc.slice/hpc-jobs.slice/slurmstepd.scope/job_17"},
		{"0::/system.slice/slurmstepd.scope/s5K1KKYAYG5D00/step_batch/user\n",
			"s5K1KKYAYG5D00", "batch", "/system.slice/slurmstepd.scope/s5K1KKYAYG5D00"},
		{"5:memory:/slurm/uid_1/job_18\n1:cpu:/\n", "18", "", "/slurm/uid_1/job_18"},
		{"1:cpu:/\n5:memory:/slurm_n1/uid_1/job_18/step_batch\n0::/\n", "18", "batch",
			"/slurm_n1/uid_1/job_18"},
		{"5:name=a:b:/slurm/uid_1/job_18\n", NULL, NULL, NULL},
		// what a user may have made
		{"0::/user.slice/user-1.slice/slurmstepd.scope/job_19/step_0\n", NULL, NULL, NULL},
		{"0::/system.slice/docker-1.scope/slurmstepd.scope/job_19\n", NULL, NULL, NULL},
		{"0::/a/slurmstepd.scope/job_19\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope/job_17/step_0/slurm/uid_1/job_9\n", "17", "0",
			"/system.slice/slurmstepd.scope/job_17"},
		{"5:memory:/slurm/job_18\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope/job_1\"2/x\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope/job_12345678901/x\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope/job_\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope/system\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope/sabcdefghijklm\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope/s5K1KKYAYG5DU0\n", NULL, NULL, NULL},
		{"0::/system.slice/slurmstepd.scope\n", NULL, NULL, NULL},
		{"0::/a.slice/b.slice/c.slice/d.slice/e.slice/slurmstepd.scope/job_1\n", NULL, NULL,
			NULL},
		{"0::/user.slice\n", NULL, NULL, NULL},
		{"/slurm/uid_1/job_7", NULL, NULL, NULL},
		{"0:\n:::\n", NULL, NULL, NULL},
		{"", NULL, NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct frame_job job = {.id = ""};
		int rc = frame_job_parse(cases[i].text, &job);

		cr_assert(eq(int, rc, cases[i].job ? 0 : -ENOENT), "%s", cases[i].text);
		if (rc < 0)
			continue;
		cr_assert(eq(str, job.id, (char *)cases[i].job), "%s", cases[i].text);
		cr_assert(eq(str, job.step, (char *)cases[i].step), "%s", cases[i].text);
		cr_assert(eq(str, job.path, (char *)cases[i].path), "%s", cases[i].text);
		cr_assert(eq(int, job.is_sluid, job.id[0] == 's'));
	}
}

Test(job, titles_of_slurmstepd)
{
	char id[24];

	cr_assert(eq(int, frame_job_of_title("slurmstepd: [123.batch]", id, sizeof(id)), 0));
	cr_assert(eq(str, id, (char *)"123"));
	cr_assert(eq(int, frame_job_of_title("slurmstepd: [5]", id, sizeof(id)), 0));
	cr_assert(eq(int, frame_job_of_title("slurmstepd: [", id, sizeof(id)), -EINVAL));
	cr_assert(eq(int, frame_job_of_title("slurmstepd: [5", id, sizeof(id)), -EINVAL));
	cr_assert(eq(int, frame_job_of_title("slurmstepd: [.0]", id, sizeof(id)), -EINVAL));
	cr_assert(eq(int, frame_job_of_title("slurmstepd: [x.0]", id, sizeof(id)), -EINVAL));
	cr_assert(eq(int, frame_job_of_title("bash", id, sizeof(id)), -EINVAL));
}

static void put(const char *root, const char *file, const char *text)
{
	char path[300];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", root, file);
	for (char *s = path + strlen(root) + 1; (s = strchr(s, '/')) != NULL; *s++ = '/') {
		*s = '\0';
		(void)mkdir(path, 0755);
	}
	f = fopen(path, "w");
	cr_assert(f != NULL, "%s", path);
	fputs(text, f);
	fclose(f);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

#define SLUID "system.slice/slurmstepd.scope/s5K1KKYAYG5D00"

Test(job, a_sluid_becomes_a_number)
{
	char root[] = "/tmp/jobsight-job.XXXXXX";
	struct frame_job job;
	int fd;

	cr_assert(mkdtemp(root) != NULL);
	put(root, "proc/40/cgroup", "0::/" SLUID "/step_0/user/task_0\n");
	put(root, "proc/41/cgroup", "0::/init.scope\n");
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert(eq(int, frame_job_of(fd, 41, &job), -ENOENT));
	cr_assert(eq(int, frame_job_of(fd, 42, &job), -ENOENT));
	cr_assert(eq(int, frame_job_of(fd, 40, &job), 0));
	cr_assert(job.is_sluid);
	cr_assert(eq(int, frame_job_resolve(fd, &job), -ENOENT));
	cr_assert(eq(str, job.id, (char *)"s5K1KKYAYG5D00"));
	put(root, "sys/fs/cgroup/" SLUID "/step_extern/slurm/cgroup.procs", "31\n");
	put(root, "sys/fs/cgroup/" SLUID "/step_0/slurm/cgroup.procs", "30\n32\n");
	put(root, "proc/30/cmdline", "sleep");
	put(root, "proc/32/cmdline", "slurmstepd: [4711.0]");
	cr_assert(eq(int, frame_job_resolve(fd, &job), 0));
	cr_assert(eq(str, job.id, (char *)"4711"));
	cr_assert(not(job.is_sluid));
	close(fd);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
