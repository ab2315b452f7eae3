/* SPDX-License-Identifier: ISC */
/*
 * Trees of names, read from a CA's certificate or made from the settings. Where
 * a constraint cannot be understood the certificate is refused rather than
 * served beyond it; constraints on kinds of names that a leaf never has are
 * passed over. Pure; signer, worker and CLI.
 */
#include "ca/scope.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>

#include "base/err.h"
#include "ca/issue.h"

/* RFC 5280 section 4.2.1.10: the fields, and a GeneralName's tags. */
#define PERMITTED 0u
#define EXCLUDED 1u
#define TREE_DNS (DER_CONTEXT + 2)
#define TREE_IP (DER_CONTEXT + 7)

#define IP4_BYTES 4u
#define IP6_BYTES 16u
#define EXTENSION_FRAME_BYTES 64u

/* --- a list of trees --- */

static int
add(struct scope *s, const struct scope_tree *tree)
{
	if (s->count >= SCOPE_TREES_MAX)
		return E_FULL;
	s->trees[s->count++] = *tree;
	return 0;
}

/* The domain is well formed as a name; a dot in front is not part of one. */
static bool
read_domain(struct scope_tree *out, const uint8_t *bytes, size_t length)
{
	struct name name = {0};
	size_t dot = length > 0 && bytes[0] == '.' ? 1 : 0;
	char text[sizeof(out->bytes) + 1] = "";

	if (length >= sizeof(text) || memchr(bytes, '\0', length) != NULL)
		return false;
	memcpy(text, bytes + dot, length - dot);
	if (length > 0 && (name_read(&name, text) != 0 || name.kind != NAME_DNS ||
	        text[0] == '*'))
		return false;
	out->kind = NAME_DNS;
	out->length = (uint8_t)(length == 0 ? 0 : dot + name.length);
	if (dot != 0)
		out->bytes[0] = '.';
	if (length > 0)
		memcpy(out->bytes + dot, name.bytes, name.length);
	return true;
}

/* An address and a mask whose ones come first (RFC 4632 section 3.1). */
static bool
read_block(struct scope_tree *out, const uint8_t *bytes, size_t length)
{
	size_t half = length / 2;
	bool ended = false;

	if (length != 2 * IP4_BYTES && length != 2 * IP6_BYTES)
		return false;
	for (size_t bit = 0; bit < half * 8; bit++) {
		bool one = (bytes[half + bit / 8] >> (7 - bit % 8) & 1) != 0;
		if (one && ended)
			return false;
		ended = ended || !one;
	}
	out->kind = half == IP4_BYTES ? NAME_IP4 : NAME_IP6;
	out->length = (uint8_t)length;
	memcpy(out->bytes, bytes, length);
	return true;
}

/* --- from the settings --- */

/* "192.0.2.0/24" as address and mask. */
static bool
parse_block(struct scope_tree *out, const char *text)
{
	uint8_t bytes[2 * IP6_BYTES] = {0};
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	char *end;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	size_t size = inet_pton(AF_INET, address, bytes) == 1 ? IP4_BYTES
	    : inet_pton(AF_INET6, address, bytes) == 1 ? IP6_BYTES : 0;
	unsigned long bits = strtoul(slash + 1, &end, 10);
	if (size == 0 || slash[1] < '0' || slash[1] > '9' || *end != '\0' ||
	    bits > size * 8)
		return false;
	for (size_t bit = 0; bit < bits; bit++)
		bytes[size + bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return read_block(out, bytes, 2 * size);
}

int
scope_permit(struct scope *s, const char *text)
{
	struct scope_tree tree = {0};

	s->levels = 1;
	if (text[0] == '\0' || (!parse_block(&tree, text) &&
	        !read_domain(&tree, (const uint8_t *)text, strlen(text))))
		return E_SYNTAX;
	return add(s, &tree);
}

static bool
speaks_of(const struct scope *s, enum name_kind kind)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->trees[i].kind == kind)
			return true;
	return false;
}

int
scope_close(struct scope *s)
{
	/* No domain at all, and the blocks of all addresses. */
	static const struct scope_tree all[] = {
	    {.excluded = true, .kind = NAME_DNS},
	    {.excluded = true, .kind = NAME_IP4, .length = 2 * IP4_BYTES},
	    {.excluded = true, .kind = NAME_IP6, .length = 2 * IP6_BYTES},
	};
	int error = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(all) && error == 0; i++)
		if (!speaks_of(s, all[i].kind))
			error = add(s, &all[i]);
	return error;
}

/* --- the extension --- */

static void
write_trees(const struct scope *s, struct der *d, bool excluded)
{
	const uint8_t *end = d->at;

	for (size_t i = s->count; i-- > 0;) {
		const struct scope_tree *tree = &s->trees[i];
		const uint8_t *tree_end = d->at;

		if (tree->excluded != excluded)
			continue;
		der_value(d, tree->kind == NAME_DNS ? TREE_DNS : TREE_IP, tree->bytes,
		    tree->length);
		der_wrap(d, DER_SEQUENCE, tree_end);
	}
	if (d->at != end)
		der_wrap(d, DER_CONTEXT_CONSTRUCTED + (excluded ? EXCLUDED : PERMITTED),
		    end);
}

void
scope_write(const struct scope *s, struct der *d)
{
	const uint8_t *end = d->at;

	if (s->count == 0)
		return;
	write_trees(s, d, true);
	write_trees(s, d, false);
	der_wrap(d, DER_SEQUENCE, end);
	issue_extension(d, MBEDTLS_OID_NAME_CONSTRAINTS, true, end);
}

/* GeneralSubtree: a base, and no minimum or maximum (they are barred). */
static int
read_tree(struct scope *s, const unsigned char *p, const unsigned char *end,
    bool excluded)
{
	struct scope_tree tree = {.level = s->levels, .excluded = excluded};
	unsigned tag = p < end ? *p : 0;
	size_t length;

	if (tag == 0 || mbedtls_asn1_get_tag((unsigned char **)&p, end, &length,
	        (int)tag) != 0 || p + length != end)
		return E_SYNTAX;
	if (tag == TREE_DNS)
		return read_domain(&tree, p, length) ? add(s, &tree) : E_SYNTAX;
	if (tag == TREE_IP)
		return read_block(&tree, p, length) ? add(s, &tree) : E_SYNTAX;
	return 0;
}

static int
read_trees(struct scope *s, unsigned char **at, const unsigned char *end,
    unsigned field)
{
	size_t length;
	int error = 0;

	if (mbedtls_asn1_get_tag(at, end, &length,
	        (int)(DER_CONTEXT_CONSTRUCTED + field)) != 0)
		return 0; /* it is not there */
	end = *at + length;
	while (error == 0 && *at < end) {
		if (mbedtls_asn1_get_tag(at, end, &length, DER_SEQUENCE) != 0)
			return E_SYNTAX;
		error = read_tree(s, *at, *at + length, field == EXCLUDED);
		*at += length;
	}
	return error;
}

static int
read_extension(struct scope *s, unsigned char *at, const unsigned char *end)
{
	size_t length;

	if (mbedtls_asn1_get_tag(&at, end, &length, DER_SEQUENCE) != 0 ||
	    at + length != end)
		return E_SYNTAX;
	int error = read_trees(s, &at, end, PERMITTED);
	if (error == 0)
		error = read_trees(s, &at, end, EXCLUDED);
	return error == 0 && at != end ? E_SYNTAX : error;
}

struct reading {
	struct scope *scope;
	int error;
};

/* Called for each extension that mbedTLS does not know. */
static int
on_extension(void *context, mbedtls_x509_crt const *crt UNUSED,
    mbedtls_x509_buf const *oid, int critical, const unsigned char *at,
    const unsigned char *end)
{
	struct reading *reading = context;

	if (MBEDTLS_OID_CMP(MBEDTLS_OID_NAME_CONSTRAINTS, oid) == 0)
		reading->error = reading->scope == NULL ? 0
		    : read_extension(reading->scope, (unsigned char *)(uintptr_t)at,
		        end);
	else if (critical)
		reading->error = E_SYNTAX;
	return reading->error == 0 ? 0 : MBEDTLS_ERR_X509_INVALID_EXTENSIONS;
}

int
scope_parse_certificate(struct scope *s, mbedtls_x509_crt *chain,
    const uint8_t *der, size_t length)
{
	struct reading reading = {.scope = s};
	size_t before = s == NULL ? 0 : s->count;

	int error = mbedtls_x509_crt_parse_der_with_ext_cb(chain, der, length, 1,
	    on_extension, &reading);
	bool read = error == 0 && reading.error == 0;
	if (s != NULL) {
		s->levels += read;
		s->count = read ? s->count : before;
	}
	if (read)
		return 0;
	if (reading.error != 0)
		return reading.error;
	return error == MBEDTLS_ERR_X509_ALLOC_FAILED ? E_NOMEM : E_SYNTAX;
}

/* --- the question --- */

static bool
ends_with(const uint8_t *bytes, size_t length, const uint8_t *tail, size_t size)
{
	return length >= size && memcmp(bytes + length - size, tail, size) == 0;
}

/* The tree itself or more labels in front; with a dot in front, which is not in
 * the RFC but in use, the latter only. */
static bool
within_domain(const struct scope_tree *tree, const struct name *name)
{
	if (tree->length == 0)
		return true;
	if (!ends_with(name->bytes, name->length, tree->bytes, tree->length))
		return false;
	size_t rest = (size_t)name->length - tree->length;
	return tree->bytes[0] == '.' ? rest > 0
	                             : rest == 0 || name->bytes[rest - 1] == '.';
}

/* Whether "*.example.com" stands for a name in "www.example.com". */
static bool
reaches_into(const struct scope_tree *tree, const struct name *name)
{
	return name->bytes[0] == '*' && ends_with(tree->bytes, tree->length,
	    name->bytes + 1, (size_t)name->length - 1);
}

static bool
within_block(const struct scope_tree *tree, const struct name *name)
{
	const uint8_t *mask = tree->bytes + name->length;

	for (size_t i = 0; i < name->length; i++)
		if (((tree->bytes[i] ^ name->bytes[i]) & mask[i]) != 0)
			return false;
	return true;
}

static bool
within(const struct scope_tree *tree, const struct name *name)
{
	return tree->kind == NAME_DNS ? within_domain(tree, name)
	                              : within_block(tree, name);
}

static bool
level_permits(const struct scope *s, unsigned level, const struct name *name)
{
	bool asked = false, permitted = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct scope_tree *tree = &s->trees[i];

		if (tree->level != level || tree->kind != name->kind)
			continue;
		bool in = within(tree, name);
		if (tree->excluded && (in ||
		        (tree->kind == NAME_DNS && reaches_into(tree, name))))
			return false;
		asked = asked || !tree->excluded;
		permitted = permitted || (!tree->excluded && in);
	}
	return permitted || !asked;
}

/* RFC 5280 has one kind for both families of addresses: what permits blocks of
 * one permits none of the other. */
static bool
is_other_family(const struct scope *s, unsigned level, enum name_kind kind)
{
	bool own = false, other = false;

	for (size_t i = 0; i < s->count; i++) {
		const struct scope_tree *tree = &s->trees[i];

		if (tree->level != level || tree->excluded || tree->kind == NAME_DNS)
			continue;
		own = own || tree->kind == kind;
		other = other || tree->kind != kind;
	}
	return kind != NAME_DNS && other && !own;
}

bool
scope_permits(const struct scope *s, const struct name *name)
{
	for (unsigned level = 0; level < s->levels; level++)
		if (!level_permits(s, level, name) ||
		    is_other_family(s, level, name->kind))
			return false;
	return true;
}

void
scope_filter(const struct scope *s, struct names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (!scope_permits(s, &names->items[i]))
			continue;
		if (kept != i)
			names->items[kept] = names->items[i];
		kept++;
	}
	names->count = kept;
}
