/* SPDX-License-Identifier: ISC */
/*
 * Which flows are read: capture.sample, one of so many, and for some hosts
 * capture.sample_hosts, whose rules are "PATTERN=NUMBER". The flow's id alone decides
 * it, so that whoever has the log can tell why: a flow is in the sample when the first
 * eight bytes of the SHA-256 of its id, as a number in network order, can be divided by
 * that number. Pure; parent (which judges the rules) and worker.
 */
#ifndef SIGHTGLASS_MITM_SAMPLE_H
#define SIGHTGLASS_MITM_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "conf/conf.h"

#define SAMPLE_MOST 1000000u /* also that of capture.sample: conf/params.h */

struct sample;

/* Of each so many flows one is taken; 0: none. NULL: *wrong is the rule that cannot be,
 * or the list's count when memory is short, and *why the words (static). Borrows
 * nothing. */
struct sample *sample_new(uint64_t one_of, const struct conf_list *rules,
    size_t *wrong, const char **why) WUNRES NONNULL(2, 3, 4);
void sample_free(struct sample *s);

/* Whether the flow of that id is in it. Name and address may each be NULL. */
bool sample_takes(const struct sample *s, const char *flow_id, const char *name,
    const struct sockaddr_storage *address) WUNRES NONNULL(1, 2);

#endif
