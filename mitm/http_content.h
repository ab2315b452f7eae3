/* SPDX-License-Identifier: ISC */
/*
 * What the bodies of an exchange say: their content codings are undone, for the
 * record alone. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_HTTP_CONTENT_H
#define SIGHTGLASS_MITM_HTTP_CONTENT_H

#include "base/attr.h"
#include "base/buf.h"
#include "mitm/event.h"

/* Sets what m->body says of its content; what that borrows is in `scratch`, which
 * is empty and whose limit bounds it. */
void http_content_decode(struct http_message *m, struct buf *scratch)
    NONNULL(1, 2);

#endif
