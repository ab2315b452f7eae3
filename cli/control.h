/* SPDX-License-Identifier: ISC */
/*
 * Asks a running daemon on its control.sock (extension-bridge/PROTOCOL.md,
 * "Control"): one request line, one answer line, both JSON.
 */
#ifndef SIGHTGLASS_CLI_CONTROL_H
#define SIGHTGLASS_CLI_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/path.h"

/* What the place of a running exec is called, below the run directory that its
 * state has. */
#define CONTROL_RUN_PREFIX "sightglass-"
#define CONTROL_PLACES_MAX 16u

/* Whether a file there has such a name. */
bool control_is_run(const char *name) WUNRES NONNULL(1);

/* The run directories in which a daemon may serve: the given one first, always,
 * then those of the execs that run there, as many as there is room for. Returns
 * how many there are. */
size_t control_places(const char *run_directory,
    char places[CONTROL_PLACES_MAX][PATH_BYTES]) WUNRES NONNULL(1, 2);

/* Sends {"request":"<request>"} and appends the answer line (no newline) to
 * *answer. E_NOTFOUND: no daemon there; E_DENIED; E_TIMEOUT after 5 s; E_CLOSED;
 * E_SYS. `error` says it in words, with the socket's path and the remedy. */
int control_ask(const char *run_directory, const char *request,
    struct buf *answer, char error[256]) WUNRES NONNULL(1, 2, 3, 4);

/* The same for a request with more in it: one JSON object, without newline. */
int control_ask_line(const char *run_directory, const char *line,
    struct buf *answer, char error[256]) WUNRES NONNULL(1, 2, 3, 4);

/* Says hello as the forwarder of that name. The same errors, and E_VERSION: the
 * daemon is too old for what this forwarder would send. */
int control_hello(const char *run_directory, const char *role, struct buf *answer,
    char error[256]) WUNRES NONNULL(1, 2, 3, 4);

/* Whether a daemon is there and answers: 0, or an error as control_ask's. */
int control_ping(const char *run_directory, char error[256]) WUNRES
    NONNULL(1, 2);

#endif
