/* SPDX-License-Identifier: ISC */
/*
 * Which roots the machine trusts for servers. Linux keeps them in a file; macOS has
 * certificates with trust settings, and what these come to is judged here as Apple's
 * SecTrustSettings.h says, in portable C over what system_roots_darwin.c asked for.
 * The role that asks ("-P roots") and the CLI; the judging is pure.
 *
 * Settings of users are left out: they are not the machine's.
 */
#ifndef SIGHTGLASS_CA_SYSTEM_ROOTS_H
#define SIGHTGLASS_CA_SYSTEM_ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

/* --- judging --- */

/* The numbers are those of SecTrustSettingsResult. */
enum trust_result {
	TRUST_RESULT_ROOT = 1,    /* trusted; of a certificate that its subject issued */
	TRUST_RESULT_AS_ROOT = 2, /* trusted; of any other */
	TRUST_RESULT_DENY = 3,
	TRUST_RESULT_UNSPECIFIED = 4 /* as if the setting were not there */
};

/* One of a certificate's settings: a dictionary of usage constraints. */
struct trust_setting {
	bool other_policy; /* for something else than servers of TLS */
	bool narrowed;     /* to an application, a host, or a use of the key that is not
	                    * signing certificates: it does not count, either way */
	int32_t result;    /* kSecTrustSettingsResult; TRUST_RESULT_ROOT if absent */
};

/* Later ones are stronger: the administrator's settings, device management's among
 * them, override what Apple ships. */
enum trust_domain { TRUST_DOMAIN_SYSTEM, TRUST_DOMAIN_ADMIN };

/* A certificate as a domain has it. */
struct system_root {
	enum trust_domain domain;
	const uint8_t *der;
	size_t length;
	bool self_issued;
	const struct trust_setting *settings; /* none: trusted as a root */
	size_t setting_count;
};

/* Appends those that are roots for servers, each once, as DER one behind another. A
 * domain that denies a certificate for any use that counts denies it for all. How many
 * they are, E_LIMIT, E_NOMEM. */
int system_roots_choose(const struct system_root *all, size_t count, struct buf *out)
    WUNRES NONNULL(3);

/* --- asking --- */

/* Whether the system has to be asked, by a process that does nothing else afterwards:
 * what answers starts threads, after which no process may fork. Else the roots are a
 * file (base/roots.h). */
bool system_roots_are_asked(void);

/* Appends them: PEM, or DER one behind another. E_NOTFOUND, E_SYS, E_LIMIT, E_NOMEM with
 * words. */
int system_roots_read(struct buf *out, char error[256]) WUNRES NONNULL(1, 2);

/* The directories in which something happens when they have changed; NULL ends them. */
extern const char *const system_roots_places[];

/* A descriptor that can be read when the system says that its trust has changed, or -1.
 * What can be read there means nothing. To be asked for once. */
int system_roots_notice(void);

#endif
