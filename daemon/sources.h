/* SPDX-License-Identifier: ISC */
/*
 * The parent's answers to workers that ask for the client's end of a flow. What a
 * worker sends is taken for hostile: it learns the number of a port and no more, and
 * what all questions together may cost is bounded.
 */
#ifndef SIGHTGLASS_DAEMON_SOURCES_H
#define SIGHTGLASS_DAEMON_SOURCES_H

#include "base/attr.h"
#include "daemon/children.h"

struct sources;

/* Exits when out of memory. */
struct sources *sources_new(struct parent *p) WUNRES NONNULL(1);
void sources_free(struct sources *s);

/* MSG_SOURCE_ASK; answers with MSG_SOURCE, at once. */
void sources_answer(struct sources *s, struct child *worker, const struct msg *m)
    NONNULL(1, 2, 3);

#endif
