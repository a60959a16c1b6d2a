// SPDX-License-Identifier: Apache-2.0
// libldap's synchronous calls, each with a time limit; results in pages (RFC 2696), for servers
// give only so many entries at once.
#include "accounting/directory.h"

#include <errno.h>
#include <ldap.h>
#include <string.h>

#include "common/macro.h"
#include "common/memory.h"
#include "common/str.h"

enum { LIMIT_S = 60, PAGE_ENTRIES = 500 };

struct directory {
	LDAP *ldap;
	const char *url;
};

static int code_of(int rc)
{
	switch (rc) {
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_TIMEOUT:
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		return EHOSTDOWN;
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INAPPROPRIATE_AUTH:
	case LDAP_INSUFFICIENT_ACCESS:
		return EACCES;
	case LDAP_NO_SUCH_OBJECT:
		return ENOENT;
	case LDAP_INVALID_DN_SYNTAX:
	case LDAP_FILTER_ERROR:
	case LDAP_PARAM_ERROR:
		return EINVAL;
	default:
		return EIO;
	}
}

static int fail(const struct directory *d, int rc, const char *what, struct error *err)
{
	char *more = NULL;

	if (d->ldap)
		ldap_get_option(d->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	error_set(err, code_of(rc), "%s: %s: %s%s%s", d->url, what, ldap_err2string(rc),
		more && *more ? ": " : "", more ? more : "");
	ldap_memfree(more);
	return -code_of(rc);
}

static int set_options(struct directory *d, const char *ca_file)
{
	const struct timeval limit = {.tv_sec = LIMIT_S};
	int version = LDAP_VERSION3;
	int demand = LDAP_OPT_X_TLS_DEMAND;
	int client = 0;
	int rc = ldap_set_option(d->ldap, LDAP_OPT_PROTOCOL_VERSION, &version);

	if (rc == LDAP_SUCCESS)
		rc = ldap_set_option(d->ldap, LDAP_OPT_NETWORK_TIMEOUT, &limit);
	if (rc == LDAP_SUCCESS)
		rc = ldap_set_option(d->ldap, LDAP_OPT_TIMEOUT, &limit);
	if (rc == LDAP_SUCCESS)
		rc = ldap_set_option(d->ldap, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	if (rc == LDAP_SUCCESS)
		rc = ldap_set_option(d->ldap, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (rc == LDAP_SUCCESS && ca_file)
		rc = ldap_set_option(d->ldap, LDAP_OPT_X_TLS_CACERTFILE, ca_file);
	if (rc == LDAP_SUCCESS)
		rc = ldap_set_option(d->ldap, LDAP_OPT_X_TLS_NEWCTX, &client);
	return rc;
}

static int bind_as(struct directory *d, const char *dn, const char *password)
{
	AUTO_FREE char *copy = strdup(password ? password : "");
	struct berval credentials = {.bv_len = strlen(copy), .bv_val = copy};

	return ldap_sasl_bind_s(d->ldap, dn, LDAP_SASL_SIMPLE, &credentials, NULL, NULL, NULL);
}

int directory_open(const struct settings *s, struct directory **ret, struct error *err)
{
	struct directory *d;
	int rc;

	if (!s->ldap_url)
		return error_set(err, EINVAL, "ldap.url is not set");
	// A bind with a name and without a password would succeed as nobody.
	if (s->ldap_dn && !(s->ldap_password && *s->ldap_password))
		return error_set(err, EINVAL, "ldap.dn is set, ldap.password is not");
	d = memory_alloc(1, sizeof(*d));
	d->url = s->ldap_url;
	rc = ldap_initialize(&d->ldap, s->ldap_url);
	if (rc == LDAP_SUCCESS)
		rc = set_options(d, s->ldap_ca_file);
	if (rc == LDAP_SUCCESS)
		rc = bind_as(d, s->ldap_dn, s->ldap_password);
	if (rc != LDAP_SUCCESS) {
		rc = fail(d, rc, "bind", err);
		directory_close(d);
		return rc;
	}
	*ret = d;
	return 0;
}

void directory_close(struct directory *d)
{
	if (!d)
		return;
	if (d->ldap)
		ldap_unbind_ext_s(d->ldap, NULL, NULL);
	free(d);
}

// ---- entries ----

static void take_attribute(struct directory *d, LDAPMessage *entry, const char *name,
	struct arena *a, struct directory_attribute *ret)
{
	struct berval **values = ldap_get_values_len(d->ldap, entry, name);
	size_t n = (size_t)ldap_count_values_len(values);

	ret->values = arena_array(a, n + 1, sizeof(*ret->values));
	ret->n = 0;
	for (size_t i = 0; i < n; i++)
		if (!memchr(values[i]->bv_val, '\0', values[i]->bv_len))
			ret->values[ret->n++] =
				arena_strndup(a, values[i]->bv_val, values[i]->bv_len);
	ldap_value_free_len(values);
}

static void take_entry(struct directory *d, LDAPMessage *entry, const char *const *attributes,
	struct arena *a, struct directory_entry *ret)
{
	char *dn = ldap_get_dn(d->ldap, entry);
	size_t n = 0;

	ret->dn = arena_strdup(a, dn ? dn : "");
	ldap_memfree(dn);
	while (attributes[n])
		n++;
	ret->attributes = arena_array(a, n + 1, sizeof(*ret->attributes));
	for (size_t i = 0; i < n; i++)
		take_attribute(d, entry, attributes[i], a, &ret->attributes[i]);
}

static void take_page(struct directory *d, LDAPMessage *page, const char *const *attributes,
	struct arena *a, struct directory_entries *ret)
{
	size_t n = (size_t)ldap_count_entries(d->ldap, page);
	struct directory_entry *rows = arena_array(a, ret->n + n + 1, sizeof(*rows));

	if (ret->n)
		memcpy(rows, ret->rows, ret->n * sizeof(*rows));
	ret->rows = rows;
	for (LDAPMessage *e = ldap_first_entry(d->ldap, page); e; e = ldap_next_entry(d->ldap, e))
		take_entry(d, e, attributes, a, &rows[ret->n++]);
}

// The cookie of the next page; empty at the end, and for servers that know no pages.
static void take_cookie(struct directory *d, LDAPMessage *page, struct berval *cookie)
{
	LDAPControl **controls = NULL;
	LDAPControl *control = NULL;
	ber_int_t total;

	ber_memfree(cookie->bv_val);
	*cookie = (struct berval){0};
	if (ldap_parse_result(d->ldap, page, NULL, NULL, NULL, NULL, &controls, 0) == LDAP_SUCCESS)
		control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (control)
		ldap_parse_pageresponse_control(d->ldap, control, &total, cookie);
	ldap_controls_free(controls);
}

static int search_page(struct directory *d, const char *base, const char *filter,
	const char *const *attributes, struct berval *cookie, LDAPMessage **ret)
{
	struct timeval limit = {.tv_sec = LIMIT_S};
	LDAPControl *page = NULL;
	LDAPControl *controls[2] = {0};
	int rc = ldap_create_page_control(d->ldap, PAGE_ENTRIES, cookie, 0, &page);

	if (rc != LDAP_SUCCESS)
		return rc;
	controls[0] = page;
	// libldap does not write to the names.
	rc = ldap_search_ext_s(d->ldap, base, LDAP_SCOPE_SUBTREE, filter,
		(char **)(void *)attributes, 0, controls, NULL, &limit, LDAP_NO_LIMIT, ret);
	ldap_control_free(page);
	return rc;
}

int directory_search(struct directory *d, const char *base, const char *filter,
	const char *const *attributes, struct arena *a, struct directory_entries *ret,
	struct error *err)
{
	struct berval cookie = {0};
	int rc;

	*ret = (struct directory_entries){0};
	do {
		LDAPMessage *page = NULL;

		rc = search_page(d, base, filter, attributes, &cookie, &page);
		if (rc == LDAP_SUCCESS) {
			take_page(d, page, attributes, a, ret);
			take_cookie(d, page, &cookie);
		}
		ldap_msgfree(page);
	} while (rc == LDAP_SUCCESS && cookie.bv_len > 0);
	ber_memfree(cookie.bv_val);
	return rc == LDAP_SUCCESS ? 0 : fail(d, rc, base, err);
}
