/* SPDX-License-Identifier: ISC */
/* Unit suite of base/endpoint: one form for an address, however it came. */
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/attr.h"
#include "t/unit/suite.h"

static struct sockaddr_storage
address(const char *text, uint16_t port)
{
	struct sockaddr_storage a;
	struct sockaddr_in *in = (struct sockaddr_in *)&a;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&a;

	memset(&a, 0, sizeof(a));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		a.ss_family = AF_INET;
		in->sin_port = htons(port);
		return a;
	}
	ck_assert_int_eq(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
	a.ss_family = AF_INET6;
	in6->sin6_port = htons(port);
	return a;
}

static const struct {
	const char *in, *out;
} round_trips[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"2001:db8::1", "2001:db8::1"},
    {"::", "::"},
    {"0.0.0.0", "0.0.0.0"},
    {"::1", "::1"},
};

START_TEST(an_address_comes_back_in_its_shorter_form)
{
	struct sockaddr_storage in = address(round_trips[_i].in, 40000), out;
	struct sockaddr_storage wanted = address(round_trips[_i].out, 40000);
	struct endpoint e;

	ck_assert(endpoint_read(&e, &in));
	ck_assert_uint_eq(e.port, 40000);
	endpoint_write(&e, &out);
	ck_assert_mem_eq(&out, &wanted, sizeof(out));
}
END_TEST

/* RFC 4291 section 2.5.6: fe80::/10. */
START_TEST(only_link_local_addresses_have_a_scope)
{
	static const struct {
		const char *text;
		uint32_t scope;
	} rows[] = {{"fe80::1", 7}, {"febf::1", 7}, {"fec0::1", 0}, {"2001:db8::1", 0},
	    {"ff02::1", 0}, {"::ffff:169.254.0.1", 0}, {"169.254.0.1", 0}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct sockaddr_storage a = address(rows[i].text, 53), before = a;
		ck_assert_uint_eq(endpoint_scope_of(&a), 0);
		endpoint_set_scope(&a, 7);
		ck_assert_uint_eq(endpoint_scope_of(&a), rows[i].scope);
		ck_assert((memcmp(&a, &before, sizeof(a)) == 0) == (rows[i].scope == 0));
	}
}
END_TEST

START_TEST(what_is_no_ip_address_is_none)
{
	struct sockaddr_storage a = {.ss_family = AF_UNIX};
	struct endpoint e;

	ck_assert(!endpoint_read(&e, &a));
	ck_assert(endpoint_is_nowhere(&e));
}
END_TEST

START_TEST(two_are_the_same_by_address_and_port)
{
	struct sockaddr_storage short_form = address("192.0.2.1", 443);
	struct sockaddr_storage long_form = address("::ffff:192.0.2.1", 443);
	struct sockaddr_storage other_port = address("192.0.2.1", 444);
	struct endpoint a, b;

	ck_assert(endpoint_read(&a, &short_form) && endpoint_read(&b, &long_form));
	ck_assert(endpoint_is(&a, &b));
	ck_assert(endpoint_read(&b, &other_port));
	ck_assert(!endpoint_is(&a, &b));
}
END_TEST

START_TEST(nowhere_is_the_unspecified_address_without_a_port)
{
	static const struct {
		const char *text;
		uint16_t port;
		bool nowhere;
	} rows[] = {{"0.0.0.0", 0, true}, {"::", 0, true},
	    {"::ffff:0.0.0.0", 0, true}, {"0.0.0.0", 1, false},
	    {"127.0.0.1", 0, false}, {"::1", 0, false}};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		struct sockaddr_storage a = address(rows[i].text, rows[i].port);
		struct endpoint e;

		ck_assert(endpoint_read(&e, &a));
		ck_assert_msg(endpoint_is_nowhere(&e) == rows[i].nowhere, "%s",
		    rows[i].text);
	}
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("endpoint");
	TCase *t = tcase_create("endpoint");

	tcase_add_loop_test(t, an_address_comes_back_in_its_shorter_form, 0,
	    ARRAY_LENGTH(round_trips));
	tcase_add_test(t, only_link_local_addresses_have_a_scope);
	tcase_add_test(t, what_is_no_ip_address_is_none);
	tcase_add_test(t, two_are_the_same_by_address_and_port);
	tcase_add_test(t, nowhere_is_the_unspecified_address_without_a_port);
	suite_add_tcase(s, t);
	return s;
}
