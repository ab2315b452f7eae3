/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of ca/key and ca/leaf: what the certificates say, with openssl and
 * certtool as foreign judges of them, and who may read the files.
 */
#include <mbedtls/ecp.h>
#include <mbedtls/psa_util.h>
#include <mbedtls/rsa.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "ca/leaf.h"
#include "ca/renewal.h"
#include "conf/conf.h"
#include "t/unit/cas.h"
#include "t/unit/suite.h"

START_TEST(openssl_accepts_a_leaf_for_its_names_only)
{
	ck_assert_int_eq(names_add(&names, "*.example.net"), 0);
	ck_assert_int_eq(names_add(&names, "192.0.2.1"), 0);
	ck_assert_int_eq(names_add(&names, "2001:db8::1"), 0);
	write_both();
	ck_assert_int_eq(openssl_verify("-verify_hostname", "www.example.com"), 0);
	ck_assert_int_eq(openssl_verify("-verify_hostname", "a.example.net"), 0);
	ck_assert_int_eq(openssl_verify("-verify_ip", "192.0.2.1"), 0);
	ck_assert_int_eq(openssl_verify("-verify_ip", "2001:db8::1"), 0);
	ck_assert_int_ne(openssl_verify("-verify_hostname", "example.com"), 0);
	ck_assert_int_ne(openssl_verify("-verify_ip", "192.0.2.2"), 0);
}
END_TEST

START_TEST(gnutls_accepts_a_leaf)
{
	write_both();
	ck_assert_int_eq(run((const char *[]){"certtool", "--verify",
	    "--load-ca-certificate", path("root.pem"), "--infile", path("leaf.pem"),
	    "--verify-hostname=www.example.com", "--verify-profile=high",
	    NULL}, NULL, 0), 0);
}
END_TEST

static void
check_text(const char *const *expected, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(strstr(text, expected[i]) != NULL, "no '%s' in %s",
		    expected[i], text);
}

static void
openssl_text(const char *name, char *text, size_t size)
{
	ck_assert_int_eq(run((const char *[]){"openssl", "x509", "-noout", "-text",
	    "-nameopt", "oneline", "-in", path(name), NULL}, text, size), 0);
}

START_TEST(a_leaf_says_what_the_profile_says_and_nothing_more)
{
	static const char *const expected[] = {
	    "Version: 3 (0x2)", "CN = www.example.com",
	    "X509v3 Basic Constraints: critical\n                CA:FALSE",
	    "X509v3 Key Usage: critical\n                Digital Signature\n",
	    "X509v3 Extended Key Usage: \n                TLS Web Server Auth",
	    "X509v3 Subject Alternative Name: \n                DNS:www.example.com\n",
	    "X509v3 Subject Key Identifier:", "X509v3 Authority Key Identifier:",
	    "ecdsa-with-SHA256", "NIST CURVE: P-256",
	};
	char text[16384];
	size_t extensions = 0;

	write_both();
	openssl_text("leaf.pem", text, sizeof(text));
	check_text(expected, ARRAY_LENGTH(expected), text);
	for (const char *at = text; (at = strstr(at, "X509v3 ")) != NULL; at++)
		extensions++;
	ck_assert_uint_eq(extensions, 6 + 1); /* and the line above them */
	ck_assert_ptr_null(strstr(text, "DirName"));
}
END_TEST

START_TEST(a_ca_says_what_the_profile_says)
{
	static const char *const expected[] = {
	    "O = sightglass, CN = ", "CA:TRUE, pathlen:0",
	    "X509v3 Basic Constraints: critical",
	    "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n",
	    "X509v3 Subject Key Identifier:",
	};
	char text[16384];

	write_both();
	openssl_text("root.pem", text, sizeof(text));
	check_text(expected, ARRAY_LENGTH(expected), text);
}
END_TEST

START_TEST(the_key_identifiers_link_leaf_and_ca)
{
	mbedtls_x509_crt leaf;

	parse_leaf(&leaf);
	const mbedtls_x509_buf *ski = &ca.certificate.subject_key_id;
	const mbedtls_x509_buf *aki = &leaf.authority_key_id.keyIdentifier;
	ck_assert_uint_eq(ski->len, 20);
	ck_assert_uint_eq(aki->len, ski->len);
	ck_assert_mem_eq(aki->p, ski->p, ski->len);
	ck_assert_uint_eq(leaf.subject_key_id.len, 20);
	ck_assert_mem_ne(leaf.subject_key_id.p, ski->p, 20);
	ck_assert_uint_eq(leaf.authority_key_id.authorityCertSerialNumber.len, 0);
	mbedtls_x509_crt_free(&leaf);
}
END_TEST

static const struct {
	const char *name;
	const char *subject; /* NULL: none */
} subjects[] = {
	{"www.example.com", "Subject: CN = www.example.com\n"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example",
	    "Subject: CN = aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.e"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", NULL},
	{"192.0.2.1", "Subject: O = 192.0.2.1\n"},
	{"2001:db8::1", "Subject: O = 2001:db8::1\n"},
};

START_TEST(without_a_subject_the_san_is_critical)
{
	char text[16384];

	names.count = 0;
	ck_assert_int_eq(names_add(&names, subjects[_i].name), 0);
	write_both();
	openssl_text("leaf.pem", text, sizeof(text));
	bool critical = strstr(text, "Alternative Name: critical") != NULL;
	const char *subject = subjects[_i].subject;
	ck_assert(critical == (subject == NULL));
	ck_assert(strstr(text, subject != NULL ? subject : "Subject: \n") != NULL);
	bool ip = names.items[0].kind != NAME_DNS;
	ck_assert_int_eq(openssl_verify(ip ? "-verify_ip" : "-verify_hostname",
	    subjects[_i].name), 0);
}
END_TEST

START_TEST(serials_are_random_and_positive)
{
	mbedtls_x509_crt a, b;

	for (int i = 0; i < 64; i++) {
		parse_leaf(&a);
		parse_leaf(&b);
		ck_assert_uint_le(a.serial.len, 16);
		ck_assert_uint_ge(a.serial.len, 12); /* else odds of 2^-31 */
		ck_assert_uint_eq(a.serial.p[0] & 0x80, 0);
		ck_assert(a.serial.len != b.serial.len ||
		    memcmp(a.serial.p, b.serial.p, a.serial.len) != 0);
		mbedtls_x509_crt_free(&a);
		mbedtls_x509_crt_free(&b);
	}
}
END_TEST

START_TEST(a_leaf_ends_when_its_ca_does)
{
	mbedtls_x509_crt leaf;
	const struct leaf_request request = {
	    .names = &names,
	    .public_key = spki,
	    .public_key_length = spki_length,
	    .now_s = time(NULL) + 3649LL * DAY_S,
	    .validity_s = 90 * DAY_S,
	};

	ck_assert_int_eq(leaf_mint(&ca, &request, &der), 0);
	mbedtls_x509_crt_init(&leaf);
	ck_assert_int_eq(
	    mbedtls_x509_crt_parse_der(&leaf, buf_data(&der), buf_length(&der)), 0);
	ck_assert_mem_eq(&leaf.valid_to, &ca.certificate.valid_to,
	    sizeof(leaf.valid_to));
	mbedtls_x509_crt_free(&leaf);

	struct leaf_request late = request;
	late.now_s += 3 * DAY_S;
	ck_assert_int_eq(leaf_mint(&ca, &late, &der), E_RANGE);
}
END_TEST

START_TEST(times_are_encoded_as_the_rfc_says_over_2050)
{
	mbedtls_x509_crt crt;
	struct ca old;
	const struct ca_options options = {
	    .common_name = "old",
	    .now_s = 2524608000 - 3600, /* an hour before 2050 */
	    .validity_s = 7200,
	};

	ck_assert_int_eq(ca_generate(&options, &old), 0);
	crt = old.certificate;
	ck_assert_int_eq(crt.valid_from.year, 2049);
	ck_assert_int_eq(crt.valid_to.year, 2050);
	ck_assert_int_eq(crt.valid_to.hour, 1);
	write_pem("root.pem", crt.raw.p, crt.raw.len);
	char text[16384];
	openssl_text("root.pem", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "Not After : Jan  1 01:00:00 2050 GMT"));
	ca_free(&old);
}
END_TEST

START_TEST(keys_that_are_no_leafs_are_refused)
{
	uint8_t broken[91];

	ck_assert_uint_eq(spki_length, sizeof(broken));
	memcpy(broken, spki, sizeof(broken));
	broken[90] ^= 1; /* off the curve */
	spki = broken;
	ck_assert_int_eq(mint(), E_RANGE);
	spki_length = 90;
	ck_assert_int_eq(mint(), E_RANGE);
	spki_length = 0;
	ck_assert_int_eq(mint(), E_RANGE);
	take_public_key(&ca.key);
	ck_assert_int_eq(mint(), E_RANGE);
	make_key(MBEDTLS_ECP_DP_SECP384R1);
	ck_assert_int_eq(mint(), E_RANGE);
	make_key(MBEDTLS_ECP_DP_SECP256K1);
	ck_assert_int_eq(mint(), E_RANGE);
	make_key(MBEDTLS_ECP_DP_SECP256R1);
	names.count = 0;
	ck_assert_int_eq(mint(), E_RANGE);
	ck_assert_uint_eq(buf_length(&der), 0);
}
END_TEST

static void
make_rsa_key(unsigned bits, int exponent)
{
	mbedtls_pk_context key;

	mbedtls_pk_init(&key);
	ck_assert_int_eq(mbedtls_pk_setup(&key,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)), 0);
	ck_assert_int_eq(mbedtls_rsa_gen_key(mbedtls_pk_rsa(key),
	    mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE, bits, exponent), 0);
	take_public_key(&key);
	mbedtls_pk_free(&key);
}

START_TEST(a_leaf_may_have_an_rsa_key)
{
	char text[16384];

	make_rsa_key(2048, 65537);
	write_both();
	ck_assert_int_eq(openssl_verify("-verify_hostname", "www.example.com"), 0);
	openssl_text("leaf.pem", text, sizeof(text));
	check_text((const char *[]){"Public-Key: (2048 bit)", "ecdsa-with-SHA256"},
	    2, text);
	make_rsa_key(2048, 3);
	ck_assert_int_eq(mint(), E_RANGE);
	make_rsa_key(1024, 65537);
	ck_assert_int_eq(mint(), E_RANGE);
}
END_TEST

START_TEST(a_leaf_holds_as_many_names_as_a_list)
{
	char text[300];

	for (unsigned i = 1; i < NAMES_MAX; i++) {
		memset(text, 'a', 253);
		for (size_t dot = 60; dot < 250; dot += 60)
			text[dot] = '.';
		(void)snprintf(text + 241, sizeof(text) - 241, "a%03u.exampl", i);
		ck_assert_int_eq(names_add(&names, text), 0);
	}
	write_both();
	ck_assert_int_eq(openssl_verify("-verify_hostname", text), 0);
}
END_TEST

START_TEST(a_full_buffer_is_left_as_it_was)
{
	struct buf small;
	const struct leaf_request request = {&names, spki, spki_length, time(NULL),
	    DAY_S};

	buf_init(&small, 100);
	ck_assert_int_eq(buf_puts(&small, "before"), 0);
	ck_assert_int_eq(leaf_mint(&ca, &request, &small), E_LIMIT);
	ck_assert_uint_eq(buf_length(&small), 6);
	buf_free(&small);
}
END_TEST

static mode_t
mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(path(name), &st), 0);
	return st.st_mode & 07777;
}

START_TEST(a_stored_ca_is_loaded_again)
{
	struct ca again;
	char error[256];
	struct buf pem;

	(void)umask(0);
	ck_assert_int_eq(rmdir(directory), 0);
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	ck_assert_uint_eq(mode_of("."), 0700);
	ck_assert_uint_eq(mode_of(CA_KEY_FILE), 0600);
	ck_assert_uint_eq(mode_of(CA_CERTIFICATE_FILE), 0644);
	ck_assert_msg(ca_load(&again, directory, error) == 0, "%s", error);
	ck_assert_uint_eq(again.certificate.raw.len, ca.certificate.raw.len);
	ck_assert_mem_eq(again.certificate.raw.p, ca.certificate.raw.p,
	    ca.certificate.raw.len);
	ca_free(&ca);
	ca = again;
	write_both();
	ck_assert_int_eq(openssl_verify("-verify_hostname", "www.example.com"), 0);
	struct conf *conf = conf_new();
	ck_assert_ptr_nonnull(conf);
	free(conf->ca_dir);
	conf->ca_dir = strdup(directory);
	buf_init(&pem, 65536);
	ck_assert_int_eq(ca_load_certificates(conf, &pem), 0);
	ck_assert_int_eq(memcmp(buf_data(&pem), "-----BEGIN CERT", 15), 0);
	ck_assert_ptr_null(memchr(buf_data(&pem), '\0', buf_length(&pem)));
	buf_free(&pem);
	conf_free(conf);
}
END_TEST

START_TEST(a_ca_never_replaces_another)
{
	struct ca other, again;
	char error[256];

	make_ca(&other);
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	ck_assert_int_eq(ca_store(&other, directory), E_DENIED);
	ck_assert_int_eq(ca_load(&again, directory, error), 0);
	ck_assert_uint_eq(again.certificate.raw.len, ca.certificate.raw.len);
	ck_assert_mem_eq(again.certificate.raw.p, ca.certificate.raw.p,
	    ca.certificate.raw.len);
	ca_free(&again);
	ca_free(&other);
}
END_TEST

START_TEST(a_certificate_without_its_key_is_not_replaced_either)
{
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	ck_assert_int_eq(unlink(path(CA_KEY_FILE)), 0);
	ck_assert_int_eq(ca_store(&ca, directory), E_DENIED);
	ck_assert_int_ne(access(path(CA_KEY_FILE), F_OK), 0);
}
END_TEST

static void
check_load(int expected, const char *words)
{
	struct ca again;
	char error[256];

	ck_assert_int_eq(ca_load(&again, directory, error), expected);
	ck_assert_msg(strstr(error, words) != NULL, "'%s' has no '%s'", error, words);
	ca_free(&again);
}

START_TEST(a_key_that_others_can_read_is_refused)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0666, 0610};

	ck_assert_int_eq(ca_store(&ca, directory), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(modes); i++) {
		ck_assert_int_eq(chmod(path(CA_KEY_FILE), modes[i]), 0);
		check_load(E_DENIED, "chmod 600");
	}
	ck_assert_int_eq(chmod(path(CA_KEY_FILE), 0400), 0);
	check_load(0, "");
}
END_TEST

START_TEST(a_key_of_another_user_is_refused)
{
	if (geteuid() != 0)
		return; /* only root can give a file away */
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	ck_assert_int_eq(chown(path(CA_KEY_FILE), 12345, 0), 0);
	check_load(E_DENIED, "chown");
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	check_load(E_NOTFOUND, CA_KEY_FILE);
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	ck_assert_int_eq(unlink(path(CA_CERTIFICATE_FILE)), 0);
	/* Not as if there were none: the key stays as it is. */
	check_load(E_DENIED, "put " CA_CERTIFICATE_FILE " back");
}
END_TEST

START_TEST(a_key_of_another_certificate_is_refused)
{
	struct ca other;

	make_ca(&other);
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	write_pem(CA_CERTIFICATE_FILE, other.certificate.raw.p,
	    other.certificate.raw.len);
	check_load(E_SYNTAX, "does not belong");
	ca_free(&other);
}
END_TEST

START_TEST(a_certificate_that_is_no_cas_is_refused)
{
	/* A leaf for a key of our own, and that key where the CA's should be. */
	mbedtls_pk_context key;
	struct ca fake;

	mbedtls_pk_init(&key);
	ck_assert_int_eq(mbedtls_pk_setup(&key,
	    mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
	ck_assert_int_eq(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1,
	    mbedtls_pk_ec(key), mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), 0);
	take_public_key(&key);
	parse_leaf(&fake.certificate);
	fake.key = key;
	ck_assert_int_eq(ca_store(&fake, directory), 0);
	check_load(E_SYNTAX, "not a CA");
	ca_free(&fake);
}
END_TEST

START_TEST(a_ca_that_is_over_is_refused)
{
	struct ca old;
	const struct ca_options options = {.common_name = "old",
	    .now_s = time(NULL) - 10 * DAY_S, .validity_s = DAY_S};

	ck_assert_int_eq(ca_generate(&options, &old), 0);
	ck_assert_int_eq(ca_store(&old, directory), 0);
	check_load(E_SYNTAX, "expired");
	ca_free(&old);
}
END_TEST

START_TEST(files_that_are_not_pem_are_refused)
{
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	ck_assert_int_eq(truncate(path(CA_KEY_FILE), 40), 0);
	check_load(E_SYNTAX, CA_KEY_FILE);
	ck_assert_int_eq(truncate(path(CA_CERTIFICATE_FILE), 40), 0);
	check_load(E_SYNTAX, CA_CERTIFICATE_FILE);
	ck_assert_int_eq(truncate(path(CA_CERTIFICATE_FILE), 0), 0);
	check_load(E_SYNTAX, CA_CERTIFICATE_FILE);
}
END_TEST

START_TEST(an_rsa_ca_signs_too)
{
	struct ca_options options = {.common_name = "RSA", .now_s = time(NULL),
	    .validity_s = DAY_S, .key = CA_KEY_RSA3072};
	char text[16384];

	ca_free(&ca);
	ck_assert_int_eq(ca_generate(&options, &ca), 0);
	write_both();
	ck_assert_int_eq(openssl_verify("-verify_hostname", "www.example.com"), 0);
	openssl_text("root.pem", text, sizeof(text));
	check_text((const char *[]){"Public-Key: (3072 bit)",
	    "sha256WithRSAEncryption", "pathlen:0"}, 3, text);
}
END_TEST

START_TEST(a_renewal_has_its_times)
{
	struct conf *conf = conf_new();

	ck_assert_ptr_nonnull(conf);
	conf->ca_renew_before_ms = 90ull * DAY_S * 1000;
	conf->ca_overlap_ms = 30ull * DAY_S * 1000;
	ck_assert_int_eq(renewal_make_s(conf, 0, 3650 * DAY_S), 3560 * DAY_S);
	ck_assert_int_eq(renewal_make_s(conf, 0, 10 * DAY_S), 5 * DAY_S);
	ck_assert_int_eq(renewal_switch_s(conf, 100 * DAY_S, 200 * DAY_S),
	    130 * DAY_S);
	/* The old one has half of what was left, and nothing when it is over. */
	ck_assert_int_eq(renewal_switch_s(conf, 100 * DAY_S, 110 * DAY_S),
	    105 * DAY_S);
	ck_assert_int_eq(renewal_switch_s(conf, 100 * DAY_S, 90 * DAY_S),
	    100 * DAY_S);
	conf->ca_renew_before_ms = 0;
	ck_assert_int_eq(renewal_make_s(conf, 0, DAY_S), INT64_MAX);
	conf_free(conf);
}
END_TEST

static int
certtool_verify(const char *host)
{
	char option[PATH_BYTES];

	(void)snprintf(option, sizeof(option), "--verify-hostname=%s", host);
	return run((const char *[]){"certtool", "--verify", "--load-ca-certificate",
	    path("root.pem"), "--infile", path("leaf.pem"), option, NULL}, NULL, 0);
}

/* openssl and gnutls read them as we do. */
START_TEST(a_ca_with_constraints_certifies_what_they_permit)
{
	static const char *const good[] = {"example.com", "a.b.example.com",
	    "192.0.2.200"};
	static const char *const bad[] = {"example.net", "badexample.com",
	    "198.51.100.1", "2001:db8::1"};
	struct scope scope = {0};
	const struct ca_options options = {.common_name = "narrow",
	    .now_s = time(NULL), .validity_s = DAY_S, .scope = &scope};

	ck_assert_int_eq(scope_permit(&scope, "example.com"), 0);
	ck_assert_int_eq(scope_permit(&scope, "192.0.2.0/24"), 0);
	ck_assert_int_eq(scope_close(&scope), 0);
	ca_free(&ca);
	ck_assert_int_eq(ca_generate(&options, &ca), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		names.count = 0;
		ck_assert_int_eq(names_add(&names, good[i]), 0);
		write_both();
		ck_assert_int_eq(openssl_verify(
		    i == 2 ? "-verify_ip" : "-verify_hostname", good[i]), 0);
		ck_assert_int_eq(certtool_verify(good[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		names.count = 0;
		ck_assert_int_eq(names_add(&names, bad[i]), 0);
		ck_assert_int_eq(mint(), E_DENIED);
		/* And that is what they would say of it. */
		struct scope own = ca.scope;
		ca.scope.count = 0;
		write_both();
		ca.scope = own;
		ck_assert_int_ne(openssl_verify(
		    i > 1 ? "-verify_ip" : "-verify_hostname", bad[i]), 0);
		ck_assert_int_ne(certtool_verify(bad[i]), 0);
	}
	ck_assert_int_eq(ca_store(&ca, directory), 0);
	check_load(0, "");
}
END_TEST

/* An enterprise's CA: made by openssl, PKCS#8, its subject encoded otherwise
 * than ours would be. */
static void
load_openssl_ca(const char *algorithm, const char *option)
{
	ck_assert_int_eq(run((const char *[]){"openssl", "req", "-x509", "-newkey",
	    algorithm, "-pkeyopt", option, "-nodes", "-keyout", path(CA_KEY_FILE),
	    "-out", path(CA_CERTIFICATE_FILE), "-subj", "/C=XX/O=Example, Inc./CN=Root",
	    "-addext", "keyUsage=critical,keyCertSign", NULL}, NULL, 0), 0);
	ca_free(&ca);
	char error[256];
	ck_assert_int_eq(chmod(path(CA_KEY_FILE), 0600), 0);
	ck_assert_msg(ca_load(&ca, directory, error) == 0, "%s", error);
	write_both();
	ck_assert_int_eq(openssl_verify("-verify_hostname", "www.example.com"), 0);
}

START_TEST(a_ca_made_elsewhere_serves_too)
{
	load_openssl_ca("rsa", "rsa_keygen_bits:3072");
	load_openssl_ca("ec", "ec_paramgen_curve:P-384");
	load_openssl_ca("ec", "ec_paramgen_curve:P-256");
}
END_TEST

START_TEST(a_ca_with_a_short_key_is_refused)
{
	ck_assert_int_eq(run((const char *[]){"openssl", "req", "-x509", "-newkey",
	    "rsa:1024", "-nodes", "-keyout", path(CA_KEY_FILE), "-out",
	    path(CA_CERTIFICATE_FILE), "-subj", "/CN=Root", NULL}, NULL, 0), 0);
	ck_assert_int_eq(chmod(path(CA_KEY_FILE), 0600), 0);
	check_load(E_SYNTAX, "too short");
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("ca");
	TCase *t = tcase_create("ca");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, ca_setup, ca_teardown);
	tcase_add_test(t, openssl_accepts_a_leaf_for_its_names_only);
	tcase_add_test(t, gnutls_accepts_a_leaf);
	tcase_add_test(t, a_leaf_says_what_the_profile_says_and_nothing_more);
	tcase_add_test(t, a_ca_says_what_the_profile_says);
	tcase_add_test(t, the_key_identifiers_link_leaf_and_ca);
	tcase_add_loop_test(t, without_a_subject_the_san_is_critical, 0,
	    ARRAY_LENGTH(subjects));
	tcase_add_test(t, serials_are_random_and_positive);
	tcase_add_test(t, a_leaf_ends_when_its_ca_does);
	tcase_add_test(t, times_are_encoded_as_the_rfc_says_over_2050);
	tcase_add_test(t, keys_that_are_no_leafs_are_refused);
	tcase_add_test(t, a_leaf_may_have_an_rsa_key);
	tcase_add_test(t, a_leaf_holds_as_many_names_as_a_list);
	tcase_add_test(t, a_full_buffer_is_left_as_it_was);
	tcase_add_test(t, a_stored_ca_is_loaded_again);
	tcase_add_test(t, a_ca_never_replaces_another);
	tcase_add_test(t, a_certificate_without_its_key_is_not_replaced_either);
	tcase_add_test(t, a_key_that_others_can_read_is_refused);
	tcase_add_test(t, a_key_of_another_user_is_refused);
	tcase_add_test(t, what_is_missing_is_named);
	tcase_add_test(t, a_key_of_another_certificate_is_refused);
	tcase_add_test(t, a_certificate_that_is_no_cas_is_refused);
	tcase_add_test(t, a_ca_that_is_over_is_refused);
	tcase_add_test(t, files_that_are_not_pem_are_refused);
	tcase_add_test(t, a_ca_made_elsewhere_serves_too);
	tcase_add_test(t, a_ca_with_a_short_key_is_refused);
	tcase_add_test(t, an_rsa_ca_signs_too);
	tcase_add_test(t, a_renewal_has_its_times);
	tcase_add_test(t, a_ca_with_constraints_certifies_what_they_permit);
	suite_add_tcase(s, t);
	return s;
}
