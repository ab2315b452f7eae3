/* SPDX-License-Identifier: ISC */
/* Unit suite of extension-bridge/networks. */
#include "extension-bridge/networks.h"

#include <string.h>

#include "base/err.h"
#include "t/unit/suite.h"

START_TEST(networks)
{
	static const struct {
		const char *text, *address;
		unsigned prefix;
	} rows[] = {
	    {"10.0.0.0/8", "10.0.0.0", 8},
	    {"10.1.2.3/8", "10.0.0.0", 8}, /* what is behind the prefix goes */
	    {"192.168.255.255/20", "192.168.240.0", 20},
	    {"1.2.3.4", "1.2.3.4", 32},
	    {"1.2.3.4/32", "1.2.3.4", 32},
	    {"255.255.255.255/0", "0.0.0.0", 0},
	    {"fc00::/7", "fc00::", 7},
	    {"ffff:ffff::1/9", "ff80::", 9},
	    {"::1", "::1", 128},
	    {"2001:db8::ff/127", "2001:db8::fe", 127},
	};
	struct network n;

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		ck_assert_int_eq(network_parse(rows[i].text, &n), 0);
		ck_assert_str_eq(n.address, rows[i].address);
		ck_assert_uint_eq(n.prefix, rows[i].prefix);
	}
}
END_TEST

START_TEST(what_is_no_network)
{
	static const char *const texts[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33",
	    "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0.0/8x", "10.0.0/8", "::/129", "::1%en0",
	    "example.com", "10.0.0.0/99999999999999999999",
	    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8"};
	struct network n;

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
		ck_assert_msg(network_parse(texts[i], &n) == E_SYNTAX, "%s", texts[i]);
}
END_TEST

static void
check_list(const char *const *list)
{
	struct network n;

	for (size_t i = 0; list[i] != NULL; i++) {
		ck_assert_int_eq(network_parse(list[i], &n), 0);
		/* Written as it is meant: nothing is set behind the prefix. */
		ck_assert_int_eq(strncmp(n.address, list[i], strlen(n.address)), 0);
	}
}

START_TEST(the_lists_are_networks)
{
	check_list(networks_always);
	check_list(networks_default);
}
END_TEST

Suite *
suite(void)
{
	Suite *s = suite_create("networks");
	TCase *t = tcase_create("texts");

	tcase_add_test(t, networks);
	tcase_add_test(t, what_is_no_network);
	tcase_add_test(t, the_lists_are_networks);
	suite_add_tcase(s, t);
	return s;
}
