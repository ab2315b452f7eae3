/* SPDX-License-Identifier: ISC */
/*
 * Leaves out the early data that a client of TLS 1.3 sent behind its hello. We
 * never take any; RFC 8446 section 4.2.10 lets a server that has answered with a
 * hello retry request skip every record of application data up to the client's
 * second hello. The client then sends again what it wants to. Pure; worker.
 */
#ifndef SIGHTGLASS_MITM_EARLY_DATA_H
#define SIGHTGLASS_MITM_EARLY_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* A server's limit is in the tickets that it gave out, which we have not seen;
 * most say 16 KiB. */
#define EARLY_DATA_BYTES_MAX (256u * 1024)

struct early_data {
	size_t first;          /* bytes of the first hello that are still to come */
	bool over;             /* the second hello has come: nothing is left out */
	uint8_t header[5];     /* of the record that passes now */
	uint8_t header_length; /* of it, what has passed */
	size_t body;           /* bytes of that record that are still to come */
	size_t skipped;
};

/* Begins in front of the first hello, of so many bytes with its records. */
void early_data_begin(struct early_data *e, size_t hello_bytes) NONNULL(1);

/* Moves what is to be read to the front of `bytes`, the next of the client's:
 * how many those are; E_LIMIT when it sends more than it could have been
 * allowed. */
int early_data_skip(struct early_data *e, uint8_t *bytes, size_t length)
    WUNRES NONNULL(1, 2);

#endif
