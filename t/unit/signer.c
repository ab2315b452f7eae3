/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of ca/signer: what it gives, to whom how often, and what it gives
 * again.
 */
#include "ca/signer.h"

#include <stdio.h>
#include <time.h>

#include "base/err.h"
#include "ca/leaf.h"
#include "t/unit/cas.h"
#include "t/unit/suite.h"

#define RATE 200u

static struct signer *
make_signer(void)
{
	const struct signer_options options = {
	    .validity_s = 90 * DAY_S, .rate = RATE, .workers = 2, .cache = 4};
	struct signer *s = signer_new(&ca, &options);

	ck_assert_ptr_nonnull(s);
	return s;
}

static bool minted;

static int
ask_as(struct signer *s, unsigned worker, uint64_t now_us)
{
	const struct signer_request request = {
	    .worker = worker,
	    .names = &names,
	    .public_key = spki,
	    .public_key_length = spki_length,
	    .now_us = now_us,
	};

	buf_clear(&der);
	return signer_answer(s, &request, &minted, &der);
}

static int
ask(struct signer *s, uint64_t now_us)
{
	return ask_as(s, 0, now_us);
}

static uint64_t
wall_us(void)
{
	return (uint64_t)time(NULL) * 1000000;
}

START_TEST(the_signer_gives_its_certificate_and_leaves_under_it)
{
	struct signer *s = make_signer();
	struct buf chain;

	buf_init(&chain, 65536);
	ck_assert_int_eq(signer_chain(s, &chain), 0);
	write_pem("root.pem", buf_data(&chain), buf_length(&chain));
	buf_free(&chain);
	ck_assert_int_eq(ask(s, wall_us()), 0);
	ck_assert(minted);
	write_pem("leaf.pem", buf_data(&der), buf_length(&der));
	ck_assert_int_eq(openssl_verify("-verify_hostname", "www.example.com"), 0);
	signer_free(s);
}
END_TEST

/* Another name each time, so that none is given again. */
static void
rename_to(unsigned number)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "n%u.example.com", number);
	names.count = 0;
	ck_assert_int_eq(names_add(&names, name), 0);
}

START_TEST(the_signer_keeps_to_its_rate)
{
	struct signer *s = make_signer();
	uint64_t now_us = wall_us(), token_us = 1000000 / RATE;
	const uint8_t *good = spki;

	spki = spki_room; /* no key: what is refused costs as much as what is signed */
	for (unsigned i = 0; i < RATE * SIGNER_BURST_S; i++)
		ck_assert_int_eq(ask(s, now_us), E_RANGE);
	spki = good;
	spki_length = 91;
	ck_assert_int_eq(ask(s, now_us), E_LIMIT);
	ck_assert_int_eq(ask_as(s, 1, now_us), 0); /* others are not held up */
	rename_to(1);
	ck_assert_int_eq(ask_as(s, 2, now_us), E_LIMIT); /* no such worker */
	ck_assert_int_eq(ask(s, now_us + token_us), 0);
	rename_to(2);
	ck_assert_int_eq(ask(s, now_us + token_us), E_LIMIT);
	ck_assert_int_eq(ask(s, now_us - 3600000000u), E_LIMIT); /* the clock jumps */
	signer_set_rate(s, 1);
	ck_assert_int_eq(ask(s, now_us), 0); /* it has gained an hour */
	signer_free(s);
}
END_TEST

START_TEST(what_was_minted_is_given_again)
{
	struct signer *s = make_signer();
	struct buf first;

	buf_init(&first, 65536);
	ck_assert_int_eq(ask(s, wall_us()), 0);
	ck_assert_int_eq(buf_append(&first, buf_data(&der), buf_length(&der)), 0);
	ck_assert_int_eq(ask_as(s, 1, wall_us()), 0);
	ck_assert(!minted);
	ck_assert_uint_eq(buf_length(&der), buf_length(&first));
	ck_assert_mem_eq(buf_data(&der), buf_data(&first), buf_length(&der));
	/* Not near its end, not for another key, and only as many as there is
	 * room for. */
	ck_assert_int_eq(ask(s, wall_us() + 88ull * DAY_S * 1000000), 0);
	ck_assert(minted);
	make_key(MBEDTLS_ECP_DP_SECP256R1);
	ck_assert_int_eq(ask(s, wall_us()), 0);
	ck_assert(minted);
	for (unsigned i = 0; i < 4; i++) {
		rename_to(i);
		ck_assert_int_eq(ask(s, wall_us()), 0);
	}
	ck_assert_int_eq(ask(s, wall_us()), 0);
	ck_assert(!minted);
	names.count = 0;
	ck_assert_int_eq(names_add(&names, "www.example.com"), 0);
	ck_assert_int_eq(ask(s, wall_us()), 0);
	ck_assert(minted);
	buf_free(&first);
	signer_free(s);
}
END_TEST

START_TEST(a_leaf_is_stale_before_it_ends)
{
	ck_assert_int_eq(leaf_stale_s(0, 30 * DAY_S), 28 * DAY_S);
	ck_assert_int_eq(leaf_stale_s(0, 2 * DAY_S), 3 * DAY_S / 2);
	ck_assert_int_eq(leaf_stale_s(0, 4), 3);
	ck_assert_int_le(leaf_stale_s(10, 10), 10);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("signer");
	TCase *t = tcase_create("signer");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, ca_setup, ca_teardown);
	tcase_add_test(t, the_signer_gives_its_certificate_and_leaves_under_it);
	tcase_add_test(t, the_signer_keeps_to_its_rate);
	tcase_add_test(t, what_was_minted_is_given_again);
	tcase_add_test(t, a_leaf_is_stale_before_it_ends);
	suite_add_tcase(s, t);
	return s;
}
