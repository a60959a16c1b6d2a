// SPDX-License-Identifier: Apache-2.0
// Stands in for libFuzzer where there is none: gives a fuzz target every file of its corpus folder,
// and for each file the same cuts and damages every time. It fails by dying, or when a folder is empty.
//
//	fuzz_THING [-n DAMAGES] FOLDER|FILE ...
//
// With -n 0 the files as they are: what a fuzzer has found, many and various already.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/file.h"
#include "common/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_BYTES = 16 << 20, CUTS = 64, DAMAGES = 192 };

struct replay {
	size_t damages;
	size_t files, inputs;
};

// xorshift: the same numbers everywhere, for ever.
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

// A copy of exactly the input's size, so that AddressSanitizer sees the first byte read beyond it.
static void feed(struct replay *r, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	r->inputs++;
}

static void feed_cuts(struct replay *r, const uint8_t *data, size_t size)
{
	size_t step = size / CUTS + 1;

	for (size_t len = 0; len < size; len += step)
		feed(r, data, len);
}

// Flips a bit, replaces, repeats or drops a piece: one to four times.
static size_t damage(uint8_t *data, size_t size, uint64_t *random)
{
	static const char marks[] = "[]{}|,:-&*\"'\n0 9%@";

	for (uint64_t n = next_random(random) % 4 + 1; n && size; n--) {
		size_t at = next_random(random) % size;
		size_t len = next_random(random) % (size - at) % 16;

		switch (next_random(random) % 4) {
		case 0:
			data[at] ^= (uint8_t)(1u << next_random(random) % 8);
			break;
		case 1:
			data[at] = (uint8_t)marks[next_random(random) % (sizeof(marks) - 1)];
			break;
		case 2:
			memmove(data + next_random(random) % (size - len), data + at, len);
			break;
		default:
			memmove(data + at, data + at + len, size - at - len);
			size -= len;
			break;
		}
	}
	return size;
}

static void feed_damaged(struct replay *r, const uint8_t *data, size_t size)
{
	uint64_t random = UINT64_C(0x9e3779b97f4a7c15) ^ size;
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	for (size_t i = 0; i < r->damages && size; i++) {
		memcpy(copy, data, size);
		feed(r, copy, damage(copy, size, &random));
	}
	free(copy);
}

static int replay_file(struct replay *r, const char *path)
{
	CLEANUP(arena_release) struct arena arena = {0};
	struct error err = {0};
	struct bytes input;

	if (file_read(path, INPUT_MAX_BYTES, &arena, &input, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	r->files++;
	feed(r, input.data, input.len);
	if (r->damages == 0)
		return 0;
	feed_cuts(r, input.data, input.len);
	feed_damaged(r, input.data, input.len);
	return 0;
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay_folder(struct replay *r, const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_shown, alphasort);
	int code = 0;

	if (n < 0)
		return replay_file(r, path);
	if (n == 0) {
		fprintf(stderr, "%s: no input in it\n", path);
		code = -1;
	}
	for (int i = 0; i < n; i++) {
		char file[4096];

		if (code == 0 && str_format(file, sizeof(file), "%s/%s", path, entries[i]->d_name))
			code = replay_file(r, file);
		free(entries[i]);
	}
	free(entries);
	return code;
}

int main(int argc, char **argv)
{
	struct replay r = {.damages = DAMAGES};
	int first = 1;

	if (argc > 2 && str_eq(argv[1], "-n")) {
		uint64_t n;

		if (parse_u64(argv[2], &n) < 0)
			return 2;
		r.damages = n;
		first = 3;
	}
	for (int i = first; i < argc; i++)
		if (replay_folder(&r, argv[i]) < 0)
			return 1;
	printf("%zu files, %zu inputs\n", r.files, r.inputs);
	return r.files ? 0 : 1;
}
