/* SPDX-License-Identifier: ISC */
/*
 * Chains for the suites of mitm/verify: keys made once, certificates that are
 * good but for what a test changes, and what is asserted of a verdict. Unit
 * suites only; the state is the test's, which runs in a fork of its own.
 */
#ifndef SIGHTGLASS_T_UNIT_CHAINS_H
#define SIGHTGLASS_T_UNIT_CHAINS_H

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

#include "base/attr.h"
#include "mitm/verify.h"

#define NOW_S 1795428900 /* 2026-11-23T10:15:00Z */
#define DAY_S 86400
#define HOST "www.example.com"
#define DER_BYTES_MAX 4096
#define PRESENTED_MAX 9 /* besides the root: ten certificates in all */

/* Who has a key. FAKE_KEY is another with a CA's name; a test may put another
 * key in the place of ODD_KEY; LONG_KEY and on: a long path's. */
enum key {
	ROOT_KEY,
	CA_KEY,
	SERVER_KEY,
	OTHER_KEY,
	FAKE_KEY,
	ODD_KEY,
	LONG_KEY,
	KEYS = LONG_KEY + PRESENTED_MAX + 1
};

#define RAW_MAX 2

struct raw_extension {
	const char *oid;
	size_t oid_length;
	bool critical;
	const uint8_t *value;
	size_t length;
};

/* What a certificate says; the rows of each test change one thing of it. */
struct spec {
	const char *subject, *issuer;
	enum key key, signer;
	mbedtls_pk_context *other_key; /* instead of `key` */
	int64_t from_s, to_s;
	mbedtls_md_type_t digest;
	int version;
	bool has_constraints, is_ca;
	int path_length; /* -1: none */
	unsigned key_usage; /* 0: no such extension */
	const char *usage;  /* extended: an OID, NULL for none */
	size_t usage_length;
	struct raw_extension raw[RAW_MAX]; /* oid == NULL: none */
	const char *dns; /* NULL: none */
	const uint8_t *ip;
	size_t ip_length;
};

extern mbedtls_pk_context keys[KEYS];
extern mbedtls_x509_crt chain, roots, own, at_hand;
extern struct verify_options options;
extern struct verify_result result;

void make_key(mbedtls_pk_context *key, mbedtls_ecp_group_id curve);
void make_rsa_key(mbedtls_pk_context *key, unsigned bits);

/* A good CA, root ("CN=root"), intermediate ("CN=ca" below it) and server for
 * HOST. */
struct spec a_ca(const char *subject, enum key key, const char *issuer,
    enum key signer);
struct spec a_root(void);
struct spec an_intermediate(void);
struct spec a_server(const char *issuer, enum key signer);
struct spec server_below_ca(void);

/* The certificate's bytes stand at the end of `room`. */
size_t make(const struct spec *s, uint8_t room[DER_BYTES_MAX]);
/* Made, and put behind what the list holds; the same one in both. What mbedTLS
 * does not know is let through. */
void add(mbedtls_x509_crt *list, struct spec s);
void add_to_both(mbedtls_x509_crt *a, mbedtls_x509_crt *b, struct spec s);

/* Root, intermediate and server, with a change to one of them. */
void three(struct spec root, struct spec ca, struct spec server);
void with_server(struct spec server);
void with_ca(struct spec ca);
void with_root(struct spec root);
/* 0: the server, 1: the CA, else the root. */
struct spec *part(struct spec *root, struct spec *ca, struct spec *server,
    int which);

void check_good(void);
/* Exactly these are wrong; the first named is the gravest. */
void check_bad_twice(enum verify_failure first, enum verify_failure second);
void check_bad(enum verify_failure failure);

/* A case whose tests have keys, and lists that are empty. */
TCase *new_case(Suite *s, const char *name);

#endif
