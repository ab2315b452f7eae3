/* SPDX-License-Identifier: ISC */
/*
 * Where the settings come from: the command line's -c, -d, -D and -o, kept so
 * that a reload reads the same sources again. Parent only.
 */
#ifndef SIGHTGLASS_DAEMON_SETTINGS_H
#define SIGHTGLASS_DAEMON_SETTINGS_H

#include <stddef.h>

#include "base/attr.h"
#include "conf/conf.h"

#define SETTINGS_ASSIGNMENTS_MAX 64

/* KEY=VALUE, as they stand on the command line. */
struct settings_assignments {
	const char *items[SETTINGS_ASSIGNMENTS_MAX];
	size_t count;
};

struct settings {
	const char *directory; /* -d, or NULL */
	const char *file;      /* -c, or NULL */
	struct settings_assignments presets;   /* -D: weaker than the file */
	struct settings_assignments overrides; /* -o: stronger than all */
};

/* Reads them, what is stronger later: each -D, the file (-c, else that of -d's
 * directory, else the system's, where there is one), then -d, then each -o. NULL
 * with *error. */
struct conf *settings_load(const struct settings *s, struct conf_error *error)
    WUNRES NONNULL(1, 2);

/* Puts what cannot change while the daemon runs (user, paths, workers, …) back
 * to what it is in `old`, and warns of each such setting that differs. */
void settings_keep(struct conf *c, struct conf *old) NONNULL(1, 2);

/* What the file says of things that only a daemon sees: policy rules, users,
 * groups, revocation lists, digests. E_SYNTAX, E_NOTFOUND with *error. */
int settings_check(const struct conf *conf, struct conf_error *error)
    WUNRES NONNULL(1, 2);

#endif
