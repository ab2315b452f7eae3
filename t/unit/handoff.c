/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of extension-bridge/handoff, over real sockets: what is handed over
 * arrives, and what can be wrong on the daemon's side has its error.
 */
#include "extension-bridge/handoff.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "t/unit/receiver.h"
#include "t/unit/suite.h"

static struct receiver daemon_end;
static struct received taken;

static struct flow_header
header(enum flow_transport transport)
{
	struct flow_header h = {.transport = transport, .authority = "example"};
	struct sockaddr_in *source = (struct sockaddr_in *)&h.source;
	struct sockaddr_in *destination = (struct sockaddr_in *)&h.destination;

	source->sin_family = destination->sin_family = AF_INET;
	source->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	destination->sin_addr.s_addr = htonl(0xC0000201);
	destination->sin_port = htons(443);
	return h;
}

START_TEST(the_daemon_gets_the_header_the_descriptor_and_the_prefix)
{
	struct flow_header h = header(FLOW_STREAM);
	int pair[2];
	char answer[5] = "";

	receiver_open(&daemon_end, 5);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(handoff_flow(daemon_end.path, pair[1], &h,
	    (const uint8_t *)"hello", 5), 0);
	(void)close(pair[1]);

	receiver_take(&daemon_end, &taken);
	ck_assert_str_eq(taken.header.authority, "example");
	ck_assert_uint_eq(taken.header.prefix_bytes, 5);
	ck_assert_mem_eq(taken.prefix, "hello", 5);
	ck_assert_int_eq(write(taken.client_fd, "pong", 4), 4);
	ck_assert_int_eq(read(pair[0], answer, 4), 4);
	ck_assert_str_eq(answer, "pong");
	receiver_close(&daemon_end);
}
END_TEST

/* Nobody reads while it is sent: it must not block, and must all be there. */
START_TEST(the_longest_prefix_is_sent_without_waiting)
{
	struct flow_header h = header(FLOW_STREAM);
	uint8_t *prefix = malloc(FLOW_PREFIX_BYTES_MAX + 1);
	int pair[2];

	receiver_open(&daemon_end, 5);
	ck_assert_ptr_nonnull(prefix);
	for (size_t i = 0; i < FLOW_PREFIX_BYTES_MAX; i++)
		prefix[i] = (uint8_t)(i * 7 >> 3);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(handoff_flow(daemon_end.path, pair[1], &h, prefix,
	    FLOW_PREFIX_BYTES_MAX), 0);
	ck_assert_int_eq(handoff_flow(daemon_end.path, pair[1], &h, prefix,
	    FLOW_PREFIX_BYTES_MAX + 1), E_LIMIT);
	receiver_take(&daemon_end, &taken);
	ck_assert_uint_eq(taken.header.prefix_bytes, FLOW_PREFIX_BYTES_MAX);
	ck_assert_mem_eq(taken.prefix, prefix, FLOW_PREFIX_BYTES_MAX);
	free(prefix);
	receiver_close(&daemon_end);
}
END_TEST

START_TEST(a_flow_of_datagrams_keeps_its_connection)
{
	struct flow_header h = header(FLOW_DATAGRAM);
	char bytes[4] = "";
	int bridge_fd;

	receiver_open(&daemon_end, 5);
	ck_assert_int_eq(handoff_datagrams(daemon_end.path, &h, &bridge_fd), 0);
	ck_assert_int_ne(fcntl(bridge_fd, F_GETFD) & FD_CLOEXEC, 0);
	receiver_take_datagrams(&daemon_end, &taken);
	ck_assert_int_eq(taken.header.transport, FLOW_DATAGRAM);
	ck_assert_int_eq(write(taken.bridge_fd, "dns", 3), 3);
	ck_assert_int_eq(read(bridge_fd, bytes, 3), 3);
	ck_assert_str_eq(bytes, "dns");
	receiver_close(&daemon_end);
}
END_TEST

START_TEST(without_a_daemon_it_says_so)
{
	struct flow_header h = header(FLOW_STREAM);
	char path[300];
	int fd;

	receiver_open(&daemon_end, 5);
	(void)close(daemon_end.fd); /* the socket's file stays: refused */
	ck_assert_int_eq(handoff_flow(daemon_end.path, 0, &h, NULL, 0),
	    E_NOTFOUND);
	ck_assert_int_eq(unlink(daemon_end.path), 0);
	ck_assert_int_eq(handoff_open(daemon_end.path, &fd), E_NOTFOUND);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(handoff_open(path, &fd), E_LIMIT);
	daemon_end.fd = -1;
	receiver_close(&daemon_end);
}
END_TEST

START_TEST(a_full_queue_is_not_waited_for)
{
	int fds[64];
	int count = 0, error;

	receiver_open(&daemon_end, 1);
	while ((error = handoff_open(daemon_end.path, &fds[count])) == 0) {
		count++;
		ck_assert_int_lt(count, 64);
	}
#ifdef __linux__
	ck_assert_int_eq(error, E_AGAIN);
#else
	ck_assert_int_eq(error, E_NOTFOUND);
#endif
	int taken_fd = accept(daemon_end.fd, NULL, NULL);
	ck_assert_int_ge(taken_fd, 0);
	ck_assert_int_eq(handoff_open(daemon_end.path, &fds[count]), 0);
	receiver_close(&daemon_end);
}
END_TEST

/* Would end the process by SIGPIPE if that were let through. */
START_TEST(a_daemon_that_goes_away_is_an_error_and_no_signal)
{
	struct flow_header h = header(FLOW_STREAM);
	int bridge_fd;

	receiver_open(&daemon_end, 5);
	ck_assert_int_eq(handoff_open(daemon_end.path, &bridge_fd), 0);
	(void)close(accept(daemon_end.fd, NULL, NULL));
	ck_assert_int_eq(handoff_send(bridge_fd, -1, &h, NULL, 0), E_CLOSED);
	receiver_close(&daemon_end);
}
END_TEST

START_TEST(a_header_that_cannot_be_written_is_not_sent)
{
	struct flow_header h = {.transport = FLOW_STREAM};

	receiver_open(&daemon_end, 5);
	ck_assert_int_eq(handoff_flow(daemon_end.path, 0, &h, NULL, 0), E_RANGE);
	receiver_close(&daemon_end);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("handoff");
	TCase *t = tcase_create("handoff");

	tcase_add_test(t, the_daemon_gets_the_header_the_descriptor_and_the_prefix);
	tcase_add_test(t, the_longest_prefix_is_sent_without_waiting);
	tcase_add_test(t, a_flow_of_datagrams_keeps_its_connection);
	tcase_add_test(t, without_a_daemon_it_says_so);
	tcase_add_test(t, a_full_queue_is_not_waited_for);
	tcase_add_test(t, a_daemon_that_goes_away_is_an_error_and_no_signal);
	tcase_add_test(t, a_header_that_cannot_be_written_is_not_sent);
	suite_add_tcase(s, t);
	return s;
}
