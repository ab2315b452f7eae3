/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/client_certificates: which is found for a host, what is said
 * of one that cannot be, and the message by which workers get them.
 */
#include "mitm/client_certificates.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/pem.h>
#include <psa/crypto.h>

#include "base/err.h"
#include "ca/key.h"
#include "t/unit/suite.h"

#define PEM_BYTES 4096u

static unsigned char chain[2][PEM_BYTES], key[2][PEM_BYTES];

/* Two self-signed certificates with their keys; any will do. */
static void
setup(void)
{
	for (size_t i = 0; i < 2; i++) {
		const struct ca_options options = {.common_name = i == 0 ? "a" : "b",
		    .now_s = 1790000000, .validity_s = 86400};
		struct ca ca;
		size_t length;

		ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
		ck_assert_int_eq(ca_generate(&options, &ca), 0);
		ck_assert_int_eq(mbedtls_pk_write_key_pem(&ca.key, key[i], PEM_BYTES),
		    0);
		ck_assert_int_eq(mbedtls_pem_write_buffer(
		    "-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n",
		    ca.certificate.raw.p, ca.certificate.raw.len, chain[i], PEM_BYTES,
		    &length), 0);
		ca_free(&ca);
	}
}

static struct client_certificate_pem
pem(size_t which_chain, size_t which_key)
{
	return (struct client_certificate_pem){
	    .chain = chain[which_chain],
	    .key = key[which_key],
	    .chain_length = strlen((const char *)chain[which_chain]) + 1,
	    .key_length = strlen((const char *)key[which_key]) + 1,
	};
}

static int
add(struct client_certificates *c, const char *pattern,
    struct client_certificate_pem p)
{
	const char *why = NULL;
	int error = client_certificates_add(c, pattern, &p, &why);

	ck_assert_msg(error == 0 || (why != NULL && *why != '\0'), "%d", error);
	return error;
}

static void
check_found(const struct client_certificates *c, const char *name,
    const char *subject)
{
	struct client_certificate *found = client_certificates_find(c, name, NULL);

	if (subject == NULL) {
		ck_assert_ptr_null(found);
		return;
	}
	ck_assert_ptr_nonnull(found);
	ck_assert_msg(strstr(found->facts.subject, subject) != NULL, "%s",
	    found->facts.subject);
	client_certificate_release(found);
}

START_TEST(the_first_whose_pattern_covers_the_host_is_found)
{
	struct client_certificates *c = client_certificates_new();

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(add(c, "a.test", pem(0, 0)), 0);
	ck_assert_int_eq(add(c, ".test", pem(1, 1)), 0);
	check_found(c, "a.test", "CN=a");
	check_found(c, "b.test", "CN=b");
	check_found(c, "b.example", NULL);
	check_found(NULL, "a.test", NULL);
	client_certificates_free(c);
	client_certificates_free(NULL);
	client_certificate_release(NULL);
}
END_TEST

START_TEST(one_that_is_held_outlives_the_setting)
{
	struct client_certificates *c = client_certificates_new();

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(add(c, "a.test", pem(0, 0)), 0);
	struct client_certificate *held =
	    client_certificates_find(c, "a.test", NULL);
	client_certificates_free(c);
	ck_assert_ptr_nonnull(strstr(held->facts.subject, "CN=a"));
	ck_assert_uint_eq(mbedtls_pk_get_bitlen(&held->key), 256);
	client_certificate_release(held);
}
END_TEST

START_TEST(what_cannot_be_is_told_apart)
{
	static const unsigned char nothing[] = "nothing\n";
	struct client_certificates *c = client_certificates_new();
	struct client_certificate_pem no_chain = pem(0, 0), no_key = pem(0, 0);

	ck_assert_ptr_nonnull(c);
	no_chain.chain = no_key.key = nothing;
	no_chain.chain_length = no_key.key_length = sizeof(nothing);
	ck_assert_int_eq(add(c, "a.test", no_chain), E_SYNTAX);
	ck_assert_int_eq(add(c, "a.test", no_key), E_NOTFOUND);
	ck_assert_int_eq(add(c, "a.test", pem(0, 1)), E_DENIED);
	ck_assert_int_eq(add(c, "port:443", pem(0, 0)), E_RANGE);
	check_found(c, "a.test", NULL);
	client_certificates_free(c);
}
END_TEST

START_TEST(the_message_brings_them_and_one_cut_anywhere_is_corrupt)
{
	struct client_certificate_pem first = pem(0, 0), second = pem(1, 1);
	struct buf out;

	buf_init(&out, (size_t)64 * 1024);
	ck_assert_int_eq(client_certificates_write("a.test", &first, &out), 0);
	size_t whole_one = buf_length(&out);
	ck_assert_int_eq(client_certificates_write("b.test", &second, &out), 0);
	for (size_t cut = 0; cut <= buf_length(&out); cut += cut % 7 == 0 ? 1 : 6) {
		struct client_certificates *c = client_certificates_new();
		int error = client_certificates_read(c, buf_data(&out), cut);
		bool whole = cut == 0 || cut == whole_one || cut == buf_length(&out);
		ck_assert_msg(error == (whole ? 0 : E_CORRUPT), "%zu: %d", cut, error);
		client_certificates_free(c);
	}
	struct client_certificates *c = client_certificates_new();
	ck_assert_int_eq(client_certificates_read(c, buf_data(&out),
	    buf_length(&out)), 0);
	check_found(c, "b.test", "CN=b");
	client_certificates_free(c);
	buf_free(&out);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("client_certificates");
	TCase *t = tcase_create("client_certificates");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_first_whose_pattern_covers_the_host_is_found);
	tcase_add_test(t, one_that_is_held_outlives_the_setting);
	tcase_add_test(t, what_cannot_be_is_told_apart);
	tcase_add_test(t,
	    the_message_brings_them_and_one_cut_anywhere_is_corrupt);
	suite_add_tcase(s, t);
	return s;
}
