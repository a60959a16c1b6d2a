// SPDX-License-Identifier: Apache-2.0
// mkarchive TEXT BASE: writes the PCP archive that a text describes, byte for byte as the text
// says, so that a test can show what no real logger does on demand: an instance that changes its
// name, a counter that falls, a mark, a record cut off.
//
//   version 3                       2 or 3; 2 by default
//   host cn001
//   start 2026-01-01T00:00:00Z      all other times are seconds after it
//   metric NAME 60.0.1 u64 60.1 counter     id, type, instance domain or -, semantics
//   indom 60.1 0=cpu0, 1=cpu1       from the time of the next record on
//   delta 60.1 2=cpu2, -1           what came and went (version 3)
//   at 30                           a record; its values follow, one metric a line
//   NAME 17                         a value without instance
//   NAME 0=1 1=2.5                  or of instances
//   NAME 0=a~b                      text; ~ is a blank
//   NAME error -12357               or what the agent answered instead
//   mark 60
//   volume                          the next record begins a new volume
//   cut 10                          at the end: so many bytes of the last volume are missing
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/file.h"
#include "common/str.h"

enum type { T_32, T_U32, T_64, T_U64, T_FLOAT, T_DOUBLE, T_STRING };
static const char *const type_names[] = {"32", "u32", "64", "u64", "float", "double", "string"};

struct metric {
	const char *name;
	uint32_t pmid, type, indom, semantics;
};

struct writer {
	const char *base, *host;
	struct arena arena;
	int version, line;
	int64_t start_ns, now_ns;
	bool is_open, has_record;
	struct metric metrics[1000];
	size_t n_metrics;
	struct strbuf meta, index, volume;
	struct strbuf pending;      // instance domains that wait for the time of the next record
	struct strbuf sets, blocks; // of the record
	uint32_t n_sets;
	struct fixup {
		size_t at; // in sets, where the reference to a block goes
		size_t block;
	} fixups[4096];
	size_t n_fixups;
	int n_volume;
	uint64_t cut;
};

static _Noreturn void die(const struct writer *w, const char *what)
{
	fprintf(stderr, "mkarchive: line %d: %s\n", w->line, what);
	exit(2);
}

static void u32(struct strbuf *b, uint32_t v)
{
	v = htobe32(v);
	strbuf_add(b, &v, sizeof(v));
}

static void u64(struct strbuf *b, uint64_t v)
{
	v = htobe64(v);
	strbuf_add(b, &v, sizeof(v));
}

static void stamp(const struct writer *w, struct strbuf *b, int64_t ns)
{
	uint64_t s = (uint64_t)(ns / NS_PER_S);
	uint32_t rest = (uint32_t)(ns % NS_PER_S);
	u32(b, (uint32_t)s);
	if (w->version == 3)
		u32(b, (uint32_t)(s >> 32));
	u32(b, w->version == 3 ? rest : rest / 1000);
}

static void padded(struct strbuf *b, const char *s, size_t size)
{
	strbuf_puts(b, s);
	for (size_t i = strlen(s); i < size; i++)
		strbuf_putc(b, '\0');
}

static void label(const struct writer *w, struct strbuf *b, int volume)
{
	uint32_t len = w->version == 2 ? 132 : 808;
	u32(b, len);
	u32(b, 0x50052600u | (uint32_t)w->version);
	u32(b, 4711);
	stamp(w, b, w->start_ns);
	u32(b, (uint32_t)volume);
	if (w->version == 3) {
		u32(b, 0);
		u32(b, 0);
	}
	padded(b, w->host, w->version == 2 ? 64 : 256);
	padded(b, "UTC", w->version == 2 ? 40 : 256);
	if (w->version == 3)
		padded(b, "", 256);
	u32(b, len);
}

static void framed(struct strbuf *to, const struct strbuf *payload)
{
	uint32_t len = (uint32_t)payload->len + 8;
	u32(to, len);
	strbuf_add(to, payload->text, payload->len);
	u32(to, len);
}

static void save(const struct writer *w, const char *suffix, const struct strbuf *b, uint64_t cut)
{
	CLEANUP(strbuf_release) struct strbuf path = {0};
	strbuf_printf(&path, "%s.%s", w->base, suffix);
	FILE *f = fopen(strbuf_text(&path), "wb");
	if (f == NULL || cut > b->len || fwrite(b->text, 1, b->len - cut, f) != b->len - cut ||
		fclose(f) != 0) {
		perror(strbuf_text(&path));
		exit(1);
	}
}

static void save_volume(struct writer *w, uint64_t cut)
{
	char suffix[16];
	(void)str_format(suffix, sizeof(suffix), "%d", w->n_volume);
	save(w, suffix, &w->volume, cut);
}

// Labels are written with the first thing that follows the head lines.
static void begin(struct writer *w)
{
	if (w->is_open)
		return;
	w->is_open = true;
	label(w, &w->meta, -1);
	label(w, &w->index, -2);
	label(w, &w->volume, 0);
}

static void index_entry(struct writer *w, int64_t ns)
{
	stamp(w, &w->index, ns);
	u32(&w->index, (uint32_t)w->n_volume);
	if (w->version == 2) {
		u32(&w->index, (uint32_t)w->meta.len);
		u32(&w->index, (uint32_t)w->volume.len);
	} else {
		u64(&w->index, w->meta.len);
		u64(&w->index, w->volume.len);
	}
}

static void end_record(struct writer *w)
{
	if (!w->has_record)
		return;
	CLEANUP(strbuf_release) struct strbuf b = {0};
	stamp(w, &b, w->now_ns);
	u32(&b, w->n_sets);
	// References count words from 8 bytes before the record's leading length.
	size_t first_block = 4 + b.len + w->sets.len;
	for (size_t i = 0; i < w->n_fixups; i++) {
		uint32_t at = htobe32((uint32_t)((first_block + w->fixups[i].block + 8) / 4));
		memcpy(w->sets.text + w->fixups[i].at, &at, sizeof(at));
	}
	strbuf_add(&b, strbuf_text(&w->sets), w->sets.len);
	strbuf_add(&b, strbuf_text(&w->blocks), w->blocks.len);
	index_entry(w, w->now_ns);
	framed(&w->volume, &b);
	strbuf_clear(&w->sets);
	strbuf_clear(&w->blocks);
	w->n_sets = 0;
	w->n_fixups = 0;
	w->has_record = false;
}

static uint32_t dotted(const struct writer *w, const char *text, bool is_indom)
{
	unsigned long part[3] = {0};
	size_t n = is_indom ? 2 : 3;
	char *end = NULL;
	for (size_t i = 0; i < n; i++) {
		part[i] = strtoul(text, &end, 10);
		if (end == text || *end != (i + 1 < n ? '.' : '\0'))
			die(w, "not an id");
		text = end + 1;
	}
	return (uint32_t)(is_indom ? part[0] << 22 | part[1]
				   : part[0] << 22 | part[1] << 10 | part[2]);
}

static void add_metric(struct writer *w, char **words, size_t n)
{
	struct metric *m = &w->metrics[w->n_metrics++];
	if (n != 6 || w->n_metrics > 999)
		die(w, "metric NAME ID TYPE INDOM SEMANTICS");
	m->name = arena_strdup(&w->arena, words[1]);
	m->pmid = dotted(w, words[2], false);
	m->type = UINT32_MAX;
	for (uint32_t t = 0; t < ARRAY_LEN(type_names); t++)
		if (str_eq(type_names[t], words[3]))
			m->type = t;
	m->indom = str_eq(words[4], "-") ? UINT32_MAX : dotted(w, words[4], true);
	m->semantics = str_eq(words[5], "counter") ? 1 : str_eq(words[5], "discrete") ? 4 : 3;
	if (m->type == UINT32_MAX)
		die(w, "unknown type");
	begin(w);
	CLEANUP(strbuf_release) struct strbuf b = {0};
	u32(&b, 1);
	u32(&b, m->pmid);
	u32(&b, m->type);
	u32(&b, m->indom);
	u32(&b, m->semantics);
	u32(&b, 0);
	u32(&b, 1);
	u32(&b, (uint32_t)strlen(m->name));
	strbuf_puts(&b, m->name);
	framed(&w->meta, &b);
}

// "0=cpu0, 1=cpu1" or "2=x, -1" (gone). Written with the time of the next record.
static void add_indom(struct writer *w, char *text, bool is_delta)
{
	CLEANUP(strbuf_release) struct strbuf ids = {0};
	CLEANUP(strbuf_release) struct strbuf offsets = {0};
	CLEANUP(strbuf_release) struct strbuf names = {0};
	uint32_t n = 0;
	char *save_at = NULL;
	char *number = strtok_r(text, " ", &save_at);
	if (number == NULL)
		die(w, "indom ID ID=NAME, ...");
	begin(w);
	for (char *p = strtok_r(NULL, ",", &save_at); p; p = strtok_r(NULL, ",", &save_at)) {
		char *end = NULL;
		long id = strtol(p, &end, 10);
		bool is_gone = *end != '=';
		if (is_gone && (!is_delta || id > 0))
			die(w, "instance without a name");
		u32(&ids, (uint32_t)(is_gone ? -id : id));
		u32(&offsets, is_gone ? UINT32_MAX : (uint32_t)names.len);
		if (!is_gone)
			strbuf_add(&names, end + 1, strlen(end + 1) + 1);
		n++;
	}
	struct strbuf *b = &w->pending;
	struct strbuf body = {0};
	u32(&body, dotted(w, number, true));
	u32(&body, n);
	strbuf_add(&body, strbuf_text(&ids), ids.len);
	strbuf_add(&body, strbuf_text(&offsets), offsets.len);
	strbuf_add(&body, strbuf_text(&names), names.len);
	u32(b, is_delta ? 6 : w->version == 2 ? 2 : 5);
	u32(b, (uint32_t)body.len);
	strbuf_add(b, body.text, body.len);
	strbuf_release(&body);
}

static void write_pending(struct writer *w)
{
	size_t at = 0;
	while (at < w->pending.len) {
		uint32_t tag;
		uint32_t len;
		memcpy(&tag, w->pending.text + at, 4);
		memcpy(&len, w->pending.text + at + 4, 4);
		len = be32toh(len);
		CLEANUP(strbuf_release) struct strbuf b = {0};
		strbuf_add(&b, &tag, 4);
		stamp(w, &b, w->now_ns);
		strbuf_add(&b, w->pending.text + at + 8, len);
		framed(&w->meta, &b);
		at += 8 + len;
	}
	strbuf_clear(&w->pending);
}

static void new_volume(struct writer *w)
{
	end_record(w);
	save_volume(w, 0);
	strbuf_clear(&w->volume);
	label(w, &w->volume, ++w->n_volume);
}

static void add_text(struct strbuf *v, const char *text)
{
	for (; *text; text++)
		strbuf_putc(v, *text == '~' ? ' ' : *text);
	strbuf_putc(v, '\0');
}

static void block(struct writer *w, uint32_t type, const char *text)
{
	CLEANUP(strbuf_release) struct strbuf v = {0};
	float f = strtof(text, NULL);
	double d = strtod(text, NULL);
	uint64_t bits = 0;
	uint32_t small = 0;
	memcpy(&bits, &d, 8);
	memcpy(&small, &f, 4);
	if (type == T_STRING)
		add_text(&v, text);
	else if (type == T_FLOAT)
		u32(&v, small);
	else if (type == T_DOUBLE)
		u64(&v, bits);
	else
		u64(&v, type == T_64 ? (uint64_t)strtoll(text, NULL, 10)
				     : strtoull(text, NULL, 10));
	w->fixups[w->n_fixups++] = (struct fixup){w->sets.len, w->blocks.len};
	u32(&w->sets, 0);
	u32(&w->blocks, type << 24 | (uint32_t)(v.len + 4));
	strbuf_add(&w->blocks, v.text, v.len);
	while (w->blocks.len % 4)
		strbuf_putc(&w->blocks, '\0');
}

static void add_values(struct writer *w, char **words, size_t n)
{
	const struct metric *m = NULL;
	for (size_t i = 0; i < w->n_metrics; i++)
		if (str_eq(w->metrics[i].name, words[0]))
			m = &w->metrics[i];
	if (m == NULL)
		die(w, "no such word or metric");
	if (!w->has_record)
		die(w, "values before `at`");
	w->n_sets++;
	u32(&w->sets, m->pmid);
	if (n == 1 || str_eq(words[1], "error")) {
		u32(&w->sets, n > 2 ? (uint32_t)strtol(words[2], NULL, 10) : 0);
		return;
	}
	u32(&w->sets, (uint32_t)(n - 1));
	u32(&w->sets, m->type > T_U32);
	for (size_t i = 1; i < n; i++) {
		char *equal = m->indom == UINT32_MAX ? NULL : strchr(words[i], '=');
		u32(&w->sets, equal ? (uint32_t)strtol(words[i], NULL, 10) : UINT32_MAX);
		const char *value = equal ? equal + 1 : words[i];
		if (m->type == T_32 || m->type == T_U32)
			u32(&w->sets, (uint32_t)strtoll(value, NULL, 10));
		else
			block(w, m->type, value);
	}
}

static int64_t seconds(const struct writer *w, const char *text)
{
	double s = 0;
	if (text == NULL || parse_double(text, &s) < 0)
		die(w, "not a time");
	return w->start_ns + (int64_t)(s * 1e9 + 0.5);
}

static void begin_record(struct writer *w, const char *text)
{
	end_record(w);
	begin(w);
	w->now_ns = seconds(w, text);
	w->has_record = true;
	write_pending(w);
}

static void head_line(struct writer *w, char **words, size_t n)
{
	int64_t s = 0;
	if (n != 2)
		die(w, "one word expected");
	if (str_eq(words[0], "version"))
		w->version = words[1][0] == '3' ? 3 : 2;
	else if (str_eq(words[0], "host"))
		w->host = arena_strdup(&w->arena, words[1]);
	else if (parse_time(words[1], NULL, &s) == 0)
		w->start_ns = w->now_ns = s * NS_PER_S;
	else
		die(w, "not a time");
}

static void take_line(struct writer *w, char *line)
{
	char *words[1100];
	size_t n = 0;
	char *save_at = NULL;
	char *copy = arena_strdup(&w->arena, line);
	for (char *p = strtok_r(line, " \t", &save_at); p && n < ARRAY_LEN(words);
		p = strtok_r(NULL, " \t", &save_at))
		words[n++] = p;
	if (n == 0 || words[0][0] == '#')
		return;
	if (str_eq(words[0], "version") || str_eq(words[0], "host") || str_eq(words[0], "start"))
		head_line(w, words, n);
	else if (str_eq(words[0], "metric"))
		add_metric(w, words, n);
	else if (str_eq(words[0], "indom") || str_eq(words[0], "delta"))
		add_indom(w, copy + (words[0] - line) + strlen("indom"), words[0][0] == 'd');
	else if (str_eq(words[0], "at") || str_eq(words[0], "mark"))
		begin_record(w, n > 1 ? words[1] : NULL);
	else if (str_eq(words[0], "volume"))
		new_volume(w);
	else if (str_eq(words[0], "cut"))
		w->cut = n > 1 ? strtoull(words[1], NULL, 10) : 0;
	else
		add_values(w, words, n);
}

int main(int argc, char **argv)
{
	static struct writer w = {.version = 2, .host = "cn001"};
	struct bytes text;
	struct error err;
	if (argc != 3) {
		fprintf(stderr, "usage: mkarchive TEXT BASE\n");
		return 2;
	}
	if (file_read(argv[1], 64u << 20, &w.arena, &text, &err) < 0) {
		fprintf(stderr, "mkarchive: %s\n", err.text);
		return 1;
	}
	w.base = argv[2];
	char *rest = arena_strndup(&w.arena, (const char *)text.data, text.len);
	for (char *p = strsep(&rest, "\n"); p; p = strsep(&rest, "\n")) {
		w.line++;
		take_line(&w, p);
	}
	begin(&w);
	end_record(&w);
	save(&w, "meta", &w.meta, 0);
	save(&w, "index", &w.index, 0);
	save_volume(&w, w.cut);
	strbuf_release(&w.meta);
	strbuf_release(&w.index);
	strbuf_release(&w.volume);
	strbuf_release(&w.pending);
	strbuf_release(&w.sets);
	strbuf_release(&w.blocks);
	arena_release(&w.arena);
	return 0;
}
