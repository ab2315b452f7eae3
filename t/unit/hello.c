/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of mitm/hello: what real clients sent (t/corpus/capture-hello), and
 * hellos built here for what they do not send. Each goes through the fuzz
 * target too, which cuts it at every point and into records of one byte.
 */
#include "mitm/hello.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/ssl.h>

#include "base/buf.h"
#include "base/err.h"
#include "mitm/offer.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

/* --- building hellos --- */

static void
put(struct buf *b, const void *bytes, size_t length)
{
	ck_assert_int_eq(buf_append(b, bytes, length), 0);
}

static void
put16(struct buf *b, size_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
	put(b, bytes, 2);
}

static void
put_extension(struct buf *b, unsigned type, const void *bytes, size_t length)
{
	put16(b, type);
	put16(b, length);
	put(b, bytes, length);
}

static void
put_server_name(struct buf *b, const char *name, size_t length)
{
	struct buf ext;

	buf_init(&ext, 4096);
	put16(&ext, length + 3);
	put(&ext, "", 1);
	put16(&ext, length);
	put(&ext, name, length);
	put_extension(b, 0, buf_data(&ext), buf_length(&ext));
	buf_free(&ext);
}

/* The handshake message with the given extensions (NULL: no extension block)
 * and one cipher suite. */
static void
put_message(struct buf *out, uint16_t suite, const struct buf *extensions)
{
	static const uint8_t random[32];
	struct buf body;

	buf_init(&body, 1 << 20);
	put16(&body, 0x0303);
	put(&body, random, sizeof(random));
	put(&body, "\004abcd", 5);
	put16(&body, 2);
	put16(&body, suite);
	put(&body, "\001\000", 2);
	if (extensions != NULL) {
		put16(&body, buf_length(extensions));
		put(&body, buf_data(extensions), buf_length(extensions));
	}
	put(out, "\001\000", 2);
	put16(out, buf_length(&body));
	put(out, buf_data(&body), buf_length(&body));
	buf_free(&body);
}

static void
put_records(struct buf *out, const struct buf *message, size_t step)
{
	for (size_t at = 0; at < buf_length(message); at += step) {
		size_t left = buf_length(message) - at;
		put(out, "\026\003\001", 3);
		put16(out, left < step ? left : step);
		put(out, buf_data(message) + at, left < step ? left : step);
	}
}

static int
parse(uint16_t suite, const struct buf *extensions, size_t step,
    struct hello *out)
{
	struct buf message, records;

	buf_init(&message, 1 << 20);
	buf_init(&records, 1 << 20);
	put_message(&message, suite, extensions);
	put_records(&records, &message, step);
	(void)LLVMFuzzerTestOneInput(buf_data(&records), buf_length(&records));
	int result = hello_parse(buf_data(&records), buf_length(&records), out);
	if (result > 0)
		ck_assert_uint_eq((size_t)result, buf_length(&records));
	buf_free(&message);
	buf_free(&records);
	return result;
}

static struct hello
parse_name(const char *name, size_t length)
{
	struct hello h;
	struct buf ext;

	buf_init(&ext, 1 << 16);
	put_server_name(&ext, name, length);
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	buf_free(&ext);
	return h;
}

static struct hello
from_client(const char *client)
{
	struct hello h;
	char path[128];
	size_t length;

	(void)snprintf(path, sizeof(path), "t/corpus/hello/%s", client);
	char *bytes = corpus_read(path, &length);
	ck_assert_int_eq(hello_sniff((uint8_t *)bytes, length), 1);
	ck_assert_int_eq(hello_parse((uint8_t *)bytes, length, &h), (int)length);
	free(bytes);
	return h;
}

/* --- real clients --- */

START_TEST(every_captured_hello_reads_the_same_however_it_is_cut)
{
	ck_assert_uint_ge(corpus_run("hello"), 13);
}
END_TEST

/* In any version. */
static struct hello_keys
takes(const struct hello *h)
{
	return (struct hello_keys){h->keys_tls12.ecdsa || h->keys_tls13.ecdsa,
	    h->keys_tls12.rsa || h->keys_tls13.rsa};
}

static const struct {
	const char *client, *name, *first_alpn;
	uint16_t highest;
	bool ecdsa, rsa, pha;
	uint16_t suites, extensions, groups, schemes;
} captured[] = {
	{"openssl", "www.example.com", NULL, 0x0304, true, true, false,
	    31, 10, 10, 20},
	{"openssl-12", "www.example.com", NULL, 0x0303, true, true, false,
	    28, 7, 5, 20},
	{"openssl-nosni", "", "h2", 0x0304, true, true, false,
	    31, 10, 10, 20},
	{"openssl-ecdsa", "", NULL, 0x0303, true, false, false,
	    2, 6, 5, 1},
	{"openssl-pha", "", NULL, 0x0304, true, true, true,
	    31, 10, 10, 20},
	{"curl-h2", "curl.example", "h2", 0x0304, true, true, true,
	    31, 12, 10, 20},
	{"curl-h1", "curl.example", "http/1.1", 0x0304, true, true, true,
	    31, 12, 10, 20},
	{"curl-address", "", "h2", 0x0304, true, true, true,
	    31, 11, 10, 20},
	{"wget", "localhost", NULL, 0x0304, true, true, true,
	    29, 13, 10, 16},
	{"gnutls", "gnutls.example", "h2", 0x0304, true, true, false,
	    29, 14, 10, 16},
	{"python", "python.example", NULL, 0x0304, true, true, false,
	    18, 11, 10, 20},
	{"node", "node.example", "h2", 0x0304, true, true, false,
	    59, 11, 10, 20},
	{"chromium", "chromium.example", "h2", 0x0304, true, true, false,
	    15, 17, 4, 11},
};

START_TEST(real_clients_say_what_they_offer)
{
	struct hello h = from_client(captured[_i].client);

	ck_assert_str_eq(h.server_name, captured[_i].name);
	ck_assert(!h.server_name_unusable);
	ck_assert_uint_eq(h.legacy_version, 0x0303);
	ck_assert_uint_eq(h.highest_version, captured[_i].highest);
	ck_assert(h.offers_tls13 == (captured[_i].highest == 0x0304));
	ck_assert(h.offers_tls12);
	ck_assert(h.has_alpn == (captured[_i].first_alpn != NULL));
	ck_assert(h.alpn_count == 0 || captured[_i].first_alpn != NULL);
	if (h.has_alpn)
		ck_assert_str_eq(h.alpn[0], captured[_i].first_alpn);
	ck_assert(takes(&h).ecdsa == captured[_i].ecdsa);
	ck_assert(takes(&h).rsa == captured[_i].rsa);
	ck_assert(h.post_handshake_auth == captured[_i].pha);
	ck_assert_uint_eq(h.suites.count, captured[_i].suites);
	ck_assert_uint_eq(h.extensions.count, captured[_i].extensions);
	ck_assert_uint_eq(h.groups.count, captured[_i].groups);
	ck_assert_uint_eq(h.schemes.count, captured[_i].schemes);
	/* Of these only Chromium adds grease, an ECH of grease among it. */
	bool chromium = strcmp(captured[_i].client, "chromium") == 0;
	ck_assert(h.grease == chromium && h.encrypted_client_hello == chromium);
	ck_assert(!h.early_data && !h.offers_cut);
}
END_TEST

/* --- server_name --- */

START_TEST(a_name_is_lower_case_without_its_final_dot)
{
	ck_assert_str_eq(parse_name("WWW.Example.COM.", 16).server_name,
	    "www.example.com");
	ck_assert_str_eq(parse_name("_dmarc.\xc3\xa9.example", 17).server_name,
	    "_dmarc.\xc3\xa9.example");
	ck_assert_str_eq(parse_name("192.0.2.1", 9).server_name, "192.0.2.1");
}
END_TEST

START_TEST(a_name_that_is_none_is_flagged_and_the_rest_still_read)
{
	char longest[300];

	memset(longest, 'a', sizeof(longest));
	ck_assert(parse_name("a\0b", 3).server_name_unusable);
	ck_assert(parse_name("a b", 3).server_name_unusable);
	ck_assert(parse_name("a\x7f", 2).server_name_unusable);
	ck_assert(parse_name("", 0).server_name_unusable);
	ck_assert(parse_name(".", 1).server_name_unusable);
	ck_assert(parse_name(longest, 256).server_name_unusable);
	ck_assert_str_eq(parse_name("a\nb", 3).server_name, "");
	ck_assert_uint_eq(strlen(parse_name(longest, 255).server_name), 255);
}
END_TEST

START_TEST(the_first_host_name_counts_and_other_name_types_do_not)
{
	static const uint8_t list[] = {0, 16, 9, 0, 1, 'x', 0, 0, 3, 'o', 'n', 'e',
	    0, 0, 3, 't', 'w', 'o'};
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 0, list, sizeof(list));
	put_server_name(&ext, "three", 5);
	ck_assert_int_gt(parse(0xc02b, &ext, 7, &h), 0);
	ck_assert_str_eq(h.server_name, "one");
	buf_free(&ext);
}
END_TEST

/* --- the rest --- */

START_TEST(grease_is_left_out)
{
	static const uint8_t versions[] = {6, 0xfa, 0xfa, 3, 4, 3, 3};
	static const uint8_t alpn[] = {0, 6, 2, 0x1a, 0x1a, 2, 'h', '2'};
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 0x4a4a, "", 0);
	put_extension(&ext, 43, versions, sizeof(versions));
	put_extension(&ext, 16, alpn, sizeof(alpn));
	put_extension(&ext, 0xfe0d, "anything", 8);
	put_extension(&ext, 42, "", 0);
	put_extension(&ext, 0xdada, "\0", 1);
	ck_assert_int_gt(parse(0x8a8a, &ext, 100, &h), 0);
	ck_assert_uint_eq(h.highest_version, 0x0304);
	ck_assert_uint_eq(h.alpn_count, 1);
	ck_assert_str_eq(h.alpn[0], "h2");
	ck_assert(h.encrypted_client_hello && h.early_data);
	buf_free(&ext);
}
END_TEST

/* The id in these hellos is four bytes: a session's, unless TLS 1.3 is offered. */
START_TEST(a_session_to_go_on_with_is_seen)
{
	static const uint8_t versions[] = {4, 3, 4, 3, 3};
	static const struct {
		bool tls13;
		unsigned type; /* 0: none */
		size_t length;
		bool has_session, tickets, ems;
	} rows[] = {
		{false, 0, 0, true, false, false},
		{true, 0, 0, false, false, false},
		{true, 35, 0, false, true, false},
		{true, 35, 10, true, true, false},
		{true, 41, 10, true, false, false},
		{true, 23, 0, false, false, true},
	};
	struct hello h;
	struct buf ext;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		buf_init(&ext, 4096);
		if (rows[i].tls13)
			put_extension(&ext, 43, versions, sizeof(versions));
		if (rows[i].type != 0)
			put_extension(&ext, rows[i].type, "0123456789",
			    rows[i].length);
		ck_assert_int_gt(parse(0x1301, &ext, 100, &h), 0);
		ck_assert_int_eq(h.has_session, rows[i].has_session);
		ck_assert_int_eq(h.session_tickets, rows[i].tickets);
		ck_assert_int_eq(h.extended_master_secret, rows[i].ems);
		buf_free(&ext);
	}
}
END_TEST

START_TEST(key_shares_are_read_without_their_keys)
{
	static const uint8_t shares[] = {0, 17, 0x2a, 0x2a, 0, 1, 0,
	    0, 29, 0, 2, 'k', 'e', 0, 23, 0, 2, 'k', 'e'};
	static const uint8_t cut[] = {0, 12, 0, 29, 0, 2, 'k', 'e',
	    0, 23, 0, 9, 'k', 'e'};
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 51, shares, sizeof(shares));
	ck_assert_int_gt(parse(0xc02b, &ext, 7, &h), 0);
	ck_assert_uint_eq(h.share_count, 2);
	ck_assert_uint_eq(h.shares[0], 29);
	ck_assert_uint_eq(h.shares[1], 23);
	buf_free(&ext);
	buf_init(&ext, 4096);
	put_extension(&ext, 51, cut, sizeof(cut));
	ck_assert_int_gt(parse(0xc02b, &ext, 7, &h), 0);
	ck_assert_uint_eq(h.share_count, 1);
	buf_free(&ext);
}
END_TEST

START_TEST(lists_keep_the_clients_order)
{
	static const uint8_t versions[] = {6, 3, 3, 0x2a, 0x2a, 3, 4};
	static const uint8_t groups[] = {0, 6, 0x1a, 0x1a, 0x11, 0xec, 0, 29};
	static const uint8_t formats[] = {2, 1, 0};
	static const uint8_t schemes[] = {0, 4, 8, 4, 4, 3};
	static const uint16_t extensions[] = {13, 11, 10, 43, 10};
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 13, schemes, sizeof(schemes));
	put_extension(&ext, 0x8a8a, "", 0);
	put_extension(&ext, 11, formats, sizeof(formats));
	put_extension(&ext, 10, groups, sizeof(groups));
	put_extension(&ext, 43, versions, sizeof(versions));
	put_extension(&ext, 10, "\000\002\000\027", 4); /* the second is not read */
	ck_assert_int_gt(parse(0xc02b, &ext, 1, &h), 0);
	buf_free(&ext);
	ck_assert_uint_eq(h.suites.count, 1);
	ck_assert_uint_eq(hello_values(&h, &h.suites)[0], 0xc02b);
	ck_assert_uint_eq(h.extensions.count, ARRAY_LENGTH(extensions));
	ck_assert_mem_eq(hello_values(&h, &h.extensions), extensions,
	    sizeof(extensions));
	ck_assert_uint_eq(h.versions.count, 2);
	ck_assert_uint_eq(hello_values(&h, &h.versions)[0], 0x0303);
	ck_assert_uint_eq(h.groups.count, 2);
	ck_assert_uint_eq(hello_values(&h, &h.groups)[0], 0x11ec);
	ck_assert_uint_eq(h.point_formats.count, 2);
	ck_assert_uint_eq(hello_values(&h, &h.point_formats)[0], 1);
	ck_assert_uint_eq(h.schemes.count, 2);
	ck_assert_uint_eq(hello_values(&h, &h.schemes)[0], 0x0804);
	ck_assert(h.grease && !h.offers_cut);
}
END_TEST

START_TEST(lists_that_do_not_fit_are_said_to_be_cut_and_still_understood)
{
	static const uint8_t versions[] = {2, 3, 4};
	static const uint8_t schemes[] = {0, 2, 4, 3};
	struct hello h;
	struct buf ext, list;

	buf_init(&ext, 1 << 16);
	buf_init(&list, 1 << 16);
	put16(&list, 2 * (HELLO_OFFERS_MAX + 1));
	for (size_t i = 0; i <= HELLO_OFFERS_MAX; i++)
		put16(&list, 0x0017);
	put_extension(&ext, 10, buf_data(&list), buf_length(&list));
	put_extension(&ext, 13, schemes, sizeof(schemes));
	put_extension(&ext, 43, versions, sizeof(versions));
	ck_assert_int_gt(parse(0x1301, &ext, 100, &h), 0);
	ck_assert(h.offers_cut);
	ck_assert_uint_eq(h.versions.count, 1);
	ck_assert_uint_eq(h.groups.count, HELLO_OFFERS_MAX - 5);
	ck_assert_uint_eq(h.schemes.count, 0);
	ck_assert(h.offers_tls13 && takes(&h).ecdsa && !takes(&h).rsa);
	buf_free(&list);
	buf_free(&ext);
}
END_TEST

START_TEST(the_ends_of_the_first_protocol_are_kept_whatever_it_is)
{
	static const uint8_t alpn[] = {0, 9, 2, 0x1a, 0x1a, 3, 'a', 0, 0xfe, 1, 'x'};
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 16, alpn, sizeof(alpn));
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	ck_assert(h.alpn_named);
	ck_assert_uint_eq(h.alpn_ends[0], 'a');
	ck_assert_uint_eq(h.alpn_ends[1], 0xfe);
	ck_assert_uint_eq(h.alpn_count, 1);
	ck_assert_str_eq(h.alpn[0], "x");
	buf_free(&ext);
}
END_TEST

START_TEST(alpn_keeps_the_first_sixteen_and_none_with_a_nul)
{
	struct hello h;
	struct buf ext, list;

	buf_init(&ext, 4096);
	buf_init(&list, 4096);
	put16(&list, 2 + 20 * 2);
	put(&list, "\001\000", 2);
	for (int i = 0; i < 20; i++) {
		const uint8_t name[] = {1, (uint8_t)('a' + i)};
		put(&list, name, 2);
	}
	put_extension(&ext, 16, buf_data(&list), buf_length(&list));
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	ck_assert_uint_eq(h.alpn_count, HELLO_ALPN_MAX);
	ck_assert_str_eq(h.alpn[0], "a");
	ck_assert_str_eq(h.alpn[15], "p");
	buf_free(&list);
	buf_free(&ext);
}
END_TEST

START_TEST(sixteen_kilobytes_of_extensions_are_read)
{
	static uint8_t filling[8000];
	struct hello h;
	struct buf ext;

	buf_init(&ext, 1 << 17);
	put_extension(&ext, 21, filling, sizeof(filling));
	put_extension(&ext, 51, filling, sizeof(filling));
	put_server_name(&ext, "behind.example", 14);
	ck_assert_int_gt(parse(0xc02b, &ext, 2, &h), 0);
	ck_assert_str_eq(h.server_name, "behind.example");
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	ck_assert_str_eq(h.server_name, "behind.example");
	/* In records of one byte it would be 96 KB: more than we hold. */
	ck_assert_int_eq(parse(0xc02b, &ext, 1, &h), E_LIMIT);
	buf_free(&ext);
}
END_TEST

START_TEST(records_are_joined_into_as_few_as_can_be)
{
	static uint8_t filling[40000];
	struct hello before, after;
	struct buf ext, message, records;

	buf_init(&ext, 1 << 17);
	buf_init(&message, 1 << 17);
	buf_init(&records, 1 << 17);
	put_extension(&ext, 21, filling, sizeof(filling));
	put_server_name(&ext, "behind.example", 14);
	put_message(&message, 0xc02b, &ext);
	put_records(&records, &message, 300);
	uint8_t *bytes = buf_data(&records);
	size_t length = buf_length(&records), whole = buf_length(&message);
	ck_assert_int_eq(hello_parse(bytes, length, &before), (int)length);
	size_t spare = hello_join(bytes, length);
	ck_assert_uint_eq(length - spare, whole + 5 * (size_t)3);
	ck_assert_int_eq(bytes[spare + 3] << 8 | bytes[spare + 4], 16384);
	ck_assert_int_eq(hello_parse(bytes + spare, length - spare, &after),
	    (int)(length - spare));
	ck_assert_mem_eq(&before, &after, sizeof(before));
	/* What is joined stays as it is. */
	ck_assert_uint_eq(hello_join(bytes + spare, length - spare), 0);
	buf_free(&ext);
	buf_free(&message);
	buf_free(&records);
}
END_TEST

START_TEST(a_hello_longer_than_the_limit_is_known_by_its_header)
{
	static const uint8_t start[] = {22, 3, 1, 0x40, 0, 1, 1, 0, 0};
	struct hello h;

	ck_assert_int_eq(hello_parse(start, 8, &h), E_MORE);
	ck_assert_int_eq(hello_parse(start, sizeof(start), &h), E_LIMIT);
}
END_TEST

START_TEST(without_versions_and_schemes_the_old_rules_hold)
{
	struct hello h;

	ck_assert_int_gt(parse(0xc02b, NULL, 16384, &h), 0);
	ck_assert_uint_eq(h.highest_version, 0x0303);
	ck_assert(h.offers_tls12 && !h.offers_tls13);
	ck_assert(takes(&h).ecdsa && !takes(&h).rsa);
	ck_assert_int_gt(parse(0x009e, NULL, 16384, &h), 0);
	ck_assert(!takes(&h).ecdsa && takes(&h).rsa);
}
END_TEST

/* mbedTLS names every suite that it has, and offer.c those that it may use. */
START_TEST(suites_count_for_a_certificate_as_far_as_we_stand_for_them)
{
	struct offer own;
	size_t ecdsa = 0, rsa = 0, tls13 = 0;

	offer_own(true, &own);
	for (const int *s = mbedtls_ssl_list_ciphersuites(); *s != 0; s++) {
		struct hello h;
		const char *name = mbedtls_ssl_get_ciphersuite_name(*s);
		size_t i = 0;
		while (own.suites[i] != 0 && own.suites[i] != *s)
			i++;
		ck_assert_int_gt(parse((uint16_t)*s, NULL, 16384, &h), 0);
		bool ours = own.suites[i] == *s;
		bool for_ecdsa = ours && strstr(name, "-ECDSA-") != NULL;
		bool for_rsa = ours && strstr(name, "-RSA-") != NULL;
		ck_assert_msg(takes(&h).ecdsa == for_ecdsa && takes(&h).rsa == for_rsa,
		    "%s", name);
		ecdsa += for_ecdsa;
		rsa += for_rsa;
		tls13 += ours && !for_ecdsa && !for_rsa;
	}
	ck_assert_uint_eq(ecdsa, 19);
	ck_assert_uint_eq(rsa, 36);
	ck_assert_uint_eq(tls13, 5);
}
END_TEST

START_TEST(a_client_of_tls_1_2_without_p256_takes_no_such_certificate)
{
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 10, "\000\002\000\030", 4);
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	ck_assert(!takes(&h).ecdsa);
	put_extension(&ext, 43, "\002\003\004", 3);
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	ck_assert(takes(&h).ecdsa);
	buf_free(&ext);
}
END_TEST

START_TEST(an_empty_record_between_is_let_pass)
{
	struct hello h;
	struct buf message, records;

	buf_init(&message, 4096);
	buf_init(&records, 4096);
	put_message(&message, 0xc02b, NULL);
	put_records(&records, &message, 30);
	uint8_t *copy = malloc(buf_length(&records) + 5);
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, buf_data(&records), 35);
	memcpy(copy + 35, "\026\003\001\000\000", 5);
	memcpy(copy + 40, buf_data(&records) + 35, buf_length(&records) - 35);
	ck_assert_int_eq(hello_parse(copy, buf_length(&records) + 5, &h),
	    (int)buf_length(&records) + 5);
	(void)LLVMFuzzerTestOneInput(copy, buf_length(&records) + 5);
	free(copy);
	buf_free(&message);
	buf_free(&records);
}
END_TEST

START_TEST(what_is_malformed_inside_is_a_syntax_error)
{
	static const struct {
		unsigned type;
		uint8_t bytes[8];
		size_t length;
	} bad[] = {
		{0, {0, 9, 0, 0, 1, 'a'}, 6},      /* list longer than it is */
		{0, {0, 4, 0, 0, 9, 'a'}, 6},      /* name longer than the list */
		{16, {0, 3, 9, 'h', '2'}, 5},      /* protocol likewise */
		{16, {0, 1, 0}, 3},                /* protocol without a letter */
		{16, {0}, 1},                      /* half a length */
		{43, {3, 3, 4, 3}, 4},             /* one and a half versions */
		{13, {0, 3, 4, 3, 4}, 5},          /* one and a half schemes */
		{10, {0, 4, 0, 23}, 4},            /* list longer than it is */
		{11, {2, 0}, 2},                   /* likewise */
	};
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, bad[_i].type, bad[_i].bytes, bad[_i].length);
	ck_assert_int_eq(parse(0xc02b, &ext, 16384, &h), E_SYNTAX);
	buf_free(&ext);
}
END_TEST

START_TEST(an_unknown_extension_may_hold_anything)
{
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 0x1234, "\377\377\377", 3);
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	buf_free(&ext);
}
END_TEST

START_TEST(what_is_not_tls_is_told_by_its_first_bytes)
{
	static const uint8_t sslv2[] = {0x80, 0x2e, 1, 0, 2, 0};
	static const uint8_t server_hello[] = {22, 3, 1, 0, 4, 2};
	static const uint8_t too_long[] = {22, 3, 1, 0x40, 1};
	static const uint8_t hello[] = {22, 3, 1, 0, 4, 1};
	struct hello h;

	ck_assert_int_eq(hello_sniff(sslv2, sizeof(sslv2)), 0);
	ck_assert_int_eq(hello_sniff((const uint8_t *)"GET /", 5), 0);
	ck_assert_int_eq(hello_sniff(server_hello, sizeof(server_hello)), 0);
	ck_assert_int_eq(hello_sniff(too_long, sizeof(too_long)), 0);
	for (size_t i = 0; i < sizeof(hello); i++)
		ck_assert_int_eq(hello_sniff(hello, i), E_MORE);
	ck_assert_int_eq(hello_sniff(hello, sizeof(hello)), 1);
	ck_assert_int_eq(hello_parse(sslv2, sizeof(sslv2), &h), E_SYNTAX);
	ck_assert_int_eq(hello_parse(server_hello, sizeof(server_hello), &h),
	    E_SYNTAX);
}
END_TEST

/* A scheme may do in one version and not in the other. */
START_TEST(what_key_a_client_takes_depends_on_the_version)
{
	static const uint8_t versions[] = {4, 3, 4, 3, 3};
	static const uint8_t schemes[] = {0, 4, 5, 3, 4, 1};
	struct hello h;
	struct buf ext;

	buf_init(&ext, 4096);
	put_extension(&ext, 43, versions, sizeof(versions));
	put_extension(&ext, 13, schemes, sizeof(schemes));
	ck_assert_int_gt(parse(0xc02b, &ext, 16384, &h), 0);
	ck_assert(h.keys_tls12.ecdsa && !h.keys_tls12.rsa);
	ck_assert(!h.keys_tls13.ecdsa && !h.keys_tls13.rsa);
	ck_assert_int_gt(parse(0xc02f, &ext, 16384, &h), 0);
	ck_assert(!h.keys_tls12.ecdsa && h.keys_tls12.rsa);
	buf_free(&ext);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("hello");
	TCase *t = tcase_create("hello");

	tcase_add_test(t, every_captured_hello_reads_the_same_however_it_is_cut);
	tcase_add_loop_test(t, real_clients_say_what_they_offer, 0,
	    ARRAY_LENGTH(captured));
	tcase_add_test(t, a_name_is_lower_case_without_its_final_dot);
	tcase_add_test(t, a_name_that_is_none_is_flagged_and_the_rest_still_read);
	tcase_add_test(t, the_first_host_name_counts_and_other_name_types_do_not);
	tcase_add_test(t, grease_is_left_out);
	tcase_add_test(t, key_shares_are_read_without_their_keys);
	tcase_add_test(t, lists_keep_the_clients_order);
	tcase_add_test(t,
	    lists_that_do_not_fit_are_said_to_be_cut_and_still_understood);
	tcase_add_test(t, the_ends_of_the_first_protocol_are_kept_whatever_it_is);
	tcase_add_test(t, alpn_keeps_the_first_sixteen_and_none_with_a_nul);
	tcase_add_test(t, sixteen_kilobytes_of_extensions_are_read);
	tcase_add_test(t, records_are_joined_into_as_few_as_can_be);
	tcase_add_test(t, a_hello_longer_than_the_limit_is_known_by_its_header);
	tcase_add_test(t, without_versions_and_schemes_the_old_rules_hold);
	tcase_add_test(t,
	    suites_count_for_a_certificate_as_far_as_we_stand_for_them);
	tcase_add_test(t,
	    a_client_of_tls_1_2_without_p256_takes_no_such_certificate);
	tcase_add_test(t, what_key_a_client_takes_depends_on_the_version);
	tcase_add_test(t, an_empty_record_between_is_let_pass);
	tcase_add_loop_test(t, what_is_malformed_inside_is_a_syntax_error, 0, 9);
	tcase_add_test(t, an_unknown_extension_may_hold_anything);
	tcase_add_test(t, a_session_to_go_on_with_is_seen);
	tcase_add_test(t, what_is_not_tls_is_told_by_its_first_bytes);
	suite_add_tcase(s, t);
	return s;
}
