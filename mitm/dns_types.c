/* SPDX-License-Identifier: ISC */
/* The registry's numbers, as tables. Pure; worker. */
#include "mitm/dns_types.h"

#include <stdio.h>

struct name {
	uint16_t number;
	const char *text;
};

static const struct type {
	uint16_t number;
	const char *text;
	const char *layout; /* NULL: in the general form of RFC 3597 */
} types[] = {
	{1, "A", "a"}, {2, "NS", "n"}, {3, "MD", "n"}, {4, "MF", "n"},
	{5, "CNAME", "n"}, {6, "SOA", "nn44444"}, {7, "MB", "n"},
	{8, "MG", "n"}, {9, "MR", "n"}, {10, "NULL", NULL}, {11, "WKS", NULL},
	{12, "PTR", "n"}, {13, "HINFO", "ss"}, {14, "MINFO", "nn"},
	{15, "MX", "2n"}, {16, "TXT", "S"}, {17, "RP", "nn"},
	{18, "AFSDB", "2n"}, {19, "X25", "s"}, {20, "ISDN", NULL},
	{21, "RT", "2n"}, {22, "NSAP", NULL}, {23, "NSAP-PTR", "n"},
	{24, "SIG", NULL}, {25, "KEY", "211b"}, {26, "PX", "2nn"},
	{27, "GPOS", "sss"}, {28, "AAAA", "q"}, {29, "LOC", "l"},
	{30, "NXT", NULL}, {31, "EID", NULL}, {32, "NIMLOC", NULL},
	{33, "SRV", "222n"}, {34, "ATMA", NULL}, {35, "NAPTR", "22sssn"},
	{36, "KX", "2n"}, {37, "CERT", "221b"}, {38, "A6", NULL},
	{39, "DNAME", "n"}, {40, "SINK", NULL}, {41, "OPT", NULL},
	{42, "APL", NULL}, {43, "DS", "211x"}, {44, "SSHFP", "11x"},
	{45, "IPSECKEY", NULL}, {46, "RRSIG", "y114dd2nb"}, {47, "NSEC", "nm"},
	{48, "DNSKEY", "211b"}, {49, "DHCID", "b"}, {50, "NSEC3", "112hom"},
	{51, "NSEC3PARAM", "112h"}, {52, "TLSA", "111x"},
	{53, "SMIMEA", "111x"}, {55, "HIP", NULL}, {56, "NINFO", "S"},
	{57, "RKEY", NULL}, {58, "TALINK", "nn"}, {59, "CDS", "211x"},
	{60, "CDNSKEY", "211b"}, {61, "OPENPGPKEY", "b"}, {62, "CSYNC", "42m"},
	{63, "ZONEMD", "411x"}, {64, "SVCB", "2np"}, {65, "HTTPS", "2np"},
	{66, "DSYNC", NULL}, {99, "SPF", "S"}, {100, "UINFO", NULL},
	{101, "UID", NULL}, {102, "GID", NULL}, {103, "UNSPEC", NULL},
	{104, "NID", NULL}, {105, "L32", "2a"}, {106, "L64", NULL},
	{107, "LP", "2n"}, {108, "EUI48", "6"}, {109, "EUI64", "8"},
	{128, "NXNAME", NULL}, {249, "TKEY", NULL}, {250, "TSIG", NULL},
	{251, "IXFR", NULL}, {252, "AXFR", NULL}, {253, "MAILB", NULL},
	{254, "MAILA", NULL}, {255, "ANY", NULL}, {256, "URI", "22r"},
	{257, "CAA", "1tr"}, {258, "AVC", "S"}, {259, "DOA", NULL},
	{260, "AMTRELAY", NULL}, {261, "RESINFO", "S"}, {32768, "TA", "211x"},
	{32769, "DLV", "211x"},
};

static const struct name classes[] = {{1, "IN"}, {3, "CH"}, {4, "HS"},
    {254, "NONE"}, {255, "ANY"}};

static const struct name opcodes[] = {{0, "QUERY"}, {1, "IQUERY"}, {2, "STATUS"},
    {4, "NOTIFY"}, {5, "UPDATE"}, {6, "DSO"}};

static const struct name rcodes[] = {{0, "NOERROR"}, {1, "FORMERR"},
    {2, "SERVFAIL"}, {3, "NXDOMAIN"}, {4, "NOTIMP"}, {5, "REFUSED"},
    {6, "YXDOMAIN"}, {7, "YXRRSET"}, {8, "NXRRSET"}, {9, "NOTAUTH"},
    {10, "NOTZONE"}, {11, "DSOTYPENI"}, {16, "BADVERS"}, {17, "BADKEY"},
    {18, "BADTIME"}, {19, "BADMODE"}, {20, "BADNAME"}, {21, "BADALG"},
    {22, "BADTRUNC"}, {23, "BADCOOKIE"}};

static const struct name options[] = {{1, "LLQ"}, {2, "UL"}, {3, "NSID"},
    {5, "DAU"}, {6, "DHU"}, {7, "N3U"}, {8, "ECS"}, {9, "EXPIRE"},
    {10, "COOKIE"}, {11, "KEEPALIVE"}, {12, "PADDING"}, {13, "CHAIN"},
    {14, "KEYTAG"}, {15, "EDE"}, {18, "REPORT-CHANNEL"}, {19, "ZONEVERSION"}};

static const struct name extended_errors[] = {{0, "Other Error"},
    {1, "Unsupported DNSKEY Algorithm"}, {2, "Unsupported DS Digest Type"},
    {3, "Stale Answer"}, {4, "Forged Answer"}, {5, "DNSSEC Indeterminate"},
    {6, "DNSSEC Bogus"}, {7, "Signature Expired"}, {8, "Signature Not Yet Valid"},
    {9, "DNSKEY Missing"}, {10, "RRSIGs Missing"}, {11, "No Zone Key Bit Set"},
    {12, "NSEC Missing"}, {13, "Cached Error"}, {14, "Not Ready"},
    {15, "Blocked"}, {16, "Censored"}, {17, "Filtered"}, {18, "Prohibited"},
    {19, "Stale NXDOMAIN Answer"}, {20, "Not Authoritative"},
    {21, "Not Supported"}, {22, "No Reachable Authority"}, {23, "Network Error"},
    {24, "Invalid Data"}, {25, "Signature Expired before Valid"},
    {26, "Too Early"}, {27, "Unsupported NSEC3 Iterations Value"},
    {28, "Unable to conform to policy"}, {29, "Synthesized"},
    {30, "Invalid Query Type"}};

static const char *
find(const struct name *names, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].number == number)
			return names[i].text;
	}
	return NULL;
}

static void
put(const char *text, const char *general, unsigned number,
    char out[DNS_NAME_BYTES])
{
	if (text != NULL)
		(void)snprintf(out, DNS_NAME_BYTES, "%s", text);
	else
		(void)snprintf(out, DNS_NAME_BYTES, "%s%u", general, number);
}

/* Rows are in order of their numbers. NULL: there is none. */
static const struct type *
find_type(uint16_t number)
{
	size_t low = 0, high = ARRAY_LENGTH(types);

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (types[middle].number == number)
			return &types[middle];
		if (types[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void
dns_type_name(uint16_t number, char out[DNS_NAME_BYTES])
{
	const struct type *type = find_type(number);

	put(type == NULL ? NULL : type->text, "TYPE", number, out);
}

const char *
dns_type_layout(uint16_t number)
{
	const struct type *type = find_type(number);

	return type == NULL ? NULL : type->layout;
}

void
dns_class_name(uint16_t class_number, char out[DNS_NAME_BYTES])
{
	put(find(classes, ARRAY_LENGTH(classes), class_number), "CLASS",
	    class_number, out);
}

void
dns_opcode_name(unsigned opcode, char out[DNS_NAME_BYTES])
{
	put(find(opcodes, ARRAY_LENGTH(opcodes), opcode), "OPCODE", opcode, out);
}

void
dns_rcode_name(unsigned rcode, char out[DNS_NAME_BYTES])
{
	put(find(rcodes, ARRAY_LENGTH(rcodes), rcode), "RCODE", rcode, out);
}

void
dns_option_name(uint16_t code, char out[DNS_NAME_BYTES])
{
	put(find(options, ARRAY_LENGTH(options), code), "OPTION", code, out);
}

const char *
dns_extended_error(uint16_t code)
{
	return find(extended_errors, ARRAY_LENGTH(extended_errors), code);
}
