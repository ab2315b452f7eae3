/* SPDX-License-Identifier: ISC */
/*
 * The roots that servers are verified against, as the parent has them: read whole from
 * where upstream.trust says, and read again when something there has changed, so that
 * workers have the new ones without a reload. Parent only; it reads bytes and
 * understands none of them.
 */
#ifndef SIGHTGLASS_DAEMON_ROOTS_H
#define SIGHTGLASS_DAEMON_ROOTS_H

#include <stdbool.h>
#include <sys/types.h>

#include <event2/event.h>

#include "base/attr.h"
#include "base/buf.h"
#include "conf/conf.h"

#define ROOTS_BYTES_MAX (16u * 1024 * 1024)

struct roots;

struct roots_options {
	const char *program; /* sightglassd itself, for roots_asker.h; borrowed */
	/* Others than before were found by themselves. */
	void (*changed)(void *context);
	void *context;
};

/* Reads them, and says what is wrong when it cannot: there are none then, until there
 * are. conf is borrowed until roots_configure. NULL: out of memory. */
struct roots *roots_new(struct event_base *base, const struct conf *conf,
    const struct roots_options *options) WUNRES NONNULL(1, 2, 3);
void roots_free(struct roots *r);

/* Whether it is known what there is, if anything. Where the system has to be asked that
 * takes the loop a while, and until then workers should not begin. */
bool roots_are_known(const struct roots *r) WUNRES NONNULL(1);

/* Reads them by new settings, without calling `changed`, unless the system has to be
 * asked. Those that there were stay when that fails. */
void roots_configure(struct roots *r, const struct conf *conf) NONNULL(1, 2);

/* A process has ended (waitpid(2)). False: it was none of ours. */
bool roots_ended(struct roots *r, pid_t pid, int status) WUNRES NONNULL(1);

/* What was read last, PEM or DER, empty if nothing was; until the loop runs again. */
const struct buf *roots_bytes(const struct roots *r) NONNULL(1);

#endif
