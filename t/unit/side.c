/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/side: how much of one peer is taken before others have their
 * turn. */
#include "mitm/side.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "mitm/side_tls.h"
#include "t/unit/suite.h"

#define RECORD_BYTES 100u

static struct side_io io;
static struct side side;
static int peer;

static void
set_up(void)
{
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	ck_assert_int_eq(side_io_init(&io), 0);
	side_init(&side, &io);
	ck_assert_int_eq(side_replace(&side, ends[0]), 0);
	peer = ends[1];
}

static void
tear_down(void)
{
	side_close(&side, false);
	side_io_free(&io);
	(void)close(peer);
}

/* What TLS takes until it is to wait, of a peer that always has more. */
static size_t
take_turn(void)
{
	static const uint8_t zeros[RECORD_BYTES];
	uint8_t bytes[RECORD_BYTES];
	size_t taken = 0;
	int n;

	io.received = 0;
	do {
		ck_assert_int_eq(write(peer, zeros, sizeof(zeros)), sizeof(zeros));
		n = side_receive(&side, bytes, sizeof(bytes));
		taken += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	ck_assert_int_eq(n, E_AGAIN);
	ck_assert(side.want_read && side_io_idle(&io));
	return taken;
}

START_TEST(a_peer_that_does_not_stop_has_its_turn_and_no_more)
{
	for (int i = 0; i < 3; i++) {
		size_t taken = take_turn();
		ck_assert_uint_gt(taken, SIDE_IO_BYTES);
		ck_assert_uint_le(taken, 2 * SIDE_IO_BYTES);
	}
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("side");
	TCase *t = tcase_create("turns");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, a_peer_that_does_not_stop_has_its_turn_and_no_more);
	suite_add_tcase(s, t);
	return s;
}
