/* SPDX-License-Identifier: ISC */
/*
 * What the doctor reads out of the words that a system's tools print. Each is a
 * function of a text that ends with NUL, and takes what it does not understand for
 * something that is not there. Pure; CLI.
 */
#ifndef SIGHTGLASS_CLI_DOCTOR_TEXT_H
#define SIGHTGLASS_CLI_DOCTOR_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

#define DOCTOR_WORD_BYTES 128

/* --- macOS --- */

/* `systemextensionsctl list`: one extension, and the others of the network. */
struct extension_state {
	bool listed;
	bool enabled, active;               /* the stars of its line */
	char state[DOCTOR_WORD_BYTES];      /* "activated enabled" */
	char version[DOCTOR_WORD_BYTES];    /* "1.0/7" */
	char others[4 * DOCTOR_WORD_BYTES]; /* identifiers that are active, by ", " */
};

void doctor_read_extensions(const char *text, const char *identifier,
    struct extension_state *out) NONNULL(1, 2, 3);

/* `scutil --nc list`: the configuration of a host app. */
enum connection_state { CONNECTION_NONE, CONNECTION_OFF, CONNECTION_ON };

enum connection_state doctor_read_connection(const char *text, const char *app)
    WUNRES NONNULL(1, 2);

/* `profiles show -output stdout`: whether a profile of that identifier is there, and
 * the Order that it gives to the transparent proxy; 0: none. */
bool doctor_read_profile(const char *text, const char *identifier, unsigned *order)
    WUNRES NONNULL(1, 2, 3);

/* `codesign --display --verbose=2 --entitlements -`: of a signed bundle. */
struct signature_state {
	bool signed_at_all;
	bool hardened;                /* flags have "runtime" */
	bool debuggable;              /* com.apple.security.get-task-allow */
	char team[DOCTOR_WORD_BYTES]; /* "" for none */
};

void doctor_read_signature(const char *text, struct signature_state *out)
    NONNULL(1, 2);

/* Whether such a text has an entitlement. */
bool doctor_has_entitlement(const char *text, const char *entitlement)
    WUNRES NONNULL(1, 2);

/* `spctl --assess --verbose=2 --type install`: accepted, and by what source. */
bool doctor_read_assessment(const char *text, char source[DOCTOR_WORD_BYTES])
    WUNRES NONNULL(1, 2);

/* What is known to be broken in a release of macOS ("26.1"), or NULL. Static. */
const char *doctor_known_trouble(const char *version) WUNRES NONNULL(1);

/* --- any system --- */

/* `keytool -list`: whether a certificate of that SHA-256, written as colons between
 * pairs of capital digits, is there. */
bool doctor_has_fingerprint(const char *text, const char *fingerprint)
    WUNRES NONNULL(1, 2);

/* The value behind "name=" or "name:" at the beginning of a line, without blanks
 * around it. False: no such line. */
bool doctor_read_value(const char *text, const char *name,
    char out[DOCTOR_WORD_BYTES]) NONNULL(1, 2, 3);

/* By which variable, or how else, a program of that name is made to trust a CA.
 * Static; NULL: not known. */
const char *doctor_cure(const char *program) WUNRES NONNULL(1);

#endif
