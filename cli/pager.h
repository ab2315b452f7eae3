/* SPDX-License-Identifier: ISC */
/* A pager between standard output and the terminal. CLI. */
#ifndef SIGHTGLASS_CLI_PAGER_H
#define SIGHTGLASS_CLI_PAGER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"

/* Puts $SIGHTGLASS_PAGER, $PAGER, less or more behind standard output, where that is
 * a terminal. Its process, or 0: none was wanted, or could be had. */
pid_t pager_open(void) WUNRES;

/* Ends the output and waits until the person has read. 0 is fine. False, after a
 * message: it could not be run, so nothing was read. */
bool pager_close(pid_t pager) WUNRES;

#endif
