/* SPDX-License-Identifier: ISC */
/*
 * What a connection that no tap reads seems to speak, by the first bytes of either
 * end: a name for its record, on which nothing else depends. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_GREETING_H
#define SIGHTGLASS_MITM_GREETING_H

#include "base/attr.h"
#include "mitm/event.h"

/* IANA's service name where there is one ("ssh", "smtp"), or NULL: not known. The
 * bytes are the first that passed, by enum direction; 64 of each are enough. */
const char *greeting_protocol(const struct bytes first[2]) WUNRES NONNULL(1);

#endif
