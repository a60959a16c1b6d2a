// SPDX-License-Identifier: Apache-2.0
// A file is read at once: agents keep theirs short.
#include "accounting/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#ifdef HAVE_SSH
#include "common/ssh/ssh.h"
#endif

enum {
	TEXT_MAX = 256 << 20,
	SSH_LIMIT_S = 300,
	TIME_MAX = 40,
};

#ifdef HAVE_SSH
static int read_by_ssh(const struct import_request *r, const struct cluster_settings *c,
	struct arena *a, struct bytes *ret, struct error *err)
{
	CLEANUP(strbuf_release) struct strbuf text = {0};
	struct ssh_target target;

	TRY(ssh_target_parse(c->login, a, &target, err));
	target.key = c->login_key;
	target.known_hosts = r->settings->launcher_known_hosts;
	target.limit_s = SSH_LIMIT_S;
	TRY(ssh_read(&target, r->spec, 0, TEXT_MAX, &text, err));
	ret->data = (const uint8_t *)arena_strndup(a, strbuf_text(&text), text.len);
	ret->len = text.len;
	return 0;
}
#else
static int read_by_ssh(const struct import_request *r, const struct cluster_settings *c,
	struct arena *a, struct bytes *ret, struct error *err)
{
	(void)r;
	(void)a;
	(void)ret;
	return error_set(
		err, ENOTSUP, "%s: this jobsight-import was built without libssh", c->name);
}
#endif

int text_read(const struct import_request *r, bool by_ssh, struct arena *a, const char **ret_name,
	struct bytes *ret, struct error *err)
{
	const struct cluster_settings *c;

	*ret_name = arena_strdup(a, r->spec);
	if (!by_ssh)
		return file_read(r->spec, TEXT_MAX, a, ret, err);
	TRY(settings_cluster(r->settings, r->cluster, &c, err));
	if (!c->login || !c->login_key)
		return error_set(err, EINVAL,
			"cluster %s needs login and login_key for a source by ssh", c->name);
	*ret_name = arena_printf(a, "%s:%s", c->login, r->spec);
	return read_by_ssh(r, c, a, ret, err);
}

int64_t text_written(const struct import_request *r, bool by_ssh)
{
	struct stat st;

	return !by_ssh && stat(r->spec, &st) == 0 ? st.st_mtime : clock_now_s();
}

const char *text_place(const char *file, struct arena *a)
{
	struct stat st;

	if (stat(file, &st) < 0 || !S_ISREG(st.st_mode))
		return "";
	return arena_printf(a, "%" PRIu64 " %" PRId64 ".%09ld", (uint64_t)st.st_size,
		(int64_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

int text_time(const char *text, const struct timezone_rules *zone, int64_t *ret_s)
{
	char whole[TIME_MAX];
	const char *dot = strchr(text, '.');
	const char *rest = dot ? dot + 1 + strspn(dot + 1, "0123456789") : "";

	if (!str_format(
		    whole, sizeof(whole), "%.*s%s", dot ? (int)(dot - text) : TIME_MAX, text, rest))
		return -EINVAL;
	return parse_time(whole, zone, ret_s);
}
