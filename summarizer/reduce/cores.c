// SPDX-License-Identifier: Apache-2.0
// CPU lists and cgroup names.
#include "summarizer/reduce/cores.h"

#include <inttypes.h>
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

static const char *find_job(const char *text, size_t len, uint64_t raw_id, size_t *ret_len)
{
	char job[32];
	(void)str_format(job, sizeof(job), "/job_%" PRIu64, raw_id);
	*ret_len = strlen(job);
	return memmem(text, len, job, *ret_len);
}

bool cgroup_is_job(const char *text, size_t len, uint64_t raw_id)
{
	size_t job_len = 0;
	const char *end = text + len;
	for (const char *p = find_job(text, len, raw_id, &job_len); p;
		p = find_job(p + 1, (size_t)(end - p - 1), raw_id, &job_len)) {
		const char *after = p + job_len;
		if (after >= end || *after < '0' || *after > '9')
			return true;
	}
	return false;
}

bool cgroup_is_job_itself(const char *name, uint64_t raw_id)
{
	size_t job_len = 0;
	size_t len = strlen(name);
	const char *p = find_job(name, len, raw_id, &job_len);
	return p && p + job_len == name + len;
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
