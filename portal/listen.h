// SPDX-License-Identifier: Apache-2.0
// Listening sockets: "HOST:PORT", "[IPV6]:PORT" or "unix:PATH" to a descriptor.
#pragma once

#include <stdbool.h>

#include "common/error.h"
#include "common/str.h"

// Opens a socket that listens; url receives where it can be reached (with the port that a port 0
// got).
int listen_open(const char *text, struct strbuf *url, struct error *err) MUST_USE;
bool listen_is_local(const char *text); // loopback address or unix socket
