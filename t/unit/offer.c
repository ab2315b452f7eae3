/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/offer: what of a client's offers goes on to the server, and
 * that nothing weak ever does. mbedTLS is asked what each suite is.
 */
#include "mitm/offer.h"

#include <stdlib.h>
#include <string.h>

#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>

#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

static struct hello hello;
static struct offer offer;
static size_t kept;

static void
setup(void)
{
	memset(&hello, 0, sizeof(hello));
	memset(&offer, 0xff, sizeof(offer));
	hello.offers_tls12 = true;
	kept = 0;
}

static void
put(struct hello_list *list, const uint16_t *values, size_t count)
{
	*list = (struct hello_list){(uint16_t)kept, (uint16_t)count};
	memcpy(hello.offers + kept, values, count * sizeof(*values));
	kept += count;
}

#define PUT(list, ...)                                                        \
	put(&hello.list, (const uint16_t[]){__VA_ARGS__},                     \
	    sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

#define EXPECT(list, ...)                                                     \
	ck_assert_mem_eq(offer.list, ((const uint16_t[]){__VA_ARGS__, 0}),    \
	    sizeof((const uint16_t[]){__VA_ARGS__, 0}))

#define EXPECT_SUITES(...)                                                    \
	ck_assert_mem_eq(offer.suites, ((const int[]){__VA_ARGS__, 0}),       \
	    sizeof((const int[]){__VA_ARGS__, 0}))

/* --- what we stand for --- */

START_TEST(every_suite_is_known_to_mbedtls_and_has_forward_secrecy)
{
	offer_own(true, &offer);
	for (size_t i = 0; offer.suites[i] != 0; i++) {
		const mbedtls_ssl_ciphersuite_t *suite =
		    mbedtls_ssl_ciphersuite_from_id(offer.suites[i]);
		ck_assert_msg(suite != NULL, "0x%04x", (unsigned)offer.suites[i]);
		const char *name = mbedtls_ssl_ciphersuite_get_name(suite);
		bool ephemeral = strncmp(name, "TLS-ECDHE-", 10) == 0 ||
		    strncmp(name, "TLS-DHE-", 8) == 0 ||
		    strncmp(name, "TLS1-3-", 7) == 0;
		ck_assert_msg(ephemeral && strstr(name, "PSK") == NULL &&
		        strstr(name, "NULL") == NULL && strstr(name, "DES") == NULL,
		    "%s", name);
	}
}
END_TEST

START_TEST(no_suite_of_mbedtls_that_we_would_stand_for_is_missing)
{
	offer_own(true, &offer);
	for (const int *s = mbedtls_ssl_list_ciphersuites(); *s != 0; s++) {
		const char *name = mbedtls_ssl_get_ciphersuite_name(*s);
		bool ephemeral = strncmp(name, "TLS-ECDHE-", 10) == 0 ||
		    strncmp(name, "TLS-DHE-", 8) == 0 ||
		    strncmp(name, "TLS1-3-", 7) == 0;
		if (!ephemeral || strstr(name, "PSK") != NULL ||
		    strstr(name, "NULL") != NULL || strstr(name, "DES") != NULL)
			continue;
		size_t i = 0;
		while (offer.suites[i] != 0 && offer.suites[i] != *s)
			i++;
		ck_assert_msg(offer.suites[i] == *s, "%s", name);
	}
}
END_TEST

START_TEST(cbc_is_marked_as_mbedtls_names_it)
{
	offer_own(false, &offer);
	size_t without = 0;
	for (; offer.suites[without] != 0; without++)
		ck_assert_ptr_null(strstr(
		    mbedtls_ssl_get_ciphersuite_name(offer.suites[without]), "CBC"));
	offer_own(true, &offer);
	for (size_t i = without; offer.suites[i] != 0; i++)
		ck_assert_ptr_nonnull(strstr(
		    mbedtls_ssl_get_ciphersuite_name(offer.suites[i]), "CBC"));
}
END_TEST

/* --- mirroring --- */

START_TEST(the_clients_order_is_kept)
{
	hello.offers_tls13 = true;
	PUT(suites, 0x1303, 0xc02f, 0x1301, 0xc02b);
	PUT(groups, 0x0018, 0x001d);
	PUT(schemes, 0x0804, 0x0403);
	offer_mirror(&hello, true, &offer);
	EXPECT_SUITES(0x1303, 0xc02f, 0x1301, 0xc02b);
	EXPECT(groups, 0x0018, 0x001d);
	EXPECT(schemes, 0x0403, 0x0804);
}
END_TEST

START_TEST(pss_comes_last_when_either_version_may_be_chosen)
{
	hello.offers_tls13 = true;
	PUT(schemes, 0x0804, 0x0503, 0x0805, 0x0401, 0x0403);
	offer_mirror(&hello, true, &offer);
	EXPECT(schemes, 0x0503, 0x0401, 0x0403, 0x0804, 0x0805);
	hello.offers_tls12 = false;
	offer_mirror(&hello, true, &offer);
	EXPECT(schemes, 0x0804, 0x0503, 0x0805, 0x0401, 0x0403);
}
END_TEST

/* Null, export, RC4, 3DES, static RSA, anonymous, signalling; a post-quantum
 * group, secp192r1, ffdhe8192; SHA-1, MD5, SHA-224, Ed25519. */
START_TEST(nothing_weak_or_unknown_goes_on)
{
	PUT(suites, 0x0001, 0x0003, 0x0005, 0xc007, 0x000a, 0xc008, 0x002f, 0x009c,
	    0xc018, 0x00ff, 0x5600, 0xcca9);
	PUT(groups, 0x11ec, 0x0013, 0x0104, 0x0017);
	PUT(schemes, 0x0201, 0x0203, 0x0101, 0x0301, 0x0303, 0x0807, 0x0401);
	offer_mirror(&hello, true, &offer);
	EXPECT_SUITES(0xcca9);
	EXPECT(groups, 0x0017);
	EXPECT(schemes, 0x0401);
}
END_TEST

START_TEST(cbc_goes_on_only_if_it_may)
{
	PUT(suites, 0xc009, 0xc02b, 0xc013);
	offer_mirror(&hello, true, &offer);
	EXPECT_SUITES(0xc009, 0xc02b, 0xc013);
	offer_mirror(&hello, false, &offer);
	EXPECT_SUITES(0xc02b);
}
END_TEST

START_TEST(what_a_server_may_not_choose_is_told_apart)
{
	static const struct {
		struct server_hello chosen;
		bool cbc;
		const char *weakness;
	} rows[] = {
	    {{.version = 0x0304, .suite = 0x1301}, false, NULL},
	    {{.version = 0x0303, .suite = 0xc02b}, false, NULL},
	    {{.version = 0x0302, .suite = 0xc013}, true, "old_version"},
	    {{.version = 0x0303, .suite = 0x009c}, true, "weak_suite"},
	    {{.version = 0x0303, .suite = 0xc013}, true, NULL},
	    {{.version = 0x0303, .suite = 0xc013}, false, "cbc_suite"},
	    {{.version = 0x0303, .suite = 0x009e, .dh_bits = 2048}, false, NULL},
	    {{.version = 0x0303, .suite = 0x009e, .dh_bits = 1024}, false,
	        "weak_group"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		ck_assert_pstr_eq(offer_weakness(&rows[i].chosen, rows[i].cbc),
		    rows[i].weakness);
}
END_TEST

START_TEST(what_is_offered_twice_goes_on_once)
{
	PUT(suites, 0xc02b, 0xc02f, 0xc02b);
	PUT(groups, 0x001d, 0x001d);
	offer_mirror(&hello, true, &offer);
	EXPECT_SUITES(0xc02b, 0xc02f);
	EXPECT(groups, 0x001d);
}
END_TEST

START_TEST(our_own_list_stands_in_when_nothing_is_left)
{
	struct offer own = offer;

	offer_own(false, &own);
	PUT(suites, 0x002f, 0x000a);
	offer_mirror(&hello, true, &offer);
	ck_assert_mem_eq(&offer, &own, sizeof(own));
}
END_TEST

/* mbedTLS could not even write a hello of TLS 1.3 with these. */
START_TEST(our_own_list_stands_in_when_nothing_serves_tls13)
{
	struct offer own = offer;

	offer_own(false, &own);
	hello.offers_tls13 = true;
	PUT(suites, 0xc02b);
	PUT(groups, 0x001a);
	PUT(schemes, 0x0401);
	offer_mirror(&hello, true, &offer);
	ck_assert_mem_eq(&offer, &own, sizeof(own));
}
END_TEST

START_TEST(a_client_of_tls_1_3_needs_a_group_of_ours)
{
	hello.offers_tls13 = true;
	ck_assert(offer_shares_group(&hello));
	PUT(groups, 0x11ec, 0x0104, 0x001a);
	ck_assert(!offer_shares_group(&hello));
	hello.offers_tls13 = false;
	ck_assert(offer_shares_group(&hello));
	hello.offers_tls13 = true;
	PUT(groups, 0x11ec, 0x0018);
	ck_assert(offer_shares_group(&hello));
}
END_TEST

START_TEST(every_captured_hello_is_mirrored_within_bounds)
{
	ck_assert_uint_ge(corpus_run("hello"), 13);
}
END_TEST

/* --- to hear the hello again --- */

START_TEST(who_is_to_retry_is_offered_only_groups_without_a_share)
{
	hello.offers_tls13 = true;
	PUT(groups, 0x11ec, 0x001d, 0x0018, 0x0017, 0x001a);
	hello.shares[0] = 0x11ec;
	hello.shares[1] = 0x001d;
	hello.share_count = 2;
	ck_assert(offer_to_retry(&hello, &offer));
	EXPECT(groups, 0x0017, 0x0018);
	hello.shares[2] = 0x0017;
	hello.shares[3] = 0x0018;
	hello.share_count = 4;
	ck_assert(!offer_to_retry(&hello, &offer));
	hello.share_count = HELLO_SHARES_MAX + 1; /* not all of them are known */
	hello.shares[3] = 0x0019;
	ck_assert(!offer_to_retry(&hello, &offer));
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("offer");
	TCase *t = tcase_create("offer");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, every_suite_is_known_to_mbedtls_and_has_forward_secrecy);
	tcase_add_test(t, no_suite_of_mbedtls_that_we_would_stand_for_is_missing);
	tcase_add_test(t, cbc_is_marked_as_mbedtls_names_it);
	tcase_add_test(t, the_clients_order_is_kept);
	tcase_add_test(t, pss_comes_last_when_either_version_may_be_chosen);
	tcase_add_test(t, nothing_weak_or_unknown_goes_on);
	tcase_add_test(t, cbc_goes_on_only_if_it_may);
	tcase_add_test(t, what_a_server_may_not_choose_is_told_apart);
	tcase_add_test(t, what_is_offered_twice_goes_on_once);
	tcase_add_test(t, our_own_list_stands_in_when_nothing_is_left);
	tcase_add_test(t, our_own_list_stands_in_when_nothing_serves_tls13);
	tcase_add_test(t, a_client_of_tls_1_3_needs_a_group_of_ours);
	tcase_add_test(t,
	    who_is_to_retry_is_offered_only_groups_without_a_share);
	tcase_add_test(t, every_captured_hello_is_mirrored_within_bounds);
	suite_add_tcase(s, t);
	return s;
}
