/* SPDX-License-Identifier: ISC */
/*
 * The files of policy rules that the settings name: read and judged by the
 * parent at start, on reload and for -n; the workers get the rules, never a
 * path.
 */
#ifndef SIGHTGLASS_DAEMON_LISTS_H
#define SIGHTGLASS_DAEMON_LISTS_H

#include "base/attr.h"
#include "base/buf.h"
#include "conf/conf.h"

#define LISTS_BYTES_MAX (64u * 1024 * 1024)

/* Reads policy.known and policy.*_files into *rules (initialised here; the
 * caller frees it), as policy_list.h writes them. Only a missing policy.known of
 * the installation's own is passed over, with a word. E_SYS, E_SYNTAX, E_LIMIT,
 * E_NOMEM, with file and line in *error. */
int lists_read(const struct conf *conf, struct buf *rules,
    struct conf_error *error) WUNRES NONNULL(1, 2, 3);

#endif
