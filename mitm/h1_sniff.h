/* SPDX-License-Identifier: ISC */
/* What a method of HTTP/1 is made of. For mitm/h1.c and h1_sniff.c. Pure; worker. */
#ifndef SIGHTGLASS_MITM_H1_SNIFF_H
#define SIGHTGLASS_MITM_H1_SNIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define H1_METHOD_BYTES_MAX 32u

/* RFC 9110 section 5.6.2. */
bool h1_is_token_byte(uint8_t byte) WUNRES;

#endif
