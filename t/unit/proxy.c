/* SPDX-License-Identifier: ISC */
/*
 * Suite of extension-bridge/proxy: the forwarder runs in a child, real clients
 * speak to it over loopback, and a receiver stands where the daemon would. Names
 * are ones that no resolver asks another machine for.
 */
#include "extension-bridge/proxy/proxy.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "t/unit/receiver.h"
#include "t/unit/suite.h"

/* A label longer than DNS allows fails before anybody is asked. */
#define NO_NAME                                                               \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.x"

static struct receiver daemon_end;
static struct received taken;
static struct sockaddr_storage listening;
static pid_t child;

static void
facts(void *context, const struct sockaddr_storage *client,
    const struct sockaddr_storage *proxy, struct flow_header *h)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)proxy;

	(void)client;
	h->has_pid = true;
	h->pid = *(const uint32_t *)context + ntohs(in->sin_port);
}

/* As few descriptors as are open, and `more`. */
static void
leave_descriptors(unsigned more)
{
	int next = dup(0);
	struct rlimit limit = {(rlim_t)next + more, (rlim_t)next + more};

	(void)close(next);
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void
run_child(const struct proxy_options *options, unsigned descriptors)
{
	struct proxy *p = proxy_new(options);

	if (p == NULL)
		_exit(99);
	if (descriptors != 0)
		leave_descriptors(descriptors);
	int error = proxy_run(p);
	proxy_free(p);
	exit(error == 0 ? 0 : 98);
}

static void
start(unsigned clients_max, unsigned timeout_ms, unsigned descriptors)
{
	static uint32_t base = 100000;
	char error[PROXY_ERROR_BYTES];
	socklen_t length = sizeof(listening);
	struct proxy_options o = {.flow_socket_path = daemon_end.path,
	    .forwarder = "proxy", .clients_max = clients_max,
	    .head_timeout_ms = timeout_ms, .client_facts = facts,
	    .client_facts_context = &base};

	ck_assert_int_eq(proxy_listen("127.0.0.1:0", false, &o.listen_fd, error),
	    0);
	ck_assert_int_eq(getsockname(o.listen_fd, (struct sockaddr *)&listening,
	    &length), 0);
	child = fork();
	if (child == 0)
		run_child(&o, descriptors);
	ck_assert_int_gt(child, 0);
	(void)close(o.listen_fd);
}

static void
setup(void)
{
	receiver_open(&daemon_end, 64);
}

/* The forwarder must have come through all of it, and stop in order. */
static void
stop(void)
{
	int status;

	ck_assert_int_eq(kill(child, SIGTERM), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	receiver_close(&daemon_end);
}

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&listening,
	    sizeof(struct sockaddr_in)), 0);
	return fd;
}

static void
say(int fd, const void *bytes, size_t length)
{
	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
}

static void
says(int fd, const char *text)
{
	say(fd, text, strlen(text));
}

static void
hears(int fd, const void *bytes, size_t length)
{
	char got[256];

	ck_assert_uint_le(length, sizeof(got));
	for (size_t have = 0; have < length;) {
		ssize_t n = read(fd, got + have, length - have);
		ck_assert_int_gt(n, 0);
		have += (size_t)n;
	}
	ck_assert_mem_eq(got, bytes, length);
}

/* The answer begins with `text`, and the proxy ends the connection behind it. */
static void
hears_last(int fd, const char *text)
{
	char got[4096];
	size_t have = 0;
	ssize_t n;

	while ((n = read(fd, got + have, sizeof(got) - 1 - have)) > 0)
		have += (size_t)n;
	ck_assert_int_eq(n, 0);
	got[have] = '\0';
	ck_assert_msg(strncmp(got, text, strlen(text)) == 0, "got: %s", got);
	(void)close(fd);
}

#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

static void
hears_established(int fd)
{
	hears(fd, ESTABLISHED, sizeof(ESTABLISHED) - 1);
}

/* What the daemon got is this client's connection. */
static void
is_connected_to(int fd)
{
	say(taken.client_fd, "pong", 4);
	hears(fd, "pong", 4);
	(void)close(taken.client_fd);
	(void)close(fd);
}

static void
goes_to(const char *address, uint16_t port, const char *authority)
{
	const struct sockaddr_in *in =
	    (const struct sockaddr_in *)&taken.header.destination;
	const struct sockaddr_in6 *in6 =
	    (const struct sockaddr_in6 *)&taken.header.destination;
	char text[INET6_ADDRSTRLEN];
	bool v6 = in->sin_family == AF_INET6;

	ck_assert_ptr_nonnull(inet_ntop(in->sin_family,
	    v6 ? (const void *)&in6->sin6_addr : &in->sin_addr, text,
	    sizeof(text)));
	ck_assert_str_eq(text, address);
	ck_assert_uint_eq(ntohs(v6 ? in6->sin6_port : in->sin_port), port);
	ck_assert_str_eq(taken.header.authority, authority);
	ck_assert_str_eq(taken.header.forwarder, "proxy");
}

static void
has_prefix(const char *text)
{
	ck_assert_uint_eq(taken.header.prefix_bytes, strlen(text));
	ck_assert_mem_eq(taken.prefix, text, strlen(text));
}

START_TEST(connect_hands_the_connection_over_with_what_came_behind)
{
	start(0, 0, 0);
	int fd = dial();
	says(fd, "CONNECT 192.0.2.1:443 HTTP/1.1\r\nHost: x\r\n\r\nhello");
	hears_established(fd);
	receiver_take(&daemon_end, &taken);
	goes_to("192.0.2.1", 443, "");
	has_prefix("hello");
	is_connected_to(fd);
}
END_TEST

START_TEST(an_ipv6_server_can_be_asked_for_over_ipv4)
{
	const struct sockaddr_in *source =
	    (const struct sockaddr_in *)&taken.header.source;
	struct sockaddr_in own;
	socklen_t length = sizeof(own);

	start(0, 0, 0);
	int fd = dial();
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own, &length), 0);
	says(fd, "CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n\r\n");
	hears_established(fd);
	receiver_take(&daemon_end, &taken);
	goes_to("2001:db8::1", 8443, "");
	ck_assert_int_eq(source->sin_family, AF_INET);
	ck_assert_uint_eq(source->sin_port, own.sin_port);
	is_connected_to(fd);
}
END_TEST

START_TEST(a_head_may_come_a_byte_at_a_time)
{
	static const char head[] = "CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n";

	start(0, 0, 0);
	int fd = dial();
	for (size_t i = 0; i < sizeof(head) - 1; i++)
		say(fd, head + i, 1);
	hears_established(fd);
	receiver_take(&daemon_end, &taken);
	has_prefix("");
	is_connected_to(fd);
}
END_TEST

/* Every address that the system has for the name goes along, in its order. */
START_TEST(a_name_goes_along_with_all_its_addresses)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	size_t count = 0;

	ck_assert_int_eq(getaddrinfo("localhost", "443", &hints, &list), 0);
	start(0, 0, 0);
	int fd = dial();
	says(fd, "CONNECT localhost:443 HTTP/1.1\r\n\r\n");
	hears_established(fd);
	receiver_take(&daemon_end, &taken);
	ck_assert_str_eq(taken.header.authority, "localhost");
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next, count++)
		ck_assert_mem_eq(count == 0 ? &taken.header.destination :
		    &taken.header.alternates[count - 1], a->ai_addr,
		    a->ai_addrlen);
	ck_assert_uint_eq(taken.header.alternate_count, count - 1);
	freeaddrinfo(list);
	is_connected_to(fd);
}
END_TEST

START_TEST(an_absolute_request_arrives_as_the_server_expects_it)
{
	start(0, 0, 0);
	int fd = dial();
	says(fd, "POST http://127.0.0.1:8080/a?b HTTP/1.1\r\nHost: other\r\n"
	    "Proxy-Connection: keep-alive\r\nContent-Length: 2\r\n\r\nhi");
	receiver_take(&daemon_end, &taken);
	goes_to("127.0.0.1", 8080, "");
	has_prefix("POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
	    "Content-Length: 2\r\nConnection: close\r\n\r\nhi");
	is_connected_to(fd);
}
END_TEST

START_TEST(a_head_of_63_kib_passes)
{
	static char head[63 * 1024];
	const char start_of[] = "GET http://127.0.0.1/ HTTP/1.1\r\nX: ";

	memset(head, 'x', sizeof(head));
	memcpy(head, start_of, sizeof(start_of) - 1);
	memcpy(head + sizeof(head) - 4, "\r\n\r\n", 4);
	start(0, 0, 0);
	int fd = dial();
	say(fd, head, sizeof(head));
	receiver_take(&daemon_end, &taken);
	ck_assert_uint_gt(taken.header.prefix_bytes, sizeof(head));
	is_connected_to(fd);
}
END_TEST

START_TEST(socks_hands_the_connection_over)
{
	static const uint8_t request[] = {5, 1, 0, 1, 192, 0, 2, 7, 1, 0xBB, 0x16};

	start(0, 0, 0);
	int fd = dial();
	say(fd, "\x05\x02\x00\x01", 4);
	hears(fd, "\x05\x00", 2);
	say(fd, request, sizeof(request));
	hears(fd, "\x05\x00\x00\x01\0\0\0\0\0\0", 10);
	receiver_take(&daemon_end, &taken);
	goes_to("192.0.2.7", 443, "");
	has_prefix("\x16");
	is_connected_to(fd);
}
END_TEST

/* Who asks the system about the proxy is answered only while its end is there. */
START_TEST(the_daemon_closes_the_bridge_first)
{
	start(0, 0, 0);
	int fd = dial();
	says(fd, "CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n");
	receiver_take(&daemon_end, &taken);
	ck_assert(taken.is_held);
	hears_established(fd);
	is_connected_to(fd);
}
END_TEST

START_TEST(socks_names_and_ipv6_are_understood_all_in_one_write)
{
	static const uint8_t six[] = {5, 1, 0, 5, 1, 0, 4, 0x20, 1, 0xD, 0xB8, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 80};

	start(0, 0, 0);
	int fd = dial();
	say(fd, six, sizeof(six));
	hears(fd, "\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0", 12);
	receiver_take(&daemon_end, &taken);
	goes_to("2001:db8::9", 80, "");
	is_connected_to(fd);

	fd = dial();
	say(fd, "\x05\x01\x00\x05\x01\x00\x03\x09localhost\x00\x50", 19);
	hears(fd, "\x05\x00\x05\x00\x00\x01\0\0\0\0\0\0", 12);
	receiver_take(&daemon_end, &taken);
	ck_assert_str_eq(taken.header.authority, "localhost");
	is_connected_to(fd);
}
END_TEST

#define SAYS(text) text, sizeof(text) - 1

static const struct {
	const char *said;
	size_t length;
	const char *answer;
} refused[] = {
    {SAYS("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "HTTP/1.1 400 "},
    {SAYS("GET https://example.com/ HTTP/1.1\r\n\r\n"), "HTTP/1.1 501 "},
    {SAYS("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "HTTP/1.1 505 "},
    {SAYS("CONNECT nowhere HTTP/1.1\r\n\r\n"), "HTTP/1.1 400 "},
    {SAYS("CONNECT " NO_NAME ":443 HTTP/1.1\r\n\r\n"), "HTTP/1.1 502 "},
    {SAYS("GET http://" NO_NAME "/ HTTP/1.1\r\n\r\n"), "HTTP/1.1 502 "},
    {SAYS("\x05\x01\x02"), "\x05\xFF"},
    {SAYS("\x05\x01\x00\x05\x02\x00\x01\xC0\x00\x02\x01\x00\x50"), "\x05"},
    {SAYS("\x16\x03\x01\x02\x00\x01"), ""}, /* a TLS hello */
    {SAYS("\x04\x01\x00\x50\xC0\x00\x02\x01\x00"), ""}, /* SOCKS4 */
};

START_TEST(a_client_that_cannot_be_served_is_told_why)
{
	start(0, 0, 0);
	int fd = dial();
	say(fd, refused[_i].said, refused[_i].length);
	hears_last(fd, refused[_i].answer);
}
END_TEST

static const struct {
	const char *request;
	size_t length;
	uint8_t code;
} socks_refused[] = {
    {SAYS("\x05\x02\x00\x01\xC0\x00\x02\x01\x00\x50"), 7}, /* BIND */
    {SAYS("\x05\x03\x00\x01\xC0\x00\x02\x01\x00\x50"), 7}, /* UDP ASSOCIATE */
    {SAYS("\x05\x01\x00\x09\xC0\x00\x02\x01\x00\x50"), 8},
    {SAYS("\x05\x01\x00\x03\x4A" NO_NAME "\x00\x50"), 4},
};

START_TEST(socks_errors_have_their_codes)
{
	start(0, 0, 0);
	ck_assert_uint_eq(strlen(NO_NAME), 0x4A);
	int fd = dial();
	say(fd, "\x05\x01\x00", 3);
	hears(fd, "\x05\x00", 2);
	say(fd, socks_refused[_i].request, socks_refused[_i].length);
	uint8_t expected[10] = {5, socks_refused[_i].code, 0, 1};
	hears(fd, expected, sizeof(expected));
	hears_last(fd, "");
}
END_TEST

START_TEST(a_head_without_end_is_cut_off)
{
	static char head[70 * 1024];

	memset(head, 'x', sizeof(head));
	memcpy(head, "GET ", 4);
	start(0, 0, 0);
	int fd = dial();
	say(fd, head, sizeof(head));
	hears_last(fd, "HTTP/1.1 431 ");
}
END_TEST

START_TEST(without_a_daemon_the_client_is_told)
{
	receiver_close(&daemon_end);
	receiver_open_absent(&daemon_end);
	start(0, 0, 0);
	int fd = dial();
	says(fd, "CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n");
	hears_last(fd, "HTTP/1.1 503 ");
	fd = dial();
	say(fd, "\x05\x01\x00\x05\x01\x00\x01\xC0\x00\x02\x01\x00\x50", 13);
	hears(fd, "\x05\x00\x05\x01\x00\x01\0\0\0\0\0\0", 12);
	hears_last(fd, "");
}
END_TEST

START_TEST(a_client_that_says_nothing_whole_is_timed_out)
{
	start(0, 50, 0);
	int silent = dial();
	hears_last(silent, "");
	int slow = dial();
	says(slow, "CONNECT 192.0.2.1:443 HT");
	hears_last(slow, "HTTP/1.1 408 ");
}
END_TEST

START_TEST(the_facts_of_the_client_go_along)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&listening;

	start(0, 0, 0);
	int fd = dial();
	says(fd, "CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n");
	receiver_take(&daemon_end, &taken);
	ck_assert(taken.header.has_pid);
	ck_assert_uint_eq(taken.header.pid, 100000u + ntohs(in->sin_port));
	hears_established(fd);
	is_connected_to(fd);
}
END_TEST

/* With one place, the second client waits, however early it spoke. */
START_TEST(more_clients_than_places_wait_their_turn)
{
	start(1, 0, 0);
	int first = dial();
	int second = dial();
	says(second, "CONNECT 192.0.2.2:2 HTTP/1.1\r\n\r\n");
	says(first, "CONNECT 192.0.2.1:1 HTTP/1.1\r\n\r\n");
	receiver_take(&daemon_end, &taken);
	goes_to("192.0.2.1", 1, "");
	hears_established(first);
	is_connected_to(first);
	receiver_take(&daemon_end, &taken);
	goes_to("192.0.2.2", 2, "");
	hears_established(second);
	is_connected_to(second);
}
END_TEST

START_TEST(running_out_of_descriptors_is_survived)
{
	int idle[20];

	start(0, 0, 3);
	for (size_t i = 0; i < ARRAY_LENGTH(idle); i++)
		idle[i] = dial();
	says(idle[0], "GET / HTTP/1.1\r\n\r\n");
	hears_last(idle[0], "HTTP/1.1 400 ");
	for (size_t i = 1; i < ARRAY_LENGTH(idle); i++)
		(void)close(idle[i]);
	int fd = dial();
	says(fd, "CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n");
	receiver_take(&daemon_end, &taken);
	hears_established(fd);
	is_connected_to(fd);
}
END_TEST

/* Names, so that the threads are busy; some clients leave before the answer. */
START_TEST(many_clients_at_once_are_all_served)
{
	enum { CLIENTS = 60 };
	int fds[CLIENTS];

	start(0, 0, 0);
	for (int i = 0; i < CLIENTS; i++) {
		int quitter = dial();
		says(quitter, "CONNECT " NO_NAME ":1 HTTP/1.1\r\n\r\n");
		(void)close(quitter);
		fds[i] = dial();
		says(fds[i], "CONNECT localhost:443 HTTP/1.1\r\n\r\n");
	}
	for (int i = 0; i < CLIENTS; i++) {
		receiver_take(&daemon_end, &taken);
		(void)close(taken.client_fd);
	}
	for (int i = 0; i < CLIENTS; i++)
		hears_last(fds[i], ESTABLISHED);
}
END_TEST

START_TEST(it_stops_in_the_middle_of_everything)
{
	start(0, 0, 0);
	int fd = dial();
	says(fd, "GET / HTTP/1.1\r\n\r\n"); /* it runs, once it answers */
	hears_last(fd, "HTTP/1.1 400 ");
	for (int i = 0; i < 10; i++)
		says(dial(), "CONNECT localhost:443 HTTP/1.1\r\n\r\n");
	says(dial(), "CONNECT unfin");
}
END_TEST

START_TEST(only_loopback_is_listened_on_unless_told)
{
	static const char *const good[] = {"127.0.0.1:0", ":0", "0",
	    "127.255.0.1:0"};
	static const char *const bad[] = {"", ":", "127.0.0.1", "localhost:0",
	    "127.0.0.1:", "127.0.0.1:x", "::1:0", "[::1]", "[::1:0", "1.2.3:0:0"};
	char error[PROXY_ERROR_BYTES], text[PROXY_ADDRESS_BYTES];
	int fd;

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		ck_assert_int_eq(proxy_listen(good[i], false, &fd, error), 0);
		(void)close(fd);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		ck_assert_msg(proxy_listen(bad[i], true, &fd, error) == E_SYNTAX,
		    "%s", bad[i]);
	ck_assert_int_eq(proxy_listen("0.0.0.0:0", false, &fd, error), E_DENIED);
	ck_assert_int_eq(proxy_listen("[::]:0", false, &fd, error), E_DENIED);
	ck_assert_int_eq(proxy_listen("0.0.0.0:0", true, &fd, error), 0);
	ck_assert_int_eq(proxy_listen_address(fd, text), 0);
	ck_assert_int_eq(strncmp(text, "0.0.0.0:", 8), 0);
	ck_assert_int_eq(proxy_listen(text, true, &(int){0}, error), E_SYS);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("proxy");
	TCase *t = tcase_create("running");
	TCase *listen_case = tcase_create("listening");

	tcase_add_checked_fixture(t, setup, stop);
	tcase_add_test(t, connect_hands_the_connection_over_with_what_came_behind);
	tcase_add_test(t, an_ipv6_server_can_be_asked_for_over_ipv4);
	tcase_add_test(t, a_head_may_come_a_byte_at_a_time);
	tcase_add_test(t, a_name_goes_along_with_all_its_addresses);
	tcase_add_test(t, an_absolute_request_arrives_as_the_server_expects_it);
	tcase_add_test(t, a_head_of_63_kib_passes);
	tcase_add_test(t, socks_hands_the_connection_over);
	tcase_add_test(t, the_daemon_closes_the_bridge_first);
	tcase_add_test(t, socks_names_and_ipv6_are_understood_all_in_one_write);
	tcase_add_loop_test(t, a_client_that_cannot_be_served_is_told_why, 0,
	    (int)ARRAY_LENGTH(refused));
	tcase_add_loop_test(t, socks_errors_have_their_codes, 0,
	    (int)ARRAY_LENGTH(socks_refused));
	tcase_add_test(t, a_head_without_end_is_cut_off);
	tcase_add_test(t, without_a_daemon_the_client_is_told);
	tcase_add_test(t, a_client_that_says_nothing_whole_is_timed_out);
	tcase_add_test(t, the_facts_of_the_client_go_along);
	tcase_add_test(t, more_clients_than_places_wait_their_turn);
	tcase_add_test(t, running_out_of_descriptors_is_survived);
	tcase_add_test(t, many_clients_at_once_are_all_served);
	tcase_add_test(t, it_stops_in_the_middle_of_everything);
	suite_add_tcase(s, t);
	tcase_add_test(listen_case, only_loopback_is_listened_on_unless_told);
	suite_add_tcase(s, listen_case);
	return s;
}
