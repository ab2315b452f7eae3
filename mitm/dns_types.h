/* SPDX-License-Identifier: ISC */
/*
 * The numbers of DNS and their names (the registry of RFC 6895), and how the data of
 * each type are laid out: tables, where adding a type is a row. Pure. Worker.
 */
#ifndef SIGHTGLASS_MITM_DNS_TYPES_H
#define SIGHTGLASS_MITM_DNS_TYPES_H

#include <stdint.h>

#include "base/attr.h"

enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_SIG = 24,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_HTTPS = 65,
	DNS_TYPE_TSIG = 250,
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252
};

enum { DNS_CLASS_NONE = 254, DNS_CLASS_ANY = 255 };

#define DNS_NAME_BYTES 16u /* of a mnemonic, with its NUL */

/* Each writes the mnemonic, or the number's general form (RFC 3597: TYPE4711,
 * CLASS5; RCODE12, OPCODE7, OPTION65001). */
void dns_type_name(uint16_t number, char out[DNS_NAME_BYTES]) NONNULL(2);
void dns_class_name(uint16_t class_number, char out[DNS_NAME_BYTES]) NONNULL(2);
void dns_opcode_name(unsigned opcode, char out[DNS_NAME_BYTES]) NONNULL(2);
void dns_rcode_name(unsigned rcode, char out[DNS_NAME_BYTES]) NONNULL(2);
void dns_option_name(uint16_t code, char out[DNS_NAME_BYTES]) NONNULL(2);

/* The words of an extended error (RFC 8914 section 5.2), or NULL. Static. */
const char *dns_extended_error(uint16_t code) WUNRES;

/* How the type's data are laid out, a letter a field, or NULL: not known here.
 *   a q  an address of IPv4, of IPv6
 *   n    a name
 *   1 2 4  a number of so many bytes
 *   d    the time of a signature (RFC 4034 section 3.2)
 *   y m  a type, a bitmap of types
 *   s S  a <character-string>, all that follow
 *   t r  a tag (RFC 8659: a string that is letters), the rest as a string
 *   h o  bytes behind their number: in base 16 or "-", in base 32
 *   6 8  a hardware address of so many bytes
 *   x b  the rest: in base 16, in base 64
 *   l p  a location, the parameters of a service */
const char *dns_type_layout(uint16_t number) WUNRES;

#endif
