/* SPDX-License-Identifier: ISC */
/*
 * What becomes of a flow whose server does not verify: upstream.invalid, and for
 * some hosts upstream.invalid_hosts, whose rules are "PATTERN=mirror",
 * "PATTERN=refuse" or "PATTERN=allow". Pure; parent (which judges the rules) and
 * worker.
 */
#ifndef SIGHTGLASS_MITM_INVALID_H
#define SIGHTGLASS_MITM_INVALID_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "conf/conf.h"

struct invalid;

struct invalid_verdict {
	enum conf_invalid action;
	const char *reason; /* as in struct verdict; "default": upstream.invalid */
};

/* NULL: *wrong is the rule that cannot be, or the list's count when memory is
 * short, and *why the words (static). Borrows nothing. */
struct invalid *invalid_new(enum conf_invalid fallback,
    const struct conf_list *rules, size_t *wrong, const char **why)
    WUNRES NONNULL(2, 3, 4);
void invalid_free(struct invalid *v);

/* Name and address may each be NULL. */
struct invalid_verdict invalid_ask(const struct invalid *v, const char *name,
    const struct sockaddr_storage *address) WUNRES NONNULL(1);

/* "mirror", "refuse", "allow"; static. */
const char *invalid_name(enum conf_invalid action) WUNRES;

#endif
