/* SPDX-License-Identifier: ISC */
/*
 * Unit suite of what mitm/verify knows beyond a certificate's plain fields:
 * extensions, name constraints, what is known to be bad, revocation lists, and
 * intermediates that are at hand.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/oid.h>
#include <mbedtls/pem.h>
#include <mbedtls/psa_util.h>

#include "base/err.h"
#include "ca/der.h"
#include "mitm/constraints.h"
#include "mitm/extensions.h"
#include "mitm/trust.h"
#include "t/unit/chains.h"
#include "t/unit/corpus.h"

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

/* --- what is known to be bad --- */

/* The public key that came with computers of Dell's, 2015. */
static const char edellroot[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvdEmDW7NW4RfQfDhdYbO\n"
    "zqgj1b6jsdl1V0EwxVvgbNvi5mMJM2Ns/Hhvws0UvW4CtS37lVUxAOw5NjcuD9d7\n"
    "9Q26RjZv7SWVQ7PMFhiluwVxyjifpKxO8OE2Lm36Q+jtzbdmtgE+Y67zZ4Qnpxq+\n"
    "z+3f277AU6RdfC9EKIcD+VbI1Y0Q+HXv5sIQ/erk34mtX7oejfNA8S/lBQlh2Zew\n"
    "yYPYIxCiN5BSPrwn3U/nDkEqO6sbTGOK/OFKiJ73KbtVHAsWNZJxG7D/1dXoIupP\n"
    "IvnGuqKIOnW5M66o2Pe7HK2z2hxuygle7GPmIRiRIzWe8u6kS/6WDL1arMgQUybW\n"
    "XwIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

START_TEST(a_key_that_is_known_to_be_compromised_is_not_believed)
{
	struct spec server = server_below_ca();
	mbedtls_pk_context key;

	mbedtls_pk_init(&key);
	ck_assert_int_eq(mbedtls_pk_parse_public_key(&key,
	    (const unsigned char *)edellroot, sizeof(edellroot)), 0);
	server.other_key = &key;
	with_server(server);
	mbedtls_pk_free(&key);
	check_bad(VERIFY_KNOWN_BAD);
}
END_TEST

START_TEST(a_digest_is_read_in_the_forms_that_people_write)
{
	static const struct {
		const char *text;
		int outcome;
	} texts[] = {
		{"cdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec23", 0},
		{"CD:EE:9F:33:05:57:2A:67:7E:1A:6C:82:DC:1E:02:A3:5B:11:CA:E6:A6:84:"
		 "33:8C:9F:37:FE:1A:C8:DA:EC:23", 0},
		{"cdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec2",
		    E_SYNTAX},
		{"cdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec2300",
		    E_SYNTAX},
		{"xdee9f3305572a677e1a6c82dc1e02a35b11cae6a684338c9f37fe1ac8daec23",
		    E_SYNTAX},
		{":cdee", E_SYNTAX}, {"", E_SYNTAX}};
	uint8_t digest[DIGEST_BYTES];

	for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
		ck_assert_int_eq(distrust_parse(texts[i].text, digest),
		    texts[i].outcome);
		if (texts[i].outcome == 0)
			ck_assert_str_eq(known_bad_name(digest), "eDellRoot");
	}
	digest[0] ^= 1;
	ck_assert_ptr_null(known_bad_name(digest));
}
END_TEST

static void
digest_of(const mbedtls_x509_buf *bytes, char text[65])
{
	uint8_t digest[32];

	ck_assert_int_eq(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
	    bytes->p, bytes->len, digest), 0);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

/* By key and by certificate: the server's, its CA's and the root's. */
START_TEST(what_the_administrator_distrusts_is_not_believed)
{
	struct distrust d = {0};
	char text[65], *list[] = {text};

	with_server(server_below_ca());
	options.distrust = &d;
	check_good();
	const mbedtls_x509_crt *crt = _i % 3 == 0 ? &chain
	    : _i % 3 == 1 ? chain.next : &roots;
	digest_of(_i < 3 ? &crt->pk_raw : &crt->raw, text);
	ck_assert_int_eq(distrust_set(&d, list, 1), 0);
	check_bad(VERIFY_KNOWN_BAD);
	text[0] = 'x';
	ck_assert_int_eq(distrust_set(&d, list, 1), E_SYNTAX);
	check_bad(VERIFY_KNOWN_BAD);
	ck_assert_int_eq(distrust_set(&d, NULL, 0), 0);
	check_good();
	distrust_free(&d);
}
END_TEST

/* --- revocation lists --- */

struct list_spec {
	const mbedtls_x509_crt *issuer; /* whose name it bears */
	enum key signer;
	const mbedtls_x509_crt *revoked; /* NULL: none */
	bool critical, entry_critical;
	int64_t from_s, to_s;
};

/* ecdsa-with-SHA256 (RFC 5758 section 3.2) as an AlgorithmIdentifier. */
static void
put_algorithm(struct der *d)
{
	const uint8_t *end = d->at;

	der_value(d, DER_OID, "\x2a\x86\x48\xce\x3d\x04\x03\x02", 8);
	der_wrap(d, DER_SEQUENCE, end);
}

/* One extension of an OID of nobody's. */
static void
put_extension(struct der *d, bool critical)
{
	const uint8_t *end = d->at;

	der_value(d, DER_OCTET_STRING, "\x05\x00", 2);
	if (critical)
		der_value(d, DER_BOOLEAN, "\xff", 1);
	der_value(d, DER_OID, OID_OF_NOBODY, strlen(OID_OF_NOBODY));
	der_wrap(d, DER_SEQUENCE, end);
	der_wrap(d, DER_SEQUENCE, end);
}

static void
put_entries(struct der *d, const struct list_spec *s)
{
	const uint8_t *end = d->at;

	put_extension(d, s->entry_critical);
	der_time(d, NOW_S - DAY_S);
	der_value(d, DER_INTEGER, s->revoked->serial.p, s->revoked->serial.len);
	der_wrap(d, DER_SEQUENCE, end);
	der_wrap(d, DER_SEQUENCE, end);
}

/* Its TBSCertList (RFC 5280 section 5.1). */
static void
put_list(struct der *d, const struct list_spec *s)
{
	const uint8_t *end = d->at;

	ck_assert_ptr_nonnull(s->issuer);
	put_extension(d, s->critical);
	der_wrap(d, DER_CONTEXT_CONSTRUCTED, end);
	if (s->revoked != NULL)
		put_entries(d, s);
	der_time(d, s->to_s);
	der_time(d, s->from_s);
	der_bytes(d, s->issuer->subject_raw.p, s->issuer->subject_raw.len);
	put_algorithm(d);
	der_value(d, DER_INTEGER, "\x01", 1);
	der_wrap(d, DER_SEQUENCE, end);
}

/* A list at the end of `room`, signed. */
static struct der_span
make_list(uint8_t room[DER_BYTES_MAX], const struct list_spec *s)
{
	uint8_t tbs[DER_BYTES_MAX], digest[32], sig[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	struct der d;
	size_t sig_length;

	der_init(&d, tbs, sizeof(tbs));
	put_list(&d, s);
	ck_assert_int_eq(der_result(&d), 0);
	size_t length = (size_t)(tbs + sizeof(tbs) - d.at);
	const uint8_t *at = d.at;
	ck_assert_int_eq(mbedtls_md(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), at,
	    length, digest), 0);
	ck_assert_int_eq(mbedtls_pk_sign(&keys[s->signer], MBEDTLS_MD_SHA256, digest,
	    sizeof(digest), sig, sizeof(sig), &sig_length, mbedtls_psa_get_random,
	    MBEDTLS_PSA_RANDOM_STATE), 0);
	der_init(&d, room, DER_BYTES_MAX);
	const uint8_t *end = d.at;
	der_bits(&d, sig, sig_length);
	put_algorithm(&d);
	der_bytes(&d, at, length);
	der_wrap(&d, DER_SEQUENCE, end);
	ck_assert_int_eq(der_result(&d), 0);
	return (struct der_span){d.at, (size_t)(room + DER_BYTES_MAX - d.at)};
}

/* Whom the list is about. */
enum about { OF_SERVER, OF_CA, OF_NOBODY };

static const struct {
	const char *what;
	enum about about;
	enum key signer;
	bool by_root, critical, entry_critical, may_not_sign;
	int64_t from_s, to_s;
	int taken; /* revocation_add */
	bool good;
} list_rows[] = {
	{"the server", OF_SERVER, CA_KEY, false, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, false},
	{"the CA", OF_CA, ROOT_KEY, true, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, false},
	{"nobody", OF_NOBODY, CA_KEY, false, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, by a stranger", OF_SERVER, FAKE_KEY, false, false, false,
	    false, NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, by the root", OF_SERVER, ROOT_KEY, true, false, false, false,
	    NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, by a CA that may not", OF_SERVER, CA_KEY, false, false,
	    false, true, NOW_S - DAY_S, NOW_S + DAY_S, 1, true},
	{"the server, a part of a list", OF_SERVER, CA_KEY, false, true, false,
	    false, NOW_S - DAY_S, NOW_S + DAY_S, E_VERSION, true},
	{"the server, for another's issuer", OF_SERVER, CA_KEY, false, false, true,
	    false, NOW_S - DAY_S, NOW_S + DAY_S, E_VERSION, true},
	{"the server, expired", OF_SERVER, CA_KEY, false, false, false, false,
	    NOW_S - 2 * DAY_S, NOW_S - DAY_S, 1, false},
	{"nobody, expired", OF_NOBODY, CA_KEY, false, false, false, false,
	    NOW_S - 2 * DAY_S, NOW_S - DAY_S, 1, true},
};

START_TEST(a_list_revokes_what_its_issuer_names)
{
	struct spec root = a_root(), ca = an_intermediate();
	struct revocation *r = revocation_new();
	uint8_t room[DER_BYTES_MAX + 1] = {0};

	root.key_usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN;
	ca.key_usage = list_rows[_i].may_not_sign ? MBEDTLS_X509_KU_KEY_CERT_SIGN
	                                          : root.key_usage;
	three(root, ca, server_below_ca());
	const struct list_spec spec = {
	    .issuer = list_rows[_i].by_root ? &roots : chain.next,
	    .signer = list_rows[_i].signer,
	    .revoked = list_rows[_i].about == OF_SERVER ? &chain
	        : list_rows[_i].about == OF_CA ? chain.next : NULL,
	    .critical = list_rows[_i].critical,
	    .entry_critical = list_rows[_i].entry_critical,
	    .from_s = list_rows[_i].from_s, .to_s = list_rows[_i].to_s};
	struct der_span list = make_list(room, &spec);
	ck_assert_ptr_nonnull(r);
	ck_assert_msg(revocation_add(r, list.at, list.length) ==
	    list_rows[_i].taken, "%s", list_rows[_i].what);
	ck_assert_uint_eq(revocation_expired(r, NOW_S),
	    list_rows[_i].to_s < NOW_S ? 1 : 0);
	options.crls = r;
	for (int i = 0; i < 2; i++) { /* the second time by the key it knows */
		if (list_rows[_i].good)
			check_good();
		else
			check_bad(VERIFY_REVOKED);
	}
	revocation_free(r);
}
END_TEST

/* As the CRL of a big CA: PEM, and found among others. */
START_TEST(lists_of_one_file_count_together)
{
	struct spec ca = an_intermediate();
	struct revocation *r = revocation_new();
	uint8_t room[DER_BYTES_MAX + 1] = {0};
	unsigned char pem[4 * DER_BYTES_MAX] = "";
	size_t used = 0, length;

	ca.key_usage = MBEDTLS_X509_KU_KEY_CERT_SIGN | MBEDTLS_X509_KU_CRL_SIGN;
	with_ca(ca);
	for (int i = 0; i < 3; i++) {
		const struct list_spec spec = {.issuer = chain.next, .signer = CA_KEY,
		    .revoked = i == 1 ? &chain : i == 2 ? chain.next : NULL,
		    .from_s = NOW_S, .to_s = NOW_S};
		struct der_span list = make_list(room, &spec);
		ck_assert_int_eq(mbedtls_pem_write_buffer("-----BEGIN X509 CRL-----\n",
		    "-----END X509 CRL-----\n", list.at, list.length, pem + used,
		    sizeof(pem) - used, &length), 0);
		used += length - 1; /* without its NUL */
	}
	ck_assert_int_eq(revocation_add(r, pem, used), 3);
	options.crls = r;
	check_bad(VERIFY_REVOKED);
	ck_assert_int_eq(revocation_add(r, (const uint8_t *)"x", 1), E_SYNTAX);
	ck_assert_int_eq(revocation_add(r, (const uint8_t *)"", 0), E_SYNTAX);
	check_bad(VERIFY_REVOKED);
	revocation_free(r);
}
END_TEST

START_TEST(a_list_cut_anywhere_is_not_taken)
{
	struct revocation *r = revocation_new();
	uint8_t room[DER_BYTES_MAX + 1] = {0};

	with_server(server_below_ca());
	const struct list_spec spec = {.issuer = chain.next, .signer = CA_KEY,
	    .revoked = &chain, .from_s = NOW_S, .to_s = NOW_S};
	struct der_span list = make_list(room, &spec);
	for (size_t n = 0; n < list.length; n++) {
		uint8_t *part_of_it = calloc(1, n + 1);
		ck_assert_ptr_nonnull(part_of_it);
		memcpy(part_of_it, list.at, n);
		ck_assert_int_lt(revocation_add(r, part_of_it, n), 0);
		free(part_of_it);
	}
	ck_assert_int_eq(revocation_add(r, list.at, list.length), 1);
	revocation_free(r);
}
END_TEST

/* --- at hand --- */

START_TEST(a_missing_intermediate_may_be_at_hand)
{
	add(&roots, a_root());
	add(&chain, server_below_ca());
	add(&at_hand, a_ca("CN=unrelated", FAKE_KEY, "CN=root", ROOT_KEY));
	add(&at_hand, an_intermediate());
	check_bad(VERIFY_UNKNOWN_ROOT);
	options.at_hand[_i] = &at_hand;
	check_good();
	ck_assert_uint_eq(result.path_length, 3);
	ck_assert_ptr_eq(result.path[0], &chain);
	ck_assert_ptr_eq(result.path[1], at_hand.next);
	ck_assert_ptr_eq(result.path[2], &roots);
}
END_TEST

START_TEST(what_is_at_hand_is_trusted_no_more_than_what_is_sent)
{
	struct spec old = an_intermediate();

	old.to_s = NOW_S - DAY_S;
	add(&roots, a_root());
	add(&chain, server_below_ca());
	add(&at_hand, old);
	options.at_hand[0] = &at_hand;
	check_bad(VERIFY_EXPIRED);
	options.roots = NULL;
	check_bad_twice(VERIFY_UNKNOWN_ROOT, VERIFY_EXPIRED);
}
END_TEST

/* DER one behind the other, of what stands in a list. */
static size_t
write_list(const mbedtls_x509_crt *list, uint8_t *out)
{
	size_t length = 0;

	for (; list != NULL; list = list->next) {
		memcpy(out + length, list->raw.p, list->raw.len);
		length += list->raw.len;
	}
	return length;
}

START_TEST(of_a_file_of_roots_those_with_an_issuer_in_it_are_at_hand)
{
	uint8_t file[4 * DER_BYTES_MAX];
	struct trust t;
	size_t bad;

	add(&roots, a_root());
	add(&roots, an_intermediate());
	add(&roots, a_ca("CN=alone", OTHER_KEY, "CN=nobody", FAKE_KEY));
	trust_init(&t);
	size_t length = write_list(&roots, file);
	ck_assert_uint_eq(trust_set_roots(&t, file, length, &bad), 3);
	ck_assert_uint_eq(bad, 0);
	trust_options(&t, &options);
	ck_assert_ptr_eq(options.roots, &t.roots);
	ck_assert_ptr_nonnull(t.roots.next);
	ck_assert_ptr_null(t.roots.next->next);
	ck_assert_ptr_eq(options.at_hand[0], &t.intermediates);
	ck_assert_ptr_null(options.at_hand[1]);
	add(&chain, server_below_ca());
	check_good();
	/* Cut short, it is none the less read up to there. */
	ck_assert_uint_eq(trust_set_roots(&t, file, length - 1, &bad), 3);
	ck_assert_uint_eq(bad, 1);
	trust_free(&t);
}
END_TEST

START_TEST(an_intermediate_that_was_seen_is_at_hand_until_there_are_too_many)
{
	uint8_t file[DER_BYTES_MAX];
	struct trust t;
	size_t bad;

	trust_init(&t);
	add(&roots, a_root());
	ck_assert_uint_eq(trust_set_roots(&t, file, write_list(&roots, file), &bad),
	    1);
	trust_options(&t, &options);
	for (unsigned i = 0; i < TRUST_SEEN_MAX + 1; i++) {
		mbedtls_x509_crt_free(&chain);
		add(&chain, server_below_ca());
		struct spec ca = an_intermediate();
		ca.to_s += i; /* so that each is another */
		add(&chain, ca);
		check_good();
		trust_remember(&t, &result);
		trust_remember(&t, &result); /* but once */
		ck_assert_uint_eq(t.seen_count, i < TRUST_SEEN_MAX ? i + 1 : 1);
		trust_options(&t, &options);
		mbedtls_x509_crt_free(&chain);
		add(&chain, server_below_ca());
		check_good();
	}
	trust_free(&t);
}
END_TEST

START_TEST(what_was_not_good_is_not_remembered)
{
	struct trust t;

	trust_init(&t);
	with_server(server_below_ca());
	options.host = "other.example";
	check_bad(VERIFY_NAME_MISMATCH);
	trust_remember(&t, &result);
	ck_assert_uint_eq(t.seen_count, 0);
	trust_free(&t);
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

static void
add_trust(TCase *t)
{
	tcase_add_test(t, a_key_that_is_known_to_be_compromised_is_not_believed);
	tcase_add_test(t, a_digest_is_read_in_the_forms_that_people_write);
	tcase_add_loop_test(t, what_the_administrator_distrusts_is_not_believed, 0,
	    6);
	tcase_add_loop_test(t, a_list_revokes_what_its_issuer_names, 0,
	    ARRAY_LENGTH(list_rows));
	tcase_add_test(t, lists_of_one_file_count_together);
	tcase_add_test(t, a_list_cut_anywhere_is_not_taken);
	tcase_add_loop_test(t, a_missing_intermediate_may_be_at_hand, 0,
	    VERIFY_AT_HAND_MAX);
	tcase_add_test(t, what_is_at_hand_is_trusted_no_more_than_what_is_sent);
	tcase_add_test(t,
	    of_a_file_of_roots_those_with_an_issuer_in_it_are_at_hand);
	tcase_add_test(t,
	    an_intermediate_that_was_seen_is_at_hand_until_there_are_too_many);
	tcase_add_test(t, what_was_not_good_is_not_remembered);
}

int
main(void)
{
	Suite *s = suite_create("verify_extensions");

	add_extensions(new_case(s, "extensions"));
	add_constraints(new_case(s, "constraints"));
	add_trust(new_case(s, "trust"));
	return run_suite(s);
}
