/* SPDX-License-Identifier: ISC */
/*
 * What the doctor finds: a line each, ok, a warning or a failure, and what mends it;
 * or an object of JSON each on a line of its own. CLI.
 */
#ifndef SIGHTGLASS_CLI_FINDING_H
#define SIGHTGLASS_CLI_FINDING_H

#include <stdbool.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"

/* What findings are about: their ids, which scripts know and no release changes;
 * sightglass(1) lists them. X(symbol, id) */
#define FINDING_TABLE(X)                                                      \
	X(FINDING_SETTINGS, "settings")                                       \
	X(FINDING_POLICY, "policy")                                           \
	X(FINDING_DAEMON, "daemon")                                           \
	X(FINDING_SOCKET, "socket")                                           \
	X(FINDING_BRIDGE, "bridge")                                           \
	X(FINDING_BYPASS, "bypass")                                           \
	X(FINDING_LOG, "log")                                                 \
	X(FINDING_SEGMENTS, "segments")                                       \
	X(FINDING_DISK, "disk")                                               \
	X(FINDING_CA, "ca")                                                   \
	X(FINDING_KEY, "key")                                                 \
	X(FINDING_CLOCK, "clock")                                             \
	X(FINDING_SYSTEM, "system")                                           \
	X(FINDING_NSS, "nss")                                                 \
	X(FINDING_JAVA, "java")                                               \
	X(FINDING_PYTHON, "python")                                           \
	X(FINDING_NODE, "node")                                               \
	X(FINDING_CONNECTION, "connection")                                   \
	X(FINDING_ALERTS, "alerts")                                           \
	X(FINDING_MACOS, "macos")                                             \
	X(FINDING_LAUNCHD, "launchd")                                         \
	X(FINDING_EXTENSION, "extension")                                     \
	X(FINDING_OTHERS, "others")                                           \
	X(FINDING_PROXY, "proxy")                                             \
	X(FINDING_PROFILE, "profile")                                         \
	X(FINDING_SIGNATURE, "signature")                                     \
	X(FINDING_PROVISIONING, "provisioning")                               \
	X(FINDING_NOTARIZED, "notarized")                                     \
	X(FINDING_STOPS, "stops")

enum finding_id {
#define FINDING_SYMBOL(symbol, id) symbol,
	FINDING_TABLE(FINDING_SYMBOL)
#undef FINDING_SYMBOL
};

struct findings {
	FILE *out; /* borrowed */
	bool as_json;
	unsigned warnings, failures;
	struct buf line; /* of JSON: a finding whose remedy may still come */
	struct json json;
};

/* Findings go to `out` (borrowed). */
void findings_begin(struct findings *f, FILE *out, bool as_json) NONNULL(1, 2);
void findings_end(struct findings *f) NONNULL(1);

void finding_ok(struct findings *f, enum finding_id id, const char *format, ...)
    NONNULL(1, 3) PRINTF_LIKE(3, 4);
void finding_warning(struct findings *f, enum finding_id id, const char *format, ...)
    NONNULL(1, 3) PRINTF_LIKE(3, 4);
void finding_failure(struct findings *f, enum finding_id id, const char *format, ...)
    NONNULL(1, 3) PRINTF_LIKE(3, 4);

/* What mends the finding just told of; once. */
void finding_remedy(struct findings *f, const char *format, ...)
    NONNULL(1, 2) PRINTF_LIKE(2, 3);

#endif
