/* SPDX-License-Identifier: ISC */
/*
 * The files of upstream.client_certificates: read and judged by the parent at
 * start, on reload and for -n; the workers get what is in them, never a path.
 */
#ifndef SIGHTGLASS_DAEMON_CLIENT_FILES_H
#define SIGHTGLASS_DAEMON_CLIENT_FILES_H

#include "base/attr.h"
#include "base/buf.h"
#include "conf/conf.h"

/* Appends them to `out` as mitm/client_certificates.h writes them. E_SYNTAX, E_SYS,
 * E_DENIED, E_NOTFOUND, E_LIMIT, E_NOMEM, with pattern, file and remedy in *error. */
int client_files_read(const struct conf *conf, struct buf *out,
    struct conf_error *error) WUNRES NONNULL(1, 2, 3);

/* Frees it; what it held can not be read in memory any more. */
void client_files_wipe(struct buf *b) NONNULL(1);

#endif
