/* SPDX-License-Identifier: ISC */
/* The actions trust and untrust of `sightglass ca`. CLI. */
#ifndef SIGHTGLASS_CLI_CA_TRUST_H
#define SIGHTGLASS_CLI_CA_TRUST_H

#include <stdbool.h>

#include "base/attr.h"
#include "conf/conf.h"

/* Which stores; bits. */
enum ca_trust_stores { CA_TRUST_SYSTEM = 1, CA_TRUST_USER = 2 };

/* Both return a status of the command line, after a line or an error about each
 * store. CLI_NO_MATCH: there is no store to change. Without rights to the system's
 * store it is left alone, unless it alone is meant. */
int ca_trust(const struct conf *conf, unsigned stores) WUNRES NONNULL(1);

/* `all`: whatever ca trust put there, of other CAs and of those that are gone. */
int ca_untrust(const struct conf *conf, unsigned stores, bool all)
    WUNRES NONNULL(1);

#endif
