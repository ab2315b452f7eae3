/* SPDX-License-Identifier: ISC */
/*
 * Keeps secrets out of what the log has of heads: user and password and the values of
 * named fields in URLs, and the values of named cookies (RFC 6265). Fields that are to
 * be hidden whole are the record's business. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_REDACT_HEAD_H
#define SIGHTGLASS_MITM_REDACT_HEAD_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"
#include "mitm/redact_rules.h"

/* Appends to `out` what may be shown of a URL or of a request's target; query and
 * fragment are read as pairs. Notes in *fields what was hidden there, in *userinfo
 * what stood in front of the host; they may be the same. */
void redact_url(const struct redact_rules *rules, struct bytes url, struct buf *out,
    struct redacted *fields, struct redacted *userinfo) NONNULL(1, 3, 4, 5);

/* Replaces the fields of m by copies where something in them is to be hidden, and
 * says so in m->redacted. The copies are in `arena`; what it has no room for is
 * hidden whole. */
void redact_head(const struct redact_rules *rules, struct http_message *m,
    struct arena *arena) NONNULL(1, 2, 3);

#endif
