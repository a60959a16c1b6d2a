// SPDX-License-Identifier: Apache-2.0
// Reads the static files into memory.
#include "portal/statics.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/map.h"
#include "common/str.h"
#include "portal/gzip.h"

#define FILE_MAX (4u << 20)

struct statics {
	struct map by_name;
	char hash[17];
};

static const struct {
	const char *suffix, *type;
} types[] = {
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".woff2", "font/woff2"},
};

static const char *type_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_ends(name, types[i].suffix))
			return types[i].type;
	return NULL; // README, licences: not for browsers
}

static int load_file(
	struct statics *s, const char *path, const char *name, struct arena *a, struct error *err)
{
	struct static_file *f = arena_alloc(a, sizeof(*f));
	f->name = name;
	f->type = type_of(name);
	TRY(file_read(path, FILE_MAX, a, &f->data, err));
	CLEANUP(strbuf_release) struct strbuf small = {0};
	if (gzip_compress(f->data.data, f->data.len, &small) == 0 && small.len < f->data.len)
		f->gzip = (struct bytes){arena_copy(a, small.text, small.len), small.len};
	map_put(&s->by_name, f->name, f);
	return 0;
}

static int is_wanted(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void free_names(struct dirent **names, int n)
{
	for (int i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static int load_directory(struct statics *s, const char *directory, const char *prefix,
	struct arena *a, struct error *err);

static int load_entry(struct statics *s, const char *directory, const char *prefix,
	const char *entry, struct arena *a, struct error *err)
{
	const char *path = arena_printf(a, "%s/%s", directory, entry);
	const char *name = arena_printf(a, "%s%s", prefix, entry);
	struct stat st;
	if (stat(path, &st) < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return prefix[0] ? 0
		                 : load_directory(s, path, arena_printf(a, "%s/", entry), a, err);
	return type_of(entry) ? load_file(s, path, name, a, err) : 0;
}

static int load_directory(struct statics *s, const char *directory, const char *prefix,
	struct arena *a, struct error *err)
{
	struct dirent **names;
	int n = scandir(directory, &names, is_wanted, alphasort);
	if (n < 0)
		return error_set(err, errno, "static files: %s: %s", directory, strerror(errno));
	int code = 0;
	for (int i = 0; i < n && code == 0; i++)
		code = load_entry(s, directory, prefix, names[i]->d_name, a, err);
	free_names(names, n);
	return code;
}

static void hash_all(struct statics *s)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < s->by_name.n; i++) {
		const struct static_file *f = s->by_name.entries[i].value;
		for (size_t k = 0; k < f->data.len; k++)
			hash = (hash ^ f->data.data[k]) * UINT64_C(0x100000001b3);
	}
	str_format(s->hash, sizeof(s->hash), "%016" PRIx64, hash);
}

int statics_load(const char *directory, struct arena *a, struct statics **ret, struct error *err)
{
	struct statics *s = arena_alloc(a, sizeof(*s));
	TRY(load_directory(s, directory, "", a, err));
	hash_all(s);
	*ret = s;
	return 0;
}

void statics_release(struct statics *s)
{
	if (s)
		map_release(&s->by_name);
}

const struct static_file *statics_find(const struct statics *s, const char *name)
{
	return map_get(&s->by_name, name);
}

const char *statics_hash(const struct statics *s)
{
	return s->hash;
}
