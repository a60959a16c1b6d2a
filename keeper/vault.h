// SPDX-License-Identifier: Apache-2.0
// Where old archives go: a directory, or whatever two commands of the site reach. What it has of a
// host's day says a manifest, here and beside the archives: a line "SHA256 NAME" for each file.
// Nothing in it is ever replaced but manifests, by longer ones.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/error.h"
#include "common/map.h"
#include "common/settings.h"
#include "common/sha256.h"

struct vault {
	int root;                // of the directory; -1: commands
	const char **put, **get; // words
	const char *state;       // our own folder: manifests, and what is read back
	int state_fd;
};

struct manifest {
	struct arena *arena;
	struct map sums; // name to text of its checksum
};

int vault_open(
	struct vault *v, const struct settings *s, struct arena *a, struct error *err) MUST_USE;
void vault_close(struct vault *v);

// Brings the file NAME of a folder to the vault as DAY/NAME and reads it back: 0 when what came back is
// what is here. -EEXIST: the vault has another file of that name. *ret_sum is that of the file.
struct vault_file {
	int dir;
	const char *name;
	const char *path; // of the file, absolute
	const char *day;  // host/yyyy/mm/dd
};
int vault_put(const struct vault *v, const struct vault_file *f, const struct manifest *m,
	char ret_sum[SHA256_TEXT_SIZE], struct error *err) MUST_USE;
// Brings DAY/NAME into the file of that path (f->dir and f->name are where it is) and checks its sum.
int vault_get(const struct vault *v, const struct vault_file *f, const char *from, const char *sum,
	struct error *err) MUST_USE;

int manifest_load(const struct vault *v, const char *day, struct arena *a, struct manifest *ret,
	struct error *err) MUST_USE;
int manifest_save(const struct vault *v, const char *day, const struct manifest *m,
	struct error *err) MUST_USE;
// What a manifest says; whatever is no line of one is passed over. The text is cut.
void manifest_take(struct manifest *m, char *text);
void manifest_release(struct manifest *m);

// A chain of folders below dir, made when missing, no link followed: its descriptor.
int folders_open(int dir, const char *path, bool may_create, struct error *err) MUST_USE;
int file_sum(int dir, const char *name, char ret[SHA256_TEXT_SIZE], struct error *err) MUST_USE;
