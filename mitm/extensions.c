/* SPDX-License-Identifier: ISC */
/*
 * The walk over a certificate's extensions, and what those that we process must
 * look like: a table, an OID and a reader a row. Pure; worker and CLI. What is
 * critical and not in the table is never passed over.
 */
#include "mitm/extensions.h"

#include <string.h>

#define CONTEXT 0x80u
#define TAG_CLASS 0xc0u
#define SAN_IP 0x87u
#define PATH_LENGTH_MAX 255

struct extension {
	struct der_span oid, value;
	bool critical;
};

/* --- the values --- */

/* RFC 5280 section 4.2.1.9: a pathLen above what any path has is that. */
static bool
read_basic_constraints(struct extensions *out, struct der_span value)
{
	struct der_span all, number;

	if (!der_read_only(value, DER_READ_SEQUENCE, &all) ||
	    !der_read_boolean(&all, &out->is_ca))
		return false;
	if (all.length == 0)
		return true;
	if (!der_read_only(all, DER_READ_INTEGER, &number) || number.length == 0 ||
	    (number.at[0] & 0x80) != 0)
		return false;
	out->path_length = number.length > 1 ? PATH_LENGTH_MAX : number.at[0];
	return true;
}

/* Section 4.2.1.3: a named bit list of which at least one is set. */
static bool
read_key_usage(struct extensions *out UNUSED, struct der_span value)
{
	struct der_span bits;
	unsigned any = 0;

	if (!der_read_only(value, DER_READ_BIT_STRING, &bits) || bits.length < 2 ||
	    bits.length > 3 || bits.at[0] > 7)
		return false;
	for (size_t i = 1; i < bits.length; i++)
		any |= bits.at[i];
	return any != 0;
}

/* A SEQUENCE of one element or more, each of them with this tag. */
static bool
is_sequence_of(struct der_span value, uint8_t tag)
{
	struct der_span all, one;

	if (!der_read_only(value, DER_READ_SEQUENCE, &all) || all.length == 0)
		return false;
	while (all.length > 0) {
		if (!der_read_tag(&all, tag, &one) || one.length == 0)
			return false;
	}
	return true;
}

static bool
read_extended_key_usage(struct extensions *out UNUSED, struct der_span value)
{
	return is_sequence_of(value, DER_READ_OID);
}

static bool
read_policies(struct extensions *out UNUSED, struct der_span value)
{
	return is_sequence_of(value, DER_READ_SEQUENCE);
}

/* Section 4.2.1.6: one name or more; an address has 4 bytes or 16. */
static bool
read_alternative_names(struct extensions *out UNUSED, struct der_span value)
{
	struct der_span all, one;
	uint8_t tag;

	if (!der_read_only(value, DER_READ_SEQUENCE, &all) || all.length == 0)
		return false;
	while (all.length > 0) {
		if (!der_read(&all, &tag, &one) || (tag & TAG_CLASS) != CONTEXT)
			return false;
		if (tag == SAN_IP && one.length != 4 && one.length != 16)
			return false;
	}
	return true;
}

static bool
read_subject_key_id(struct extensions *out UNUSED, struct der_span value)
{
	struct der_span id;

	return der_read_only(value, DER_READ_OCTET_STRING, &id);
}

static bool
read_authority_key_id(struct extensions *out UNUSED, struct der_span value)
{
	struct der_span all;

	return der_read_only(value, DER_READ_SEQUENCE, &all);
}

/* Its trees are read where they are applied: constraints.c. */
static bool
read_name_constraints(struct extensions *out, struct der_span value)
{
	struct der_span all;

	out->name_constraints = value;
	return der_read_only(value, DER_READ_SEQUENCE, &all);
}

/* All of the arc id-ce (2.5.29): the last byte of the OID. */
static const struct {
	uint8_t arc;
	bool (*read)(struct extensions *out, struct der_span value);
} known[] = {
	{14, read_subject_key_id},
	{15, read_key_usage},
	{17, read_alternative_names},
	{19, read_basic_constraints},
	{30, read_name_constraints},
	{32, read_policies},
	{35, read_authority_key_id},
	{37, read_extended_key_usage},
};

/* --- the list --- */

static bool
next(struct der_span *list, struct extension *out)
{
	struct der_span one;

	*out = (struct extension){0};
	return der_read_tag(list, DER_READ_SEQUENCE, &one) &&
	    der_read_tag(&one, DER_READ_OID, &out->oid) &&
	    der_read_boolean(&one, &out->critical) &&
	    der_read_only(one, DER_READ_OCTET_STRING, &out->value);
}

static bool
is_known(struct der_span oid, size_t *row)
{
	if (oid.length != 3 || oid.at[0] != 0x55 || oid.at[1] != 0x1d)
		return false;
	for (*row = 0; *row < ARRAY_LENGTH(known); (*row)++)
		if (known[*row].arc == oid.at[2])
			return true;
	return false;
}

/* One of the list; `seen` are the OIDs before it. */
static void
take(struct extensions *out, const struct extension *e,
    struct der_span seen[EXTENSIONS_MAX], size_t count)
{
	size_t row;

	for (size_t i = 0; i < count; i++)
		if (der_equal(seen[i], e->oid))
			out->malformed = true;
	seen[count] = e->oid;
	if (!is_known(e->oid, &row))
		out->unknown_critical = out->unknown_critical || e->critical;
	else if (!known[row].read(out, e->value))
		out->malformed = true;
}

void
extensions_read(struct der_span bytes, struct extensions *out)
{
	struct der_span list, seen[EXTENSIONS_MAX];
	struct extension e;

	*out = (struct extensions){.path_length = -1};
	if (bytes.length == 0)
		return;
	if (!der_read_only(bytes, DER_READ_SEQUENCE, &list) || list.length == 0) {
		out->malformed = true;
		return;
	}
	for (size_t count = 0; list.length > 0; count++) {
		if (count == EXTENSIONS_MAX || !next(&list, &e)) {
			out->malformed = true;
			return;
		}
		take(out, &e, seen, count);
	}
}

bool
extensions_any_critical(struct der_span bytes)
{
	struct der_span list;
	struct extension e;

	if (bytes.length == 0)
		return false;
	if (!der_read_only(bytes, DER_READ_SEQUENCE, &list))
		return true;
	while (list.length > 0)
		if (!next(&list, &e) || e.critical)
			return true;
	return false;
}
