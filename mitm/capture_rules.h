/* SPDX-License-Identifier: ISC */
/*
 * How much of an exchange is logged: capture.rules, an ordered list of which the first
 * that fits counts. Pure; parent (which judges the rules) and worker. A rule is one line:
 *
 *   LEVEL [host=…] [app=…] [method=…] [status=…] [type=…]
 *
 * LEVEL is body, head or count; what fits fits all of its terms. A term has one or more
 * values with commas between, of which one must fit:
 *   host    a name, an address or a block, as in policy.h: the name that the request is
 *           for, or the address that the flow goes to
 *   app     an executable path or a signing identifier, as in policy.h (a glob)
 *   method  of the request
 *   status  of the answer: 404, 5xx, 400-499
 *   type    of the answer's content, "image/png", as a glob without case
 * A flow keeps the rules that it began with, so they are counted.
 */
#ifndef SIGHTGLASS_MITM_CAPTURE_RULES_H
#define SIGHTGLASS_MITM_CAPTURE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "conf/conf.h"
#include "mitm/event.h"
#include "mitm/policy.h"

#define CAPTURE_RULES_MAX 64u /* bits of struct capture_flow */

struct capture_rules;

/* What is wrong, and where. */
struct capture_rules_error {
	size_t rule;    /* its number from 0; the list's count: memory was short */
	size_t column;  /* of the word that it is about, in its line, from 0 */
	size_t length;  /* of that word */
	const char *why; /* static; with the remedy */
};

/* A reference to them. NULL with *error. Borrows nothing. */
struct capture_rules *capture_rules_new(const struct conf_list *lines,
    struct capture_rules_error *error) WUNRES NONNULL(1, 2);

/* Another reference to the same, and the end of one. NULL is fine. */
struct capture_rules *capture_rules_hold(struct capture_rules *r);
void capture_rules_release(struct capture_rules *r);

/* Which rules a flow fits, bit by bit, as far as it is the flow that tells. */
struct capture_flow {
	uint64_t application; /* the rule's app term, or that there is none */
	uint64_t address;     /* the rule's host term, by the address alone */
};

struct capture_flow capture_rules_flow(const struct capture_rules *r,
    const struct policy_subject *subject) WUNRES NONNULL(1, 2);

/* An exchange, as far as it is known. Borrowed. */
struct capture_subject {
	struct bytes host;   /* without a port; empty: unknown */
	struct bytes method;
	bool answered;       /* the rest is as known as it will ever be */
	unsigned status;     /* 0: there was no answer */
	const struct bytes *type; /* the Content-Type of the answer, or NULL */
};

struct capture_verdict capture_rules_ask(const struct capture_rules *r,
    const struct capture_flow *flow, const struct capture_subject *subject)
    WUNRES NONNULL(1, 2, 3);

#endif
