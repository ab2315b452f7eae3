/* SPDX-License-Identifier: ISC */
/*
 * What the suites of the CA share: a CA, a leaf's key and names, a directory for
 * files, and foreign programs that judge them. Made and removed for each test by the
 * fixture.
 */
#ifndef SIGHTGLASS_T_UNIT_CAS_H
#define SIGHTGLASS_T_UNIT_CAS_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/buf.h"
#include "ca/key.h"
#include "ca/names.h"
#include "t/unit/suite.h"

#define DAY_S 86400

extern char directory[SUITE_DIRECTORY_BYTES];
extern struct ca ca;
extern struct names names;  /* of the leaf: www.example.com */
extern struct buf der;      /* the certificate that was made last */
extern uint8_t spki_room[512];
extern const uint8_t *spki; /* the leaf's public key, in spki_room */
extern size_t spki_length;

/* A checked fixture's. Files of other names are to be gone before the end. */
void ca_setup(void);
void ca_teardown(void);

/* A file of the directory; four at a time. */
const char *path(const char *name);

void make_ca(struct ca *out);
/* The leaf's key from now on. */
void make_key(mbedtls_ecp_group_id curve);
void take_public_key(mbedtls_pk_context *key);

/* Mints into `der`. As leaf_mint. */
int mint(void);
/* Mints and parses; the caller frees it. */
void parse_leaf(mbedtls_x509_crt *crt);

void write_pem(const char *name, const uint8_t *bytes, size_t length);
/* A leaf and its CA as leaf.pem and root.pem. */
void write_both(void);

/* Runs a program, its standard output into `output` when that is not NULL. Its exit
 * status. */
int run(const char *const *argv, char *output, size_t size);
/* What openssl says of leaf.pem under root.pem. */
int openssl_verify(const char *option, const char *host);

#endif
