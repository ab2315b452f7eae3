/* SPDX-License-Identifier: ISC */
/*
 * Holds back what passes of answers of DNS over HTTP until each is whole, and changes
 * it in its place (dns_ech.h): the bytes of one may stand in many frames or chunks,
 * with those of others in between. Everything else passes as it came and in its order;
 * so it waits with it, if it came later. What cannot be held any more passes as it is.
 * Pure: no descriptor, no clock, no global. Worker.
 */
#ifndef SIGHTGLASS_MITM_ECH_HOLD_H
#define SIGHTGLASS_MITM_ECH_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "mitm/event.h"

#define ECH_HOLD_BYTES_MAX (32u * 1024) /* that wait at one time, and that are fed */

struct ech_hold;

/* NULL: out of memory. */
struct ech_hold *ech_hold_new(void) WUNRES;
void ech_hold_free(struct ech_hold *h);

/* The next bytes of the stream, at most ECH_HOLD_BYTES_MAX; borrowed until
 * ech_hold_settle, which may change them. What that gave before has passed. */
void ech_hold_feed(struct ech_hold *h, uint8_t *bytes, size_t length) NONNULL(1);

/* Some of them, `in`, are those from `offset` on of the answer of that number; */
void ech_hold_piece(struct ech_hold *h, uint64_t serial, uint64_t offset,
    struct bytes in) NONNULL(1);
/* ...it is whole now, and something will be taken out of it. */
bool ech_hold_end(struct ech_hold *h, uint64_t serial) WUNRES NONNULL(1);
/* ...it will never be. */
void ech_hold_forget(struct ech_hold *h, uint64_t serial) NONNULL(1);

/* What passes now. Borrowed until the next ech_hold_feed. */
struct bytes ech_hold_settle(struct ech_hold *h) NONNULL(1);

/* What is not whole will never be: nothing is waited for any more. */
void ech_hold_forget_all(struct ech_hold *h) NONNULL(1);

/* Whether something waits behind what ech_hold_settle gave. */
bool ech_hold_waits(const struct ech_hold *h) WUNRES NONNULL(1);

#endif
