/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of what mitm/verify rests on besides a chain: keys known to be bad,
 * revocation lists, intermediates at hand, and the files and messages that they
 * come from.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/pem.h>
#include <mbedtls/psa_util.h>

#include "base/err.h"
#include "ca/der.h"
#include "mitm/certificate_read.h"
#include "mitm/der_read.h"
#include "mitm/trust.h"
#include "t/unit/chains.h"
#include "t/unit/suite.h"

#define OID_OF_NOBODY "\x2b\x06\x01\x04\x01\x82\xc4\x13\x01"

/* --- what is known to be bad --- */

/* The public key that came with computers of Dell's, 2015. */
static const char edellroot[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvdEmDW7NW4RfQfDhdYbO\n"
    "zqgj1b6jsdl1V0EwxVvgbNvi5mMJM2Ns/Hhvws0UvW4CtS37lVUxAOw5NjcuD9d7\n"
    "9Q26RjZv7SWVQ7PMFhiluwVxyjifpKxO8OE2Lm36Q+jtzbdmtgE+Y67zZ4Qnpxq+\n"
    "z+3f277AU6RdfC9EKIcD+VbI1Y0Q+HXv5sIQ/erk34mtX7oejfNA8S/lBQlh2Zew\n"
    "yYPYIxCiN5BSPrwn3U/nDkEqO6sbTGOK/OFKiJ73KbtVHAsWNZJxG7D/1dXoIupP\n"
    "IvnGuqKIOnW5M66o2Pe7HK2z2hxuygle7GPmIRiRIzWe8u6kS/6WDL1arMgQUybW\n"
    "XwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

START_TEST(a_key_that_is_known_to_be_compromised_is_not_believed)
{
	struct spec server = server_below_ca();
	mbedtls_pk_context key;

	mbedtls_pk_init(&key);
	ck_assert_int_eq(mbedtls_pk_parse_public_key(&key,
	    (const unsigned char *)edellroot, sizeof(edellroot)), 0);
	server.other_key = &key;
	with_server(server);
	mbedtls_pk_free(&key);
	check_bad(VERIFY_KNOWN_BAD);
}
END_TEST

START_TEST(a_digest_is_read_in_the_forms_that_people_write)
{
	static const struct {
		const char *text;
		int outcome;
	} texts[] = {
		{"cdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec23", 0},
		{"CD:EE:9F:33:05:57:2A:67:7E:1A:6C:82:DC:1E:02:A3:5B:11:CA:E6:A6:84:"
		 "33:8C:9F:37:FE:1A:C8:DA:EC:23", 0},
		{"cdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec2",
		    E_SYNTAX},
		{"cdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec2300",
		    E_SYNTAX},
		{"xdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec23",
		    E_SYNTAX},
		{":cdee", E_SYNTAX}, {"", E_SYNTAX}};
	uint8_t digest[DIGEST_BYTES];

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		ck_assert_int_eq(distrust_parse(texts[i].text, digest),
		    texts[i].outcome);
		if (texts[i].outcome == 0)
			ck_assert_str_eq(known_bad_name(digest), "eDellRoot");
	}
	digest[0] ^= 1;
	ck_assert_ptr_null(known_bad_name(digest));
}
END_TEST

static void
digest_of(const mbedtls_x509_buf *bytes, char text[65])
{
	uint8_t digest[32];

	ck_assert_int_eq(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
	    bytes->p, bytes->len, digest), 0);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* By key and by certificate: the server's, its CA's and the root's. */
START_TEST(what_the_administrator_distrusts_is_not_believed)
{
	struct distrust d = {0};
	char text[65], *list[] = {text};

	with_server(server_below_ca());
	options.distrust = &d;
	check_good();
	const mbedtls_x509_crt *crt = _i % 3 == 0 ? &chain
	    : _i % 3 == 1 ? chain.next : &roots;
	digest_of(_i < 3 ? &crt->pk_raw : &crt->raw, text);
	ck_assert_int_eq(distrust_set(&d, list, 1), 0);
	check_bad(VERIFY_KNOWN_BAD);
	text[0] = 'x';
	ck_assert_int_eq(distrust_set(&d, list, 1), E_SYNTAX);
	check_bad(VERIFY_KNOWN_BAD);
	ck_assert_int_eq(distrust_set(&d, NULL, 0), 0);
	check_good();
	distrust_free(&d);
}
END_TEST

/* --- revocation lists --- */

struct list_spec {
	const mbedtls_x509_crt *issuer; /* whose name it bears */
	enum key signer;
	const mbedtls_x509_crt *revoked; /* NULL: none */
	bool critical, entry_critical;
	int64_t from_s, to_s;
};

/* ecdsa-with-SHA256 (RFC 5758 section 3.2) as an AlgorithmIdentifier. */
static void
put_algorithm(struct der *d)
{
	const uint8_t *end = d->at;

	der_value(d, DER_OID, "\x2a\x86\x48\xce\x3d\x04\x03\x02", 8);
	der_wrap(d, DER_SEQUENCE, end);
}

/* One extension of an OID of nobody's. */
static void
put_extension(struct der *d, bool critical)
{
	const uint8_t *end = d->at;

	der_value(d, DER_OCTET_STRING, "\x05\x00", 2);
	if (critical)
		der_value(d, DER_BOOLEAN, "\xff", 1);
	der_value(d, DER_OID, OID_OF_NOBODY, strlen(OID_OF_NOBODY));
	der_wrap(d, DER_SEQUENCE, end);
	der_wrap(d, DER_SEQUENCE, end);
}

static void
put_entries(struct der *d, const struct list_spec *s)
{
	const uint8_t *end = d->at;

	put_extension(d, s->entry_critical);
	der_time(d, NOW_S - DAY_S);
	der_value(d, DER_INTEGER, s->revoked->serial.p, s->revoked->serial.len);
	der_wrap(d, DER_SEQUENCE, end);
	der_wrap(d, DER_SEQUENCE, end);
}

/* Its TBSCertList (RFC 5280 section 5.1). */
static void
put_list(struct der *d, const struct list_spec *s)
{
	const uint8_t *end = d->at;

	ck_assert_ptr_nonnull(s->issuer);
	put_extension(d, s->critical);
	der_wrap(d, DER_CONTEXT_CONSTRUCTED, end);
	if (s->revoked != NULL)
		put_entries(d, s);
	der_time(d, s->to_s);
	der_time(d, s->from_s);
	der_bytes(d, s->issuer->subject_raw.p, s->issuer->subject_raw.len);
	put_algorithm(d);
	der_value(d, DER_INTEGER, "\x01", 1);
	der_wrap(d, DER_SEQUENCE, end);
}

/* A list at the end of `room`, signed. */
static struct der_span
make_list(uint8_t room[DER_BYTES_MAX], const struct list_spec *s)
{
	uint8_t tbs[DER_BYTES_MAX], digest[32], sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	struct der d;
	size_t sig_length;

	der_init(&d, tbs, sizeof(tbs));
	put_list(&d, s);
	ck_assert_int_eq(der_result(&d), 0);
	size_t length = (size_t)(tbs + sizeof(tbs) - d.at);
	const uint8_t *at = d.at;
	ck_assert_int_eq(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), at,
	    length, digest), 0);
	ck_assert_int_eq(mbedtls_pk_sign(&keys[s->signer], MBEDTLS_MD_SHA256, digest,
	    sizeof(digest), sig, sizeof(sig), &sig_length, mbedtls_psa_get_random,
	    MBEDTLS_PSA_RANDOM_STATE), 0);
	der_init(&d, room, DER_BYTES_MAX);
	const uint8_t *end = d.at;
	der_bits(&d, sig, sig_length);
	put_algorithm(&d);
	der_bytes(&d, at, length);
	der_wrap(&d, DER_SEQUENCE, end);
	ck_assert_int_eq(der_result(&d), 0);
	return (struct der_span){d.at, (size_t)(room + DER_BYTES_MAX - d.at)};
}

/* Whom the list is about. */
enum about { OF_SERVER, OF_CA, OF_NOBODY };

static const struct {
	const char *what;
	enum about about;
	enum key signer;
	bool by_root, critical, entry_critical, may_not_sign;
	int64_t from_s, to_s;
	int taken; /* revocation_add */
	bool good;
} list_rows[] = {
	{"the server", OF_SERVER, CA_KEY, false, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, false},
	{"the CA", OF_CA, ROOT_KEY, true, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, false},
	{"nobody", OF_NOBODY, CA_KEY, false, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, by a stranger", OF_SERVER, FAKE_KEY, false, false, false,
	    false, NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, by the root", OF_SERVER, ROOT_KEY, true, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, by a CA that may not", OF_SERVER, CA_KEY, false, false,
	    false, true, NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, a part of a list", OF_SERVER, CA_KEY, false, true, false,
	    false, NOW_S - DAY_S, NOW_S + DAY_S, E_VERSION, true},
	{"the server, for another's issuer", OF_SERVER, CA_KEY, false, false, true,
	    false, NOW_S - DAY_S, NOW_S + DAY_S, E_VERSION, true},
	{"the server, expired", OF_SERVER, CA_KEY, false, false, false, false,
	    NOW_S - 2 * DAY_S, NOW_S - DAY_S, 1, false},
	{"nobody, expired", OF_NOBODY, CA_KEY, false, false, false, false,
	    NOW_S - 2 * DAY_S, NOW_S - DAY_S, 1, true},
};

START_TEST(a_list_revokes_what_its_issuer_names)
{
	struct spec root = a_root(), ca = an_intermediate();
	struct revocation *r = revocation_new();
	uint8_t room[DER_BYTES_MAX + 1] = {0};

	root.key_usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN;
	ca.key_usage = list_rows[_i].may_not_sign ? MBEDTLS_X509_KU_KEY_CERT_SIGN
	                                          : root.key_usage;
	three(root, ca, server_below_ca());
	const struct list_spec spec = {
	    .issuer = list_rows[_i].by_root ? &roots : chain.next,
	    .signer = list_rows[_i].signer,
	    .revoked = list_rows[_i].about == OF_SERVER ? &chain
	        : list_rows[_i].about == OF_CA ? chain.next : NULL,
	    .critical = list_rows[_i].critical,
	    .entry_critical = list_rows[_i].entry_critical,
	    .from_s = list_rows[_i].from_s, .to_s = list_rows[_i].to_s};
	struct der_span list = make_list(room, &spec);
	ck_assert_ptr_nonnull(r);
	ck_assert_msg(revocation_add(r, list.at, list.length) ==
	    list_rows[_i].taken, "%s", list_rows[_i].what);
	ck_assert_uint_eq(revocation_expired(r, NOW_S),
	    list_rows[_i].to_s < NOW_S ? 1 : 0);
	options.crls = r;
	for (int i = 0; i < 2; i++) { /* the second time by the key it knows */
		if (list_rows[_i].good)
			check_good();
		else
			check_bad(VERIFY_REVOKED);
	}
	revocation_free(r);
}
END_TEST

/* As the CRL of a big CA: PEM, and found among others. */
START_TEST(lists_of_one_file_count_together)
{
	struct spec ca = an_intermediate();
	struct revocation *r = revocation_new();
	uint8_t room[DER_BYTES_MAX + 1] = {0};
	unsigned char pem[4 * DER_BYTES_MAX] = "";
	size_t used = 0, length;

	ca.key_usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN;
	with_ca(ca);
	for (int i = 0; i < 3; i++) {
		const struct list_spec spec = {.issuer = chain.next, .signer = CA_KEY,
		    .revoked = i == 1 ? &chain : i == 2 ? chain.next : NULL,
		    .from_s = NOW_S, .to_s = NOW_S};
		struct der_span list = make_list(room, &spec);
		ck_assert_int_eq(mbedtls_pem_write_buffer("-----BEGIN X509 CRL-----\n",
		    "-----END X509 CRL-----\n", list.at, list.length, pem + used,
		    sizeof(pem) - used, &length), 0);
		used += length - 1; /* without its NUL */
	}
	ck_assert_int_eq(revocation_add(r, pem, used), 3);
	options.crls = r;
	check_bad(VERIFY_REVOKED);
	ck_assert_int_eq(revocation_add(r, (const uint8_t *)"x", 1), E_SYNTAX);
	ck_assert_int_eq(revocation_add(r, (const uint8_t *)"", 0), E_SYNTAX);
	check_bad(VERIFY_REVOKED);
	revocation_free(r);
}
END_TEST

START_TEST(a_list_cut_anywhere_is_not_taken)
{
	struct revocation *r = revocation_new();
	uint8_t room[DER_BYTES_MAX + 1] = {0};

	with_server(server_below_ca());
	const struct list_spec spec = {.issuer = chain.next, .signer = CA_KEY,
	    .revoked = &chain, .from_s = NOW_S, .to_s = NOW_S};
	struct der_span list = make_list(room, &spec);
	for (size_t n = 0; n < list.length; n++) {
		uint8_t *part_of_it = calloc(1, n + 1);
		ck_assert_ptr_nonnull(part_of_it);
		memcpy(part_of_it, list.at, n);
		ck_assert_int_lt(revocation_add(r, part_of_it, n), 0);
		free(part_of_it);
	}
	ck_assert_int_eq(revocation_add(r, list.at, list.length), 1);
	revocation_free(r);
}
END_TEST

/* --- at hand --- */

START_TEST(a_missing_intermediate_may_be_at_hand)
{
	add(&roots, a_root());
	add(&chain, server_below_ca());
	add(&at_hand, a_ca("CN=unrelated", FAKE_KEY, "CN=root", ROOT_KEY));
	add(&at_hand, an_intermediate());
	check_bad(VERIFY_UNKNOWN_ROOT);
	options.at_hand[_i] = &at_hand;
	check_good();
	ck_assert_uint_eq(result.path_length, 3);
	ck_assert_ptr_eq(result.path[0], &chain);
	ck_assert_ptr_eq(result.path[1], at_hand.next);
	ck_assert_ptr_eq(result.path[2], &roots);
}
END_TEST

START_TEST(what_is_at_hand_is_trusted_no_more_than_what_is_sent)
{
	struct spec old = an_intermediate();

	old.to_s = NOW_S - DAY_S;
	add(&roots, a_root());
	add(&chain, server_below_ca());
	add(&at_hand, old);
	options.at_hand[0] = &at_hand;
	check_bad(VERIFY_EXPIRED);
	options.roots = NULL;
	check_bad_twice(VERIFY_UNKNOWN_ROOT, VERIFY_EXPIRED);
}
END_TEST

/* DER one behind the other, of what stands in a list. */
static size_t
write_list(const mbedtls_x509_crt *list, uint8_t *out)
{
	size_t length = 0;

	for (; list != NULL; list = list->next) {
		memcpy(out + length, list->raw.p, list->raw.len);
		length += list->raw.len;
	}
	return length;
}

START_TEST(of_a_file_of_roots_those_with_an_issuer_in_it_are_at_hand)
{
	uint8_t file[4 * DER_BYTES_MAX];
	struct trust t;
	size_t bad;

	add(&roots, a_root());
	add(&roots, an_intermediate());
	add(&roots, a_ca("CN=alone", OTHER_KEY, "CN=nobody", FAKE_KEY));
	trust_init(&t);
	size_t length = write_list(&roots, file);
	ck_assert_uint_eq(trust_set_roots(&t, file, length, &bad), 3);
	ck_assert_uint_eq(bad, 0);
	trust_options(&t, &options);
	ck_assert_ptr_eq(options.roots, &t.roots);
	ck_assert_ptr_nonnull(t.roots.next);
	ck_assert_ptr_null(t.roots.next->next);
	ck_assert_ptr_eq(options.at_hand[0], &t.intermediates);
	ck_assert_ptr_null(options.at_hand[1]);
	add(&chain, server_below_ca());
	check_good();
	/* Cut short, it is none the less read up to there. */
	ck_assert_uint_eq(trust_set_roots(&t, file, length - 1, &bad), 3);
	ck_assert_uint_eq(bad, 1);
	trust_free(&t);
}
END_TEST

START_TEST(an_intermediate_that_was_seen_is_at_hand_until_there_are_too_many)
{
	uint8_t file[DER_BYTES_MAX];
	struct trust t;
	size_t bad;

	trust_init(&t);
	add(&roots, a_root());
	ck_assert_uint_eq(trust_set_roots(&t, file, write_list(&roots, file), &bad),
	    1);
	trust_options(&t, &options);
	for (unsigned i = 0; i < TRUST_SEEN_MAX + 1; i++) {
		mbedtls_x509_crt_free(&chain);
		add(&chain, server_below_ca());
		struct spec ca = an_intermediate();
		ca.to_s += i; /* so that each is another */
		add(&chain, ca);
		check_good();
		trust_remember(&t, &result);
		trust_remember(&t, &result); /* but once */
		ck_assert_uint_eq(t.seen_count, i < TRUST_SEEN_MAX ? i + 1 : 1);
		trust_options(&t, &options);
		mbedtls_x509_crt_free(&chain);
		add(&chain, server_below_ca());
		check_good();
	}
	trust_free(&t);
}
END_TEST

START_TEST(what_was_not_good_is_not_remembered)
{
	struct trust t;

	trust_init(&t);
	with_server(server_below_ca());
	options.host = "other.example";
	check_bad(VERIFY_NAME_MISMATCH);
	trust_remember(&t, &result);
	ck_assert_uint_eq(t.seen_count, 0);
	trust_free(&t);
}
END_TEST

/* --- the message that they come in --- */

#define MESSAGE_MAX (2 * DER_BYTES_MAX + 16)

static void
put_length(uint8_t *at, size_t length)
{
	at[0] = 0;
	at[1] = (uint8_t)(length >> 8);
	at[2] = (uint8_t)length;
}

/* The body of a message of the server's certificate and of a CA's that says what
 * is critical and unknown; its length. */
static size_t
make_message(uint8_t out[MESSAGE_MAX], bool tls13)
{
	static const uint8_t null[] = {5, 0};
	struct spec ca = an_intermediate();
	uint8_t room[DER_BYTES_MAX];
	size_t at = tls13 ? 4 : 3; /* behind the context and the length */

	ca.raw[0] = (struct raw_extension){OID_OF_NOBODY, sizeof(OID_OF_NOBODY) - 1,
	    true, null, sizeof(null)};
	const struct spec both[] = {server_below_ca(), ca};
	out[0] = 0;
	for (size_t i = 0; i < ARRAY_LENGTH(both); i++) {
		size_t length = make(&both[i], room);
		put_length(out + at, length);
		memcpy(out + at + 3, room + sizeof(room) - length, length);
		at += 3 + length;
		if (tls13) /* no extensions */
			out[at] = out[at + 1] = 0, at += 2;
	}
	put_length(out + (tls13 ? 1 : 0), at - (tls13 ? 4 : 3));
	return at;
}

START_TEST(a_message_is_read_whatever_is_critical_in_it)
{
	uint8_t body[MESSAGE_MAX];
	bool tls13 = _i == 1;
	size_t length = make_message(body, tls13);

	add(&roots, a_root());
	ck_assert_int_eq(certificate_message_read(&chain, body, length, tls13), 0);
	check_bad(VERIFY_UNKNOWN_CRITICAL);
	/* A message of the other version is none. */
	mbedtls_x509_crt_free(&chain);
	ck_assert_int_eq(certificate_message_read(&chain, body, length, !tls13),
	    E_SYNTAX);
}
END_TEST

START_TEST(a_message_cut_anywhere_is_malformed)
{
	uint8_t body[MESSAGE_MAX];
	bool tls13 = _i == 1;
	size_t length = make_message(body, tls13);

	for (size_t cut = 0; cut < length; cut++) {
		mbedtls_x509_crt_init(&chain);
		ck_assert_int_eq(certificate_message_read(&chain, body, cut, tls13),
		    E_SYNTAX);
		mbedtls_x509_crt_free(&chain);
	}
}
END_TEST

START_TEST(a_malformed_certificate_hides_none_of_the_others)
{
	uint8_t body[MESSAGE_MAX];
	size_t length = make_message(body, false);

	body[6] = 0x31; /* the first one's SEQUENCE */
	ck_assert_int_eq(certificate_message_read(&chain, body, length, false),
	    E_SYNTAX);
	ck_assert_ptr_nonnull(chain.raw.p);
	ck_assert_ptr_null(chain.next);
}
END_TEST

START_TEST(an_empty_message_has_no_certificate)
{
	static const uint8_t empty[4];

	ck_assert_int_eq(certificate_message_read(&chain, empty, 3, false), 0);
	ck_assert_int_eq(certificate_message_read(&chain, empty, 4, true), 0);
	ck_assert_ptr_null(chain.raw.p);
}
END_TEST

static void
add_messages(TCase *t)
{
	tcase_add_loop_test(t, a_message_is_read_whatever_is_critical_in_it, 0, 2);
	tcase_add_loop_test(t, a_message_cut_anywhere_is_malformed, 0, 2);
	tcase_add_test(t, a_malformed_certificate_hides_none_of_the_others);
	tcase_add_test(t, an_empty_message_has_no_certificate);
}

static void
add_distrust(TCase *t)
{
	tcase_add_test(t, a_key_that_is_known_to_be_compromised_is_not_believed);
	tcase_add_test(t, a_digest_is_read_in_the_forms_that_people_write);
	tcase_add_loop_test(t, what_the_administrator_distrusts_is_not_believed, 0,
	    6);
	tcase_add_loop_test(t, a_list_revokes_what_its_issuer_names, 0,
	    ARRAY_LENGTH(list_rows));
	tcase_add_test(t, lists_of_one_file_count_together);
	tcase_add_test(t, a_list_cut_anywhere_is_not_taken);
}

static void
add_at_hand(TCase *t)
{
	tcase_add_loop_test(t, a_missing_intermediate_may_be_at_hand, 0,
	    VERIFY_AT_HAND_MAX);
	tcase_add_test(t, what_is_at_hand_is_trusted_no_more_than_what_is_sent);
	tcase_add_test(t,
	    of_a_file_of_roots_those_with_an_issuer_in_it_are_at_hand);
	tcase_add_test(t,
	    an_intermediate_that_was_seen_is_at_hand_until_there_are_too_many);
	tcase_add_test(t, what_was_not_good_is_not_remembered);
}

Suite *
suite(void)
{
	Suite *s = suite_create("verify_trust");

	add_distrust(new_case(s, "distrust"));
	add_at_hand(new_case(s, "at hand"));
	add_messages(new_case(s, "messages"));
	return s;
}
