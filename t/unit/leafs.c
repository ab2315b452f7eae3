/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/leafs, mitm/leaf_key and mitm/rsa_maker: keys that change
 * when they are old, certificates that go with them, and those that flows hold.
 */
#include <mbedtls/psa_util.h>
#include <poll.h>
#include <psa/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "ca/key.h"
#include "ca/leaf.h"
#include "mitm/leafs.h"
#include "mitm/rsa_maker.h"
#include "t/unit/suite.h"

#define LIMIT 4
#define LIFE_MS 1000

static struct leafs *leafs;
static struct names names;
static unsigned asked; /* for an RSA key */

static void
ask_for_rsa(void *context)
{
	ck_assert_ptr_eq(context, &asked);
	asked++;
}

static void
setup(void)
{
	const struct leafs_options options = {
	    .limit = LIMIT, .make_rsa = ask_for_rsa, .context = &asked};

	ck_assert_int_eq((int)psa_crypto_init(), 0);
	asked = 0;
	names.count = 0;
	ck_assert_int_eq(names_add(&names, "www.example.com"), 0);
	leafs = leafs_new(&options, 0);
	ck_assert_ptr_nonnull(leafs);
	leafs_set_key_life(leafs, LIFE_MS);
}

static void
teardown(void)
{
	leafs_free(leafs);
}

static struct leaf *
add(struct leaf_key *key)
{
	struct leaf_id id;

	leafs_id(leafs, key, &names, true, &id);
	return leafs_mirror_invalid(leafs, &id, key, &names, (uint64_t)time(NULL));
}

static struct leaf *
find(struct leaf_key *key)
{
	struct leaf_id id;

	leafs_id(leafs, key, &names, true, &id);
	return leafs_find(leafs, &id, (uint64_t)time(NULL));
}

START_TEST(a_leaf_is_found_by_its_names_and_key)
{
	struct leaf_key *key = leafs_key(leafs, LEAF_KEY_P256, 0);
	struct leaf *leaf = add(key), *found = find(key);

	ck_assert_ptr_nonnull(leaf);
	ck_assert_ptr_eq(found, leaf);
	ck_assert_int_eq(names_add(&names, "example.com"), 0);
	ck_assert_ptr_null(find(key));
	leaf_release(found);
	leaf_release(leaf);
}
END_TEST

START_TEST(a_key_changes_when_it_is_old)
{
	struct leaf_key *first = leafs_key(leafs, LEAF_KEY_P256, LIFE_MS - 1);
	struct leaf *leaf = add(first);

	leaf_key_hold(first);
	struct leaf_key *second = leafs_key(leafs, LEAF_KEY_P256, LIFE_MS);
	ck_assert_ptr_ne(second, first);
	ck_assert_ptr_eq(leafs_key(leafs, LEAF_KEY_P256, 2 * LIFE_MS - 1), second);
	ck_assert_ptr_null(find(first));
	ck_assert_ptr_null(find(second));
	/* What a flow holds is whole. */
	ck_assert_uint_eq(first->references, 2);
	ck_assert_ptr_eq(leaf->key, first);
	ck_assert_int_eq(mbedtls_pk_check_pair(&leaf->chain.pk, &leaf->key->pk,
	    mbedtls_psa_get_random, MBEDTLS_PSA_RANDOM_STATE), 0);
	leaf_release(leaf);
	ck_assert_uint_eq(first->references, 1);
	leaf_key_release(first);
}
END_TEST

START_TEST(a_leaf_that_comes_after_its_key_is_not_kept)
{
	struct leaf_key *first =
	    leaf_key_hold(leafs_key(leafs, LEAF_KEY_P256, 0));

	ck_assert_ptr_ne(leafs_key(leafs, LEAF_KEY_P256, LIFE_MS), first);
	struct leaf *leaf = add(first);
	ck_assert_ptr_nonnull(leaf);
	ck_assert_ptr_null(find(first));
	leaf_release(leaf);
	ck_assert_uint_eq(first->references, 1);
	leaf_key_release(first);
}
END_TEST

START_TEST(the_least_used_leaf_goes_first)
{
	static const char *const more[] = {"a.example", "b.example", "c.example",
	    "d.example"};
	struct leaf_key *key = leafs_key(leafs, LEAF_KEY_P256, 0);

	leaf_release(add(key));
	for (size_t i = 0; i < LIMIT; i++) {
		struct names first = names;

		names.count = 0;
		ck_assert_int_eq(names_add(&names, more[i]), 0);
		leaf_release(add(key));
		names = first;
		struct leaf *leaf = find(key);
		ck_assert_ptr_nonnull(leaf); /* in use, so the others went */
		leaf_release(leaf);
	}
	names.count = 0;
	ck_assert_int_eq(names_add(&names, more[0]), 0);
	ck_assert_ptr_null(find(key));
}
END_TEST

static void
make_rsa(mbedtls_pk_context *key)
{
	int fd;
	struct rsa_maker *maker = rsa_maker_start(&fd);

	ck_assert_ptr_nonnull(maker);
	struct pollfd done = {.fd = fd, .events = POLLIN};
	ck_assert_int_eq(poll(&done, 1, -1), 1);
	ck_assert_int_eq(rsa_maker_finish(maker, key), 0);
}

START_TEST(an_rsa_key_is_asked_for_once_and_an_old_one_serves_meanwhile)
{
	mbedtls_pk_context rsa;

	ck_assert_ptr_null(leafs_key(leafs, LEAF_KEY_RSA, 0));
	ck_assert_ptr_null(leafs_key(leafs, LEAF_KEY_RSA, 0));
	ck_assert_uint_eq(asked, 1);
	make_rsa(&rsa);
	ck_assert_uint_eq(mbedtls_pk_get_bitlen(&rsa), RSA_MAKER_BITS);
	ck_assert_int_eq(leafs_put_rsa(leafs, &rsa, 0), 0);
	struct leaf_key *key = leafs_key(leafs, LEAF_KEY_RSA, LIFE_MS - 1);
	ck_assert_ptr_nonnull(key);
	ck_assert_uint_eq(asked, 1);
	struct leaf *leaf = add(key);
	ck_assert_ptr_nonnull(leaf);
	ck_assert(mbedtls_pk_can_do(&leaf->chain.pk, MBEDTLS_PK_RSA));
	ck_assert_ptr_eq(leafs_key(leafs, LEAF_KEY_RSA, LIFE_MS), key);
	ck_assert_uint_eq(asked, 2);
	leafs_rsa_failed(leafs);
	ck_assert_ptr_eq(leafs_key(leafs, LEAF_KEY_RSA, LIFE_MS), key);
	ck_assert_uint_eq(asked, 3);
	leaf_release(leaf);
}
END_TEST

START_TEST(a_key_that_is_not_rsa_is_not_taken_for_one)
{
	mbedtls_pk_context key;

	mbedtls_pk_init(&key);
	ck_assert_ptr_null(leafs_key(leafs, LEAF_KEY_RSA, 0));
	ck_assert_int_eq(leafs_put_rsa(leafs, &key, 0), E_CRYPTO);
	ck_assert_ptr_null(leafs_key(leafs, LEAF_KEY_RSA, 0));
	ck_assert_uint_eq(asked, 2);
	mbedtls_pk_free(&key);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("leafs");
	TCase *t = tcase_create("keys and cache");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_leaf_is_found_by_its_names_and_key);
	tcase_add_test(t, a_key_changes_when_it_is_old);
	tcase_add_test(t, a_leaf_that_comes_after_its_key_is_not_kept);
	tcase_add_test(t, the_least_used_leaf_goes_first);
	tcase_add_test(t,
	    an_rsa_key_is_asked_for_once_and_an_old_one_serves_meanwhile);
	tcase_add_test(t, a_key_that_is_not_rsa_is_not_taken_for_one);
	suite_add_tcase(s, t);
	return s;
}
