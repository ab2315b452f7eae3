/* SPDX-License-Identifier: ISC */
/*
 * The codec of the bridge: PROXY protocol version 2 headers with our TLVs, and
 * datagram frames. Pure: bytes in, values out. Forwarders write with it,
 * workers read with it. It refuses what is not whole, not IP, or ambiguous (a
 * TLV twice), and never looks behind the length that it was given.
 *
 * "2.2" and the like are sections of the PROXY protocol's specification.
 */
#include "extension-bridge/flow_header.h"

#include <netinet/in.h>
#include <string.h>

#include "base/be.h"
#include "base/endpoint.h"
#include "base/err.h"

#define SIGNATURE_BYTES 12u
#define FIXED_BYTES 16u
#define TLV_HEAD_BYTES 3u
#define PORT_BYTES 2u

enum tlv_type {
	TLV_AUTHORITY = 0x02,
	TLV_CRC32C = 0x03,
	TLV_UNIQUE_ID = 0x05,
	TLV_VERSION = 0xE0,
	TLV_PID = 0xE1,
	TLV_UID = 0xE2,
	TLV_EXECUTABLE = 0xE3,
	TLV_SIGNING_ID = 0xE4,
	TLV_TEAM_ID = 0xE5,
	TLV_FORWARDER = 0xE6,
	TLV_ALTERNATE = 0xE7,
	TLV_PREFIX_BYTES = 0xE8,
	TLV_AUDIT_TOKEN = 0xE9,
	TLV_INTERFACE = 0xEA
};

static const uint8_t signature[SIGNATURE_BYTES] = {0x0D, 0x0A, 0x0D, 0x0A, 0x00,
    0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};

/* The TLVs that are text, and where they live. */
static const struct text_tlv {
	uint8_t type;
	size_t offset; /* in struct flow_header */
	size_t size;   /* with the NUL that the wire does not carry */
} text_tlvs[] = {
#define TEXT_TLV(type, member)                                                \
	{type, offsetof(struct flow_header, member),                          \
	    sizeof(((struct flow_header *)0)->member)}
    TEXT_TLV(TLV_AUTHORITY, authority),
    TEXT_TLV(TLV_EXECUTABLE, executable),
    TEXT_TLV(TLV_SIGNING_ID, signing_id),
    TEXT_TLV(TLV_TEAM_ID, team_id),
    TEXT_TLV(TLV_FORWARDER, forwarder),
#undef TEXT_TLV
};

static uint8_t *
write_u16(uint8_t *p, uint16_t value)
{
	be16_enc(p, value);
	return p + 2;
}

static uint8_t *
write_u32(uint8_t *p, uint32_t value)
{
	return write_u16(write_u16(p, (uint16_t)(value >> 16)), (uint16_t)value);
}

/* CRC32c (RFC 9260 appendix A) over a header of length bytes whose checksum
 * field, the four bytes at `hole`, counts as zero (2.2.3). A bit at a time: few
 * senders use it and a header is short. */
static uint32_t
crc32c(const uint8_t *bytes, size_t length, size_t hole)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= i - hole < 4 ? 0u : bytes[i];
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82F63B78u & (0u - (crc & 1)));
	}
	return ~crc;
}

static size_t
address_bytes(int family)
{
	return family == AF_INET ? 4 : 16;
}

/* Stores an address and a port in network order. A v4-mapped address (RFC 4291
 * section 2.5.5.2) becomes the IPv4 address that it stands for: a forwarder
 * writes one when the two ends of a flow are of two families. */
static void
set_address(struct sockaddr_storage *out, int family, const uint8_t *address,
    const uint8_t *port)
{
	static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	if (family == AF_INET6 && memcmp(address, mapped, sizeof(mapped)) == 0) {
		family = AF_INET;
		address += sizeof(mapped);
	}
	memset(out, 0, sizeof(*out));
	out->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		memcpy(&in->sin_addr, address, 4);
		memcpy(&in->sin_port, port, PORT_BYTES);
	} else {
		memcpy(&in6->sin6_addr, address, 16);
		memcpy(&in6->sin6_port, port, PORT_BYTES);
	}
}

/* The reverse; family is a's own, or AF_INET6 to have IPv4 mapped. */
static uint8_t *
write_address(uint8_t *p, const struct sockaddr_storage *a, int family)
{
	if (a->ss_family == AF_INET6) {
		memcpy(p, &((const struct sockaddr_in6 *)a)->sin6_addr, 16);
		return p + 16;
	}
	if (family == AF_INET6) {
		memset(p, 0, 10);
		memset(p + 10, 0xFF, 2);
		p += 12;
	}
	memcpy(p, &((const struct sockaddr_in *)a)->sin_addr, 4);
	return p + 4;
}

static uint8_t *
write_port(uint8_t *p, const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		memcpy(p, &((const struct sockaddr_in *)a)->sin_port, PORT_BYTES);
	else
		memcpy(p, &((const struct sockaddr_in6 *)a)->sin6_port,
		    PORT_BYTES);
	return p + PORT_BYTES;
}

static bool
is_ip(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET || a->ss_family == AF_INET6;
}

/* The family that a frame or an alternate names, or 0. */
static int
family_of(uint8_t number)
{
	return number == 4 ? AF_INET : number == 6 ? AF_INET6 : 0;
}

/* Reads the 16 fixed bytes as far as they are there. Returns the length of the
 * whole header, or the error that flow_header_parse returns. */
static int
parse_fixed(const uint8_t *bytes, size_t length, struct flow_header *h,
    int *family)
{
	size_t compare = length < SIGNATURE_BYTES ? length : SIGNATURE_BYTES;

	if (memcmp(bytes, signature, compare) != 0)
		return E_SYNTAX;
	if (length > 12 && bytes[12] >> 4 != 2)
		return E_SYNTAX;
	if (length > 12 && bytes[12] != 0x21)
		return E_VERSION;
	if (length > 13) {
		uint8_t kind = bytes[13];
		if (kind != 0x11 && kind != 0x12 && kind != 0x21 && kind != 0x22)
			return E_VERSION;
		*family = kind >> 4 == 1 ? AF_INET : AF_INET6;
		h->transport = (kind & 15) == 1 ? FLOW_STREAM : FLOW_DATAGRAM;
	}
	if (length < FIXED_BYTES)
		return E_MORE;

	size_t whole = FIXED_BYTES + (size_t)be16_dec(bytes + 14);
	if (whole > FLOW_HEADER_BYTES_MAX)
		return E_LIMIT;
	if (whole < FIXED_BYTES + 2 * (address_bytes(*family) + PORT_BYTES))
		return E_SYNTAX;
	return length < whole ? E_MORE : (int)whole;
}

static int
parse_text(const struct text_tlv *field, const uint8_t *value, size_t length,
    struct flow_header *h)
{
	char *place = (char *)h + field->offset;

	if (length >= field->size)
		return E_LIMIT;
	if (length > 0 && memchr(value, '\0', length) != NULL)
		return E_SYNTAX;
	memcpy(place, value, length);
	place[length] = '\0';
	return 0;
}

static int
parse_alternate(const uint8_t *value, size_t length, struct flow_header *h)
{
	int family = length > 0 ? family_of(value[0]) : 0;

	if (family == 0 || length != 1 + address_bytes(family) + PORT_BYTES)
		return E_SYNTAX;
	if (h->alternate_count == FLOW_ALTERNATES_MAX)
		return E_LIMIT;
	set_address(&h->alternates[h->alternate_count++], family, value + 1,
	    value + 1 + address_bytes(family));
	return 0;
}

static int
parse_version(const uint8_t *value, size_t length, struct flow_header *h)
{
	if (length != 2)
		return E_SYNTAX;
	h->version = be16_dec(value);
	if (h->version == 0 || h->version > FLOW_PROTOCOL_VERSION)
		return E_VERSION;
	return 0;
}

static int
parse_u32(const uint8_t *value, size_t length, uint32_t *out)
{
	if (length != 4)
		return E_SYNTAX;
	*out = be32_dec(value);
	return 0;
}

static int
parse_unique_id(const uint8_t *value, size_t length, struct flow_header *h)
{
	if (length > sizeof(h->unique_id))
		return E_LIMIT;
	memcpy(h->unique_id, value, length);
	h->unique_id_length = length;
	return 0;
}

static int
parse_prefix_bytes(const uint8_t *value, size_t length, struct flow_header *h)
{
	int error = parse_u32(value, length, &h->prefix_bytes);

	if (error == 0 && h->prefix_bytes > FLOW_PREFIX_BYTES_MAX)
		return E_LIMIT;
	return error;
}

static int
parse_audit_token(const uint8_t *value, size_t length, struct flow_header *h)
{
	if (length != sizeof(h->audit_token))
		return E_SYNTAX;
	memcpy(h->audit_token, value, length);
	h->has_audit_token = true;
	return 0;
}

/* One TLV that is not text; the types that are not ours to read are skipped. */
static int
parse_tlv(uint8_t type, const uint8_t *value, size_t length,
    struct flow_header *h)
{
	switch (type) {
	case TLV_UNIQUE_ID:
		return parse_unique_id(value, length, h);
	case TLV_VERSION:
		return parse_version(value, length, h);
	case TLV_PID:
		h->has_pid = true;
		return parse_u32(value, length, &h->pid);
	case TLV_UID:
		h->has_uid = true;
		return parse_u32(value, length, &h->uid);
	case TLV_ALTERNATE:
		return parse_alternate(value, length, h);
	case TLV_PREFIX_BYTES:
		return parse_prefix_bytes(value, length, h);
	case TLV_AUDIT_TOKEN:
		return parse_audit_token(value, length, h);
	case TLV_INTERFACE:
		return parse_u32(value, length, &h->interface);
	default:
		return 0;
	}
}

static int
check_crc(const uint8_t *bytes, size_t whole, size_t at, size_t length)
{
	uint32_t claimed;
	int error = parse_u32(bytes + at, length, &claimed);

	if (error != 0)
		return error;
	return crc32c(bytes, whole, at) == claimed ? 0 : E_CORRUPT;
}

static const struct text_tlv *
text_field(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_LENGTH(text_tlvs); i++)
		if (text_tlvs[i].type == type)
			return &text_tlvs[i];
	return NULL;
}

/* A TLV that may stand only once in a header. */
static bool
is_single(uint8_t type)
{
	return type == TLV_CRC32C || type == TLV_UNIQUE_ID ||
	    text_field(type) != NULL ||
	    (type >= TLV_VERSION && type <= TLV_INTERFACE &&
	    type != TLV_ALTERNATE);
}

static int
parse_tlvs(const uint8_t *bytes, size_t at, size_t whole, struct flow_header *h)
{
	bool seen[256] = {false};
	int error = 0;

	while (error == 0 && at < whole) {
		if (whole - at < TLV_HEAD_BYTES)
			return E_SYNTAX;
		uint8_t type = bytes[at];
		size_t length = be16_dec(bytes + at + 1);
		at += TLV_HEAD_BYTES;
		if (length > whole - at || (seen[type] && is_single(type)))
			return E_SYNTAX;
		seen[type] = true;

		const struct text_tlv *field = text_field(type);
		if (field != NULL)
			error = parse_text(field, bytes + at, length, h);
		else if (type == TLV_CRC32C)
			error = check_crc(bytes, whole, at, length);
		else
			error = parse_tlv(type, bytes + at, length, h);
		at += length;
	}
	return error;
}

static void
set_scopes(struct flow_header *h)
{
	endpoint_set_scope(&h->destination, h->interface);
	for (size_t i = 0; i < h->alternate_count; i++)
		endpoint_set_scope(&h->alternates[i], h->interface);
}

int
flow_header_parse(const uint8_t *bytes, size_t length, struct flow_header *out)
{
	struct flow_header h = {.transport = FLOW_STREAM};
	int family = AF_INET;

	int whole = parse_fixed(bytes, length, &h, &family);
	if (whole < 0)
		return whole;

	size_t size = address_bytes(family);
	const uint8_t *addresses = bytes + FIXED_BYTES;
	const uint8_t *ports = addresses + 2 * size;
	set_address(&h.source, family, addresses, ports);
	set_address(&h.destination, family, addresses + size, ports + PORT_BYTES);

	int error = parse_tlvs(bytes, FIXED_BYTES + 2 * (size + PORT_BYTES),
	    (size_t)whole, &h);
	if (error != 0)
		return error;
	set_scopes(&h);
	*out = h;
	return whole;
}

static uint8_t *
write_tlv(uint8_t *p, uint8_t type, const void *value, size_t length)
{
	*p++ = type;
	p = write_u16(p, (uint16_t)length);
	memcpy(p, value, length);
	return p + length;
}

static uint8_t *
write_tlv_u32(uint8_t *p, uint8_t type, uint32_t value)
{
	uint8_t bytes[4];

	(void)write_u32(bytes, value);
	return write_tlv(p, type, bytes, sizeof(bytes));
}

static uint8_t *
write_texts(uint8_t *p, const struct flow_header *h)
{
	for (size_t i = 0; i < ARRAY_LENGTH(text_tlvs); i++) {
		const struct text_tlv *field = &text_tlvs[i];
		const char *text = (const char *)h + field->offset;
		size_t length = strnlen(text, field->size - 1);
		if (length > 0)
			p = write_tlv(p, field->type, text, length);
	}
	return p;
}

static uint8_t *
write_alternates(uint8_t *p, const struct flow_header *h)
{
	uint8_t value[1 + 16 + PORT_BYTES];

	for (size_t i = 0; i < h->alternate_count; i++) {
		const struct sockaddr_storage *a = &h->alternates[i];
		value[0] = a->ss_family == AF_INET ? 4 : 6;
		uint8_t *end = write_port(
		    write_address(value + 1, a, a->ss_family), a);
		p = write_tlv(p, TLV_ALTERNATE, value, (size_t)(end - value));
	}
	return p;
}

/* The protocol's version comes before every TLV whose meaning it governs. */
static uint8_t *
write_tlvs(uint8_t *p, const struct flow_header *h)
{
	uint8_t version[2];

	(void)write_u16(version, FLOW_PROTOCOL_VERSION);
	p = write_tlv(p, TLV_VERSION, version, sizeof(version));
	if (h->unique_id_length > 0)
		p = write_tlv(p, TLV_UNIQUE_ID, h->unique_id,
		    h->unique_id_length);
	if (h->has_pid)
		p = write_tlv_u32(p, TLV_PID, h->pid);
	if (h->has_uid)
		p = write_tlv_u32(p, TLV_UID, h->uid);
	if (h->has_audit_token)
		p = write_tlv(p, TLV_AUDIT_TOKEN, h->audit_token,
		    sizeof(h->audit_token));
	p = write_texts(p, h);
	p = write_alternates(p, h);
	if (h->prefix_bytes > 0)
		p = write_tlv_u32(p, TLV_PREFIX_BYTES, h->prefix_bytes);
	if (h->interface != 0)
		p = write_tlv_u32(p, TLV_INTERFACE, h->interface);
	return p;
}

static bool
is_writable(const struct flow_header *h)
{
	if (!is_ip(&h->source) || !is_ip(&h->destination))
		return false;
	if (h->alternate_count > FLOW_ALTERNATES_MAX ||
	    h->unique_id_length > sizeof(h->unique_id) ||
	    h->prefix_bytes > FLOW_PREFIX_BYTES_MAX)
		return false;
	for (size_t i = 0; i < h->alternate_count; i++)
		if (!is_ip(&h->alternates[i]))
			return false;
	return true;
}

int
flow_header_write(const struct flow_header *h, uint8_t *out, size_t capacity)
{
	uint8_t bytes[FLOW_HEADER_BYTES_MAX]; /* more than all fields at their most */
	uint8_t *p = bytes;

	if (!is_writable(h))
		return E_RANGE;
	int family = h->source.ss_family == AF_INET &&
	    h->destination.ss_family == AF_INET ? AF_INET : AF_INET6;

	memcpy(p, signature, SIGNATURE_BYTES);
	p[12] = 0x21; /* version 2, command PROXY */
	p[13] = (uint8_t)((family == AF_INET ? 0x10 : 0x20) |
	    (h->transport == FLOW_STREAM ? 0x01 : 0x02));
	p += FIXED_BYTES;
	p = write_address(p, &h->source, family);
	p = write_address(p, &h->destination, family);
	p = write_port(write_port(p, &h->source), &h->destination);
	p = write_tlvs(p, h);
	(void)write_u16(bytes + 14, (uint16_t)(p - bytes - FIXED_BYTES));

	size_t length = (size_t)(p - bytes);
	if (length > capacity)
		return E_FULL;
	memcpy(out, bytes, length);
	return (int)length;
}

int
flow_datagram_parse(const uint8_t *bytes, size_t length,
    struct flow_datagram *out)
{
	if (length < 3)
		return E_MORE;
	size_t payload = be16_dec(bytes);
	int family = family_of(bytes[2]);
	if (family == 0)
		return E_SYNTAX;

	size_t head = 3 + address_bytes(family) + PORT_BYTES;
	if (length < head + payload)
		return E_MORE;
	set_address(&out->address, family, bytes + 3,
	    bytes + 3 + address_bytes(family));
	out->payload = bytes + head;
	out->length = payload;
	return (int)(head + payload);
}

int
flow_datagram_write(const struct flow_datagram *d,
    uint8_t out[FLOW_DATAGRAM_HEADER_MAX])
{
	if (!is_ip(&d->address) || d->length > UINT16_MAX)
		return E_RANGE;
	uint8_t *p = write_u16(out, (uint16_t)d->length);
	*p++ = d->address.ss_family == AF_INET ? 4 : 6;
	p = write_port(write_address(p, &d->address, d->address.ss_family),
	    &d->address);
	return (int)(p - out);
}
