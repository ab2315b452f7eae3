/* SPDX-License-Identifier: ISC */
/* What a record says of a certificate. Pure; worker. */
#ifndef SIGHTGLASS_MITM_CERTIFICATE_H
#define SIGHTGLASS_MITM_CERTIFICATE_H

#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "mitm/event.h"

/* Fills *out; names that do not fit are cut. */
void certificate_describe(const mbedtls_x509_crt *crt,
    struct certificate_facts *out) NONNULL(1, 2);

/* A certificate's time, which is UTC, as seconds since the epoch; 0 for one
 * before it. */
uint64_t certificate_seconds(const mbedtls_x509_time *t) NONNULL(1);

#endif
