/* SPDX-License-Identifier: ISC */
/*
 * Lists of policy rules as text, and the rules of all lists together as the
 * parent hands them to its workers. Pure; parent (which reads the files and
 * judges them) and worker (which compiles what it is sent). Opens no file.
 *
 * A list has one rule a line, as in policy.h. Blanks around it are not part of
 * it. A `#` at the line's start or behind a blank begins a comment, by custom
 * the reason for the rule. Empty lines are nothing.
 */
#ifndef SIGHTGLASS_MITM_POLICY_LIST_H
#define SIGHTGLASS_MITM_POLICY_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/policy.h"

/* The longest rule: app: and the longest path of an executable. */
#define POLICY_RULE_BYTES_MAX 1100u

/* What a list's rules are for; the letter stands before each in the message. */
enum policy_list_kind {
	POLICY_LIST_INSPECT = 'i',
	POLICY_LIST_SPLICE = 's',
	POLICY_LIST_REFUSE = 'r',
	POLICY_LIST_KNOWN = 'k' /* see policy_add_known */
};

struct policy_list_error {
	unsigned long line; /* from 1 */
	char rule[128];     /* its beginning */
	const char *why;    /* static */
};

/* Reads a list, adds each rule to p (which judges it) and appends it to *out as
 * a line "<letter><rule>\n". E_SYNTAX, E_NOMEM, E_LIMIT (of out) with *error; p
 * and out then hold what came before. */
int policy_list_read(const char *text, size_t length,
    enum policy_list_kind kind, struct policy *p, struct buf *out,
    struct policy_list_error *error) WUNRES NONNULL(4, 5, 6);

/* Adds the rules that policy_list_read wrote. E_CORRUPT, E_NOMEM. */
int policy_list_compile(struct policy *p, const char *rules, size_t length)
    WUNRES NONNULL(1);

#endif
