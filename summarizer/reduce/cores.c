// SPDX-License-Identifier: Apache-2.0
// CPU lists and cgroup names.
#include "summarizer/reduce/cores.h"

#include <string.h>

#include "common/str.h"

bool core_set_has(const struct core_set *s, unsigned core)
{
	return core < CORES_MAX && s->bits[core / 64] >> (core % 64) & 1;
}

static bool number(const uint8_t **at, const uint8_t *end, unsigned *ret)
{
	unsigned n = 0;
	const uint8_t *p = *at;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		n = 10 * n + (unsigned)(*p - '0');
		if (n >= CORES_MAX)
			return false;
	}
	if (p == *at)
		return false;
	*at = p;
	*ret = n;
	return true;
}

bool core_set_parse(struct core_set *s, struct bytes text)
{
	struct core_set to = *s;
	const uint8_t *p = text.data;
	const uint8_t *end = p + text.len;
	while (end > p && (end[-1] == '\0' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	while (p < end) {
		unsigned first = 0;
		unsigned last = 0;
		if (!number(&p, end, &first))
			return false;
		last = first;
		if (p < end && *p == '-') {
			p++;
			if (!number(&p, end, &last) || last < first)
				return false;
		}
		for (unsigned c = first; c <= last; c++) {
			to.n += !core_set_has(&to, c);
			to.bits[c / 64] |= UINT64_C(1) << (c % 64);
		}
		if (p < end && *p++ != ',')
			return false;
	}
	*s = to;
	return true;
}

void core_set_list(const struct core_set *s, char *buf, size_t size)
{
	size_t len = 0;
	buf[0] = '\0';
	for (unsigned c = 0; c < CORES_MAX; c++) {
		if (!core_set_has(s, c))
			continue;
		if (!str_format(buf + len, size - len, len ? ",%u" : "%u", c)) {
			buf[len] = '\0';
			return;
		}
		len += strlen(buf + len);
	}
}

bool cgroup_next_job(const char **at, const char *end, uint64_t *ret_raw_id)
{
	static const char mark[] = "/job_";
	const size_t len = sizeof(mark) - 1;
	const char *p = *at;
	// Groups have few parts: looking for each beats a search for the whole mark.
	while (p < end && (p = memchr(p, '/', (size_t)(end - p))) != NULL) {
		if ((size_t)(end - p) < len || memcmp(p, mark, len) != 0) {
			p++;
			continue;
		}
		p += len;
		uint64_t id = 0;
		const char *digits = p;
		for (; p < end && p - digits < 19 && *p >= '0' && *p <= '9'; p++)
			id = 10 * id + (uint64_t)(*p - '0');
		if (p == digits)
			continue;
		*at = p;
		*ret_raw_id = id;
		return true;
	}
	*at = end;
	return false;
}

bool cgroup_names(const char *text, size_t len, const char *part)
{
	const size_t n = strlen(part);
	const char *end = text + len;
	const char *p = text;
	if (n == 0)
		return false;
	while ((p = memmem(p, (size_t)(end - p), part, n)) != NULL) {
		const char *after = p + n;
		if (p > text && p[-1] == '/' && (after == end || strchr("/;\n", *after) != NULL))
			return true;
		p = after;
	}
	return false;
}

bool cgroup_is_sluid(const char *name, const char *sluid)
{
	const char *last = *sluid ? strrchr(name, '/') : NULL;
	return last && str_eq(last + 1, sluid);
}

bool cgroup_job(const char *name, uint64_t *ret_raw_id)
{
	const char *at = name;
	const char *end = name + strlen(name);
	while (cgroup_next_job(&at, end, ret_raw_id))
		if (at == end)
			return true;
	return false;
}

// 101, 101:cpu3: as our PMDAs call a job and what it has a part of; by SLUID where the number is not known.
static bool is_job_named(const char *name, uint64_t raw_id, const char *sluid)
{
	const size_t n = strcspn(name, ":");
	uint64_t id = 0;
	char word[24];
	if (n == 0 || n >= sizeof(word))
		return false;
	memcpy(word, name, n);
	word[n] = '\0';
	return str_eq(word, sluid) || (parse_u64(word, &id) == 0 && id == raw_id);
}

bool cgroup_is_job_itself(const char *name, uint64_t raw_id, const char *sluid)
{
	uint64_t id = 0;
	if (*name != '/')
		return is_job_named(name, raw_id, sluid);
	return cgroup_is_sluid(name, sluid) || (cgroup_job(name, &id) && id == raw_id);
}

unsigned core_number(const char *name, size_t place)
{
	uint64_t n = 0;
	size_t len = strlen(name);
	size_t digits = 0;
	while (digits < len && name[len - 1 - digits] >= '0' && name[len - 1 - digits] <= '9')
		digits++;
	if (digits && parse_u64(name + len - digits, &n) == 0 && n < CORES_MAX)
		return (unsigned)n;
	return (unsigned)place;
}
