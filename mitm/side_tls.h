/* SPDX-License-Identifier: ISC */
/*
 * Between side.c and side_tls.c only: the socket as mbedTLS sees it, and TLS as
 * the side sees it.
 */
#ifndef SIGHTGLASS_MITM_SIDE_TLS_H
#define SIGHTGLASS_MITM_SIDE_TLS_H

#include "mitm/side.h"

/* Raw bytes for TLS, held ones first, else from the shared buffer that one
 * recv(2) filled: as side_read. After the TLS call side_keep_leftovers moves
 * what TLS did not take out of the shared buffer into s->input. */
int side_receive(struct side *s, uint8_t *out, size_t capacity) WUNRES;
int side_keep_leftovers(struct side *s) WUNRES;

/* As side_read and side_write; what is to be sent is left in s->io->out. */
int side_tls_read(struct side *s, uint8_t *out, size_t capacity) WUNRES;
int side_tls_write(struct side *s, const uint8_t *bytes, size_t length) WUNRES;

/* Leaves close_notify in s->io->out. */
void side_tls_end(struct side *s);

void side_tls_free(struct side_tls *tls);

#endif
