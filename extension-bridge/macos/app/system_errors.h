/* SPDX-License-Identifier: ISC */
/*
 * What the errors mean that macOS answers with when an extension is activated or
 * a configuration is saved: the words of a code, and what mends it. The codes are
 * those of Apple's headers (SystemExtensions.h, NEVPNManager.h, NEVPNConnection.h,
 * NEDNSProxyManager.h); what mends them is from Apple's documentation and what
 * people reported. Pure; host app.
 */
#ifndef SIGHTGLASS_BRIDGE_MACOS_SYSTEM_ERRORS_H
#define SIGHTGLASS_BRIDGE_MACOS_SYSTEM_ERRORS_H

#include <stddef.h>

#include "base/attr.h"

struct system_error {
	long code;
	const char *name; /* Apple's, without the domain before it */
	const char *words, *remedy;
};

/* NULL: a domain or a code that is not in the tables. Static. */
const struct system_error *system_error_find(const char *domain, long code)
    WUNRES NONNULL(1);

/* What a person reads of an error: one line, cut where `out` ends. `said` is what
 * the system says of it, used for what is not in the tables; NULL: nothing. */
void system_error_text(const char *domain, long code, const char *said, char *out,
    size_t capacity) NONNULL(1, 4);

#endif
