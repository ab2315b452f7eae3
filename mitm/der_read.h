/* SPDX-License-Identifier: ISC */
/*
 * A reader of DER (X.690 section 10) for what the TLS library leaves unread or
 * reads too kindly: definite lengths in their shortest form, tags of one byte,
 * nothing copied. Pure; worker and CLI.
 */
#ifndef SIGHTGLASS_MITM_DER_READ_H
#define SIGHTGLASS_MITM_DER_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum der_read_tag {
	DER_READ_BOOLEAN = 0x01,
	DER_READ_INTEGER = 0x02,
	DER_READ_BIT_STRING = 0x03,
	DER_READ_OCTET_STRING = 0x04,
	DER_READ_OID = 0x06,
	DER_READ_SEQUENCE = 0x30,
	DER_READ_SET = 0x31
};

/* Bytes that are still to be read; borrowed. */
struct der_span {
	const uint8_t *at;
	size_t length;
};

/* Takes the element in front: its tag and content. False: there is none, or it
 * is not DER; *in is then as it was. */
bool der_read(struct der_span *in, uint8_t *tag, struct der_span *content)
    WUNRES NONNULL(1, 2, 3);

/* The same, if it has this tag; else *content too is as it was. */
bool der_read_tag(struct der_span *in, uint8_t tag, struct der_span *content)
    WUNRES NONNULL(1, 3);

/* Whether `in` is one element with this tag and nothing behind it. */
bool der_read_only(struct der_span in, uint8_t tag, struct der_span *content)
    WUNRES NONNULL(3);

/* A BOOLEAN of either value in front, which is taken; *value is left alone when
 * another element or nothing stands there. False: it is not DER. */
bool der_read_boolean(struct der_span *in, bool *value) WUNRES NONNULL(1, 2);

bool der_equal(struct der_span a, struct der_span b) WUNRES;

#endif
