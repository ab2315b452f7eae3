/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/verify: chains made here, each with one thing wrong (or
 * with a way around it), are judged at a time and for a host that the test
 * chooses. Nothing of it looks at the machine's clock or roots. What extensions
 * say is in verify_extensions.c, what else counts in verify_trust.c.
 */
#include "mitm/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>

#include "t/unit/chains.h"
#include "t/unit/suite.h"

/* --- paths --- */

START_TEST(a_good_chain_is_trusted)
{
	with_server(server_below_ca());
	check_good();
	ck_assert_str_eq(result.words, "the chain is good");
}
END_TEST

START_TEST(a_server_right_below_a_root_is_trusted)
{
	add(&roots, a_root());
	add(&chain, a_server("CN=root", ROOT_KEY));
	check_good();
}
END_TEST

START_TEST(the_order_behind_the_server_is_free)
{
	add(&roots, a_root());
	add(&chain, a_server("CN=low", OTHER_KEY));
	add(&chain, a_ca("CN=unrelated", FAKE_KEY, "CN=root", ROOT_KEY));
	add(&chain, an_intermediate());
	add(&chain, a_ca("CN=low", OTHER_KEY, "CN=ca", CA_KEY));
	check_good();
}
END_TEST

START_TEST(a_root_that_is_sent_along_does_no_harm)
{
	add(&chain, a_server("CN=root", ROOT_KEY));
	add_to_both(&chain, &roots, a_root());
	check_good();
}
END_TEST

START_TEST(without_roots_nothing_is_trusted)
{
	with_server(server_below_ca());
	options.roots = NULL;
	check_bad(VERIFY_UNKNOWN_ROOT);
}
END_TEST

START_TEST(without_its_intermediate_a_server_is_not_trusted)
{
	add(&roots, a_root());
	add(&chain, server_below_ca());
	check_bad(VERIFY_UNKNOWN_ROOT);
}
END_TEST

START_TEST(a_whole_chain_under_a_foreign_root_is_not_trusted)
{
	add(&roots, a_ca("CN=other", OTHER_KEY, "CN=other", OTHER_KEY));
	add(&chain, server_below_ca());
	add(&chain, an_intermediate());
	add(&chain, a_root());
	check_bad(VERIFY_UNKNOWN_ROOT);
}
END_TEST

START_TEST(a_root_of_the_same_name_with_another_key_is_not_the_root)
{
	add(&roots, a_ca("CN=root", FAKE_KEY, "CN=root", FAKE_KEY));
	add(&chain, a_server("CN=root", ROOT_KEY));
	check_bad(VERIFY_BAD_SIGNATURE);
}
END_TEST

START_TEST(an_intermediate_of_the_same_name_with_another_key_is_seen)
{
	struct spec server = server_below_ca();

	server.signer = FAKE_KEY;
	with_server(server);
	check_bad(VERIFY_BAD_SIGNATURE);
}
END_TEST

START_TEST(a_certificate_that_was_changed_is_seen)
{
	struct spec server = a_server("CN=root", ROOT_KEY);
	uint8_t room[DER_BYTES_MAX];

	add(&roots, a_root());
	size_t length = make(&server, room);
	uint8_t *der = room + sizeof(room) - length;
	der[length - 1] ^= 1; /* of the signature's last number */
	ck_assert_int_eq(mbedtls_x509_crt_parse_der(&chain, der, length), 0);
	check_bad(VERIFY_BAD_SIGNATURE);
}
END_TEST

START_TEST(a_self_signed_certificate_is_told_from_an_unknown_root)
{
	struct spec server = a_server("CN=server", SERVER_KEY);

	add(&roots, a_root());
	add(&chain, server);
	check_bad(VERIFY_SELF_SIGNED);
}
END_TEST

START_TEST(a_self_signed_certificate_may_be_trusted_itself)
{
	add_to_both(&chain, &roots, a_server("CN=server", SERVER_KEY));
	check_good();
}
END_TEST

START_TEST(a_trusted_server_must_still_be_the_right_one_and_in_time)
{
	add_to_both(&chain, &roots, a_server("CN=server", SERVER_KEY));
	options.host = "other.example.com";
	options.now_s = NOW_S + 101 * DAY_S;
	check_bad_twice(VERIFY_EXPIRED, VERIFY_NAME_MISMATCH);
}
END_TEST

/* An old root is over, a new one has signed the same CA anew: both versions of
 * the CA are sent, in either order. */
static void
cross_sign(bool good_first)
{
	struct spec old_root = a_root();
	struct spec by_old = an_intermediate();
	struct spec by_new = a_ca("CN=ca", CA_KEY, "CN=new", OTHER_KEY);

	old_root.to_s = NOW_S - DAY_S;
	add(&roots, old_root);
	add(&roots, a_ca("CN=new", OTHER_KEY, "CN=new", OTHER_KEY));
	add(&chain, server_below_ca());
	add(&chain, good_first ? by_new : by_old);
	add(&chain, good_first ? by_old : by_new);
}

START_TEST(a_cross_signed_ca_is_trusted_by_either_path)
{
	cross_sign(_i == 0);
	check_good();
}
END_TEST

START_TEST(a_cross_signed_ca_is_judged_by_its_best_path)
{
	cross_sign(_i == 0);
	mbedtls_x509_crt_free(&roots);
	struct spec old_root = a_root();
	old_root.to_s = NOW_S - DAY_S;
	add(&roots, old_root);
	check_bad(VERIFY_EXPIRED);
}
END_TEST

START_TEST(an_expired_version_of_a_ca_does_not_hide_the_good_one)
{
	struct spec old = an_intermediate();

	old.to_s = NOW_S - DAY_S;
	add(&roots, a_root());
	add(&chain, server_below_ca());
	add(&chain, _i == 0 ? old : an_intermediate());
	add(&chain, _i == 0 ? an_intermediate() : old);
	check_good();
}
END_TEST

START_TEST(a_fake_of_a_ca_does_not_hide_the_real_one)
{
	struct spec fake = a_ca("CN=ca", FAKE_KEY, "CN=root", FAKE_KEY);

	add(&roots, a_root());
	add(&chain, server_below_ca());
	add(&chain, _i == 0 ? fake : an_intermediate());
	add(&chain, _i == 0 ? an_intermediate() : fake);
	check_good();
}
END_TEST

/* Two CAs that vouch for each other, and for nobody else. */
START_TEST(cas_in_a_circle_are_an_unknown_root)
{
	add(&roots, a_root());
	add(&chain, a_server("CN=a", CA_KEY));
	add(&chain, a_ca("CN=a", CA_KEY, "CN=b", OTHER_KEY));
	add(&chain, a_ca("CN=b", OTHER_KEY, "CN=a", CA_KEY));
	check_bad(VERIFY_UNKNOWN_ROOT);
}
END_TEST

/* `presented` certificates, each signed by the next, the last by the root. */
static void
a_path_of(unsigned presented)
{
	char names[PRESENTED_MAX + 2][16];

	add(&roots, a_root());
	for (unsigned i = 0; i < presented; i++)
		(void)snprintf(names[i], sizeof(names[i]), "CN=ca%u", i);
	(void)snprintf(names[presented], sizeof(names[0]), "CN=root");
	for (unsigned i = 0; i < presented; i++) {
		enum key signer = i + 1 < presented ? LONG_KEY + i + 1 : ROOT_KEY;
		add(&chain, i == 0 ? a_server(names[1], signer)
		    : a_ca(names[i], LONG_KEY + i, names[i + 1], signer));
	}
}

START_TEST(a_path_may_have_ten_certificates)
{
	a_path_of(PRESENTED_MAX);
	check_good();
}
END_TEST

START_TEST(a_longer_path_is_said_to_be_too_long)
{
	a_path_of(PRESENTED_MAX + 1);
	check_bad(VERIFY_TOO_LONG);
}
END_TEST

/* A CA that has the name of all others signed by all of them: paths without
 * number, none of which leads anywhere. */
START_TEST(a_maze_of_cas_is_given_up)
{
	add(&roots, a_root());
	add(&chain, a_server("CN=maze", LONG_KEY));
	for (unsigned i = 0; i < PRESENTED_MAX; i++) {
		for (unsigned k = 0; k < 4; k++)
			add(&chain, a_ca("CN=maze", LONG_KEY + i, "CN=maze",
			    LONG_KEY + (i + k + 1) % PRESENTED_MAX));
	}
	check_bad(VERIFY_TOO_LONG);
}
END_TEST

/* Each fake costs a signature, and those are counted. */
START_TEST(behind_too_many_fakes_a_real_ca_is_not_looked_for)
{
	add(&roots, a_root());
	add(&chain, server_below_ca());
	for (int i = 0; i < (_i == 0 ? 30 : 40); i++)
		add(&chain, a_ca("CN=ca", FAKE_KEY, "CN=root", FAKE_KEY));
	add(&chain, an_intermediate());
	if (_i == 0)
		check_good();
	else
		check_bad(VERIFY_TOO_LONG);
}
END_TEST

/* --- our own CA --- */

START_TEST(our_own_ca_is_never_believed_though_it_is_a_root)
{
	add_to_both(&roots, &own, a_root());
	add(&chain, a_server("CN=root", ROOT_KEY));
	options.own_ca = &own;
	check_bad(VERIFY_OWN_CA);
}
END_TEST

START_TEST(our_own_ca_is_known_by_its_key_when_it_is_no_root)
{
	add(&roots, a_ca("CN=other", OTHER_KEY, "CN=other", OTHER_KEY));
	add(&own, a_root());
	add(&chain, a_server("CN=root", ROOT_KEY));
	add(&chain, a_root()); /* another serial number */
	options.own_ca = &own;
	check_bad(VERIFY_OWN_CA);
}
END_TEST

START_TEST(our_own_ca_is_not_believed_below_a_root_either)
{
	add(&own, a_ca("CN=ca", CA_KEY, "CN=ca", CA_KEY));
	with_server(server_below_ca());
	options.own_ca = &own;
	check_bad(VERIFY_OWN_CA);
}
END_TEST

START_TEST(our_own_ca_as_a_servers_certificate_is_known)
{
	struct spec server = a_server("CN=server", SERVER_KEY);

	add_to_both(&chain, &own, server);
	if (_i == 1)
		add_to_both(&roots, &own, server); /* another serial number */
	if (_i == 2) {
		mbedtls_x509_crt_free(&chain);
		add_to_both(&chain, &roots, server);
	}
	options.own_ca = &own;
	check_bad(VERIFY_OWN_CA);
}
END_TEST

START_TEST(another_way_around_our_own_ca_is_taken)
{
	add(&own, a_root());
	add(&roots, a_ca("CN=other", OTHER_KEY, "CN=other", OTHER_KEY));
	add(&roots, a_root());
	add(&chain, server_below_ca());
	add(&chain, an_intermediate());
	add(&chain, a_ca("CN=ca", CA_KEY, "CN=other", OTHER_KEY));
	options.own_ca = &own;
	check_good();
}
END_TEST

START_TEST(an_own_ca_that_signed_nothing_here_changes_nothing)
{
	add(&own, a_ca("CN=ca", OTHER_KEY, "CN=ca", OTHER_KEY));
	with_server(server_below_ca());
	options.own_ca = &own;
	check_good();
}
END_TEST

/* --- time --- */

static const struct {
	int64_t after_from_s, after_to_s; /* one of them: the judgement's time */
	bool by_end, good;
	enum verify_failure failure;
} times[] = {
	{.after_from_s = -1, .failure = VERIFY_NOT_YET_VALID},
	{.after_from_s = 0, .good = true},
	{.by_end = true, .after_to_s = 0, .good = true},
	{.by_end = true, .after_to_s = 1, .failure = VERIFY_EXPIRED},
};

/* Each row for each certificate of the path. */
START_TEST(a_certificate_counts_from_its_first_second_to_its_last)
{
	struct spec root = a_root(), ca = an_intermediate(),
	            server = server_below_ca();
	struct spec *s = part(&root, &ca, &server, _i % 3);

	s->from_s = NOW_S - DAY_S;
	s->to_s = NOW_S + DAY_S;
	three(root, ca, server);
	options.now_s = times[_i / 3].by_end
	    ? s->to_s + times[_i / 3].after_to_s
	    : s->from_s + times[_i / 3].after_from_s;
	if (times[_i / 3].good)
		check_good();
	else
		check_bad(times[_i / 3].failure);
}
END_TEST

START_TEST(times_over_2050_and_2038_are_understood)
{
	struct spec server = server_below_ca();

	server.to_s = 2524608000 + DAY_S; /* 2050-01-02 */
	with_server(server);
	options.now_s = NOW_S;
	check_good();
	options.now_s = 2524608000 + 2 * DAY_S;
	verify_chain(&chain, &options, &result);
	ck_assert_uint_eq(result.failures, (uint32_t)1 << VERIFY_EXPIRED);
}
END_TEST

/* --- names --- */

static const struct {
	const char *dns, *host;
	bool good;
} names[] = {
	{HOST, HOST, true},
	{"WWW.EXAMPLE.com", "www.example.COM", true},
	{HOST, "www.example.com.", true},
	{HOST, "example.com", false},
	{HOST, "a.www.example.com", false},
	{HOST, "wwwXexample.com", false},
	{HOST, "www.example.co", false},
	{"*.example.com", HOST, true},
	{"*.example.com", "example.com", false},
	{"*.example.com", ".example.com", false},
	{"*.example.com", "a.b.example.com", false},
	{"*.example.com", "*.example.com", false},
	{"*.com", "example.com", false},
	{"*", "localhost", false},
	{"w*.example.com", HOST, false},
	{"*w.example.com", HOST, false},
	{"www.*.com", HOST, false},
	{"*.*.com", HOST, false},
	{"192.0.2.1", "192.0.2.1", false},
	{"*.0.2.1", "192.0.2.1", false},
	{HOST, "", false},
};

START_TEST(a_host_is_matched_as_rfc_9525_has_it)
{
	struct spec server = server_below_ca();

	server.dns = names[_i].dns;
	with_server(server);
	options.host = names[_i].host;
	if (names[_i].good)
		check_good();
	else
		check_bad(VERIFY_NAME_MISMATCH);
}
END_TEST

START_TEST(a_name_with_a_nul_is_not_cut_there)
{
	static const char longer[] = HOST ".evil.example";
	struct spec server = a_server("CN=root", ROOT_KEY);
	uint8_t room[DER_BYTES_MAX];

	server.dns = longer;
	uint8_t *end = room + sizeof(room);
	uint8_t *p = end - make(&server, room);
	size_t length = (size_t)(end - p);
	for (; memcmp(p, longer, strlen(longer)) != 0; p++)
		ck_assert(p < end - sizeof(longer));
	p[strlen(HOST)] = '\0';
	ck_assert_int_eq(mbedtls_x509_crt_parse_der(&chain, end - length, length),
	    0);
	check_bad_twice(VERIFY_UNKNOWN_ROOT, VERIFY_NAME_MISMATCH);
}
END_TEST

START_TEST(a_common_name_speaks_for_nobody)
{
	struct spec server = server_below_ca();

	server.subject = "CN=" HOST;
	server.dns = _i == 0 ? NULL : "other.example.com";
	with_server(server);
	check_bad(VERIFY_NAME_MISMATCH);
}
END_TEST

static const struct {
	uint8_t ip[16];
	size_t length;
	const char *host;
	bool good;
} addresses[] = {
	{{192, 0, 2, 1}, 4, "192.0.2.1", true},
	{{192, 0, 2, 1}, 4, "192.0.2.2", false},
	{{192, 0, 2, 1}, 4, "::ffff:192.0.2.1", false},
	{{0x20, 1, 0xd, 0xb8, [15] = 1}, 16, "2001:db8::1", true},
	{{0x20, 1, 0xd, 0xb8, [15] = 1}, 16, "2001:DB8:0:0::0:1", true},
	{{0x20, 1, 0xd, 0xb8, [15] = 1}, 16, "2001:db8::2", false},
	{"www.", 4, "www.", false},
};

START_TEST(an_address_is_matched_by_an_address_entry_alone)
{
	struct spec server = server_below_ca();

	server.dns = NULL;
	server.ip = addresses[_i].ip;
	server.ip_length = addresses[_i].length;
	with_server(server);
	options.host = addresses[_i].host;
	if (addresses[_i].good)
		check_good();
	else
		check_bad(VERIFY_NAME_MISMATCH);
}
END_TEST

/* --- who may sign, and who may serve --- */

START_TEST(a_server_may_not_sign_another)
{
	struct spec ca = an_intermediate();

	ca.is_ca = false;
	ca.has_constraints = _i == 0;
	with_ca(ca);
	check_bad(VERIFY_NOT_A_CA);
}
END_TEST

START_TEST(a_ca_without_the_right_to_sign_may_not)
{
	struct spec ca = an_intermediate();

	ca.key_usage = MBEDTLS_X509_KU_DIGITAL_SIGNATURE |
	    MBEDTLS_X509_KU_CRL_SIGN;
	with_ca(ca);
	check_bad(VERIFY_NOT_A_CA);
}
END_TEST

START_TEST(a_ca_that_does_not_say_its_key_usage_may_sign)
{
	struct spec ca = an_intermediate();

	ca.key_usage = 0;
	with_ca(ca);
	check_good();
}
END_TEST

START_TEST(a_root_that_says_it_is_no_ca_is_none)
{
	struct spec root = a_root();

	root.is_ca = false;
	with_root(root);
	check_bad(VERIFY_NOT_A_CA);
}
END_TEST

START_TEST(a_version_1_certificate_may_be_a_root_only)
{
	struct spec root = a_root(), ca = an_intermediate();

	if (_i == 0)
		root.version = MBEDTLS_X509_CRT_VERSION_1;
	else
		ca.version = _i == 1 ? MBEDTLS_X509_CRT_VERSION_1
		                     : MBEDTLS_X509_CRT_VERSION_2;
	three(root, ca, server_below_ca());
	if (_i == 0)
		check_good();
	else
		check_bad(VERIFY_NOT_A_CA);
}
END_TEST

/* `limit` of the root, or of the upper CA, over an upper and a lower CA. */
static const struct {
	int root, upper, lower;
	bool good;
} path_lengths[] = {
	{-1, -1, -1, true}, {2, 1, 0, true}, {9, 9, 9, true},
	{-1, 1, 0, true}, {1, -1, -1, false}, {0, -1, -1, false},
	{-1, 0, -1, false}, {-1, -1, 0, true}, {2, -1, -1, true},
};

START_TEST(no_more_cas_follow_than_an_issuer_allows)
{
	struct spec root = a_root(), upper = an_intermediate();
	struct spec lower = a_ca("CN=low", OTHER_KEY, "CN=ca", CA_KEY);

	root.path_length = path_lengths[_i].root;
	upper.path_length = path_lengths[_i].upper;
	lower.path_length = path_lengths[_i].lower;
	three(root, upper, a_server("CN=low", OTHER_KEY));
	add(&chain, lower);
	if (path_lengths[_i].good)
		check_good();
	else
		check_bad(VERIFY_PATH_LENGTH);
}
END_TEST

/* RFC 5280 section 4.2.1.9: one that bears its issuer's name is not counted. */
START_TEST(a_self_issued_ca_does_not_count_as_one_that_follows)
{
	struct spec root = a_root();

	root.path_length = 1;
	three(root, an_intermediate(), a_server("CN=ca", OTHER_KEY));
	add(&chain, a_ca("CN=ca", OTHER_KEY, "CN=ca", CA_KEY));
	check_good();
}
END_TEST

static const struct {
	const char *oid;
	size_t length;
	bool good;
} usages[] = {
	{NULL, 0, true},
	{MBEDTLS_OID_SERVER_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH), true},
	{MBEDTLS_OID_ANY_EXTENDED_KEY_USAGE,
	    MBEDTLS_OID_SIZE(MBEDTLS_OID_ANY_EXTENDED_KEY_USAGE), true},
	{MBEDTLS_OID_CLIENT_AUTH, MBEDTLS_OID_SIZE(MBEDTLS_OID_CLIENT_AUTH), false},
	{MBEDTLS_OID_CODE_SIGNING, MBEDTLS_OID_SIZE(MBEDTLS_OID_CODE_SIGNING),
	    false},
};

/* Each row for each certificate of the path. */
START_TEST(what_is_not_meant_for_servers_serves_none)
{
	struct spec root = a_root(), ca = an_intermediate(),
	            server = server_below_ca();
	struct spec *s = part(&root, &ca, &server, _i % 3);

	s->usage = usages[_i / 3].oid;
	s->usage_length = usages[_i / 3].length;
	three(root, ca, server);
	if (usages[_i / 3].good)
		check_good();
	else
		check_bad(VERIFY_WRONG_USAGE);
}
END_TEST

static const struct {
	unsigned usage;
	bool good;
} key_usages[] = {
	{0, true},
	{MBEDTLS_X509_KU_DIGITAL_SIGNATURE, true},
	{MBEDTLS_X509_KU_KEY_ENCIPHERMENT, true},
	{MBEDTLS_X509_KU_KEY_AGREEMENT, true},
	{MBEDTLS_X509_KU_KEY_CERT_SIGN, false},
	{MBEDTLS_X509_KU_NON_REPUDIATION | MBEDTLS_X509_KU_CRL_SIGN, false},
};

START_TEST(a_servers_key_must_be_good_for_tls)
{
	struct spec server = server_below_ca();

	server.key_usage = key_usages[_i].usage;
	with_server(server);
	if (key_usages[_i].good)
		check_good();
	else
		check_bad(VERIFY_WRONG_USAGE);
}
END_TEST

/* --- strength --- */

static const mbedtls_md_type_t digests[] = {MBEDTLS_MD_SHA256,
    MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512, MBEDTLS_MD_SHA1};

/* Each row for each certificate of the path. What a root says of itself is not
 * what makes it one. */
START_TEST(a_signature_over_a_weak_digest_is_not_believed)
{
	struct spec root = a_root(), ca = an_intermediate(),
	            server = server_below_ca();
	struct spec *s = part(&root, &ca, &server, _i % 3);

	s->digest = digests[_i / 3];
	three(root, ca, server);
	if (s != &root && s->digest == MBEDTLS_MD_SHA1)
		check_bad(VERIFY_WEAK_SIGNATURE);
	else
		check_good();
}
END_TEST

/* ECDSA has no identifier with MD5. */
START_TEST(an_rsa_signature_is_believed_but_not_over_md5)
{
	struct spec server = a_server("CN=root", ODD_KEY);

	mbedtls_pk_free(&keys[ODD_KEY]);
	make_rsa_key(&keys[ODD_KEY], 2048);
	add(&roots, a_ca("CN=root", ODD_KEY, "CN=root", ODD_KEY));
	server.digest = _i == 0 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_MD5;
	add(&chain, server);
	if (_i == 0)
		check_good();
	else
		check_bad(VERIFY_WEAK_SIGNATURE);
}
END_TEST

static const struct {
	unsigned rsa_bits; /* 0: a curve */
	mbedtls_ecp_group_id curve;
	bool good;
} strengths[] = {
	{1024, MBEDTLS_ECP_DP_NONE, false},
	{2040, MBEDTLS_ECP_DP_NONE, false},
	{2048, MBEDTLS_ECP_DP_NONE, true},
	{0, MBEDTLS_ECP_DP_SECP384R1, true},
	{0, MBEDTLS_ECP_DP_SECP192R1, false},
};

START_TEST(a_short_key_is_not_believed)
{
	struct spec server = server_below_ca();
	mbedtls_pk_context key;

	if (strengths[_i].rsa_bits > 0)
		make_rsa_key(&key, strengths[_i].rsa_bits);
	else
		make_key(&key, strengths[_i].curve);
	server.other_key = &key;
	with_server(server);
	mbedtls_pk_free(&key);
	if (strengths[_i].good)
		check_good();
	else
		check_bad(VERIFY_WEAK_KEY);
}
END_TEST

START_TEST(a_root_with_a_short_key_is_not_believed)
{
	mbedtls_pk_free(&keys[ODD_KEY]);
	make_key(&keys[ODD_KEY], MBEDTLS_ECP_DP_SECP192R1);
	add(&roots, a_ca("CN=root", ODD_KEY, "CN=root", ODD_KEY));
	add(&chain, a_server("CN=root", ODD_KEY));
	check_bad(VERIFY_WEAK_KEY);
}
END_TEST

/* --- the verdict --- */

START_TEST(all_that_is_wrong_is_told_and_the_gravest_named)
{
	struct spec ca = an_intermediate();

	ca.is_ca = false;
	ca.to_s = NOW_S - DAY_S;
	with_ca(ca);
	check_bad_twice(VERIFY_NOT_A_CA, VERIFY_EXPIRED);
}
END_TEST

START_TEST(the_servers_own_faults_are_told_beside_its_paths)
{
	add(&roots, a_root());
	add(&chain, server_below_ca());
	options.host = "other.example.com";
	check_bad_twice(VERIFY_UNKNOWN_ROOT, VERIFY_NAME_MISMATCH);
}
END_TEST

/* Records and policies know them by these names. */
START_TEST(identifiers_are_lower_case_words_and_each_is_its_own)
{
	for (unsigned i = 0; i < VERIFY_COUNT; i++) {
		const char *name = verify_identifier((enum verify_failure)i);
		ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz_"),
		    strlen(name));
		ck_assert_uint_gt(strlen(verify_words((enum verify_failure)i)), 0);
		for (unsigned k = 0; k < i; k++)
			ck_assert_str_ne(name, verify_identifier((enum verify_failure)k));
	}
}
END_TEST

static void
add_paths(TCase *t)
{
	tcase_add_test(t, a_good_chain_is_trusted);
	tcase_add_test(t, a_server_right_below_a_root_is_trusted);
	tcase_add_test(t, the_order_behind_the_server_is_free);
	tcase_add_test(t, a_root_that_is_sent_along_does_no_harm);
	tcase_add_test(t, without_roots_nothing_is_trusted);
	tcase_add_test(t, without_its_intermediate_a_server_is_not_trusted);
	tcase_add_test(t, a_whole_chain_under_a_foreign_root_is_not_trusted);
	tcase_add_test(t,
	    a_root_of_the_same_name_with_another_key_is_not_the_root);
	tcase_add_test(t,
	    an_intermediate_of_the_same_name_with_another_key_is_seen);
	tcase_add_test(t, a_certificate_that_was_changed_is_seen);
	tcase_add_test(t, a_self_signed_certificate_is_told_from_an_unknown_root);
	tcase_add_test(t, a_self_signed_certificate_may_be_trusted_itself);
	tcase_add_test(t,
	    a_trusted_server_must_still_be_the_right_one_and_in_time);
	tcase_add_loop_test(t, a_cross_signed_ca_is_trusted_by_either_path, 0, 2);
	tcase_add_loop_test(t, a_cross_signed_ca_is_judged_by_its_best_path, 0, 2);
	tcase_add_loop_test(t,
	    an_expired_version_of_a_ca_does_not_hide_the_good_one, 0, 2);
	tcase_add_loop_test(t, a_fake_of_a_ca_does_not_hide_the_real_one, 0, 2);
	tcase_add_test(t, cas_in_a_circle_are_an_unknown_root);
	tcase_add_test(t, a_path_may_have_ten_certificates);
	tcase_add_test(t, a_longer_path_is_said_to_be_too_long);
	tcase_add_test(t, a_maze_of_cas_is_given_up);
	tcase_add_loop_test(t, behind_too_many_fakes_a_real_ca_is_not_looked_for,
	    0, 2);
	tcase_add_test(t, our_own_ca_is_never_believed_though_it_is_a_root);
	tcase_add_test(t, our_own_ca_is_known_by_its_key_when_it_is_no_root);
	tcase_add_test(t, our_own_ca_is_not_believed_below_a_root_either);
	tcase_add_loop_test(t, our_own_ca_as_a_servers_certificate_is_known, 0, 3);
	tcase_add_test(t, another_way_around_our_own_ca_is_taken);
	tcase_add_test(t, an_own_ca_that_signed_nothing_here_changes_nothing);
}

static void
add_certificates(TCase *t)
{
	tcase_add_loop_test(t,
	    a_certificate_counts_from_its_first_second_to_its_last, 0,
	    3 * ARRAY_LENGTH(times));
	tcase_add_test(t, times_over_2050_and_2038_are_understood);
	tcase_add_loop_test(t, a_host_is_matched_as_rfc_9525_has_it, 0,
	    ARRAY_LENGTH(names));
	tcase_add_test(t, a_name_with_a_nul_is_not_cut_there);
	tcase_add_loop_test(t, a_common_name_speaks_for_nobody, 0, 2);
	tcase_add_loop_test(t, an_address_is_matched_by_an_address_entry_alone, 0,
	    ARRAY_LENGTH(addresses));
	tcase_add_loop_test(t, a_server_may_not_sign_another, 0, 2);
	tcase_add_test(t, a_ca_without_the_right_to_sign_may_not);
	tcase_add_test(t, a_ca_that_does_not_say_its_key_usage_may_sign);
	tcase_add_test(t, a_root_that_says_it_is_no_ca_is_none);
	tcase_add_loop_test(t, a_version_1_certificate_may_be_a_root_only, 0, 3);
	tcase_add_loop_test(t, no_more_cas_follow_than_an_issuer_allows, 0,
	    ARRAY_LENGTH(path_lengths));
	tcase_add_test(t, a_self_issued_ca_does_not_count_as_one_that_follows);
	tcase_add_loop_test(t, what_is_not_meant_for_servers_serves_none, 0,
	    3 * ARRAY_LENGTH(usages));
	tcase_add_loop_test(t, a_servers_key_must_be_good_for_tls, 0,
	    ARRAY_LENGTH(key_usages));
	tcase_add_loop_test(t, a_signature_over_a_weak_digest_is_not_believed, 0,
	    3 * ARRAY_LENGTH(digests));
	tcase_add_loop_test(t, an_rsa_signature_is_believed_but_not_over_md5, 0, 2);
	tcase_add_loop_test(t, a_short_key_is_not_believed, 0,
	    ARRAY_LENGTH(strengths));
	tcase_add_test(t, a_root_with_a_short_key_is_not_believed);
	tcase_add_test(t, all_that_is_wrong_is_told_and_the_gravest_named);
	tcase_add_test(t, the_servers_own_faults_are_told_beside_its_paths);
	tcase_add_test(t, identifiers_are_lower_case_words_and_each_is_its_own);
}

Suite *
suite(void)
{
	Suite *s = suite_create("verify");

	add_paths(new_case(s, "paths"));
	add_certificates(new_case(s, "certificates"));
	return s;
}
