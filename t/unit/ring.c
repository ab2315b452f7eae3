/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of base/ring: what goes in comes out, a full ring pushes back, a sleeper is
 * woken, and whatever a hostile process leaves in the memory harms neither who writes
 * into it next nor who reads it. A page that nobody may touch lies behind the ring.
 */
#include "base/ring.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "t/unit/suite.h"

#define BYTES (2 * RING_HEADER_BYTES)
#define AREA (BYTES - RING_HEADER_BYTES)
#define HEAD_AT 64u /* in the header page; tail is a cache line further on */
#define TAIL_AT 128u

static uint8_t *memory;
static size_t page;
static struct ring in, out;

static void
attach(void)
{
	ck_assert_int_eq(ring_attach(&in, memory, BYTES), 0);
	ck_assert_int_eq(ring_attach(&out, memory, BYTES), 0);
}

static void
set_up(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole = (BYTES + page - 1) / page * page;
	uint8_t *mapped = mmap(NULL, whole + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(mapped, MAP_FAILED);
	ck_assert_int_eq(mprotect(mapped + whole, page, PROT_NONE), 0);
	memory = mapped + whole - BYTES;
	ck_assert_int_eq(ring_format(memory, BYTES), 0);
	attach();
}

static void
write_word(size_t at, uint64_t value)
{
	memcpy(memory + at, &value, sizeof(value));
}

static uint64_t
read_word(size_t at)
{
	uint64_t value;

	memcpy(&value, memory + at, sizeof(value));
	return value;
}

static const uint8_t *
filled(uint8_t filler)
{
	static uint8_t bytes[AREA];

	return memset(bytes, filler, sizeof(bytes));
}

static int
put(size_t length, uint8_t filler)
{
	return ring_put(&in, filled(filler), length);
}

static void
take(size_t length, uint8_t filler)
{
	const uint8_t *bytes;
	size_t have;

	ck_assert_int_eq(ring_peek(&out, &bytes, &have), 0);
	ck_assert_uint_eq(have, length);
	ck_assert(memcmp(bytes, filled(filler), length) == 0);
}

START_TEST(records_come_out_as_they_went_in)
{
	const uint8_t *bytes;
	size_t length;

	for (unsigned i = 0; i < 2000; i++) {
		size_t first = i % (AREA / 4 + 1), second = i * 7 % (AREA / 4 + 1);

		ck_assert_uint_eq(ring_next_sequence(&in), 2 * i + 1);
		ck_assert_int_ge(put(first, (uint8_t)i), 0);
		ck_assert_int_ge(put(second, (uint8_t)~i), 0);
		take(first, (uint8_t)i);
		take(second, (uint8_t)~i);
		ck_assert_int_eq(ring_peek(&out, &bytes, &length), E_AGAIN);
		ck_assert(!ring_release(&out, ring_position(&out)));
		ck_assert_uint_eq(ring_used(&out), 0);
	}
	ck_assert_int_eq(put(AREA / 4 + 1, 0), E_LIMIT);
}
END_TEST

START_TEST(a_full_ring_pushes_back_until_there_is_room)
{
	unsigned records = 0;

	while (put(100, 1) >= 0)
		records++;
	ck_assert_int_eq(put(100, 1), E_FULL);
	ck_assert(ring_blocked(&out));
	take(100, 1);
	ck_assert_int_eq(put(100, 1), E_FULL); /* read, and not let go of */
	ck_assert(ring_release(&out, ring_position(&out)));
	ck_assert(!ring_blocked(&out));
	ck_assert_int_ge(put(100, 1), 0);
	ck_assert_uint_eq(ring_next_sequence(&in), records + 2);
}
END_TEST

START_TEST(who_sleeps_is_woken_once)
{
	ck_assert(ring_sleep(&out, 1));
	ck_assert_int_eq(put(10, 1), 1);
	ck_assert_int_eq(put(10, 2), 0);
	ck_assert(!ring_sleep(&out, 1));
	take(10, 1);
	take(10, 2);
	ck_assert(ring_sleep(&out, 1));
}
END_TEST

START_TEST(who_sleeps_until_there_is_enough_is_woken_then)
{
	const unsigned record = 104 + 8; /* with its header */

	for (unsigned round = 0; round < 100; round++) {
		ck_assert(ring_sleep(&out, 3 * record));
		ck_assert_int_eq(put(104, 1), 0);
		ck_assert(ring_sleep(&out, 3 * record));
		ck_assert_int_eq(put(100, 2), 0);
		ck_assert_int_eq(put(97, 3), 1);
		ck_assert_int_eq(put(10, 4), 0);
		ck_assert(!ring_sleep(&out, 3 * record));
		take(104, 1);
		take(100, 2);
		take(97, 3);
		take(10, 4);
		ck_assert(!ring_release(&out, ring_position(&out)));
	}
	/* No more than can be there without a producer that waits. */
	ck_assert(ring_sleep(&out, UINT64_MAX));
	unsigned records = 0;
	while (put(100, 1) == 0)
		records++;
	ck_assert_uint_le(records * record, AREA / 2);
}
END_TEST

/* A producer that dies has left what it committed to the next, and the number. */
START_TEST(both_ends_go_on_where_they_stood)
{
	ck_assert_int_ge(put(10, 1), 0);
	ck_assert_int_ge(put(10, 2), 0);
	take(10, 1);
	ck_assert(!ring_release(&out, ring_position(&out)));
	take(10, 2);
	attach();
	ck_assert_uint_eq(ring_next_sequence(&in), 3);
	take(10, 2);
}
END_TEST

/* The consumer comes to rest, whatever stands there, and reads on. */
static void
come_to_rest(void)
{
	const uint8_t *bytes;
	size_t length;
	int outcome;

	while ((outcome = ring_peek(&out, &bytes, &length)) == 0)
		if (bytes < memory || bytes + length > memory + BYTES)
			ck_abort_msg("a record of %zu bytes outside", length);
	if (outcome == E_CORRUPT) {
		(void)ring_discard(&out);
		outcome = ring_peek(&out, &bytes, &length);
	}
	ck_assert_int_eq(outcome, E_AGAIN);
	ck_assert(ring_sleep(&out, 1));
	ck_assert_uint_eq(ring_unread(&out), 0);
	bool waited = ring_release(&out, ring_position(&out));
	(void)waited; /* what stood there may have said so */
	ck_assert_int_ge(put(10, 3), 0);
	take(10, 3);
}

/* The header of a record that begins there would reach over the ring's end. */
START_TEST(a_head_out_of_place_leads_nobody_out_of_the_ring)
{
	for (unsigned off = 1; off < 8; off++) {
		ck_assert_int_eq(ring_format(memory, BYTES), 0);
		attach();
		ck_assert_int_ge(put(10, 1), 0);
		write_word(HEAD_AT, AREA - off);
		write_word(TAIL_AT, AREA - off);
		attach();
		(void)put(10, 2);
		come_to_rest();
	}
}
END_TEST

START_TEST(a_consumer_rests_though_the_head_is_out_of_place)
{
	ck_assert_int_ge(put(10, 1), 0);
	write_word(HEAD_AT, read_word(HEAD_AT) + 3);
	take(10, 1);
	come_to_rest();
	write_word(HEAD_AT, read_word(HEAD_AT) - 1000000001);
	come_to_rest();
}
END_TEST

START_TEST(no_bytes_lead_anybody_out_of_the_ring)
{
	srandom(1);
	for (unsigned round = 0; round < 4000; round++) {
		ck_assert_int_eq(ring_format(memory, BYTES), 0);
		attach();
		for (unsigned i = 0; i < 40; i++)
			(void)put((size_t)random() % 200, (uint8_t)i);
		for (unsigned i = 0; i < 8; i++)
			write_word(RING_HEADER_BYTES + (size_t)random() % (AREA - 8),
			    (uint64_t)random() % 512);
		if (round % 2 != 0)
			write_word(HEAD_AT, (uint64_t)random() % (3 * AREA));
		if (round % 3 != 0)
			write_word(TAIL_AT, (uint64_t)random() % (3 * AREA));
		attach();
		(void)put((size_t)random() % 200, 1);
		come_to_rest();
	}
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("ring");
	TCase *t = tcase_create("ring");

	tcase_add_checked_fixture(t, set_up, NULL);
	tcase_add_test(t, records_come_out_as_they_went_in);
	tcase_add_test(t, a_full_ring_pushes_back_until_there_is_room);
	tcase_add_test(t, who_sleeps_is_woken_once);
	tcase_add_test(t, who_sleeps_until_there_is_enough_is_woken_then);
	tcase_add_test(t, both_ends_go_on_where_they_stood);
	tcase_add_test(t, a_head_out_of_place_leads_nobody_out_of_the_ring);
	tcase_add_test(t, a_consumer_rests_though_the_head_is_out_of_place);
	tcase_add_test(t, no_bytes_lead_anybody_out_of_the_ring);
	suite_add_tcase(s, t);
	return s;
}
