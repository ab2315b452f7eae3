/* SPDX-License-Identifier: ISC */
/* Unit suite of base/fds: of the descriptors that come, none is left over. */
#include "base/fds.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "t/unit/suite.h"

#define SENT 2 /* what union fds_room has room for where int is half a word */

static int pair[2];

static void
setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void
teardown(void)
{
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* The number that the next descriptor will have. */
static int
lowest_free(void)
{
	int fd = dup(pair[0]);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	return fd;
}

static void
send_some(void)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(SENT * sizeof(int))];
	} control;
	char byte = 'x';
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &control, .msg_controllen = sizeof(control)};
	int fds[SENT] = {pair[0], pair[1]};

	memset(&control, 0, sizeof(control));
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(c), fds, sizeof(fds));
	ck_assert_int_eq(sendmsg(pair[0], &message, 0), 1);
}

static size_t
receive(int *out, size_t most)
{
	union fds_room room;
	char byte;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = &room, .msg_controllen = sizeof(room)};

	ck_assert_int_eq(recvmsg(pair[1], &message, 0), 1);
	return fds_take(&message, out, most);
}

START_TEST(what_is_wanted_is_kept_and_the_rest_closed)
{
	int free_before = lowest_free(), fd = -1;

	send_some();
	ck_assert_uint_eq(receive(&fd, 1), 1);
	ck_assert_int_eq(fd, free_before);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
	ck_assert_int_eq(lowest_free(), free_before);
}
END_TEST

START_TEST(none_is_kept_where_none_is_wanted)
{
	int free_before = lowest_free(), fd = -1;

	send_some();
	ck_assert_uint_eq(receive(&fd, 0), 0);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(lowest_free(), free_before);
}
END_TEST

START_TEST(bytes_alone_bring_none)
{
	int fd = -1;

	ck_assert_int_eq(write(pair[0], "x", 1), 1);
	ck_assert_uint_eq(receive(&fd, 1), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("fds");
	TCase *t = tcase_create("taking");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_wanted_is_kept_and_the_rest_closed);
	tcase_add_test(t, none_is_kept_where_none_is_wanted);
	tcase_add_test(t, bytes_alone_bring_none);
	suite_add_tcase(s, t);
	return s;
}
