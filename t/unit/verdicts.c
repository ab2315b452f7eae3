/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/chains: which verdicts are kept, for whom, and how long.
 */
#include <stdlib.h>
#include <string.h>

#include "ca/names.h"
#include "mitm/chains.h"
#include "t/unit/chains.h"
#include "t/unit/suite.h"

static struct trust trust;
static struct chains *kept;

static void
set_up(size_t limit)
{
	trust_init(&trust);
	kept = chains_new(limit);
	ck_assert_ptr_nonnull(kept);
	three(a_root(), an_intermediate(), server_below_ca());
	ck_assert_int_eq(mbedtls_x509_crt_parse_der(&trust.roots, roots.raw.p,
	    roots.raw.len), 0);
}

static void
tear_down(void)
{
	chains_free(kept);
	trust_free(&trust);
}

/* Judges the chain: whether it was trusted, and whether that was known. */
static void
ask(const char *host, int64_t now_s, bool trusted, bool known)
{
	bool was_kept;
	struct judgement *j = chains_judge(kept, &chain, &trust, NULL, host, now_s,
	    &was_kept);

	ck_assert_ptr_nonnull(j);
	ck_assert_int_eq(j->trusted, trusted);
	ck_assert_int_eq(was_kept, known);
	judgement_release(j);
}

START_TEST(a_good_verdict_is_kept_for_its_host)
{
	set_up(4);
	ask(HOST, NOW_S, true, false);
	ask(HOST, NOW_S + 1, true, true);
	ask("other.example", NOW_S, false, false);
	tear_down();
}
END_TEST

START_TEST(a_bad_verdict_is_not_kept)
{
	set_up(4);
	ask("other.example", NOW_S, false, false);
	ask("other.example", NOW_S, false, false);
	tear_down();
}
END_TEST

START_TEST(another_chain_is_judged_anew)
{
	set_up(4);
	ask(HOST, NOW_S, true, false);
	add(&chain, a_ca("CN=more", OTHER_KEY, "CN=more", OTHER_KEY));
	ask(HOST, NOW_S, true, false);
	tear_down();
}
END_TEST

/* The time of the one on the path that ends first, or begins last, counts. */
START_TEST(a_verdict_lasts_as_long_as_each_certificate)
{
	struct spec ca = an_intermediate();

	trust_init(&trust);
	kept = chains_new(4);
	ca.to_s = NOW_S + 100;
	ca.from_s = NOW_S - 100;
	three(a_root(), ca, server_below_ca());
	ck_assert_int_eq(mbedtls_x509_crt_parse_der(&trust.roots, roots.raw.p,
	    roots.raw.len), 0);
	ask(HOST, NOW_S, true, false);
	ask(HOST, NOW_S + 100, true, true);
	ask(HOST, NOW_S - 100, true, true);
	ask(HOST, NOW_S + 101, false, false);
	ask(HOST, NOW_S, true, false);
	ask(HOST, NOW_S - 101, false, false);
	tear_down();
}
END_TEST

static void
change_roots(void)
{
	size_t bad;

	(void)trust_set_roots(&trust, roots.raw.p, roots.raw.len, &bad);
}

static void
change_crls(void)
{
	trust_use_crls(&trust);
}

static void
change_distrust(void)
{
	trust_changed(&trust);
}

static void (*const changes[])(void) = {change_roots, change_crls,
	change_distrust};

START_TEST(a_change_of_trust_ends_every_verdict)
{
	set_up(4);
	ask(HOST, NOW_S, true, false);
	changes[_i]();
	ask(HOST, NOW_S, true, false);
	ask(HOST, NOW_S, true, true);
	tear_down();
}
END_TEST

START_TEST(what_became_distrusted_is_not_believed_for_having_been)
{
	static const uint8_t nothing[] = "";
	size_t bad;

	set_up(4);
	ask(HOST, NOW_S, true, false);
	(void)trust_set_roots(&trust, nothing, 0, &bad);
	ask(HOST, NOW_S, false, false);
	tear_down();
}
END_TEST

START_TEST(a_verdict_that_somebody_has_outlives_the_table)
{
	struct names *names = calloc(1, sizeof(*names));

	set_up(1);
	struct judgement *j = chains_judge(kept, &chain, &trust, NULL, HOST, NOW_S,
	    NULL);
	ck_assert_ptr_nonnull(j);
	chains_free(kept);
	kept = NULL;
	ck_assert(judgement_holds(j, &trust, NOW_S));
	ck_assert_str_eq(j->identifier, "ok");
	ck_assert(j->server.present);
	ck_assert_int_gt(names_read(names, buf_data(&j->names),
	    buf_length(&j->names)), 0);
	ck_assert(names_match(names, HOST));
	judgement_release(j);
	free(names);
	tear_down();
}
END_TEST

START_TEST(with_no_room_every_chain_is_judged)
{
	set_up(0);
	ask(HOST, NOW_S, true, false);
	ask(HOST, NOW_S, true, false);
	tear_down();
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("verdicts");
	TCase *t = new_case(s, "verdicts");

	tcase_add_test(t, a_good_verdict_is_kept_for_its_host);
	tcase_add_test(t, a_bad_verdict_is_not_kept);
	tcase_add_test(t, another_chain_is_judged_anew);
	tcase_add_test(t, a_verdict_lasts_as_long_as_each_certificate);
	tcase_add_loop_test(t, a_change_of_trust_ends_every_verdict, 0,
	    ARRAY_LENGTH(changes));
	tcase_add_test(t, what_became_distrusted_is_not_believed_for_having_been);
	tcase_add_test(t, a_verdict_that_somebody_has_outlives_the_table);
	tcase_add_test(t, with_no_room_every_chain_is_judged);
	return s;
}
