// SPDX-License-Identifier: Apache-2.0
// A sweep in shards. A folder that all of them see holds the list of jobs (`jobs`, joblist.h) and of
// each shard a file `K-of-N` with the partial results of its hosts. Which hosts those are says their
// name alone. A file is there whole or not at all; who is killed is run again.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/bytes.h"
#include "common/error.h"
#include "common/sha256.h"
#include "summarizer/joblist.h"

#define SHARDS_MAX 100000

struct shard {
	unsigned number, of; // 1 to of; 0: not sharded
};

// "3/7".
int shard_parse(const char *text, struct shard *ret, struct error *err) MUST_USE;
bool shard_has(const struct shard *x, const char *host);

// The list of a folder; sum names its bytes. 1; 0: there is none yet.
int shard_jobs_read(const char *folder, struct arena *a, struct joblist *ret,
	char sum[SHA256_TEXT_SIZE], struct error *err) MUST_USE;
// Puts a list there. Of several at once one wins, so read it back.
int shard_jobs_write(const char *folder, const struct joblist *l, struct error *err) MUST_USE;

struct shard_counts {
	uint64_t archives, hosts, defects;
};

struct shard_file { // being written
	FILE *file;
	char *path, *temporary;
	struct shard shard;
	char sum[SHA256_TEXT_SIZE];
	uint64_t size; // of what was put
};

int shard_file_open(const char *folder, const struct shard *x, const char *sum,
	struct shard_file *ret, struct error *err) MUST_USE;
int shard_file_put(struct shard_file *f, struct bytes partials, struct error *err) MUST_USE;
// On disk, and there under its name.
int shard_file_finish(
	struct shard_file *f, const struct shard_counts *counts, struct error *err) MUST_USE;
void shard_file_close(struct shard_file *f);

struct shard_results { // of all shards, mapped; partial results one after the other in each
	struct bytes *files;
	struct bytes *mapped;
	size_t n;
	struct shard_counts counts;
};

// -EAGAIN: a shard is not there (yet); the text says which.
int shard_results_open(
	const char *folder, const char *sum, struct shard_results *ret, struct error *err) MUST_USE;
void shard_results_close(struct shard_results *x);
// Removes the files of a sweep whose documents are stored, and the folder when nothing else is left.
void shard_remove(const char *folder);
