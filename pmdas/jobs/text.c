// SPDX-License-Identifier: Apache-2.0
// Parses what the kernel says of control groups; see text.h.
#include "pmdas/jobs/text.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/macro.h"
#include "pmdas/frame/parse.h"
#include "pmdas/jobs/files.h"

#define UNLIMITED (UINT64_C(1) << 62) // version 1 has a number of about 2^63 for "no limit"

static void set(struct frame_reading *r, uint64_t value)
{
	*r = (struct frame_reading){.value = value, .known = true};
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

static const char *next_line(const char *s)
{
	s += strcspn(s, "\n");
	return *s == '\n' ? s + 1 : s;
}

static bool ends_word(char c)
{
	return c == '\0' || c == ' ' || c == '\t' || c == '\n';
}

// Is the text a word, and nothing more up to a blank? Then moves behind it and the blanks.
static bool take_word(const char **s, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*s, word, n) != 0 || !ends_word((*s)[n]))
		return false;
	*s = skip_blanks(*s + n);
	return true;
}

// A number that is a whole word.
static bool take_value(const char **s, uint64_t *ret)
{
	if (frame_take_number(s, ret) < 0 || !ends_word(**s))
		return false;
	*s = skip_blanks(*s);
	return true;
}

// The file has its names in the order of the keys, as a rule: each line is first tried with the key
// after the last one found.
void jobs_parse_keyed(
	const char *text, const struct jobs_key *keys, unsigned n, struct frame_reading *ret)
{
	unsigned found = 0;
	unsigned next = 0;

	for (const char *line = text; *line != '\0' && found < n; line = next_line(line)) {
		for (unsigned i = 0; i < n; i++) {
			unsigned k = (next + i) % n;
			const char *s = line;
			uint64_t value;

			if (!take_word(&s, keys[k].name))
				continue;
			found += !ret[k].known;
			if (take_value(&s, &value))
				set(&ret[k], value);
			next = k + 1;
			break;
		}
	}
}

void jobs_parse_number(
	const char *text, const struct jobs_key *keys, unsigned n, struct frame_reading *ret)
{
	uint64_t value;

	(void)keys;
	if (n && take_value(&text, &value) && value < UNLIMITED)
		set(ret, value);
}

void jobs_parse_pressure(
	const char *text, const struct jobs_key *keys, unsigned n, struct frame_reading *ret)
{
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *end = line + strcspn(line, "\n");

		for (unsigned i = 0; i < n; i++) {
			const char *s = line;
			uint64_t value;

			if (!take_word(&s, keys[i].name))
				continue;
			s = strstr(s, "total=");
			if (s == NULL || s >= end)
				break;
			s += strlen("total=");
			if (take_value(&s, &value))
				set(&ret[i], value);
			break;
		}
	}
}

void jobs_parse_quota(
	const char *text, const struct jobs_key *keys, unsigned n, struct frame_reading *ret)
{
	uint64_t quota;
	uint64_t period;

	(void)keys;
	if (n && take_value(&text, &quota) && take_value(&text, &period) && period != 0 &&
		quota < UNLIMITED / 1000)
		set(ret, quota * 1000 / period);
}

static bool take_small(const char **s, unsigned *ret)
{
	uint64_t value;

	if (frame_take_number(s, &value) < 0 || value > INT_MAX)
		return false;
	*ret = (unsigned)value;
	return true;
}

// "MAJOR:MINOR", and the blanks behind it.
static bool take_node(const char **s, unsigned *ret_major, unsigned *ret_minor)
{
	if (!take_small(s, ret_major) || **s != ':')
		return false;
	(*s)++;
	if (!take_small(s, ret_minor) || !ends_word(**s))
		return false;
	*s = skip_blanks(*s);
	return true;
}

// Words "NAME=VALUE" of a device's line.
static void parse_device(const char *s, struct jobs_io *ret)
{
	static const char *const names[JOBS_IO_VALUES] = {
		"rbytes=", "wbytes=", "dbytes=", "rios=", "wios=", "dios="};

	while (*s != '\0' && *s != '\n') {
		for (unsigned i = 0; i < JOBS_IO_VALUES; i++) {
			const char *digits = s + strlen(names[i]);
			uint64_t value;

			if (strncmp(s, names[i], strlen(names[i])) != 0)
				continue;
			if (take_value(&digits, &value))
				set(&ret->v[i], value);
			break;
		}
		s = skip_blanks(s + strcspn(s, " \t\n"));
	}
}

unsigned jobs_parse_io(const char *text, struct jobs_io *ret, unsigned room)
{
	unsigned n = 0;

	for (const char *line = text; *line != '\0' && n < room; line = next_line(line)) {
		struct jobs_io io = {0};
		const char *s = line;

		if (!take_node(&s, &io.major, &io.minor))
			continue;
		parse_device(s, &io);
		ret[n++] = io;
	}
	return n;
}

static struct jobs_io *device_of(
	struct jobs_io *set, unsigned *n, unsigned room, unsigned major, unsigned minor)
{
	for (unsigned i = 0; i < *n; i++) {
		if (set[i].major == major && set[i].minor == minor)
			return &set[i];
	}
	if (*n >= room)
		return NULL;
	set[*n] = (struct jobs_io){.major = major, .minor = minor};
	return &set[(*n)++];
}

void jobs_parse_blkio(
	const char *text, unsigned first, struct jobs_io *ret, unsigned *n, unsigned room)
{
	static const char *const kinds[JOBS_IO_KINDS] = {"Read", "Write", "Discard"};

	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *s = line;
		unsigned major;
		unsigned minor;

		if (!take_node(&s, &major, &minor))
			continue;
		for (unsigned i = 0; i < JOBS_IO_KINDS; i++) {
			struct jobs_io *io;
			uint64_t value;

			if (!take_word(&s, kinds[i]))
				continue;
			io = device_of(ret, n, room, major, minor);
			if (io != NULL && take_value(&s, &value))
				set(&io->v[first + i], value);
			break;
		}
	}
}

unsigned jobs_parse_each_cpu(const char *text, uint64_t *ret, unsigned room)
{
	unsigned n = 0;

	while (n < room && take_value(&text, &ret[n]))
		n++;
	return n;
}

int jobs_parse_devices(const char *text, struct jobs_device *ret, unsigned room)
{
	unsigned n = 0;

	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *s = line;
		struct jobs_device node;

		if (take_word(&s, "a"))
			return -1;
		s = line;
		if (n < room && take_word(&s, "c") && take_node(&s, &node.major, &node.minor))
			ret[n++] = node;
	}
	return (int)n;
}

// The field of that number (as in proc(5)), of a text that begins with field 3.
static const char *field(const char *s, unsigned number)
{
	for (unsigned i = 3; i < number && s != NULL; i++) {
		s = strchr(s, ' ');
		if (s != NULL)
			s++;
	}
	return s;
}

int jobs_parse_stat(const char *text, struct jobs_stat *ret)
{
	const char *s = strrchr(text, ')'); // the name before it may hold anything
	static const unsigned numbers[] = {14, 15, 20, 22, 39};
	uint64_t v[ARRAY_LEN(numbers)];

	if (s == NULL || s[1] != ' ')
		return -EINVAL;
	for (unsigned i = 0; i < ARRAY_LEN(v); i++) {
		const char *at = field(s + 2, numbers[i]);

		if (at == NULL || !take_value(&at, &v[i]))
			return -EINVAL;
	}
	if (v[2] > INT_MAX || v[4] > INT_MAX || v[0] > UNLIMITED || v[1] > UNLIMITED)
		return -EINVAL;
	*ret = (struct jobs_stat){
		.ticks = v[0] + v[1],
		.threads = (unsigned long)v[2],
		.start = v[3],
		.cpu = (unsigned)v[4],
	};
	return 0;
}

int jobs_parse_uid(const char *text, unsigned *ret)
{
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *s = line;
		uint64_t uid;

		if (!take_word(&s, "Uid:"))
			continue;
		if (!take_value(&s, &uid) || uid > UINT_MAX)
			return -EINVAL;
		*ret = (unsigned)uid;
		return 0;
	}
	return -EINVAL;
}

unsigned jobs_parse_pids(const char *text, unsigned *ret, unsigned room)
{
	unsigned n = 0;

	for (const char *line = text; *line != '\0' && n < room; line = next_line(line)) {
		const char *s = line;

		if (take_small(&s, &ret[n]) && ret[n] != 0 && ends_word(*s))
			n++;
	}
	return n;
}

bool jobs_parse_word(const char *text, const char *name, char *ret, size_t size)
{
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *s = line;
		char word[128];
		size_t n;

		if (!take_word(&s, name))
			continue;
		n = strcspn(s, " \t\n");
		if (n == 0 || n >= sizeof(word))
			return false;
		memcpy(word, s, n);
		word[n] = '\0';
		jobs_copy_name(ret, size, word);
		return true;
	}
	return false;
}

int jobs_parse_gpus(const char *text, unsigned *ret, unsigned room)
{
	for (const char *line = text; *line != '\0'; line = next_line(line)) {
		const char *s = line;
		char list[128];
		size_t n;

		if (!take_word(&s, "gpus"))
			continue;
		n = strcspn(s, " \t\n");
		if (n == 0 || n >= sizeof(list))
			return -1;
		memcpy(list, s, n);
		list[n] = '\0';
		return strcmp(list, "none") == 0 ? 0 : frame_parse_list(list, ret, room);
	}
	return -1;
}

int jobs_parse_minor(const char *text, unsigned *ret)
{
	size_t n;
	const char *s = frame_find_line(text, "Device Minor:", &n);

	return s != NULL && take_small(&s, ret) ? 0 : -EINVAL;
}

int jobs_parse_slot(const char *text, char *ret, size_t size)
{
	char slot[32];
	size_t n;
	const char *s = frame_find_line(text, "PCI_SLOT_NAME=", &n);

	if (s == NULL || n >= sizeof(slot))
		return -ENOENT;
	memcpy(slot, s, n);
	slot[n] = '\0';
	jobs_copy_name(ret, size, slot);
	return 0;
}

int jobs_parse_path_uid(const char *path, unsigned *ret)
{
	const char *s = strstr(path, "/uid_");
	uint64_t value;

	if (s == NULL)
		return -ENOENT;
	s += strlen("/uid_");
	if (frame_take_number(&s, &value) < 0 || *s != '/' || value > UINT_MAX)
		return -ENOENT;
	*ret = (unsigned)value;
	return 0;
}

void jobs_copy_name(char *ret, size_t size, const char *name)
{
	size_t n = 0;

	for (; *name != '\0' && n + 1 < size; name++)
		ret[n++] = isalnum((unsigned char)*name) || strchr("_.-+@:", *name) ? *name : '_';
	ret[n] = '\0';
}
