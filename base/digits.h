/* SPDX-License-Identifier: ISC */
/* Digits of other bases than ten, and bytes out of them (RFC 4648). Pure. */
#ifndef SIGHTGLASS_BASE_DIGITS_H
#define SIGHTGLASS_BASE_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* What a digit stands for; -1: it is none. */
int digit_hex(uint8_t c) WUNRES;
int digit_base64(uint8_t c) WUNRES;    /* section 4 */
int digit_base64url(uint8_t c) WUNRES; /* section 5 */

/* The bytes that digits of base64, without padding, stand for, in `out`, which has
 * room for length * 3 / 4. `digit` is one of the two above. False: one is none. */
bool digits_to_bytes(int (*digit)(uint8_t), const uint8_t *text, size_t length,
    uint8_t *out, size_t *out_length) WUNRES NONNULL(1, 5);

#endif
