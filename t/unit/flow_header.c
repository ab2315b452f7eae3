/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of extension-bridge/flow_header: what a forwarder writes is what a
 * worker reads, and every malformed header has its error.
 */
#include "extension-bridge/flow_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/err.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define FIXED 16u
#define FIRST_TLV 28u /* of an IPv4 header */

static struct sockaddr_storage
address(const char *text, uint16_t port)
{
	struct sockaddr_storage a = {.ss_family = AF_INET};
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_port = htons(port);
		return a;
	}
	memset(&a, 0, sizeof(a));
	a.ss_family = AF_INET6;
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	in6->sin6_port = htons(port);
	return a;
}

static struct flow_header
example(void)
{
	struct flow_header h = {
	    .transport = FLOW_STREAM,
	    .source = address("192.0.2.10", 50412),
	    .destination = address("198.51.100.7", 443),
	    .authority = "www.example.com",
	    .has_pid = true,
	    .pid = 4711,
	    .has_uid = true,
	    .uid = 501,
	    .executable = "/usr/bin/curl",
	    .forwarder = "macos",
	};
	return h;
}

static size_t
written(const struct flow_header *h, uint8_t bytes[FLOW_HEADER_BYTES_MAX])
{
	int length = flow_header_write(h, bytes, FLOW_HEADER_BYTES_MAX);

	ck_assert_int_gt(length, 0);
	return (size_t)length;
}

/* A minimal IPv4 header with `length` bytes of TLVs behind it. */
static int
parse_with_tlvs(const void *tlvs, size_t length, struct flow_header *out)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX + 64];
	struct flow_header h = {.source = address("192.0.2.1", 1),
	    .destination = address("192.0.2.2", 2)};

	(void)written(&h, bytes);
	memcpy(bytes + FIRST_TLV, tlvs, length);
	bytes[14] = (uint8_t)((12 + length) >> 8);
	bytes[15] = (uint8_t)(12 + length);
	(void)LLVMFuzzerTestOneInput(bytes, FIRST_TLV + length);
	return flow_header_parse(bytes, FIRST_TLV + length, out);
}

/* Lays the bytes out as PROTOCOL.md shows them. */
static char *
hex_dump(const uint8_t *bytes, size_t length)
{
	char *text = calloc(length + 16, 5);
	char *p = text;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < length; i += 16) {
		p += sprintf(p, "%04zx ", i);
		for (size_t j = i; j < i + 16 && j < length; j++)
			p += sprintf(p, " %02x", bytes[j]);
		*p++ = '\n';
	}
	return text;
}

START_TEST(the_example_in_the_standard_is_what_the_code_writes)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header h = example();
	size_t page_length;

	char *dump = hex_dump(bytes, written(&h, bytes));
	char *page = corpus_read("extension-bridge/PROTOCOL.md", &page_length);
	ck_assert_msg(strstr(page, dump) != NULL, "PROTOCOL.md lacks:\n%s", dump);
	free(page);
	free(dump);
}
END_TEST

START_TEST(every_field_survives_the_bridge)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header h = example(), out;

	h.alternate_count = 2;
	h.alternates[0] = address("2001:db8::7", 443);
	h.alternates[1] = address("198.51.100.8", 8443);
	memcpy(h.unique_id, "\0id", 3);
	h.unique_id_length = 3;
	strcpy(h.signing_id, "com.example.tool");
	strcpy(h.team_id, "ABCDE12345");
	h.prefix_bytes = 517;
	h.has_audit_token = true;
	memcpy(h.audit_token, "\0 thirty-two bytes that are opaque", 32);
	h.interface = 7;

	size_t length = written(&h, bytes);
	ck_assert_int_eq(flow_header_parse(bytes, length, &out), (int)length);
	ck_assert_uint_eq(out.version, FLOW_PROTOCOL_VERSION);
	ck_assert_mem_eq(&out.source, &h.source, sizeof(h.source));
	ck_assert_mem_eq(&out.destination, &h.destination, sizeof(h.source));
	ck_assert_uint_eq(out.alternate_count, 2);
	ck_assert_mem_eq(out.alternates, h.alternates, sizeof(h.alternates));
	ck_assert_mem_eq(out.unique_id, "\0id", 3);
	ck_assert_uint_eq(out.unique_id_length, 3);
	ck_assert(out.has_pid && out.pid == 4711);
	ck_assert(out.has_uid && out.uid == 501);
	ck_assert_str_eq(out.authority, "www.example.com");
	ck_assert_str_eq(out.executable, "/usr/bin/curl");
	ck_assert_str_eq(out.signing_id, "com.example.tool");
	ck_assert_str_eq(out.team_id, "ABCDE12345");
	ck_assert_str_eq(out.forwarder, "macos");
	ck_assert_uint_eq(out.prefix_bytes, 517);
	ck_assert(out.has_audit_token);
	ck_assert_mem_eq(out.audit_token, h.audit_token, sizeof(h.audit_token));
	ck_assert_uint_eq(out.interface, 7);
	(void)LLVMFuzzerTestOneInput(bytes, length);
}
END_TEST

START_TEST(absent_fields_read_as_absent)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header out;

	memset(&out, 0xFF, sizeof(out));
	struct flow_header h = {.source = address("::1", 1),
	    .destination = address("::1", 2)};
	size_t length = written(&h, bytes);
	ck_assert_int_eq(flow_header_parse(bytes, length, &out), (int)length);
	ck_assert(!out.has_pid && !out.has_uid && !out.has_audit_token);
	ck_assert_str_eq(out.authority, "");
	ck_assert_str_eq(out.forwarder, "");
	ck_assert_uint_eq(out.unique_id_length + out.alternate_count, 0);
	ck_assert_uint_eq(out.prefix_bytes, 0);
	ck_assert_uint_eq(out.interface, 0);
}
END_TEST

/* On another interface the same address is another machine's. */
START_TEST(link_local_addresses_are_of_the_interface)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header out;
	struct flow_header h = {.source = address("fe80::2", 1),
	    .destination = address("fe80::1", 53), .alternate_count = 2,
	    .alternates = {address("2001:db8::1", 53), address("fe80::3", 53)},
	    .interface = 4};

	size_t length = written(&h, bytes);
	ck_assert_int_eq(flow_header_parse(bytes, length, &out), (int)length);
	ck_assert_uint_eq(endpoint_scope_of(&out.destination), 4);
	ck_assert_uint_eq(endpoint_scope_of(&out.alternates[1]), 4);
	ck_assert_mem_eq(&out.alternates[0], &h.alternates[0], sizeof(h.source));
	ck_assert_mem_eq(&out.source, &h.source, sizeof(h.source));
	(void)LLVMFuzzerTestOneInput(bytes, length);
}
END_TEST

START_TEST(two_families_meet_in_one_header)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header out;
	struct flow_header h = {.transport = FLOW_DATAGRAM,
	    .source = address("127.0.0.1", 40000),
	    .destination = address("2001:db8::1", 53)};

	size_t length = written(&h, bytes);
	ck_assert_uint_eq(bytes[13], 0x22);
	ck_assert_int_eq(flow_header_parse(bytes, length, &out), (int)length);
	ck_assert_int_eq(out.transport, FLOW_DATAGRAM);
	ck_assert_mem_eq(&out.source, &h.source, sizeof(h.source));
	ck_assert_mem_eq(&out.destination, &h.destination, sizeof(h.source));
}
END_TEST

START_TEST(the_fullest_header_fits)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header out, h = example();

	h.source = address("2001:db8::1", 1);
	memset(h.authority, 'a', sizeof(h.authority) - 1);
	memset(h.executable, 'b', sizeof(h.executable) - 1);
	memset(h.signing_id, 'c', sizeof(h.signing_id) - 1);
	memset(h.team_id, 'd', sizeof(h.team_id) - 1);
	memset(h.forwarder, 'e', sizeof(h.forwarder) - 1);
	h.unique_id_length = sizeof(h.unique_id);
	h.prefix_bytes = FLOW_PREFIX_BYTES_MAX;
	h.has_audit_token = true;
	h.interface = UINT32_MAX;
	h.alternate_count = FLOW_ALTERNATES_MAX;
	for (size_t i = 0; i < h.alternate_count; i++)
		h.alternates[i] = address("2001:db8::2", 443);

	size_t length = written(&h, bytes);
	ck_assert_int_eq(flow_header_parse(bytes, length, &out), (int)length);
	ck_assert_str_eq(out.executable, h.executable);
	(void)LLVMFuzzerTestOneInput(bytes, length);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header h = example();

	h.destination.ss_family = AF_UNIX;
	ck_assert_int_eq(flow_header_write(&h, bytes, sizeof(bytes)), E_RANGE);
	h = example();
	h.alternate_count = 1; /* of no family */
	ck_assert_int_eq(flow_header_write(&h, bytes, sizeof(bytes)), E_RANGE);
	h = example();
	h.alternate_count = FLOW_ALTERNATES_MAX + 1;
	ck_assert_int_eq(flow_header_write(&h, bytes, sizeof(bytes)), E_RANGE);
	h = example();
	h.prefix_bytes = FLOW_PREFIX_BYTES_MAX + 1;
	ck_assert_int_eq(flow_header_write(&h, bytes, sizeof(bytes)), E_RANGE);
	h = example();
	ck_assert_int_eq(flow_header_write(&h, bytes, 40), E_FULL);
}
END_TEST

/* One byte of a good header, changed, and what that must give. */
static const struct {
	size_t offset;
	uint8_t value;
	int error;
} changed_bytes[] = {
    {0, 0x0E, E_SYNTAX},   /* not the signature */
    {11, 0x00, E_SYNTAX},
    {12, 0x11, E_SYNTAX},  /* PROXY protocol version 1 in binary */
    {12, 0x20, E_VERSION}, /* LOCAL */
    {12, 0x22, E_VERSION}, /* no such command */
    {13, 0x00, E_VERSION}, /* UNSPEC */
    {13, 0x10, E_VERSION}, /* IPv4, transport unknown */
    {13, 0x13, E_VERSION},
    {13, 0x31, E_VERSION}, /* UNIX */
    {14, 0x10, E_LIMIT},   /* 16 + 4096 and more */
    {14, 0xFF, E_LIMIT},
    {15, 11, E_SYNTAX},    /* the addresses do not fit */
    {15, 0, E_SYNTAX},
    {15, 14, E_SYNTAX},    /* a TLV is cut */
};

START_TEST(a_changed_byte_has_its_error)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX];
	struct flow_header h = example(), out;

	size_t length = written(&h, bytes);
	bytes[changed_bytes[_i].offset] = changed_bytes[_i].value;
	ck_assert_int_eq(flow_header_parse(bytes, length, &out),
	    changed_bytes[_i].error);
	ck_assert_int_eq(flow_header_parse(bytes, length > FIXED ? length : FIXED,
	    &out), changed_bytes[_i].error);
	(void)LLVMFuzzerTestOneInput(bytes, length);
}
END_TEST

#define TLVS(text) text, sizeof(text) - 1
#define TOKEN "0123456789abcdef0123456789abcdef"

static const struct {
	const char *bytes;
	size_t length;
	int error; /* 0: the header is good */
} hostile_tlvs[] = {
    {TLVS(""), 0},
    {TLVS("\x04\x00\x00"), 0},                  /* NOOP */
    {TLVS("\xEF\x00\x02zz\xEF\x00\x00"), 0},    /* unknown, and twice */
    {TLVS("\x20\x00\x05\x01\x00\x00\x00\x00"), 0}, /* SSL */
    {TLVS("\x02\x00\x00"), 0},                  /* an empty name is none */
    {TLVS("\x02"), E_SYNTAX},
    {TLVS("\x02\x00"), E_SYNTAX},
    {TLVS("\x02\x00\x01"), E_SYNTAX},           /* beyond the end */
    {TLVS("\x02\xFF\xFF" "a"), E_SYNTAX},
    {TLVS("\xEF\xFF\xFF"), E_SYNTAX},           /* unknown must fit too */
    {TLVS("\x02\x00\x03" "a\0b"), E_SYNTAX},    /* NUL in a text */
    {TLVS("\x02\x00\x01" "a\x02\x00\x01" "b"), E_SYNTAX}, /* two names */
    {TLVS("\xE0\x00\x01\x01"), E_SYNTAX},
    {TLVS("\xE0\x00\x02\x00\x00"), E_VERSION},
    {TLVS("\xE0\x00\x02\x00\x02"), E_VERSION},
    {TLVS("\xE1\x00\x02\x00\x01"), E_SYNTAX},
    {TLVS("\xE1\x00\x04\x00\x00\x00\x01"), 0},
    {TLVS("\xE1\x00\x04\x00\x00\x00\x01\xE1\x00\x04\x00\x00\x00\x02"), E_SYNTAX},
    {TLVS("\xE2\x00\x05\x00\x00\x00\x01\x00"), E_SYNTAX},
    {TLVS("\xE6\x00\x40"
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
	E_LIMIT},
    {TLVS("\xE7\x00\x00"), E_SYNTAX},
    {TLVS("\xE7\x00\x07\x05" "abcd\x00\x50"), E_SYNTAX}, /* family 5 */
    {TLVS("\xE7\x00\x07\x04" "abcd\x00\x50"), 0},
    {TLVS("\xE7\x00\x07\x06" "abcd\x00\x50"), E_SYNTAX}, /* too short for 6 */
    {TLVS("\xE7\x00\x08\x04" "abcd\x00\x50\x00"), E_SYNTAX},
    {TLVS("\xE8\x00\x04\x00\x01\x00\x00"), 0},
    {TLVS("\xEA\x00\x04\x00\x00\x00\x00"), 0},
    {TLVS("\xEA\x00\x04\xFF\xFF\xFF\xFF"), 0},
    {TLVS("\xEA\x00\x02\x00\x04"), E_SYNTAX},
    {TLVS("\xEA\x00\x04\x00\x00\x00\x01\xEA\x00\x04\x00\x00\x00\x01"), E_SYNTAX},
    {TLVS("\xE8\x00\x04\x00\x01\x00\x01"), E_LIMIT},
    {TLVS("\xE8\x00\x04\xFF\xFF\xFF\xFF"), E_LIMIT},
    {TLVS("\xE9\x00\x20" TOKEN), 0},
    {TLVS("\xE9\x00\x1F" TOKEN), E_SYNTAX},
    {TLVS("\xE9\x00\x21" TOKEN "x"), E_SYNTAX},
    {TLVS("\xE9\x00\x00"), E_SYNTAX},
    {TLVS("\xE9\x00\x20" TOKEN "\xE9\x00\x20" TOKEN), E_SYNTAX},
    {TLVS("\x03\x00\x04\x00\x00\x00\x00"), E_CORRUPT}, /* a wrong checksum */
    {TLVS("\x03\x00\x03\x00\x00\x00"), E_SYNTAX},
};

START_TEST(hostile_tlvs_have_their_error)
{
	struct flow_header out;

	int used = parse_with_tlvs(hostile_tlvs[_i].bytes,
	    hostile_tlvs[_i].length, &out);
	if (hostile_tlvs[_i].error == 0)
		ck_assert_int_eq(used, (int)(FIRST_TLV + hostile_tlvs[_i].length));
	else
		ck_assert_int_eq(used, hostile_tlvs[_i].error);
}
END_TEST

START_TEST(a_ninth_alternate_is_too_many)
{
	static const uint8_t one[10] = {0xE7, 0, 7, 4, 192, 0, 2, 9, 0, 80};
	uint8_t tlvs[sizeof(one) * (FLOW_ALTERNATES_MAX + 1)];
	struct flow_header out;

	for (size_t i = 0; i <= FLOW_ALTERNATES_MAX; i++)
		memcpy(tlvs + i * sizeof(one), one, sizeof(one));
	ck_assert_int_gt(parse_with_tlvs(tlvs, sizeof(tlvs) - sizeof(one), &out),
	    0);
	ck_assert_int_eq(parse_with_tlvs(tlvs, sizeof(tlvs), &out), E_LIMIT);
}
END_TEST

START_TEST(a_header_of_4096_bytes_is_read_and_one_more_is_not)
{
	uint8_t tlvs[FLOW_HEADER_BYTES_MAX - FIRST_TLV + 1] = {0xEF};
	struct flow_header out;
	size_t length = sizeof(tlvs) - 1;

	tlvs[1] = (uint8_t)((length - 3) >> 8);
	tlvs[2] = (uint8_t)(length - 3);
	ck_assert_int_eq(parse_with_tlvs(tlvs, length, &out),
	    (int)FLOW_HEADER_BYTES_MAX);
	ck_assert_int_eq(parse_with_tlvs(tlvs, length + 1, &out), E_LIMIT);
}
END_TEST

/* The header was made by hand; its checksum by the polynomial's definition in
 * another program: 12 bytes of addresses and the one TLV. */
START_TEST(a_right_checksum_is_accepted_and_a_changed_header_is_not)
{
	uint8_t bytes[] = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55,
	    0x49, 0x54, 0x0A, 0x21, 0x11, 0x00, 0x13, 192, 0, 2, 1, 192, 0, 2, 2,
	    0x00, 0x50, 0x01, 0xBB, 0x03, 0x00, 0x04, 0x76, 0x5D, 0xBE, 0xEA};
	struct flow_header out;

	ck_assert_int_eq(flow_header_parse(bytes, sizeof(bytes), &out),
	    (int)sizeof(bytes));
	bytes[19] = 3;
	ck_assert_int_eq(flow_header_parse(bytes, sizeof(bytes), &out), E_CORRUPT);
}
END_TEST

START_TEST(what_follows_the_header_is_left_alone)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX + 5];
	struct flow_header h = example(), out;

	size_t length = written(&h, bytes);
	memcpy(bytes + length, "GET /", 5);
	ck_assert_int_eq(flow_header_parse(bytes, length + 5, &out), (int)length);
}
END_TEST

START_TEST(datagram_frames_survive_the_bridge)
{
	uint8_t frame[FLOW_DATAGRAM_HEADER_MAX + 4];
	struct flow_datagram out;
	struct flow_datagram d = {.address = address(
	    _i == 0 ? "192.0.2.53" : "2001:db8::53", 53), .length = 4};

	int head = flow_datagram_write(&d, frame);
	ck_assert_int_eq(head, _i == 0 ? 9 : 21);
	memcpy(frame + head, "\0dns", 4);
	ck_assert_int_eq(flow_datagram_parse(frame, (size_t)head + 4, &out),
	    head + 4);
	ck_assert_mem_eq(&out.address, &d.address, sizeof(d.address));
	ck_assert_mem_eq(out.payload, "\0dns", 4);
	for (size_t cut = 0; cut < (size_t)head + 4; cut++)
		ck_assert_int_eq(flow_datagram_parse(frame, cut, &out), E_MORE);
}
END_TEST

START_TEST(datagram_frames_of_no_family_or_too_long_are_refused)
{
	uint8_t frame[FLOW_DATAGRAM_HEADER_MAX] = {0, 0, 5};
	struct flow_datagram d = {.length = 65536};

	ck_assert_int_eq(flow_datagram_parse(frame, sizeof(frame), &d), E_SYNTAX);
	ck_assert_int_eq(flow_datagram_write(&d, frame), E_RANGE);
	d.address = address("::1", 53);
	d.length = 65536;
	ck_assert_int_eq(flow_datagram_write(&d, frame), E_RANGE);
	d.length = 65535;
	ck_assert_int_eq(flow_datagram_write(&d, frame), 21);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("flow_header"), 5);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("flow_header");
	TCase *t = tcase_create("header");

	tcase_add_test(t, the_example_in_the_standard_is_what_the_code_writes);
	tcase_add_test(t, every_field_survives_the_bridge);
	tcase_add_test(t, absent_fields_read_as_absent);
	tcase_add_test(t, two_families_meet_in_one_header);
	tcase_add_test(t, link_local_addresses_are_of_the_interface);
	tcase_add_test(t, the_fullest_header_fits);
	tcase_add_test(t, what_cannot_be_written_is_refused);
	tcase_add_loop_test(t, a_changed_byte_has_its_error, 0,
	    (int)ARRAY_LENGTH(changed_bytes));
	tcase_add_loop_test(t, hostile_tlvs_have_their_error, 0,
	    (int)ARRAY_LENGTH(hostile_tlvs));
	tcase_add_test(t, a_ninth_alternate_is_too_many);
	tcase_add_test(t, a_header_of_4096_bytes_is_read_and_one_more_is_not);
	tcase_add_test(t, a_right_checksum_is_accepted_and_a_changed_header_is_not);
	tcase_add_test(t, what_follows_the_header_is_left_alone);
	tcase_add_loop_test(t, datagram_frames_survive_the_bridge, 0, 2);
	tcase_add_test(t, datagram_frames_of_no_family_or_too_long_are_refused);
	tcase_add_test(t, the_corpus_holds);
	suite_add_tcase(s, t);
	return s;
}
