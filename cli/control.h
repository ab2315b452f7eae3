/* SPDX-License-Identifier: ISC */
/*
 * Asks a running daemon on its control.sock (extension-bridge/PROTOCOL.md,
 * "Control"): one request line, one answer line, both JSON.
 */
#ifndef SIGHTGLASS_CLI_CONTROL_H
#define SIGHTGLASS_CLI_CONTROL_H

#include "base/attr.h"
#include "base/buf.h"

/* Sends {"request":"<request>"} and appends the answer line (no newline) to
 * *answer. E_NOTFOUND: no daemon there; E_DENIED; E_TIMEOUT after 5 s; E_CLOSED;
 * E_SYS. `error` says it in words, with the socket's path and the remedy. */
int control_ask(const char *run_directory, const char *request,
    struct buf *answer, char error[256]) WUNRES NONNULL(1, 2, 3, 4);

#endif
