/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of what mitm/verify reads beyond a certificate's plain fields:
 * extensions and name constraints; and of the fuzz target's corpus.
 */
#include <string.h>

#include "ca/der.h"
#include "mitm/constraints.h"
#include "mitm/extensions.h"
#include "t/unit/chains.h"
#include "t/unit/corpus.h"
#include "t/unit/suite.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define OID_NAME_CONSTRAINTS "\x55\x1d\x1e"
#define OID_BASIC_CONSTRAINTS "\x55\x1d\x13"
#define OID_POLICY_CONSTRAINTS "\x55\x1d\x24"
#define OID_OF_NOBODY "\x2b\x06\x01\x04\x01\x82\xc4\x13\x01"

/* Of `s`, an extension by its bytes. */
static void
set_raw(struct spec *s, const char *oid, bool critical, const uint8_t *value,
    size_t length)
{
	s->raw[0] = (struct raw_extension){.oid = oid, .oid_length = strlen(oid),
	    .critical = critical, .value = value, .length = length};
}

/* --- the list of extensions --- */

static const struct {
	const char *what;
	const uint8_t *bytes;
	size_t length;
	bool malformed, unknown_critical, is_ca;
	int path_length;
} lists[] = {
	{"none", BYTES(""), false, false, false, -1},
	{"an empty list", BYTES("\x30\x00"), true, false, false, -1},
	{"a CA", BYTES("\x30\x11\x30\x0f\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x05"
	    "\x30\x03\x01\x01\xff"), false, false, true, -1},
	{"a CA with a path length", BYTES("\x30\x14\x30\x12\x06\x03\x55\x1d\x13"
	    "\x01\x01\xff\x04\x08\x30\x06\x01\x01\xff\x02\x01\x03"),
	    false, false, true, 3},
	{"cA as an INTEGER is a path length", BYTES("\x30\x0e\x30\x0c\x06\x03"
	    "\x55\x1d\x13\x04\x05\x30\x03\x02\x01\x01"), false, false, false, 1},
	{"cA that is neither TRUE nor FALSE", BYTES("\x30\x0e\x30\x0c\x06\x03"
	    "\x55\x1d\x13\x04\x05\x30\x03\x01\x01\x01"), true, false, false, -1},
	{"a negative path length", BYTES("\x30\x11\x30\x0f\x06\x03\x55\x1d\x13"
	    "\x04\x08\x30\x06\x01\x01\xff\x02\x01\xff"), true, false, true, -1},
	{"the same twice", BYTES("\x30\x16\x30\x09\x06\x03\x55\x1d\x13\x04\x02"
	    "\x30\x00\x30\x09\x06\x03\x55\x1d\x13\x04\x02\x30\x00"),
	    true, false, false, -1},
	{"an unknown one twice", BYTES("\x30\x16\x30\x09\x06\x03\x55\x1d\x7f\x04"
	    "\x02\x30\x00\x30\x09\x06\x03\x55\x1d\x7f\x04\x02\x30\x00"),
	    true, false, false, -1},
	{"an unknown one", BYTES("\x30\x0b\x30\x09\x06\x03\x55\x1d\x7f\x04\x02"
	    "\x30\x00"), false, false, false, -1},
	{"an unknown critical one", BYTES("\x30\x0e\x30\x0c\x06\x03\x55\x1d\x7f"
	    "\x01\x01\xff\x04\x02\x30\x00"), false, true, false, -1},
	{"an unknown one, critical in BER", BYTES("\x30\x0e\x30\x0c\x06\x03\x55"
	    "\x1d\x7f\x01\x01\x01\x04\x02\x30\x00"), true, false, false, -1},
	{"a length in two bytes where one does", BYTES("\x30\x81\x0b\x30\x09\x06"
	    "\x03\x55\x1d\x7f\x04\x02\x30\x00"), true, false, false, -1},
	{"an indefinite length", BYTES("\x30\x80\x30\x09\x06\x03\x55\x1d\x7f\x04"
	    "\x02\x30\x00\x00\x00"), true, false, false, -1},
	{"a key usage of nothing", BYTES("\x30\x0d\x30\x0b\x06\x03\x55\x1d\x0f"
	    "\x04\x04\x03\x02\x07\x00"), true, false, false, -1},
	{"an extended key usage of nothing", BYTES("\x30\x0b\x30\x09\x06\x03\x55"
	    "\x1d\x25\x04\x02\x30\x00"), true, false, false, -1},
	{"a SAN of nothing", BYTES("\x30\x0b\x30\x09\x06\x03\x55\x1d\x11\x04\x02"
	    "\x30\x00"), true, false, false, -1},
	{"an address of five bytes", BYTES("\x30\x12\x30\x10\x06\x03\x55\x1d\x11"
	    "\x04\x09\x30\x07\x87\x05\x01\x02\x03\x04\x05"), true, false, false, -1},
};

START_TEST(a_list_of_extensions_says_what_it_says)
{
	struct extensions e;

	extensions_read((struct der_span){lists[_i].bytes, lists[_i].length}, &e);
	ck_assert_msg(e.malformed == lists[_i].malformed &&
	    e.unknown_critical == lists[_i].unknown_critical &&
	    e.is_ca == lists[_i].is_ca && e.path_length == lists[_i].path_length,
	    "%s: malformed %d, unknown %d, CA %d, path %d", lists[_i].what,
	    e.malformed, e.unknown_critical, e.is_ca, e.path_length);
}
END_TEST

/* What is cut off anywhere is malformed, except to nothing. */
START_TEST(a_list_cut_anywhere_is_malformed)
{
	struct extensions e;

	for (size_t n = 1; n < lists[_i].length; n++) {
		extensions_read((struct der_span){lists[_i].bytes, n}, &e);
		ck_assert_msg(e.malformed, "%s, cut at %zu", lists[_i].what, n);
	}
}
END_TEST

START_TEST(there_are_sixty_four_extensions_at_most)
{
	uint8_t room[2048];
	struct extensions e;
	struct der d;

	der_init(&d, room, sizeof(room));
	const uint8_t *end = d.at;
	for (unsigned i = 0; i < EXTENSIONS_MAX + (unsigned)_i; i++) {
		const uint8_t oid[] = {0x2a, 3, (uint8_t)i};
		const uint8_t *one = d.at;
		der_value(&d, DER_OCTET_STRING, "", 0);
		der_value(&d, DER_OID, oid, sizeof(oid));
		der_wrap(&d, DER_SEQUENCE, one);
	}
	der_wrap(&d, DER_SEQUENCE, end);
	ck_assert_int_eq(der_result(&d), 0);
	extensions_read((struct der_span){d.at,
	    (size_t)(room + sizeof(room) - d.at)}, &e);
	ck_assert(e.malformed == (_i > 0));
}
END_TEST

static const struct {
	const char *oid;
	bool critical, good;
} unknown[] = {
	{OID_OF_NOBODY, false, true},
	{OID_OF_NOBODY, true, false},
	{OID_POLICY_CONSTRAINTS, true, false},
};

/* Each row for each certificate of the path. */
START_TEST(a_critical_extension_that_nobody_knows_is_not_passed_over)
{
	struct spec root = a_root(), ca = an_intermediate(),
	            server = server_below_ca();

	set_raw(part(&root, &ca, &server, _i % 3), unknown[_i / 3].oid,
	    unknown[_i / 3].critical, BYTES("\x30\x00"));
	three(root, ca, server);
	if (unknown[_i / 3].good)
		check_good();
	else
		check_bad(VERIFY_UNKNOWN_CRITICAL);
}
END_TEST

/* mbedTLS reads cA = 1 here. */
START_TEST(a_lone_integer_makes_no_ca)
{
	struct spec ca = an_intermediate();

	ca.has_constraints = false;
	set_raw(&ca, OID_BASIC_CONSTRAINTS, true, BYTES("\x30\x03\x02\x01\x01"));
	with_ca(ca);
	check_bad(VERIFY_NOT_A_CA);
}
END_TEST

START_TEST(constraints_that_are_no_sequence_are_malformed_in_any_certificate)
{
	struct spec root = a_root(), ca = an_intermediate(),
	            server = server_below_ca();

	set_raw(part(&root, &ca, &server, _i), OID_NAME_CONSTRAINTS, false,
	    BYTES("\x04\x00"));
	three(root, ca, server);
	check_bad(VERIFY_MALFORMED);
}
END_TEST

/* --- name constraints --- */

enum { DNS = 0x82, IP = 0x87, MAIL = 0x81, URI = 0x86, DIRECTORY = 0xa4,
	OTHER = 0xa0, ID = 0x88 };

static const struct row {
	unsigned kind;
	bool excluded;
	const char *tree;
	size_t tree_length;
	unsigned name_kind;
	const char *name;
	size_t name_length;
	bool good;
} rows[] = {
#define ROW(kind, excluded, tree, name_kind, name, good)                      \
	{kind, excluded, tree, sizeof(tree) - 1, name_kind, name,             \
	    sizeof(name) - 1, good}
	ROW(DNS, false, "example.com", DNS, "example.com", true),
	ROW(DNS, false, "example.com", DNS, "a.b.EXAMPLE.com", true),
	ROW(DNS, false, "example.com", DNS, "badexample.com", false),
	ROW(DNS, false, "example.com", DNS, "example.org", false),
	ROW(DNS, false, "example.com", DNS, "*.example.com", true),
	ROW(DNS, false, "www.example.com", DNS, "*.example.com", false),
	ROW(DNS, false, ".example.com", DNS, "www.example.com", true),
	ROW(DNS, false, ".example.com", DNS, "example.com", false),
	ROW(DNS, false, "", DNS, "example.com", true),
	ROW(DNS, false, "example.com", DNS, "www.example.com.", true),
	ROW(DNS, false, "example.com", DNS, "www.example.com\0.x", false),
	ROW(DNS, true, "example.com", DNS, "www.example.com", false),
	ROW(DNS, true, "example.com", DNS, "www.example.com.", false),
	ROW(DNS, true, "example.com.", DNS, "www.example.com", false),
	ROW(DNS, true, "example.com", DNS, "WWW.Example.COM", false),
	ROW(DNS, true, "example.com", DNS, "badexample.com", true),
	ROW(DNS, true, "www.example.com", DNS, "*.example.com", false),
	ROW(DNS, true, ".www.example.com", DNS, "*.example.com", false),
	ROW(DNS, true, "a.www.example.com", DNS, "*.example.com", true),
	ROW(DNS, true, "example.org", DNS, "*.example.com", true),
	ROW(DNS, true, "", DNS, "example.com", false),
	ROW(DNS, false, "example.org", IP, "\xc0\x00\x02\x01", true),
	ROW(IP, false, "\xc0\x00\x02\x00\xff\xff\xff\x00", IP, "\xc0\x00\x02\x07",
	    true),
	ROW(IP, false, "\xc0\x00\x02\x00\xff\xff\xff\x00", IP, "\xc0\x00\x03\x07",
	    false),
	ROW(IP, false, "\0\0\0\0\0\0\0\0", IP, "\xc0\x00\x03\x07", true),
	ROW(IP, true, "\0\0\0\0\0\0\0\0", IP, "\xc0\x00\x03\x07", false),
	ROW(IP, true, "\xc0\x00\x02\x00\xff\xff\xff\x00", IP, "\xc0\x00\x02\x07",
	    false),
	ROW(IP, false, "\xc0\x00\x02\x00\xff\xff\xff\x00", IP,
	    " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", false),
	ROW(IP, false, " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0", IP,
	    " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", true),
	ROW(IP, true, " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\0"
	    "\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\0\0\0", IP,
	    " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", false),
	ROW(MAIL, false, "a@example.com", MAIL, "a@EXAMPLE.com", true),
	ROW(MAIL, false, "a@example.com", MAIL, "A@example.com", false),
	ROW(MAIL, false, "example.com", MAIL, "a@example.com", true),
	ROW(MAIL, false, "example.com", MAIL, "a@www.example.com", false),
	ROW(MAIL, false, ".example.com", MAIL, "a@www.example.com", true),
	ROW(MAIL, true, "example.com", MAIL, "\"b@c\"@example.com", false),
	ROW(MAIL, true, "example.com", MAIL, "nobody", false),
	ROW(URI, false, "example.com", URI, "https://example.com/a", true),
	ROW(URI, false, "example.com", URI, "https://u@example.com:1/a", true),
	ROW(URI, false, ".example.com", URI, "spiffe://a.example.com", true),
	ROW(URI, false, "example.com", URI, "https://example.org/@example.com",
	    false),
	ROW(URI, false, "example.com", URI, "urn:example", false),
	ROW(URI, true, "example.com", URI, "https://192.0.2.1/", false),
	ROW(URI, true, "example.com", URI, "https://example.org/", true),
	/* CN=b over UTF8String, PrintableString, and a name below it. */
	ROW(DIRECTORY, false, "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
	    "b", DIRECTORY,
	    "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01" "B", true),
	ROW(DIRECTORY, false, "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
	    "b", DIRECTORY,
	    "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01" "c", false),
	ROW(DIRECTORY, true, "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
	    "b", DIRECTORY,
	    "\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x13\x04" " B  ", false),
	ROW(DIRECTORY, true, "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
	    "b", DIRECTORY, /* a BMPString: nobody can tell */
	    "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x1e\x02\0" "c", false),
	ROW(DIRECTORY, true, "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x0c\x01"
	    "b", DIRECTORY,
	    "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x0a\x13\x01" "b", true),
	ROW(ID, true, "\x2a\x03", ID, "\x2a\x04", false),
	ROW(ID, true, "\x2a\x03", DNS, "example.com", true),
	ROW(OTHER, false, "\x06\x01\x2a", DNS, "example.com", true),
};

/* SEQUENCE { [0] or [1] { SEQUENCE { kind tree } } } */
static struct der_span
trees(uint8_t *room, size_t size, const struct row *row)
{
	struct der d;

	der_init(&d, room, size);
	const uint8_t *end = d.at;
	der_value(&d, row->kind, row->tree, row->tree_length);
	der_wrap(&d, DER_SEQUENCE, end);
	der_wrap(&d, DER_CONTEXT_CONSTRUCTED + row->excluded, end);
	der_wrap(&d, DER_SEQUENCE, end);
	ck_assert_int_eq(der_result(&d), 0);
	return (struct der_span){d.at, (size_t)(room + size - d.at)};
}

START_TEST(a_name_is_in_a_tree_or_not)
{
	const struct row *row = &rows[_i];
	uint8_t room[256];
	unsigned budget = 10;
	mbedtls_x509_crt crt = {0};

	crt.subject_alt_names.buf = (mbedtls_x509_buf){.tag = (int)row->name_kind,
	    .p = (unsigned char *)(uintptr_t)row->name, .len = row->name_length};
	enum constraints_outcome outcome =
	    constraints_check(trees(room, sizeof(room), row), &crt, &budget);
	ck_assert_int_eq((int)outcome,
	    (int)(row->good ? CONSTRAINTS_MET : CONSTRAINTS_VIOLATED));
	ck_assert_uint_eq(budget, 9);
}
END_TEST

static const struct {
	const uint8_t *bytes;
	size_t length;
} bad_trees[] = {
	{BYTES("")},
	{BYTES("\x30\x00")},
	{BYTES("\x30\x02\xa0\x00")},
	{BYTES("\x30\x04\xa0\x02\x30\x00")},
	{BYTES("\x30\x05\xa0\x03\x30\x01\x82")},
	{BYTES("\x30\x08\xa2\x06\x30\x04\x82\x02" "ab")},
	{BYTES("\x30\x09\xa0\x06\x30\x04\x82\x02" "ab" "\x05")},
	/* minimum 1; maximum 1; a blank; a mask with a hole; an address alone */
	{BYTES("\x30\x0b\xa0\x09\x30\x07\x82\x02" "ab" "\x80\x01\x01")},
	{BYTES("\x30\x0b\xa0\x09\x30\x07\x82\x02" "ab" "\x81\x01\x01")},
	{BYTES("\x30\x08\xa0\x06\x30\x04\x82\x02" "a ")},
	{BYTES("\x30\x0e\xa0\x0c\x30\x0a\x87\x08\1\2\3\4\xff\x00\xff\x00")},
	{BYTES("\x30\x0a\xa0\x08\x30\x06\x87\x04\1\2\3\4")},
	/* no Name; no kind of name */
	{BYTES("\x30\x08\xa0\x06\x30\x04\xa4\x02\x31\x00")},
	{BYTES("\x30\x08\xa0\x06\x30\x04\x89\x02" "ab")},
};

START_TEST(trees_that_are_malformed_are_told)
{
	struct der_span value = {bad_trees[_i].bytes, bad_trees[_i].length};
	mbedtls_x509_crt crt = {0};
	unsigned budget = 10;

	ck_assert_int_eq((int)constraints_check(value, &crt, &budget),
	    (int)CONSTRAINTS_MALFORMED);
}
END_TEST

START_TEST(names_are_compared_as_often_as_the_budget_says)
{
	static const struct row row = ROW(DNS, true, "a.example", DNS, "", true);
	mbedtls_x509_sequence names[4] = {{{0}, NULL}};
	mbedtls_x509_crt crt = {0};
	uint8_t room[256];
	unsigned budget = (unsigned)_i;

	for (size_t i = 0; i < 4; i++) {
		names[i].buf = (mbedtls_x509_buf){.tag = DNS,
		    .p = (unsigned char *)(uintptr_t)"b", .len = 1};
		names[i].next = i + 1 < 4 ? &names[i + 1] : NULL;
	}
	crt.subject_alt_names = names[0];
	enum constraints_outcome outcome =
	    constraints_check(trees(room, sizeof(room), &row), &crt, &budget);
	ck_assert_int_eq((int)outcome,
	    (int)(_i < 4 ? CONSTRAINTS_TOO_MANY : CONSTRAINTS_MET));
	ck_assert_uint_eq(budget, _i < 4 ? 0 : (unsigned)_i - 4);
}
END_TEST

static const struct row permits = ROW(DNS, false, "example.com", DNS, "", true);
static const struct row forbids = ROW(DNS, false, "example.org", DNS, "", true);
#undef ROW

/* At the root and at the intermediate, critical and not, kept and broken. */
START_TEST(name_constraints_hold_wherever_they_stand)
{
	struct spec root = a_root(), ca = an_intermediate();
	const struct row *row = _i % 2 == 0 ? &permits : &forbids;
	uint8_t room[256];
	struct der_span value = trees(room, sizeof(room), row);

	set_raw(_i / 4 == 0 ? &root : &ca, OID_NAME_CONSTRAINTS, _i / 2 % 2 == 0,
	    value.at, value.length);
	three(root, ca, server_below_ca());
	if (row == &permits)
		check_good();
	else
		check_bad(VERIFY_NAME_CONSTRAINTS);
}
END_TEST

/* RFC 5280 section 6.1.3: a CA that bears its issuer's name is passed over on the
 * way, a server's certificate never. */
START_TEST(a_self_issued_ca_need_not_meet_its_own_constraints)
{
	static const struct row row = {DIRECTORY, true,
	    "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02" "ca", 15, DNS,
	    "", 0, true};
	struct spec ca = an_intermediate();
	uint8_t room[256];
	struct der_span value = trees(room, sizeof(room), &row);

	set_raw(&ca, OID_NAME_CONSTRAINTS, true, value.at, value.length);
	three(a_root(), ca, _i == 0 ? a_server("CN=ca", OTHER_KEY)
	                            : a_server("CN=low", OTHER_KEY));
	add(&chain, _i == 0 ? a_ca("CN=ca", OTHER_KEY, "CN=ca", CA_KEY)
	                    : a_ca("CN=low", OTHER_KEY, "CN=ca", CA_KEY));
	check_good();
	mbedtls_x509_crt_free(&chain);
	struct spec server = server_below_ca();
	server.subject = "CN=ca";
	add(&chain, server);
	add(&chain, ca);
	check_bad(VERIFY_NAME_CONSTRAINTS);
}
END_TEST

START_TEST(a_mailbox_in_the_subject_is_a_name)
{
	static const struct row row = {MAIL, false, "example.com", 11, DNS, "", 0,
	    true};
	struct spec ca = an_intermediate(), server = server_below_ca();
	uint8_t room[256];
	struct der_span value = trees(room, sizeof(room), &row);

	set_raw(&ca, OID_NAME_CONSTRAINTS, true, value.at, value.length);
	server.subject = _i == 0 ? "CN=x,emailAddress=a@example.com"
	                         : "CN=x,emailAddress=a@example.org";
	three(a_root(), ca, server);
	if (_i == 0)
		check_good();
	else
		check_bad(VERIFY_NAME_CONSTRAINTS);
}
END_TEST

START_TEST(the_corpus_holds)
{
	ck_assert_uint_ge(corpus_run("verify"), 8);
}
END_TEST

static void
add_extensions(TCase *t)
{
	tcase_add_loop_test(t, a_list_of_extensions_says_what_it_says, 0,
	    ARRAY_LENGTH(lists));
	tcase_add_loop_test(t, a_list_cut_anywhere_is_malformed, 0,
	    ARRAY_LENGTH(lists));
	tcase_add_loop_test(t, there_are_sixty_four_extensions_at_most, 0, 2);
	tcase_add_loop_test(t,
	    a_critical_extension_that_nobody_knows_is_not_passed_over, 0,
	    3 * ARRAY_LENGTH(unknown));
	tcase_add_test(t, a_lone_integer_makes_no_ca);
	tcase_add_loop_test(t,
	    constraints_that_are_no_sequence_are_malformed_in_any_certificate, 0, 3);
	tcase_add_test(t, the_corpus_holds);
}

static void
add_constraints(TCase *t)
{
	tcase_add_loop_test(t, a_name_is_in_a_tree_or_not, 0, ARRAY_LENGTH(rows));
	tcase_add_loop_test(t, trees_that_are_malformed_are_told, 0,
	    ARRAY_LENGTH(bad_trees));
	tcase_add_loop_test(t, names_are_compared_as_often_as_the_budget_says, 0, 6);
	tcase_add_loop_test(t, name_constraints_hold_wherever_they_stand, 0, 8);
	tcase_add_loop_test(t, a_self_issued_ca_need_not_meet_its_own_constraints,
	    0, 2);
	tcase_add_loop_test(t, a_mailbox_in_the_subject_is_a_name, 0, 2);
}

Suite *
suite(void)
{
	Suite *s = suite_create("verify_extensions");

	add_extensions(new_case(s, "extensions"));
	add_constraints(new_case(s, "constraints"));
	return s;
}
