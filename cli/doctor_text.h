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
	char waiting[DOCTOR_WORD_BYTES];    /* one that waits for a person beside it */
	char leaving[DOCTOR_WORD_BYTES];    /* one that goes at the next restart */
	char others[4 * DOCTOR_WORD_BYTES]; /* identifiers that are active, by ", " */
};

void doctor_read_extensions(const char *text, const char *identifier,
    struct extension_state *out) NONNULL(1, 2, 3);

/* `scutil --nc list`: the configuration of a host app. */
enum connection_state {
	CONNECTION_NONE,
	CONNECTION_DISABLED, /* not enabled: no star */
	CONNECTION_OFF,
	CONNECTION_CHANGING, /* connecting or disconnecting */
	CONNECTION_ON
};

enum connection_state doctor_read_connection(const char *text, const char *app)
    WUNRES NONNULL(1, 2);

/* `Sightglass status`, the app's: what it knows of its own configuration. False: it
 * says nothing of it. */
bool doctor_read_app(const char *text, enum connection_state *proxy) NONNULL(1, 2);

/* `profiles show -output stdout-xml`: what profiles say of us, whoever wrote them. */
struct profile_state {
	bool installed; /* one of our identifier */
	bool proxy;     /* a transparent proxy for our app */
	unsigned order; /* its Order; 0: none */
	bool policy;    /* our extension is allowed */
};

void doctor_read_profiles(const char *text, const char *identifier, const char *app,
    const char *extension, struct profile_state *out) NONNULL(1, 2, 3, 4, 5);

/* The text of the element behind <key>KEY</key> of a property list; the first.
 * False: there is none. */
bool doctor_read_plist(const char *text, const char *key, char out[DOCTOR_WORD_BYTES])
    NONNULL(1, 2, 3);

/* `ps -axo command=`: whether one runs from the bundle of that system extension. */
bool doctor_has_process(const char *text, const char *identifier)
    WUNRES NONNULL(1, 2);

/* `launchctl print system/LABEL`. */
struct job_state {
	bool loaded;
	char state[DOCTOR_WORD_BYTES];     /* "running", "not running", ... */
	char exit_code[DOCTOR_WORD_BYTES]; /* "" when it did not say */
};

void doctor_read_job(const char *text, struct job_state *out) NONNULL(1, 2);

/* `log show --style compact`, of the extension and of sysextd: what was said last. */
struct log_state {
	int stop_reason; /* NEProviderStopReason; -1: it was not stopped */
	bool long_socket;
	char refused[DOCTOR_WORD_BYTES]; /* why sysextd did; "" */
};

void doctor_read_log(const char *text, struct log_state *out) NONNULL(1, 2);

/* "the user ..." for an NEProviderStopReason, and what to do about it; NULL where that
 * is nothing. Both static. */
const char *doctor_stop_reason(int reason, const char **remedy) WUNRES NONNULL(2);

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

/* Whether the entitlements name an app group that does not begin with the team; the
 * first of them. */
bool doctor_find_foreign_group(const char *text, const char *team,
    char group[DOCTOR_WORD_BYTES]) WUNRES NONNULL(1, 2, 3);

/* Whether an identifier begins with a team's, ten capitals and digits and a dot. */
bool doctor_is_of_team(const char *identifier) WUNRES NONNULL(1);

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
