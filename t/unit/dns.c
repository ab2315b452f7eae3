/* SPDX-License-Identifier: ISC */
/* Unit suite of mitm/dns: which question and which answer are one transaction. What
 * messages say is tested in t/unit/dns_message.c. */
#include "mitm/dns.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define SECOND UINT64_C(1000000)
#define QUESTIONS 4u
#define MEMORY_BYTES 65536u

/* Messages: id, flags, counts, question, records. */
#define COUNTS(q, a) "\0" q "\0" a "\0\0\0\0"
#define QUERY "\1\0"
#define ANSWER "\x81\x80"
#define NXDOMAIN "\x81\x83"
#define NAME "\3www\4Test\0"
#define SHOUTED "\3WWW\4tesT\0"
#define OTHER "\3ftp\4Test\0"
#define A_IN "\0\1\0\1"
#define AXFR_IN "\0\xfc\0\1"
#define IXFR_IN "\0\xfb\0\1"
#define ADDRESS(last) "\xc0\x0c" A_IN "\0\0\0\x3c" "\0\4\xc0\0\2" last
#define SOA(serial) "\xc0\x0c\0\6\0\1\0\0\0\x3c\0\x16\0\0" \
	"\0\0\0" serial "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static struct dns_memory memory;
static struct dns *d;
static struct buf out;
static struct sockaddr_storage server, another;
static uint64_t now_us;
static const char *last_protocol;
static char last_class[16];

/* One line a transaction. */
static void
note(void *context, const struct dns_transaction *t)
{
	const struct dns_message *m = t->query != NULL ? t->query : t->response;
	const struct dns_question *q = m->question;

	ck_assert_ptr_eq(context, &out);
	ck_assert_uint_le(t->asked_us, t->answered_us);
	ck_assert_int_eq(buf_printf(&out, "%s %s %s answers=%u/%u bytes=%u "
	    "again=%u %s%s\n", q == NULL ? "?" : (const char *)q->name.data,
	    q == NULL ? "?" : q->type, t->response == NULL ? "-" : t->response->rcode,
	    (unsigned)t->answers, (unsigned)t->response_messages,
	    (unsigned)t->response_bytes, t->retransmissions,
	    t->incomplete == NULL ? "whole" : t->incomplete,
	    t->asked_by == FROM_CLIENT ? "" : " by the server"), 0);
	last_protocol = t->protocol;
	(void)snprintf(last_class, sizeof(last_class), "%s",
	    q == NULL ? "" : q->class_name);
}

static void
set_server(struct sockaddr_storage *a, const char *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)a;

	memset(a, 0, sizeof(*a));
	in->sin_family = AF_INET;
	in->sin_port = htons(53);
	ck_assert_int_eq(inet_pton(AF_INET, address, &in->sin_addr), 1);
}

static void
setup(void)
{
	const struct dns_limits limits = {.questions = QUESTIONS,
	    .timeout_us = 10 * SECOND, .memory = &memory};
	const struct tap_sink sink = {.context = &out, .dns = note};

	buf_init(&out, 65536);
	dns_memory_init(&memory, MEMORY_BYTES);
	d = dns_new(&limits, &sink);
	ck_assert_ptr_nonnull(d);
	set_server(&server, "192.0.2.53");
	set_server(&another, "192.0.2.54");
	now_us = 1000 * SECOND;
}

static void
teardown(void)
{
	dns_free(d);
	ck_assert_uint_eq(memory.bytes, 0);
	ck_assert(TAILQ_EMPTY(&memory.by_time));
	buf_free(&out);
}

static void
check_told(const char *expected)
{
	ck_assert_int_eq(buf_append(&out, "", 1), 0);
	ck_assert_str_eq((const char *)buf_data(&out), expected);
	buf_clear(&out);
}

static void
pass(enum direction direction, const char *bytes, size_t length,
    const struct sockaddr_storage *with)
{
	now_us += 1000;
	ck_assert(dns_datagram(d, direction, (const uint8_t *)bytes, length, with,
	    now_us));
}

#define ASK(text) pass(FROM_CLIENT, text, sizeof(text) - 1, &server)
#define TELL(text) pass(FROM_SERVER, text, sizeof(text) - 1, &server)

START_TEST(a_question_and_its_answer_are_one)
{
	ASK("id" QUERY COUNTS("\1", "\0") NAME A_IN);
	check_told("");
	ck_assert_uint_eq(dns_due_us(d), now_us + 10 * SECOND);
	TELL("id" ANSWER COUNTS("\1", "\1") NAME A_IN ADDRESS("\1"));
	check_told("www.Test A NOERROR answers=1/1 bytes=42 again=0 whole\n");
	ck_assert_uint_eq(dns_due_us(d), 0);
}
END_TEST

START_TEST(answers_come_in_any_order_and_any_case)
{
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	ASK("ab" QUERY COUNTS("\1", "\0") OTHER A_IN); /* the same id */
	ASK("cd" QUERY COUNTS("\1", "\0") NAME A_IN);
	TELL("cd" NXDOMAIN COUNTS("\1", "\0") SHOUTED A_IN);
	TELL("ab" ANSWER COUNTS("\1", "\0") SHOUTED A_IN);
	TELL("ab" ANSWER COUNTS("\1", "\1") OTHER A_IN ADDRESS("\1"));
	check_told("www.Test A NXDOMAIN answers=0/1 bytes=26 again=0 whole\n"
	    "www.Test A NOERROR answers=0/1 bytes=26 again=0 whole\n"
	    "ftp.Test A NOERROR answers=1/1 bytes=42 again=0 whole\n");
}
END_TEST

START_TEST(an_answer_without_question_is_known_by_its_id)
{
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	TELL("ab\x81\x81" COUNTS("\0", "\0"));
	check_told("www.Test A FORMERR answers=0/1 bytes=12 again=0 whole\n");
}
END_TEST

START_TEST(asking_again_is_counted)
{
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	now_us += 5 * SECOND;
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	ck_assert_uint_eq(dns_due_us(d), now_us + 10 * SECOND);
	TELL("ab" ANSWER COUNTS("\1", "\1") NAME A_IN ADDRESS("\1"));
	/* The other one's answer is the same; and one that is not is told. */
	TELL("ab" ANSWER COUNTS("\1", "\1") NAME A_IN ADDRESS("\1"));
	check_told("www.Test A NOERROR answers=1/1 bytes=42 again=1 whole\n");
	TELL("ab" ANSWER COUNTS("\1", "\1") NAME A_IN ADDRESS("\x66"));
	check_told("www.Test A NOERROR answers=1/1 bytes=42 again=0 second_answer\n");
}
END_TEST

START_TEST(who_was_not_asked_does_not_answer)
{
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	pass(FROM_SERVER, "ab" ANSWER COUNTS("\1", "\0") NAME A_IN, 26, &another);
	TELL("cd" ANSWER COUNTS("\1", "\0") NAME A_IN); /* nor with another id */
	TELL("ab" ANSWER COUNTS("\1", "\0") OTHER A_IN);
	/* Nor does the client answer itself. */
	ASK("ab" ANSWER COUNTS("\1", "\0") NAME A_IN);
	check_told("www.Test A NOERROR answers=0/1 bytes=26 again=0 no_query\n"
	    "www.Test A NOERROR answers=0/1 bytes=26 again=0 no_query\n"
	    "ftp.Test A NOERROR answers=0/1 bytes=26 again=0 no_query\n"
	    "www.Test A NOERROR answers=0/1 bytes=26 again=0 no_query by the server\n");
	dns_finish(d, now_us);
	check_told("www.Test A - answers=0/0 bytes=0 again=0 flow_end\n");
}
END_TEST

START_TEST(whom_many_hear_anyone_answers)
{
	set_server(&server, "224.0.0.251");
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	pass(FROM_SERVER, "ab" ANSWER COUNTS("\1", "\0") NAME A_IN, 26, &another);
	check_told("www.Test A NOERROR answers=0/1 bytes=26 again=0 whole\n");
}
END_TEST

static void
set_port(uint16_t port)
{
	((struct sockaddr_in *)&server)->sin_port = htons(port);
	((struct sockaddr_in *)&another)->sin_port = htons(port);
}

/* Id 0; the question asks for an answer to the asker alone, the answer says that it is
 * all there is. */
START_TEST(mdns_has_a_bit_in_the_class)
{
	set_server(&server, "224.0.0.251");
	set_port(5353);
	ASK("\0\0" QUERY COUNTS("\1", "\0") NAME "\0\1\x80\1");
	pass(FROM_SERVER, "\0\0" ANSWER COUNTS("\0", "\1") NAME "\0\1\x80\1"
	    "\0\0\0\x3c\0\4\xc0\0\2\1", 36, &another);
	check_told("www.Test A NOERROR answers=1/1 bytes=36 again=0 whole\n");
	ck_assert_str_eq(last_class, "IN");
	ck_assert_str_eq(last_protocol, "mdns");
	set_port(5355);
	ASK("id" QUERY COUNTS("\1", "\0") NAME "\0\1\x80\1");
	TELL("id" NXDOMAIN COUNTS("\1", "\0") NAME "\0\1\x80\1");
	check_told("www.Test A NXDOMAIN answers=0/1 bytes=26 again=0 whole\n");
	ck_assert_str_eq(last_class, "CLASS32769");
	ck_assert_str_eq(last_protocol, "llmnr");
}
END_TEST

START_TEST(the_server_may_ask)
{
	TELL("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	ASK("ab" ANSWER COUNTS("\1", "\0") NAME A_IN);
	check_told("www.Test A NOERROR answers=0/1 bytes=26 again=0 whole by the server\n");
}
END_TEST

START_TEST(what_nobody_answers_is_told_in_time)
{
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	uint64_t first_us = now_us;
	now_us += SECOND;
	ASK("cd" QUERY COUNTS("\1", "\0") OTHER A_IN);
	dns_expire(d, first_us + 10 * SECOND - 1);
	check_told("");
	dns_expire(d, first_us + 10 * SECOND);
	check_told("www.Test A - answers=0/0 bytes=0 again=0 timeout\n");
	ck_assert_uint_eq(dns_due_us(d), now_us + 10 * SECOND);
	/* Too late. */
	now_us += 60 * SECOND;
	TELL("ab" ANSWER COUNTS("\1", "\0") NAME A_IN);
	check_told("www.Test A NOERROR answers=0/1 bytes=26 again=0 no_query\n");
}
END_TEST

START_TEST(the_oldest_makes_room)
{
	char query[] = "id" QUERY COUNTS("\1", "\0") NAME A_IN;

	for (size_t i = 0; i < QUESTIONS + 1; i++) {
		query[0] = (char)('a' + i);
		pass(FROM_CLIENT, query, sizeof(query) - 1, &server);
	}
	check_told("www.Test A - answers=0/0 bytes=0 again=0 limit\n");
}
END_TEST

/* The oldest of all flows goes, not the oldest of the one that asks. */
START_TEST(what_all_flows_hold_is_bounded)
{
	const struct tap_sink sink = {.context = &out, .dns = note};
	const struct dns_limits limits = {.questions = QUESTIONS,
	    .timeout_us = 10 * SECOND, .memory = &memory};
	struct dns *second = dns_new(&limits, &sink);

	ck_assert_ptr_nonnull(second);
	ASK("ab" QUERY COUNTS("\1", "\0") NAME A_IN);
	memory.limit_bytes = 2 * memory.bytes;
	ASK("cd" QUERY COUNTS("\1", "\0") OTHER A_IN);
	check_told("");
	struct dns *first = d;
	d = second;
	ASK("ef" QUERY COUNTS("\1", "\0") NAME AXFR_IN);
	check_told("www.Test A - answers=0/0 bytes=0 again=0 limit\n");
	d = first;
	ASK("cd" QUERY COUNTS("\1", "\0") OTHER A_IN);
	ASK("gh" QUERY COUNTS("\1", "\0") NAME A_IN);
	check_told("www.Test AXFR - answers=0/0 bytes=0 again=0 limit\n");
	ck_assert_uint_le(memory.bytes, memory.limit_bytes);
	ck_assert_uint_eq(dns_due_us(second), 0);
	dns_free(second);
	dns_finish(d, now_us);
	check_told("ftp.Test A - answers=0/0 bytes=0 again=1 flow_end\n"
	    "www.Test A - answers=0/0 bytes=0 again=0 flow_end\n");
}
END_TEST

START_TEST(what_is_no_message_is_not_taken)
{
	ck_assert(!dns_datagram(d, FROM_CLIENT, (const uint8_t *)"", 0, &server, 1));
	ck_assert(!dns_datagram(d, FROM_CLIENT, (const uint8_t *)"short", 5, &server,
	    1));
	ck_assert(!dns_datagram(d, FROM_SERVER, (const uint8_t *)"ab\x80..", 5, &server,
	    1));
	dns_finish(d, now_us);
	check_told("");
}
END_TEST

/* --- streams --- */

#define FRAMED(length, message) "\0" length message
#define ASKED FRAMED("\x1a", "ab" QUERY COUNTS("\1", "\0") NAME A_IN) \
	FRAMED("\x1a", "cd" QUERY COUNTS("\1", "\0") OTHER A_IN)
#define ANSWERED FRAMED("\x1a", "cd" NXDOMAIN COUNTS("\1", "\0") OTHER A_IN) \
	FRAMED("\x2a", "ab" ANSWER COUNTS("\1", "\1") NAME A_IN ADDRESS("\1"))

static bool
feed(enum direction direction, const char *bytes, size_t length, size_t step)
{
	bool reads = true;

	for (size_t at = 0; reads && at < length; at += step)
		reads = dns_feed(d, direction, (const uint8_t *)bytes + at,
		    length - at < step ? length - at : step, now_us);
	return reads;
}

START_TEST(a_stream_is_read_however_it_is_cut)
{
	for (size_t step = 1; step < sizeof(ASKED); step++) {
		ck_assert(feed(FROM_CLIENT, ASKED, sizeof(ASKED) - 1, step));
		ck_assert(feed(FROM_SERVER, ANSWERED, sizeof(ANSWERED) - 1, step));
		check_told("ftp.Test A NXDOMAIN answers=0/1 bytes=26 again=0 whole\n"
		    "www.Test A NOERROR answers=1/1 bytes=42 again=0 whole\n");
	}
}
END_TEST

START_TEST(a_stream_that_is_no_DNS_ends_the_reading)
{
	ck_assert(feed(FROM_CLIENT, ASKED, sizeof(ASKED) - 1, 100));
	ck_assert(!feed(FROM_SERVER, "\0\3abc", 5, 100));
	check_told("www.Test A - answers=0/0 bytes=0 again=0 flow_end\n"
	    "ftp.Test A - answers=0/0 bytes=0 again=0 flow_end\n");
	ck_assert(!feed(FROM_CLIENT, ASKED, sizeof(ASKED) - 1, 100));
	check_told("");
}
END_TEST

#define STREAM(direction, text) \
	ck_assert(feed(direction, text, sizeof(text) - 1, 65536))
#define ASK_TRANSFER(type) STREAM(FROM_CLIENT, \
	FRAMED("\x1a", "ab" QUERY COUNTS("\1", "\0") NAME type))

START_TEST(a_transfer_is_one)
{
	ASK_TRANSFER(AXFR_IN);
	STREAM(FROM_SERVER, FRAMED("\x3c", "ab" ANSWER COUNTS("\1", "\1") NAME AXFR_IN
	    SOA("\7")));
	STREAM(FROM_SERVER, FRAMED("\x2a", "ab" ANSWER COUNTS("\1", "\1") NAME AXFR_IN
	    ADDRESS("\1")));
	check_told("");
	STREAM(FROM_SERVER, FRAMED("\x4c", "ab" ANSWER COUNTS("\1", "\2") NAME AXFR_IN
	    ADDRESS("\2") SOA("\7")));
	check_told("www.Test AXFR NOERROR answers=4/3 bytes=178 again=0 whole\n");
}
END_TEST

START_TEST(a_transfer_of_nothing_is_whole)
{
	ASK_TRANSFER(IXFR_IN);
	STREAM(FROM_SERVER, FRAMED("\x3c", "ab" ANSWER COUNTS("\1", "\1") NAME IXFR_IN
	    SOA("\7")));
	check_told("www.Test IXFR NOERROR answers=1/1 bytes=60 again=0 whole\n");
	ASK_TRANSFER(AXFR_IN);
	STREAM(FROM_SERVER, FRAMED("\x1a", "ab\x81\x85" COUNTS("\1", "\0") NAME AXFR_IN));
	check_told("www.Test AXFR REFUSED answers=0/1 bytes=26 again=0 whole\n");
}
END_TEST

START_TEST(a_transfer_that_is_cut_says_so)
{
	ASK_TRANSFER(AXFR_IN);
	STREAM(FROM_SERVER, FRAMED("\x3c", "ab" ANSWER COUNTS("\1", "\1") NAME AXFR_IN
	    SOA("\7")));
	dns_finish(d, now_us);
	check_told("www.Test AXFR NOERROR answers=1/1 bytes=60 again=0 cut_transfer\n");
}
END_TEST

START_TEST(a_transfer_that_begins_with_nothing_is_followed_no_further)
{
	ASK_TRANSFER(AXFR_IN);
	/* An answer is said to be there, and is not. */
	STREAM(FROM_SERVER, FRAMED("\x1a", "ab" ANSWER COUNTS("\1", "\1") NAME AXFR_IN));
	check_told("");
	STREAM(FROM_SERVER, FRAMED("\x3c", "ab" ANSWER COUNTS("\1", "\1") NAME AXFR_IN
	    SOA("\7")));
	check_told("www.Test AXFR NOERROR answers=2/2 bytes=86 again=0 whole\n");
}
END_TEST

START_TEST(the_corpus_keeps_the_invariants)
{
	ck_assert_uint_gt(corpus_run("dns"), 0);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("dns");
	TCase *t = tcase_create("dns");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_question_and_its_answer_are_one);
	tcase_add_test(t, answers_come_in_any_order_and_any_case);
	tcase_add_test(t, an_answer_without_question_is_known_by_its_id);
	tcase_add_test(t, asking_again_is_counted);
	tcase_add_test(t, who_was_not_asked_does_not_answer);
	tcase_add_test(t, whom_many_hear_anyone_answers);
	tcase_add_test(t, mdns_has_a_bit_in_the_class);
	tcase_add_test(t, the_server_may_ask);
	tcase_add_test(t, what_nobody_answers_is_told_in_time);
	tcase_add_test(t, the_oldest_makes_room);
	tcase_add_test(t, what_all_flows_hold_is_bounded);
	tcase_add_test(t, what_is_no_message_is_not_taken);
	tcase_add_test(t, a_stream_is_read_however_it_is_cut);
	tcase_add_test(t, a_stream_that_is_no_DNS_ends_the_reading);
	tcase_add_test(t, a_transfer_is_one);
	tcase_add_test(t, a_transfer_of_nothing_is_whole);
	tcase_add_test(t, a_transfer_that_is_cut_says_so);
	tcase_add_test(t, a_transfer_that_begins_with_nothing_is_followed_no_further);
	tcase_add_test(t, the_corpus_keeps_the_invariants);
	suite_add_tcase(s, t);
	return s;
}
