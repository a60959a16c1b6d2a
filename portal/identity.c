// SPDX-License-Identifier: Apache-2.0
// Decides who is asking.
#include "portal/identity.h"

#include <errno.h>
#include <string.h>

#include "common/str.h"
#include "portal/listen.h"

#define SECRET_HEADER "X-Proxy-Secret"
#define SECRET_MIN    16
#define PERSON_MAX    64

static int configure_fixed(
	const struct settings *s, struct identity_options *ret, struct error *err)
{
	if (!s->portal_auth_user || !s->portal_auth_user[0])
		return error_set(err, EINVAL, "portal.auth: fixed needs portal.auth_user");
	if (!listen_is_local(s->portal_listen))
		return error_set(err, EINVAL,
			"portal.auth: fixed signs everybody in as %s, so portal.listen must be a "
			"loopback address or unix:PATH, not %s",
			s->portal_auth_user, s->portal_listen);
	ret->kind = IDENTITY_FIXED;
	ret->person = s->portal_auth_user;
	return 0;
}

static int configure_header(
	const struct settings *s, struct identity_options *ret, struct error *err)
{
	if (!s->portal_proxy_secret || strlen(s->portal_proxy_secret) < SECRET_MIN)
		return error_set(err, EINVAL,
			"portal.auth: header needs portal.proxy_secret of at least %d characters",
			SECRET_MIN);
	ret->kind = IDENTITY_HEADER;
	ret->header = s->portal_auth_header;
	ret->secret = s->portal_proxy_secret;
	return 0;
}

int identity_configure(const struct settings *s, struct identity_options *ret, struct error *err)
{
	*ret = (struct identity_options){0};
	if (str_eq(s->portal_auth, "fixed"))
		return configure_fixed(s, ret, err);
	if (str_eq(s->portal_auth, "header"))
		return configure_header(s, ret, err);
	return error_set(
		err, EINVAL, "portal.auth is '%s'; it may be header or fixed", s->portal_auth);
}

// Takes the same time wherever the first difference is, so that nobody finds the secret byte by
// byte with a clock.
static bool secret_matches(const char *expected, const char *sent)
{
	size_t len = strlen(expected);
	size_t sent_len = strlen(sent);
	volatile unsigned char difference = len != sent_len;
	for (size_t i = 0; i < sent_len; i++)
		difference |= (unsigned char)(sent[i] ^ expected[len ? i % len : 0]);
	return difference == 0;
}

static bool is_person_name(const char *s)
{
	size_t len = strlen(s);
	return len > 0 && len <= PERSON_MAX &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789._@+-") == len;
}

int identity_of(const struct identity_options *o, struct request *q, struct error *err)
{
	q->person = "";
	if (o->kind == IDENTITY_FIXED) {
		q->person = o->person;
		return 0;
	}
	const char *secret = request_header(q, SECRET_HEADER);
	const char *person = request_header(q, o->header);
	if (!secret || !person || !secret_matches(o->secret, secret))
		return 0;
	if (!is_person_name(person))
		return error_set(err, EACCES, "the sign-on gave a name that is no user name");
	q->person = arena_strdup(q->arena, person);
	return 0;
}
