// SPDX-License-Identifier: Apache-2.0
// The files of PCP for what is asked of pmlogger. PCP's scripts read control files line by line and let a
// shell expand some of it, so no word that comes from outside may hold what a shell understands.
#include "logger/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/catalogue/print.h"

#define MADE "# Made by jobsight-logger; change its options, not this file.\n"

static bool is_made_of(const char *s, const char *further)
{
	for (; *s; s++) {
		bool is_plain = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		                (*s >= '0' && *s <= '9');
		if (!is_plain && !strchr(further, *s))
			return false;
	}
	return true;
}

static bool is_path(const char *s)
{
	return *s == '/' && is_made_of(s, "/._+-") && !strstr(s, "/../") && !str_ends(s, "/..");
}

static bool is_host(const char *s)
{
	return *s && *s != '.' && *s != '-' && is_made_of(s, "._-");
}

int logger_plan_check(const struct logger_plan *p, struct error *err)
{
	static const char *const ways[] = {"auto", "xz", "zstd", "never"};
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		is_known |= str_eq(p->compress, ways[i]);
	if (!is_known)
		return error_set(err, EINVAL, "--compress is auto, xz, zstd or never");
	if (!is_path(p->archives) || (p->work && !is_path(p->work)))
		return error_set(err, EINVAL, "%s: no plain absolute path",
			is_path(p->archives) ? p->work : p->archives);
	if (p->work && str_starts(p->work, p->archives))
		return error_set(err, EINVAL, "--work must not be inside the archive tree");
	if (!is_made_of(p->volume, "") || *p->volume == '\0')
		return error_set(err, EINVAL, "%s: no size, as 100Mb", p->volume);
	if (!is_made_of(p->connect, "._:/%@-") || *p->connect == '-' || *p->connect == '\0')
		return error_set(err, EINVAL, "%s: no address of pmcd", p->connect);
	if (strpbrk(p->hotproc, "\r\n"))
		return error_set(err, EINVAL, "--hotproc is one line");
	for (size_t i = 0; i < p->farm.n; i++)
		if (!is_host(p->farm.hosts[i]))
			return error_set(err, EINVAL, "%s: no host name", p->farm.hosts[i]);
	return 0;
}

static const char *configuration(const struct logger_plan *p, struct arena *a)
{
	const char *slash = strrchr(p->pcp.control, '/');

	return arena_printf(a, "%.*s/jobsight.config", slash ? (int)(slash - p->pcp.control) : 0,
		p->pcp.control);
}

// How the pmcd of a host is reached: its name in place of %h.
static void put_address(struct strbuf *out, const char *pattern, const char *host)
{
	for (const char *s = pattern; *s; s++) {
		if (s[0] == '%' && s[1] == 'h') {
			strbuf_puts(out, host);
			s++;
		} else {
			strbuf_putc(out, *s);
		}
	}
}

// PCP 6 reads no zstd, and xz needs small blocks for its readers.
static const char *compressor(const struct logger_plan *p)
{
	bool has_zstd = strtoul(p->pcp.version, NULL, 10) >= 7;

	if (str_eq(p->compress, "zstd") || (str_eq(p->compress, "auto") && has_zstd))
		return "zstd -q --rm";
	return "xz -0 --block-size=10MiB";
}

static void put_compression(struct strbuf *out, const struct logger_plan *p)
{
	// Without --work nobody merges, and jobsight-archive compresses.
	if (!p->work || str_eq(p->compress, "never"))
		strbuf_puts(out, "$PCP_COMPRESSAFTER=never\n");
	else
		strbuf_printf(out, "$PCP_COMPRESSAFTER=0\n$PCP_COMPRESS=\"%s\"\n", compressor(p));
}

// One logger. Straight into the tree each day needs a new process in a new folder: pmlogger ends
// with the day, and who watches it (systemd, pmlogger_check) begins the next.
static void put_logger(
	struct strbuf *out, const struct logger_plan *p, const char *host, const char *configured)
{
	const char *name = host ? host : "LOCALHOSTNAME";

	if (p->work)
		strbuf_printf(
			out, "$PCP_AUTOSAVE_DIR=%s/%s/DATEYYYY/DATEMM/DATEDD\n", p->archives, name);
	if (host)
		put_address(out, p->connect, host);
	else
		strbuf_puts(out, name);
	strbuf_puts(out, host ? "\tn\tn\t" : "\ty\tn\t");
	if (p->work)
		strbuf_printf(out, "%s/%s\t", p->work, name);
	else
		strbuf_printf(out, "\"%s/%s/$(date -u +%%Y/%%m/%%d)\"\t-y -T@23:59:59 ",
			p->archives, name);
	if (host)
		strbuf_printf(out, "-H %s ", host);
	strbuf_printf(out, "-c %s -v %s\n", configured, p->volume);
}

static void put_control(struct strbuf *out, const struct logger_plan *p, const char *configured)
{
	strbuf_puts(out,
		MADE "$version=1.1\n"
		     "# Days, folders and names are those of UTC.\n"
		     "$TZ=UTC\n"
		     "# A pmlogger of PCP 6.0 that meets a derived metric loses most samples.\n"
		     "$PCP_DERIVED_CONFIG=/dev/null\n");
	put_compression(out, p);
	strbuf_puts(out, "\n#Host\tP?\tS?\tdirectory\targs\n");
	if (p->farm.n == 0)
		put_logger(out, p, NULL, configured);
	for (size_t i = 0; i < p->farm.n; i++)
		put_logger(out, p, p->farm.hosts[i], configured);
}

// pmlogger_daily rolls and moves what it finds: after the end of the UTC day. Loggers of a farm that
// ended with the day are begun again by pmlogger_check, which else comes each half hour.
static struct logger_file *put_timer(
	struct logger_file *f, const struct logger_plan *p, struct arena *a)
{
	const char *timer = p->work ? "pmlogger_daily" : "pmlogger_check";

	if (!p->work && p->farm.n == 0)
		return f;
	f->path = arena_printf(a, "%s/%s.timer.d/jobsight.conf", p->systemd, timer);
	strbuf_puts(&f->text, MADE "[Timer]\n");
	strbuf_puts(&f->text, p->work ? "OnCalendar=\nOnCalendar=*-*-* 00:10:00 UTC\n"
				      : "OnCalendar=*-*-* 00:00:05 UTC\nAccuracySec=1s\n");
	return f + 1;
}

size_t logger_files(const struct logger_plan *p, const struct catalogue *c, struct arena *a,
	struct logger_file ret[LOGGER_FILES])
{
	struct logger_file *f = ret;

	f->path = configuration(p, a);
	print_pmlogger(c, &f->text);
	f++;
	f->path = arena_printf(a, "%s.d/jobsight", p->pcp.control);
	put_control(&f->text, p, ret->path);
	f++;
	if (p->farm.n == 0) {
		f->path = arena_printf(a, "%s/proc/hotproc.conf", p->pcp.pmdas);
		strbuf_printf(&f->text, "#pmdahotproc\nVersion 1.0\n\n%s\n", p->hotproc);
		f++;
	}
	return (size_t)(put_timer(f, p, a) - ret);
}
