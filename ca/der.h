/* SPDX-License-Identifier: ISC */
/*
 * A writer of DER (X.690) that fills a buffer from its end, so that a length
 * is known when it is written. Running out of room is sticky: der_result tells
 * at the end. Pure; signer, worker and CLI.
 *
 *   const uint8_t *end = d.at;
 *   ... the content, last field first ...
 *   der_wrap(&d, DER_SEQUENCE, end);
 */
#ifndef SIGHTGLASS_CA_DER_H
#define SIGHTGLASS_CA_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT = 0x80,             /* + number, primitive */
	DER_CONTEXT_CONSTRUCTED = 0xa0, /* + number */
};

struct der {
	uint8_t *start; /* borrowed buffer */
	uint8_t *at;    /* what is written so far begins here */
	bool full;
};

void der_init(struct der *d, uint8_t *buffer, size_t size) NONNULL(1, 2);

/* 0, or E_LIMIT when something did not fit. */
int der_result(const struct der *d) WUNRES NONNULL(1);

/* Puts bytes in front of what is written. */
void der_bytes(struct der *d, const void *bytes, size_t length) NONNULL(1);

/* Puts tag and length in front of everything written since d->at was `end`. */
void der_wrap(struct der *d, unsigned tag, const uint8_t *end) NONNULL(1, 3);

/* One primitive value. */
void der_value(struct der *d, unsigned tag, const void *bytes, size_t length)
    NONNULL(1);

/* A non-negative INTEGER from big-endian bytes, in its shortest form. */
void der_unsigned(struct der *d, const uint8_t *bytes, size_t length)
    NONNULL(1, 2);

/* A BIT STRING without unused bits. */
void der_bits(struct der *d, const void *bytes, size_t length) NONNULL(1);

/* Seconds since the epoch as Validity wants them (RFC 5280 section 4.1.2.5):
 * UTCTime up to 2049, GeneralizedTime after. */
void der_time(struct der *d, int64_t seconds) NONNULL(1);

#endif
