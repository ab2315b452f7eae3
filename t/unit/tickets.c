/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/tickets: what opens, under what terms, and for how long. */
#include "mitm/tickets.h"

#include <stdlib.h>
#include <string.h>

#include <psa/crypto.h>

#include "base/err.h"
#include "t/unit/suite.h"

#define LIFE_MS 10000u
#define SESSION "a session"
#define SESSION_BYTES (sizeof(SESSION) - 1)
#define TICKET_BYTES (SESSION_BYTES + TICKET_OVERHEAD_BYTES)

static struct ticket_terms terms;
static uint8_t ticket[TICKET_CLEAR_BYTES_MAX + TICKET_OVERHEAD_BYTES];
static uint8_t clear[TICKET_CLEAR_BYTES_MAX];

static void
set_up(void)
{
	ck_assert_int_eq(psa_crypto_init(), PSA_SUCCESS);
	terms = (struct ticket_terms){.tickets = tickets_new(), .now_ms = 1000,
	    .life_ms = LIFE_MS};
	ck_assert_ptr_nonnull(terms.tickets);
}

static void
tear_down(void)
{
	tickets_free(terms.tickets);
}

static void
seal(void)
{
	ck_assert_int_eq(tickets_seal(&terms, (const uint8_t *)SESSION,
	    SESSION_BYTES, ticket, sizeof(ticket)), TICKET_BYTES);
}

static int
open_it(void)
{
	return tickets_open(&terms, ticket, TICKET_BYTES, clear);
}

START_TEST(a_ticket_opens_under_its_terms)
{
	seal();
	ck_assert_int_eq(open_it(), SESSION_BYTES);
	ck_assert_mem_eq(clear, SESSION, SESSION_BYTES);
	ck_assert_int_eq(open_it(), SESSION_BYTES);
}
END_TEST

START_TEST(a_ticket_opens_under_no_other_terms)
{
	seal();
	terms.binding[_i] ^= 1;
	ck_assert_int_eq(open_it(), E_CORRUPT);
	terms.binding[_i] ^= 1;
	ck_assert_int_eq(open_it(), SESSION_BYTES);
}
END_TEST

START_TEST(a_ticket_that_was_changed_anywhere_does_not_open)
{
	seal();
	for (size_t i = 0; i < TICKET_BYTES; i++) {
		ticket[i] ^= 0x80;
		ck_assert_int_lt(open_it(), 0);
		ticket[i] ^= 0x80;
	}
	for (size_t length = 0; length < TICKET_BYTES; length++)
		ck_assert_int_lt(tickets_open(&terms, ticket, length, clear), 0);
	ck_assert_int_eq(open_it(), SESSION_BYTES);
}
END_TEST

START_TEST(a_ticket_of_another_worker_does_not_open)
{
	seal();
	tickets_free(terms.tickets);
	terms.tickets = tickets_new();
	ck_assert_int_eq(open_it(), E_TIMEOUT);
}
END_TEST

/* Given at any time in the life of its key, it opens for the whole of its own. */
START_TEST(a_ticket_lasts_for_its_life)
{
	seal();
	terms.now_ms += (uint64_t)_i * (LIFE_MS - 1) / 10;
	seal();
	terms.now_ms += LIFE_MS;
	ck_assert_int_eq(open_it(), SESSION_BYTES);
	terms.now_ms += 1;
	ck_assert_int_eq(open_it(), E_TIMEOUT);
	terms.now_ms -= LIFE_MS + 2;
	ck_assert_int_eq(open_it(), E_TIMEOUT);
}
END_TEST

START_TEST(the_key_changes_with_the_life_of_a_ticket)
{
	uint8_t first[8];

	seal();
	memcpy(first, ticket, sizeof(first));
	terms.now_ms += LIFE_MS - 1;
	seal();
	ck_assert_mem_eq(first, ticket, sizeof(first));
	terms.now_ms += 1;
	seal();
	ck_assert_mem_ne(first, ticket, sizeof(first));
}
END_TEST

START_TEST(a_handshake_that_began_before_the_key_changes_none)
{
	uint8_t own[sizeof(ticket)];

	seal();
	memcpy(own, ticket, TICKET_BYTES);
	terms.now_ms -= 1;
	seal();
	ck_assert_mem_eq(own, ticket, 8); /* the key's name */
	terms.now_ms += 1;
	ck_assert_int_eq(tickets_open(&terms, own, TICKET_BYTES, clear),
	    SESSION_BYTES);
	ck_assert_int_eq(open_it(), SESSION_BYTES);
}
END_TEST

START_TEST(what_is_too_long_is_not_sealed)
{
	static const uint8_t bytes[TICKET_CLEAR_BYTES_MAX + 1];
	int most = TICKET_CLEAR_BYTES_MAX + TICKET_OVERHEAD_BYTES;

	ck_assert_int_eq(tickets_seal(&terms, bytes, sizeof(bytes), ticket,
	    sizeof(ticket)), E_LIMIT);
	ck_assert_int_eq(tickets_seal(&terms, bytes, TICKET_CLEAR_BYTES_MAX, ticket,
	    sizeof(ticket) - 1), E_LIMIT);
	ck_assert_int_eq(tickets_seal(&terms, bytes, TICKET_CLEAR_BYTES_MAX, ticket,
	    sizeof(ticket)), most);
	ck_assert_int_eq(tickets_open(&terms, ticket, sizeof(ticket), clear),
	    TICKET_CLEAR_BYTES_MAX);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("tickets");
	TCase *t = tcase_create("tickets");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_ticket_opens_under_its_terms);
	tcase_add_loop_test(t, a_ticket_opens_under_no_other_terms, 0,
	    TICKET_BINDING_BYTES);
	tcase_add_test(t, a_ticket_that_was_changed_anywhere_does_not_open);
	tcase_add_test(t, a_ticket_of_another_worker_does_not_open);
	tcase_add_loop_test(t, a_ticket_lasts_for_its_life, 0, 11);
	tcase_add_test(t, the_key_changes_with_the_life_of_a_ticket);
	tcase_add_test(t, a_handshake_that_began_before_the_key_changes_none);
	tcase_add_test(t, what_is_too_long_is_not_sealed);
	suite_add_tcase(s, t);
	return s;
}
