/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/sessions: which session is offered, and until when. */
#include "mitm/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "t/unit/suite.h"

#define NOW_S 1000000
#define LIFE_S 3600

static struct trust trust;
static struct sessions *sessions;
static struct judgement *judgement;
static const uint8_t one[RECENT_ID_BYTES] = {1}, other[RECENT_ID_BYTES] = {2};

static void
set_up(void)
{
	trust_init(&trust);
	sessions = sessions_new(6);
	judgement = calloc(1, sizeof(*judgement));
	ck_assert(sessions != NULL && judgement != NULL);
	*judgement = (struct judgement){.references = 1, .trusted = true,
	    .from_s = NOW_S - 100, .until_s = NOW_S + 10 * LIFE_S};
}

static void
tear_down(void)
{
	sessions_free(sessions);
	ck_assert_uint_eq(judgement->references, 1);
	judgement_release(judgement);
	trust_free(&trust);
}

static void
keep(const uint8_t *id, bool once, const char *text)
{
	const struct session_basis basis = {.judgement = judgement,
	    .verified_s = NOW_S};

	sessions_keep(sessions, id, &basis, once, (const uint8_t *)text,
	    strlen(text));
}

/* The session that is found says `text`; NULL: there is none. */
static void
expect(const uint8_t *id, int64_t at_s, const char *text)
{
	struct session *s = sessions_find(sessions, id, &trust, at_s, LIFE_S);

	ck_assert_int_eq(s != NULL, text != NULL);
	if (s == NULL)
		return;
	ck_assert_uint_eq(s->length, strlen(text));
	ck_assert_mem_eq(s->bytes, text, s->length);
	ck_assert_ptr_eq(s->judgement, judgement);
	session_release(s);
}

START_TEST(a_session_is_found_by_its_id_alone)
{
	keep(one, false, "first");
	expect(other, NOW_S, NULL);
	expect(one, NOW_S, "first");
	expect(one, NOW_S, "first");
	keep(one, false, "second");
	expect(one, NOW_S, "second");
}
END_TEST

START_TEST(one_for_one_use_is_found_once)
{
	static const char *const texts[] = {"a", "b", "c", "d", "e"};

	for (size_t i = 0; i < 5; i++)
		keep(one, true, texts[i]);
	for (size_t i = 4; i > 0; i--)
		expect(one, NOW_S, texts[i]);
	expect(one, NOW_S, NULL); /* the first had to go for the fifth */
}
END_TEST

START_TEST(one_that_a_server_turned_down_is_not_found_again)
{
	keep(one, false, "a");
	struct session *s = sessions_find(sessions, one, &trust, NOW_S, LIFE_S);
	ck_assert_ptr_nonnull(s);
	sessions_forget(sessions, s);
	sessions_forget(sessions, s);
	session_release(s);
	expect(one, NOW_S, NULL);
}
END_TEST

START_TEST(a_session_ends_with_its_life)
{
	keep(one, false, "a");
	expect(one, NOW_S + LIFE_S, "a");
	expect(one, NOW_S + LIFE_S + 1, NULL);
	expect(one, NOW_S, NULL); /* it is gone */
	keep(one, false, "a");
	expect(one, NOW_S - 1, NULL);
}
END_TEST

START_TEST(a_session_ends_with_its_certificates)
{
	judgement->until_s = NOW_S + 10;
	keep(one, false, "a");
	expect(one, NOW_S + 10, "a");
	expect(one, NOW_S + 11, NULL);
}
END_TEST

START_TEST(a_session_ends_with_what_its_verdict_rests_on)
{
	keep(one, false, "a");
	keep(one, true, "b");
	trust_changed(&trust);
	expect(one, NOW_S, NULL);
}
END_TEST

START_TEST(there_are_no_more_than_the_limit)
{
	uint8_t id[RECENT_ID_BYTES] = {0};

	for (id[0] = 1; id[0] <= 7; id[0]++)
		keep(id, false, "a");
	expect(one, NOW_S, NULL);
	expect(other, NOW_S, "a");
}
END_TEST

START_TEST(what_is_too_long_is_not_kept)
{
	uint8_t *bytes = calloc(1, SESSION_BYTES_MAX + 1);

	const struct session_basis basis = {.judgement = judgement,
	    .verified_s = NOW_S};

	ck_assert_ptr_nonnull(bytes);
	sessions_keep(sessions, one, &basis, false, bytes, SESSION_BYTES_MAX + 1);
	expect(one, NOW_S, NULL);
	free(bytes);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("sessions");
	TCase *t = tcase_create("sessions");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_session_is_found_by_its_id_alone);
	tcase_add_test(t, one_for_one_use_is_found_once);
	tcase_add_test(t, one_that_a_server_turned_down_is_not_found_again);
	tcase_add_test(t, a_session_ends_with_its_life);
	tcase_add_test(t, a_session_ends_with_its_certificates);
	tcase_add_test(t, a_session_ends_with_what_its_verdict_rests_on);
	tcase_add_test(t, there_are_no_more_than_the_limit);
	tcase_add_test(t, what_is_too_long_is_not_kept);
	suite_add_tcase(s, t);
	return s;
}
