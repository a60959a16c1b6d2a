// SPDX-License-Identifier: Apache-2.0
// Who is asking. The portal keeps no passwords: a proxy in front signs people in and says who they
// are, proving itself by a secret; or, on one's own machine, there is one fixed person.
#pragma once

#include "common/error.h"
#include "common/settings.h"
#include "portal/request.h"

enum identity_kind { IDENTITY_HEADER, IDENTITY_FIXED };

struct identity_options {
	enum identity_kind kind;
	const char *header; // of the person's name
	const char *secret; // that X-Proxy-Secret must equal
	const char *person; // IDENTITY_FIXED
};

// Takes the settings, refusing what would be unsafe.
int identity_configure(
	const struct settings *s, struct identity_options *ret, struct error *err) MUST_USE;

// Sets q->person; "" when nobody (known to be) is asking. -EACCES when the proxy proved itself but
// the name it gave is no name.
int identity_of(const struct identity_options *o, struct request *q, struct error *err) MUST_USE;
