/* SPDX-License-Identifier: ISC */
/* Sizes and durations as a person reads them. Pure; CLI only. */
#ifndef SIGHTGLASS_CLI_AMOUNT_H
#define SIGHTGLASS_CLI_AMOUNT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"

/* Appends "512 B", "1.2 kB" (1000 bytes), "3.4 MB". E_LIMIT, E_NOMEM. */
int amount_bytes(struct buf *out, uint64_t bytes) WUNRES NONNULL(1);

/* Appends "0.4 ms", "29 ms", "1.5 s". E_LIMIT, E_NOMEM. */
int amount_duration(struct buf *out, uint64_t nanoseconds) WUNRES NONNULL(1);

#endif
