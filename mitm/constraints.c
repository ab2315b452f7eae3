/* SPDX-License-Identifier: ISC */
/*
 * Trees of names: a table says for each kind of name what a tree may look like
 * and when a name lies in it. Where the two cannot be compared the doubt counts
 * against the certificate: in an excluded tree, outside a permitted one. Pure;
 * worker and CLI.
 */
#include "mitm/constraints.h"

#include <string.h>

#include <mbedtls/oid.h>

#define PERMITTED 0xa0u
#define EXCLUDED 0xa1u
#define RFC822 0x81u
#define DIRECTORY 0xa4u

/* --- text --- */

static uint8_t
lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool
same_text(struct der_span a, struct der_span b)
{
	if (a.length != b.length)
		return false;
	for (size_t i = 0; i < a.length; i++)
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	return true;
}

static struct der_span
cut_front(struct der_span s, size_t length)
{
	return (struct der_span){.at = s.at + length, .length = s.length - length};
}

static bool
ends_with(struct der_span s, struct der_span tail)
{
	return s.length >= tail.length &&
	    same_text(cut_front(s, s.length - tail.length), tail);
}

/* Visible ASCII: what an IA5String that is a name can hold. */
static bool
is_visible(struct der_span s)
{
	for (size_t i = 0; i < s.length; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~')
			return false;
	return true;
}

/* As a name is matched with a host: without the final dot. */
static struct der_span
host_of(struct der_span s)
{
	if (s.length > 1 && s.at[s.length - 1] == '.')
		s.length--;
	return s;
}

/* The bytes in front of the first c, or all. */
static struct der_span
until(struct der_span s, int c)
{
	const uint8_t *found = s.length == 0 ? NULL : memchr(s.at, c, s.length);

	if (found != NULL)
		s.length = (size_t)(found - s.at);
	return s;
}

/* --- dNSName --- */

/* The tree itself or more labels in front; ".example.com", which is not in the
 * RFC but in use, has the latter only. */
static bool
within_domain(struct der_span name, struct der_span tree)
{
	if (tree.length == 0)
		return true;
	if (!ends_with(name, tree))
		return false;
	size_t rest = name.length - tree.length;
	return tree.at[0] == '.' ? rest > 0
	                         : rest == 0 || name.at[rest - 1] == '.';
}

/* A wildcard stands for names in an excluded tree that it does not lie in: those
 * of "*.example.com" are in part in "www.example.com". */
static bool
match_dns(struct der_span name, struct der_span tree, bool doubt)
{
	name = host_of(name);
	tree = host_of(tree);
	if (within_domain(name, tree))
		return true;
	if (!doubt || name.length < 2 || name.at[0] != '*')
		return false;
	if (tree.at[0] == '.')
		tree = cut_front(tree, 1);
	struct der_span label = until(tree, '.');
	return same_text(cut_front(tree, label.length), cut_front(name, 1));
}

/* --- iPAddress --- */

/* An address and a mask whose ones come first (RFC 4632 section 3.1). */
static bool
is_network(struct der_span tree)
{
	size_t half = tree.length / 2;
	bool ended = false;

	if (tree.length != 8 && tree.length != 32)
		return false;
	for (size_t bit = 0; bit < half * 8; bit++) {
		bool one = (tree.at[half + bit / 8] >> (7 - bit % 8) & 1) != 0;
		if (one && ended)
			return false;
		ended = ended || !one;
	}
	return true;
}

static bool
match_ip(struct der_span name, struct der_span tree, bool doubt UNUSED)
{
	const uint8_t *mask = tree.at + name.length;

	if (tree.length != 2 * name.length)
		return false;
	for (size_t i = 0; i < name.length; i++)
		if (((name.at[i] ^ tree.at[i]) & mask[i]) != 0)
			return false;
	return true;
}

/* --- rfc822Name and uniformResourceIdentifier --- */

/* A host, or what lies below it when the tree begins with a dot. */
static bool
within_host(struct der_span host, struct der_span tree)
{
	if (tree.length == 0)
		return true;
	return tree.at[0] == '.' ? host.length > tree.length && ends_with(host, tree)
	                         : same_text(host, tree);
}

/* What is in front of the last @ (a quoted local part may have more); all of it
 * where there is none. */
static struct der_span
local_part(struct der_span mailbox)
{
	for (size_t n = mailbox.length; n > 0; n--)
		if (mailbox.at[n - 1] == '@')
			return (struct der_span){.at = mailbox.at, .length = n - 1};
	return mailbox;
}

static bool
match_mailbox(struct der_span name, struct der_span tree, bool doubt)
{
	struct der_span local = local_part(name), tree_local = local_part(tree);

	if (local.length == name.length)
		return doubt;
	struct der_span host = cut_front(name, local.length + 1);
	if (tree_local.length == tree.length)
		return within_host(host_of(host), host_of(tree));
	return der_equal(local, tree_local) &&
	    same_text(host_of(host), host_of(cut_front(tree, tree_local.length + 1)));
}

/* The host of scheme://user@host:port/…; none where it is an address or is
 * missing (RFC 5280 has such a name refused). */
static struct der_span
uri_host(struct der_span uri)
{
	struct der_span scheme = until(uri, ':');
	struct der_span none = {.at = NULL, .length = 0};
	bool letter = false;

	if (uri.length < scheme.length + 3 ||
	    memcmp(uri.at + scheme.length, "://", 3) != 0)
		return none;
	struct der_span host = cut_front(uri, scheme.length + 3);
	host = until(until(until(host, '/'), '?'), '#');
	struct der_span user = until(host, '@');
	if (user.length < host.length)
		host = cut_front(host, user.length + 1);
	host = host_of(until(host, ':'));
	for (size_t i = 0; i < host.length; i++)
		letter = letter || (lower(host.at[i]) >= 'a' && lower(host.at[i]) <= 'z');
	return letter && host.at[0] != '[' ? host : none;
}

static bool
match_uri(struct der_span name, struct der_span tree, bool doubt)
{
	struct der_span host = uri_host(name);

	return host.length == 0 ? doubt : within_host(host, host_of(tree));
}

/* --- directoryName --- */

/* UTF8String, PrintableString, IA5String: bytes that can be compared. */
static bool
is_plain_string(uint8_t tag)
{
	return tag == 0x0c || tag == 0x13 || tag == 0x16;
}

/* The next character as RFC 5280 section 7.1 compares: ASCII without case, one
 * blank for many and none at the ends. -1: the end. */
static int
next_folded(struct der_span *s, bool *begun)
{
	bool blank = false;

	while (s->length > 0 && s->at[0] == ' ') {
		*s = cut_front(*s, 1);
		blank = *begun;
	}
	if (s->length == 0)
		return -1;
	if (blank)
		return ' ';
	*begun = true;
	int c = lower(s->at[0]);
	*s = cut_front(*s, 1);
	return c;
}

static bool
same_folded(struct der_span a, struct der_span b)
{
	bool a_begun = false, b_begun = false;
	int c;

	do {
		c = next_folded(&a, &a_begun);
		if (c != next_folded(&b, &b_begun))
			return false;
	} while (c >= 0);
	return true;
}

/* AttributeTypeAndValue against another. */
static bool
same_attribute(struct der_span a, struct der_span b, bool doubt)
{
	struct der_span a_oid, b_oid, a_value, b_value;
	uint8_t a_tag, b_tag;

	if (der_equal(a, b))
		return true;
	if (!der_read_tag(&a, DER_READ_OID, &a_oid) ||
	    !der_read_tag(&b, DER_READ_OID, &b_oid) ||
	    !der_read(&a, &a_tag, &a_value) || !der_read(&b, &b_tag, &b_value))
		return doubt;
	if (!der_equal(a_oid, b_oid))
		return false;
	if (!is_plain_string(a_tag) || !is_plain_string(b_tag))
		return doubt;
	return same_folded(a_value, b_value);
}

/* Two RelativeDistinguishedNames: their attributes in DER's order. */
static bool
same_rdn(struct der_span a, struct der_span b, bool doubt)
{
	struct der_span a_one, b_one;

	while (a.length > 0 && b.length > 0) {
		if (!der_read_tag(&a, DER_READ_SEQUENCE, &a_one) ||
		    !der_read_tag(&b, DER_READ_SEQUENCE, &b_one))
			return doubt;
		if (!same_attribute(a_one, b_one, doubt))
			return false;
	}
	return a.length == b.length;
}

/* The tree's names come first in the name. */
static bool
match_directory(struct der_span name, struct der_span tree, bool doubt)
{
	struct der_span names, trees, a, b;

	if (!der_read_only(name, DER_READ_SEQUENCE, &names) ||
	    !der_read_only(tree, DER_READ_SEQUENCE, &trees))
		return doubt;
	while (trees.length > 0) {
		if (names.length == 0)
			return false;
		if (!der_read_tag(&names, DER_READ_SET, &a) ||
		    !der_read_tag(&trees, DER_READ_SET, &b))
			return doubt;
		if (!same_rdn(a, b, doubt))
			return false;
	}
	return true;
}

static bool
is_directory(struct der_span tree)
{
	struct der_span rdns, rdn;

	if (!der_read_only(tree, DER_READ_SEQUENCE, &rdns))
		return false;
	while (rdns.length > 0)
		if (!der_read_tag(&rdns, DER_READ_SET, &rdn) || rdn.length == 0)
			return false;
	return true;
}

/* --- kinds --- */

static bool
match_unsupported(struct der_span name UNUSED, struct der_span tree UNUSED,
    bool doubt)
{
	return doubt;
}

static bool
is_anything(struct der_span tree UNUSED)
{
	return true;
}

/* By the tag of the GeneralName (RFC 5280 section 4.2.1.6). `doubt` is what a
 * match is to say when it cannot tell, true for an excluded tree. */
static const struct kind {
	uint8_t tag;
	bool (*is_tree)(struct der_span tree);
	bool (*match)(struct der_span name, struct der_span tree, bool doubt);
} kinds[] = {
	{0xa0, is_anything, match_unsupported}, /* otherName */
	{RFC822, is_visible, match_mailbox},
	{0x82, is_visible, match_dns},
	{0xa3, is_anything, match_unsupported}, /* x400Address */
	{DIRECTORY, is_directory, match_directory},
	{0xa5, is_anything, match_unsupported}, /* ediPartyName */
	{0x86, is_visible, match_uri},
	{0x87, is_network, match_ip},
	{0x88, is_anything, match_unsupported}, /* registeredID */
};

static const struct kind *
kind_of(uint8_t tag)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		if (kinds[i].tag == tag)
			return &kinds[i];
	return NULL;
}

/* --- the extension --- */

struct trees {
	struct der_span permitted, excluded; /* at == NULL: none */
	unsigned *budget;
};

/* The next GeneralSubtree. Its minimum must be 0, which DER leaves out, and its
 * maximum absent. */
static bool
next_tree(struct der_span *list, uint8_t *tag, struct der_span *tree)
{
	struct der_span one;

	return der_read_tag(list, DER_READ_SEQUENCE, &one) &&
	    der_read(&one, tag, tree) && one.length == 0;
}

static bool
are_trees(struct der_span list)
{
	struct der_span tree;
	uint8_t tag;

	if (list.length == 0)
		return false;
	while (list.length > 0) {
		if (!next_tree(&list, &tag, &tree))
			return false;
		const struct kind *kind = kind_of(tag);
		if (kind == NULL || !kind->is_tree(tree))
			return false;
	}
	return true;
}

static bool
read_trees(struct der_span value, struct trees *out)
{
	struct der_span all;

	if (!der_read_only(value, DER_READ_SEQUENCE, &all) || all.length == 0)
		return false;
	if (der_read_tag(&all, PERMITTED, &out->permitted) &&
	    !are_trees(out->permitted))
		return false;
	if (der_read_tag(&all, EXCLUDED, &out->excluded) &&
	    !are_trees(out->excluded))
		return false;
	return all.length == 0;
}

/* Looks for the name in one of the two lists. *spoken: it has trees of the
 * name's kind. */
static enum constraints_outcome
find(const struct trees *t, struct der_span list, const struct kind *kind,
    struct der_span name, bool *spoken, bool *found)
{
	bool excluding = list.at != NULL && list.at == t->excluded.at;
	struct der_span tree;
	uint8_t tag;

	*spoken = *found = false;
	while (list.length > 0 && !*found && next_tree(&list, &tag, &tree)) {
		if (*t->budget == 0)
			return CONSTRAINTS_TOO_MANY;
		(*t->budget)--;
		if (tag != kind->tag)
			continue;
		*spoken = true;
		*found = kind->match(name, tree, excluding);
	}
	return CONSTRAINTS_MET;
}

static enum constraints_outcome
check_name(const struct trees *t, uint8_t tag, struct der_span name)
{
	const struct kind *kind = kind_of(tag);
	bool spoken, found;

	if (kind == NULL)
		return CONSTRAINTS_MALFORMED;
	enum constraints_outcome outcome =
	    find(t, t->excluded, kind, name, &spoken, &found);
	if (outcome != CONSTRAINTS_MET)
		return outcome;
	if (found)
		return CONSTRAINTS_VIOLATED;
	outcome = find(t, t->permitted, kind, name, &spoken, &found);
	if (outcome != CONSTRAINTS_MET)
		return outcome;
	return spoken && !found ? CONSTRAINTS_VIOLATED : CONSTRAINTS_MET;
}

static struct der_span
span(const mbedtls_x509_buf *buf)
{
	return (struct der_span){.at = buf->p, .length = buf->len};
}

/* The subject, unless it is empty, and the mailboxes in it. */
static enum constraints_outcome
check_subject(const struct trees *t, const mbedtls_x509_crt *crt)
{
	static const char mailbox[] = MBEDTLS_OID_PKCS9_EMAIL;
	enum constraints_outcome outcome = CONSTRAINTS_MET;

	if (crt->subject.oid.p == NULL)
		return CONSTRAINTS_MET;
	outcome = check_name(t, DIRECTORY, span(&crt->subject_raw));
	for (const mbedtls_x509_name *n = &crt->subject;
	    n != NULL && outcome == CONSTRAINTS_MET; n = n->next)
		if (n->oid.len == sizeof(mailbox) - 1 &&
		    memcmp(n->oid.p, mailbox, sizeof(mailbox) - 1) == 0)
			outcome = check_name(t, RFC822, span(&n->val));
	return outcome;
}

enum constraints_outcome
constraints_check(struct der_span value, const mbedtls_x509_crt *crt,
    unsigned *budget)
{
	struct trees t = {.budget = budget};

	if (!read_trees(value, &t))
		return CONSTRAINTS_MALFORMED;
	enum constraints_outcome outcome = check_subject(&t, crt);
	for (const mbedtls_x509_sequence *san = &crt->subject_alt_names;
	    san != NULL && san->buf.p != NULL && outcome == CONSTRAINTS_MET;
	    san = san->next)
		outcome = check_name(&t, (uint8_t)san->buf.tag, span(&san->buf));
	return outcome;
}
