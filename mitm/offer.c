/* SPDX-License-Identifier: ISC */
/*
 * The tables of what we stand for in TLS, and a client's offers cut down to them.
 * Pure; worker only. What is not in a table is never offered, whoever asks.
 */
#include "mitm/offer.h"

#include <stddef.h>

#include "base/err.h"
#include "mitm/tls.h"

/* One thing that may be offered. */
struct choice {
	uint16_t number;
	bool tls13; /* of use in TLS 1.3 */
	bool cbc;   /* a CBC suite: see RFC 7366 for what is wrong with them */
	enum offer_key key; /* of a suite */
};

#define TLS13(number) {(number), true, false, OFFER_KEY_ANY}
#define TLS12(number) {(number), false, false, OFFER_KEY_ANY}
#define ECDSA(number) {(number), false, false, OFFER_KEY_ECDSA}
#define RSA(number) {(number), false, false, OFFER_KEY_RSA}
#define ECDSA_CBC(number) {(number), false, true, OFFER_KEY_ECDSA}
#define RSA_CBC(number) {(number), false, true, OFFER_KEY_RSA}

/* Every suite of mbedTLS with forward secrecy and a certificate, in the order
 * that we would choose in. */
static const struct choice suites[] = {
	/* RFC 8446: AES-GCM, ChaCha20, CCM */
	TLS13(0x1302), TLS13(0x1303), TLS13(0x1301), TLS13(0x1304), TLS13(0x1305),
	/* ECDHE, ECDSA and RSA: AES-GCM, ChaCha20, CCM (RFC 5289, 7905, 7251) */
	ECDSA(0xc02c), RSA(0xc030), ECDSA(0xcca9), RSA(0xcca8),
	ECDSA(0xc02b), RSA(0xc02f), ECDSA(0xc0ad), ECDSA(0xc0ac),
	ECDSA(0xc0af), ECDSA(0xc0ae),
	/* DHE with RSA: AES-GCM, ChaCha20, CCM (RFC 5288, 7905, 6655) */
	RSA(0x009f), RSA(0x009e), RSA(0xccaa), RSA(0xc09f), RSA(0xc09e),
	RSA(0xc0a3), RSA(0xc0a2),
	/* ARIA and Camellia in GCM, likewise (RFC 6209, 6367) */
	ECDSA(0xc05d), ECDSA(0xc05c), RSA(0xc061), RSA(0xc060), RSA(0xc053),
	RSA(0xc052), ECDSA(0xc087), ECDSA(0xc086), RSA(0xc08b), RSA(0xc08a),
	RSA(0xc07d), RSA(0xc07c),
	/* AES in CBC: ECDHE (RFC 5289, 8422), then DHE (RFC 5246) */
	ECDSA_CBC(0xc024), RSA_CBC(0xc028), ECDSA_CBC(0xc023),
	RSA_CBC(0xc027), ECDSA_CBC(0xc00a), RSA_CBC(0xc014),
	ECDSA_CBC(0xc009), RSA_CBC(0xc013), RSA_CBC(0x006b), RSA_CBC(0x0067),
	RSA_CBC(0x0039), RSA_CBC(0x0033),
	/* ARIA and Camellia in CBC */
	ECDSA_CBC(0xc049), ECDSA_CBC(0xc048), RSA_CBC(0xc04d),
	RSA_CBC(0xc04c), RSA_CBC(0xc045), RSA_CBC(0xc044), ECDSA_CBC(0xc073),
	ECDSA_CBC(0xc072), RSA_CBC(0xc077), RSA_CBC(0xc076), RSA_CBC(0x00c4),
	RSA_CBC(0x00be), RSA_CBC(0x0088), RSA_CBC(0x0045),
};

/* ffdhe6144 and ffdhe8192 are left out: a key share of them, which a client could
 * have us make, holds a worker up for long. secp256k1 and secp192r1 are no
 * longer to be offered (RFC 8422 section 5.1.1). */
static const struct choice groups[] = {
	TLS13(0x001d), /* x25519 */
	TLS13(0x0017), TLS13(0x0018), TLS13(0x0019), /* secp256r1, 384, 521 */
	TLS13(0x001e),                               /* x448 */
	TLS12(0x001a), TLS12(0x001b), TLS12(0x001c), /* brainpool */
	TLS13(0x0100), TLS13(0x0101), TLS13(0x0102), /* ffdhe2048, 3072, 4096 */
};

/* RSA with PKCS #1 signs no TLS 1.3 handshake, only certificates. */
static const struct choice schemes[] = {
	TLS13(0x0403), TLS13(0x0503), TLS13(0x0603), /* ecdsa */
	TLS12(0x0401), TLS12(0x0501), TLS12(0x0601), /* rsa_pkcs1 */
	TLS13(0x0804), TLS13(0x0805), TLS13(0x0806), /* rsa_pss_rsae */
};

_Static_assert(ARRAY_LENGTH(suites) <= OFFER_SUITES_MAX, "suites");
_Static_assert(ARRAY_LENGTH(groups) <= OFFER_GROUPS_MAX, "groups");
_Static_assert(ARRAY_LENGTH(schemes) <= OFFER_SCHEMES_MAX, "schemes");

static const struct choice *
find_suite(uint16_t number)
{
	for (size_t i = 0; i < ARRAY_LENGTH(suites); i++) {
		if (suites[i].number == number)
			return &suites[i];
	}
	return NULL;
}

enum offer_key
offer_suite_key(uint16_t suite)
{
	const struct choice *found = find_suite(suite);

	return found == NULL ? OFFER_KEY_NONE : found->key;
}

const char *
offer_weakness(const struct server_hello *chosen, bool cbc)
{
	const struct choice *suite = find_suite(chosen->suite);

	if (chosen->version < TLS_1_2)
		return "old_version";
	if (suite == NULL)
		return "weak_suite";
	if (suite->cbc && !cbc)
		return "cbc_suite";
	if (chosen->dh_bits != 0 && chosen->dh_bits < OFFER_DHE_BITS_MIN)
		return "weak_group";
	return NULL;
}

/* A table, and which of its rows were taken in which order. */
struct selection {
	const struct choice *table;
	size_t rows;
	const struct choice *taken[OFFER_SUITES_MAX];
	size_t count;
	bool tls13; /* one of them serves TLS 1.3 */
};

#define SELECTION(table_) {.table = (table_), .rows = ARRAY_LENGTH(table_)}

static void
take(struct selection *s, const struct choice *choice)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->taken[i] == choice)
			return; /* a client may name one twice */
	s->taken[s->count++] = choice;
	s->tls13 |= choice->tls13;
}

static void
take_all(struct selection *s, bool cbc)
{
	s->count = 0;
	for (size_t i = 0; i < s->rows; i++)
		if (cbc || !s->table[i].cbc)
			take(s, &s->table[i]);
}

/* What is both in the table and in the client's list, in the client's order. */
static void
take_offered(struct selection *s, const struct hello *h,
    const struct hello_list *list, bool cbc)
{
	const uint16_t *offered = hello_values(h, list);

	for (size_t i = 0; i < list->count; i++)
		for (size_t row = 0; row < s->rows; row++)
			if (s->table[row].number == offered[i] &&
			    (cbc || !s->table[row].cbc))
				take(s, &s->table[row]);
	if (s->count == 0 || (h->offers_tls13 && !s->tls13))
		take_all(s, false);
}

static bool
is_pss(const struct choice *scheme)
{
	return scheme->number >> 8 == 0x08;
}

/* mbedTLS 3.6.6 takes no PSS signature in TLS 1.2, and offers it all the same
 * when TLS 1.3 is to be had too. A server of TLS 1.2 mostly takes the client's
 * first, one of 1.3 must not take PKCS #1: so PSS comes last. */
static void
put_pss_last(struct selection *s)
{
	const struct choice *pss[OFFER_SCHEMES_MAX];
	size_t count = 0, others = 0;

	for (size_t i = 0; i < s->count; i++)
		if (is_pss(s->taken[i]))
			pss[count++] = s->taken[i];
		else
			s->taken[others++] = s->taken[i];
	for (size_t i = 0; i < count; i++)
		s->taken[others + i] = pss[i];
}

static void
write16(const struct selection *s, uint16_t *out)
{
	for (size_t i = 0; i < s->count; i++)
		out[i] = s->taken[i]->number;
	out[s->count] = 0;
}

static void
write_offer(const struct selection *suite, const struct selection *group,
    const struct selection *scheme, struct offer *out)
{
	for (size_t i = 0; i < suite->count; i++)
		out->suites[i] = suite->taken[i]->number;
	out->suites[suite->count] = 0;
	write16(group, out->groups);
	write16(scheme, out->schemes);
}

void
offer_own(bool cbc, struct offer *out)
{
	struct selection suite = SELECTION(suites), group = SELECTION(groups),
	                 scheme = SELECTION(schemes);

	take_all(&suite, cbc);
	take_all(&group, cbc);
	take_all(&scheme, cbc);
	write_offer(&suite, &group, &scheme, out);
}

void
offer_mirror(const struct hello *h, bool cbc, struct offer *out)
{
	struct selection suite = SELECTION(suites), group = SELECTION(groups),
	                 scheme = SELECTION(schemes);

	take_offered(&suite, h, &h->suites, cbc);
	take_offered(&group, h, &h->groups, cbc);
	take_offered(&scheme, h, &h->schemes, cbc);
	if (h->offers_tls12 && h->offers_tls13)
		put_pss_last(&scheme);
	write_offer(&suite, &group, &scheme, out);
}

static bool
has_share(const struct hello *h, uint16_t group)
{
	for (size_t i = 0; i < h->share_count && i < HELLO_SHARES_MAX; i++)
		if (h->shares[i] == group)
			return true;
	return false;
}

static bool
has_group(const struct hello *h, uint16_t group)
{
	const uint16_t *offered = hello_values(h, &h->groups);

	for (size_t i = 0; i < h->groups.count; i++)
		if (offered[i] == group)
			return true;
	return false;
}

bool
offer_to_retry(const struct hello *h, struct offer *out)
{
	size_t count = 0;

	offer_own(true, out);
	for (size_t row = 0; row < ARRAY_LENGTH(groups); row++) {
		uint16_t group = groups[row].number;
		if (groups[row].tls13 && has_group(h, group) && !has_share(h, group))
			out->groups[count++] = group;
	}
	out->groups[count] = 0;
	return count > 0 && h->share_count <= HELLO_SHARES_MAX;
}

bool
offer_shares_group(const struct hello *h)
{
	const uint16_t *offered = hello_values(h, &h->groups);

	for (size_t i = 0; i < h->groups.count; i++)
		for (size_t row = 0; row < ARRAY_LENGTH(groups); row++)
			if (groups[row].tls13 && groups[row].number == offered[i])
				return true;
	return !h->offers_tls13 || h->groups.count == 0;
}
