/* SPDX-License-Identifier: ISC */
/*
 * The configuration profile (.mobileconfig) by which device management sets a Mac
 * up: what each payload says. The keys are those of Apple's device management
 * schema. Pure: settings and certificates in, a property list out. CLI.
 */
#ifndef SIGHTGLASS_CLI_PROFILE_PAYLOADS_H
#define SIGHTGLASS_CLI_PROFILE_PAYLOADS_H

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "base/buf.h"
#include "conf/conf.h"

/* The launchd label of the daemon (packaging/macos). */
#define PROFILE_DAEMON_LABEL "org.sightglass.sightglassd"

/* X(symbol, "name", "what a person reads"). The name ends the identifier of each
 * payload and is the name of its file. */
#define PROFILE_PARTS(X)                                                      \
	X(PROFILE_CA, "ca", "Certificate authority")                          \
	X(PROFILE_EXTENSION, "extension", "System extension")                 \
	X(PROFILE_PROXY, "proxy", "Transparent proxy")                        \
	X(PROFILE_DNS, "dns", "DNS proxy")                                    \
	X(PROFILE_DAEMON, "daemon", "Background service")

enum profile_part {
#define PROFILE_ENUM(symbol, name, title) symbol,
	PROFILE_PARTS(PROFILE_ENUM)
#undef PROFILE_ENUM
	PROFILE_PART_COUNT
};

#define PROFILE_ALL ((1u << PROFILE_PART_COUNT) - 1)

/* The name of a part. Static. */
const char *profile_part_name(enum profile_part part);

/* Whether the settings can make a profile. E_RANGE: `error` says which cannot, and
 * what it should be. */
int profile_check(const struct conf *conf, char error[256]) WUNRES NONNULL(1, 2);

/* Appends a profile with the parts whose bits are set; profile.dns leaves that one
 * out of it. Equal settings and certificates give equal bytes. `certificates`: the
 * CAs that are to be trusted or known. E_SYNTAX: a setting has a character that
 * XML cannot hold; E_CRYPTO, E_NOMEM, E_LIMIT. */
int profile_write(const struct conf *conf, const mbedtls_x509_crt *certificates,
    unsigned parts, struct buf *out) WUNRES NONNULL(1, 2, 4);

#endif
