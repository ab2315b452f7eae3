/* SPDX-License-Identifier: ISC */
/*
 * What a connection that no tap reads seems to speak, by the first bytes of either
 * end: a name for its record, on which nothing else depends. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_GREETING_H
#define SIGHTGLASS_MITM_GREETING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

/* IANA's service name where there is one ("ssh", "smtp"), or NULL: not known. The
 * bytes are the first that passed, by enum direction; 64 of each are enough. */
const char *greeting_protocol(const struct bytes first[2]) WUNRES NONNULL(1);

/* Whether who serves at that port is the first to speak, as far as IANA's registry of
 * ports can tell. */
bool greeting_comes_first(uint16_t port) WUNRES;

#endif
