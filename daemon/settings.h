/* SPDX-License-Identifier: ISC */
/*
 * Where the settings come from: the command line's -c, -d and -o, kept so that a
 * reload reads the same sources again. Parent only.
 */
#ifndef SIGHTGLASS_DAEMON_SETTINGS_H
#define SIGHTGLASS_DAEMON_SETTINGS_H

#include <stddef.h>

#include "base/attr.h"
#include "conf/conf.h"

#define SETTINGS_OVERRIDES_MAX 64

struct settings {
	const char *directory; /* -d, or NULL */
	const char *file;      /* -c, or NULL */
	const char *overrides[SETTINGS_OVERRIDES_MAX]; /* -o KEY=VALUE */
	size_t override_count;
};

/* Reads them: the file (-c, else without -d the system's one if there is one),
 * then -d, then each -o. NULL with *error. */
struct conf *settings_load(const struct settings *s, struct conf_error *error)
    WUNRES NONNULL(1, 2);

/* Puts what cannot change while the daemon runs (user, paths, workers, …) back
 * to what it is in `old`, and warns of each such setting that differs. */
void settings_keep(struct conf *c, struct conf *old) NONNULL(1, 2);

/* What the file says of things that only a daemon sees: policy rules, users,
 * groups. E_SYNTAX, E_NOTFOUND with *error. */
int settings_check(const struct conf *conf, struct conf_error *error)
    WUNRES NONNULL(1, 2);

#endif
