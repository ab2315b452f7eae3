/* SPDX-License-Identifier: ISC */
/*
 * What to do with a flow: inspect it, splice it (relay the original bytes
 * unopened), or refuse it; by server name, address and port, application and
 * user. Pure: it is compiled from the text of the rules and asked with plain
 * values. Worker; compiled anew on reload, flows keep what was decided.
 *
 * A rule is one line of text:
 *   example.com        that name and nothing else
 *   *.example.com      every name below it (any number of labels), not itself
 *   .example.com       itself and every name below it
 *   17.0.0.0/8  ::1    an address or a CIDR block
 *   port:25            a destination port, or port:5000-5100
 *   app:/usr/bin/foo   an executable path; app:com.example.* a signing id (glob:
 *                      * any run of characters, ? any one, \ takes the next);
 *                      app:ABCDE12345:com.example.tool with the team that vouches
 *                      for the signing id
 *   user:501           a numeric uid
 * An IPv4 address inside IPv6 (::ffff:a.b.c.d) is that IPv4 address, in rules
 * and in flows.
 */
#ifndef SIGHTGLASS_MITM_POLICY_H
#define SIGHTGLASS_MITM_POLICY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "mitm/event.h"

struct policy;

/* What a flow is, as far as known; NULL or 0 where not. Borrowed. */
struct policy_subject {
	const char *server_name; /* SNI or AUTHORITY, lower case */
	const struct sockaddr_storage *address;
	const char *executable;
	const char *signing_id;
	const char *team_id; /* that signed it */
	const uint32_t *uid; /* NULL: unknown */
};

struct verdict {
	enum decision decision;
	const char *reason; /* enumerated: "default", "policy_name", "policy_address",
			     * "policy_port", "policy_application", "policy_user",
			     * "known_to_break" */
};

/* An empty policy whose verdict is `fallback` for all. NULL: out of memory. */
struct policy *policy_new(enum decision fallback) WUNRES;
void policy_free(struct policy *p);

/* Adds one rule; a refusal beats a splice, a splice beats inspection, any rule
 * beats the fallback. Of rules as strong the reason is the first in the order of
 * struct verdict. E_SYNTAX, E_NOMEM, with *why set to a static text that says
 * what is wrong with the rule; else *why is NULL. */
int policy_add(struct policy *p, const char *rule, enum decision decision,
    const char **why) WUNRES NONNULL(1, 2, 4);

/* The same for a name, an address or a block; other kinds are E_SYNTAX. */
int policy_add_host(struct policy *p, const char *rule, enum decision decision,
    const char **why) WUNRES NONNULL(1, 2, 4);

/* Adds a rule for what is known to break when it is opened. It is advice: it
 * splices what would be inspected for want of any rule, and any rule of
 * policy_add beats it. Errors as policy_add. */
int policy_add_known(struct policy *p, const char *rule, const char **why)
    WUNRES NONNULL(1, 2, 3);

/* Never fails. */
struct verdict policy_ask(const struct policy *p,
    const struct policy_subject *subject) NONNULL(1, 2);

#endif
