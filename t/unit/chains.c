/* SPDX-License-Identifier: ISC */
/* Keys, certificates and assertions of verify's suites. Unit suites only. */
#include "t/unit/chains.h"

#include <mbedtls/oid.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

mbedtls_pk_context keys[KEYS];
mbedtls_x509_crt chain, roots, own, at_hand;
struct verify_options options;
struct verify_result result;

void
make_key(mbedtls_pk_context *key, mbedtls_ecp_group_id curve)
{
	mbedtls_pk_init(key);
	ck_assert_int_eq(mbedtls_pk_setup(key,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	ck_assert_int_eq(mbedtls_ecp_gen_key(curve, mbedtls_pk_ec(*key),
	    mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), 0);
}

void
make_rsa_key(mbedtls_pk_context *key, unsigned bits)
{
	mbedtls_pk_init(key);
	ck_assert_int_eq(mbedtls_pk_setup(key,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)), 0);
	ck_assert_int_eq(mbedtls_rsa_gen_key(mbedtls_pk_rsa(*key),
	    mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE, bits, 65537), 0);
}

/* Once, before all tests: each runs in a fork of its own. */
static void
make_keys(void)
{
	ck_assert_int_eq((int)psa_crypto_init(), 0);
	for (unsigned i = 0; i < KEYS; i++)
		make_key(&keys[i], MBEDTLS_ECP_DP_SECP256R1);
}

static void
free_keys(void)
{
	for (unsigned i = 0; i < KEYS; i++)
		mbedtls_pk_free(&keys[i]);
	mbedtls_psa_crypto_free();
}

static void
setup(void)
{
	mbedtls_x509_crt_init(&chain);
	mbedtls_x509_crt_init(&roots);
	mbedtls_x509_crt_init(&own);
	mbedtls_x509_crt_init(&at_hand);
	options = (struct verify_options){.roots = &roots, .now_s = NOW_S,
	    .host = HOST};
}

static void
teardown(void)
{
	mbedtls_x509_crt_free(&chain);
	mbedtls_x509_crt_free(&roots);
	mbedtls_x509_crt_free(&own);
	mbedtls_x509_crt_free(&at_hand);
}

/* --- what a good one says --- */

struct spec
a_ca(const char *subject, enum key key, const char *issuer, enum key signer)
{
	return (struct spec){.subject = subject, .issuer = issuer, .key = key,
	    .signer = signer, .from_s = NOW_S - 100 * DAY_S,
	    .to_s = NOW_S + 100 * DAY_S, .digest = MBEDTLS_MD_SHA256,
	    .version = MBEDTLS_X509_CRT_VERSION_3, .has_constraints = true,
	    .is_ca = true, .path_length = -1,
	    .key_usage = MBEDTLS_X509_KU_KEY_CERT_SIGN};
}

struct spec
a_root(void)
{
	return a_ca("CN=root", ROOT_KEY, "CN=root", ROOT_KEY);
}

struct spec
an_intermediate(void)
{
	return a_ca("CN=ca", CA_KEY, "CN=root", ROOT_KEY);
}

struct spec
a_server(const char *issuer, enum key signer)
{
	struct spec s = a_ca("CN=server", SERVER_KEY, issuer, signer);

	s.is_ca = false;
	s.key_usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE;
	s.usage = MBEDTLS_OID_SERVER_AUTH;
	s.usage_length = MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH);
	s.dns = HOST;
	return s;
}

/* --- making one --- */

static void
set_time(mbedtls_x509write_cert *w, const struct spec *s)
{
	char from[16], to[16];
	time_t from_s = (time_t)s->from_s, to_s = (time_t)s->to_s;
	struct tm tm;

	ck_assert_uint_eq(strftime(from, sizeof(from), "%Y%m%d%H%M%S",
	    gmtime_r(&from_s, &tm)), 14);
	ck_assert_uint_eq(strftime(to, sizeof(to), "%Y%m%d%H%M%S",
	    gmtime_r(&to_s, &tm)), 14);
	ck_assert_int_eq(mbedtls_x509write_crt_set_validity(w, from, to), 0);
}

static void
set_names(mbedtls_x509write_cert *w, const struct spec *s)
{
	mbedtls_x509_san_list list[2] = {{.next = NULL}};
	mbedtls_x509_subject_alternative_name *name = &list[0].node;
	const void *bytes = s->dns != NULL ? (const void *)s->dns : s->ip;

	if (bytes == NULL)
		return;
	name->type = s->dns != NULL ? MBEDTLS_X509_SAN_DNS_NAME
	                            : MBEDTLS_X509_SAN_IP_ADDRESS;
	name->san.unstructured_name.p = (unsigned char *)(uintptr_t)bytes;
	name->san.unstructured_name.len =
	    s->dns != NULL ? strlen(s->dns) : s->ip_length;
	ck_assert_int_eq(mbedtls_x509write_crt_set_subject_alternative_name(w,
	    list), 0);
}

static void
set_usage(mbedtls_x509write_cert *w, const struct spec *s)
{
	mbedtls_asn1_sequence usage = {.buf = {.tag = MBEDTLS_ASN1_OID,
	    .len = s->usage_length,
	    .p = (unsigned char *)(uintptr_t)s->usage}};

	if (s->key_usage != 0)
		ck_assert_int_eq(
		    mbedtls_x509write_crt_set_key_usage(w, s->key_usage), 0);
	if (s->usage != NULL)
		ck_assert_int_eq(
		    mbedtls_x509write_crt_set_ext_key_usage(w, &usage), 0);
}

static void
set_raw(mbedtls_x509write_cert *w, const struct spec *s)
{
	for (size_t i = 0; i < RAW_MAX && s->raw[i].oid != NULL; i++)
		ck_assert_int_eq(mbedtls_x509write_crt_set_extension(w, s->raw[i].oid,
		    s->raw[i].oid_length, s->raw[i].critical, s->raw[i].value,
		    s->raw[i].length), 0);
}

static void
set_extensions(mbedtls_x509write_cert *w, const struct spec *s)
{
	if (s->version != MBEDTLS_X509_CRT_VERSION_3)
		return;
	if (s->has_constraints)
		ck_assert_int_eq(mbedtls_x509write_crt_set_basic_constraints(w,
		    s->is_ca, s->path_length), 0);
	set_usage(w, s);
	set_names(w, s);
	set_raw(w, s);
}

static void
set_all(mbedtls_x509write_cert *w, const struct spec *s)
{
	static unsigned char serial;

	serial = (unsigned char)(serial % 100 + 1);
	mbedtls_x509write_crt_set_version(w, s->version);
	ck_assert_int_eq(mbedtls_x509write_crt_set_serial_raw(w, &serial, 1), 0);
	ck_assert_int_eq(mbedtls_x509write_crt_set_subject_name(w, s->subject), 0);
	ck_assert_int_eq(mbedtls_x509write_crt_set_issuer_name(w, s->issuer), 0);
	mbedtls_x509write_crt_set_subject_key(w,
	    s->other_key != NULL ? s->other_key : &keys[s->key]);
	mbedtls_x509write_crt_set_issuer_key(w, &keys[s->signer]);
	mbedtls_x509write_crt_set_md_alg(w, s->digest);
	set_time(w, s);
	set_extensions(w, s);
}

size_t
make(const struct spec *s, uint8_t room[DER_BYTES_MAX])
{
	mbedtls_x509write_cert w;

	mbedtls_x509write_crt_init(&w);
	set_all(&w, s);
	int length = mbedtls_x509write_crt_der(&w, room, DER_BYTES_MAX,
	    mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE);
	mbedtls_x509write_crt_free(&w);
	ck_assert_msg(length > 0, "no certificate was made: -0x%04x", -length);
	return (size_t)length;
}

static int
let_through(void *context UNUSED, const mbedtls_x509_crt *crt UNUSED,
    const mbedtls_x509_buf *oid UNUSED, int critical UNUSED,
    const unsigned char *value UNUSED, const unsigned char *end UNUSED)
{
	return 0;
}

static void
parse(mbedtls_x509_crt *list, const uint8_t *der, size_t length)
{
	ck_assert_int_eq(mbedtls_x509_crt_parse_der_with_ext_cb(list, der, length, 1,
	    let_through, NULL), 0);
}

void
add(mbedtls_x509_crt *list, struct spec s)
{
	uint8_t room[DER_BYTES_MAX];
	size_t length = make(&s, room);

	parse(list, room + DER_BYTES_MAX - length, length);
}

void
add_to_both(mbedtls_x509_crt *a, mbedtls_x509_crt *b, struct spec s)
{
	uint8_t room[DER_BYTES_MAX];
	size_t length = make(&s, room);
	const uint8_t *der = room + sizeof(room) - length;

	parse(a, der, length);
	parse(b, der, length);
}

/* --- judging --- */

void
check_good(void)
{
	verify_chain(&chain, &options, &result);
	ck_assert_msg(result.trusted, "not trusted: %s", result.identifier);
	ck_assert_str_eq(result.identifier, "ok");
	ck_assert_uint_eq(result.failures, 0);
}

void
check_bad_twice(enum verify_failure first, enum verify_failure second)
{
	uint32_t set = (uint32_t)1 << first | (uint32_t)1 << second;

	verify_chain(&chain, &options, &result);
	ck_assert(!result.trusted);
	ck_assert_msg(result.failures == set, "%s (%x), not %s (%x)",
	    result.identifier, result.failures, verify_identifier(first), set);
	ck_assert_str_eq(result.identifier, verify_identifier(first));
	ck_assert_str_eq(result.words, verify_words(first));
}

void
check_bad(enum verify_failure failure)
{
	check_bad_twice(failure, failure);
}

void
three(struct spec root, struct spec ca, struct spec server)
{
	add(&roots, root);
	add(&chain, server);
	add(&chain, ca);
}

struct spec
server_below_ca(void)
{
	return a_server("CN=ca", CA_KEY);
}

void
with_server(struct spec server)
{
	three(a_root(), an_intermediate(), server);
}

void
with_ca(struct spec ca)
{
	three(a_root(), ca, server_below_ca());
}

void
with_root(struct spec root)
{
	three(root, an_intermediate(), server_below_ca());
}

struct spec *
part(struct spec *root, struct spec *ca, struct spec *server, int which)
{
	return which == 0 ? server : which == 1 ? ca : root;
}

TCase *
new_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_set_timeout(t, 120);
	tcase_add_unchecked_fixture(t, make_keys, free_keys);
	tcase_add_checked_fixture(t, setup, teardown);
	suite_add_tcase(s, t);
	return t;
}
