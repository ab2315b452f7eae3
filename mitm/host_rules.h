/* SPDX-License-Identifier: ISC */
/*
 * Settings that hold for some hosts: an ordered list of "PATTERN=VALUE", of which
 * the first whose pattern covers a host counts. A pattern is a name, an address
 * or a block as in policy.h; what a value means is its owner's business. Pure;
 * parent (which judges the rules) and worker.
 */
#ifndef SIGHTGLASS_MITM_HOST_RULES_H
#define SIGHTGLASS_MITM_HOST_RULES_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/attr.h"

#define HOST_RULES_MAX 1024u
#define HOST_PATTERN_BYTES 320u /* a name, and the NUL */

struct host_rules;

/* NULL: out of memory. */
struct host_rules *host_rules_new(void) WUNRES;
void host_rules_free(struct host_rules *r);

/* Copies what stands before the first '=' of a rule; *value (in `rule`) is what
 * stands behind it. E_SYNTAX with *why, static. */
int host_rules_split(const char *rule, char pattern[HOST_PATTERN_BYTES],
    const char **value, const char **why) WUNRES NONNULL(1, 2, 3, 4);

/* Adds a pattern behind the others. E_SYNTAX, E_LIMIT, E_NOMEM with *why, static. */
int host_rules_add(struct host_rules *r, const char *pattern, const char **why)
    WUNRES NONNULL(1, 2, 3);

/* The number, from 0 as added, of the first pattern that covers the host, or -1.
 * Name and address may each be NULL; *reason is as in struct verdict. */
int host_rules_find(const struct host_rules *r, const char *name,
    const struct sockaddr_storage *address, const char **reason)
    WUNRES NONNULL(1, 4);

#endif
