// SPDX-License-Identifier: Apache-2.0
// The life of the PMDA `filesystems`, and what its sources share.
#include "pmdas/filesystems/filesystems.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/macro.h"
#include "pmdas/filesystems/beegfs.h"
#include "pmdas/filesystems/gpfs.h"
#include "pmdas/filesystems/lustre.h"
#include "pmdas/filesystems/nfs.h"
#include "pmdas/frame/parse.h"

#define FILE_MIN (16 * 1024)
#define FILE_MAX (8 * 1024 * 1024)

int filesystems_read_polls(const struct frame_metric *m, const void *record, pmAtomValue *ret)
{
	const struct filesystems *f = record;

	(void)m;
	ret->ull = frame_crew_polls(f->crew);
	return PMDA_FETCH_STATIC;
}

void filesystems_count(
	void *record, struct filesystems_fold *folds, struct frame_reading *field, uint64_t raw)
{
	struct filesystems_fold *fold = &folds[field - (struct frame_reading *)record];

	if (!fold->begun)
		fold->total = raw;
	else
		fold->total += raw >= fold->before ? raw - fold->before : raw;
	fold->before = raw;
	fold->begun = true;
	filesystems_set(field, fold->total);
}

static bool is_plain(char c)
{
	return isalnum((unsigned char)c) || strchr("/._-+@,=:", c) != NULL;
}

// Who makes a path of a name must not be led elsewhere by it.
static void blunt_dots(char *name)
{
	size_t n;

	for (char *part = name; *part != '\0'; part += n + (part[n] == '/')) {
		n = strcspn(part, "/");
		if (n > 0 && n <= 2 && strspn(part, ".") >= n)
			memset(part, '_', n);
	}
}

void filesystems_name(char *ret, size_t size, const char *raw)
{
	uint32_t hash = UINT32_C(2166136261); // FNV-1a
	size_t n = 0;

	for (const char *c = raw; *c != '\0'; c++) {
		hash = (hash ^ (unsigned char)*c) * UINT32_C(16777619);
		if (n + 1 < size)
			ret[n++] = *c;
	}
	for (size_t i = 0; i < n; i++) {
		if (!is_plain(ret[i]))
			ret[i] = '_';
	}
	ret[n] = '\0';
	blunt_dots(ret);
	if (strlen(raw) >= size && size > 16)
		pmsprintf(ret + size - 10, 10, "+%08x", hash);
}

int filesystems_take(const char **s, uint64_t *ret)
{
	uint64_t value;
	int rc = frame_take_number(s, &value);

	if (rc < 0)
		return rc;
	if (**s != '\0' && strchr(" \t\r\n(;,", **s) == NULL)
		return -EINVAL;
	*s += strspn(*s, " \t\r");
	*ret = value;
	return 0;
}

char *filesystems_line(char **text)
{
	char *line = *text;
	size_t n;

	if (*line == '\0')
		return NULL;
	n = strcspn(line, "\n");
	*text = line + n + (line[n] == '\n');
	line[n] = '\0';
	if (n && line[n - 1] == '\r')
		line[n - 1] = '\0';
	return line;
}

char *filesystems_read(int root, const char *path)
{
	for (size_t size = FILE_MIN; size <= FILE_MAX; size *= 4) {
		char *text = malloc(size);
		ssize_t n = text == NULL ? -ENOMEM : frame_read_file(root, path, text, size);

		if (n >= 0)
			return text;
		free(text);
		if (n != -EFBIG)
			return NULL;
	}
	return NULL;
}

static void scan(struct frame_roster *r)
{
	struct filesystems *f = r->state;

	lustre_find(f);
	beegfs_find(f);
}

void filesystems_refresh(struct frame *frame, void *state)
{
	struct filesystems *f = state;

	filesystems_set(&f->node.unknown, f->unknown_lustre + f->unknown_nfs + f->unknown_gpfs);
	frame_roster_refresh(&f->roster, frame);
}

int filesystems_open(struct frame *frame, const struct frame_options *options, void **ret_state)
{
	struct filesystems *f = calloc(1, sizeof(*f));
	int rc;

	if (f == NULL)
		return -ENOMEM;
	f->crew = frame->crew;
	f->roster = (struct frame_roster){.state = f, .scan = scan, .n_indoms = FILESYSTEMS_INDOMS};
	f->root = frame_open_root(options->root);
	f->debug_lustre = -1;
	f->debug_lnet = -1;
	rc = f->root < 0 ? f->root : 0;
	if (rc == 0)
		rc = nfs_start(f);
	if (rc == 0)
		rc = gpfs_start(f, options->root);
	if (rc == 0)
		rc = lustre_start(f);
	if (rc == 0)
		rc = frame_roster_start(&f->roster, frame);
	if (rc < 0) {
		filesystems_close(f);
		return rc;
	}
	*ret_state = f;
	return 0;
}

static void release(struct frame_member *m)
{
	if (m->indom == FILESYSTEMS_INDOM_lustre || m->indom == FILESYSTEMS_INDOM_lustre_target)
		lustre_release(m);
	else
		free(m);
}

void filesystems_close(void *state)
{
	struct filesystems *f = state;

	nfs_free(f->nfs);
	gpfs_free(f->gpfs);
	frame_roster_free(&f->roster, release);
	if (f->debug_lustre >= 0)
		close(f->debug_lustre);
	if (f->debug_lnet >= 0)
		close(f->debug_lnet);
	if (f->root >= 0)
		close(f->root);
	free(f);
}
