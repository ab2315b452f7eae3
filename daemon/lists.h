/* SPDX-License-Identifier: ISC */
/*
 * The files that the settings name and workers need the content of: read and
 * judged by the parent at start, on reload and for -n; the workers get what is in
 * them, never a path.
 */
#ifndef SIGHTGLASS_DAEMON_LISTS_H
#define SIGHTGLASS_DAEMON_LISTS_H

#include "base/attr.h"
#include "base/buf.h"
#include "conf/conf.h"

#define LISTS_BYTES_MAX (64u * 1024 * 1024)

/* What the files hold that the settings name, for the workers. */
struct lists {
	struct buf rules;               /* as policy_list.h writes them */
	struct buf client_certificates; /* as client_certificates.h does: secret */
};

void lists_free(struct lists *lists) NONNULL(1);

/* Reads policy.known, policy.*_files and upstream.client_certificates into *lists
 * (initialised here; on failure too the caller frees it). Only a missing policy.known of
 * the installation's own is passed over, with a word. E_SYS, E_SYNTAX, E_LIMIT,
 * E_NOMEM, with file and line in *error. */
int lists_read(const struct conf *conf, struct lists *lists,
    struct conf_error *error) WUNRES NONNULL(1, 2, 3);

#endif
