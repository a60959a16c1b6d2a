// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "tests/common/folder.h"

static struct folder folder;
static struct arena memory;

static void make(void)
{
	folder = folder_make();
}

static void release(void)
{
	folder_remove(&folder);
	arena_release(&memory);
}

TestSuite(file, .init = make, .fini = release);

Test(file, whole_and_bounded)
{
	const char *path = folder_write(&folder, "f", "hello");
	struct bytes b;
	struct error err = {0};

	cr_assert(eq(int, file_read(path, 5, &memory, &b, &err), 0));
	cr_assert(eq(sz, b.len, 5));
	cr_assert(eq(str, b.data, "hello"));
	cr_assert(eq(int, file_read(path, 4, &memory, &b, &err), -EFBIG));
	cr_assert(eq(int, file_read(folder.path, 4, &memory, &b, &err), -EISDIR));
}

static int read_secret(
	const char *text, size_t len, mode_t mode, const char **ret, struct error *err)
{
	const char *path = folder_write_bytes(&folder, "secret", text, len, mode);

	return file_read_secret(path, &memory, ret, err);
}

Test(file, secret_of_mode_0600)
{
	struct error err = {0};
	const char *secret = NULL;

	cr_assert(eq(int, read_secret("hunter 2\n", 9, 0600, &secret, &err), 0), "%s", err.text);
	cr_assert(eq(str, secret, "hunter 2"));
	cr_assert(eq(int, read_secret("x", 1, 0400, &secret, &err), 0));
	cr_assert(eq(str, secret, "x"));
}

Test(file, secret_that_others_can_read)
{
	static const mode_t modes[] = {0640, 0604, 0644, 0660, 0602, 0601, 0610, 0777};

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct error err = {0};
		const char *secret = NULL;

		cr_assert(eq(int, read_secret("hunter2", 7, modes[i], &secret, &err), -EPERM));
		cr_assert(eq(ptr, secret, NULL));
		cr_assert(ne(ptr, strstr(err.text, "chmod 600"), NULL));
		cr_assert(eq(ptr, strstr(err.text, "hunter2"), NULL));
	}
}

Test(file, secret_that_is_none)
{
	struct error err = {0};
	const char *secret = NULL;
	char path[300];

	cr_assert(lt(int, read_secret("", 0, 0600, &secret, &err), 0));
	cr_assert(lt(int, read_secret("\n", 1, 0600, &secret, &err), 0));
	cr_assert(lt(int, read_secret("a\nb", 3, 0600, &secret, &err), 0));
	cr_assert(lt(int, read_secret("a\0b", 3, 0600, &secret, &err), 0));
	cr_assert(lt(int, file_read_secret("/dev/null", &memory, &secret, &err), 0));
	cr_assert(lt(int, file_read_secret(folder.path, &memory, &secret, &err), 0));
	// A fifo without a writer must not hold the program.
	str_format(path, sizeof(path), "%s/fifo", folder.path);
	cr_assert(eq(int, mkfifo(path, 0600), 0));
	cr_assert(lt(int, file_read_secret(path, &memory, &secret, &err), 0));
	cr_assert(eq(ptr, secret, NULL));
}

Test(file, secret_of_another_user)
{
	const char *path = folder_write(&folder, "secret", "hunter2");
	const char *secret = NULL;
	struct error err = {0};

	if (geteuid() != 0)
		cr_skip("needs root to give a file away");
	cr_assert(eq(int, chown(path, 12345, 12345), 0));
	cr_assert(eq(int, file_read_secret(path, &memory, &secret, &err), -EPERM));
	cr_assert(ne(ptr, strstr(err.text, "uid 12345"), NULL));
}
