// SPDX-License-Identifier: Apache-2.0
// Reads small files below a root folder and parses what stands in them; see parse.h.
#include "pmdas/frame/parse.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int frame_open_root(const char *root)
{
	int fd = open(*root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

DIR *frame_open_folder(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir == NULL && fd >= 0)
		close(fd);
	return dir;
}

ssize_t frame_read_head(int root, const char *path, char *buf, size_t size)
{
	int fd = openat(root, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;
	ssize_t n = 0;

	if (fd < 0)
		return -errno;
	while (len < size && (n = read(fd, buf + len, size - len)) > 0)
		len += (size_t)n;
	n = n < 0 ? -errno : 0;
	close(fd);
	if (n < 0)
		return n;
	buf[len < size ? len : size - 1] = '\0';
	return (ssize_t)len;
}

ssize_t frame_read_file(int root, const char *path, char *buf, size_t size)
{
	ssize_t n = frame_read_head(root, path, buf, size);

	return n == (ssize_t)size ? -EFBIG : n;
}

int frame_read_number(int root, const char *path, uint64_t *ret)
{
	char buf[64];
	ssize_t n = frame_read_file(root, path, buf, sizeof(buf));

	return n < 0 ? (int)n : frame_parse_number(buf, ret);
}

static const char *skip_blanks(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

int frame_parse_number(const char *text, uint64_t *ret)
{
	const char *s = skip_blanks(text);
	int base = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') ? 16 : 10;
	unsigned long long value;
	char *end;

	if (base == 16)
		s += 2;
	// strtoull would take a sign, a second "0x" and blanks.
	if (!(base == 16 ? isxdigit((unsigned char)*s) : isdigit((unsigned char)*s)))
		return -EINVAL;
	if (base == 16 && (s[1] == 'x' || s[1] == 'X'))
		return -EINVAL;
	errno = 0;
	value = strtoull(s, &end, base);
	if (errno == ERANGE)
		return -ERANGE;
	if (*skip_blanks(end) != '\0')
		return -EINVAL;
	*ret = value;
	return 0;
}

int frame_take_number(const char **s, uint64_t *ret)
{
	uint64_t value = 0;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	for (; isdigit((unsigned char)**s); (*s)++) {
		unsigned digit = (unsigned)(**s - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

// A plain decimal number at *s, moved behind it.
static int take_id(const char **s, unsigned *ret)
{
	unsigned value = 0;

	if (!isdigit((unsigned char)**s))
		return -EINVAL;
	for (; isdigit((unsigned char)**s); (*s)++) {
		value = value * 10 + (unsigned)(**s - '0');
		if (value > 1000000)
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

int frame_parse_list(const char *text, unsigned *ids, unsigned room)
{
	const char *s = skip_blanks(text);
	unsigned n = 0;

	while (*s != '\0') {
		unsigned first = 0;
		unsigned last;
		int rc = take_id(&s, &first);

		last = first;
		if (rc == 0 && *s == '-') {
			s++;
			rc = take_id(&s, &last);
		}
		if (rc < 0)
			return rc;
		if (last < first || (n && first <= ids[n - 1]))
			return -EINVAL;
		if (last - first >= room - n)
			return -ERANGE;
		for (unsigned id = first; id <= last; id++)
			ids[n++] = id;
		if (*s != ',')
			break;
		s++;
		if (!isdigit((unsigned char)*s))
			return -EINVAL;
	}
	return *skip_blanks(s) == '\0' ? (int)n : -EINVAL;
}

const char *frame_find_line(const char *text, const char *key, size_t *ret_n)
{
	size_t n = strlen(key);

	for (const char *s = text; s != NULL && *s != '\0'; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (strncmp(s, key, n) != 0)
			continue;
		s += n;
		s += strspn(s, " \t");
		*ret_n = strcspn(s, "\n");
		return s;
	}
	return NULL;
}
