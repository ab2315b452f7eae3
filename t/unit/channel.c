/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of daemon/msg: messages between two processes come whole and in order, with
 * their descriptors, however much waits; and one that the other end may not send closes
 * the channel. Here both ends are in one process.
 */
#include "daemon/msg.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "t/unit/suite.h"

#define LONGEST MSG_BYTES_MAX

static struct event_base *base;
static struct channel parent, worker;

static struct {
	unsigned messages[MSG_COUNT];
	size_t bytes;
	unsigned closed;
	int fd; /* that came last, or -1 */
} seen;

static void
note_message(void *context UNUSED, struct channel *c UNUSED, struct msg *m)
{
	seen.messages[m->type]++;
	seen.bytes += m->length;
	for (size_t i = 0; i < m->length; i++)
		if (m->payload[i] != (uint8_t)m->length)
			ck_abort_msg("byte %zu of %zu is another", i, m->length);
	if (m->fd >= 0)
		seen.fd = m->fd;
}

static void
note_closed(void *context UNUSED, struct channel *c UNUSED)
{
	seen.closed++;
}

static void
set_up(void)
{
	int fds[2];

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(channel_open(&parent, base, fds[0], FROM_WORKER), 0);
	ck_assert_int_eq(channel_open(&worker, base, fds[1], FROM_PARENT), 0);
	worker.on_message = parent.on_message = note_message;
	worker.on_closed = parent.on_closed = note_closed;
	memset(&seen, 0, sizeof(seen));
	seen.fd = -1;
}

static void
tear_down(void)
{
	if (parent.fd >= 0)
		channel_close(&parent);
	if (worker.fd >= 0)
		channel_close(&worker);
	if (seen.fd >= 0)
		(void)close(seen.fd);
	event_base_free(base);
}

static void
run(void)
{
	while (event_base_loop(base, EVLOOP_NONBLOCK) == 0 &&
	    (buf_length(&parent.out) > 0 || buf_length(&worker.out) > 0))
		continue;
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Every byte of it tells its length. */
static int
send_conf(size_t length)
{
	static uint8_t bytes[LONGEST + 1];

	memset(bytes, (uint8_t)length, length);
	return channel_send(&parent, MSG_CONF, bytes, length, -1);
}

START_TEST(messages_come_whole_and_in_two_pieces_too)
{
	static const uint8_t both[] = {7, 7, 7, 7, 7, 7, 7};

	ck_assert_int_eq(send_conf(0), 0);
	ck_assert_int_eq(send_conf(LONGEST), 0);
	ck_assert_int_eq(send_conf(1), 0);
	ck_assert_int_eq(channel_send2(&parent, MSG_CONF, both, 3, both, 4), 0);
	ck_assert_int_eq(send_conf(LONGEST + 1), E_LIMIT);
	run();
	ck_assert_uint_eq(seen.messages[MSG_CONF], 4);
	ck_assert_uint_eq(seen.bytes, LONGEST + 1 + 7);
	ck_assert_uint_eq(seen.closed, 0);
}
END_TEST

/* The other end does not read. What has no room leaves no half of itself. */
START_TEST(a_message_without_room_is_left_out_whole)
{
	unsigned sent = 0, after = 0;

	while (send_conf(LONGEST - 3) == 0)
		sent++;
	while (send_conf(1000) == 0)
		after++;
	ck_assert_int_eq(send_conf(1000), E_LIMIT);
	ck_assert_uint_gt(sent, 60);
	run();
	ck_assert_uint_eq(seen.closed, 0);
	ck_assert_uint_eq(seen.messages[MSG_CONF], sent + after);
	ck_assert_uint_eq(seen.bytes, sent * (LONGEST - 3) + after * 1000);
	ck_assert_int_eq(send_conf(5), 0);
	run();
	ck_assert_uint_eq(seen.messages[MSG_CONF], sent + after + 1);
}
END_TEST

START_TEST(a_descriptor_comes_with_its_message)
{
	char text[5] = "";
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(send_conf(10), 0);
	ck_assert_int_eq(channel_send(&parent, MSG_KEYLOG, NULL, 0, ends[1]), 0);
	(void)close(ends[1]);
	run();
	ck_assert_uint_eq(seen.messages[MSG_KEYLOG], 1);
	ck_assert_int_ge(seen.fd, 0);
	ck_assert_int_eq(write(seen.fd, "here", 4), 4);
	ck_assert_int_eq(read(ends[0], text, 4), 4);
	ck_assert_str_eq(text, "here");
	(void)close(ends[0]);
}
END_TEST

/* Each message that comes has another one sent. */
static void
answer_with_another(void *context UNUSED, struct channel *c UNUSED, struct msg *m)
{
	seen.messages[m->type]++;
	ck_assert_int_eq(channel_send(&parent, MSG_CONF, NULL, 0, -1), 0);
}

static void
stop(evutil_socket_t fd UNUSED, short what UNUSED, void *context UNUSED)
{
	(void)event_base_loopbreak(base);
}

START_TEST(who_never_ends_sending_keeps_nobody_from_the_rest)
{
	static const struct timeval at_once = {0, 1000};

	worker.on_message = answer_with_another;
	ck_assert_int_eq(send_conf(0), 0);
	ck_assert_int_eq(event_base_once(base, -1, EV_TIMEOUT, stop, NULL, &at_once),
	    0);
	ck_assert_int_eq(event_base_dispatch(base), 0);
	ck_assert_uint_gt(seen.messages[MSG_CONF], 1);
	ck_assert_uint_eq(seen.closed, 0);
}
END_TEST

START_TEST(what_the_other_end_may_not_send_closes_the_channel)
{
	if (_i == 0)
		ck_assert_int_eq(channel_send(&worker, MSG_CONF, NULL, 0, -1), 0);
	else if (_i == 1) /* longer than it may be */
		ck_assert_int_eq(channel_send(&worker, MSG_READY, "x", 1, -1), 0);
	else if (_i == 2) /* without its descriptor */
		ck_assert_int_eq(channel_send(&parent, MSG_BOARD, NULL, 0, -1), 0);
	else
		ck_assert_int_eq(channel_send(&worker, MSG_COUNT, NULL, 0, -1), 0);
	run();
	ck_assert_uint_ge(seen.closed, 1);
	for (size_t i = 0; i < MSG_COUNT; i++)
		ck_assert_uint_eq(seen.messages[i], 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("channel");
	TCase *t = tcase_create("channel");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, messages_come_whole_and_in_two_pieces_too);
	tcase_add_test(t, a_message_without_room_is_left_out_whole);
	tcase_add_test(t, a_descriptor_comes_with_its_message);
	tcase_add_test(t, who_never_ends_sending_keeps_nobody_from_the_rest);
	tcase_add_loop_test(t, what_the_other_end_may_not_send_closes_the_channel, 0, 4);
	suite_add_tcase(s, t);
	return s;
}
