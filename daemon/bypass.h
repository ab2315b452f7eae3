/* SPDX-License-Identifier: ISC */
/*
 * The parent's half of learned bypasses: it counts what the workers report,
 * keeps the entries in a file, and tells every worker of each change. What
 * workers send is taken for hostile: keys are checked, and the table bounds how
 * many entries there are and how fast they are made.
 */
#ifndef SIGHTGLASS_DAEMON_BYPASS_H
#define SIGHTGLASS_DAEMON_BYPASS_H

#include "base/attr.h"
#include "base/json.h"
#include "daemon/children.h"
#include "mitm/bypass.h"

struct bypasses;

/* Reads the file of the settings; what it holds is said. Exits when out of
 * memory. */
struct bypasses *bypasses_new(struct parent *p) WUNRES NONNULL(1);
/* Writes the file, if anything changed. NULL is fine. */
void bypasses_free(struct bypasses *b);

/* The settings are new: entries that bypass.never covers go. */
void bypasses_configure(struct bypasses *b) NONNULL(1);

/* Sends a worker that starts all there are. */
int bypasses_send(const struct bypasses *b, struct child *worker) WUNRES
    NONNULL(1, 2);

/* MSG_LEARN and MSG_BYPASS_ASK. */
void bypasses_learn(struct bypasses *b, const struct msg *m) NONNULL(1, 2);
void bypasses_answer(struct bypasses *b, struct child *worker,
    const struct msg *m) NONNULL(1, 2, 3);

/* --- bypass_store.c --- */

/* Puts the entries of the file into the table; lines that are none are passed
 * over with a word. A file that is not there is an empty one. E_SYS, said. */
int bypass_store_read(struct bypass *table, const char *path, uint64_t now_us)
    WUNRES NONNULL(1, 2);
/* Replaces the file, at once or not at all, 0600. E_SYS, E_NOMEM; said. */
int bypass_store_write(const struct bypass *table, const char *path) WUNRES
    NONNULL(1, 2);

#endif
