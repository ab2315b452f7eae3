/* SPDX-License-Identifier: ISC */
/*
 * The roots that servers are verified against, as the parent has them: read whole from
 * where upstream.trust says, and read again when something there has changed, so that
 * workers have the new ones without a reload. Parent only; it reads bytes and
 * understands none of them.
 */
#ifndef SIGHTGLASS_DAEMON_ROOTS_H
#define SIGHTGLASS_DAEMON_ROOTS_H

#include <event2/event.h>

#include "base/attr.h"
#include "base/buf.h"
#include "conf/conf.h"

struct roots;

/* Reads them, and says what is wrong when it cannot: there are none then, until there
 * are. `changed` is called when others than before were found by themselves; conf is
 * borrowed until roots_configure. NULL: out of memory. */
struct roots *roots_new(struct event_base *base, const struct conf *conf,
    void (*changed)(void *context), void *context) WUNRES NONNULL(1, 2, 3);
void roots_free(struct roots *r);

/* Reads them by new settings, without calling `changed`. Those that there were stay
 * when that fails. */
void roots_configure(struct roots *r, const struct conf *conf) NONNULL(1, 2);

/* What was read last, PEM or DER, empty if nothing was; until the loop runs again. */
const struct buf *roots_bytes(const struct roots *r) NONNULL(1);

#endif
